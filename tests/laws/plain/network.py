"""The zoo's networks and the back-projection, from the weights, in float64."""

import numpy as np

from tests.laws.plain.space import resize

EIGHT = [(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]


def convolved(x, layer):
    kernel = np.asarray(layer["kernel"], np.float64)
    p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = x.shape[1:3]
    x = sum(p[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3))
    x = x + np.asarray(layer["bias"], np.float64)
    return np.where(x < 0, x * np.asarray(layer["slope"], np.float64), x) if "slope" in layer else x


def enlarged(x, params, scale, trips, eight=False):
    low, x = x, np.repeat(x, 3 // x.shape[-1], axis=-1)
    out = np.mean([stacked_turned(x, params, scale, *way) for way in (EIGHT if eight else EIGHT[:1])], 0)
    out = np.clip(out, *(np.repeat(np.repeat(bound, scale, 1), scale, 2) for bound in bounds(x)))
    if low.shape[-1] == 1:
        out = out.mean(-1, keepdims=True)
    for _ in range(trips):
        out = out + both(low - both(out, (1, scale)), (scale, 1))
    return out


def stacked_turned(x, params, scale, quarters, mirrored):
    """What they make of turned and mirrored frames, turned and mirrored back."""
    x = np.rot90(x[:, :, ::-1] if mirrored else x, quarters, (1, 2))
    out = np.rot90(stacked(x, params, scale), -quarters, (1, 2))
    return out[:, :, ::-1] if mirrored else out


def stacked(x, params, scale):
    """What the convolutions make of frames."""
    inside = convolved(x, params["head"])
    for k in range(len([name for name in params if name.startswith("body")])):
        inside = convolved(inside, params[f"body{k}"])
    tail = convolved(inside, params["tail"])
    if "colour" in params:
        red, blue = np.split(pointwise(inside, params["colour"]), 2, -1)
        tail = np.concatenate(
            [tail + 1.402 * red, tail - 0.714136 * red - 0.344136 * blue, tail + 1.772 * blue], -1
        )
    return np.repeat(np.repeat(x, scale, 1), scale, 2) + spread(tail, scale)


def bounds(low):
    """Least and largest value beside each pixel: the extremes of its surroundings, and twice what stands out of them."""
    least, most = around_least(low), around_most(low)
    step = 0.05 * (around_most(most) - around_least(least))
    bright = around_most(np.maximum(low - around_most(least) - step, 0))
    dark = around_most(np.maximum(around_least(most) - low - step, 0))
    return least - 2 * dark, most + 2 * bright


def around_most(x):
    p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "edge")
    height, width = x.shape[1:3]
    return np.max([p[:, i : i + height, j : j + width] for i in range(3) for j in range(3)], 0)


def around_least(x):
    return -around_most(-x)


def restored(x, params, fold):
    """The gated network at its input's size; the first three channels of `x` are the frame."""
    height, width = x.shape[1:3]
    whole = np.pad(x, ((0, 0), (0, -height % fold), (0, -width % fold), (0, 0)), "reflect")
    cells = [whole[:, dy::fold, dx::fold] for dy in range(fold) for dx in range(fold)]
    inside = convolved(np.stack(cells, -1).reshape(*cells[0].shape[:3], -1), params["head"])
    for k in range(len([name for name in params if name.startswith("block")])):
        block = params[f"block{k}"]
        wide = around(pointwise(normed(inside, block["norm1"]), block["widen1"]), block["around"])
        inside = inside + pointwise(gate(wide), block["narrow1"])
        inside = inside + pointwise(
            gate(pointwise(normed(inside, block["norm2"]), block["widen2"])), block["narrow2"]
        )
    out = whole[..., :3] + spread(convolved(inside, params["tail"]), fold)
    return out[:, :height, :width]


def without_steps(x, axis, origin):
    """Across the edges of blocks of eight, up to six levels of each step that a straight line through both sides would not have: spread, two pixels each side."""
    x, out = np.moveaxis(x, axis, 0), np.moveaxis(x.copy(), axis, 0)
    for k in range(2, len(x) - 1):
        if (k + origin) % 8 == 0:
            step = x[k] - x[k - 1] - ((x[k + 1] - x[k]) + (x[k - 1] - x[k - 2])) / 2
            step = np.clip(step, -6 / 255, 6 / 255)
            for place, share in ((k - 1, 3 / 8), (k - 2, 1 / 8), (k, -3 / 8), (k + 1, -1 / 8)):
                out[place] += share * step
    return np.moveaxis(out, 0, axis)


def spread(cells, scale):
    """Channels to places: channel (c * scale + dy) * scale + dx goes to (dy, dx)."""
    t, height, width, channels = cells.shape
    out = np.empty((t, height * scale, width * scale, channels // scale**2))
    for dy in range(scale):
        for dx in range(scale):
            out[:, dy::scale, dx::scale] = cells[..., dy * scale + dx :: scale**2]
    return out


def pointwise(x, layer):
    return x @ np.asarray(layer["kernel"], np.float64) + np.asarray(layer["bias"], np.float64)


def around(x, layer):
    kernel = np.asarray(layer["kernel"], np.float64)
    p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = x.shape[1:3]
    total = sum(p[:, i : i + height, j : j + width] * kernel[i, j] for i in range(3) for j in range(3))
    return total + np.asarray(layer["bias"], np.float64)


def normed(x, layer):
    x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-6)
    return x * np.asarray(layer["scale"], np.float64) + np.asarray(layer["bias"], np.float64)


def gate(x):
    a, b = np.split(x, 2, -1)
    return a * b


def both(x, ratio):
    return resize(resize(x, ratio, 1), ratio, 2)
