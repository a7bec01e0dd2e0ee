"""The door: only local, existing, non-empty video files come in; playlists and addresses stay out."""

import os
import re
from pathlib import Path

import av

from vidsr.errors import MediaError

CONTAINERS = "mov,matroska,avi,mpegts,mpeg,mxf,nut,flv,asf,ogg,dv,ivf,yuv4mpegpipe"
LARGEST_SIDE = 16384
# Codecs that lose nothing, by FFmpeg's names. H.264, HEVC, VP9 and AV1 can, but do not say so: they count as lossy.
LOSSLESS = {"ffv1", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "rawvideo", "wrapped_avframe", "v210", "v308", "v408", "v410",
            "r210", "qtrle", "png", "apng", "tiff", "exr", "dpx", "bmp"}  # fmt: skip
ATTACHED = 0x0400 | 0x0800  # dispositions: attached picture, timed thumbnails
_PLAYLISTS = (b"#EXTM3U", b"<?xml", b"<MPD", b"ffconcat", b"<smil", b"[playlist]", b"<ASX", b"<asx", b"v=0")


def local_file(path: str | os.PathLike) -> Path:
    """The absolute path of an existing, readable, non-empty file that is no playlist; else a MediaError."""
    text = os.fspath(path)
    where = Path(text)
    if not where.exists() and re.match(r"^[A-Za-z][A-Za-z0-9+.,-]+:", text):
        raise MediaError(
            f"{text!r} is an address, and only local files are opened. Download it first, then: vidsr.open('clip.mp4')."
        )
    if not where.exists():
        raise MediaError(
            f"there is no file {text!r} (looked from {Path.cwd()}). Look there: ls {where.parent}"
        )
    if where.is_dir():
        raise MediaError(
            f"{text!r} is a folder. For an image sequence name the files and the rate: vidsr.open('{text}/*.png', fps=24)."
        )
    if not os.access(where, os.R_OK):
        raise MediaError(f"{text!r} may not be read by this user. Allow it: chmod u+r {text}")
    if where.stat().st_size == 0:
        raise MediaError(f"{text!r} is empty (0 bytes). Copy it again, then: vidsr.probe({text!r}).")
    _refuse_text(where)
    return where.resolve()


def _refuse_text(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(512)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(_PLAYLISTS):
        raise MediaError(
            f"{path.name} is a playlist or script that points to other files, which are not opened for it. "
            "Open the video it names: vidsr.open('clip.mp4')."
        )
    if start and all(32 <= b < 127 or b in b"\t\r\n" for b in head) and not start.startswith(b"YUV4MPEG2"):
        raise MediaError(f"{path.name} holds text, not video. Look at it: head {path.name}")


def open_container(path: Path, *, packets_only: bool = False) -> av.container.InputContainer:
    """Open a checked file with the file protocol and the known containers alone.

    `packets_only`: of one stream whose format is known; no picture is decoded to find it out, which takes long where pictures are large.
    """
    try:
        return av.open(
            f"file:{path}",
            metadata_errors="replace",
            stream_options=[{"skip_frame": "all"}] if packets_only else None,
            options={"protocol_whitelist": "file", "format_whitelist": CONTAINERS},
        )
    except (av.FFmpegError, OSError) as error:
        raise MediaError(
            f"{path.name} cannot be opened as video ({_reason(error)}): it is no video of a known kind, or it was "
            f"cut short and its index is missing. Get a whole copy, then: vidsr.probe({str(path)!r})."
        ) from error


def film_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """The stream with the moving pictures: the first that is no attached cover or thumbnail."""
    streams = [s for s in container.streams.video if not int(s.disposition) & ATTACHED]
    if not streams:
        what = ", ".join(sorted({s.type for s in container.streams})) or "nothing"
        raise MediaError(
            f"{path.name} holds no video (only {what}). Name a file with moving pictures: vidsr.open('clip.mp4')."
        )
    stream = streams[0]
    if stream.codec_context is None:
        raise MediaError(
            f"no decoder here knows the video in {path.name}. Convert it: ffmpeg -i {path.name} out.mp4"
        )
    check_size(path.name, stream.codec_context.width, stream.codec_context.height)
    return stream


def check_size(name: str, width: int, height: int) -> None:
    """Refuse what declares no size or an absurd one, before memory is asked for."""
    if width < 1 or height < 1:
        raise MediaError(
            f"{name} declares no picture size ({width} x {height}). Get a whole copy, then: vidsr.probe({name!r})."
        )
    if max(width, height) > LARGEST_SIDE:
        raise MediaError(
            f"{name} declares {width} x {height} pixels, above {LARGEST_SIDE} a side. "
            f"Scale it first: ffmpeg -i {name} -vf scale={LARGEST_SIDE // 2}:-2 smaller.mp4"
        )


def refuse_alpha(name: str, pix_fmt: av.VideoFormat) -> None:
    """Transparency has no place in a frame stack; palettes count as opaque."""
    if not pix_fmt.has_palette and any(part.is_alpha for part in pix_fmt.components):
        raise MediaError(
            f"{name} has transparency ({pix_fmt.name}), which a frame stack does not hold. "
            f"Lay it over black first: ffmpeg -i {name} -vf premultiply=inplace=1,format=gbrp opaque.mkv"
        )


def loss_tag(codec: str) -> dict[str, str]:
    """The tag of frames that a lossy codec was through: its name."""
    return {} if codec in LOSSLESS else {"lossy": codec}


def identity(path: Path) -> tuple[int, int]:
    """Size in bytes and time of change in nanoseconds: a file opened anew must still have both."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


_copies: dict[tuple[Path, tuple[int, int]], tuple[int, int]] = {}


def is_same(path: Path, mark: tuple[int, int]) -> bool:
    """Whether a file still is what had this identity, or a copy that was accepted in its place."""
    return path.exists() and identity(path) in (mark, _copies.get((path, mark)))


def accept_copy(path: Path, mark: tuple[int, int]) -> None:
    """Take the file at `path`, whose contents the caller has compared, for the one that had this identity on another machine."""
    _copies[path, mark] = identity(path)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
