"""degrade: the order, the strengths, and the same damage however the clip is cut."""

import jax
import numpy as np
import pytest

import vidsr
from vidsr.functional import resample, transfer
from vidsr.transforms import degrade as steps
from vidsr.transforms import presets
from vidsr.transforms.codec import Codec
from vidsr.transforms.sensor import Sensor

REAL = ["vhs", "webcam", "h264-low", "phone", "real-world"]  # end in a real codec


def clip(frames=5, height=45, width=61, level=None):
    x = np.random.default_rng(0).random((frames, height, width, 3), dtype=np.float32)
    return vidsr.stack(x if level is None else np.full_like(x, level), fps=24)


def test_nothing_asked_nothing_done():
    stack = clip()
    assert vidsr.degrade().steps == ()
    np.testing.assert_array_equal(vidsr.degrade()(stack).values, stack.values)


def test_order():
    pipe = vidsr.degrade(scale=2, blur=0.8, noise=0.01, jpeg=60, weave=1, flicker=0.05, dust=0.01, grain=0.02)
    names = [type(s).__name__ for s in pipe.steps]
    assert names == ["Weave", "Dust", "Flicker", "Grain", "Blur", "Resize", "Noise", "Jpeg"]


def test_order_of_all():
    pipe = vidsr.degrade(
        **{"scale": 2, "blur": 0.8, "noise": 0.01, "jpeg": 60, "weave": 1, "flicker": 0.05, "dust": 0.01},
        **{"grain": 0.02, "fading": 0.5, "scratches": 2, "psf": ("disc", 2.0), "sensor": {"gain": 0.01}},
        **{"tape": (1, 4), "interlace": "tff"},
    )
    names = " ".join(type(s).__name__ for s in pipe.steps)
    assert names == (
        "Fading Weave Dust Scratches Flicker Grain Blur Psf Resize Sensor Noise Tape Interlace Jpeg"
    )


def test_downscale_is_imresize():
    stack = clip()
    expected = resample.imresize(stack.values, num=1, den=4)
    np.testing.assert_allclose(vidsr.degrade(scale=4)(stack).values, expected, atol=1e-6)


def test_noise_has_its_sigma_and_follows_the_seed():
    stack = clip(level=0.5)
    noisy = vidsr.degrade(noise=0.03)(stack, seed=1)
    added = noisy.values - stack.values
    assert abs(added.std() / 0.03 - 1) < 0.02
    np.testing.assert_array_equal(vidsr.degrade(noise=0.03)(stack, seed=1).values, noisy.values)
    other = vidsr.degrade(noise=0.03)(stack, seed=2).values - stack.values
    assert abs(np.corrcoef(added.ravel(), other.ravel())[0, 1]) < 0.02


def test_flicker_is_what_it_says_it_drew():
    stack = clip(frames=6, level=0.5)
    pipe = vidsr.degrade(flicker=0.1).seeded(4)
    gains = pipe(stack, seed=4).values.mean((1, 2, 3)) / 0.5
    np.testing.assert_allclose(gains, pipe.steps[0].drawn(np.arange(6)), rtol=1e-5)
    assert abs(pipe.steps[0].drawn(np.arange(5000)).std() - 0.1) < 0.004


@pytest.mark.parametrize("level", [{"blur": 1.1}, {"noise": 0.02}, {"flicker": 0.1}, {"scale": 1.5}], ids=str)
def test_chunks_change_nothing(level):
    stack, pipe = clip(), vidsr.degrade(**level)
    pieces = pipe(stack.chunk(time=2), seed=3).compute()
    np.testing.assert_allclose(pieces.values, pipe(stack, seed=3).values, rtol=0, atol=1e-5)


def test_jpeg_on_any_size_is_jpeg_of_the_padded_frame():
    from vidsr.functional.jpeg import jpeg

    stack = clip()
    padded = np.pad(stack.values, ((0, 0), (0, 3), (0, 3), (0, 0)), "edge")
    out = vidsr.degrade(jpeg=40)(stack).values
    assert (abs(out - np.asarray(jpeg(padded, 40.0))[:, :45, :61]) > 1e-5).mean() < 1e-5
    peek = vidsr.degrade(jpeg=40)(stack.chunk(time=1)).isel(y=slice(19, 30), x=slice(33, 60)).values
    assert (abs(peek - out[:, 19:30, 33:60]) > 1e-5).mean() <= 1e-5


