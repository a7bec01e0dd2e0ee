"""What a file says about its colour, what is assumed where it is silent, and the numbers that stand for it.

Numbers are those of ITU-T H.273 (coding-independent code points); 2 means "unspecified" there.
"""

from dataclasses import dataclass
from pathlib import Path

from vidsr.errors import MediaError

UNSPECIFIED = 2
RGB = 0
MATRICES = {1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc"}
TRANSFERS = {  # what the tag `transfer` of a stack becomes; other numbers leave the stack without one
    1: "bt709",
    4: "srgb",  # "gamma 2.2": the nearest word
    5: "bt709",  # "gamma 2.8": written by PAL encoders for ordinary video
    6: "bt709",
    7: "bt709",
    8: "linear",
    11: "bt709",
    13: "srgb",
    14: "bt709",
    15: "bt709",
    16: "pq",
    18: "hlg",
}
PRIMARIES = {1: "bt709", 5: "bt470bg", 6: "smpte170m", 7: "smpte170m", 9: "bt2020", 12: "p3"}
TRANSFER_NUMBERS = {"bt709": 1, "bt1886": 1, "srgb": 13, "linear": 8, "pq": 16, "hlg": 18}
PRIMARIES_NUMBERS = {"bt709": 1, "bt470bg": 5, "smpte170m": 6, "bt2020": 9, "p3": 12}
TRANSFER_NAMES = {
    1: "bt709",
    4: "gamma22",
    5: "gamma28",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}
PRIMARIES_NAMES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}


@dataclass(frozen=True)
class Colour:
    """How code values become R'G'B': the numbers used, and why.

    Attributes:
      matrix: H.273 matrix number that is applied; 0 for RGB and gray.
      full: full range (0 to 2^n - 1) instead of limited (16 to 235 at 8 bits).
      transfer, primaries: H.273 numbers as the file says, 2 where it is silent.
      rule: "tagged", or what was assumed and why.
    """

    matrix: int
    full: bool
    transfer: int
    primaries: int
    rule: str

    def tags(self, height: int, default_transfer: str = "bt709") -> dict[str, str]:
        """Attributes of the stack: `transfer` and `primaries`, and what the file said as `file_*`."""
        said = {
            "file_matrix": "rgb" if self.matrix == RGB else MATRICES[self.matrix],
            "file_matrix_rule": self.rule,
            "file_range": "full" if self.full else "limited",
            "file_transfer": TRANSFER_NAMES.get(self.transfer, "unspecified"),
            "file_primaries": PRIMARIES_NAMES.get(self.primaries, "unspecified"),
        }
        transfer = default_transfer if self.transfer == UNSPECIFIED else TRANSFERS.get(self.transfer)
        primaries = PRIMARIES.get(self.primaries)
        if self.primaries == UNSPECIFIED:
            primaries = "bt709"
            if self.matrix in (5, 6):
                primaries = "bt470bg" if height in (288, 576) else "smpte170m"
            elif self.matrix == 9:
                primaries = "bt2020"
        known = {"transfer": transfer, "primaries": primaries}
        return {k: v for k, v in known.items() if v is not None} | said


def matrix_of(primaries: str | None) -> int:
    """The Y'CbCr matrix that pictures with the tag `primaries` are written with: BT.601 for SD's two, BT.2020, else BT.709."""
    return {"bt2020": 9, "smpte170m": 6, "bt470bg": 5}.get(primaries or "", 1)


def settle(
    path: Path, *, matrix: int, value_range: int, transfer: int, primaries: int, is_yuv: bool, is_gray: bool,
    is_jpeg: bool, width: int, height: int,
) -> Colour:  # fmt: skip
    """Decide matrix and range from the tags of a stream, or from the size where it has none.

    Untagged video is BT.709 from a width of 1280 or a height above 576 on, else BT.601: what players do,
    and what the two common readers do not.
    """
    transfer = transfer or UNSPECIFIED
    primaries = primaries or UNSPECIFIED
    if not is_yuv:
        full = value_range != 1 if is_gray else True
        return Colour(RGB, full, transfer, primaries, "tagged" if not is_gray else "gray: no matrix")
    full = value_range == 2 or is_jpeg
    if matrix in MATRICES:
        return Colour(matrix, full, transfer, primaries, "tagged")
    if matrix not in (UNSPECIFIED, 3, RGB):
        raise MediaError(
            f"{path.name} uses colour matrix {matrix} (H.273), which is not converted here. "
            f"Convert it first: ffmpeg -i {path.name} -vf scale=out_color_matrix=bt709 -colorspace bt709 out.mkv"
        )
    if width >= 1280:
        return Colour(1, full, transfer, primaries, "untagged: bt709 because width >= 1280")
    if height > 576:
        return Colour(1, full, transfer, primaries, "untagged: bt709 because height > 576")
    return Colour(5, full, transfer, primaries, "untagged: bt601 because width < 1280 and height <= 576")
