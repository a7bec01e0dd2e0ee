"""Controls: the range, unit and choices that a field states, and its value as the field takes it."""

import dataclasses

import pytest

import vidsr
from tests.laws.test_signatures import CLASSES
from vidsr.transforms.base import KEYED
from vidsr.transforms.degrade import Blur
from vidsr.transforms.denoise import Denoise
from vidsr.widgets.controls import controls_of


def made(step, settled=None):
    return controls_of(step, settled or step, "x")


def test_a_number_has_the_range_and_unit_of_its_field():
    controls = made(Denoise(sigma=0.02))
    assert list(controls) == ["x.sigma", "x.strength", "x.radius", "x.search"]
    sigma, radius = controls["x.sigma"], controls["x.radius"]
    assert sigma.range == (0, 1) and radius.range == (0, 8)
    assert sigma.unit == "signal in [0, 1], standard deviation"
    assert isinstance(radius.value, int) and isinstance(sigma.value, float)


def test_a_slider_first_spans_the_likely_part_and_widens():
    sigma = made(Denoise(sigma=0.02))["x.sigma"]
    assert sigma._own.max == pytest.approx(0.08)
    sigma.widget.children[1].click()
    assert sigma.value == 0.02 and sigma._own.max == pytest.approx(0.32)
    sigma.value = 0.9
    assert sigma.value == 0.9 and sigma._own.max == 0.9
    sigma.value = 7
    assert sigma.value == 1


def test_none_is_left_to_the_clip_and_shows_what_was_found():
    sigma = made(Denoise(), Denoise(sigma=0.03))["x.sigma"]
    assert sigma.value is None and sigma._own.disabled and sigma._own.value == 0.03
    told = []
    sigma.watch(lambda: told.append(sigma.value))
    sigma.found(0.05)
    assert sigma.value is None and sigma._own.value == 0.05
    sigma.value = 0.04
    assert sigma.value == 0.04 and not sigma._own.disabled and told[-1] == 0.04


def test_choices_and_switches():
    controls = made(vidsr.stabilise())
    assert controls["x.mode"].range == ("smooth", "lock")
    controls["x.mode"].value = "lock"
    assert controls["x.mode"].value == "lock"
    (codec,) = vidsr.degrade(codec="h264").steps
    assert made(codec)["x.deblock"].value is True


def test_facts_of_the_weights_are_not_moved():
    assert list(made(vidsr.denoise())) == ["x.strength"]  # sigma is unknown as long as nobody looked
    assert list(made(vidsr.super_resolve(model="tiny"))) == ["x.ensemble", "x.trips"]
    assert list(made(vidsr.resize(2))) == ["x.kernel"]
    assert not any(name.split(".")[1] in KEYED for name in made(vidsr.degrade(noise=0.1).steps[0]))


def test_a_slider_gives_numbers_that_are_short_to_write():
    sigma = made(Blur(sigma=1.0))["x.sigma"]
    sigma.value = 0.1 + 0.2
    assert sigma.value == 0.3


@pytest.mark.parametrize("step", CLASSES.values(), ids=CLASSES)
def test_every_step_with_defaults_has_controls_in_range(step):
    needed = [f for f in dataclasses.fields(step) if f.default is dataclasses.MISSING]
    if needed or step.__name__ == "Psf" or issubclass(step, CLASSES["Psf"]):
        return
    for control in made(step()).values():
        assert control.value == getattr(step(), control.name)
