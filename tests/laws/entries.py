"""Small zoo entries of fresh weights, one a kind: the law holds for any weights, and small ones compile fast."""

import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from vidsr import hub, models
from vidsr.train import domain

HOME = tempfile.TemporaryDirectory()  # gone when the tests end
KINDS = {
    "denoise": ({"width": 8, "depth": 1, "scale": 1, "fold": 2, "inputs": 10}, {"neighbours": 1}),
    "deblock": (
        {"width": 8, "depth": 1, "scale": 1, "fold": 2, "inputs": 11},
        {"neighbours": 1, "blocks": True},
    ),
    "deblur": ({"width": 8, "depth": 1, "scale": 1, "fold": 4, "inputs": 3}, {}),
    "blind": ({"width": 8, "depth": 1, "scale": 1, "fold": 2, "inputs": 9}, {"neighbours": 1, "blind": True}),
}
VERBS = {"blind": "denoise"}  # of the others it is the kind


@cache
def folder(kind):
    args, more = KINDS[kind]
    path = Path(HOME.name) / kind
    about = {"model": "naf", "args": args, "domain": domain("anything", **more), "licence": "CC0-1.0"}
    stated = SimpleNamespace(name=kind, verb=VERBS.get(kind, kind), **about)
    hub.save(path, params=models.build("naf", seed=1, **args)[1], entry=stated)
    return str(path)
