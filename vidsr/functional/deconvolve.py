"""Undo a known blur on `(t, y, x, c)` signal: a regularised inverse and Richardson-Lucy, both of finite reach.

A lens adds up light, the camera then codes it and the noise lies on the coded signal: `y = encode(psf * decode(z)) + noise`.
`inverse` looks for the signal z of which this holds and whose steps D z between neighbours are small: small in square (Wiener's
filter for a picture whose spectrum falls as 1 / f^2) or, `sparse`, in sum (total variation, Rudin, Osher and Fatemi 1992,
by the half-quadratic splitting of Wang, Yang, Yin and Zhang 2008). Every round adds the filtered misfit:

    z <- z + K e + L D'(w - D z)      e = y - encode(psf * decode(z)) on the frame, 0 beyond it
    K = H' / (|H|^2 + m |D|^2)        L = m / (|H|^2 + m |D|^2)        m = (sigma / detail)^2 2^round

w is D z, shrunk. K and L are cut to soft-edged squares, so that a round reads `radius` and half the psf around a pixel, not the frame; as
they filter misfits alone, the cut slows the rounds and leaves the solution where it is. What lies beyond the frame was not seen
and is not held against z: a mirrored edge is where the search begins, and it does not ring. Taking the coding
into e, where the noise is white, serves better than inverting in light: there noise grows with light, and ringing beside a highlight with it.

Blocks are taken as a torus: what wraps round creeps inwards by one reach a round and is cut off with the halo.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

Curve = Callable[[jax.Array], jax.Array]

# Chosen on five clips of the training data, blurred by a disc of 3 and a motion of 15 pixels, sigma 2/255.
EVEN = 0.5  # share of `detail` that the steps of Wiener's picture have
CHROMA = 3.0  # steps of the colour differences are so many times smaller
DARK = 1e-5  # light below which Richardson-Lucy divides by this
OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])  # noise stays white


def reach(psf_shape: tuple[int, ...], radius: int, rounds: int) -> tuple[int, int]:
    """Samples that `inverse` reads around an output, in y and in x."""
    down, across = (rounds * (radius + max(size // 2, 1)) for size in psf_shape)
    return down, across


def lucy_reach(psf_shape: tuple[int, ...], rounds: int) -> tuple[int, int]:
    """Samples that `richardson_lucy` reads around an output, in y and in x."""
    down, across = (rounds * 2 * (size // 2) for size in psf_shape)
    return down, across


def detail(frames: np.ndarray, psf: np.ndarray, sigma: float) -> float:
    """Root mean square step between neighbours that the sharp picture had, from a blurred and noisy one. Host side.

    Steps of a picture whose spectrum falls as 1 / f^2 are white, so that a blur divides their power by the sum of its
    squares. Real pictures fall faster and the answer is too large, the more so the softer they are, which serves total
    variation. Where texture is as fine as a pixel (grass) it is too small, and more is gained by giving it by hand.

    Args:
      frames: `(t, y, x, c)` signal; of three channels their lightness is read.
      psf: `(2 a + 1, 2 b + 1)`, sum 1.
      sigma: Standard deviation of the noise.
    """
    grey = np.asarray(frames, np.float64) @ (
        OPPONENT[:1].T if frames.shape[-1] == 3 else np.eye(frames.shape[-1])
    )
    steps = [np.diff(grey, axis=axis).ravel() for axis in (1, 2)]
    power = np.mean(np.concatenate([*steps, [0.0]]) ** 2) - 2 * sigma**2
    return float(np.sqrt(max(power, 0.0) / np.sum(np.asarray(psf, np.float64) ** 2)))


def inverse(
    x: jax.Array,
    psf: jax.Array,
    seen: jax.Array,
    *,
    sigma: jax.Array | float,
    detail: jax.Array | float,
    decode: Curve,
    encode: Curve,
    radius: int,
    rounds: int,
    sparse: bool,
) -> jax.Array:
    """The regularised inverse of the module's head.

    Args:
      x: float32 `(t, y, x, c)`, blurred signal; the frame's surroundings mirrored.
      psf: float32 `(2 a + 1, 2 b + 1)`, sum 1.
      seen: bool `(y, x)`, true on the frame.
      sigma: Standard deviation of the noise, signal; above 0.
      detail: Root mean square step between neighbours of the sharp picture, signal; above 0.
      decode: Signal to light.
      encode: Light to signal.
      radius: Half width of the filters in pixels, static.
      rounds: Static.
      sparse: Total variation instead of Wiener's filter, static.

    Returns:
      float32 `(t, y - 2 ry, x - 2 rx, c)` with `(ry, rx) = reach(psf.shape, radius, rounds)`.
    """
    channels, grid = x.shape[-1], _grid(x)
    turn = jnp.asarray(OPPONENT if channels == 3 else np.eye(channels), jnp.float32)
    finer = jnp.asarray([1, CHROMA, CHROMA] if channels == 3 else [1] * channels, jnp.float32)[:, None, None]
    y, seen, blur = _planes(x, grid), _padded(seen, grid), jnp.fft.rfft2(_placed(psf, grid))

    def round_(z: jax.Array, doubled: jax.Array) -> tuple[jax.Array, None]:
        light = jnp.fft.irfft2(blur * jnp.fft.rfft2(decode(_mixed(z, turn.T))), grid)
        misfit = _mixed(jnp.where(seen, y - encode(light), 0.0), turn)
        size = (detail if sparse else EVEN * detail) / finer
        beta = (doubled if sparse else 1.0) / size**2
        limit = 1 / (size * beta) if sparse else jnp.inf  # D z - w is D z, clipped
        rough = _rough(z, -2, limit) + _rough(z, -1, limit)
        data, smooth = _filters(psf, sigma**2 * beta, radius, grid)
        return z + jnp.fft.irfft2(data * jnp.fft.rfft2(misfit) - smooth * jnp.fft.rfft2(rough), grid), None

    z, _ = jax.lax.scan(round_, _mixed(y, turn), 2.0 ** jnp.arange(rounds, dtype=jnp.float32))
    return _middle(_mixed(z, turn.T), x.shape, reach(psf.shape, radius, rounds))


def richardson_lucy(x: jax.Array, psf: jax.Array, seen: jax.Array, *, rounds: int) -> jax.Array:
    """Richardson (1972) and Lucy (1974): the light that explains a count of photons best, never negative.

    Args:
      x: float32 `(t, y, x, c)`, blurred light; negative light is taken as 0.
      psf: float32 `(2 a + 1, 2 b + 1)`, not negative, sum 1.
      seen: bool `(y, x)`, true on the frame; what lies beyond it is not held against the result.
      rounds: Static. Few leave blur, many raise noise.

    Returns:
      float32 `(t, y - 2 ry, x - 2 rx, c)` with `(ry, rx) = lucy_reach(psf.shape, rounds)`.
    """
    grid = _grid(x)
    y, seen = jnp.maximum(_planes(x, grid), DARK), _padded(seen, grid)
    blur = jnp.fft.rfft2(_placed(psf, grid))

    def spread(z: jax.Array, by: jax.Array) -> jax.Array:
        return jnp.fft.irfft2(by * jnp.fft.rfft2(z), grid)

    heard = spread(seen.astype(jnp.float32), jnp.conj(blur))

    def round_(z: jax.Array, _: None) -> tuple[jax.Array, None]:
        ratio = jnp.where(seen, y / jnp.maximum(spread(z, blur), DARK) - 1, 0.0)
        change = spread(ratio, jnp.conj(blur)) / jnp.maximum(heard, 1e-3)
        return z * jnp.maximum(1 + change, 0.0), None

    z, _ = jax.lax.scan(round_, y, None, length=rounds)
    return _middle(z, x.shape, lucy_reach(psf.shape, rounds))


def _rough(z: jax.Array, axis: int, limit: jax.Array | float) -> jax.Array:
    """D' applied to the steps of z along an axis, no step counted beyond `limit`."""
    step = jnp.clip(jnp.roll(z, -1, axis) - z, -limit, limit)
    return jnp.roll(step, 1, axis) - step


