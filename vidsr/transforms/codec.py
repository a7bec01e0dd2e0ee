"""What codecs do to a clip: real ones, as a step on the host, and a surrogate inside jit."""

from typing import Any, ClassVar

import jax
import numpy as np

from vidsr.errors import RecipeError, StackError
from vidsr.functional import blockcodec
from vidsr.media import colour, roundtrip
from vidsr.run.coded import Coded
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms.base import HostStep, Transform, option, transform, value

# best and worst: x264's crf; FFmpeg's quantiser
QUALITIES = {"h264": (0, 51), "mpeg2": (1, 31), "mjpeg": (1, 31)}


@transform
class Codec(HostStep):
    """Encode and decode with a real codec of FFmpeg, 8 bits 4:2:0, in closed groups of pictures.

    A group is coded by an encoder of its own and holds the frames whose absolute number // `gop` is one (MJPEG: one
    frame), so one frame costs one group. A clip that begins inside a group begins with the rest of it, as a new recording
    would: slice the result, not the clip. Colours go through the Y'CbCr that `vidsr.save` would write: limited range, BT.709
    unless the stack's primaries say SD or BT.2020 (MJPEG: full range, BT.601). It is unable to imitate a rate that is held
    over a whole film.
    """

    rounds: ClassVar[bool] = True
    levels: ClassVar[Coded] = Coded(255, "uint8")

    codec: str = option("h264", choices=tuple(roundtrip.CODERS))
    quality: float = value(
        28.0, unit="x264's crf, or FFmpeg's quantiser of mpeg2 and mjpeg", low=0.0, high=51.0
    )
    gop: int = option(12, unit="frames", low=1, high=300)
    deblock: bool = option(True)

    def __post_init__(self) -> None:
        super().__post_init__()
        best, worst = QUALITIES[self.codec]
        if not best <= self.quality <= worst:
            raise RecipeError(
                f"quality={self.quality:g} is outside {best} (best) to {worst} of {self.codec}. "
                f"For example Codec(codec={self.codec!r}, quality={min(max(round(self.quality), best), worst)})."
            )
        if self.gop % 1:
            raise RecipeError(f"gop={self.gop} is no whole number of frames. For example Codec(gop=12).")
        if self.codec != "h264" and self.quality % 1:
            raise RecipeError(
                f"quality={self.quality:g}: the quantiser of {self.codec} is a whole number. "
                f"For example Codec(codec={self.codec!r}, quality={round(self.quality)})."
            )
        if self.codec != "h264" and not self.deblock:
            raise RecipeError(
                f"deblock=False: {self.codec} has no filter in its loop. "
                f"Leave it out: Codec(codec={self.codec!r}, quality={self.quality:g})."
            )

    def spec(self, spec: Spec) -> Spec:
        roundtrip.check(self.codec)
        return _coded(spec).tagged(lossy=self.codec)

    def footprint(self) -> Footprint:
        reach = 0 if self.codec == "mjpeg" else self.gop - 1
        time = Axis(before=reach, after=reach, edge="edge")
        return Footprint(time, Axis(whole=True), Axis(whole=True))

    def groups(self, frames: np.ndarray) -> np.ndarray:
        return frames if self.codec == "mjpeg" else frames // self.gop

    def libraries(self) -> dict[str, str]:
        return roundtrip.libraries(self.codec)

    def apply(self, x: np.ndarray, at: At, spec: Spec) -> np.ndarray:
        matrix, colours = colour.matrix_of(spec.tags.get("primaries")), np.broadcast_to(x, (*x.shape[:3], 3))
        out = roundtrip.roundtrip(colours, self.codec, self.quality, matrix=matrix, deblock=self.deblock)
        return out[..., : x.shape[-1]]  # the three channels of a gray picture are equal


@transform
class BlockCodec(Transform):
    """Damage every frame as MPEG-2 or H.264 do at a quantiser, inside jit; blocks start at the picture's top left corner.

    The surrogate of `Codec` to train against: differentiable, and of any place in a chain. It is unable to imitate
    motion compensation, prediction or a filter in the loop. See `vidsr.functional.blockcodec`.
    """

    rounds: ClassVar[bool] = True

    quantiser: float = value(8.0, unit="MPEG-2's quantiser: half a flat step, levels", low=0.25, high=128.0)
    matrix: str = option("intra", choices=tuple(blockcodec.ROUNDING))

    def spec(self, spec: Spec) -> Spec:
        return _coded(spec).tagged(lossy="blocks")

    def footprint(self) -> Footprint:
        axis = Axis(before=blockcodec.REACH, after=blockcodec.REACH, edge="edge", own=True, align=16)
        return Footprint(y=axis, x=axis)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        return blockcodec.block_codec(x, self.quantiser, self.matrix)


def _coded(spec: Spec) -> Spec:
    if spec.shape[-1] not in (1, 3):
        raise StackError(
            f"a codec takes 1 or 3 channels and the stack has {spec.shape[-1]}. "
            "Select them: stack.isel(channel=slice(0, 3))."
        )
    return spec
