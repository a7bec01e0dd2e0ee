"""Every step but those of the host lowers for cpu, cuda and tpu, as the engine calls it. That is all it proves: nothing is
run there.

What is lowered is `run_fused` with the very arguments of a run over a clip, and `measure` of each step that has it; the
engine's calls are caught before anything is compiled.
"""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

from tests.laws import clips
from tests.laws.rows import ROWS, class_of
from vidsr.run import nodes, states
from vidsr.transforms import apply
from vidsr.transforms.pipeline import pipeline

PLATFORMS = ("cpu", "cuda", "tpu")
SHAPE = (3, 17, 26, 3)


def lowering(function, lowered):
    """`function`, exported for every platform instead of run; gives zeros of the right shape."""
    static = [n for n, p in inspect.signature(function).parameters.items() if p.kind is p.KEYWORD_ONLY]

    def call(*args, **settings):
        traced = {k: v for k, v in settings.items() if k not in static}
        fixed = {k: v for k, v in settings.items() if k in static}
        whole = jax.jit(lambda *a, **k: function.__wrapped__(*a, **k, **fixed))
        exported = export.export(whole, platforms=PLATFORMS)(*args, **traced)
        assert exported.platforms == PLATFORMS
        lowered.append(function.__name__)
        return jax.tree.unflatten(
            exported.out_tree, [jnp.zeros(a.shape, a.dtype) for a in exported.out_avals]
        )

    return call


@pytest.mark.parametrize("name", [name for name in ROWS if class_of(name).kind != "host"])
def test_lowers_everywhere(name, monkeypatch):
    lowered = []
    monkeypatch.setattr(nodes, "run_fused", lowering(nodes.run_fused, lowered))
    monkeypatch.setattr(states, "measure_one", lowering(states.measure_one, lowered))
    stack = clips.clip(SHAPE)
    step = ROWS[name].make(np.random.default_rng(0), apply.spec_of(stack), stack["frame"].values)
    clips.in_blocks(pipeline(step), 4)(stack)
    assert set(lowered) == {"run_fused"} | ({"measure_one"} if class_of(name).kind == "analysis" else set())
