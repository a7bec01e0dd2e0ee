"""A step as a line of Python: evaluating it gives an equal step."""

import dataclasses

import numpy as np
import pytest

import vidsr
from tests.laws import clips
from tests.laws.rows import ROWS, class_of
from vidsr.errors import RecipeError
from vidsr.transforms import apply
from vidsr.transforms.base import number
from vidsr.transforms.detour import Detour
from vidsr.transforms.pipeline import pipeline
from vidsr.transforms.recipe import STEPS
from vidsr.transforms.spelled import is_same, spelled, spelled_pipeline, verb_of

MASK = vidsr.stack(np.zeros((2, 8, 8, 1), np.float32), fps=25)
WORDS = {"vidsr": vidsr, "dataclasses": dataclasses, "mask": MASK}
VERBS = [  # one line of each public verb, and of each kind of damage
    "vidsr.crop(top=1, left=2, height=8, width=6)",
    "vidsr.deblock()",
    "vidsr.deblock(strength=0.5)",
    "vidsr.deblur()",
    "vidsr.deblur(sigma=0.01, rounds=4)",
    "vidsr.deblur(('disc', 3.0))",
    "vidsr.deblur(('gaussian', 1.5), sigma=0.01, model='wiener', rounds=4)",
    "vidsr.deblur(('motion', 5.0, 30.0), model='richardson-lucy')",
    "vidsr.degrade(blur=1.2)",
    "vidsr.degrade(codec='mpeg2', quality=6.0)",
    "vidsr.degrade(dust=0.01)",
    "vidsr.degrade(fading=0.5)",
    "vidsr.degrade(flicker=0.03)",
    "vidsr.degrade(grain=0.02)",
    "vidsr.degrade(interlace='tff')",
    "vidsr.degrade(jpeg=40.0)",
    "vidsr.degrade(noise=0.05)",
    "vidsr.degrade(psf=('disc', 2.0))",
    "vidsr.degrade(scratches=2.0)",
    "vidsr.degrade(sensor={'gain': 0.004, 'read': 0.01, 'mosaic': True})",
    "vidsr.degrade(tape=(1.2, 5.0))",
    "vidsr.degrade(weave=0.7)",
    "vidsr.denoise()",
    "vidsr.denoise(sigma=0.02, strength=0.8)",
    "vidsr.denoise(sigma=0.02, model='nlm')",
    "vidsr.denoise(causal=True)",
    "vidsr.hdr_lift()",
    "vidsr.hdr_lift('hlg')",
    "vidsr.inpaint(mask)",
    "vidsr.inpaint(mask, radius=3)",
    "vidsr.regrain(0.02)",
    "vidsr.regrain(0.02, size=1.5)",
    "vidsr.resize(2)",
    "vidsr.resize(0.75, kernel='area')",
    "vidsr.resize(size=(8, 10))",
    "vidsr.stabilise()",
    "vidsr.stabilise('lock', limit=8)",
    "vidsr.super_resolve()",
    "vidsr.super_resolve(model='tiny')",
    "vidsr.super_resolve(2, model='compact', consistency=True)",
    "vidsr.super_resolve(model='base', ensemble=True)",
]


def evaluated(line, **words):
    made = eval(line, WORDS | words)
    return getattr(made, "steps", (made,))


@pytest.mark.parametrize("line", VERBS)
def test_what_a_verb_made_is_spelled_as_its_call(line):
    (step,) = evaluated(line)
    assert spelled(step) == line
    assert is_same(evaluated(spelled(step))[0], step)


def test_every_verb_is_there():
    from vidsr.transforms.spelled import VERBS as known

    steps = {"crop", "deblock", "deblur", "degrade", "denoise", "hdr_lift", "inpaint", "regrain", "resize"}
    assert set(known) == steps | {"stabilise", "super_resolve"}
    assert all(getattr(vidsr, name) is verb for name, verb in known.items())


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if class_of(name).__name__ in STEPS])
def test_any_step_is_spelled_with_the_one_it_came_from(name):
    stack = clips.clip((5, 33, 47, 3))
    step = ROWS[name].make(np.random.default_rng(1), apply.spec_of(stack), stack["frame"].values)
    line = spelled(step, step, "pipeline.steps[0]")
    assert is_same(evaluated(line, pipeline=pipeline(step))[0], step)
    assert verb_of(step)


@pytest.mark.parametrize(
    "line, change, wanted",
    [
        (
            "vidsr.denoise(model='nlm')",
            {"radius": 3},
            "dataclasses.replace(vidsr.denoise(model='nlm'), radius=3)",
        ),
        (
            "vidsr.degrade(grain=0.02)",
            {"size": 2.0},
            "dataclasses.replace(vidsr.degrade(grain=0.02).steps[0], size=2.0)",
        ),
        (
            "vidsr.super_resolve()",
            {"trips": 3},
            "dataclasses.replace(vidsr.super_resolve(consistency=True), trips=3)",
        ),
    ],
)
def test_what_the_verb_does_not_take_is_replaced(line, change, wanted):
    step = dataclasses.replace(evaluated(line)[0], **change)
    assert spelled(step) == wanted
    assert is_same(evaluated(wanted)[0], step)


def test_what_no_verb_makes_is_taken_from_the_step_it_came_from():
    given = Detour(ratio=(2, 3))
    with pytest.raises(RecipeError, match="from_provenance"):
        spelled(dataclasses.replace(evaluated("vidsr.regrain(0.02)")[0], curve=np.ones(11, np.float32)))
    assert spelled(given, given, "pipeline.steps[1]") == "pipeline.steps[1]"
    moved = dataclasses.replace(given, back="bilinear")
    assert spelled(moved, given, "held") == "dataclasses.replace(held, back='bilinear')"


def test_a_measured_number_without_dims_is_written_short():
    assert number(np.float32(0.03)) == number(np.asarray(0.03, np.float32)) == 0.03
    step = dataclasses.replace(vidsr.regrain(0.02), strength=np.asarray(0.03, np.float32))
    assert spelled(step) == "vidsr.regrain(0.03)"


def test_engines_are_written_down():
    pipe = vidsr.pipeline(vidsr.deblock(), vidsr.super_resolve(), engine="auto") | vidsr.super_resolve(2)
    line = spelled_pipeline(pipe.steps, pipe.steps)
    assert "vidsr.pipeline(vidsr.super_resolve(), engine='auto', precision='auto') | " in line
    made = evaluated(line, pipeline=pipe)
    assert [s.engine for s in made] == ["auto", "auto", "xla"]


def test_a_pipeline_is_one_line():
    pipe = vidsr.denoise(sigma=0.02) | vidsr.inpaint(MASK) | vidsr.super_resolve()
    line = spelled_pipeline(pipe.steps, pipe.steps)
    assert line == "vidsr.denoise(sigma=0.02) | vidsr.inpaint(pipeline.steps[1].mask) | vidsr.super_resolve()"
    made = evaluated(line, pipeline=pipe)
    assert all(map(is_same, made, pipe.steps)) and made[1].mask is MASK
    assert (
        spelled_pipeline([vidsr.resize(2)], [vidsr.resize(2)], "exact")
        == "vidsr.pipeline(vidsr.resize(2), fidelity='exact')"
    )
    assert spelled_pipeline([], []) == "vidsr.pipeline()"
