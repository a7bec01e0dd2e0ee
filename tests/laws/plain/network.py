"""The compact network and its back-projection, from the weights in the zoo."""

import numpy as np

from tests.laws.plain.space import resize


def convolved(x, layer):
    kernel = np.asarray(layer["kernel"], np.float64)
    p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = x.shape[1:3]
    x = sum(p[:, i : i + height, j : j + width] @ kernel[i, j] for i in range(3) for j in range(3))
    x = x + np.asarray(layer["bias"], np.float64)
    return np.where(x < 0, x * np.asarray(layer["slope"], np.float64), x) if "slope" in layer else x


def enlarged(x, params, scale, trips):
    low, x = x, np.repeat(x, 3 // x.shape[-1], axis=-1)
    inside = convolved(x, params["head"])
    for k in range(len([name for name in params if name.startswith("body")])):
        inside = convolved(inside, params[f"body{k}"])
    tail = convolved(inside, params["tail"])
    out = np.repeat(np.repeat(x, scale, 1), scale, 2)
    for dy in range(scale):
        for dx in range(scale):
            out[:, dy::scale, dx::scale] += tail[..., dy * scale + dx :: scale**2]
    if low.shape[-1] == 1:
        out = out.mean(-1, keepdims=True)
    for _ in range(trips):
        out = out + both(low - both(out, (1, scale)), (scale, 1))
    return out


def both(x, ratio):
    return resize(resize(x, ratio, 1), ratio, 2)
