"""The networks of `vidsr.models` in the words that torch and ONNX share, so that one description serves every foreign engine.

`ops` says what a word means there: `TorchOps` works it out, `OnnxOps` writes it down. Pictures are ``(n, c, y, x)``; layers are named by their path
in the JAX network, "block0/widen1"; `+` and `*` work between pictures and with numbers. The flax module stays the definition:
tests hold each engine to it.
"""

from collections.abc import Callable
from typing import Any

from vidsr.models import luma, rrdb

Args = dict[str, int]  # what a network is built from


def _compact(ops: Any, x: Any, args: Args) -> Any:
    return _enlarged(ops, ops.convolved("tail", _features(ops, x, args)), x, args["scale"])


def _luma(ops: Any, x: Any, args: Args) -> Any:
    scale, fold = args["scale"], args.get("fold", 1)
    features = _features(ops, ops.folded(x, fold), args)
    bright = ops.convolved("tail", features)
    red, blue = ops.halves(ops.convolved("colour", features))
    parts = [
        bright + luma.RED_OF_CR * red,
        bright + luma.GREEN_OF_CR * red + luma.GREEN_OF_CB * blue,
        bright + luma.BLUE_OF_CB * blue,
    ]
    if fold == 1:
        return _enlarged(ops, ops.joined(parts), x, scale, 3)
    return ops.shuffled(ops.joined(parts), scale * fold) + ops.nearest(ops.first(x, 3), scale)


def _features(ops: Any, x: Any, args: Args) -> Any:
    for layer in ("head", *(f"body{index}" for index in range(args["depth"]))):
        x = ops.prelu(layer, ops.convolved(layer, x))
    return x


def _enlarged(ops: Any, detail: Any, x: Any, scale: int, channels: int | None = None) -> Any:
    return ops.shuffled(detail + ops.spread(x, scale**2, channels), scale)


def _naf(ops: Any, x: Any, args: Args) -> Any:
    scale, fold = args["scale"], args["fold"]
    features = ops.convolved("head", ops.folded(x, fold))
    for index in range(args["depth"]):
        features = _gate(ops, f"block{index}", features)
    return ops.shuffled(ops.convolved("tail", features), scale * fold) + ops.nearest(ops.first(x, 3), scale)


def _gate(ops: Any, block: str, x: Any) -> Any:
    wide = ops.convolved(f"{block}/widen1", ops.normed(f"{block}/norm1", x))
    a, b = ops.halves(ops.convolved(f"{block}/around", wide))
    x = x + ops.convolved(f"{block}/narrow1", a * b)
    a, b = ops.halves(ops.convolved(f"{block}/widen2", ops.normed(f"{block}/norm2", x)))
    return x + ops.convolved(f"{block}/narrow2", a * b)


def _rrdb(ops: Any, x: Any, args: Args) -> Any:
    return _rrdb_enlarged(ops, _rrdb_features(ops, x, args), args)


def _rrdb_features(ops: Any, x: Any, args: Args) -> Any:
    y = first = ops.convolved("head", ops.folded(x, args["fold"]))
    for index in range(args["depth"]):
        before = y
        for number in range(1, rrdb.DENSE + 1):
            y = _dense(ops, f"block{index}/dense{number}", y)
        y = before + rrdb.SHARE * y
    return first + ops.convolved("body", y)


def _rrdb_enlarged(ops: Any, y: Any, args: Args) -> Any:
    for index in range((args["scale"] * args["fold"]).bit_length() - 1):
        y = ops.leaky(ops.convolved(f"up{index}", ops.nearest(y, 2)), rrdb.SLOPE)
    return ops.convolved("tail", ops.leaky(ops.convolved("refine", y), rrdb.SLOPE))


def _dense(ops: Any, block: str, x: Any) -> Any:
    seen = x
    for number in range(1, rrdb.CONVS):
        found = ops.leaky(ops.convolved(f"{block}/conv{number}", seen), rrdb.SLOPE)
        seen = ops.joined([seen, found])
    return x + rrdb.SHARE * ops.convolved(f"{block}/conv{rrdb.CONVS}", seen)


Description = Callable[[Any, Any, Args], Any]
NETWORKS: dict[str, Description] = {
    "compact": _compact,
    "luma": _luma,
    "naf": _naf,
    "rrdb": _rrdb,
}
# What must run in two parts, the second of them in strips (`vidsr.models.rrdb.in_strips`): its layers are too large to be held whole.
IN_STRIPS: dict[str, tuple[Description, Description]] = {"rrdb": (_rrdb_features, _rrdb_enlarged)}
