"""Weights out of ncnn's pair of files: `.param`, a text of layers in the order they run, and `.bin`, their arrays in that order.

Layers have no names that mean anything, so the text is held against what an SRVGGNetCompact or an RRDBNet looks like, layer by
layer with what each one reads, and the arrays get the names that these networks have in torch. Nothing is run.
"""

import struct
from pathlib import Path

import numpy as np

from vidsr.adapters import ncnn_graph
from vidsr.adapters.published import NAMINGS
from vidsr.errors import MediaError, RecipeError

HALF, FULL = 0x01306B47, 0  # the word before a kernel: its precision


def read(path: Path) -> dict[str, np.ndarray]:
    """Arrays of a pair of files by the names they have in torch, float32, kernels OIHW.

    Args:
      path: the `.param` file; the `.bin` file lies beside it.

    Raises:
      MediaError: a file is missing or cannot be read. RecipeError: another network, naming the first layer that differs; arrays too
        short or too long; arrays of integers.
    """
    layers = ncnn_graph.read(path)
    name = ncnn_graph.check(layers, path)
    holding = [layer for layer in layers if layer.kind in ("Convolution", "PReLU")]
    if name == "RRDBNet":
        naming = NAMINGS[0].layers(ncnn_graph.depth(layers), ncnn_graph.ups(layers))
        names = [theirs for theirs, _ in naming]
    else:
        names = [f"body.{place}" for place in range(len(holding))]
    data, table = Data(path.with_suffix(".bin")), {}
    for layer, key in zip(holding, names, strict=True):
        outputs, count = layer.size(0), layer.size(6)
        if layer.kind == "PReLU":
            table[f"{key}.weight"] = data.plain(outputs)
            continue
        if outputs < 1 or count < 1 or count % (9 * outputs):
            raise RecipeError(
                f"{path}: {layer.name} has {count} weights for {outputs} outputs of 3x3. Download it again."
            )
        table[f"{key}.weight"] = data.kernel(count, layer.name).reshape(outputs, -1, 3, 3)
        table[f"{key}.bias"] = data.plain(outputs)
    data.finish()
    return table


class Data:
    """A `.bin` file, read from its beginning to its end."""

    def __init__(self, path: Path):
        self.path, self.place = path, 0
        try:
            self.data = path.read_bytes()
        except OSError as error:
            raise MediaError(
                f"{path} cannot be read: {error.strerror}. Put it beside its .param file."
            ) from error

    def kernel(self, count: int, name: str) -> np.ndarray:
        """Numbers behind a word that says in which precision they are."""
        (word,) = struct.unpack("<I", self._take(4))
        if word == HALF:
            words = np.frombuffer(self._take(-(-2 * count // 4) * 4), "<f2")  # padded to 4 bytes
            return words[:count].astype(np.float32)
        if word == FULL:
            return self.plain(count)
        raise RecipeError(
            f"{self.path}: the weights of {name} are marked {word:#010x}, neither half nor full precision. "
            "Take the model as it was before it was quantised."
        )

    def plain(self, count: int) -> np.ndarray:
        """Numbers in full precision."""
        return np.frombuffer(self._take(4 * count), "<f4").astype(np.float32)

    def finish(self) -> None:
        left = len(self.data) - self.place
        if left:
            raise RecipeError(
                f"{self.path} holds {left} bytes more than its .param file speaks of. Download both again."
            )

    def _take(self, count: int) -> bytes:
        part = self.data[self.place : self.place + max(count, 0)]
        if len(part) < count:
            raise RecipeError(
                f"{self.path} ends after {len(self.data)} bytes, and its .param file speaks of more. Download both again."
            )
        self.place += len(part)
        return part
