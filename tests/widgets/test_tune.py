"""tune: what the controls say is what the pipeline is, what is shown is what it gives, and nothing is compiled twice."""

import ast
import asyncio
import dataclasses
import inspect
import io
import textwrap
import time

import jax
import numpy as np
import pytest
from PIL import Image

import vidsr
from tests.laws import clips
from tests.laws.test_signatures import CLASSES
from vidsr.errors import RecipeError, StackError
from vidsr.functional import blind
from vidsr.transforms.deblur_blind import BlindDeblur
from vidsr.transforms.degrade import Blur, Noise
from vidsr.transforms.denoise import Denoise
from vidsr.transforms.spelled import is_same
from vidsr.widgets.tune import Tuner

SHAPE = (5, 60, 72, 3)
PATIENCE = 20  # seconds a background preview may take


@pytest.fixture(scope="module")
def stack():
    return clips.clip(SHAPE)


@pytest.fixture
def compiled():
    """Names of the functions that were compiled since."""
    found = []

    def heard(event, seconds, **about):
        if "backend_compile" in event:
            found.append(event)

    jax.monitoring.register_event_duration_secs_listener(heard)
    yield found
    jax.monitoring.unregister_event_duration_listener(heard)


def shown(image):
    return np.asarray(Image.open(io.BytesIO(image.value)))


def part(out, frame, box, scale=1):
    top, left, bottom, right = (scale * edge for edge in box)
    return out.values[frame, top:bottom, left:right]


