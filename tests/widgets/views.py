"""A view of a comparer without a browser: records what it is sent, asks as compare.js does, never waits for ever."""

import io
import threading
from typing import Any

import numpy as np
from PIL import Image

from vidsr.frames.schema import stack
from vidsr.media.preview import PLAYERS

PATIENCE = 30  # seconds any answer may take


def textured(
    frames: int = 8, height: int = 36, width: int = 64, *, seed: int = 0, fps: float = 25, channels: int = 3
):
    """A moving texture with values outside [0, 1] too, as steps leave them."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(-0.1, 1.1, (1, height, width + frames, channels))
    moving = np.concatenate([values[:, :, i : i + width] for i in range(frames)])
    return stack(moving.astype(np.float32), fps=fps)


class View:
    """Stands for the browser."""

    def __init__(self, comparer: Any):
        self.comparer, self.told, self.states = comparer, [], []
        self._news = threading.Condition()
        comparer.send = self._told
        comparer.send_state = lambda key=None: self.states.append(key)

    def _told(self, content: dict, buffers: list[bytes] | None = None) -> None:
        with self._news:
            self.told.append((content, [bytes(b) for b in buffers or []]))
            self._news.notify_all()

    def ask(self, **content: Any) -> None:
        message = {"method": "custom", "content": content}
        self.comparer._handle_msg({"content": {"data": message}, "buffers": []})

    def hello(self, *, player: int = 0) -> None:
        self.ask(type="hello", codecs=[PLAYERS[player].mime], dpr=1)

    def put(self, **values: Any) -> None:
        message = {"method": "update", "state": values, "buffer_paths": []}
        self.comparer._handle_msg({"content": {"data": message}, "buffers": []})

    def answer(self, kind: str, count: int = 1) -> tuple[dict, list[bytes]]:
        """The `count`-th message of this kind, once it is there."""

        def found() -> list:
            return [m for m in self.told if m[0]["type"] == kind]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, PATIENCE), (
                kind,
                [m[0] for m in self.told],
            )
            return found()[count - 1]

    def asked(self, kind: str, **content: Any) -> tuple[dict, list[bytes]]:
        """Ask and wait for the answer of the same kind."""
        before = len([m for m in self.told if m[0]["type"] == kind])
        self.ask(type=kind, **content)
        return self.answer(kind, before + 1)


def picture(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def codes(frame: np.ndarray) -> np.ndarray:
    """What an exact still must hold."""
    out = np.rint(np.clip(frame, 0, 1).astype(np.float64) * 255).astype(np.uint8)
    return out if out.shape[-1] == 3 else out.repeat(3, -1)