@pytest.mark.parametrize(
    "wrong",
    [{"scale": 0.5}, {"jpeg": 0}, {"jpeg": 101}, {"noise": -1}, {"blur": -1}, {"flicker": 2}],
    ids=str,
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(vidsr.RecipeError):
        vidsr.degrade(**wrong)


def test_two_channels_have_no_jpeg():
    stack = clip().isel(channel=[0, 1])
    with pytest.raises(vidsr.VidsrError):
        vidsr.pipeline(steps.Jpeg())(stack)


def test_a_psf_works_on_light():
    """Between black and white, half of the light is no half of the signal."""
    x = np.zeros((1, 9, 40, 3), np.float32)
    x[:, :, 20:] = 1
    stack = vidsr.stack(x, fps=24, transfer="srgb")
    row = vidsr.degrade(psf=("motion", 8, 0))(stack).values[0, 4, :, 0]
    light = np.asarray(transfer.srgb_decode(row))
    np.testing.assert_allclose(light[16:24], np.arange(1, 9) / 8 - 1 / 16, atol=1e-6)
    linear = stack.vid.assign(transfer="linear")
    np.testing.assert_allclose(
        vidsr.degrade(psf=("motion", 8, 0))(linear).values[0, 4, :, 0], light, atol=1e-6
    )


def test_a_measured_psf_is_the_same_as_one_by_name_and_is_recorded():
    from vidsr.functional import psf

    stack = clip()
    by_name = vidsr.degrade(psf=("disc", 2.0))(stack)
    given = vidsr.degrade(psf=5 * psf.disc(2.0))(stack)
    np.testing.assert_allclose(given.values, by_name.values, atol=1e-6)
    for made in (by_name, given):
        again = vidsr.Pipeline.from_provenance(made)(stack)
        np.testing.assert_array_equal(again.values, made.values)
    assert "kernel" not in by_name.attrs["provenance"]  # a few words and numbers, from which it follows


def test_other_numbers_of_a_psf_are_no_other_compilation():
    stack, seen = clip(), []
    vidsr.degrade(psf=("anisotropic", 1.9, 1.0, 10.0))(stack)
    jax.monitoring.register_event_duration_secs_listener(lambda name, *_, **__: seen.append(name))
    try:
        vidsr.degrade(psf=("anisotropic", 1.8, 0.7, 80.0))(stack)
    finally:
        jax.monitoring.clear_event_listeners()
    assert "/jax/core/compile/backend_compile_duration" not in seen


def test_the_noise_of_a_sensor_fits_its_law_in_light():
    """Pairs of frames of a ramp; b is read^2."""
    ramp = np.broadcast_to(np.linspace(0.02, 1, 256, dtype=np.float32)[:, None], (2, 160, 256, 3))
    stack = vidsr.stack(np.ascontiguousarray(ramp), fps=24, transfer="srgb")
    out = vidsr.degrade(sensor={"gain": 0.004, "read": 0.01, "pattern": 0.05})(stack, seed=3)
    light = np.asarray(transfer.srgb_decode(out.values), np.float64)
    level = np.asarray(transfer.srgb_decode(ramp[0, 0, :, 0]))
    variance = ((light[0] - light[1]) ** 2 / 2).mean((0, 2))  # of a column: the pattern stands still
    design = np.stack([level, np.ones_like(level)], 1) / variance.mean()
    weight = 1 / (0.004 * level + 1e-4)
    gain, dark = np.linalg.lstsq(design * weight[:, None], variance / variance.mean() * weight, rcond=None)[0]
    assert abs(gain / 0.004 - 1) < 0.04 and abs(dark / 1e-4 - 1) < 0.06


def test_rows_and_pattern():
    flat = vidsr.stack(np.full((3, 64, 80, 3), 0.5, np.float32), fps=24, transfer="linear")
    rows = vidsr.degrade(sensor={"row": 0.02})(flat).values - 0.5
    assert np.ptp(rows, axis=(2, 3)).max() < 1e-6  # one number a row
    np.testing.assert_allclose(rows.std(), 0.02, rtol=0.15)
    assert abs(np.corrcoef(rows[0, :, 0, 0], rows[1, :, 0, 0])[0, 1]) < 0.4
    pattern = vidsr.degrade(sensor={"pattern": 0.02})(flat).values / 0.5 - 1
    np.testing.assert_allclose(pattern[0], pattern[2], atol=1e-6)  # the same on every frame
    np.testing.assert_allclose(pattern[0].std(), 0.02, rtol=0.03)


def test_a_mosaic_is_linear_in_light_and_has_its_adjoint():
    """<A x, y> = <x, A' y> of mosaic and demosaic, and A(a x + b z) = a A x + b A z."""
    step = Sensor(mosaic=True, transfer="linear")
    rng = np.random.default_rng(0)
    at = _whole(12, 14)
    x, z, y = (rng.standard_normal(s).astype(np.float32) for s in ((1, 14, 16, 3),) * 2 + ((1, 12, 14, 3),))
    apply = jax.jit(lambda v: step.apply(v, at))
    back = jax.jit(lambda v, w: jax.vjp(apply, v)[1](w)[0])(x, y)
    np.testing.assert_allclose(np.vdot(apply(x), y), np.vdot(x, back), rtol=1e-4)
    np.testing.assert_allclose(apply(2 * x - z), 2 * apply(x) - apply(z), atol=1e-5)


def _whole(height, width):
    """A window with a margin of one around a picture."""
    from vidsr.run.law import At

    size, zero = np.array([1, height, width], np.int32), np.zeros(3, np.int32)
    return At(np.array([0, -1, -1], np.int32), zero, size, size, zero[:2], zero[:1], (1, height, width))


def test_interlaced_frames_show_two_moments_and_say_so():
    x = np.arange(4, dtype=np.float32)[:, None, None, None] * np.ones((4, 6, 5, 3), np.float32) / 4
    stack = vidsr.stack(x, fps=50)
    out = vidsr.degrade(interlace="tff")(stack)
    assert out.attrs["fields"] == "tff"
    np.testing.assert_allclose(out.values[:, 0, 0, 0] * 4, [0, 1, 2, 3])
    np.testing.assert_allclose(out.values[:, 1, 0, 0] * 4, [1, 2, 3, 3])
    bottom_first = vidsr.degrade(interlace="bff")(stack)
    np.testing.assert_allclose(bottom_first.values[:, 0, 0, 0] * 4, [1, 2, 3, 3])
    with pytest.raises(vidsr.StackError, match="interlaced already"):
        vidsr.degrade(interlace="tff")(out)


def test_a_tape_takes_more_of_the_colour():
    x = np.zeros((1, 8, 64, 3), np.float32) + 0.5
    x[:, :, 32:, 0] = 0.8  # an edge in red
    grey = np.where(np.arange(64) < 32, 0.3, 0.7).astype(np.float32)
    out = vidsr.degrade(tape=(0.5, 5.0))(vidsr.stack(x, fps=24)).values[0, 4]
    luma = vidsr.degrade(tape=(0.5, 5.0))(vidsr.stack(np.broadcast_to(grey[:, None], x.shape).copy(), fps=24))
    width = np.ptp(np.flatnonzero(abs(np.diff(out[:, 0] - out[:, 2])) > 0.002))
    assert width > 3 * np.ptp(np.flatnonzero(abs(np.diff(luma.values[0, 4, :, 0])) > 0.002))
    flat = vidsr.degrade(tape=(2.0, 8.0))(clip(level=0.4)).values
    np.testing.assert_allclose(flat, 0.4, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in presets.PRESETS if name != "real-world"])
