"""Once through both clips in order: the stacked film for the browser and the figures of every frame."""

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import NamedTuple

import numpy as np
import xarray as xr

from vidsr.media.preview import Player, encode_pairs
from vidsr.run.stream import ahead
from vidsr.widgets.levels import levels
from vidsr.widgets.lightbox import Lightbox
from vidsr.widgets.panes import resized

READ = 64_000_000  # bytes read at once where a lazy stack comes in larger chunks
NEWS = 0.25  # seconds from one report of progress to the next
WAITING = 2  # pictures of each clip made ahead of the encoder


class Film(NamedTuple):
    """A stacked film of `frames` pictures from place `first` on; each stack fills its pane, whatever its own shape."""

    mime: str
    pair: tuple[int, int]
    first: int
    frames: int
    data: bytes


class TooLong(Exception):
    """The film would take so long."""


class Watch:
    """How far a film of `total` pictures is: when to say so, and whether it takes too long.

    patience: seconds that may be left to work after the first of it.
    """

    AFTER = 3.0  # seconds of work before the rest is guessed from them

    def __init__(self, total: int, patience: float):
        self.total, self.patience, self._began, self._said = total, patience, monotonic(), 0.0

    def says(self, done: int) -> bool:
        """Whether it is time for news; raises TooLong once more seconds are needed than there is patience."""
        now = monotonic()
        left = (now - self._began) / done * (self.total - done)
        if now - self._began > self.AFTER and left > self.patience:
            raise TooLong(f"{left / 60:.0f} min" if left > 90 else f"{left:.0f} s")
        if now - self._said < NEWS:
            return False
        self._said = now
        return True


class Made(NamedTuple):
    """A frame of one stack: its pane of the film, and its codes on the reference grid for the figures."""

    pane: np.ndarray
    codes: np.ndarray


def make_film(
    box: Lightbox,
    pair: tuple[int, int],
    span: tuple[int, int],
    pane: tuple[int, int],
    player: Player,
    told: Callable[[int], None] = lambda done: None,
    reference: int | None = None,
    scored: Callable[[int, dict[int, np.ndarray]], None] | None = None,
    crf: int = 22,
) -> Film:
    """Encode places span[0] to span[1] - 1 of the time line.

    Args:
      pane: width and height of one picture.
      told: called with the number of frames done; what it raises stops the work.
      scored: called with a place and the codes of both (and of the reference), by stack number.
    """
    first, stop = span
    wanted = list(dict.fromkeys([*pair, *([] if reference is None or scored is None else [reference])]))

    def pairs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for k, made in enumerate(together(box, wanted, span, pane, scored is not None), first):
            if scored is not None:
                scored(k, {i: m.codes for i, m in made.items()})
            a, b = (made[i].pane for i in pair)
            yield a, b if pair[0] != pair[1] else b[:0]

    made = pairs()
    try:
        data = encode_pairs(made, fps=box.line.fps, player=player, told=told, crf=crf)
    finally:
        made.close()
    return Film(player.mime, pair, first, stop - first, data)


def together(
    box: Lightbox, wanted: Sequence[int], span: tuple[int, int], pane: tuple[int, int] | None, codes: bool
) -> Iterator[dict[int, Made]]:
    """What each wanted stack shows, place by place, each stack read by a thread of its own."""
    sources = {i: ahead(_made(box, i, span, pane, codes), WAITING) for i in wanted}
    try:
        for _ in range(*span):
            yield {i: next(source) for i, source in sources.items()}
    finally:
        for source in sources.values():
            source.close()


def _made(
    box: Lightbox, i: int, span: tuple[int, int], pane: tuple[int, int] | None, codes: bool
) -> Iterator[Made]:
    look, nothing = box.looks[i], np.empty((0, 0, 3), np.uint8)
    fits = box.layout.size == look.shape
    for signal in in_order(look.stack, box.line.places[i][slice(*span)]):
        own = levels(signal) if codes and fits else None
        drawn = nothing
        if pane is not None:
            plain = own is not None and own.shape[-1] == 3 and look.transfer not in ("pq", "hlg", "linear")
            drawn = resized(own if plain else look.drawn(signal), pane)
        if codes and own is None:
            own = levels(box.compared(i, signal))
        del signal  # a frame waits as small pictures, and the next one is read into its place
        yield Made(drawn, nothing if own is None else own)


def in_order(stack: xr.DataArray, places: np.ndarray) -> Iterator[np.ndarray]:
    """Pictures (y, x, c) at increasing places, read in order and each once: by chunks of a lazy stack, within `READ` bytes."""
    if stack.chunks is None:
        yield from (np.asarray(stack.data[p]) for p in places)
        return
    most = max(1, READ // max(int(np.prod(stack.shape[1:])) * 4, 1))
    ends = np.cumsum(stack.chunksizes["time"])
    at = 0
    while at < len(places):
        start = int(places[at])
        stop = min(int(ends[np.searchsorted(ends, start, side="right")]), start + most)
        block = stack.isel(time=slice(start, stop)).values
        while at < len(places) and places[at] < stop:
            yield block[places[at] - start]
            at += 1
        del block
