"""VMAF, by an ffmpeg that was built with libvmaf: found on the path, or in the package `imageio-ffmpeg`.

Source: Li et al. 2016, "Toward a practical perceptual video quality metric", and Netflix' models v0.6.1. It was fitted to
compression and scaling: it hardly sees noise, and a sharpened picture may beat its own reference (the "neg" model less so).
"""

import contextlib
import importlib
import importlib.util
import json
import shutil
import subprocess
import tempfile
import weakref
from functools import cache
from pathlib import Path

import numpy as np

from vidsr.errors import MediaError

REMEDY = "pip install imageio-ffmpeg, or put an ffmpeg built with --enable-libvmaf on the PATH."
PATIENCE = 600  # seconds for the last frames to be judged
FLAT = 128  # chroma: VMAF looks at luma alone


@cache
def ffmpeg() -> str | None:
    """The path of an ffmpeg that has libvmaf, or None."""
    for candidate in filter(None, (shutil.which("ffmpeg"), _packaged())):
        try:
            said = subprocess.run([candidate, "-v", "quiet", "-filters"], capture_output=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if b" libvmaf " in said.stdout:
            return candidate
    return None


def _packaged() -> str | None:
    if importlib.util.find_spec("imageio_ffmpeg") is None:
        return None
    try:
        return importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    except RuntimeError:  # a wheel without the program
        return None


class Run:
    """One clip against its reference, a few frames at a time: `add` them in order, then `scores`.

    Nothing waits on a pipe but the frames themselves: ffmpeg writes its answer and its complaints to files, and is ended
    with the object.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self._process: subprocess.Popen | None = None
        self._shape: tuple[int, int] = (0, 0)

    def add(self, luma: np.ndarray, reference: np.ndarray) -> None:
        """Frames (t, y, x) of studio-range luma in levels, 16 to 235; rounded here.

        Raises:
          MediaError: no ffmpeg with libvmaf, or it stopped.
        """
        if self._process is None:
            self._begin(luma.shape[1:])
        planes = np.full(
            (len(luma), 3, 2, *self._shape), FLAT, np.uint8
        )  # each plane: ours above the reference
        planes[:, 0, 0], planes[:, 0, 1] = np.rint(luma), np.rint(reference)
        try:
            self._process.stdin.write(planes.tobytes())
        except OSError as error:
            raise MediaError(self._complaint()) from error

    def scores(self) -> np.ndarray:
        """(t,) of all frames added, 0 to 100."""
        try:
            self._process.stdin.close()
            code = self._process.wait(PATIENCE)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MediaError(self._complaint()) from error
        log = Path(self._folder.name) / "log.json"
        if code or not log.is_file():
            raise MediaError(self._complaint())
        return np.array([frame["metrics"]["vmaf"] for frame in json.loads(log.read_text())["frames"]])

    def _begin(self, shape: tuple[int, int]) -> None:
        program = ffmpeg()
        if program is None:
            raise MediaError(f"no ffmpeg with libvmaf. {REMEDY}")
        self._shape = (height, width) = shape
        self._folder = tempfile.TemporaryDirectory()
        split = f"split[a][b];[a]crop={width}:{height}:0:0[d];[b]crop={width}:{height}:0:{height}[r]"
        judge = f"[d][r]libvmaf=model=version={self.model}:log_fmt=json:log_path=log.json"
        raw = ["-f", "rawvideo", "-pix_fmt", "yuv444p", "-s", f"{width}x{2 * height}", "-r", "25", "-i", "-"]
        chain = ["-filter_complex", f"{split};{judge}", "-f", "null", "-"]
        with (Path(self._folder.name) / "said.txt").open("wb") as said:
            self._process = subprocess.Popen(
                [program, "-nostdin", "-v", "error", *raw, *chain],
                cwd=self._folder.name,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
        weakref.finalize(self, _end, self._process, self._folder)

    def _complaint(self) -> str:
        self._process.kill()
        said = (Path(self._folder.name) / "said.txt").read_text(errors="replace").strip().splitlines()
        return f"ffmpeg's libvmaf stopped: {said[-1] if said else 'no word of why'}. Leave 'vmaf' out of metrics=."


def _end(process: subprocess.Popen, folder: tempfile.TemporaryDirectory) -> None:
    process.kill()
    with contextlib.suppress(OSError):  # what it had not read is lost on purpose
        process.stdin.close()
    process.wait()
    folder.cleanup()
