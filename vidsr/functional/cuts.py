"""Shot cuts: is the next frame the same shot, or another one? Decided from the two frames alone.

Frames are ``(t, y, x, c)`` float32, signal nominally in [0, 1], any size. The idea is that of an encoder's scene-cut
test (inter cost against intra cost, as in x264's lookahead), on thumbnails: where a neighbourhood of one frame
is found nearby in the other frame, it is the same shot. The score is the share of the picture that is *not*
found, so a pan, a zoom, an object that crosses or a flicker of the lamp leaves it low, and only another picture,
everywhere, makes it high. Area means of hundreds of pixels leave noise and grain nothing to say.

What is no cut here: a dissolve or a fade (each pair differs too little). What is: a flash that burns the picture out.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

THRESHOLD = 0.6  # share of the picture not found again; see the table in tests/functional/test_cuts.py
_BINS = 32  # thumbnail bins along each axis, fewer when a bin would be under 8 pixels
_BIN_PIXELS = 8
_FAINT = 0.02  # misses under this share of the whole frame's variance are never seen as lost
_NOISE = 0.1**2  # signal squared: noise the score has to be deaf to (sigma 25/255), before bins average it
_GAIN = 5 / 3  # the largest change of brightness from frame to frame taken for flicker
_SHARE = 0.5  # a neighbourhood counts as lost when it is missed by this share of its own variance


def pair_scores(x: Array) -> Array:
    """Share of the picture that the next frame does not show again, for every pair of neighbours.

    Args:
      x: ``(t + 1, y, x, c)`` float32, whole frames, signal nominally in [0, 1].

    Returns:
      ``(t,)`` float32 in [0, 1]; entry i speaks of frames i and i + 1 and of no other frame. Above
      ``THRESHOLD`` there is a cut between them. A frame against itself scores 0.
    """
    small = thumbnails(x)
    first, second = small[:-1], small[1:]
    level_1, level_2 = (jnp.mean(s, axis=(1, 2, 3), keepdims=True) + 0.02 for s in (first, second))
    gain = jnp.sqrt(jnp.clip(level_1 / level_2, 1 / _GAIN, _GAIN))
    first, second = first / gain, second * gain
    found_in = jnp.concatenate([first, second])  # both directions: what was covered and what was uncovered
    looked_for = jnp.concatenate([second, first])
    mean = _neighbourhood(looked_for)
    variance = jnp.mean(_neighbourhood(looked_for * looked_for) - mean * mean, axis=-1)
    pixels = (x.shape[1] // small.shape[1]) * (x.shape[2] // small.shape[2])
    contrast = jnp.maximum(*(jnp.var(s, axis=(1, 2), keepdims=True).mean(-1) for s in (first, second)))
    floor = _FAINT * jnp.concatenate([contrast, contrast]) + 2.0 * _NOISE / pixels
    lost = _best_miss(looked_for, found_in) > _SHARE * variance + floor
    share = jnp.mean(lost.astype(jnp.float32), axis=(1, 2))
    half = share.shape[0] // 2
    return 0.5 * (share[:half] + share[half:])


def is_cut(scores: Array) -> Array:
    """The one decision rule of the house: ``scores > THRESHOLD``, same shape, bool."""
    return scores > THRESHOLD


def shots(scores: np.ndarray) -> np.ndarray:
    """Number the shots of a clip.

    Args:
      scores: ``(t,)`` the score of each frame against the one *before* it; the first entry is ignored.

    Returns:
      ``(t,)`` float32, 0 for the first shot, one more after every cut. Only differences mean anything.
    """
    begins = np.asarray(scores) > THRESHOLD
    begins[:1] = False
    return np.cumsum(begins).astype(np.float32)


def thumbnails(x: Array) -> Array:
    """Area means of ``(t, y, x, c)`` over at most 32 x 32 bins of whole pixels, each at least 8 pixels wide if it can be."""
    height, width = x.shape[1:3]
    edges = np.array(_edges(height))
    sizes = np.diff(edges)
    low = jnp.float32(0)
    for k in range(int(sizes.max())):  # row k of every bin: half the time of a product with a matrix of bins
        weight = ((k < sizes) / sizes).astype(np.float32)
        low = low + x[:, np.minimum(edges[:-1] + k, height - 1)] * weight[:, None, None]
    return jnp.einsum("thwc,xw->thxc", low, _bin_means(width), precision=lax.Precision.HIGHEST)


def _edges(size: int) -> list[int]:
    """Where bins begin that split an axis at whole pixels, and where the last ends."""
    bins = min(_BINS, max(1, size // _BIN_PIXELS))
    return [i * size // bins for i in range(bins + 1)]


def _bin_means(size: int) -> np.ndarray:
    """``(bins, size)`` float32: every row averages one bin."""
    edges = _edges(size)
    means = np.zeros((len(edges) - 1, size), np.float32)
    for row, (low, high) in enumerate(zip(edges, edges[1:], strict=False)):
        means[row, low:high] = 1 / (high - low)
    return means


def _best_miss(looked_for: Array, found_in: Array) -> Array:
    """Smallest mean squared difference of each 5 x 5 neighbourhood over displacements up to an eighth of the frame."""
    count, rows, columns, _ = looked_for.shape
    reach_y, reach_x = rows // 8, columns // 8
    wide = jnp.pad(found_in, [(0, 0), (reach_y, reach_y), (reach_x, reach_x), (0, 0)], mode="edge")

    def compare(best: Array, place: Array) -> tuple[Array, None]:
        moved = lax.dynamic_slice(wide, (0, place[0], place[1], 0), looked_for.shape)
        miss = _neighbourhood(jnp.mean((moved - looked_for) ** 2, axis=-1, keepdims=True))[..., 0]
        return jnp.minimum(best, miss), None

    places = np.indices((2 * reach_y + 1, 2 * reach_x + 1), np.int32).reshape(2, -1).T
    start = jnp.full((count, rows, columns), jnp.inf, jnp.float32)
    return lax.scan(compare, start, jnp.asarray(places))[0]


def _neighbourhood(x: Array) -> Array:
    """Mean over 5 x 5 bins of ``(t, y, x, c)``, edge bins repeated: same shape."""
    rows, columns = x.shape[1:3]
    x = jnp.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)], mode="edge")
    x = sum((x[:, i : i + rows] for i in range(1, 5)), x[:, :rows])
    return sum((x[:, :, i : i + columns] for i in range(1, 5)), x[:, :, :columns]) / 25.0
