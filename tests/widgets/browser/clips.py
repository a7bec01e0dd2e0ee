"""Two clips whose frames carry their number as a bar code, as a stacked film and as lossless stills."""

import io
from functools import cache

import numpy as np
from PIL import Image

from vidsr.media.preview import GAP, PLAYERS, encode_pairs

N, FPS = 50, 25
HEIGHT, WIDTH = 270, 480
SQUARE = 16
LEFT, RIGHT = 8, 248  # x of the bar codes: one on each side of a wipe in the middle
COLOURS = [
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (255, 255, 0),
    (32, 200, 180),
    (128, 128, 128),
    (240, 240, 240),
]
PATCH = 40  # pixels a side, from (x, y) = (100 + 44 i, 200)


@cache
def texture() -> np.ndarray:
    rng = np.random.default_rng(5)
    coarse = rng.uniform(40, 200, (HEIGHT // 30 + 1, WIDTH // 30 + 1, 3))
    picture = np.kron(coarse, np.ones((30, 30, 1)))[:HEIGHT, :WIDTH]
    return np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


@cache
def frame(number: int, which: int) -> np.ndarray:
    """Frame `number` of clip 0 (full size), 1 (half size, brighter) or 2 (full size, mirrored colours)."""
    picture = np.roll(texture(), 3 * number, axis=1)
    picture = (
        picture if which == 0 else 255 - picture if which == 2 else np.minimum(picture, 215) + np.uint8(40)
    )
    picture = picture.copy()
    for i, colour in enumerate(COLOURS):
        picture[200 : 200 + PATCH, 100 + 44 * i : 100 + 44 * i + PATCH] = colour
    for start in (LEFT, RIGHT):
        bits = [1, *(number >> bit & 1 for bit in range(12)), 0]
        code = np.kron(np.array(bits, np.uint8) * 255, np.ones((SQUARE, SQUARE), np.uint8))
        picture[8 : 8 + SQUARE, start : start + 14 * SQUARE] = code[..., None]
    return picture if which != 1 else np.ascontiguousarray(picture[::2, ::2])


def pane(number: int, which: int) -> np.ndarray:
    picture = frame(number, which)
    return picture if which != 1 else np.repeat(np.repeat(picture, 2, 0), 2, 1)


@cache
def film(second: int = 1) -> bytes:
    return encode_pairs(((pane(i, 0), pane(i, second)) for i in range(N)), fps=FPS, player=PLAYERS[0])


@cache
def png(number: int, which: int) -> bytes:
    return coded(frame(number, which), "PNG", compress_level=1)


@cache
def poster() -> bytes:
    """The pair as drawn at the start: A left, B right."""
    both = pane(0, 0).copy()
    both[:, WIDTH // 2 :] = pane(0, 1)[:, WIDTH // 2 :]
    return coded(both, "JPEG", quality=80)


@cache
def difference() -> bytes:
    flat = np.full((HEIGHT, WIDTH, 3), (200, 40, 30), np.uint8)
    return coded(flat, "PNG")


def coded(picture: np.ndarray, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


def state(**changes: object) -> dict:
    """The named values of a comparer of clips 0 and 1 as Python would set them."""
    metric = [30 + 6 * float(np.sin(i / 5)) for i in range(N)]
    metric[20], metric[33] = 12.5, 18.25
    return {
        "frame": 0,
        "n": N,
        "fps": FPS,
        "mode": "wipe",
        "wipe": 0.5,
        "zoom": 0,
        "center": [WIDTH / 2, HEIGHT / 2],
        "roi": [],
        "gain": 4,
        "luma": False,
        "heat": True,
        "nearest": False,
        "playing": False,
        "loop": True,
        "rate": 1,
        "info": True,
        "names": ["original", "restored"],
        "sizes": [[HEIGHT, WIDTH], [HEIGHT // 2, WIDTH // 2]],
        "pair": [0, 1],
        "scales": [1, 0.5],
        "boxes": [[0, 0, WIDTH, HEIGHT], [0, 0, WIDTH, HEIGHT]],
        "size": [HEIGHT, WIDTH],
        "preview": {"pane": [WIDTH, HEIGHT], "gap": GAP},
        "metric": metric,
        "metric_name": "PSNR (dB)",
        "metric_better": "high",
        "roi_metric": "",
        "units": ["signal 0..1", "signal 0..1"],
        "notes": [],
        "status": "",
        "progress": -1,
        "offset": 0,
        "mime": PLAYERS[0].mime,
    } | changes
