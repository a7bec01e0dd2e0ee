"""One segment of a render: its frames in the final codec, and the states of causal steps it begins from and ends in."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import jax
import numpy as np

from vidsr import media
from vidsr.run.coded import Coded
from vidsr.run.graph import Graph
from vidsr.run.stream import stream
from vidsr.run.view import View

LENGTH = 48  # frames, rounded down to blocks
BOTH = 2e9  # bytes of two encoders at once, at most


def write(
    path: Path,
    view: View,
    encoding: Any,
    start: int,
    stop: int,
    time: np.ndarray,
    before_each: Callable[[], None] = lambda: None,
) -> None:
    """Compute and encode frames `start` to `stop`, shown at `time` (stop - start,); the file is deleted if that fails.

    Args:
      before_each: called before every block; what it raises ends the work.
    """
    at = 0
    with (
        media.Writer(path, encoding) as writer,
        closing(stream(view, start, stop, coded=coded(encoding))) as blocks,
    ):
        for block in blocks:
            before_each()
            writer.write(block, time[at : at + len(block)])
            at += len(block)


def light(view: View, blocks: Iterable[np.ndarray]) -> media.Light:
    """Light levels of blocks of a view, for the metadata of HDR10."""
    return media.measure(blocks, primaries=view.spec.tags.get("primaries", "bt2020"))


def coded(encoding: Any) -> Coded:
    """The whole numbers that a segment's writer takes."""
    return Coded(*media.levels(encoding))


def has_next(encoding: Any, frames: int) -> bool:
    """Whether a segment of a film of so many frames is encoded to its end while the next is fed to an encoder of its own."""
    return frames > LENGTH and 2 * encoding.memory <= BOTH


def encoders(encoding: Any, frames: int) -> int:
    """How many encoders are held at once for a film of so many frames."""
    return 2 if has_next(encoding, frames) else 1


def keep(graph: Graph, ends: list[int]) -> None:
    """Have causal steps keep the states that segments begin from which follow on these ends."""
    back = graph.look_back()
    for node in graph.causal():
        node.keep([max(end - back, 0) for end in ends])


def states(graph: Graph, start: int) -> dict[str, np.ndarray]:
    """The states of causal steps that a segment begins from which starts at frame `start`, by name; they are kept no longer."""
    arrays = {}
    for i, node in enumerate(graph.causal()):
        frame = max(start - graph.look_back(), 0)
        for k, state in node.saved(frame).items():
            arrays |= {f"{i}/{k}/{j}": leaf for j, leaf in enumerate(jax.tree.leaves(state))}
        node.forget(frame)
    return arrays


def restore(graph: Graph, arrays: Mapping[str, np.ndarray]) -> None:
    """Take up what `states` gave."""
    for i, node in enumerate(graph.causal()):
        shape = jax.tree.structure(node.steps[-1].init(node.specs[-2]))
        for k in {int(name.split("/")[1]) for name in arrays if name.split("/")[0] == str(i)}:
            leaves = [arrays[f"{i}/{k}/{j}"] for j in range(shape.num_leaves)]
            node.restore({k: jax.tree.unflatten(shape, leaves)})
