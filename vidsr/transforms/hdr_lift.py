"""hdr_lift: SDR to HDR by a published curve."""

import dataclasses
from typing import Any, ClassVar

import jax

from vidsr.errors import RecipeError, StackError
from vidsr.frames import tags
from vidsr.functional import colour, tonemap, transfer
from vidsr.run.law import At, Spec
from vidsr.transforms.base import Transform, option, transform

SDR = {  # what a display does with the signal: camera-coded video is shown by BT.1886
    "bt709": transfer.bt1886_decode,
    "bt1886": transfer.bt1886_decode,
    "srgb": transfer.srgb_decode,
    "linear": lambda light: light,
}


@transform
class HdrLift(Transform):
    """Raise 100-nit SDR to 1000-nit HDR by ITU-R BT.2446 method A, in BT.2020 primaries, coded as PQ or HLG."""

    fidelity: ClassVar[str] = "exact"

    target: str = option("pq", choices=("pq", "hlg"))
    transfer: str | None = option(None, choices=tuple(SDR), settled=True)
    primaries: str | None = option(None, choices=tuple(colour.PRIMARIES), settled=True)

    def spec(self, spec: Spec) -> Spec:
        found = tags.require(spec.tags, "transfer", "hdr_lift")
        tags.require(spec.tags, "primaries", "hdr_lift")
        if found not in SDR:
            raise StackError(
                f"hdr_lift takes SDR and this stack is tagged {found}: it is HDR already. "
                "Leave the step out, or correct the tag: stack.vid.assign(transfer='bt709')."
            )
        if spec.shape[-1] != 3:
            raise StackError(
                f"hdr_lift needs the 3 channels R, G, B and the stack has {spec.shape[-1]}. "
                "Repeat the channel: stack.isel(channel=[0, 0, 0])."
            )
        return spec.tagged(transfer=self.target, primaries="bt2020")

    def settle(self, spec: Spec, look: Any) -> "HdrLift":
        return dataclasses.replace(self, transfer=spec.tags["transfer"], primaries=spec.tags["primaries"])

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        light = colour.convert_primaries(SDR[self.transfer](x), self.primaries, "bt2020")
        nits = tonemap.lift(transfer.bt1886_encode(light))
        if self.target == "pq":
            return transfer.pq_encode(nits)
        return transfer.hlg_encode(transfer.hlg_inverse_ootf(nits, tonemap.PEAK))


def hdr_lift(target: str = "pq", peak_nits: float = 1000) -> HdrLift:
    """Raise SDR to HDR by ITU-R BT.2446 method A: a fixed, published, monotone curve. Exact.

    SDR is taken as shown on a 100-nit BT.1886 display. The result has BT.2020 primaries and says so in its tags;
    diffuse white lands near 1000 nits, mid grey 0.5 at 76. It is unable to bring back clipped highlights or
    banding: it stretches what is there, the same for every frame. Values outside [0, 1] are clipped.

    Args:
      target: "pq" (BT.2100 perceptual quantiser) or "hlg" (hybrid log-gamma for a 1000-nit display).
      peak_nits: brightest light of the result; the curve is defined for 1000 alone.

    Raises:
      RecipeError: unknown target, another peak.
      StackError, when it meets a stack: not SDR, not three channels, tags missing.
    """
    if peak_nits != tonemap.PEAK:
        raise RecipeError(
            f"peak_nits={peak_nits}: BT.2446 method A is defined for 1000 nits. Say vidsr.hdr_lift({target!r}, peak_nits=1000)."
        )
    return HdrLift(target=target)