def square(psf_shape: tuple[int, ...], radius: int) -> int:
    """Side of the torus on which K and L are worked out before they are cut."""
    return _roomy(4 * radius + 2 * max(psf_shape))


def window(radius: int) -> np.ndarray:
    """What K and L are multiplied by, `(2 radius + 1)` squared: 1 up to half the radius, then down to 0 as a cosine.

    The inverse of a motion has echoes at every length of it; an edge through one of them can set the rounds swinging.
    """
    beyond = np.maximum(abs(np.arange(-radius, radius + 1)) / (radius + 1) - 0.5, 0.0)
    taper = 0.5 + 0.5 * np.cos(2 * np.pi * beyond)
    return taper[:, None] * taper


def _filters(psf: jax.Array, m: jax.Array, radius: int, grid: tuple[int, int]) -> tuple[jax.Array, jax.Array]:
    """Transfer functions `(c, y, x // 2 + 1)` on the grid of K and L, cut to `radius`; m is `(c, 1, 1)`."""
    side = square(psf.shape, radius)
    blur = jnp.fft.rfft2(_placed(psf, (side, side)))
    rows, columns = (2 - 2 * np.cos(2 * np.pi * f) for f in (np.fft.fftfreq(side), np.fft.rfftfreq(side)))
    bottom = jnp.abs(blur) ** 2 + m * jnp.asarray(rows[:, None] + columns, jnp.float32)
    width, cut = 2 * radius + 1, []
    for top in (jnp.conj(blur), m.astype(blur.dtype)):
        kernel = jnp.fft.irfft2(top / bottom.astype(blur.dtype), (side, side))
        kernel = jnp.roll(kernel, (radius, radius), (-2, -1))[..., :width, :width]
        cut.append(jnp.fft.rfft2(_placed(kernel * jnp.asarray(window(radius), jnp.float32), grid)))
    return cut[0], cut[1]


