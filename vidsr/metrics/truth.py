"""What a result claims beyond its source: where it contradicts the source, and what the source cannot confirm.

`consistency` degrades the result again and subtracts the source. `invention` takes a result of `scale` times the pixels apart,

    out = B(source) + B(D(out) - source) + invented,

where D is MATLAB's bicubic reduction and B back-projection, the picture that D turns into what B was given. The first part is
what the source says, the second contradicts it, and the third D does not see: right or wrong, the source cannot tell.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import xarray as xr

from vidsr.errors import StackError
from vidsr.frames.match import match, match_times, times_of
from vidsr.frames.schema import check, grid_of
from vidsr.metrics.artefacts import grey

STEPS = 20  # of back-projection: what is left of the source's error is below 0.01 levels
WINDOW = 128  # pixels of the periodogram: Hann, half overlapping
PROTOCOL = f"D = bicubic as MATLAB's imresize, B = {STEPS} steps of back-projection with bicubic enlargement"


def consistency(
    out: xr.DataArray, source: xr.DataArray, degradation: Callable[[xr.DataArray], xr.DataArray]
) -> xr.Dataset:
    """What is left when a result is degraded again and its source subtracted: 0 where it says what the source says.

    Args:
      out: the result, a frame stack.
      source: what it was made from.
      degradation: the step that makes a source of such a picture, without its noise: vidsr.resize(scale=1/4).

    Returns:
      Dataset of `error` (time, y, x, channel), signal, a frame stack on the source's grid; `rms` and `worst` (time), in
      levels of 255. Dask stays dask; any other stack is read.

    Raises:
      StackError: what the degradation gives does not lie on the source's grid.
    """
    degraded, source, overlap, crop = match(degradation(check(out)), source)
    about = {"long_name": "degraded result minus source", "units": "signal", "overlap": overlap, "crop": crop}
    error = degraded.copy(data=degraded.data - source.data).assign_attrs(about)
    error.attrs = about
    over = ["y", "x", "channel"]
    levels = {"units": "levels", "direction": "lower"}
    rms = 255 * np.sqrt(np.square(error).mean(over))
    worst = 255 * np.abs(error).max(over)
    return xr.Dataset({"error": error, "rms": rms.assign_attrs(levels), "worst": worst.assign_attrs(levels)})


def invention(out: xr.DataArray, source: xr.DataArray) -> xr.Dataset:
    """How much of an enlarged result its source cannot confirm, where, and at which frequencies.

    Args:
      out: the result, a frame stack of `scale` times the pixels of `source`, both showing the same.
      source: what it was made from. It is read whole, as the result is.

    Returns:
      Dataset of two frame stacks on the result's grid, in signal: `invented`, which the reduction does not see, and
      `contradicted`, which it sees and the source does not show. Beside them over (time, frequency) `invented_share` and
      `contradicted_share`, the power of each over that of the result's grey, and `invented_rms` and `contradicted_rms`
      (time) in levels. `frequency` is the middle of a band as a share of the result's highest; the source ends at 1 / scale.

    Raises:
      StackError: no whole scale, or the two do not show the same part of the picture.
    """
    scale = _scale(check(out), check(source))
    ours, theirs = match_times(times_of(out), times_of(source))
    if len(ours) == 0:
        raise StackError(
            "no frame of the result lies within half a frame of one of the source. If they show the same frames: "
            "out.assign_coords(time=source['time'].values)."
        )
    out, source = out.isel(time=ours), source.isel(time=theirs)
    split = _splitter(scale)
    pieces = [split(out[i].values, source[i].values) for i in range(len(ours))]
    parts = {
        n: np.stack([np.asarray(p[i]) for p in pieces]) for i, n in enumerate(("invented", "contradicted"))
    }
    edges = np.linspace(0, 1, 2 * scale + 1)
    power = np.stack([_spectrum(grey(frame.values), edges) for frame in out])
    attrs = {"protocol": PROTOCOL, "scale": str(scale)}
    found: dict[str, Any] = {}
    for name, part in parts.items():
        stack = out.copy(data=part)
        stack.attrs = {"long_name": f"{name} part", "units": "signal"}
        found[name] = stack
        share = np.stack([_spectrum(grey(frame), edges) for frame in part]) / np.maximum(power, 1e-30)
        found[f"{name}_share"] = (("time", "frequency"), share, {"units": "1", "range": "0 to about 1"})
        rms = 255 * np.sqrt(np.square(part, dtype=np.float64).mean((1, 2, 3)))
        found[f"{name}_rms"] = ("time", rms, {"units": "levels"})
    middles = (edges[1:] + edges[:-1]) / 2
    said = {"units": "of the result's highest", "source_ends_at": 1 / scale}
    return xr.Dataset(found, {"frequency": ("frequency", middles, said)}, attrs)


def _scale(out: xr.DataArray, source: xr.DataArray) -> int:
    """Result pixels per source pixel, the same along y and x, for stacks that show the same."""
    fine, coarse = grid_of(out), grid_of(source)
    factors = {c / f for c, f in zip(coarse.spacing, fine.spacing, strict=True)}
    factor = next(iter(factors))
    if len(factors) > 1 or factor.denominator > 1 or factor < 2:
        raise StackError(
            f"the result has {' and '.join(map(str, factors))} pixels per pixel of the source; a whole number from 2 on is needed, "
            "the same along y and x. For other results: vidsr.metrics.consistency(out, source, degradation)."
        )
    scale = int(factor)
    sides = [(out.sizes[a], scale * source.sizes[a]) for a in ("y", "x")]
    if any(a != b for a, b in sides) or fine.origin != tuple(scale * o for o in coarse.origin):
        raise StackError(
            f"a result of {sides[1][0]} x {sides[0][0]} at {fine.origin} does not show what the source shows, which would be "
            f"{sides[1][1]} x {sides[0][1]}. Cut both alike: by whole source pixels."
        )
    if out.sizes["channel"] != source.sizes["channel"]:
        raise StackError(
            f"{out.sizes['channel']} channels against {source.sizes['channel']}. "
            "Repeat the grey one: stack.isel(channel=[0, 0, 0]).assign_coords(channel=['R', 'G', 'B'])."
        )
    return scale


@cache
def _splitter(scale: int) -> Callable[[Any, Any], tuple[Any, Any]]:
    """A function of a result's frames and their source's (..., y, x, c): the invented and the contradicted part."""
    import jax

    from vidsr.functional.resample import imresize

    down, up = partial(imresize, num=1, den=scale), partial(imresize, num=scale)

    def projected(small: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(1, STEPS, lambda _, x: x + up(small - down(x)), up(small))

    @jax.jit
    def split(out: jax.Array, source: jax.Array) -> tuple[jax.Array, jax.Array]:
        seen = down(out)
        return out - projected(seen), projected(seen - source)

    return split


def _spectrum(picture: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Mean power of a (y, x) picture minus its mean, summed over rings of frequency, the corners in the last."""
    side = min(WINDOW, *picture.shape)
    taper = np.outer(*[np.hanning(side + 2)[1:-1]] * 2)
    windows = np.lib.stride_tricks.sliding_window_view(picture - picture.mean(), (side, side))
    step = max(side // 2, 1)
    power = np.square(np.abs(np.fft.rfft2(windows[::step, ::step] * taper))).mean((0, 1))
    power[:, 1 : (side + 1) // 2] *= 2  # the half that rfft2 leaves out
    radius = 2 * np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij"))
    ring = np.clip(np.digitize(radius, edges) - 1, 0, len(edges) - 2)
    return np.bincount(ring.ravel(), power.ravel(), len(edges) - 1)
