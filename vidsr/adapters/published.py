"""Published weights of SRVGGNetCompact and RRDBNet, key by key, as weights of our own networks. Plain numpy.

SRVGGNetCompact (Real-ESRGAN's "animevideo" and "general" networks) is our `compact`, whose PReLU also does for its ReLU and LeakyReLU. RRDBNet
(ESRGAN, BSRGAN, Real-ESRGAN) is our `rrdb`. Sizes are read off shapes; then every key that the network has must be there, and no other.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vidsr.adapters.layout import nested
from vidsr.errors import RecipeError
from vidsr.models import rrdb

Table = Mapping[str, Any]  # arrays by the publisher's names, kernels OIHW
Sizes = dict[str, int]

WRAPPERS = ("model_state_dict", "state_dict", "params_ema", "params-ema", "params", "model", "net")
PREFIXES = ("module.", "netG.")  # before every key
COMPACT = re.compile(r"body\.(\d+)\.(weight|bias)")


@dataclass(frozen=True)
class Naming:
    """How one publisher calls the layers of an RRDBNet."""

    head: str
    dense: str
    body: str
    up: str
    refine: str
    tail: str

    def layers(self, depth: int, ups: int) -> Iterator[tuple[str, str]]:
        """The publisher's name and ours of every convolution, in the order in which they run."""
        late = {"refine": 3 * ups + 2, "tail": 3 * ups + 4}  # as the oldest naming counts layers
        yield self.head, "head"
        for i in range(depth):
            for j in range(1, rrdb.DENSE + 1):
                for k in range(1, rrdb.CONVS + 1):
                    yield self.dense.format(i=i, j=j, k=k), f"block{i}/dense{j}/conv{k}"
        yield self.body.format(depth=depth), "body"
        for up in range(1, ups + 1):
            yield self.up.format(up=up, place=3 * up), f"up{up - 1}"
        yield self.refine.format(place=late["refine"]), "refine"
        yield self.tail.format(place=late["tail"]), "tail"

    def numbers(self, table: Table, template: str, field: str) -> list[int]:
        """Numbers that stand at `field` in keys of this form."""
        form = re.sub(rf"\\\{{{field}\\\}}", r"(\\d+)", re.escape(template))
        form = re.compile(re.sub(r"\\\{\w+\\\}", r"\\d+", form) + r"\.(?:weight|bias)")
        return [int(found[1]) for found in map(form.fullmatch, table) if found]


NAMINGS = (
    Naming("conv_first", "body.{i}.rdb{j}.conv{k}", "conv_body", "conv_up{up}", "conv_hr", "conv_last"),
    Naming("conv_first", "RRDB_trunk.{i}.RDB{j}.conv{k}", "trunk_conv", "upconv{up}", "HRconv", "conv_last"),
    Naming("model.0", "model.1.sub.{i}.RDB{j}.conv{k}.0", "model.1.sub.{depth}", "model.{place}", "model.{place}", "model.{place}"),
)  # fmt: skip


@dataclass(frozen=True)
class Ported:
    """A network of ours with somebody else's weights: `vidsr.models.template(model, **args)` runs `params`."""

    architecture: str  # as its publisher calls it
    model: str  # key of `vidsr.models.BUILDERS`
    args: Sizes
    params: dict[str, Any]  # nested dict of float32 arrays


def port(table: Mapping[str, Any], source: str, *, slope: float | None = None) -> Ported:
    """The network that a table of weights speaks of.

    Args:
      table: arrays by name as torch names them, kernels OIHW, in any float precision; or such a table under one of `WRAPPERS`.
      source: what to call it in errors.
      slope: what the activations of an SRVGGNetCompact let through below zero, where the table has no slopes: 0.0 for ReLU, 0.1 for LeakyReLU.

    Raises:
      RecipeError: another architecture; missing and extra keys and wrong shapes, all named; a network of other than 3 channels; weights
        that are not finite; a slope that is missing, or one too many.
    """
    table = unwrapped(table)
    naming = next((n for n in NAMINGS if n.numbers(table, n.dense, "i")), None)
    if naming is not None:
        if slope is not None:
            raise RecipeError(
                f"{source} is an RRDBNet, whose LeakyReLU has slope {rrdb.SLOPE}. Leave slope={slope} out."
            )
        return _rrdb(table, naming, source)
    if any(map(COMPACT.fullmatch, table)):
        return _compact(table, source, slope)
    shown = ", ".join(list(map(str, table))[:5])
    raise RecipeError(
        f"{source} holds neither an SRVGGNetCompact nor an RRDBNet: {len(table)} keys, {shown}{', ...' * (len(table) > 5)}. "
        f"Other networks run in torch: vidsr.torch.load({source!r})."
    )


def unwrapped(table: Mapping[str, Any]) -> dict[str, Any]:
    """The weights alone, of a file that keeps them beside others or puts a word before every key."""
    inner = next((table[key] for key in WRAPPERS if isinstance(table.get(key), Mapping)), table)
    for prefix in PREFIXES:
        if inner and all(str(key).startswith(prefix) for key in inner):
            inner = {key.removeprefix(prefix): value for key, value in inner.items()}
    return {str(key): value for key, value in inner.items()}


