"""Our networks as ONNX models, written byte by byte: protocol buffers need no package for what little is used of them here.

Field numbers are those of onnx.proto3, operators those of opset 17. Height and width are left open; frames go in and come out as
``(1, y, x, c)`` float32, as `vidsr.models.apply` takes and gives them. A convolution whose range is known is written with its input and kernel
rounded to eight bits, QuantizeLinear and DequantizeLinear, which an engine that can runs in whole numbers.
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from vidsr.adapters import int8, layout
from vidsr.adapters.described import IN_STRIPS, NETWORKS, Args, Description
from vidsr.errors import RecipeError

IR, OPSET = 8, 17
FLOAT = 1  # of TensorProto.DataType
TYPES = {
    np.dtype(kind): number
    for kind, number in ((np.float32, FLOAT), (np.uint8, 2), (np.int8, 3), (np.int64, 7))
}


def written(model: str, args: Args, params: layout.Tree, ranges: int8.Ranges = ()) -> bytes:
    """A network with these weights as the bytes of an ONNX file: input "frames", output "result"; layers of `ranges` in eight bits.

    Raises:
      RecipeError: there is no description to write it from.
    """
    if model not in NETWORKS:
        raise RecipeError(f"{model} cannot be written as ONNX. What can: {', '.join(NETWORKS)}.")
    ops = OnnxOps(layout.named(params), ranges)
    return _file(ops, NETWORKS[model], args, ops.channels // args.get("fold", 1) ** 2)


def written_in_parts(
    model: str, args: Args, params: layout.Tree, ranges: int8.Ranges = ()
) -> tuple[bytes, bytes]:
    """The two files of a network of `IN_STRIPS`; the second takes what the first gives."""
    named = layout.named(params)
    first, second = IN_STRIPS[model]
    channels = named["head/kernel"].shape[1] // args.get("fold", 1) ** 2
    return (
        _file(OnnxOps(named, ranges), first, args, channels),
        _file(OnnxOps(named, ranges), second, args, len(named["head/kernel"])),
    )


def _file(ops: "OnnxOps", description: Description, args: Args, channels: int) -> bytes:
    out = description(ops, ops.node("Transpose", Term(ops, "frames"), perm=[0, 3, 1, 2]), args)
    ops.file.node("Transpose", [out.name], ["result"], perm=[0, 2, 3, 1])
    return ops.file.bytes(channels)


class File:
    """Nodes and constants of a model, in order."""

    def __init__(self) -> None:
        self.nodes: list[bytes] = []
        self.constants: list[bytes] = []

    def node(self, op: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> None:
        body = [_text(1, name) for name in inputs] + [_text(2, name) for name in outputs] + [_text(4, op)]
        self.nodes.append(b"".join(body + [_part(5, _attribute(k, v)) for k, v in attributes.items()]))

    def constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        dims = b"".join(_number(1, size) for size in array.shape)
        raw = np.ascontiguousarray(array).tobytes()
        self.constants.append(dims + _number(2, TYPES[array.dtype]) + _text(8, name) + _part(9, raw))
        return name

    def bytes(self, channels: int) -> bytes:
        """The file, of a network that takes so many channels."""
        parts = [_part(1, node) for node in self.nodes] + [_text(2, "network")]
        parts += [_part(5, constant) for constant in self.constants]
        parts += [_part(11, _frames("frames", [1, "y", "x", channels]))]
        parts += [_part(12, _frames("result", [1, "y_out", "x_out", "c_out"]))]
        opset = _text(1, "") + _number(2, OPSET)
        return _number(1, IR) + _text(2, "vidsr") + _part(7, b"".join(parts)) + _part(8, opset)


class Term:
    """A tensor of the file under way; sums and products of it are written down."""

    def __init__(self, ops: "OnnxOps", name: str):
        self.ops, self.name = ops, name

    def __add__(self, other: "Term | float") -> "Term":
        return self.ops.node("Add", self, other)

    def __mul__(self, other: "Term | float") -> "Term":
        return self.ops.node("Mul", self, other)

    __rmul__ = __mul__


class OnnxOps:
    """The words of `vidsr.adapters.described`, written into a file; `named` holds the weights by path, kernels OIHW."""

    def __init__(self, named: dict[str, np.ndarray], ranges: int8.Ranges = ()):
        self.file, self.named = File(), named
        self.ranges = int8.table(ranges)
        self.rounded: dict[tuple[str, float, float], Term] = {}
        self.channels = named["head/kernel"].shape[1]

    def node(self, op: str, *inputs: Any, count: int = 1, **attributes: Any) -> Any:
        """A tensor that `op` makes of tensors, arrays and numbers; a list of them where it makes more."""
        names = [item.name if isinstance(item, Term) else self._constant(item) for item in inputs]
        made = [f"t{len(self.file.nodes)}_{k}" for k in range(count)]
        self.file.node(op, names, made, **attributes)
        terms = [Term(self, name) for name in made]
        return terms[0] if count == 1 else terms

    def _constant(self, item: Any) -> str:
        return self.file.constant(item if isinstance(item, np.ndarray) else np.array(item, np.float32))

    def convolved(self, layer: str, x: Term) -> Term:
        kernel, bias = self.named[f"{layer}/kernel"], self.named[f"{layer}/bias"]
        groups = len(kernel) if layer.endswith("around") else 1  # the one depthwise layer
        about = {"kernel_shape": list(kernel.shape[2:]), "pads": [kernel.shape[-1] // 2] * 4}
        if layer in self.ranges:
            x, kernel = self._rounded(x, *self.ranges[layer]), self._whole(kernel)
        return self.node("Conv", x, kernel, bias, group=groups, **about)

    def _rounded(self, x: Term, low: float, high: float) -> Term:
        key = (x.name, low, high)  # layers that see the same share it
        if key not in self.rounded:
            step, zero = (self.file.constant(item) for item in int8.steps(low, high))
            self.rounded[key] = self._through_whole_numbers(x, Term(self, step), Term(self, zero))
        return self.rounded[key]

    def _through_whole_numbers(self, x: Term, step: Term, zero: Term) -> Term:
        return self.node("DequantizeLinear", self.node("QuantizeLinear", x, step, zero), step, zero)

    def _whole(self, kernel: np.ndarray) -> Term:
        numbers, steps = int8.whole(kernel)
        return self.node("DequantizeLinear", numbers, steps, np.zeros(len(steps), np.int8), axis=0)

    def prelu(self, layer: str, x: Term) -> Term:
        return self.node("PRelu", x, self.named[f"{layer}/slope"].reshape(-1, 1, 1))

    def leaky(self, x: Term, slope: float) -> Term:
        return self.node("LeakyRelu", x, alpha=slope)

    def normed(self, layer: str, x: Term) -> Term:
        scale, bias = (self.named[f"{layer}/{name}"].reshape(-1, 1, 1) for name in ("scale", "bias"))
        centred = self.node("Sub", x, self.node("ReduceMean", x, axes=[1]))
        spread = self.node("Sqrt", self.node("ReduceMean", centred * centred, axes=[1]) + 1e-6)
        return self.node("Div", centred, spread) * scale + bias

    def halves(self, x: Term) -> list[Term]:
        return self.node("Split", x, count=2, axis=1)

    def first(self, x: Term, channels: int) -> Term:
        return self.node("Gather", x, np.arange(channels), axis=1)

    def joined(self, parts: list[Term]) -> Term:
        return self.node("Concat", *parts, axis=1)

    def spread(self, x: Term, times: int, channels: int | None = None) -> Term:
        return self.node("Gather", x, np.repeat(np.arange(channels or self.channels), times), axis=1)

    def nearest(self, x: Term, scale: int) -> Term:
        scales = np.array([1, 1, scale, scale], np.float32)
        about = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return x if scale == 1 else self.node("Resize", x, np.empty(0, np.float32), scales, **about)

    def shuffled(self, x: Term, scale: int) -> Term:
        return x if scale == 1 else self.node("DepthToSpace", x, blocksize=scale, mode="CRD")

    def folded(self, x: Term, fold: int) -> Term:
        """By a convolution that picks: behind SpaceToDepth, OpenVINO 2026.4 gives wrong values in some of these networks."""
        if fold == 1:
            return x
        channels = self.channels // fold**2
        kernel = np.tile(np.eye(fold**2, dtype=np.float32), (channels, 1)).reshape(-1, 1, fold, fold)
        about = {"kernel_shape": [fold, fold], "strides": [fold, fold]}
        return self.node("Conv", x, kernel, group=channels, **about)


def _frames(name: str, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_part(1, _number(1, size) if isinstance(size, int) else _text(2, size)) for size in shape)
    return _text(1, name) + _part(2, _part(1, _number(1, FLOAT) + _part(2, dims)))


def _attribute(name: str, value: Any) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, 3)
    return _text(1, name) + b"".join(_number(8, item) for item in value) + _number(20, 7)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _part(field, value.encode())


def _part(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
