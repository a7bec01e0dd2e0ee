"""`player`: one clip, played."""

import xarray as xr

from vidsr.errors import RecipeError
from vidsr.widgets.comparer import Comparer
from vidsr.widgets.lightbox import Lightbox, checked
from vidsr.widgets.live import Live
from vidsr.widgets.naming import names_of
from vidsr.widgets.panes import pane_size
from vidsr.widgets.score import score_of


def player(
    stack: xr.DataArray,
    *,
    frame: int = 0,
    name: str | None = None,
    preview_width: int = 960,
    live: bool = False,
) -> Comparer:
    """Play a clip in a notebook, frame by frame and zoomed: `vidsr.compare` of one.

    Playing shows a preview; paused, the exact picture and the values of its pixels. HDR is drawn tone-mapped and says so. Of a lazy stack
    only what is looked at is computed; playing looks at every frame, in the background.

    Args:
      stack: frame stack, lazy or not.
      frame: place in the clip, 0 is its first.
      name: what to call it; by default its last step or its file.
      preview_width: pixels across of the preview, at most.
      live: show frames while they are computed, at the clip's own rate: those that would come too late are dropped, and a line says
        how many frames a second are reached and how many were dropped. Without it a preview of all frames is made first.

    Returns:
      The widget, with the state and the methods that `vidsr.compare` gives.

    Raises:
      StackError: no frame stack.
      RecipeError: a setting makes no sense.
    """
    stacks = checked([stack])
    box = Lightbox(stacks, names_of(stacks, None if name is None else [name]))
    pane_size(box.layout.size, preview_width)
    if not 0 <= frame < len(box):
        raise RecipeError(
            f"frame={frame} is not in the clip of {len(box)} frames. The last is frame={len(box) - 1}."
        )
    return (Live if live else Comparer)(
        box, score_of("psnr"), reference=None, preview_width=preview_width, mode="a", frame=int(frame)
    )
