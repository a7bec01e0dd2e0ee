"""scope: one frame on a waveform monitor, a vectorscope, an RGB parade or a histogram."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from vidsr.errors import RecipeError, StackError
from vidsr.frames import cache
from vidsr.frames.schema import check
from vidsr.functional import colour, transfer
from vidsr.metrics.figures import hand_over
from vidsr.widgets.show import position

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLACK, WHITE, LOWEST, HIGHEST = (
    64,
    940,
    4,
    1019,
)  # 10-bit codes of BT.709-6 and BT.2100-2: levels, and what video may use
LOW, HIGH = (LOWEST - BLACK) / (WHITE - BLACK), (HIGHEST - BLACK) / (WHITE - BLACK)
LEVELS, MOST_COLUMNS, CHROMA_BINS = 320, 640, 257
NITS = (0.1, 1, 10, 100, 203, 1000, 4000, 10000)  # 203: reference white of BT.2408
HLG_PEAK = 1000.0
BARS = {"R": (1, 0, 0), "Mg": (1, 0, 1), "B": (0, 0, 1), "Cy": (0, 1, 1), "G": (0, 1, 0), "Yl": (1, 1, 0)}
MATRICES = {
    "bt2020": "bt2020",
    "smpte170m": "bt601",
    "bt470bg": "bt601",
}  # by primaries, as `vidsr.save` would write
NAMES = {"bt601": "BT.601", "bt709": "BT.709", "bt2020": "BT.2020"}
INK = {"Y'": "#9fe8a0", "R'": "#ff6a5e", "G'": "#66e06e", "B'": "#7aa2ff"}
DARK, GRID = "#111111", "#4a4a4a"


class Seen(NamedTuple):
    """A frame as the scopes read it."""

    signal: np.ndarray  # (y, x, c)
    transfer: str | None
    matrix: str
    title: str


def scope(stack: xr.DataArray, kind: str = "waveform", *, frame: int | None = None) -> "Figure":
    """Show how one frame's values are spread, as a broadcast scope does; only that frame is computed.

    Levels of SDR are in IRE (0 black, 100 white) and in 10-bit codes of the narrow range (64 and 940), those of PQ and HLG in
    signal and in nits (HLG: on a display of 1000). Values beyond the codes 4 to 1019 lie on the rim; the title counts what
    is below black or above white.

    Args:
      stack: a frame stack, lazy or not.
      kind: "waveform": Y' of every column, left to right as in the picture, bright on top; "rgb_parade": the same of R', G' and B';
        "histogram": of Y', R', G' and B'; "vectorscope": Cb to the right, Cr upwards, with boxes where the 75 % colour bars lie
        and crosses for 100 %. Y', Cb and Cr by the matrix that goes with the stack's primaries.
      frame: absolute frame number, by default the first.

    Returns:
      The matplotlib figure: a notebook shows it, a script saves it with `figure.savefig("scope.png")`.

    Raises:
      RecipeError: an unknown kind. StackError: no frame stack, no such frame, or one channel where colour is asked for.
    """
    if kind not in KINDS:
        raise RecipeError(
            f"kind={kind!r} is none of {', '.join(map(repr, KINDS))}. Say vidsr.scope(stack, 'waveform')."
        )
    seen = _seen(check(stack), frame)
    if seen.signal.shape[-1] == 1 and kind in ("vectorscope", "rgb_parade"):
        raise StackError(
            f"a {kind} is of colour and this stack has one channel. Say vidsr.scope(stack, 'waveform')."
        )
    return hand_over(KINDS[kind](seen))


def _seen(stack: xr.DataArray, frame: int | None) -> Seen:
    place = 0 if frame is None else position(stack["frame"].values, frame, "scope")
    one = stack.isel(time=place)
    signal, primaries = cache.frame(stack, place), str(stack.attrs.get("primaries", "bt709"))
    below, above = (100 * float(part.mean()) for part in (signal < 0, signal > 1))
    out = ", ".join(
        f"{share:.2g} % {where}" for share, where in ((below, "below 0"), (above, "above 1")) if share
    )
    title = f"frame {int(one['frame'])}, {float(one['time']):.3f} s" + (f"; {out}" if out else "")
    return Seen(signal, stack.attrs.get("transfer"), MATRICES.get(primaries, "bt709"), title)


def _luma(seen: Seen) -> np.ndarray:
    return _ycbcr(seen)[..., 0] if seen.signal.shape[-1] == 3 else seen.signal[..., 0]


def _ycbcr(seen: Seen) -> np.ndarray:
    return np.asarray(colour.rgb_to_ycbcr(seen.signal, seen.matrix))


def spread(values: np.ndarray, columns: int = MOST_COLUMNS) -> np.ndarray:
    """How many samples of each column of `values` (y, x) lie in each of `LEVELS` bins from `LOW` to `HIGH`: (LEVELS, columns)."""
    height, width = values.shape
    columns = min(columns, width)
    level = np.clip((values - LOW) / (HIGH - LOW) * LEVELS, 0, LEVELS - 1).astype(np.int64)
    column = np.broadcast_to(np.arange(width) * columns // width, (height, width))
    return np.bincount((level * columns + column).ravel(), minlength=LEVELS * columns).reshape(
        LEVELS, columns
    )


def chroma(cb: np.ndarray, cr: np.ndarray) -> np.ndarray:
    """How many samples have each Cb (columns) and Cr (rows, upwards), from -0.5 to 0.5: (CHROMA_BINS, CHROMA_BINS)."""
    across, up = (
        np.clip(np.rint((part + 0.5) * (CHROMA_BINS - 1)), 0, CHROMA_BINS - 1).astype(np.int64)
        for part in (cb, cr)
    )
    return np.bincount((up * CHROMA_BINS + across).ravel(), minlength=CHROMA_BINS**2).reshape(
        CHROMA_BINS, CHROMA_BINS
    )


def bars(matrix: str, level: float) -> dict[str, np.ndarray]:
    """(Cb, Cr) of the colour bars of this level, by name."""
    return {
        name: np.asarray(colour.rgb_to_ycbcr(level * np.array(rgb, np.float32), matrix))[1:]
        for name, rgb in BARS.items()
    }


def _waveform(seen: Seen) -> "Figure":
    return _traces(seen, {"Y'": _luma(seen)}, (8.0, 4.2))


def _parade(seen: Seen) -> "Figure":
    return _traces(
        seen, dict(zip(("R'", "G'", "B'"), np.moveaxis(seen.signal, -1, 0), strict=True)), (11.0, 4.2)
    )


def _traces(seen: Seen, channels: dict[str, np.ndarray], size: tuple[float, float]) -> "Figure":
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1, len(channels), figsize=size, squeeze=False, sharey=True, layout="constrained"
    )
    for axis, (name, values) in zip(axes[0], channels.items(), strict=True):
        _glow(axis, spread(values), (0, values.shape[1], LOW, HIGH), INK[name])
        axis.set(title=_named(name, seen), xlabel="x [pixels]", ylim=(LOW, HIGH))
    _levels(axes[0, 0].yaxis, axes[0, -1].twinx(), seen.transfer)
    figure.suptitle(seen.title, fontsize="medium")
    return figure


def _histogram(seen: Seen) -> "Figure":
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(8.0, 3.6), layout="constrained")
    channels = {"Y'": _luma(seen)}
    if seen.signal.shape[-1] == 3:
        channels |= dict(zip(("R'", "G'", "B'"), np.moveaxis(seen.signal, -1, 0), strict=True))
    edges = np.linspace(LOW, HIGH, LEVELS + 1)
    for name, values in channels.items():
        share = 100 * spread(values.reshape(-1, 1))[:, 0] / values.size
        axis.stairs(share, edges, color=INK[name], label=_named(name, seen), fill=name == "Y'", alpha=0.8)
    axis.set(xlim=(LOW, HIGH), ylabel="samples [%]", facecolor=DARK)
    axis.set_title(seen.title, fontsize="medium")
    axis.legend(fontsize="small", labelcolor="white", facecolor=DARK)
    _levels(axis.xaxis, axis.twiny(), seen.transfer)
    return figure


def _vectorscope(seen: Seen) -> "Figure":
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6.0, 6.0), layout="constrained")
    _, cb, cr = np.moveaxis(_ycbcr(seen), -1, 0)
    rim = 0.5 + 0.5 / (CHROMA_BINS - 1)
    _glow(axis, chroma(cb, cr), (-rim, rim, -rim, rim), INK["Y'"])
    for name, place in bars(seen.matrix, 0.75).items():
        axis.plot(*place, "s", color="white", markerfacecolor="none", markersize=12, label=f"75 % {name}")
        axis.annotate(name, place, (9, 6), textcoords="offset points", color="white", fontsize="small")
    for name, place in bars(seen.matrix, 1.0).items():
        axis.plot(*place, "+", color="white", label=f"100 % {name}")
    axis.set(title=f"{NAMES[seen.matrix]}, {seen.title}", aspect="equal", xlim=(-rim, rim), ylim=(-rim, rim))
    ticks = np.array([-0.5, -0.25, 0, 0.25, 0.5])
    labels = [f"{tick:g}\n{512 + 896 * tick:.0f}" for tick in ticks]
    axis.set_xticks(ticks, labels)
    axis.set_yticks(ticks, labels)
    axis.set(xlabel="Cb, and its 10-bit code", ylabel="Cr, and its 10-bit code")
    axis.title.set_fontsize("medium")
    return figure


def _glow(axis: "Axes", counts: np.ndarray, extent: tuple[float, float, float, float], ink: str) -> None:
    """Draw counts as light on a dark tube; row 0 is at the bottom."""
    from matplotlib.colors import LinearSegmentedColormap

    light = np.log1p(counts) / np.log1p(max(counts.max(), 1))
    shades = LinearSegmentedColormap.from_list("tube", [DARK, ink, "white"])
    axis.imshow(
        light,
        origin="lower",
        extent=extent,
        aspect="auto",
        cmap=shades,
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )
    axis.grid(color=GRID, linewidth=0.5)


def _levels(ruler: Any, other: "Axes", coded: str | None) -> None:
    """Write levels on one side in the signal's unit, on the other in 10-bit codes, or nits where the signal stands for them."""
    ticks = np.array([0, 0.25, 0.5, 0.75, 1.0])
    is_hdr = coded in _TO_SIGNAL
    ruler.set_ticks(
        ticks, [f"{tick:g}" if is_hdr or coded == "linear" else f"{100 * tick:.0f}" for tick in ticks]
    )
    ruler.set_label_text(f"{_CODED[coded]}" if coded in _CODED else "IRE")
    opposite = other.yaxis if ruler.axis_name == "y" else other.xaxis
    (other.set_ylim if ruler.axis_name == "y" else other.set_xlim)(LOW, HIGH)
    if coded in _TO_SIGNAL:
        known = [nits for nits in NITS if nits <= (transfer.PQ_PEAK if coded == "pq" else HLG_PEAK)]
        opposite.set_ticks(
            [float(_TO_SIGNAL[coded](np.float32(n))) for n in known], [f"{n:g}" for n in known]
        )
        opposite.set_label_text("nits" if coded == "pq" else f"nits of grey on a display of {HLG_PEAK:.0f}")
        return
    opposite.set_ticks(ticks, [f"{BLACK + (WHITE - BLACK) * tick:.0f}" for tick in ticks])
    opposite.set_label_text("10-bit code")


def _named(name: str, seen: Seen) -> str:
    return f"{name} ({NAMES[seen.matrix]})" if name == "Y'" and seen.signal.shape[-1] == 3 else name


def _hlg_signal(nits: Any) -> Any:
    return transfer.hlg_encode((nits / HLG_PEAK) ** (1 / transfer.hlg_gamma(HLG_PEAK)))


_TO_SIGNAL: dict[str | None, Callable[[Any], Any]] = {"pq": transfer.pq_encode, "hlg": _hlg_signal}
_CODED = {
    "pq": "PQ signal (BT.2100)",
    "hlg": "HLG signal (BT.2100)",
    "linear": "linear light, 1 = reference white",
}
KINDS: dict[str, Callable[[Seen], "Figure"]] = {
    "waveform": _waveform,
    "vectorscope": _vectorscope,
    "histogram": _histogram,
    "rgb_parade": _parade,
}
