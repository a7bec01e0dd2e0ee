"""Colour: R'G'B' <-> Y'CbCr and its codes, and from one set of primaries to another. Channels last, float32.

Sources: ITU-R BT.601-7, BT.709-6, BT.2020-2 (matrices, codes), SMPTE RP 431-2 (P3), SMPTE 170M, BT.470 (625 lines).
All primaries have white D65 (0.3127, 0.3290).
"""

from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from vidsr.errors import RecipeError

WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}  # Kr, Kb
WHITE = (0.3127, 0.3290)
PRIMARIES = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    "smpte170m": ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    "bt470bg": ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
}


def rgb_to_ycbcr(rgb: jax.Array, matrix: str = "bt709") -> jax.Array:
    """Encoded R'G'B' `(..., 3)` -> Y' in [0, 1] and Cb, Cr in [-0.5, 0.5]; not clipped."""
    red, blue = _weights(matrix)
    luma = red * rgb[..., 0] + (1 - red - blue) * rgb[..., 1] + blue * rgb[..., 2]
    cb, cr = (rgb[..., 2] - luma) / (2 * (1 - blue)), (rgb[..., 0] - luma) / (2 * (1 - red))
    return jnp.stack([luma, cb, cr], -1)


def ycbcr_to_rgb(ycbcr: jax.Array, matrix: str = "bt709") -> jax.Array:
    """The inverse of `rgb_to_ycbcr`."""
    red, blue = _weights(matrix)
    luma, cb, cr = (ycbcr[..., i] for i in range(3))
    r, b = luma + 2 * (1 - red) * cr, luma + 2 * (1 - blue) * cb
    return jnp.stack([r, (luma - red * r - blue * b) / (1 - red - blue), b], -1)


def to_codes(ycbcr: jax.Array, *, bits: int = 8, full: bool = False) -> jax.Array:
    """Y'CbCr -> whole code values (float32), rounded half up and clipped to what `bits` hold.

    Limited: Y' 16 to 235 and chroma 16 to 240 in 8 bits; full: 0 to 2^bits - 1, chroma around 2^(bits - 1).
    """
    scale, offset = _ranges(bits, full)
    return jnp.clip(jnp.floor(ycbcr * scale + offset + 0.5), 0, 2**bits - 1)


def from_codes(codes: jax.Array, *, bits: int = 8, full: bool = False) -> jax.Array:
    """Code values -> Y'CbCr, not clipped."""
    scale, offset = _ranges(bits, full)
    return (jnp.asarray(codes).astype(jnp.float32) - offset) / scale


def convert_primaries(light: jax.Array, source: str, target: str) -> jax.Array:
    """Linear light `(..., 3)` from one set of primaries to another; colours outside the target become negative."""
    if source == target:
        return light
    red, green, blue = primaries_matrix(source, target).astype(np.float32).T
    return (
        light[..., :1] * red + light[..., 1:2] * green + light[..., 2:] * blue
    )  # a ninth of the time of a product


def primaries_matrix(source: str, target: str) -> np.ndarray:
    """float64 `(3, 3)` that takes linear RGB columns of `source` to `target`."""
    return np.linalg.solve(rgb_to_xyz(target), rgb_to_xyz(source))


@lru_cache
def rgb_to_xyz(name: str) -> np.ndarray:
    """float64 `(3, 3)`: linear RGB of these primaries -> CIE XYZ, white at Y = 1.

    Raises:
      RecipeError: Unknown primaries.
    """
    if name not in PRIMARIES:
        raise RecipeError(
            f"no primaries {name!r}; there are {', '.join(PRIMARIES)}. Say for example 'bt709'."
        )
    columns = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in PRIMARIES[name]]).T
    white = np.array([WHITE[0] / WHITE[1], 1.0, (1 - sum(WHITE)) / WHITE[1]])
    return columns * np.linalg.solve(columns, white)


def _weights(matrix: str) -> tuple[float, float]:
    if matrix not in WEIGHTS:
        raise RecipeError(
            f"no matrix {matrix!r}; there are {', '.join(WEIGHTS)}. Say for example matrix='bt709'."
        )
    return WEIGHTS[matrix]


def _ranges(bits: int, full: bool) -> tuple[np.ndarray, np.ndarray]:
    unit, top = 2 ** (bits - 8), 2**bits - 1
    scale = (top, top, top) if full else (219 * unit, 224 * unit, 224 * unit)
    offset = (0 if full else 16 * unit, 128 * unit, 128 * unit)
    return np.array(scale, np.float32), np.array(offset, np.float32)
