"""A video encoder fed with blocks of frames. The sound and everything else beside the pictures is `joiner`'s."""

import os
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from vidsr.errors import NOT_FINITE, MediaError, StackError
from vidsr.media.convert import EXACT, LIMITED_WHITE_16
from vidsr.media.encoding import CODECS, KEY_SECONDS, THREADS, THREADS_H264, X264, Encoding

SWS = {1: 1, 5: 5, 6: 5, 9: 9}


class Writer:
    """Writes the pictures of a film, or of one segment of it, to a file of their own.

    A segment starts with a key frame and refers to no other, so that `join` can string segments together without
    encoding again. The bytes depend on the frames, the encoding and the encoder's version alone.

    Args:
      path: the file; an existing one is replaced.
      encoding: from `settle`; the same for all segments.
    """

    def __init__(self, path: Path, encoding: Encoding):
        self.path, self.encoding = Path(path), encoding
        self._reformatter = VideoReformatter()
        self._last = -1
        try:
            self._container = av.open(str(path), "w", format=encoding.format, options={"fflags": "+bitexact"})
            self._stream = self._open_stream()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise writing_failed(self.path, error) from error

    def write(self, block: np.ndarray, time: np.ndarray) -> None:
        """Append frames.

        Args:
          block: (t, y, x, c) float32 signal, clipped to [0, 1] and rounded here; or whole numbers, see `levels`.
          time: (t,) seconds, as in the stack.

        Raises:
          StackError: NaN or infinity, or another size. MediaError: the disk is full or the encoder failed.
        """
        e = self.encoding
        if block.shape[1:] != (e.height, e.width, e.channels) or len(time) != len(block):
            raise StackError(
                f"a block of shape {block.shape} with {len(time)} times does not fit {e.width} x {e.height} with {e.channels} "
                "channels. Write blocks of the stack the encoding was settled for: settle(path, shape=stack.shape, ...)."
            )
        for picture, seconds in zip(block, time, strict=True):
            tick = round((float(seconds) - e.start) / float(e.time_base))
            if tick <= self._last:
                raise StackError(
                    f"the frame at {seconds} s does not come after the one before. Sort: stack.sortby('time')."
                )
            self._last = tick
            frame = self._frame(quantise(picture, e))
            frame.pts, frame.time_base = tick, e.time_base
            self._mux(frame)

    def close(self) -> None:
        """Finish the file."""
        self._mux(None)
        try:
            self._container.close()
        except (av.FFmpegError, OSError) as error:
            raise writing_failed(self.path, error) from error

    def abandon(self) -> None:
        """Stop and delete what was written."""
        try:
            self._container.close()
        except (av.FFmpegError, OSError):
            pass
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is not None:
            self.abandon()
            return
        try:
            self.close()
        except BaseException:
            self.path.unlink(missing_ok=True)
            raise

    def _mux(self, frame: av.VideoFrame | None) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (av.FFmpegError, OSError) as error:
            raise writing_failed(self.path, error) from error

    def _open_stream(self) -> av.VideoStream:
        e = self.encoding
        stream = self._container.add_stream(CODECS[e.codec].encoder, rate=e.rate, options=options(e))
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = e.width, e.height, e.pix_fmt
        context.time_base, context.framerate = e.time_base, e.rate
        stream.time_base = e.time_base
        context.sample_aspect_ratio = e.sample_aspect
        stream.sample_aspect_ratio = e.sample_aspect
        context.color_primaries, context.color_trc = e.primaries, e.transfer
        context.colorspace = e.matrix
        context.color_range = 2 if e.layout in ("rgb", "gray") else 1
        context.gop_size = 1 if e.codec in ("ffv1", "prores") else max(1, round(KEY_SECONDS * e.rate))
        context.thread_count = THREADS_H264 if e.codec == "h264" else THREADS
        if e.fields != "progressive":
            context.field_order = {"tff": 2, "bff": 3}[e.fields]
            if e.codec == "h264":
                context.flags |= av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me
        if e.codec == "hevc":
            stream.codec_context.codec_tag = "hvc1" if e.format in ("mp4", "mov") else "\0\0\0\0"
        return stream

    def _frame(self, codes: np.ndarray) -> av.VideoFrame:
        e = self.encoding
        if e.layout == "gray":
            kind = "gray" if e.bits == 8 else f"gray{e.bits}le"
            frame = av.VideoFrame.from_ndarray(codes[..., 0], format=kind)
        elif e.layout == "rgb" and e.bits > 8:
            frame = av.VideoFrame.from_ndarray(codes, format=e.pix_fmt)
        else:
            kind = "rgb24" if e.bits == 8 else "rgb48le"
            frame = av.VideoFrame.from_ndarray(codes, format=kind)
            frame = self._reformatter.reformat(
                frame,
                format=e.pix_fmt,
                src_color_range=2,
                dst_colorspace=SWS[e.matrix] if e.matrix else None,
                dst_color_range=1 if e.matrix else 2,
                interpolation=EXACT,
                threads=1,
            )
        frame.colorspace = e.matrix
        frame.color_range = 2 if e.layout in ("rgb", "gray") else 1
        frame.color_trc, frame.color_primaries = e.transfer, e.primaries
        return frame


