"""White noise taken out of clips: ffmpeg's nlmeans and fftdnoiz tuned on another clip, bm3d, and every form of `vidsr.denoise`."""

from collections.abc import Callable, Sequence

import numpy as np

import vidsr
from vidsr.bench import footage, networks, rivals
from vidsr.bench.rows import Figures, Result, Row, psnr_y, row
from vidsr.transforms.base import Transform

PROTOCOL = """White noise on the signal, clipped and rounded to 8 bits, the same for every method; {frames} of each clip. PSNR-Y: studio luma of results
rounded to 8 bits, mean over the frames; and of the middle frame alone, where bm3d is measured, which takes about twenty seconds for one.
nlmeans and fftdnoiz have the best settings of a small grid on another clip. CPU seconds a frame, one thread, compilation and the null filter's
time left out."""
COLUMNS = {"PSNR-Y": ".2f", "PSNR-Y, middle": ".2f", "CPU s/frame": ".3f"}
CLIPS = ("calendar", "park_joy")
LEVELS = (25, 10)  # sigma, 8-bit
TUNED_ON = 2  # frames of the other clip; fftdnoiz gets three, to have both neighbours
# shares of sigma in levels, patch, window, format of nlmeans; shares of sigma of fftdnoiz
STRENGTHS, PATCHES, WINDOWS, FORMATS = (
    (0.25, 0.33, 0.42, 0.5, 0.63, 0.8, 1.0),
    (3, 5, 7),
    (7, 11, 15),
    ("gbrp", "yuv444p"),
)
SHARES = (0.5, 0.7, 0.85, 1.0, 1.2, 1.45, 1.75, 2.1, 2.5, 3.0)


def denoise(clips: Sequence[str] | None, frames: int | None, entries: Sequence[str]) -> Result:
    """Run the task."""
    rows = []
    for level in LEVELS:
        for clip in clips or CLIPS:
            clean, found = footage.frames(clip, frames), methods(level, footage.another(clip), entries)
            rows += measured(f"sigma {level}", clip, clean, found, level)
    said = PROTOCOL.format(frames=footage.counted(frames, "frame"))
    return Result("denoise", said, COLUMNS, tuple(rows), axes=("CPU s/frame", "PSNR-Y, middle"))


def measured(
    condition: str, clip: str, clean: np.ndarray, methods: list[rivals.Method], level: float
) -> list[Row]:
    """Rows of the noisy clip and of what every method makes of it; bm3d gets the middle frame alone."""
    noisy, middle = with_noise(clean, level), len(clean) // 2
    only = slice(middle, middle + 1)

    def whole(out: np.ndarray, spent: float) -> Figures:
        near = psnr_y(out[only], clean[only])
        return {"PSNR-Y": psnr_y(out, clean), "PSNR-Y, middle": near, "CPU s/frame": spent / len(out)}

    def one(out: np.ndarray, spent: float) -> Figures:
        return {"PSNR-Y, middle": psnr_y(out, clean[only]), "CPU s/frame": spent}

    untouched = Row(condition, clip, "nothing done", whole(noisy, 0.0))
    rows = [row(condition, clip, method, noisy, whole) for method in methods]
    return [untouched, *rows, row(condition, clip, rivals.bm3d(level / 255), noisy[only], one)]


def with_noise(clean: np.ndarray, level: float) -> np.ndarray:
    """White noise of sigma `level` / 255, clipped and rounded to 8 bits."""
    noise = np.random.default_rng(0).normal(0, level / 255, clean.shape)
    return (np.rint(np.clip(clean + noise, 0, 1) * 255) / 255).astype(np.float32)


def methods(level: float, tuned_on: str, entries: Sequence[str]) -> list[rivals.Method]:
    """ffmpeg's, the best on another clip, and ours."""
    return [nlmeans(level, tuned_on), _fftdnoiz(level, tuned_on), *_ours(level / 255, entries)]


def nlmeans(level: float, clip: str) -> rivals.Method:
    """ffmpeg's nlmeans for noise of `level`, tuned on a clip: first strength and format, then patch and window."""

    def method(form: str, strength: float, patch: int, window: int) -> rivals.Method:
        return rivals.ffmpeg(f"nlmeans=s={strength * level:.3g}:p={patch}:r={window}", form=form)

    score, noisy = _judge(clip, TUNED_ON, level)
    first = {method(f, s, 5, 11).name: (f, s) for f in FORMATS for s in STRENGTHS}
    found = first[rivals.best([method(f, s, 5, 11) for f, s in first.values()], noisy, score).name]
    return rivals.best([method(*found, p, w) for p in PATCHES for w in WINDOWS], noisy, score)


def _fftdnoiz(level: float, clip: str) -> rivals.Method:
    score, noisy = _judge(clip, TUNED_ON + 1, level)
    chains = [f"fftdnoiz=sigma={share * level:.3g}:block=32:overlap=0.5:prev=1:next=1" for share in SHARES]
    return rivals.best(
        [rivals.ffmpeg(chain, form=form) for form in FORMATS for chain in chains], noisy, score
    )


def _judge(clip: str, count: int, level: float) -> tuple[Callable[[np.ndarray], float], np.ndarray]:
    clean = footage.frames(clip, count)
    return lambda out: psnr_y(out, clean), with_noise(clean, level)


def _ours(sigma: float, entries: Sequence[str]) -> list[rivals.Method]:
    """Every form of the verb; what "auto" chooses appears once."""
    ways: dict[str, Callable[[], Transform]] = {
        "vidsr.denoise(sigma)": lambda: vidsr.denoise(sigma),
        "vidsr.denoise()": lambda: vidsr.denoise(),
        "vidsr.denoise(sigma, model='nlm')": lambda: vidsr.denoise(sigma, model="nlm"),
        "vidsr.denoise(sigma, model='nlm', causal=True)": lambda: vidsr.denoise(
            sigma, model="nlm", causal=True
        ),
    }
    for name in networks.found("denoise", 1, entries):
        ways[f"vidsr.denoise(sigma, model={name!r})"] = lambda name=name: vidsr.denoise(sigma, model=name)
    different: dict[str, str] = {}
    for name, build in ways.items():
        different.setdefault(repr(build()), name)
    return [rivals.ours(name, ways[name]) for name in different.values()]
