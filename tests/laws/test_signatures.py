"""What the public names promise on paper: docstrings, units, ranges, and names that do not hide modules."""

import dataclasses
import importlib
import inspect
import pkgutil
import re
import typing

import pytest

import vidsr
from vidsr.transforms.base import Transform
from vidsr.transforms.pipeline import Pipeline
from vidsr.transforms.recipe import STEPS

FIDELITY = "(exact|faithful|generative)"
LIMITS = re.compile(r"\bunable to\b", re.IGNORECASE)
LAZY = [m.name for m in pkgutil.walk_packages(vidsr.__path__, "vidsr.") if m.ispkg] + ["vidsr"]


def is_verb(name):
    """A public function that chooses and builds a step or a chain of them."""
    function = getattr(vidsr, name)
    if name == "pipeline" or not inspect.isfunction(function) or "transforms" not in function.__module__:
        return False
    made = typing.get_type_hints(function)["return"]
    return inspect.isclass(made) and issubclass(made, Transform | Pipeline)


VERBS = [name for name in vidsr._WHERE if is_verb(name)]
CLASSES = {
    name: getattr(importlib.import_module(f"vidsr.transforms.{module}"), name)
    for name, module in STEPS.items()
}


def fields():
    for name, step in CLASSES.items():
        for field in dataclasses.fields(step):
            yield pytest.param(step, field, id=f"{name}.{field.name}")


def numbers_in(annotation):
    """Whether an annotation speaks of numbers: int, float, tuples of them, and those or None."""
    parts = typing.get_args(annotation)
    return annotation in (int, float) or any(numbers_in(part) for part in parts)


def test_there_are_verbs():
    assert {"resize", "crop", "degrade", "denoise", "super_resolve", "stabilise", "regrain"} <= set(VERBS)


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_says_what_it_does_to_the_truth(name):
    text = inspect.getdoc(getattr(vidsr, name))
    made = typing.get_type_hints(getattr(vidsr, name))["return"]
    fidelity = made.fidelity if isinstance(made.fidelity, str) else FIDELITY
    assert re.search(rf"\b{fidelity}\b", text, re.IGNORECASE), (
        f"{name} does not state its fidelity: {fidelity}"
    )
    assert LIMITS.search(text), f"{name} does not say what it is unable to do"
    assert "Raises:" in text, f"{name} does not say what it raises"
    arguments = list(inspect.signature(getattr(vidsr, name)).parameters)
    assert not [a for a in arguments if not re.search(rf"^\s+{a}: ", text, re.MULTILINE)], (
        f"{name}: {arguments}"
    )


@pytest.mark.parametrize("step", CLASSES.values(), ids=CLASSES)
def test_a_step_has_a_fidelity_and_a_docstring(step):
    assert step.fidelity in ("exact", "faithful", "generative") and step.__doc__.strip()


@pytest.mark.parametrize(("step", "field"), fields())
def test_a_field_has_a_unit_and_a_range(step, field):
    about, annotation = field.metadata, typing.get_type_hints(step)[field.name]
    assert about.get("role") in ("value", "option", "extra"), "declare it with value, option or extra"
    if about["role"] != "option" or numbers_in(annotation):
        assert about["unit"], "it is a quantity and has no unit"
    if about["role"] == "value":
        assert about["low"] is not None and about["high"] is not None and about["low"] <= about["high"]
    if about["role"] == "value" and isinstance(field.default, int | float):
        assert about["low"] <= field.default <= about["high"]


def lazily_exported(package):
    """Names that a package's `__getattr__` gives on first use."""
    module = importlib.import_module(package)
    given = getattr(module, "__getattr__", None)
    return [] if given is None else [n for n in module.__all__ if n not in getattr(module, "_MODULES", ())]


@pytest.mark.parametrize("package", LAZY)
def test_no_lazy_name_is_a_module_of_its_package(package):
    modules = {m.name for m in pkgutil.iter_modules(importlib.import_module(package).__path__)}
    assert not modules & set(lazily_exported(package))


def test_lazy_packages_are_found():
    assert [p for p in LAZY if lazily_exported(p)] == ["vidsr.media", "vidsr"]
