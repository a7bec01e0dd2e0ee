"""ncnn's text of layers, and what it looks like for an SRVGGNetCompact and an RRDBNet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidsr.errors import MediaError, RecipeError
from vidsr.models import rrdb

MAGIC = "7767517"
Options = dict[int, tuple[float, ...]]

SIZES = {"Input": {0, 1, 2, 11}, "Convolution": {0, 6}, "PReLU": {0}}  # options that say how large
DEFAULTS: dict[str, Options] = {
    "Convolution": {2: (1,), 3: (1,), 8: (0,), 9: (0,)},
    "PixelShuffle": {1: (0,)},
    "BinaryOp": {0: (0,), 1: (0,)},
    "Concat": {0: (0,)},
}
PLAIN: Options = {1: (3,), 4: (1,), 5: (1,)}  # 3x3, a zero around, with bias
LEAKY: Options = PLAIN | {9: (2,), 10: (rrdb.SLOPE,)}
SUM: Options = {0: (1,), 1: (rrdb.SHARE, 1)}


@dataclass(frozen=True)
class Layer:
    """A layer: what it does, which layers it reads by number, and its settings other than sizes and defaults."""

    kind: str
    sources: tuple[int, ...]
    options: Options
    name: str = ""
    sizes: Options | None = None

    def size(self, key: int) -> int:
        return int((self.sizes or {}).get(key, (0,))[0])

    def alike(self, other: "Layer") -> bool:
        a, b = (sorted(x.sources) if x.kind == "BinaryOp" else list(x.sources) for x in (self, other))
        return (self.kind, self.options, a) == (other.kind, other.options, b)

    def __str__(self) -> str:
        options = " ".join(
            f"{key}={','.join(f'{v:g}' for v in value)}" for key, value in sorted(self.options.items())
        )
        return f"{self.kind}{f'({options})' * bool(options)} of layers {list(self.sources)}"


def read(path: Path) -> list[Layer]:
    """The layers of a text; those that only hand on what they read are left out.

    Raises:
      MediaError: it cannot be read. RecipeError: it is no such text.
    """
    try:
        lines = path.read_text().split("\n")
    except OSError as error:
        raise MediaError(
            f"{path} cannot be read: {error.strerror}. Name ncnn's text, for example 'realesrgan-x4plus.param'."
        ) from error
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"{path} is no text. Name ncnn's .param file of text, not its binary form."
        ) from error
    if lines[0].strip() != MAGIC:
        raise RecipeError(f"{path} does not begin with {MAGIC}, as ncnn's text does. Download it again.")
    layers: list[Layer] = []
    made: dict[str, int] = {}  # blobs: which layer gives them
    try:
        for line in filter(str.strip, lines[2:]):
            _take(line.split(), layers, made)
    except (ValueError, IndexError, KeyError) as error:
        raise RecipeError(f"{path} is damaged: {error!r} in {line[:60]!r}. Download it again.") from error
    return layers


def _take(words: list[str], layers: list[Layer], made: dict[str, int]) -> None:
    kind, name, inputs, outputs = words[0], words[1], int(words[2]), int(words[3])
    sources = tuple(made[blob] for blob in words[4 : 4 + inputs])
    blobs = words[4 + inputs : 4 + inputs + outputs]
    if kind == "Split":
        made.update(dict.fromkeys(blobs, sources[0]))
        return
    made.update(dict.fromkeys(blobs, len(layers)))
    options: Options = dict(map(_option, words[4 + inputs + outputs :]))
    sizes = {key: value for key, value in options.items() if key in SIZES.get(kind, ())}
    default = DEFAULTS.get(kind, {})
    rest = {k: v for k, v in options.items() if k not in sizes and v != default.get(k)}
    layers.append(Layer(kind, sources, rest, name, sizes))


def _option(word: str) -> tuple[int, tuple[float, ...]]:
    """``3=1.5``, or ``-23303=2,1.5,4`` for option 3 with two values."""
    key, text = word.split("=", 1)
    values = tuple(map(float, text.split(",")))
    return (int(key), values) if int(key) >= 0 else (-23300 - int(key), values[1:])


def check(layers: Sequence[Layer], path: Path) -> str:
    """Which network the layers are: "SRVGGNetCompact" or "RRDBNet".

    Raises:
      RecipeError: neither, naming the first layer that differs.
    """
    is_compact = any(layer.kind == "PReLU" for layer in layers)
    name = "SRVGGNetCompact" if is_compact else "RRDBNet"
    model = _compact(layers) if is_compact else _rrdb(layers)
    for number, (layer, wanted) in enumerate(zip(layers, model, strict=False)):
        if not layer.alike(wanted):
            raise RecipeError(
                f"{path} is no {name}: layer {number} ({layer.name}) is {layer}, and should be {wanted}. "
                "Ask its publisher for the weights in torch's form, and say: vidsr.torch.load('weights.pth')."
            )
    if len(layers) < len(model):
        raise RecipeError(f"{path} ends where a {name} goes on with {model[len(layers)]}. Download it again.")
    if len(layers) > len(model):
        more = layers[len(model)]
        raise RecipeError(
            f"{path} is the {name} and behind it {more} ({more.name}). Take the file without it and let a step do the rest: "
            "for realesr-animevideov3-x2.param convert realesr-animevideov3-x4.param, whose weights are the same, then vidsr.resize(0.5)."
        )
    return name


def depth(layers: Sequence[Layer]) -> int:
    """Blocks of an RRDBNet, from its sums: one for each dense block and one for each block."""
    return sum(layer.kind == "Eltwise" for layer in layers) // (rrdb.DENSE + 1)


def ups(layers: Sequence[Layer]) -> int:
    """How often an RRDBNet enlarges."""
    return sum(layer.kind == "Interp" for layer in layers)


class _Model(list):
    """Layers as they should be; adding one gives its number."""

    def add(self, kind: str, *sources: int, options: Options | None = None) -> int:
        self.append(Layer(kind, sources, options or {}))
        return len(self) - 1


def _compact(layers: Sequence[Layer]) -> _Model:
    shuffle = next((layer for layer in layers if layer.kind == "PixelShuffle"), None)
    scale = shuffle.options.get(0, (1,)) if shuffle else (4,)
    model = _Model()
    x = first = model.add("Input")
    for _ in range(sum(layer.kind == "PReLU" for layer in layers)):
        x = model.add("PReLU", model.add("Convolution", x, options=PLAIN))
    x = model.add("PixelShuffle", model.add("Convolution", x, options=PLAIN), options={0: scale})
    model.add("BinaryOp", x, model.add("Interp", first, options={0: (1,), 1: scale, 2: scale}))
    return model


def _rrdb(layers: Sequence[Layer]) -> _Model:
    model = _Model()
    x = first = model.add("Convolution", model.add("Input"), options=PLAIN)
    for _ in range(depth(layers)):
        before = x
        for _ in range(rrdb.DENSE):
            seen = [x]
            for _ in range(1, rrdb.CONVS):
                wide = seen[0] if len(seen) == 1 else model.add("Concat", *seen)
                seen.append(model.add("Convolution", wide, options=LEAKY))
            last = model.add("Convolution", model.add("Concat", *seen), options=PLAIN)
            x = model.add("Eltwise", last, x, options=SUM)
        x = model.add("Eltwise", x, before, options=SUM)
    x = model.add("BinaryOp", first, model.add("Convolution", x, options=PLAIN))
    for _ in range(ups(layers)):
        x = model.add("Interp", x, options={0: (1,), 1: (2,), 2: (2,)})
        x = model.add("Convolution", x, options=LEAKY)
    model.add("Convolution", model.add("Convolution", x, options=LEAKY), options=PLAIN)
    return model
