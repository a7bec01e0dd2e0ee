"""deblock: take out what a codec put in."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from vidsr import hub
from vidsr.functional import blockcodec, blockedges
from vidsr.run.law import At, Footprint, Spec
from vidsr.transforms import networks
from vidsr.transforms.base import transform
from vidsr.transforms.network_window import NetworkWindow

NETWORK = "deblock-small"  # what auto takes


@transform
class Deblock(NetworkWindow):
    """Told where the coder's blocks lie: on the pixel grid of the file, which a crop remembers. What steps the network leaves across their edges
    are spread.
    """

    def spec(self, spec: Spec) -> Spec:
        networks.check_sdr(spec, "deblock", "If it is SDR, say so: stack.vid.assign(transfer='bt709').")
        return networks.check_whole(spec, "deblock")

    def footprint(self) -> Footprint:
        found = super().footprint()
        reach = self.halo + blockedges.REACH
        frame = dataclasses.replace(found.y, before=reach, after=reach)
        return dataclasses.replace(found, y=frame, x=frame)

    def more(self, middle: jax.Array, at: At) -> Sequence[jax.Array]:
        y, x = (
            blockcodec.inwards(start + jnp.arange(extent, dtype=jnp.int32)).astype(jnp.float32) / 3
            for start, extent in zip(_first(at), middle.shape[1:3], strict=True)
        )
        return [y[None, :, None, None], x[None, None, :, None]]

    def made(self, out: jax.Array, x: jax.Array, at: At, state: Any) -> jax.Array:
        return super().made(blockedges.smoothed(out, _first(at)), x, at, state)

    def record(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("model", "sha256", "strength")}

    @classmethod
    def from_record(cls, record: dict[str, Any], extras: dict[str, Any]) -> "Deblock":
        step = deblock(record["strength"], model=record["model"])
        hub.same_weights(record["model"], record["sha256"], step.sha256)
        return step

    def __repr__(self) -> str:
        return f"Deblock(model={self.model!r}, strength={self.strength})"


def _first(at: At) -> tuple[jax.Array, jax.Array]:
    """Where a block of frames begins on the pixel grid of the file, y and x."""
    return at.origin[0] + at.first_in[1], at.origin[1] + at.first_in[2]


def deblock(strength: float = 1.0, *, model: networks.Model = "auto") -> Deblock:
    """Take a codec's blocks and ringing out, by a network trained on distortion: faithful, it invents no texture.

    The network (its card: `vidsr.hub.info("deblock-small")`) was trained on clips decoded from H.264, MPEG-2 and MJPEG at the size
    they were coded in. It sees a frame, a neighbour of the same shot each side, and where the coder's blocks of 8 x 8 lie: on the
    pixel grid of the file, which a crop of the stack remembers. Of the steps that it leaves across their edges, up to six levels are then
    spread over two pixels each side. It is unable to bring back what the codec lost for good,
    and to help where frames were resized or shifted after coding; a clean clip is better left alone.

    Sources: see `vidsr.models.naf` and `vidsr.functional.blockedges`.

    Args:
      strength: 0 leaves the clip as it is, 1 is the full result; between, a blend of the two.
      model: a network for this verb, as `vidsr.hub.load` takes it: a zoo id, a folder, as `vidsr train zoo/deblock-small`
        makes one, or "org/name" on the Hub; what `hub.load` or `quantise` gave; "auto": "deblock-small".

    Raises:
      RecipeError: no such network, one for another verb, or weights that fail their checks. StackError, when it meets a
        stack: HDR or linear signal, interlaced frames. MediaError: a repository that cannot be fetched.
    """
    model = NETWORK if model == "auto" else model
    net = networks.loaded(model, "deblock", "vidsr.deblock()")
    return Deblock(strength=float(strength), **networks.window_fields(net))
