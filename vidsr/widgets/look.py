"""How one stack is looked at: as 8-bit pictures for a screen, and as numbers in its own units."""

from functools import cache, partial
from typing import Any

import numpy as np
import xarray as xr

from vidsr.frames import cache as store
from vidsr.frames import provenance
from vidsr.widgets.levels import coloured, levels

HDR = ("pq", "hlg")


class Look:
    """A stack as the comparer sees it: pictures for the screen, values for the read-out."""

    def __init__(self, stack: xr.DataArray, name: str):
        self.stack, self.name = stack, name
        self.transfer = str(stack.attrs.get("transfer", "bt709"))
        self.primaries = str(stack.attrs.get("primaries", "bt709"))
        self.is_hdr = self.transfer in HDR

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in its own pixels."""
        return self.stack.sizes["y"], self.stack.sizes["x"]

    @property
    def units(self) -> str:
        """What the read-out's numbers are."""
        light = " and nits" if self.is_hdr else ""
        return f"signal 0..1 ({self.transfer}){light}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said of how it is drawn, and of what it takes to see a frame from its middle."""
        said = []
        if self.is_hdr:
            said.append(
                f"{self.name} is HDR ({self.transfer}): drawn tone-mapped (BT.2446 A); differences and read-out are of its own values."
            )
        if self.transfer == "linear":
            said.append(f"{self.name} is linear light: drawn with the sRGB curve.")
        return (*said, *(f"{self.name}: {text}" for text in beforehand(self.stack)))

    def signal(self, place: int) -> np.ndarray:
        """(y, x, c) float32 as it is; computed alone, kept in the frame store."""
        return store.frame(self.stack, place)

    def picture(self, place: int) -> np.ndarray:
        """(y, x, 3) uint8 for the screen; for SDR the very values of the stack, rounded."""
        return self.drawn(self.signal(place))

    def drawn(self, signal: np.ndarray) -> np.ndarray:
        """Any picture (y, x, c) of this stack's signal as (y, x, 3) uint8 for the screen."""
        if self.is_hdr:
            signal = np.asarray(_lowered(self.transfer)(coloured(signal)))
        elif self.transfer == "linear":
            signal = np.asarray(_encoded()(signal))
        return coloured(levels(signal))

    def nits(self, value: np.ndarray) -> np.ndarray:
        """Display light of HDR signal (c,), hlg on a display of 1000 nits."""
        return np.asarray(_light(self.transfer)(coloured(value[None, None]))[0, 0])

    def token(self) -> str | None:
        """What its frames are known by, or None where they must not be kept."""
        return store.token(self.stack)


def beforehand(stack: xr.DataArray) -> list[str]:
    """What steps of a lazy result have to run before a frame from the middle of the clip is there."""
    steps = [] if stack.chunks is None else (provenance.read(stack) or {}).get("steps", [])
    if not steps:
        return []
    from vidsr.transforms import recipe  # a second to import, where no step was run

    said = []
    for entry in steps:
        step, verb = recipe.class_of(entry["step"]), entry["step"]
        if step.kind == "scan":
            said.append(f"{verb} goes forward in time, a frame is seen once all before it have run.")
        if step.kind == "analysis" and step.reach is None:
            said.append(f"{verb} looks at the whole clip first, a frame is seen once all have been measured.")
    return said


@cache
def _light(transfer: str) -> Any:
    from vidsr.functional import transfer as curves

    if transfer == "pq":
        return curves.pq_decode
    return lambda signal: curves.hlg_ootf(curves.hlg_decode(signal))


@cache
def _lowered(transfer: str) -> Any:
    """HDR signal (y, x, 3) of BT.2020 -> R'G'B' of BT.709 for a display of 100 nits, compiled once a size."""
    import jax
    import jax.numpy as jnp

    from vidsr.functional import colour, tonemap
    from vidsr.functional import transfer as curves

    @jax.jit
    def lowered(signal: Any) -> Any:
        shown = tonemap.lower(_light(transfer)(signal))
        light = colour.convert_primaries(curves.bt1886_decode(shown), "bt2020", "bt709")
        return jnp.clip(curves.bt1886_encode(jnp.clip(light, 0.0, 1.0)), 0.0, 1.0)

    return lowered


@cache
def _encoded() -> Any:
    import jax

    from vidsr.functional.transfer import srgb_encode

    return jax.jit(partial(srgb_encode))