def _rrdb(table: Table, naming: Naming, source: str) -> Ported:
    depth = max(naming.numbers(table, naming.dense, "i")) + 1
    if naming.up == naming.refine:  # layers are counted: the last one tells
        ups = max((max(naming.numbers(table, naming.up, "place"), default=4) - 4) // 3, 0)
    else:
        ups = max(naming.numbers(table, naming.up, "up"), default=0)
    dense = [naming.dense.format(i=i, j=1, k="{k}") + ".weight" for i in range(depth)]
    width = _common(table, [key.format(k=rrdb.CONVS) for key in dense], 64)
    growth = _common(table, [key.format(k=1) for key in dense], 32)
    inputs = _size(table, f"{naming.head}.weight", 1, 3)
    fold = round((inputs / 3) ** 0.5)
    if 3 * fold**2 != inputs or 2**ups % max(fold, 1):
        raise RecipeError(
            f"{source}: {naming.head}.weight takes {inputs} channels, and an RRDBNet of RGB that enlarges {2**ups} times inside takes 3 or 3 times "
            f"a square. It runs in torch: vidsr.torch.load({source!r})."
        )
    args = {"width": width, "growth": growth, "depth": depth, "scale": 2**ups // fold, "fold": fold}
    wanted = {}
    for theirs, ours in naming.layers(depth, ups):
        into = {"head": inputs}.get(ours, width)
        number = int(ours[-1]) if "conv" in ours else 0
        into += growth * max(number - 1, 0)
        out = 3 if ours == "tail" else growth if 0 < number < rrdb.CONVS else width
        wanted |= _convolution(theirs, ours, into, out)
    return Ported("RRDBNet", "rrdb", args, _carried(table, wanted, "RRDBNet", source))


def _compact(table: Table, source: str, slope: float | None) -> Ported:
    last = max(int(found[1]) for found in map(COMPACT.fullmatch, table) if found)
    last += last % 2  # layers are convolution and activation in turn
    depth = max(last // 2 - 1, 0)
    width = _common(table, [f"body.{place}.weight" for place in range(0, last, 2)], 64)
    outputs = _size(table, f"body.{last}.weight", 0, 48)
    scale = round((outputs / 3) ** 0.5)
    inputs = _size(table, "body.0.weight", 1, 3)
    if 3 * scale**2 != outputs or inputs != 3:
        raise RecipeError(
            f"{source}: an SRVGGNetCompact of RGB takes 3 channels and ends in 3 times the square of its scale; this one takes {inputs} and "
            f"body.{last}.weight gives {outputs}. It runs in torch: vidsr.torch.load({source!r})."
        )
    args = {"channels": 3, "width": width, "depth": depth, "scale": scale}
    table, places = dict(table), range(1, last, 2)
    if not any(f"body.{place}.weight" in table for place in places):
        if slope is None:
            raise RecipeError(
                f"{source} has no slopes of PReLU, and its keys do not tell ReLU from LeakyReLU. Say which: "
                "vidsr.hub.convert(..., slope=0.0) for ReLU, slope=0.1 for LeakyReLU."
            )
        table |= {f"body.{place}.weight": np.full(width, slope, np.float32) for place in places}
    elif slope is not None:
        raise RecipeError(f"{source} has slopes of its own (body.1.weight). Leave slope={slope} out.")
    layers = ["head", *(f"body{index}" for index in range(depth)), "tail"]
    wanted = {}
    for place, ours in enumerate(layers):
        out = outputs if ours == "tail" else width
        wanted |= _convolution(f"body.{2 * place}", ours, inputs if ours == "head" else width, out)
        if ours != "tail":
            wanted[f"body.{2 * place + 1}.weight"] = (f"{ours}/slope", (width,))
    return Ported("SRVGGNetCompact", "compact", args, _carried(table, wanted, "SRVGGNetCompact", source))


def _convolution(theirs: str, ours: str, inputs: int, outputs: int) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Key: our path, and the shape it must have."""
    kernel = (f"{ours}/kernel", (outputs, inputs, 3, 3))
    return {f"{theirs}.weight": kernel, f"{theirs}.bias": (f"{ours}/bias", (outputs,))}


def _carried(
    table: Table, wanted: dict[str, tuple[str, tuple[int, ...]]], name: str, source: str
) -> dict[str, Any]:
    """Arrays by our names, if there are those that are wanted and no others."""
    parts = []
    for word, keys in (("missing", wanted.keys() - table.keys()), ("extra", table.keys() - wanted.keys())):
        if keys:
            parts.append(f"{word}: {', '.join(sorted(map(str, keys), key=_natural))}")
    for key, (_, shape) in wanted.items():
        if key in table and tuple(np.shape(table[key])) != shape:
            parts.append(f"{key} is {tuple(np.shape(table[key]))} and must be {shape}")
    if not parts:
        arrays = {path: np.asarray(table[key]).astype(np.float32) for key, (path, _) in wanted.items()}
        odd = [key for key, (path, _) in wanted.items() if not np.isfinite(arrays[path]).all()]
        if odd:
            parts.append(f"not finite: {', '.join(odd)}")
    if parts:
        raise RecipeError(
            f"the weights in {source} do not fit the {name} that their keys speak of; {'; '.join(parts)}. "
            "Download the file again, and compare its hash."
        )
    return nested(
        {p: np.ascontiguousarray(a.transpose(2, 3, 1, 0)) if a.ndim == 4 else a for p, a in arrays.items()}
    )


def _size(table: Table, key: str, axis: int, otherwise: int) -> int:
    """Channels of a kernel; `otherwise` where there is none, which is told when keys are counted."""
    return np.shape(table[key])[axis] if np.ndim(table.get(key, 0)) == 4 else otherwise


def _common(table: Table, keys: list[str], otherwise: int) -> int:
    """The commonest number of output channels among these kernels, so that one wrong shape is told as such."""
    found = Counter(_size(table, key, 0, 0) for key in keys if np.ndim(table.get(key, 0)) == 4)
    return found.most_common(1)[0][0] if found else otherwise


def _natural(key: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", key)]
