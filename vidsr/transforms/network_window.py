"""A zoo network of the input's size over a window of frames of one shot: what `denoise` and `deblock` share."""

from collections.abc import Sequence
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from vidsr.run.law import At, Axis, Footprint
from vidsr.transforms import networks
from vidsr.transforms.base import option, transform, value
from vidsr.transforms.networked import Networked
from vidsr.transforms.shots import WithinShots


@transform
class NetworkWindow(Networked, WithinShots):
    """The network sees a frame, its neighbours in order of time, then what `more` adds.

    A neighbour of another shot, or beyond the clip, is replaced by the frame itself.
    """

    fidelity: ClassVar[str] = "faithful"

    strength: float = value(1.0, unit="share of the result in the blend", low=0.0, high=1.0)
    model: str = option(unit="zoo id")
    sha256: str = option(unit="hash of the weights")
    radius: int = option(unit="frames each side")
    halo: int = option(unit="input pixels")
    align: int = option(unit="input pixels")
    graph: Any = option()
    params: Any = value(unit="weights", low=0, high=0)

    def more(self, middle: jax.Array, at: At) -> Sequence[jax.Array]:
        """Further channels beside the frames `middle`; their other axes may be 1."""
        return ()

    def footprint(self) -> Footprint:
        frame = Axis(before=self.halo, after=self.halo, own=True, edge="reflect", align=self.align)
        return Footprint(Axis(before=self.radius, after=self.radius, edge="edge"), frame, frame)

    def fed(self, x: jax.Array, at: At, state: Any) -> jax.Array:
        shot = jnp.asarray(state[0])[:, 0]
        rgb = networks.as_rgb(x)
        count = x.shape[0] - 2 * self.radius
        middle = rgb[self.radius : self.radius + count]
        seen = [middle]
        for offset in range(-self.radius, self.radius + 1):
            if offset == 0:
                continue
            start = self.radius + offset
            position = at.first_in[0] + jnp.arange(start, start + count, dtype=jnp.int32)
            inside = (position >= 0) & (position < at.extent_in[0])
            use = inside & (shot[start : start + count] == shot[self.radius : self.radius + count])
            seen.append(jnp.where(use[:, None, None, None], rgb[start : start + count], middle))
        maps = (jnp.broadcast_to(part, (*middle.shape[:3], part.shape[-1])) for part in self.more(middle, at))
        return jnp.concatenate([*seen, *maps], -1)

    def made(self, out: jax.Array, x: jax.Array, at: At, state: Any) -> jax.Array:
        here = x[self.radius : self.radius + out.shape[0]]
        return here + jnp.float32(self.strength) * (networks.as_before(out, x) - here)
