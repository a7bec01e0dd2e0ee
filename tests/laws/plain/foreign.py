"""A network of another framework, in numpy: what a step that runs it on the host is held against."""

import numpy as np


class Boxes:
    """3x3 means of a zero-padded frame, plus means of squares of `fold` pixels, every pixel repeated `scale` times each way."""

    sha256 = "boxes"

    def __init__(self, scale: int, fold: int = 1, whole: bool = False):
        self.scale, self.fold, self.whole = scale, fold, whole

    def __call__(self, frame):
        height, width, channels = frame.shape
        p = np.pad(frame, ((1, 1), (1, 1), (0, 0)))
        out = sum(p[i : i + height, j : j + width] for i in range(3) for j in range(3)) / frame.dtype.type(9)
        cells = frame.reshape(height // self.fold, self.fold, width // self.fold, self.fold, channels)
        squares = cells.mean((1, 3), keepdims=True) - cells
        out = out + squares.reshape(frame.shape) + self.whole * frame.mean((0, 1))
        return out.repeat(self.scale, 0).repeat(self.scale, 1)

    def libraries(self):
        return {"boxes": "1"}


def boxed(step, x, spec, numbers):
    """The step as a whole, in float64: extended by its edge rule and to a multiple, cropped."""
    m = step.multiple_of
    margin = 0 if step.edge == "own" else -(-step.halo // m) * m
    sides = [margin + (-(n + 2 * margin)) % m for n in x.shape[1:3]]
    room = ((margin, sides[0]), (margin, sides[1]), (0, 0))
    seen = np.repeat(x, step.channels // x.shape[-1], -1)
    rule = "reflect" if step.edge == "own" else step.edge
    out = np.stack([step.net(np.pad(frame, room, rule)) for frame in seen])
    (height, width), s = x.shape[1:3], step.scale
    out = out[:, margin * s : (margin + height) * s, margin * s : (margin + width) * s]
    return out.mean(-1, keepdims=True) if x.shape[-1] == 1 else out