def test_a_preset_is_its_arguments(name):
    pipe = vidsr.degrade(preset=name)
    assert repr(pipe) == repr(vidsr.degrade(**presets.PRESETS[name]))
    assert (type(pipe.steps[-1]) is Codec) == (name in REAL)


@pytest.mark.parametrize("name", ["h264-low", "webcam", "real-world"])
def test_a_preset_through_a_real_codec_again_from_its_record(name):
    stack, pipe = clip(frames=2, height=64, width=48), vidsr.degrade(preset=name)
    out = pipe(stack, seed=3)
    assert out.shape[1:3] == {"h264-low": (64, 48), "webcam": (32, 24), "real-world": (16, 12)}[name]
    levels = out.values * 255
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)  # what came out of a decoder
    again = vidsr.Pipeline.from_provenance(out)
    assert repr(again.steps[-1]) == repr(pipe.steps[-1])
    if name == "real-world":
        told = vidsr.drawn(out).attrs
        assert len(told["steps"]) == 2 and len(told["chain"]) == len(pipe.steps)
        assert str(pipe.steps[0].optics) in told["chain"][0] and repr(pipe.steps[1]) == told["chain"][1]
    np.testing.assert_array_equal(again(stack).values, out.values)


def test_another_codec_takes_its_own_quality():
    assert vidsr.degrade(preset="vhs").steps[-1].quality == 6
    assert vidsr.degrade(preset="vhs", codec="h264").steps[-1].quality == 28
    last = vidsr.degrade(preset="real-world", seed=4, codec="mjpeg", quality=5).steps[-1]
    assert (last.codec, last.quality) == ("mjpeg", 5)
    seen = {vidsr.degrade(preset="real-world", seed=s).steps[-1].codec for s in range(20)}
    assert seen == {"h264", "mpeg2", "mjpeg"}