def levels(encoding: Encoding) -> tuple[float, str]:
    """The whole number that stands for signal 1, and the dtype of those that `Writer.write` takes."""
    if encoding.bits == 8:
        return 255.0, "uint8"
    is_direct = encoding.layout in ("rgb", "gray")
    return float((1 << encoding.bits) - 1 if is_direct else LIMITED_WHITE_16), "uint16"


def quantise(picture: np.ndarray, encoding: Encoding) -> np.ndarray:
    """Signal (y, x, c) to codes: clipped to [0, 1], rounded to the nearest; gray repeated for colour codecs."""
    white, dtype = levels(encoding)
    if picture.dtype == dtype:
        codes = picture
    else:
        if not np.isfinite(picture.sum()) and not np.isfinite(picture).all():  # a sum costs a quarter
            raise StackError(NOT_FINITE)
        codes = np.clip(picture, 0, 1)
        codes *= np.float32(white)
        codes = np.rint(codes, out=codes).astype(dtype)
    if encoding.channels == 1 and encoding.layout != "gray":
        codes = np.repeat(codes, 3, axis=2)
    return np.ascontiguousarray(codes)


def options(e: Encoding) -> dict[str, str]:
    """Private options of the encoder; thread counts fixed, so that bytes repeat on any machine."""
    if e.codec == "h264":
        order = {"tff": ":tff=1", "bff": ":bff=1"}.get(e.fields, "")
        order += f":rc-lookahead={e.queue.lag}" if e.is_large else ""
        return {"crf": str(e.crf), "preset": "medium", "x264-params": f"{X264}{order}"}
    if e.codec == "hevc":
        extra = f"log-level=none:pools={THREADS}:frame-threads=2:open-gop=0:repeat-headers=1"
        if e.light is not None:
            extra += f":{e.light.x265()}"
        return {"crf": str(e.crf), "preset": "medium", "x265-params": extra}
    if e.codec == "vp9":
        return {"crf": str(e.crf), "b": "0", "row-mt": "1", "cpu-used": "2"}
    if e.codec == "av1":
        os.environ.setdefault("SVT_LOG", "1")  # errors alone; it talks to stderr directly, past FFmpeg's log
        return {"crf": str(e.crf), "preset": "7", "svtav1-params": f"lp={THREADS}"}
    if e.codec == "prores":
        return {"profile": "4" if e.layout == "444" else "3", "vendor": "apl0"}
    return {"level": "3", "slicecrc": "1"}


def writing_failed(path: Path, error: BaseException) -> MediaError:
    """What a failed write means, in a MediaError."""
    number = getattr(error, "errno", None)
    if number == 28:
        return MediaError(
            f"the disk of {path} is full. Make room, or name another folder: df -h {path.parent}"
        )
    if number == 27:
        return MediaError(f"{path.name} grew above the size files may have here. See: ulimit -f")
    return MediaError(
        f"writing {path.name} failed ({getattr(error, 'strerror', None) or error}). Look at the folder: ls -ld {path.parent}"
    )
