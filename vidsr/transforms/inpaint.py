"""The verb that repairs damaged places: dust, dirt, scratches, logos with a mask."""

import os
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from vidsr import media
from vidsr.errors import RecipeError, StackError
from vidsr.frames import schema
from vidsr.functional import cuts, motion
from vidsr.functional import inpaint as kernel
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms.base import Analysis, extra, option, transform

LEAST = 0.5 / 255  # of the mask: from half an 8-bit step on a pixel counts as damaged


@transform
class Inpaint(Analysis):
    """Replace masked pixels from motion-aligned neighbour frames, else by a smooth fill; see `inpaint`.

    Measures the motion and the cut between each frame and the one before; a frame's table row holds the displacements of
    its neighbours, summed from those, and whether they are of the same shot.
    """

    fidelity: ClassVar[str] = "faithful"
    reach: ClassVar[int | None] = (
        0  # a row is a pair of neighbours; the window of frames holds all that are summed
    )

    radius: int = option(2, unit="frames each side", low=1, high=8)
    limit: int = option(32, unit="pixels", low=1, high=256)
    mask: Any = extra()

    def spec(self, spec: Spec) -> Spec:
        if self.mask is not None and self.mask.sizes["channel"] != 1:
            raise StackError(
                f"the mask has {self.mask.sizes['channel']} channels, one is wanted. "
                "Take one: vidsr.inpaint(mask.isel(channel=[0]))."
            )
        return spec

    def footprint(self) -> Footprint:
        side = kernel.margin(self.limit)
        time = Axis(before=self.radius, after=self.radius, edge="edge")
        return Footprint(time, Axis(before=side, after=side), Axis(before=side, after=side))

    def measure_footprint(self) -> Footprint:
        return Footprint(time=Axis(before=1, edge="edge"))

    def measure(self, x: jax.Array, at: At) -> jax.Array:
        """Rows (dy, dx, cut score) against the frame before, with the damage covered: dust hides what two frames share."""
        x = kernel.covered(x, _damaged(at))
        return jnp.concatenate([motion.shift_between(x[:-1], x[1:]), cuts.pair_scores(x)[:, None]], axis=1)

    def solve(self, rows: np.ndarray, spec: Spec) -> tuple[np.ndarray, dict]:
        """Rows (T, 3) to a table (T, 6 radius): per neighbour dy, dx and 1 if it can be used."""
        table = np.zeros((len(rows), 2 * self.radius, 3), np.float64)
        for t in range(len(rows)):
            for k, offset in enumerate(_offsets(self.radius)):
                if not 0 <= t + offset < len(rows):
                    continue
                between = rows[t + 1 : t + offset + 1] if offset > 0 else rows[t + offset + 1 : t + 1]
                shift = between[:, :2].astype(np.float64).sum(axis=0) * np.sign(offset)
                usable = not (between[:, 2] > cuts.THRESHOLD).any() and (np.abs(shift) <= self.limit).all()
                if usable:
                    table[t, k] = *shift, 1.0
        return table.reshape(len(rows), -1).astype(np.float32), {}

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        n = at.n_out[0]
        table = state[0][self.radius : self.radius + n].reshape(n, 2 * self.radius, 3)
        return kernel.fill(
            x,
            _damaged(at),
            table[..., :2],
            table[..., 2],
            limit=self.limit,
            first=at.first_in[1:],
            extent=at.extent_in[1:],
        )


def inpaint(
    mask: xr.DataArray | str | os.PathLike | None = None, *, radius: int = 2, limit: int = 32
) -> Inpaint:
    """Repair the places that a mask marks, and touch no others.

    A place is taken from the frames around it, moved onto the frame by the motion of the whole picture (sub-pixel
    translation) and freed of flicker, where they are clean and agree with what surrounds the hole; else it is filled
    smoothly from its sides. Frames across a cut are never used. Fidelity: faithful (it copies, or it smooths).
    Unable to: invent texture that no frame shows; follow objects that move otherwise than the picture (such holes are
    filled smoothly); fill further than 30 pixels from anything clean.

    Args:
      mask: a frame stack of one channel that covers the clip, above 0 where the picture is damaged; as of
        `vidsr.damage_mask(stack)`. Or the path of a video or picture that is white where it is damaged (above half); a
        picture serves every frame, for a logo or a scratch that stays.
      radius: frames looked at on each side.
      limit: largest displacement of a used neighbour, pixels; frames that moved further are not used.

    Raises:
      RecipeError: no mask, or a value out of range. StackError: the mask is no stack of one channel, or does not
        cover the clip.
    """
    if mask is None:
        raise RecipeError(
            "inpaint needs mask=: a stack that is above 0 where the picture is damaged. "
            "For dust that degrade made: vidsr.inpaint(vidsr.damage_mask(stack))."
        )
    mask = marked(mask) if isinstance(mask, str | os.PathLike) else schema.check(mask)
    return Inpaint(mask=mask, radius=radius, limit=limit)


def marked(path: str | os.PathLike) -> xr.DataArray:
    """A file as a mask: 1 where it is brighter than half; a single picture is marked as standing still."""
    stack = media.open(path)
    data = (stack.data.mean(axis=-1, keepdims=True) > 0.5).astype(np.float32)
    attrs = {**stack.attrs, schema.STILL: "yes"} if stack.sizes["time"] == 1 else stack.attrs
    place = {"time": stack["time"].values, "frame": stack["frame"].values, "grid": schema.grid_of(stack)}
    return schema.build(data, **place, attrs=attrs)


def _damaged(at: At) -> jax.Array:
    return (at.extra[0] >= LEAST).astype(jnp.float32)


def _offsets(radius: int) -> list[int]:
    return [k for k in range(-radius, radius + 1) if k]
