"""JPEG by libjpeg itself, as Pillow ships it, on frames extended to whole 16 x 16 blocks."""

import io

import numpy as np
from PIL import Image


def jpeg(x, quality):
    t, height, width, channels = x.shape
    levels = np.clip(np.floor(x * 255 + 0.5), 0, 255).astype(np.uint8)
    levels = np.pad(levels, [(0, 0), (0, -height % 16), (0, -width % 16), (0, 0)], "edge")
    out = np.stack([coded(frame if channels == 3 else frame[..., 0], int(quality)) for frame in levels])
    return out.reshape(levels.shape)[:, :height, :width] / 255


def coded(frame, quality):
    file = io.BytesIO()
    Image.fromarray(frame).save(
        file, "jpeg", quality=quality, **({"subsampling": "4:2:0"} if frame.ndim == 3 else {})
    )
    with Image.open(io.BytesIO(file.getvalue())) as decoded:
        return np.asarray(decoded, np.float64)
