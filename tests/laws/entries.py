"""Small zoo entries of fresh weights, one a verb: the law holds for any weights, and small ones compile fast."""

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
}


@cache
def folder(verb):
    args, more = KINDS[verb]
    path = Path(HOME.name) / verb
    about = {"model": "naf", "args": args, "domain": domain("anything", **more), "licence": "CC0-1.0"}
    stated = SimpleNamespace(name=verb, verb=verb, **about)
    hub.save(path, params=models.build("naf", seed=1, **args)[1], entry=stated)
    return str(path)
