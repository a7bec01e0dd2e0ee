"""How a stack will be written, settled before work starts: codec, pixel format, tags, time base."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vidsr.errors import MediaError, RecipeError
from vidsr.media import colour as colours
from vidsr.media.light import Light
from vidsr.media.timing import rate_of, ticks_of

THREADS = 4  # fixed: frame threads change the bits, so they must not follow the machine
THREADS_H264 = (
    1  # with more, x264 gives one clip in some eight runs other bits: seen at uneven timestamps with B frames
)
# x264's kernels for AVX-512 give one picture other bits from run to run; those for SSSE3 to AVX2 agree bit for bit, and jaxlib wants AVX.
X264 = "lookahead-threads=1" + (":asm=avx" if platform.machine() in ("x86_64", "AMD64") else "")
KEY_SECONDS = 2  # a key frame at least this often, so that players and readers can jump


NARROWEST_HEVC = 64  # pixels: up to 48 libx265 4.2 writes past its own memory, whatever it is told (62 and more were clean)


class Queue(NamedTuple):
    """Frames that an encoder takes before it encodes the first, and what it holds once it has them: bytes a pixel of a frame, and bytes besides. Measured on 48 frames, but for the
    lag of AV1, which encodes in threads of its own: two of its groups of 16."""

    lag: int
    pixel: int
    besides: float = 0


QUEUES = {
    "h264": Queue(40, 260), "hevc": Queue(28, 340, 70e6), "vp9": Queue(24, 230), "av1": Queue(32, 700), "ffv1": Queue(0, 110), "prores": Queue(0, 110),
}  # fmt: skip
LARGE, QUEUE_LARGE = 4096 * 2304, Queue(10, 130)  # above so many pixels H.264 is told to look ahead less
FILLED, BARE = 8, 20  # frames more after which it holds so much, and bytes a pixel it holds at once


@dataclass(frozen=True)
class Codec:
    """An encoder and what it takes.

    Attributes:
      encoder: its name in FFmpeg.
      formats: pixel format by bits and layout: "420", "422" (interlaced), "444" (odd sizes), "rgb", "gray".
      crf: default constant rate factor; None if the codec has none.
      suffixes: containers it is written into.
    """

    encoder: str
    formats: Mapping[tuple[int, str], str]
    crf: int | None
    suffixes: tuple[str, ...]


CODECS = {
    "h264": Codec(
        "libx264",
        {(8, "420"): "yuv420p", (8, "422"): "yuv422p", (8, "444"): "yuv444p", (10, "420"): "yuv420p10le",
         (10, "422"): "yuv422p10le", (10, "444"): "yuv444p10le"},
        16, (".mp4", ".m4v", ".mov", ".mkv"),
    ),
    "hevc": Codec(
        "libx265",
        {(8, "420"): "yuv420p", (8, "444"): "yuv444p", (10, "420"): "yuv420p10le", (10, "444"): "yuv444p10le"},
        16, (".mp4", ".m4v", ".mov", ".mkv"),
    ),
    "vp9": Codec("libvpx-vp9", {(8, "420"): "yuv420p", (8, "444"): "yuv444p"}, 20, (".webm", ".mkv", ".mp4")),
    "av1": Codec("libsvtav1", {(8, "420"): "yuv420p", (10, "420"): "yuv420p10le"}, 20, (".mp4", ".mkv", ".webm")),
    "ffv1": Codec(
        "ffv1",
        {(8, "rgb"): "bgr0", (10, "rgb"): "gbrp10le", (12, "rgb"): "gbrp12le", (16, "rgb"): "gbrp16le", (8, "gray"): "gray",
         (10, "gray"): "gray10le", (12, "gray"): "gray12le", (16, "gray"): "gray16le"},
        None, (".mkv",),
    ),
    "prores": Codec("prores_ks", {(10, "422"): "yuv422p10le", (10, "444"): "yuv444p10le"}, None, (".mov", ".mkv")),
}  # fmt: skip
SUFFIXES = tuple(dict.fromkeys(s for codec in CODECS.values() for s in codec.suffixes))
FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}


@dataclass(frozen=True)
class Encoding:
    """Everything an encoder is told; the same for every segment of a film. Pickles.

    Attributes:
      format: container as FFmpeg calls it.
      layout: "420", "422", "444", "rgb", "gray".
      time_base, start: a frame at `time` seconds gets the tick round((time - start) / time_base).
      matrix, transfer, primaries: H.273 numbers that are written and applied.
      notices: sentences about what the file will not keep.
    """

    codec: str
    format: str
    pix_fmt: str
    layout: str
    bits: int
    crf: int | None
    width: int
    height: int
    channels: int
    rate: Fraction
    time_base: Fraction
    start: float
    sample_aspect: Fraction
    fields: str
    matrix: int
    transfer: int
    primaries: int
    light: Light | None = None
    notices: tuple[str, ...] = ()

    @property
    def memory(self) -> int:
        """Bytes the encoder will hold, about, once it is full."""
        return self.holds(self.queue.lag + FILLED)

    @property
    def queue(self) -> Queue:
        """What the encoder takes before it encodes, and holds."""
        return QUEUE_LARGE if self.is_large and self.codec == "h264" else QUEUES[self.codec]

    @property
    def is_large(self) -> bool:
        """Whether frames are above 4K, so that the encoder is told to look ahead less."""
        return self.width * self.height > LARGE

    def holds(self, frames: int) -> int:
        """Bytes the encoder will hold, about, for a film of so many frames."""
        queue = self.queue
        filled = min(frames / (queue.lag + FILLED), 1)
        pixel = min(queue.pixel, BARE + queue.pixel * filled)
        return round(pixel * self.width * self.height + queue.besides * filled)

    @property
    def needs_light(self) -> bool:
        """Whether MaxCLL and MaxFALL have to be measured first: PQ in HEVC."""
        return self.codec == "hevc" and self.transfer == colours.TRANSFER_NUMBERS["pq"]


def settle(
    path: Path,
    *,
    shape: tuple[int, ...],
    time: np.ndarray,
    attrs: Mapping[str, str],
    codec: str | None = None,
    crf: int | None = None,
    bits: int | None = None,
    spacing: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1)),
) -> Encoding:
    """Settle how a stack of this shape and these tags is written to `path`.

    Without settings: H.264 at crf 16, 8 bits, 4:2:0, tagged; HEVC in 10 bits for PQ, HLG and stacks from files of more
    than 8 bits; VP9 for .webm. Odd sizes are written in 4:4:4, since 4:2:0 needs even ones.

    Args:
      path: its suffix names the container.
      shape: (time, y, x, channel); time: (n,) seconds; attrs: the stack's tags.
      codec, crf, bits: see `vidsr.save`.
      spacing: of the samples (y, x) in source pixels; pixels keep the aspect of the source's where it is equal.

    Raises:
      RecipeError: settings that exclude each other. MediaError: the container cannot hold the codec.
    """
    transfer = attrs.get("transfer")
    is_hdr = transfer in ("pq", "hlg")
    name = codec or _default_codec(path, is_hdr, bits, attrs)
    if name not in CODECS:
        raise RecipeError(
            f"codec={name!r} is not known; known are {', '.join(CODECS)}. For example codec='h264'."
        )
    chosen = CODECS[name]
    if name == "hevc" and shape[2] < NARROWEST_HEVC:
        raise RecipeError(
            f"x265 cannot be trusted with frames narrower than {NARROWEST_HEVC} pixels, and these are {shape[2]} x {shape[1]}. "
            f"Use codec='h264', bits={bits or 10}, or codec='ffv1' and a name that ends in .mkv."
        )
    _check_container(path, name, chosen)
    depth = _depth(name, chosen, is_hdr, bits, attrs)
    fields = attrs.get("fields", "progressive")
    layout = _layout(name, chosen, shape, fields)
    rate = rate_of(time, attrs.get("file_rate"))
    base, _ = ticks_of(time, base=attrs.get("file_time_base"), rate=rate)
    primaries = attrs.get("primaries")
    matrix = colours.matrix_of(primaries)
    aspect = Fraction(attrs.get("sample_aspect", "1/1")) * spacing[1] / spacing[0]
    notices = []
    if layout == "444" and name in ("h264", "hevc"):
        notices.append(
            f"{shape[2]} x {shape[1]} is an odd size, so {path.name} is written in 4:4:4, which some players do not show."
        )
    return Encoding(
        codec=name, format=FORMATS[path.suffix.lower()], pix_fmt=chosen.formats[depth, layout], layout=layout, bits=depth,
        crf=_crf(name, chosen, crf), width=shape[2], height=shape[1], channels=shape[3], rate=rate, time_base=base,
        start=float(time[0]), sample_aspect=aspect.limit_denominator(1000), fields=fields,
        matrix=0 if layout in ("rgb", "gray") else matrix,
        transfer=colours.TRANSFER_NUMBERS.get(transfer or "", colours.UNSPECIFIED),
        primaries=colours.PRIMARIES_NUMBERS.get(primaries or "", colours.UNSPECIFIED), notices=tuple(notices),
    )  # fmt: skip


def _default_codec(path: Path, is_hdr: bool, bits: int | None, attrs: Mapping[str, str]) -> str:
    if path.suffix.lower() == ".webm":
        return "av1" if is_hdr or (bits or 8) > 8 else "vp9"
    deep = is_hdr or (int(attrs.get("file_bits", 8)) > 8 if bits is None else bits > 8)
    return "hevc" if deep else "h264"


def _check_container(path: Path, name: str, codec: Codec) -> None:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise MediaError(
            f"{path.name}: {suffix or 'no suffix'} is no container written here; known are {', '.join(SUFFIXES)}. "
            f"Name it {path.stem}.mkv, which holds everything."
        )
    if suffix not in codec.suffixes:
        raise MediaError(
            f"{path.name}: {suffix} does not hold {name}. Name it {path.stem}{codec.suffixes[-1]}, or choose another codec=."
        )


def _depth(name: str, codec: Codec, is_hdr: bool, bits: int | None, attrs: Mapping[str, str]) -> int:
    possible = sorted({b for b, _ in codec.formats})
    if bits is None:
        wanted = max(10 if is_hdr else 8, int(attrs.get("file_bits", 8)))
        if wanted > 16:
            wanted = 16
        bits = next((b for b in possible if b >= wanted), possible[-1])
    if bits not in possible:
        raise RecipeError(
            f"bits={bits} is not possible with {name}, which has {possible}. For example bits={possible[-1]}."
        )
    if is_hdr and bits < 10:
        raise RecipeError(
            f"{bits} bits show bands in PQ and HLG. Use ten: vidsr.save(stack, path, codec='hevc', bits=10)."
        )
    return bits


def _crf(name: str, codec: Codec, crf: int | None) -> int | None:
    if crf is None:
        return codec.crf
    if codec.crf is None:
        raise RecipeError(f"{name} has no crf. Leave it out, or type codec='h264'.")
    if not 0 <= crf <= 51:
        raise RecipeError(f"crf={crf} is outside 0 (best) to 51. For example crf=16.")
    return int(crf)


def _layout(name: str, codec: Codec, shape: tuple[int, ...], fields: str) -> str:
    layouts = {layout for _, layout in codec.formats}
    if "rgb" in layouts:
        return "gray" if shape[3] == 1 else "rgb"
    is_odd = shape[1] % 2 == 1 or shape[2] % 2 == 1
    if fields != "progressive" and name not in ("h264",):
        raise RecipeError(
            f"{name} is not written with fields here, and the stack is interlaced ({fields}). "
            "Use codec='h264' or 'ffv1', or, once the fields are woven: stack.vid.assign(fields='progressive')."
        )
    if fields != "progressive":
        return "444" if is_odd else "422"  # 4:2:0 would mix the colours of both fields
    wanted = "420" if "420" in layouts else "422"
    if name == "vp9" or not is_odd:
        return wanted
    if "444" not in layouts:
        raise RecipeError(
            f"{name} needs even sizes, the stack is {shape[2]} x {shape[1]}. Cut a row or column: "
            "stack.isel(y=slice(0, stack.sizes['y'] // 2 * 2), x=slice(0, stack.sizes['x'] // 2 * 2))."
        )
    return "444"
