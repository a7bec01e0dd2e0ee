"""HDR10 static metadata: what a file says of it, and how it is measured from a stack.

Sources: SMPTE ST 2086 (mastering display), CTA-861.3 (MaxCLL, MaxFALL), ITU-R BT.2100-2 (the PQ curve).
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import av
import numpy as np

from vidsr.media.orientation import side_data

# chromaticities x, y of red, green, blue in units of 0.00002; D65 white
_PRIMARIES = {
    "bt709": ((32000, 16500), (15000, 30000), (7500, 3000)),
    "p3": ((34000, 16000), (13250, 34500), (7500, 3000)),
    "bt2020": ((35400, 14600), (8500, 39850), (6550, 2300)),
}
_WHITE = (15635, 16450)
_DARKEST = 0.005  # nits, of the mastering display


@dataclass(frozen=True)
class Light:
    """Light levels in nits (cd/m2).

    Attributes:
      max_cll: brightest sample of any frame, by max(R, G, B).
      max_fall: highest mean of max(R, G, B) over a frame.
      peak: peak of the mastering display.
      primaries: primaries of the mastering display: "bt709", "p3", "bt2020", or "other" when read from a file.
    """

    max_cll: int
    max_fall: int
    peak: float
    primaries: str = "bt2020"

    def __str__(self) -> str:
        return f"MaxCLL {self.max_cll}, MaxFALL {self.max_fall} nits, mastered on {self.primaries} at {self.peak:g} nits"

    def x265(self) -> str:
        """As parameters of x265: chromaticities in 0.00002, luminance in 0.0001 nits."""
        red, green, blue = _PRIMARIES.get(self.primaries, _PRIMARIES["bt2020"])
        display = "".join(f"{name}({x},{y})" for name, (x, y) in zip("GBR", (green, blue, red), strict=True))
        display += f"WP({_WHITE[0]},{_WHITE[1]})L({round(self.peak * 10_000)},{round(_DARKEST * 10_000)})"
        return f"hdr10=1:master-display={display}:max-cll={self.max_cll},{self.max_fall}"


def measure(blocks: Iterable[np.ndarray], *, peak: float | None = None, primaries: str = "bt2020") -> Light:
    """Measure MaxCLL and MaxFALL of a PQ-coded clip.

    Args:
      blocks: the clip in blocks (t, y, x, c), float32 PQ signal in [0, 1]; what lies outside is clipped, as the
        writer clips it.
      peak: peak of the mastering display in nits; by default the first of 1000, 4000, 10000 that holds MaxCLL.
      primaries: of the mastering display.
    """
    brightest, average = 0.0, 0.0
    table = pq_nits(np.arange(65536) / 65535).astype(np.float64)
    for block in blocks:
        signal = np.clip(block.max(axis=-1), 0, 1)
        nits = table[np.rint(signal * 65535).astype(np.uint16)]
        brightest = max(brightest, float(nits.max()))
        average = max(average, float(nits.mean(axis=(1, 2)).max()))
    if peak is None:
        peak = next(p for p in (1000.0, 4000.0, 10_000.0) if brightest <= p + 0.5)
    return Light(round(brightest), round(average), float(peak), primaries)


def pq_nits(signal: np.ndarray) -> np.ndarray:
    """PQ signal in [0, 1] to display light in nits (BT.2100-2, table 4, EOTF), in numpy, for tables."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = np.asarray(signal, np.float64) ** (1 / m2)
    return 10_000.0 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)


def from_side_data(frame: av.VideoFrame) -> Light | None:
    """What a decoded frame carries of ST 2086 and content light level; None if it carries no light level."""
    data = side_data(frame)
    if "CONTENT_LIGHT_LEVEL" not in data:
        return None
    max_cll, max_fall = struct.unpack("<II", data["CONTENT_LIGHT_LEVEL"][:8])
    peak, primaries = 0.0, "other"
    if "MASTERING_DISPLAY_METADATA" in data:  # 10 rationals: 3 primaries, white, darkest, brightest
        numbers = struct.unpack("<20i", data["MASTERING_DISPLAY_METADATA"][:80])
        ratios = [n / d if d else 0.0 for n, d in zip(numbers[::2], numbers[1::2], strict=True)]
        peak = ratios[9]
        for name, colours in _PRIMARIES.items():
            if np.allclose(np.ravel(colours) * 0.00002, ratios[:6], atol=0.002):
                primaries = name
    return Light(max_cll, max_fall, peak, primaries)
