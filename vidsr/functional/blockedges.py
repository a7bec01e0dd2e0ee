"""Steps across the edges of a coder's blocks, spread over the pixels beside them.

What a block's own mean and slope are off by shows as a step along its edge, and a network trained on distortion leaves part of it:
halving a step that it is unsure of costs less than it gains. The loop filter of H.264 (ITU-T H.264, 8.7) treats such
steps alike: what a smooth picture would not have, and no more than a few levels, is shared out to both sides.
"""

import jax
import jax.numpy as jnp

SIDE = 8  # pixels of a block
REACH = 3  # pixels each side that a result depends on
LARGEST = 6 / 255  # of a step that is taken for the coder's; of a larger one this much
SHARES = (3 / 8, 1 / 8)  # of the step, that the nearest pixel on each side takes, and the next


def smoothed(x: jax.Array, first: tuple) -> jax.Array:
    """Frames without what steps there are across the edges of 8x8 blocks, down the columns, then along the rows.

    Args:
      x: ``(t, y, x, c)`` signal in [0, 1].
      first: where the frames begin on the coder's grid, y and x: whole numbers, pixels.
    """
    for axis, start in ((1, first[0]), (2, first[1])):
        x = _along(x, axis, start)
    return x


def _along(x: jax.Array, axis: int, start: jax.Array) -> jax.Array:
    count = x.shape[axis]
    if count < 4:
        return x
    place = jnp.arange(count, dtype=jnp.int32)
    is_edge = ((start + place) % SIDE == 0) & (place >= 2) & (place <= count - 2)
    before2, before, after = (_moved(x, axis, by) for by in (2, 1, -1))
    # The step from the pixel before, less what the slopes on both sides lead to expect.
    step = x - before - ((after - x) + (before - before2)) / 2
    shape = [1] * x.ndim
    shape[axis] = count
    step = jnp.where(is_edge.reshape(shape), jnp.clip(step, -LARGEST, LARGEST), 0.0)
    near, next_ = SHARES
    return (
        x + near * (_moved(step, axis, -1) - step) + next_ * (_moved(step, axis, -2) - _moved(step, axis, 1))
    )


def _moved(x: jax.Array, axis: int, by: int) -> jax.Array:
    """What lies `by` pixels before; zero beyond the ends."""
    room = [(0, 0)] * x.ndim
    room[axis] = (max(by, 0), max(-by, 0))
    begin = max(-by, 0)
    return jax.lax.slice_in_dim(jnp.pad(x, room), begin, begin + x.shape[axis], axis=axis)
