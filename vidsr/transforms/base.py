"""What a transform is: a frozen dataclass that states its spec, its footprint and a pure kernel.

Fields are declared with `value` (a number a slider may move: traced, never recompiles), `option` (decides shapes:
static) or `extra` (another frame stack: a mask, a reference). See `vidsr/run/law.py` for Spec, Footprint and At.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import jax
import numpy as np

from vidsr.errors import RecipeError
from vidsr.run.coded import Coded
from vidsr.run.law import At, Axis, Footprint, Spec, Verdict

FIDELITIES = ("exact", "faithful", "generative")
KEYED = ("seed", "ordinal")  # fields that every call sets anew
STATED = (
    "fidelity",
    "engine",
    "precision",
    "ranges",
    "watch",
)  # what a step is and how it runs, told in places of their own
FOUND = ("gain", "shade")  # fields that say how sure a step is of what it found: nobody sets them


def value(
    default: Any = dataclasses.MISSING, *, unit: str, low: float, high: float, settled: bool = False
) -> Any:
    """A field that is traced: a number or an array. `settled`: None means, look at the clip."""
    return _field(default, role="value", unit=unit, low=low, high=high, settled=settled)


def option(
    default: Any = dataclasses.MISSING,
    *,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Any] = (),
    settled: bool = False,
) -> Any:
    """A field that is static: it decides shapes or which code runs. `settled`: None means, look at the clip."""
    return _field(
        default, role="option", unit=unit, low=low, high=high, choices=tuple(choices), settled=settled
    )


def extra() -> Any:
    """A field that holds another frame stack; it is taken out before anything is compiled."""
    return _field(None, role="extra", unit="frame stack", low=None, high=None, settled=False)


def _field(default: Any, **metadata: Any) -> Any:
    shown = metadata["role"] != "extra"  # a stack would fill the page
    return dataclasses.field(default=default, repr=shown, metadata=metadata)


def transform(cls: type) -> type:
    """Make `cls` a frozen keyword-only dataclass and a jax pytree whose traced leaves are its values."""
    cls = dataclasses.dataclass(frozen=True, kw_only=True, eq=False)(cls)
    fields = dataclasses.fields(cls)
    static = [f.name for f in fields if f.metadata.get("role") == "option"]
    traced = [f.name for f in fields if f.name not in static]
    return jax.tree_util.register_dataclass(cls, data_fields=traced, meta_fields=static)


@transform
class Transform:
    """A step. Subclasses are decorated with `@transform` and override what they need."""

    kind: ClassVar[str] = "local"  # local | scan | analysis | host
    fidelity: ClassVar[str] = "faithful"  # exact | faithful | generative
    looks: ClassVar[bool] = (
        True  # settling reads frames; else tags are enough, and it settles on meeting a stack
    )
    rounds: ClassVar[bool] = False  # quantises: 1e-7 upstream may flip one quantum

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            _check_field(self, field)

    def spec(self, spec: Spec) -> Spec:
        """What comes out, for what comes in; raises what the step has against its input."""
        return spec

    def footprint(self) -> Footprint:
        """Which input any output needs; from static fields alone."""
        return Footprint()

    def apply(self, x: jax.Array, at: At, state: Any = None) -> Any:
        """The kernel; see the module docstring of `vidsr.run.law`."""
        raise NotImplementedError(
            f"{type(self).__name__} has no kernel: define apply(self, x, at, state=None)."
        )

    def outside(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """What stands in the middle of `apply`, from `fed` to `made`, if another engine than XLA runs it; None where there is none."""
        return None

    def engaged(self) -> "Transform":
        """The step with the engine settled that runs its network, if it has one."""
        return self

    def libraries(self) -> dict[str, str]:
        """Versions that may change bits, besides those of every record."""
        return {}

    def open(self) -> bool:
        """Whether a field still has to be settled by looking at the clip."""
        return any(
            f.metadata.get("settled") and getattr(self, f.name) is None for f in dataclasses.fields(self)
        )

    def settle(self, spec: Spec, look: Callable[[Sequence[int]], np.ndarray]) -> "Transform":
        """Fill in open fields; `look(frames)` gives (n, y, x, c) of what comes into this step."""
        raise NotImplementedError(
            f"{type(self).__name__} declares settled fields: define settle(self, spec, look)."
        )

    def why(self, spec: Spec) -> str:
        """Of an open step that does not look: what it settles to on a stack with these tags, and why; for `explain`."""
        return ""

    def has_domain(self) -> bool:
        """Whether the step knows what it was made for, and can `judge`."""
        return False

    def judge(self, look: Callable[[tuple], np.ndarray], spec: Spec) -> Verdict | None:
        """Hold what comes in against what the step was made for; None where it cannot tell.

        Args:
          look: gives a few frames (n, y, x, c) of a part of the picture, ((top, rows), (left, columns)).
          spec: of what comes in.
        """
        return None

    def extras(self) -> tuple:
        """The stacks this step needs beside its input."""
        names = [f.name for f in dataclasses.fields(self) if f.metadata.get("role") == "extra"]
        return tuple(getattr(self, n) for n in names if getattr(self, n) is not None)

    def bare(self) -> "Transform":
        """The step without its extra stacks, as it goes into jit."""
        names = [f.name for f in dataclasses.fields(self) if f.metadata.get("role") == "extra"]
        return dataclasses.replace(self, **dict.fromkeys(names)) if names else self

    def record(self) -> dict[str, Any]:
        """The fields as JSON, from which `from_record` makes the step again."""
        fields = [f for f in dataclasses.fields(self) if f.metadata.get("role") != "extra"]
        return {f.name: plain(getattr(self, f.name)) for f in fields}

    @classmethod
    def from_record(cls, record: dict[str, Any], extras: dict[str, Any]) -> "Transform":
        """The step again; `extras` holds the stacks by field name."""
        known = {f.name for f in dataclasses.fields(cls) if f.metadata.get("role") == "extra"}
        static = {f.name for f in dataclasses.fields(cls) if f.metadata.get("role") == "option"}
        fields = {k: _frozen(v) if k in static else _array(v) for k, v in record.items()}
        return cls(**fields, **{k: v for k, v in extras.items() if k in known})

    def __or__(self, other: "Transform") -> Any:
        from vidsr.transforms.pipeline import pipeline

        return pipeline(self, other)

    def __call__(self, stack: Any, *, seed: int = 0, max_memory: str | float | None = None) -> Any:
        """Run on a frame stack: at once if it is in memory, lazily if it is a file or dask."""
        from vidsr.transforms.pipeline import pipeline

        return pipeline(self)(stack, seed=seed, max_memory=max_memory)

    def _repr_html_(self) -> str:
        from vidsr.transforms.pipeline import pipeline

        return pipeline(self)._repr_html_()

    def explain(self, source: Any = None, *, max_memory: str | float | None = None) -> Any:
        """See `Pipeline.explain`."""
        from vidsr.transforms.pipeline import pipeline

        return pipeline(self).explain(source, max_memory=max_memory)

    def render(self, source: Any, out: Any, **options: Any) -> Any:
        """See `Pipeline.render`."""
        from vidsr.transforms.pipeline import pipeline

        return pipeline(self).render(source, out, **options)


@transform
class Random(Transform):
    """A step that draws numbers at absolute (frame, y, x, channel): the same for any block."""

    fidelity: ClassVar[str] = "generative"
    salt: ClassVar[int] = 0  # one constant for each kind of draw

    seed: int = value(0, unit="seed", low=0, high=2**31 - 1)
    ordinal: int = value(0, unit="steps of this kind before", low=0, high=2**31 - 1)


@transform
class Scan(Transform):
    """A causal step: `apply` takes whole frames in order and the carried state, and returns both."""

    kind: ClassVar[str] = "scan"

    def init(self, spec: Spec) -> Any:
        """The state before the first frame."""
        raise NotImplementedError(f"{type(self).__name__} is causal: define init(self, spec).")


@transform
class Analysis(Transform):
    """A step that first measures rows per frame, then solves them to a table; `apply` gets its part of the table."""

    kind: ClassVar[str] = "analysis"
    reach: ClassVar[int | None] = (
        None  # rows either side that a frame's table row depends on; None: the whole clip
    )

    def measure_footprint(self) -> Footprint:
        """Frames around it that a row needs (the time axis; frames are whole)."""
        return Footprint()

    def measure(self, x: jax.Array, at: At) -> jax.Array:
        """Rows (n_t, k) float32 of a block of whole frames."""
        raise NotImplementedError(f"{type(self).__name__} measures: define measure(self, x, at).")

    def solve(self, rows: np.ndarray, spec: Spec) -> tuple[np.ndarray, dict]:
        """Table (T, m) float32 and clip-wide values, from rows (T, k)."""
        raise NotImplementedError(f"{type(self).__name__} solves: define solve(self, rows, spec).")


@transform
class HostStep(Transform):
    """A step outside jit, such as a real codec: numpy in, numpy out, whole frames, a group of them at a time.

    It closes the fused segment before it and is neither compiled nor exported. `apply(x, at, spec)` gets a group, where it
    lies and which part of the output is wanted, and the spec of what comes in; it runs on one thread, and the same group gives the same bits.

    Attributes:
      levels: the whole numbers that `apply` takes and gives in place of signal, of a step that works on such.
    """

    kind: ClassVar[str] = "host"
    levels: ClassVar[Coded | None] = None

    def footprint(self) -> Footprint:
        """Whole frames; in time, one less than the longest group either side."""
        return Footprint(y=Axis(whole=True), x=Axis(whole=True))

    def groups(self, frames: np.ndarray) -> np.ndarray:
        """A number for each absolute frame number; neighbours in the stack that share it are one group. Here: every frame alone."""
        return frames

    def tiles(self, spec: Spec) -> tuple[int, int]:
        """Rows and columns of output made together, of what comes in as `spec`; `apply` is asked for one such tile. Here: whole frames."""
        _, height, width, _ = self.spec(spec).shape
        return height, width


def _check_field(step: Transform, field: dataclasses.Field) -> None:
    name, given, about = field.name, getattr(step, field.name), field.metadata
    call = f"{type(step).__name__}({name}={field.default if field.default is not dataclasses.MISSING else '...'})"
    if about.get("choices") and given is not None and given not in about["choices"]:
        raise RecipeError(
            f"{name}={given!r} is none of {', '.join(map(repr, about['choices']))}. For example {call}."
        )
    if not isinstance(given, int | float | np.number) or isinstance(given, bool):
        return
    low, high = about.get("low"), about.get("high")
    if (low is not None and not given >= low) or (high is not None and not given <= high):
        raise RecipeError(
            f"{name}={given} is outside {low} to {high} ({about.get('unit')}). For example {call}."
        )
    if about.get("role") == "value" and not isinstance(field.default, int):
        object.__setattr__(step, name, float(given))  # int and float would be two compilations


def plain(item: Any) -> Any:
    """A field's value as JSON can hold it."""
    if isinstance(item, np.ndarray | jax.Array | np.generic):
        return np.asarray(item).tolist()
    if isinstance(item, tuple | list):
        return [plain(i) for i in item]
    return item


def number(item: Any) -> Any:
    """A field's value with a Python number for an array without dims, written as short as float32 allows."""
    if not isinstance(item, np.ndarray | jax.Array | np.generic) or item.ndim:
        return item
    whole = np.asarray(item)
    return float(str(np.float32(whole))) if whole.dtype.kind == "f" else whole.item()


def _frozen(item: Any) -> Any:
    return tuple(_frozen(i) for i in item) if isinstance(item, list) else item


def _array(item: Any) -> Any:
    return np.asarray(item, np.float32) if isinstance(item, list) else item
