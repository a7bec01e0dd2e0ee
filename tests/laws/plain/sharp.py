"""Deblurring of whole clips on frames mirrored far out, by direct convolution; the filters by complex transforms."""

import numpy as np
from scipy.signal import fftconvolve

from tests.laws.plain.camera import decode, encode
from tests.laws.plain.space import mirrored
from vidsr.functional import deconvolve
from vidsr.transforms import deblur_known


def inverted(step, x, *_):
    psf = np.asarray(step.kernel, np.float64)
    far = deconvolve.reach(psf.shape, step.radius, step.rounds)
    y, seen = extended(x, far)
    colour = x.shape[-1] == 3
    turn = deconvolve.OPPONENT if colour else np.eye(x.shape[-1])
    sigma, z = max(float(step.sigma), deblur_known.LEAST), y @ turn.T
    for number in range(step.rounds):
        light = convolved(decode(z @ turn, step.transfer), psf)
        misfit = (seen * (y - encode(light, step.transfer))) @ turn.T
        for c in range(z.shape[-1]):
            size = float(step.detail) / (deconvolve.CHROMA if colour and c else 1)
            size *= 1 if step.model == "tv" else deconvolve.EVEN
            beta = (2**number if step.model == "tv" else 1) / size**2
            data, smooth = filters(psf, sigma**2 * beta, step.radius)
            rough = np.zeros_like(z[..., c])
            for axis in (1, 2):
                d = np.diff(z[..., c], axis=axis, append=0.0)
                if step.model == "tv":  # what shrinking by this much takes off
                    limit = 1 / (size * beta)
                    d = d - np.sign(d) * np.maximum(abs(d) - limit, 0)
                rough -= np.diff(d, axis=axis, prepend=0.0)
            change = convolved(misfit[..., c : c + 1], data) - convolved(rough[..., None], smooth)
            z[..., c] += change[..., 0]
    return cut(z @ turn, far)


def lucy(step, x, *_):
    psf = np.asarray(step.kernel, np.float64)
    far = deconvolve.lucy_reach(psf.shape, step.rounds)
    y, seen = extended(decode(x, step.transfer), far)
    y = np.maximum(y, deconvolve.DARK)
    heard, z = np.maximum(convolved(seen, psf[::-1, ::-1]), 1e-3), y
    for _ in range(step.rounds):
        off = seen * (y / np.maximum(convolved(z, psf), deconvolve.DARK) - 1)
        z = z * np.maximum(1 + convolved(off, psf[::-1, ::-1]) / heard, 0)
    return encode(cut(z, far), step.transfer)


def filters(psf, m, radius):
    """K and L on a torus of the stated side, cut."""
    side = deconvolve.square(psf.shape, radius)
    place = np.zeros((side, side))
    for (i, j), weight in np.ndenumerate(psf):
        place[i - psf.shape[0] // 2, j - psf.shape[1] // 2] += weight
    across = abs(np.exp(2j * np.pi * np.fft.fftfreq(side)) - 1) ** 2
    blur, index = np.fft.fft2(place), np.arange(-radius, radius + 1)
    bottom = abs(blur) ** 2 + m * (across[:, None] + across)
    edge = np.cos(np.pi * np.maximum(abs(index) / (radius + 1) - 0.5, 0)) ** 2
    taper = np.outer(edge, edge)
    return [taper * np.fft.ifft2(top / bottom).real[np.ix_(index, index)] for top in (blur.conj(), m)]


def extended(x, far):
    seen = np.ones((1, *x.shape[1:3], 1))
    for axis in (1, 2):
        index = np.arange(-far[axis - 1], x.shape[axis] + far[axis - 1])
        seen = np.pad(seen, [(n, n) if a == axis else (0, 0) for a, n in enumerate((0, *far, 0))])
        x = x.take(mirrored(index, x.shape[axis], twice=False), axis)
    return x, seen


def convolved(x, kernel):
    return fftconvolve(x, kernel[None, :, :, None], "same", axes=(1, 2))


def cut(z, far):
    return z[:, far[0] : z.shape[1] - far[0], far[1] : z.shape[2] - far[1]]