def test_what_is_shown_is_a_part_of_the_whole_result(stack):
    pipe, box = vidsr.denoise(sigma=0.02, model="nlm") | vidsr.resize(2), (10, 20, 42, 60)
    t = vidsr.tune(pipe, stack, frame=1, region=box)
    assert isinstance(t, Tuner) and t.frame == 1 and t.pipeline.steps == pipe.steps
    np.testing.assert_array_equal(t.before, part(stack, 1, box))
    np.testing.assert_allclose(t.after, part(pipe(stack), 1, box, 2), rtol=0, atol=1e-5)
    t.controls["denoise.sigma"].value = 0.1
    moved = vidsr.denoise(sigma=0.1, model="nlm") | vidsr.resize(2)
    np.testing.assert_allclose(t.after, part(moved(stack), 1, box, 2), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(shown(t._after), np.rint(t.after.clip(0, 1) * 255))
    np.testing.assert_array_equal(shown(t._before), np.rint(t.before.clip(0, 1) * 255))


def test_the_code_makes_the_tuned_pipeline(stack):
    t = vidsr.tune(vidsr.denoise(model="nlm") | vidsr.degrade(noise=0.05), stack)
    assert t.code == "vidsr.denoise(model='nlm') | vidsr.degrade(noise=0.05)"
    t.controls["denoise.strength"].value = 0.5
    t.controls["denoise.radius"].value = 1
    t.controls["noise.sigma"].value = 0.1
    made = eval(t.code, {"vidsr": vidsr, "dataclasses": dataclasses})
    assert all(map(is_same, made.steps, t.pipeline.steps))
    step, noise = t.pipeline.steps
    assert (step.strength, step.radius, step.sigma, noise.sigma) == (0.5, 1, None, 0.1)
    assert t.code in t._line.value.replace("&#x27;", "'")


def test_a_number_compiles_nothing_and_a_shape_does(stack, compiled):
    t = vidsr.tune(
        vidsr.denoise(sigma=0.02, model="nlm") | vidsr.degrade(blur=1.1), stack, region=(3, 5, 40, 48)
    )
    assert compiled
    compiled.clear()
    for sigma in (0.01, 0.05, 0.3):
        t.controls["denoise.sigma"].value = sigma
        t.controls["blur.sigma"].value = 10 * sigma
        t.controls["denoise.strength"].value = 1 - sigma
    assert compiled == [] and t.error == ""
    t.controls["denoise.radius"].value = 3
    assert t.error == "" and compiled


def test_only_the_step_that_moved_and_what_follows_is_computed(stack):
    t = vidsr.tune(Blur(sigma=1.0) | Blur(sigma=2.0) | Blur(sigma=3.0), stack)
    assert list(t.controls)[::2] == ["blur.sigma", "blur 2.sigma", "blur 3.sigma"]
    kept = [stage.node for stage in t._stages.stages]
    t.controls["blur 2.sigma"].value = 1.5
    now = [stage.node for stage in t._stages.stages]
    assert now[0] is kept[0] and now[1] is not kept[1] and now[2] is not kept[2]
    assert len(kept[0]._held) == 1


def test_what_was_found_by_looking_is_kept_until_asked_again(stack, monkeypatch):
    looks = []
    settle = Denoise.settle
    monkeypatch.setattr(Denoise, "settle", lambda self, *a: looks.append(1) or settle(self, *a))
    t = vidsr.tune(Blur(sigma=0.5) | vidsr.denoise(model="nlm"), stack)
    found = t._stages.stages[1].step.sigma
    assert t.controls["denoise.sigma"].value is None and t._again in t.children[-3].children
    t.controls["blur.sigma"].value = 3.0
    t.controls["denoise.strength"].value = 0.7
    assert looks == [1] and t._stages.stages[1].step.sigma == found
    t.look_again()
    assert looks == [1, 1] and t._stages.stages[1].step.sigma != found
    t.controls["denoise.sigma"].value = 0.03
    assert t.pipeline.steps[1].sigma == 0.03 and t._stages.stages[1].step.sigma == 0.03
    t.controls["denoise.sigma"].value = None
    assert t.pipeline.steps[1].sigma is None and looks == [1, 1]


@pytest.mark.parametrize("is_clear", [True, False])
def test_a_step_that_becomes_another_is_tuned_by_what_both_have(stack, monkeypatch, is_clear):
    said = blind.Found(("disc", 1.5), 90.0, is_clear)
    monkeypatch.setattr(blind, "find", lambda light: said)
    monkeypatch.setattr(BlindDeblur, "_shade", lambda *_: 0.0)
    tuner = vidsr.tune(vidsr.deblur(), stack)
    names = [name.split(".")[1] for name in tuner.controls]
    assert "sigma" in names or not is_clear
    assert not {"gain", "shade", "likeliest"} & set(names)
    assert np.array_equal(tuner.before, tuner.after) == (not is_clear)


def test_a_path_is_measured_once_and_solved_anew(stack, monkeypatch):
    from vidsr.run.states import StateTable

    measured = []
    measure = StateTable._measure
    monkeypatch.setattr(StateTable, "_measure", lambda self, *a: measured.append(a) or measure(self, *a))
    t = vidsr.tune(vidsr.stabilise(limit=4, smooth=2.0), stack)
    seen, count = t.after, len(measured)
    t.controls["stabilise.mode"].value = "lock"
    assert count and len(measured) == count and np.abs(t.after - seen).max() > 0.01
    whole = vidsr.pipeline(vidsr.stabilise("lock", limit=4, smooth=2.0))(stack)
    np.testing.assert_allclose(t.after, whole.values[0], rtol=0, atol=1e-5)


def test_frame_and_region_may_be_set(stack):
    t = vidsr.tune(Blur(sigma=1.0), stack, region=(0, 0, 8, 8))
    t.frame, t.region = 3, [4, 8, 24, 40]
    np.testing.assert_array_equal(t.before, stack.values[3, 4:24, 8:40])
    t.frame = 99
    assert t.frame == SHAPE[0] - 1 == t._place.value
    t.region = []
    assert t.before.shape == SHAPE[1:]


def test_errors_are_shown_and_go_away(stack):
    t = vidsr.tune(vidsr.degrade(codec="h264", quality=40), stack)
    t.controls["codec.codec"].value = "mpeg2"  # whose worst quality is 31
    assert "outside 1 (best) to 31 of mpeg2" in t.error and "quality" in t._said.value
    assert t.pipeline.steps[0].codec == "h264"
    with pytest.raises(RecipeError):
        t.after  # noqa: B018
    t.controls["codec.quality"].value = 6
    assert t.error == "" and (t.pipeline.steps[0].codec, t.pipeline.steps[0].quality) == ("mpeg2", 6)
    t.region = [0, 0, 8, 4000]
    assert "is no (top, left, bottom, right)" in t.error
    t.region = [0, 0, 8, 8]
    assert t.error == ""


def test_an_error_is_text_and_no_markup(stack):
    t = vidsr.tune(Blur(sigma=1.0), stack)
    t._say(ValueError("<script>"))
    assert "&lt;script&gt;" in t._said.value and "<script>" not in t._said.value


def test_a_field_of_a_record_may_be_an_array_without_dims(stack, compiled):
    step = dataclasses.replace(
        vidsr.regrain(0.02), strength=np.asarray(0.03, np.float32), size=np.float32(1.5)
    )
    t = vidsr.tune(step, stack)
    assert t.controls["regrain.strength"].value == 0.03
    compiled.clear()
    t.controls["regrain.strength"].value = 0.05
    assert t.code == "vidsr.regrain(0.05, size=1.5)" and compiled == []


def test_a_recorded_pipeline_can_be_tuned(stack):
    out = (vidsr.denoise(model="nlm") | vidsr.degrade(noise=0.02))(stack, seed=4)
    recorded = vidsr.Pipeline.from_provenance(out)
    t = vidsr.tune(recorded, stack, region=(0, 0, 20, 20))
    np.testing.assert_allclose(t.after, out.values[0, :20, :20], rtol=0, atol=1e-5)
    assert t.controls["denoise.sigma"].value == pytest.approx(recorded.steps[0].sigma, rel=1e-5)


def test_a_crop_may_leave_nothing_of_the_region(stack):
    t = vidsr.tune(vidsr.crop(20, 20, 30, 30), stack, region=(10, 10, 40, 40))
    np.testing.assert_array_equal(t.after, stack.values[0, 20:40, 20:40])
    t.region = [0, 0, 10, 10]
    assert "was cropped" in t.error


def test_a_lazy_clip_is_read_where_it_is_looked_at():
    import dask.array as da

    seen = []

    def look(block, block_info=None):
        seen.append(block_info[0]["chunk-location"][0])
        return block

    stack = clips.clip(SHAPE)
    data = da.map_blocks(
        look, stack.chunk(time=1).data, dtype=np.float32, meta=np.empty((0,) * 4, np.float32)
    )
    t = vidsr.tune(Blur(sigma=1.0), stack.copy(data=data), frame=2)
    t.controls["blur.sigma"].value = 2.0
    assert set(seen) == {2}


def test_in_a_kernel_moves_are_awaited_and_only_the_last_is_drawn(stack):
    async def dragged():
        t = vidsr.tune(Blur(sigma=1.0), stack)
        drawn = []
        draw = t._newest._act
        t._newest._act = lambda: drawn.append(t.pipeline.steps[0].sigma) or draw()
        before = t._after.value
        for sigma in np.linspace(1.1, 3.0, 20):
            t.controls["blur.sigma"].value = float(sigma)
        assert t.pipeline.steps[0].sigma == 3.0 and drawn == [] and t._after.value == before
        until = time.monotonic() + PATIENCE
        while not drawn and time.monotonic() < until:
            await asyncio.sleep(0.02)
        assert drawn == [3.0]
        t.controls["blur.sigma"].value = 1.0
        assert (
            np.abs(t.after - vidsr.pipeline(Blur(sigma=1.0))(stack).values[0]).max() < 1e-5
        )  # asked for: at once
        return drawn

    assert asyncio.run(asyncio.wait_for(dragged(), PATIENCE)) == [3.0, 1.0]


def test_readers_without_widgets_see_a_picture_and_the_line(stack, monkeypatch):
    said = []
    monkeypatch.setattr("IPython.display.display", lambda data, *_, **__: said.append(data))
    t = vidsr.tune(Blur(sigma=1.0), stack)
    t._ipython_display_()
    picture, widget = said
    assert set(picture) == {"image/jpeg", "text/plain"} and "vidsr.degrade(blur=1.0)" in picture["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in widget and "run the cell" in widget["text/plain"]
    assert t._twin.twin == len(picture["image/jpeg"]) < 90_000
    assert Image.open(io.BytesIO(t.still().data)).size == (2 * SHAPE[2] + 8, SHAPE[1])


@pytest.mark.parametrize(
    "call, kind, line",
    [
        (lambda s: vidsr.tune(vidsr.denoise, s), RecipeError, "vidsr.denoise()"),
        (lambda s: vidsr.tune(Noise(), s.values), StackError, "vidsr.stack"),
        (lambda s: vidsr.tune(Noise(), s, frame=7), RecipeError, "frame=4"),
        (lambda s: vidsr.tune(Noise(), s, region=(0, 0, 9, 900)), RecipeError, "region=(0, 0, 60, 72)"),
        (lambda s: vidsr.tune(vidsr.crop(0, 0, 90, 90), s), StackError, "vidsr.crop(0, 0, 60, 72)"),
    ],
)
def test_refusals_end_in_the_line_to_type(stack, call, kind, line):
    with pytest.raises(kind) as caught:
        call(stack)
    assert line in str(caught.value)


@pytest.mark.parametrize(
    "step", [c for c in CLASSES.values() if c.kind == "analysis"], ids=lambda step: step.__name__
)
def test_measuring_reads_no_field(step):
    """So what was measured stays true while the sliders of the very step move."""
    names = {field.name for field in dataclasses.fields(step)}
    read = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(step.measure))))
    assert not names & {node.attr for node in read if isinstance(node, ast.Attribute)}
