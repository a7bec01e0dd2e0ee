"""Point spread functions: what a lens, a shake of the hand or a bad focus makes of a point of light.

Kernels are made on the host in float64, `(2 r + 1, 2 r + 1)` over (y, x) in pixels, not negative, with the sum 1. `convolve`
applies one to `(t, y, x, c)` light, VALID. Angles are degrees from right (x) towards down (y).

Sources: Goodman, Introduction to Fourier Optics (Airy pattern); Abramowitz and Stegun 9.4.4 and 9.4.6 (Bessel J1, 1e-7).
"""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from vidsr.errors import RecipeError

FIRST_ZERO = 3.831705970207512  # of J1: the edge of the Airy disc
NODES, WEIGHTS = (v / 2 for v in np.polynomial.legendre.leggauss(8))  # in a pixel, along one axis
FINE = 256  # midpoints a pixel across a disc, whose edge no polynomial follows
KEPT = 0.98  # energy within the radius of an Airy kernel that is given none
LARGEST = 255  # radius, pixels


def gaussian(sigma: float) -> np.ndarray:
    """Gaussian sampled at pixel centres, cut at 4 sigma; `sigma` in pixels."""
    return anisotropic(sigma, sigma, 0.0)


def anisotropic(along: float, across: float, angle: float) -> np.ndarray:
    """Gaussian of two standard deviations in pixels, the first along `angle`, sampled, cut at 4 of the larger."""
    _positive("gaussian", along=along, across=across)
    radius = _radius(4 * max(along, across))
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    turn = np.deg2rad(angle)
    u, v = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    return _unit(np.exp(-0.5 * ((u / along) ** 2 + (v / across) ** 2)))


def disc(radius: float) -> np.ndarray:
    """Defocus: the share of every pixel that a disc of `radius` pixels covers."""
    _positive("disc", radius=radius)
    reach = _radius(radius - 0.5)
    places = (np.arange((reach + 1) * FINE) + 0.5) / FINE - 0.5  # across, from the middle pixel outwards
    chord = np.sqrt(np.maximum(radius**2 - places**2, 0.0))[None, :]
    rows = np.arange(reach + 1)[:, None]
    covered = np.maximum(np.minimum(rows + 0.5, chord) - np.maximum(rows - 0.5, -chord), 0.0)
    quarter = covered.reshape(reach + 1, reach + 1, FINE).mean(-1)
    return _unit(_mirrored(quarter + quarter.T))


def airy(wavelength: float, f_number: float, pitch: float, radius: int | None = None) -> np.ndarray:
    """Diffraction of a round aperture, `(2 J1(v) / v)^2` with `v = pi r / (wavelength f_number)`, integrated over pixels.

    Args:
      wavelength: Nanometres.
      f_number: Focal length over diameter of the aperture.
      pitch: Distance of pixels, micrometres.
      radius: Of the kernel, pixels; None: 98 % of the energy lies within it (eight times the Airy disc). What is left out
        is spread over the rest.

    Returns:
      The kernel. At 550 nm and 3.76 um the Airy disc has a radius of 0.500 pixels at f/2.8, 1.427 at f/8.
    """
    _positive("airy", wavelength=wavelength, f_number=f_number, pitch=pitch)
    scale = np.pi * pitch * 1000 / (wavelength * f_number)  # v of one pixel
    reach = _radius(2 / (np.pi * (1 - KEPT)) / scale if radius is None else radius)
    places = (np.arange(reach + 1)[:, None] + NODES).reshape(-1) * scale
    light = jinc(np.hypot(places[:, None], places[None, :])) ** 2
    light = light.reshape(reach + 1, len(NODES), reach + 1, len(NODES))
    return _unit(_mirrored(np.einsum("iajb,a,b->ij", light, WEIGHTS, WEIGHTS)))


def motion(length: float, angle: float) -> np.ndarray:
    """A straight motion at even speed over `length` pixels: see `path`."""
    _positive("motion", length=length)
    turn = np.deg2rad(angle)
    end = np.array([np.sin(turn), np.cos(turn)]) * length / 2
    return path([tuple(-end), tuple(end)])


def path(points: Sequence[Sequence[float]]) -> np.ndarray:
    """A motion at even speed along straight pieces between `points` (y, x) in pixels; a curve is many points.

    A pixel's weight is the length of the path within it. The path is moved so that its middle (mean position) is the
    middle of the kernel: the picture is blurred and stays where it is.
    """
    corners = np.asarray(points, np.float64)
    if corners.ndim != 2 or corners.shape[1:] != (2,) or len(corners) < 2 or not np.isfinite(corners).all():
        raise RecipeError(
            "a path is at least two points (y, x) in pixels. For example ('path', ((0, 0), (0, 6), (3, 9)))."
        )
    begin, step = corners[:-1], np.diff(corners, axis=0)
    length = np.hypot(*step.T)
    if not length.sum() > 0:
        raise RecipeError("a path whose points are all one has no length. For example ('motion', 9, 0).")
    middle = (length[:, None] * (begin + step / 2)).sum(0) / length.sum()
    reach = _radius(abs(corners - middle).max() - 0.5)
    kernel = np.zeros((2 * reach + 1,) * 2)
    for start, way, far in zip(begin - middle, step, length, strict=True):
        cuts = np.concatenate([[0.0, 1.0], *(_crossings(s, w) for s, w in zip(start, way, strict=True))])
        cuts = np.sort(cuts)
        centre = start + way * ((cuts[1:] + cuts[:-1]) / 2)[:, None]
        pixel = np.clip(np.floor(centre + 0.5).astype(int) + reach, 0, 2 * reach)
        np.add.at(kernel, (pixel[:, 0], pixel[:, 1]), far * np.diff(cuts))
    return _unit(kernel)


