"""Turning pictures upright: the display matrix of a file, reduced to the eight ways a rectangle can lie."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from vidsr.errors import MediaError


@dataclass(frozen=True)
class Orientation:
    """Quarter turns counter-clockwise (as `np.rot90` counts), after an optional flip left to right."""

    quarters: int = 0
    is_mirrored: bool = False

    @property
    def is_upright(self) -> bool:
        """Nothing to do."""
        return self == Orientation()

    @property
    def is_sideways(self) -> bool:
        """Width and height change places."""
        return self.quarters % 2 == 1

    def shown(self, width: int, height: int) -> tuple[int, int]:
        """Width and height as shown, of a picture stored with `width` and `height`."""
        return (height, width) if self.is_sideways else (width, height)

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """Turn an array (y, x, ...) upright; a view of it, no copy."""
        picture = picture[:, ::-1] if self.is_mirrored else picture
        return np.rot90(picture, self.quarters) if self.quarters else picture

    def __str__(self) -> str:
        words = ["mirrored"] if self.is_mirrored else []
        words += [f"{90 * self.quarters} degrees counter-clockwise"] if self.quarters else []
        return ", ".join(words) or "upright"

    @staticmethod
    def of(path: Path, frame: av.VideoFrame) -> "Orientation":
        """Read the display matrix of a decoded frame: ISO/IEC 14496-12, 8.3.2 (rows a b u, c d v, in 16.16)."""
        data = side_data(frame).get("DISPLAYMATRIX")
        if data is None:
            return Orientation(round(frame.rotation / 90) % 4)
        a, b, _, c, d, _ = np.frombuffer(data[:24], "<i4").astype(np.float64) / 65536
        for mirrored in (False, True):
            for quarters in range(4):
                if np.allclose((a, b, c, d), _matrix(quarters, mirrored), atol=1e-3):
                    return Orientation(quarters, mirrored)
        raise MediaError(
            f"{path.name} is to be shown turned or scaled by a matrix ({a:g} {b:g} {c:g} {d:g}) that is no quarter turn. "
            f"Apply it first: ffmpeg -i {path.name} upright.mkv"
        )


def _matrix(quarters: int, mirrored: bool) -> tuple[float, float, float, float]:
    """a, b, c, d of x' = a x + c y, y' = b x + d y, y pointing down."""
    cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarters]
    a, b, c, d = cos, -sin, sin, cos  # counter-clockwise on a screen whose y points down
    return (-a, -b, c, d) if mirrored else (a, b, c, d)


def side_data(frame: av.VideoFrame) -> dict[str, bytes]:
    """What a decoded frame carries beside its picture; empty if PyAV does not know one of its kinds (Exif)."""
    try:
        return {part.type.name: bytes(part) for part in frame.side_data}
    except ValueError:
        return {}