def _grid(x: jax.Array) -> tuple[int, int]:
    return _roomy(x.shape[1]), _roomy(x.shape[2])


def _planes(x: jax.Array, grid: tuple[int, int]) -> jax.Array:
    """`(t, c, y, x)` on the grid."""
    return _padded(jnp.moveaxis(x, -1, 1), grid)


def _padded(x: jax.Array, grid: tuple[int, int]) -> jax.Array:
    after = [(0, big - n) for big, n in zip(grid, x.shape[-2:], strict=True)]
    return jnp.pad(x, [(0, 0)] * (x.ndim - 2) + after)


def _placed(kernel: jax.Array, grid: tuple[int, int]) -> jax.Array:
    """A kernel `(..., y, x)` on the grid, its middle in the corner."""
    down, across = kernel.shape[-2:]
    return jnp.roll(_padded(kernel, grid), (-(down // 2), -(across // 2)), (-2, -1))


def _middle(z: jax.Array, shape: tuple[int, ...], cut: tuple[int, int]) -> jax.Array:
    (down, across), (height, width) = cut, shape[1:3]
    return jnp.moveaxis(z[:, :, down : height - down, across : width - across], 1, -1)


def _mixed(z: jax.Array, how: jax.Array) -> jax.Array:
    return jnp.einsum("ij,tjyx->tiyx", how, z, precision=jax.lax.Precision.HIGHEST)


def _roomy(size: int) -> int:
    """The next size that a fast transform likes: 2^a 3^b 5^c."""
    rest = size
    for factor in (2, 3, 5):
        while rest % factor == 0:
            rest //= factor
    return size if rest == 1 else _roomy(size + 1)