KINDS: dict[str, Callable[..., np.ndarray]] = {
    "gaussian": gaussian,
    "anisotropic": anisotropic,
    "disc": disc,
    "airy": airy,
    "motion": motion,
    "path": path,
}
EXAMPLE = "('disc', 3.0)"


def kernel(kind: str, *numbers: Any) -> np.ndarray:
    """The kernel of a kind in `KINDS` with its numbers: `kernel("disc", 3.0)`.

    Raises:
      RecipeError: An unknown kind, too many or too few numbers, a size that is not positive or beyond 255 pixels.
    """
    if kind not in KINDS:
        near = get_close_matches(str(kind), KINDS, 1, 0.0)[0]
        raise RecipeError(
            f"there is no psf {kind!r}; there are {', '.join(KINDS)}. The nearest: psf=({near!r}, ...)."
        )
    try:
        return KINDS[kind](*numbers)
    except (TypeError, ValueError) as error:
        raise RecipeError(
            f"psf {kind!r} does not take {numbers}: {error}. For example psf={EXAMPLE}."
        ) from error


def checked(given: Any) -> np.ndarray:
    """A measured kernel as float64 with the sum 1, or a RecipeError: two odd sides, finite, the sum positive."""
    array = np.asarray(given, np.float64)
    if array.ndim != 2 or array.shape[0] % 2 == 0 or array.shape[1] % 2 == 0:
        raise RecipeError(
            f"a psf has two odd sides, so that it has a middle, and this one has the shape {array.shape}. "
            f"Pad it: numpy.pad(psf, ((0, 1), (0, 1))), or say psf={EXAMPLE}."
        )
    if not np.isfinite(array).all() or not array.sum() > 1e-6 * abs(array).sum():
        raise RecipeError(
            f"a psf must be finite with a positive sum, and the sum of this one is {array.sum():g}. Say psf={EXAMPLE}."
        )
    if max(array.shape) > 2 * LARGEST + 1:
        raise RecipeError(
            f"a psf of {array.shape} pixels is beyond {2 * LARGEST + 1}. Crop it, or say psf={EXAMPLE}."
        )
    return _unit(array)


def convolve(x: jax.Array, weights: jax.Array) -> jax.Array:
    """Convolve y and x of every frame and channel: a point becomes the kernel.

    Args:
      x: float32 `(t, y, x, c)`, light.
      weights: float32 `(2 a + 1, 2 b + 1)`; may be traced.

    Returns:
      float32 `(t, y - 2 a, x - 2 b, c)`.
    """
    (rows, columns), turned = weights.shape, weights[::-1, ::-1]
    height, width = x.shape[1] - rows + 1, x.shape[2] - columns + 1

    def add(
        row: jax.Array, total: jax.Array
    ) -> jax.Array:  # on CPU two to twenty times faster than a convolution
        band = lax.dynamic_slice_in_dim(x, row, height, 1)
        parts = [turned[row, k] * band[:, :, k : k + width] for k in range(columns)]
        return total + sum(parts[1:], parts[0])

    empty = jnp.zeros((x.shape[0], height, width, x.shape[3]), x.dtype)
    return lax.fori_loop(0, rows, add, empty)


def jinc(v: np.ndarray) -> np.ndarray:
    """2 J1(v) / v."""
    near = (np.minimum(v, 3.0) / 3) ** 2
    inner = np.polynomial.polynomial.polyval(
        near, (0.5, -0.56249985, 0.21093573, -0.03954289, 0.00443319, -0.00031761, 0.00001109)
    )
    far = 3 / np.maximum(v, 3.0)
    size = np.polynomial.polynomial.polyval(
        far, (0.79788456, 0.00000156, 0.01659667, 0.00017105, -0.00249511, 0.00113653, -0.00020033)
    )
    phase = np.polynomial.polynomial.polyval(
        far, (-2.35619449, 0.12499612, 0.00005650, -0.00637879, 0.00074348, 0.00079824, -0.00029166)
    )
    outer = size * np.cos(np.maximum(v, 3.0) + phase) * (far / 3) ** 1.5
    return 2 * np.where(v < 3.0, inner, outer)


def _crossings(start: float, way: float) -> np.ndarray:
    """Where (0 to 1) a coordinate from `start` over `way` passes from one pixel into the next."""
    low, high = sorted((start, start + way))
    borders = np.arange(np.floor(low + 0.5) + 0.5, high, 1.0)
    return np.clip((borders - start) / way, 0.0, 1.0) if way else np.empty(0)


def _mirrored(quarter: np.ndarray) -> np.ndarray:
    """The whole of a symmetric kernel, from its middle outwards."""
    half = np.concatenate([quarter[:0:-1], quarter])
    return np.concatenate([half[:, :0:-1], half], 1)


def _unit(kernel: np.ndarray) -> np.ndarray:
    return kernel / kernel.sum()


def _radius(reach: float) -> int:
    if reach > LARGEST:
        raise RecipeError(
            f"a psf of radius {reach:.0f} is beyond {LARGEST} pixels. Shrink the picture first: vidsr.resize(0.25)."
        )
    return max(0, int(np.ceil(reach - 1e-9)))


def _positive(kind: str, **numbers: float) -> None:
    for name, number in numbers.items():
        if not (number > 0 and np.isfinite(number)):
            raise RecipeError(f"{name}={number} of a {kind} psf must be positive. For example psf={EXAMPLE}.")
