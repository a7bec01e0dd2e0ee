"""An ONNX file read and run in numpy: enough for the networks here, and no code shared with what writes them."""

import struct

import numpy as np

VARINT, FOUR_BYTES, COUNTED = 0, 5, 2


def fields(data):
    """(number, value) of every field of a message."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(data):
        number, kind = divmod(varint(), 8)
        if kind == VARINT:
            yield number, varint()
            continue
        size = 4 if kind == FOUR_BYTES else varint() if kind == COUNTED else None
        yield number, data[at : at + size]
        at += size


def all_of(message, number):
    return [value for n, value in fields(message) if n == number]


def attribute(message):
    found = dict(fields(message))
    kind = found[20]
    if kind == 1:
        value = struct.unpack("<f", found[2])[0]
    elif kind == 7:
        value = all_of(message, 8)
    else:
        value = found[3] if kind == 2 else found[4].decode()
    return found[1].decode(), value


def run(data, frames, name="result"):
    """A tensor of a model, its output if none is named, for its one input, (1, y, x, c)."""
    return everything(data, frames)[name]


def nodes(data):
    """(operator, inputs, outputs) in order."""
    (graph,) = all_of(data, 7)
    for node in all_of(graph, 1):
        inputs, outputs = ([name.decode() for name in all_of(node, k)] for k in (1, 2))
        yield all_of(node, 4)[0].decode(), inputs, outputs


def everything(data, frames):
    """All tensors of a model by name, constants too."""
    (graph,) = all_of(data, 7)
    held = {"frames": frames}
    for tensor in all_of(graph, 5):
        about = dict(fields(tensor))
        kind = {1: np.float32, 2: np.uint8, 3: np.int8, 7: np.int64}[about[2]]
        held[about[8].decode()] = np.frombuffer(about[9], kind).reshape(all_of(tensor, 1))
    for node in all_of(graph, 1):
        inputs, outputs = ([name.decode() for name in all_of(node, k)] for k in (1, 2))
        settings = dict(map(attribute, all_of(node, 5)))
        made = OPERATORS[all_of(node, 4)[0].decode()](*(held[name] for name in inputs), **settings)
        held |= dict(zip(outputs, made if isinstance(made, list) else [made], strict=True))
    return held


def conv(x, kernel, bias=None, *, group=1, kernel_shape, pads=(0, 0, 0, 0), strides=(1, 1)):
    assert list(kernel.shape[2:]) == list(kernel_shape)
    x = np.pad(x, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    seen = np.lib.stride_tricks.sliding_window_view(x, kernel_shape, (2, 3))[
        :, :, :: strides[0], :: strides[1]
    ]
    parts = zip(np.split(seen, group, 1), np.split(kernel, group), strict=True)
    out = np.concatenate([np.einsum("ncyxij,ocij->noyx", a, b) for a, b in parts], 1)
    return out if bias is None else out + bias[:, None, None]


def shuffle(x, *, blocksize, mode):
    assert mode == "CRD"
    n, c, height, width = x.shape
    parts = x.reshape(n, c // blocksize**2, blocksize, blocksize, height, width)
    return parts.transpose(0, 1, 4, 2, 5, 3).reshape(n, -1, height * blocksize, width * blocksize)


def resize(x, roi, scales, *, mode, coordinate_transformation_mode, nearest_mode):
    assert (mode, coordinate_transformation_mode, nearest_mode) == ("nearest", "asymmetric", "floor")
    return x.repeat(int(scales[2]), 2).repeat(int(scales[3]), 3)


def quantised(x, step, zero):
    return np.clip(np.round(x / step) + zero, 0, 255).astype(np.uint8)


def dequantised(numbers, step, zero, axis=None):
    shape = [-1 if k == axis else 1 for k in range(numbers.ndim)] if np.ndim(step) else ()
    return (numbers.astype(np.int32) - zero.reshape(shape)).astype(np.float32) * step.reshape(shape)


OPERATORS = {
    "QuantizeLinear": quantised,
    "DequantizeLinear": dequantised,
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Sqrt": np.sqrt,
    "Transpose": lambda x, perm: x.transpose(perm),
    "ReduceMean": lambda x, axes: x.mean(tuple(axes), keepdims=True),
    "Concat": lambda *parts, axis: np.concatenate(parts, axis),
    "Split": lambda x, axis: np.split(x, 2, axis),
    "Gather": lambda x, index, axis: x.take(index, axis),
    "PRelu": lambda x, slope: np.where(x < 0, slope * x, x),
    "LeakyRelu": lambda x, alpha: np.where(x < 0, np.float32(alpha) * x, x),
    "Conv": conv,
    "DepthToSpace": shuffle,
    "Resize": resize,
}
