"""What a chain holds at its highest when it runs in given blocks: from the compiler, before a pixel is read.

The compiler says what one call takes. Around it stand frames read ahead, rings, pieces in flight and blocks that wait to be
taken. A network that another engine runs counts as XLA would run it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from vidsr.run.ahead import READ
from vidsr.run.blocks import Blocks
from vidsr.run.budget import SAMPLE, size
from vidsr.run.fuse import run_fused
from vidsr.run.graph import build
from vidsr.run.hosted import Hosted
from vidsr.run.law import Spec
from vidsr.run.nodes import Causal, Region, Ring, Rounded, Segment
from vidsr.run.region import plan
from vidsr.run.states import StateTable, measure_one
from vidsr.run.stream import AHEAD, IN_FLIGHT

FEW = 16  # frames of a clip that tables are solved for, as their rows are alike


class Unread:
    """Stands for the source in a graph of which only the shapes are wanted."""

    scale = None

    def __init__(self, spec: Spec):
        self.spec = spec

    def read(self, region: Region) -> np.ndarray:
        raise AssertionError("nothing is read to weigh a chain")


def weight(
    steps: Sequence[Any],
    spec: Spec,
    blocks: Blocks,
    extras: Sequence[tuple] = (),
    *,
    sample: int = SAMPLE,
    result: int = SAMPLE,
) -> int:
    """Bytes that streaming settled `steps` over a source of `spec` takes at its highest, beside the source if that is in memory.

    Args:
      extras: per step, the sources of its extra stacks; they are not read.
      sample, result: bytes of a sample of the source as it is read, 0 if it is in memory, and of one that leaves the chain.
    """
    source = Unread(spec)
    bare = [step.bare() for step in steps]
    graph = build(source, bare, np.arange(spec.shape[0]), blocks, extras)
    total = (READ + 2) * size(spec, blocks.shape(spec.shape)[0]) * sample // SAMPLE
    for node in graph.segments:
        if isinstance(node.upstream, Ring):
            kept, before = min(node.upstream.capacity, spec.shape[0]), node.upstream.upstream
            held = (
                sample
                if before is source
                else np.dtype(before.coded.dtype).itemsize
                if isinstance(before, Rounded)
                else SAMPLE
            )
            total += size(before.spec, kept) * held // SAMPLE
        is_last = node is graph.node and not isinstance(node, Causal | Hosted)
        total += (IN_FLIGHT if is_last else 1) * (group(node) if isinstance(node, Hosted) else call(node))
    total += max((measured(table) for _, table in graph.tables), default=0)
    block = blocks.shape(graph.spec.shape)[0]
    return total + (AHEAD + 2 + -(-graph.burst() // block)) * size(graph.spec, block) * result // SAMPLE


def call(node: Segment) -> int:
    """Bytes of one call of a segment: what goes in, what comes out, and what lies between."""
    extent, cut = node.spec.shape[:3], node.blocks.shape(node.spec.shape)
    is_causal = isinstance(node, Causal)
    full = [a > 0 and (is_causal or node.whole or cut[a] == extent[a]) for a in range(3)]
    region = [(0, extent[a] if full[a] else cut[a]) for a in range(3)]
    drawn = plan(node.steps, node.specs, region, full)
    tables = [_table(node.bind.tables.get(i), w[0][1]) for i, w in enumerate(drawn.windows)]
    if is_causal:
        tables[-1] = node.steps[-1].init(node.specs[-2])
    block = _frames([n for _, n in drawn.source], node.specs[0])
    numbers = tuple(node.bind.frames(out[0]) for out in drawn.outputs)
    extras = tuple(
        tuple(_frames([n for _, n in w], other.spec) for other in node.bind.stacks.get(i, ()))
        for i, w in enumerate(drawn.windows)
    )
    return _held(
        run_fused.lower(node.steps, tables, block, drawn.places, numbers, extras, geometry=drawn.geometry)
    )


def group(node: Hosted) -> int:
    """Bytes of a host step's longest group, in and out, and of the groups that it keeps."""
    both = size(node.bind.specs[0], node.longest) + size(node.spec, node.longest)
    return both * node.dtype.itemsize // SAMPLE + node.room * node.dtype.itemsize


def measured(table: StateTable) -> int:
    """Bytes of measuring a frame."""
    return _held(measure_one.lower(*_measuring(table), how=table.how()))


def _measuring(table: StateTable) -> tuple:
    _, height, width, _ = table.spec.shape
    shape = [table.how().length, height, width]
    extras = tuple(_frames(shape, source.spec) for source in table.extras)
    extent = np.array(table.spec.shape[:3], np.int32)
    return table.step, _frames(shape, table.spec), np.zeros(4, np.int32), extent, extras


def _table(table: StateTable | None, count: int) -> Any:
    """What stands for the state of an analysis in `count` frames: solved from rows of zeros."""
    if table is None:
        return None
    row = jax.eval_shape(partial(measure_one, how=table.how()), *_measuring(table))
    few = Spec((FEW, *table.spec.shape[1:]), table.spec.spacing, table.spec.origin, table.spec.attrs)
    rows, whole = table.step.solve(np.zeros((FEW, row.shape[1]), np.float32), few)
    return np.zeros((count, np.asarray(rows).shape[1]), np.float32), whole


def _frames(lengths: Sequence[int], spec: Spec) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct((*lengths, spec.shape[3]), np.float32)


def _held(lowered: Any) -> int:
    found = lowered.compile().memory_analysis()
    return int(found.temp_size_in_bytes + found.output_size_in_bytes + found.argument_size_in_bytes)
