"""Optics, sensors, tape, fields and fading on whole clips, in float64; curves of light as the standards print them."""

import numpy as np
from scipy import ndimage

from tests.laws.plain import draws, space

PQ = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128


def decode(signal, transfer):
    """Signal -> light before the camera, 1 = white or peak."""
    v = abs(signal)
    if transfer == "bt709":
        light = np.where(
            v < 4.5 * 0.018053968510807, v / 4.5, ((v + 0.09929682680944) / 1.09929682680944) ** (1 / 0.45)
        )
    elif transfer == "srgb":
        light = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    elif transfer == "bt1886":
        light = v**2.4
    elif transfer == "hlg":
        a = 0.17883277
        light = np.where(v <= 0.5, v * v / 3, (np.exp((v - 0.5 + a * np.log(4 * a)) / a) + 1 - 4 * a) / 12)
    elif transfer == "pq":
        m1, m2, c1, c2, c3 = PQ
        root = np.clip(signal, 0, 1) ** (1 / m2)
        return (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return np.sign(signal) * light


def encode(light, transfer):
    v = abs(light)
    if transfer == "bt709":
        signal = np.where(v < 0.018053968510807, 4.5 * v, 1.09929682680944 * v**0.45 - 0.09929682680944)
    elif transfer == "srgb":
        signal = np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)
    elif transfer == "bt1886":
        signal = v ** (1 / 2.4)
    elif transfer == "hlg":
        a = 0.17883277
        with np.errstate(invalid="ignore"):
            high = a * np.log(np.maximum(12 * v - 1 + 4 * a, 1e-9)) + 0.5 - a * np.log(4 * a)
        signal = np.where(v <= 1 / 12, np.sqrt(3 * v), high)
    elif transfer == "pq":
        m1, m2, c1, c2, c3 = PQ
        share = np.clip(light, 0, 1) ** m1
        return ((c1 + c2 * share) / (1 + c3 * share)) ** m2
    return np.sign(light) * signal


def blurred(step, x, *_):
    kernel = np.asarray(step.kernel, np.float64)[None, :, :, None]
    return encode(ndimage.convolve(decode(x, step.transfer), kernel, mode="mirror"), step.transfer)


def exposed(step, x, spec, numbers):
    rows, columns = (np.arange(n) + o for n, o in zip(spec.shape[1:3], spec.origin, strict=True))
    key = draws.key_of(step)
    of_row, of_pattern = ((key[0], key[1] ^ np.uint64(n)) for n in (1, 2))
    light = decode(x, step.transfer)
    red, blue = (np.outer(rows % 2 == n, columns % 2 == n) for n in (0, 1))
    sites = np.stack([red, ~(red | blue), blue], -1)
    if step.mosaic:
        light = (light * sites).sum(-1, keepdims=True)
    light = light * (1 + float(step.pattern) * draws.normal(of_pattern, [0], rows, columns, light.shape[-1]))
    spread = np.sqrt(float(step.gain) * np.maximum(light, 0) + float(step.read) ** 2)
    light = light + spread * draws.normal(key, numbers, rows, columns, light.shape[-1])
    light = light + float(step.row) * draws.normal(of_row, numbers, rows, [0], 1)
    if step.bits is not None:
        light = np.floor(np.clip(light, 0, 1) * (2**step.bits - 1) + 0.5) / (2**step.bits - 1)
    if step.mosaic:
        light = interpolated(light, sites)
    return encode(light, step.transfer)


def interpolated(plane, sites):
    """Every colour as the weighted mean of the sites around that see it."""
    near = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    out = np.empty((*plane.shape[:3], 3))
    for c in range(3):
        if c == 1:
            cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4
            mean = ndimage.convolve(plane[..., 0] * sites[..., c], cross[None], mode="mirror")
            out[..., c] = np.where(sites[..., c], plane[..., 0], mean)
        else:
            sums = [
                ndimage.convolve(v * sites[..., c], near[None].astype(float), mode="mirror")
                for v in (plane[..., 0], np.ones(plane.shape[:3]))
            ]
            out[..., c] = sums[0] / sums[1]
    return out


def taped(step, x, *_):
    kr, kb = 0.299, 0.114
    y = x @ np.array([kr, 1 - kr - kb, kb])
    cb, cr = (x[..., 2] - y) / (2 - 2 * kb), (x[..., 0] - y) / (2 - 2 * kr)
    y, cb, cr = (
        ndimage.gaussian_filter1d(v, max(float(s), 1e-3), 2, mode="mirror", radius=step.radius)
        for v, s in ((y, step.luma), (cb, step.chroma), (cr, step.chroma))
    )
    red, blue = y + (2 - 2 * kr) * cr, y + (2 - 2 * kb) * cb
    return np.stack([red, (y - kr * red - kb * blue) / (1 - kr - kb), blue], -1)


def interlaced(step, x, spec, numbers):
    after = np.concatenate([x[1:], x[-1:]])
    second = (np.arange(x.shape[1]) + spec.origin[0]) % 2 == {"tff": 1, "bff": 0}[step.order]
    out = x.copy()
    out[:, second] = after[:, second]
    return out


def detoured(step, x, *_):
    """On a frame mirrored so far, and by so whole a number of samples, that its edge is not seen."""
    num, den = step.ratio
    margin = -(-40 // den) * den
    for axis in (1, 2):
        size = x.shape[axis]
        x = np.pad(x, [(margin, 2 * margin) if a == axis else (0, 0) for a in range(4)], "symmetric")
        x = space.resize(space.resize(x, (num, den), axis, step.there), (den, num), axis, step.back)
        x = np.take(x, np.arange(margin, margin + size), axis)
    return x


def faded(step, x, *_):
    dyes = np.array([[1, 0.16, 0.04], [0.22, 1, 0.18], [0.08, 0.30, 1]])
    density = -np.log10(np.maximum(decode(x, step.transfer), 10**-2.6))
    amount = np.linalg.solve(dyes, density.reshape(-1, 3).T)
    keep, power, stain = (np.asarray(v, np.float64)[:, None] for v in (step.keep, step.power, step.stain))
    left = keep * np.sign(amount) * abs(amount) ** power * 2 ** (1 - power)
    return encode(10 ** -(dyes @ left + stain).T.reshape(x.shape), step.transfer)
