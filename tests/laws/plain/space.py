"""Resampling, blur and displacement, as matrices that know the whole axis."""

import numpy as np
from scipy import ndimage


def along(x, axis, matrix):
    return np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)


def mirrored(index, size, *, twice):
    """Reflection at an edge; `twice`: the edge sample is repeated."""
    if size == 1:
        return np.zeros_like(index)
    period = 2 * size if twice else 2 * size - 2
    index = index % period
    return np.where(index < size, index, period - index - (1 if twice else 0))


def cubic(d):
    d = abs(d)
    near, far = 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))


def lanczos(lobes):
    return lambda d: np.where(abs(d) < lobes, np.sinc(d) * np.sinc(d / lobes), 0.0)


KERNELS = {
    "bicubic": cubic,
    "lanczos2": lanczos(2),
    "lanczos3": lanczos(3),
    "bilinear": lambda d: np.maximum(1 - abs(d), 0.0),
}


def resize(x, ratio, axis, kernel="bicubic"):
    """Output o covers the input from o den/num to (o + 1) den/num; edges repeat the edge sample and mirror."""
    num, den = ratio
    size = x.shape[axis]
    o = np.arange(-(-size * num // den))[:, None]
    reach = 3 * max(1, -(-den // num)) + 2
    i = o * den // num + np.arange(-reach, reach + 1)[None]
    if kernel == "nearest":
        weight = (i == ((2 * o + 1) * den) // (2 * num)).astype(np.float64)
    elif kernel == "area":
        weight = np.minimum((o + 1) * den, (i + 1) * num) - np.maximum(o * den, i * num)
        weight = np.maximum(weight, 0).astype(np.float64)
    else:
        distance = (o + 0.5) * den / num - (i + 0.5)
        weight = KERNELS[kernel](distance * min(1.0, num / den))
    matrix = np.zeros((len(o), size))
    np.add.at(
        matrix,
        (np.broadcast_to(o, i.shape), mirrored(i, size, twice=True)),
        weight / weight.sum(1, keepdims=True),
    )
    return along(x, axis, matrix)


def blur(x, sigma, radius):
    for axis in (1, 2):
        x = ndimage.gaussian_filter1d(x, max(sigma, 1e-3), axis, mode="mirror", radius=radius)
    return x


def moved(x, shift, lobes=3):
    """Every frame read `shift` (dy, dx) pixels further on; Lanczos, mirrored, weights divided by their sum."""
    out = np.empty_like(x)
    for t in range(len(x)):
        frame = x[t : t + 1]
        for axis in (1, 2):
            frame = along(frame, axis, reading(x.shape[axis], shift[t][axis - 1], lobes))
        out[t] = frame[0]
    return out


def reading(size, shift, lobes):
    o = np.arange(size)[:, None]
    i = o + int(np.floor(shift)) + np.arange(1 - lobes, lobes + 1)[None]
    weight = lanczos(lobes)(o + shift - i)
    matrix = np.zeros((size, size))
    np.add.at(
        matrix,
        (np.broadcast_to(o, i.shape), mirrored(i, size, twice=False)),
        weight / weight.sum(1, keepdims=True),
    )
    return matrix
