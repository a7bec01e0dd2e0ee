"""Undo a known blur on `(t, y, x, c)`: a regularised inverse and Richardson-Lucy, both of finite reach.

The camera adds up light, the recorder then codes it and the noise is of the coded signal: `y = encode(psf * decode(z)) + noise`.
`inverse` looks for the signal z in which this holds and whose steps between neighbours are small: small in square
(`sparse=False`: Wiener's filter for a picture whose spectrum falls as 1 / f^2) or in sum (`sparse=True`: total variation
by half-quadratic splitting, Geman and Yang 1995, Wang et al. 2008). Every round adds the filtered misfit,

    z <- z + K e + L D'(w - D z),    e = y - encode(psf * decode(z)) on the frame, 0 beyond it,
    K = H' / (|H|^2 + m |D|^2),      L = m / (|H|^2 + m |D|^2),      m = sigma^2 beta,

where w is D z shrunk and beta doubles from round to round. The filters are cut to a square of stated radius, so a round reaches
`radius` plus the psf's half width and not the whole frame; as only misfits are filtered, the cut slows the rounds and
moves no solution. Beyond the frame nothing was seen and nothing is claimed, which is what keeps a mirrored edge from ringing.

A block is taken as a torus: what wraps round it creeps inwards by one reach a round and is cut off with the halo.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

Curve = Callable[[jax.Array], jax.Array]

CHROMA = 3.0
OPPONENT = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])  # orthonormal: noise stays white


def reach(psf_shape: tuple[int, int], radius: int, rounds: int) -> tuple[int, int]:
    """Samples that `inverse` reads around an output, y and x."""
    return tuple(rounds * (radius + max(size // 2, 1)) for size in psf_shape)  # type: ignore[return-value]


def inverse(
    x: jax.Array,
    psf: jax.Array,
    sigma: jax.Array | float,
    spread: jax.Array | float,
    seen: jax.Array,
    *,
    decode: Curve,
    encode: Curve,
    radius: int,
    rounds: int,
    sparse: bool,
) -> jax.Array:
    height, width, channels = x.shape[1:]
    grid = _roomy(height), _roomy(width)
    turn = jnp.asarray(OPPONENT if channels == 3 else np.eye(channels), jnp.float32)
    fine = jnp.asarray([1.0] + [CHROMA] * 2 if channels == 3 else [1.0] * channels, jnp.float32)[:, None, None]
    y = _planes(x, grid)
    seen = jnp.pad(seen, [(0, g - n) for g, n in zip(grid, seen.shape, strict=True)])
    blur = _transform(_placed(psf, grid))

    def mixed(z: jax.Array, how: jax.Array) -> jax.Array:
        return jnp.einsum("ij,tjyx->tiyx", how, z)

    def round_(z: jax.Array, number: jax.Array) -> tuple[jax.Array, None]:
        light = _back(blur * _transform(decode(mixed(z, turn.T))), grid)
        misfit = mixed(jnp.where(seen, y - encode(light), 0.0), turn)
        beta = (fine / spread) ** 2 * (2.0**number if sparse else 1.0)
        steps = _steps(z)
        if sparse:
            limit = fine / (spread * beta)
            steps = tuple(jnp.clip(d, -limit, limit) for d in steps)
        rough = _against(steps)
        data, smooth = _filters(psf, sigma**2 * beta, radius, grid)
        return z + _back(data * _transform(misfit) - smooth * _transform(rough), grid), None

    z, _ = jax.lax.scan(round_, mixed(y, turn), jnp.arange(rounds, dtype=jnp.float32))
    down, across = reach(psf.shape, radius, rounds)
    out = mixed(z, turn.T)[:, :, down : height - down, across : width - across]
    return jnp.moveaxis(out, 1, -1)


def _filters(psf: jax.Array, m: jax.Array, radius: int, grid: tuple[int, int]) -> tuple[jax.Array, jax.Array]:
    """Transfer functions `(c, y, x/2+1)` on the grid of K and L, cut to `radius`."""
    own = 2 * _roomy(2 * radius + max(psf.shape)), 
    own = (own[0], own[0])
    blur = _transform(_placed(psf, own))
    fy, fx = (jnp.asarray(2 - 2 * np.cos(2 * np.pi * f), jnp.float32) for f in (np.fft.fftfreq(own[0])[:, None], np.fft.rfftfreq(own[1])[None]))
    bottom = jnp.abs(blur) ** 2 + m * (fy + fx)
    cut = []
    for top in (jnp.conj(blur), m):
        kernel = jnp.roll(_back(top / jnp.maximum(bottom,1e-12), own), (radius, radius), (-2, -1))[..., : 2 * radius + 1, : 2 * radius + 1]
        cut.append(_transform(_placed(kernel, grid)))
    return cut[0], cut[1]


def _steps(z: jax.Array) -> tuple[jax.Array, jax.Array]:
    return jnp.roll(z, -1, -2) - z, jnp.roll(z, -1, -1) - z


def _against(steps: tuple[jax.Array, jax.Array]) -> jax.Array:
    down, across = steps
    return jnp.roll(down, 1, -2) - down + jnp.roll(across, 1, -1) - across


def _planes(x: jax.Array, grid: tuple[int, int]) -> jax.Array:
    x = jnp.moveaxis(x, -1, 1)
    return jnp.pad(x, [(0, 0), (0, 0)] + [(0, g - n) for g, n in zip(grid, x.shape[2:], strict=True)])


def _placed(kernel: jax.Array, grid: tuple[int, int]) -> jax.Array:
    """A kernel `(..., y, x)` on the grid, its middle at the corner."""
    sizes = kernel.shape[-2:]
    padded = jnp.pad(kernel, [(0, 0)] * (kernel.ndim - 2) + [(0, g - n) for g, n in zip(grid, sizes, strict=True)])
    return jnp.roll(padded, (-(sizes[0] // 2), -(sizes[1] // 2)), (-2, -1))


def _transform(x: jax.Array) -> jax.Array:
    return jnp.fft.rfft2(x)


def _back(x: jax.Array, grid: tuple[int, int]) -> jax.Array:
    return jnp.fft.irfft2(x, grid)


def _roomy(size: int) -> int:
    """The next size that a fast transform likes: 2^a 3^b 5^c."""
    while True:
        rest = size
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return size
        size += 1
