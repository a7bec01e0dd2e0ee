"""`compare`: clips before and after, in one widget."""

from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from vidsr import media
from vidsr.errors import RecipeError
from vidsr.widgets.comparer import Comparer
from vidsr.widgets.lightbox import Lightbox, checked
from vidsr.widgets.naming import names_of
from vidsr.widgets.panes import pane_size
from vidsr.widgets.picture import MODES
from vidsr.widgets.score import score_of


def compare(
    a: xr.DataArray,
    b: xr.DataArray,
    *more: xr.DataArray,
    reference: xr.DataArray | None = None,
    names: Sequence[str] | None = None,
    mode: str = "wipe",
    wipe: float = 0.5,
    frame: int = 0,
    offset: int = 0,
    metric: str = "psnr",
    preview_width: int = 960,
) -> Comparer:
    """Compare clips in a notebook: wipe, side by side, difference, blink; playing, zoomed, frame by frame.

    Playing shows a preview; paused, the exact pictures, differences and values of the originals. Stacks of other rate or
    length are lined up by time, of other scale or crop by y and x, and the widget says so. HDR is drawn tone-mapped and says so.
    Of lazy stacks only what is looked at is computed; playing looks at every frame, in the background.

    Args:
      a, b, more: frame stacks, lazy or not, of one number of channels. `pair` of the widget chooses which two are shown.
      reference: the truth, if there is one: the line of figures is then of both against it. It can be looked at like the others.
      names: what to call each of `a, b, *more`; by default its last steps or its file.
      mode: "wipe", "side", "triple" (A, B, difference), "difference", "blink", "a" or "b".
      wipe: share of the width that shows A, 0 to 1.
      frame: place on the common time line, 0 is its first moment.
      offset: frames by which the others are shown later than `a`, to correct a shift.
      metric: figure under the scrub bar, a measure of `vidsr.metrics`: "psnr", "psnr_y", "ssim", "ssim_y" and others.
      preview_width: pixels across of one picture of the preview, at most.

    Returns:
      The widget. Its state is read and set from Python, for example `c.frame`, `c.roi`, `c.worst()`; `c.still()` is a
      picture, `c.to_html(path)` a page, `c.serve()` an address for scripts without a notebook.

    Raises:
      StackError: one is no frame stack, channels differ, or they have no time in common.
      RecipeError: a setting makes no sense.
    """
    if mode not in MODES:
        raise RecipeError(f"mode={mode!r} is none of {', '.join(MODES)}. The usual choice is mode='wipe'.")
    score = score_of(metric)
    stacks = checked([a, b, *more])
    called = names_of(stacks, names)
    if reference is not None:
        stacks, called = checked([*stacks, reference]), [*called, "reference"]
    box = Lightbox(stacks, called, offset)
    pane_size(box.layout.size, preview_width)
    if not 0 <= wipe <= 1:
        raise RecipeError(f"wipe={wipe} is no share of the width, 0 to 1. The usual choice is wipe=0.5.")
    if not 0 <= frame < len(box):
        raise RecipeError(
            f"frame={frame} is not on the common time line of {len(box)} frames. The last is frame={len(box) - 1}."
        )
    return Comparer(
        box, score, reference=None if reference is None else len(stacks) - 1, preview_width=preview_width, mode=mode,
        wipe=float(wipe), frame=int(frame),
    )  # fmt: skip


def compare_files(
    paths: Sequence[str | Path],
    *,
    out: str | Path | None = None,
    reference: str | Path | None = None,
    metric: str = "psnr",
    offset: int = 0,
) -> None:
    """Compare files in a browser: write a page to `out`, or serve one until Ctrl-C and print its address.

    Raises:
      RecipeError: fewer than two files. MediaError: one cannot be read, or the page cannot be written.
    """
    if len(paths) < 2:
        raise RecipeError(f"one clip is no comparison. Give two: vidsr compare {paths[0]} restored.mp4")
    a, b, *more = (media.open(path) for path in paths)
    truth = None if reference is None else media.open(reference)
    comparer = compare(a, b, *more, reference=truth, metric=metric, offset=offset)
    try:
        if out is not None:
            print(comparer.to_html(out))
            return
        served = comparer.serve()
        print(f"{served.url}\nCtrl-C ends it.", flush=True)
        served.wait()
    finally:
        comparer.close()
