"""quantise: measure on a clip what a network needs to run in 8-bit whole numbers."""

import dataclasses
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from vidsr import hub, models
from vidsr.adapters import int8
from vidsr.adapters.activations import Extremes, Watch
from vidsr.adapters.described import NETWORKS
from vidsr.errors import RecipeError, StackError
from vidsr.frames import schema
from vidsr.run.stream import stream
from vidsr.transforms.apply import is_lazy, view_of
from vidsr.transforms.deblock import deblock
from vidsr.transforms.deblur_net import deblur_net
from vidsr.transforms.denoise_net import denoise_net
from vidsr.transforms.networked import Networked
from vidsr.transforms.pipeline import pipeline
from vidsr.transforms.super_resolve import super_resolve

STEPS: dict[str, Callable[[hub.Network], Networked]] = {
    "super_resolve": lambda net: super_resolve(net.scale, model=net),
    "denoise": lambda net: denoise_net(net, sigma=None, strength=1.0),
    "deblock": lambda net: deblock(model=net),
    "deblur": lambda net: deblur_net(net),
}


def quantise(name: str | os.PathLike, *, calibration: xr.DataArray) -> hub.Network:
    """Measure a network for int8: the least and greatest of what goes into each of its layers, on a clip.

    The network runs over the whole clip once, by XLA in f32, as its verb runs it. By these ranges `precision="int8"` rounds: what goes into a
    layer to 256 even steps over its range, and is clipped there; kernels to 255 steps for each output channel. Weights stay as they are, and
    so do results in every other precision. The same clip gives the same ranges, bit for bit, on the same machine.

        net = vidsr.quantise("sr-small-x4", calibration=clip)
        fast = vidsr.pipeline(vidsr.super_resolve(4, model=net), engine="openvino", precision="int8")
        vidsr.hub.save_pretrained(net, "sr-small-int8")     # later: model="sr-small-int8"

    Records of results hold the ranges beside the hash of the weights, and repeat them without the clip.

    Args:
      name: a network of any verb, as `vidsr.hub.load` takes it: a zoo id, a folder, or "org/name" on the Hub.
      calibration: a frame stack like those it is to run on, ``(t, y, x, c)`` signal in [0, 1]. Ten or twenty varied frames do. Material that is
        brighter, more contrasted or, for a denoiser, noisier is clipped to what was seen here, which costs much more than rounding does.

    Returns:
      The network with its `ranges`; `model=` of its verb takes it, `vidsr.hub.save_pretrained` keeps it.

    Raises:
      RecipeError: no such network, or one that cannot be written for other engines. StackError: a stack that its verb refuses (HDR or linear
        signal, interlaced frames), of fewer frames or pixels than the network sees at once, with NaN, or whose frames show one even colour.
        MediaError: a repository that cannot be fetched.
    """
    net = hub.load(name)
    kind = models.named(net.graphdef, net.params)[0]
    if net.verb not in STEPS:
        raise RecipeError(
            f"no verb here runs {net.name}, which says {net.verb!r}. There are: {', '.join(STEPS)}."
        )
    if kind not in NETWORKS:
        raise RecipeError(
            f"{net.name} is a network of the kind {kind}, which cannot be written for other engines. What can: {', '.join(NETWORKS)}."
        )
    schema.check(calibration)
    if not is_lazy(calibration):
        schema.check(calibration, values=True)
    _check_size(net, calibration)
    _check_contrast(calibration)
    watch = Watch(net.graphdef, net.params)
    watched = dataclasses.replace(STEPS[net.verb](net), engine="xla", precision="f32", watch=watch)
    for _ in stream(view_of(pipeline(watched).seeded(0), calibration)):
        pass
    return dataclasses.replace(net, ranges=_ranges(watch.extremes))


def _check_size(net: hub.Network, stack: xr.DataArray) -> None:
    frames, rows, columns = (stack.sizes[axis] for axis in ("time", "y", "x"))
    window, side = 2 * net.radius + 1, 2 * net.halo + 1
    if frames < window:
        raise StackError(
            f"{net.name} sees {window} frames at once, and the calibration has {frames}. Give it a longer clip."
        )
    if min(rows, columns) < side:
        raise StackError(
            f"{net.name} sees {side} x {side} pixels at once, and the calibration is {columns} x {rows}: borders would decide. Give it a larger one."
        )


def _check_contrast(stack: xr.DataArray) -> None:
    some = stack.isel(time=[0, len(stack) // 2, -1])
    if np.all(np.ptp(some.values, axis=(1, 2)) < 1 / 255):
        raise StackError(
            "the first, middle and last frame of the calibration show one even colour each: they say nothing of what goes into layers. "
            "Take another part of the clip: stack.isel(time=slice(100, 120))."
        )


def _ranges(extremes: Extremes) -> int8.Ranges:
    """Widened to hold zero, by which frames are padded, and in the first layer all signal."""
    table: dict[str, Any] = {}
    for layer, (low, high) in extremes.items():
        if low < high or layer == "head":  # one that is always given the same stays in f32
            table[layer] = [min(low, 0.0), max(high, 1.0 if layer == "head" else 0.0)]
    return int8.ranges(table)