def test_what_is_given_goes_over_the_preset():
    names = [type(s).__name__ for s in vidsr.degrade(preset="film", dust=0, grain=False, noise=0.01).steps]
    assert names == ["Fading", "Weave", "Scratches", "Flicker", "Blur", "Noise"]
    assert vidsr.degrade(preset="bicubic", scale=2).steps[0].y == (1, 2)
    assert repr(vidsr.degrade(2, preset="blur-down").steps[1]) == repr(vidsr.resize(0.5, kernel="area"))
    assert [type(s).__name__ for s in vidsr.degrade(preset="phone", codec=False, psf=False).steps] == [
        "Sensor"
    ]


def test_the_real_world_is_drawn_once_and_held_in_the_steps():
    a, same, other = (vidsr.degrade(preset="real-world", seed=s, codec=False) for s in (7, 7, 8))
    assert repr(a) == repr(same) != repr(other)
    names = [type(s).__name__ for s in a.steps]
    order = ["Psf", "Detour", "Noise", "Jpeg"]
    assert names == [*order, "Resize", *order]
    drawn = {
        repr(vidsr.degrade(preset="real-world", seed=s, codec=False).steps[0]).split("'")[1]
        for s in range(20)
    }
    assert drawn == {"gaussian", "anisotropic", "disc", "motion"}
    fixed = vidsr.degrade(preset="real-world", seed=7, codec=False, noise=0, jpeg=50, scale=2).steps
    assert [type(s).__name__ for s in fixed] == ["Psf", "Detour", "Jpeg", "Resize", "Psf", "Detour", "Jpeg"]
    assert fixed[2].quality == fixed[-1].quality == 50 and fixed[0].optics == a.steps[0].optics


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"preset": "vsh"}, "preset='vhs'"),
        ({"preset": "realworld"}, "preset='real-world'"),
        ({"seed": 1, "noise": 0.1}, "preset='real-world', seed=1"),
        ({"preset": "real-world", "seed": -1}, "seed=1"),
        ({"preset": "real-world", "blur": 1.0}, r"degrade\(blur=...\) \| vidsr.degrade"),
        ({"quality": 20}, "codec='h264', quality=28"),
        ({"psf": ("disc", -2.0)}, "psf="),
        ({"psf": np.ones((4, 4))}, "two odd sides"),
        ({"psf": np.zeros((3, 3))}, "positive sum"),
        ({"psf": ("dics", 2.0)}, "nearest: psf=.'disc'"),
        ({"sensor": {"gian": 0.1}}, "no 'gian'"),
        ({"sensor": {"bits": 40}}, "outside"),
        ({"fading": 1.5}, "fading=0.5"),
        ({"tape": (1.0,)}, "tape="),
        ({"scratches": 1000}, "outside"),
        ({"interlace": "top"}, "'tff', 'bff'"),
        ({"kernel": "lanczos9", "scale": 2}, "none of 'bicubic'"),
    ],
    ids=str,
)
def test_nonsense_is_refused_with_the_line_to_type(wrong, word):
    with pytest.raises(vidsr.RecipeError, match=word):
        vidsr.degrade(**wrong)(clip())


def test_what_a_stack_must_have_for_it():
    stack = clip(height=9, width=20)
    with pytest.raises(vidsr.StackError, match="larger than the picture"):
        vidsr.degrade(psf=("disc", 6.0))(stack)
    untagged = stack.copy()
    untagged.attrs.pop("transfer")
    for part in ({"psf": ("disc", 1.0)}, {"sensor": {"read": 0.1}}, {"fading": 0.3}):
        with pytest.raises(vidsr.StackError, match=r"assign\(transfer='bt709'\)"):
            vidsr.degrade(**part)(untagged)
    for part in ({"sensor": {"mosaic": True}}, {"fading": 0.3}, {"tape": (1, 3)}):
        with pytest.raises(vidsr.StackError, match="3 channels"):
            vidsr.degrade(**part)(stack.isel(channel=[0]).assign_coords(channel=["Y"]))
