"""What a run computes, counted without computing it: its jitted calls, and what each of them costs by the compiler.

While a `Tally` is open in a thread, nodes hand their calls to it instead of running them and get zeros of the right shape, so that halos, blocks,
tiles and rings are walked through as in a run, at any frame size.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextvars import ContextVar, Token
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

KEPT = 256  # costs of calls that are remembered
_OPEN: ContextVar["Tally | None"] = ContextVar("tally", default=None)


class Work(NamedTuple):
    """What a program does.

    Attributes:
      flops: floating-point operations.
      bytes: that its operations read and write, one by one, as fused.
      moved: bytes that go in and come out, and no less has to move.
      is_open: whether it holds loops of unknown length, counted as one round.
    """

    flops: float = 0.0
    bytes: float = 0.0
    moved: float = 0.0
    is_open: bool = False

    def plus(self, other: "Work", times: float = 1.0) -> "Work":
        return Work(
            self.flops + times * other.flops,
            self.bytes + times * other.bytes,
            self.moved + times * other.moved,
            self.is_open or other.is_open,
        )


class Call(NamedTuple):
    """A jitted function and the shapes it is called with; hashable."""

    function: Any
    leaves: tuple
    tree: Any
    static: tuple

    def arguments(self) -> tuple:
        return tuple(jax.tree.unflatten(self.tree, self.leaves))


class Tally:
    """`with Tally() as tally: node.read(...)`, then `tally.work()` and `tally.host`, names of the steps that no compiler knows."""

    def __init__(self) -> None:
        self.calls: Counter[Call] = Counter()
        self.host: Counter[str] = Counter()
        self._token: Token | None = None

    def __enter__(self) -> "Tally":
        self._token = _OPEN.set(self)
        return self

    def __exit__(self, *_: Any) -> None:
        assert self._token is not None
        _OPEN.reset(self._token)

    def call(self, function: Any, *given: Any, **static: Any) -> Any:
        """Note a call; zeros of the shapes it would give."""
        leaves, tree = jax.tree.flatten(given)
        call = Call(function, tuple(map(_shape, leaves)), tree, tuple(sorted(static.items())))
        self.calls[call] += 1
        return jax.tree.map(lambda like: zeros(like.shape, like.dtype), _result(call))

    def work(self, *, is_compiled: bool = True) -> Work:
        """The sum over all calls, each kind compiled once; or of the programs before they are compiled, which takes less time."""
        total = Work()
        for call, times in self.calls.items():
            total = total.plus(work_of(call) if is_compiled else _traced(call)[0], times)
        return total


def opened() -> Tally | None:
    """The tally of this thread, if one is open."""
    return _OPEN.get()


def zeros(shape: Sequence[int], dtype: Any = np.float32) -> np.ndarray:
    """Zeros that take no memory."""
    return np.broadcast_to(np.zeros((), dtype), tuple(shape))


@lru_cache(KEPT)
def _result(call: Call) -> Any:
    return call.function.eval_shape(*call.arguments(), **dict(call.static))


@lru_cache(KEPT)
def work_of(call: Call) -> Work:
    """What one call costs: of the compiled program, with every round of its loops.

    The compiler counts the body of a loop once however often it goes round. The other rounds are counted from the program before it was
    fused, and fusing is taken to change them as it changes the whole.
    """
    all_rounds, once, lowered = _traced(call)
    fused = _counted(lowered.compile())
    ratios = [new / old if old else 1.0 for new, old in zip(fused[:2], once[:2], strict=True)]
    ends = [leaf for leaf in (*call.leaves, *jax.tree.leaves(_result(call))) if hasattr(leaf, "shape")]
    moved = sum(int(np.prod(leaf.shape)) * leaf.dtype.itemsize for leaf in ends)
    return Work(all_rounds.flops * ratios[0], all_rounds.bytes * ratios[1], moved, all_rounds.is_open)


def _traced(call: Call) -> tuple[Work, Work, Any]:
    """Before fusion: with every round of its loops, with one round of each, and the program."""
    traced = call.function.trace(*call.arguments(), **dict(call.static))
    lowered = traced.lower()
    once = _counted(lowered)
    return once.plus(_rounds(traced.jaxpr)), once, lowered


def work(function: Callable, *given: Any) -> Work:
    """What a function costs on arrays of these shapes, as compiled for this machine."""
    leaves, tree = jax.tree.flatten(given)
    return work_of(Call(jax.jit(function), tuple(map(_shape, leaves)), tree, ()))


def _counted(program: Any) -> Work:
    found = program.cost_analysis() or {}
    return Work(max(found.get("flops", 0.0), 0.0), max(found.get("bytes accessed", 0.0), 0.0))


def _rounds(jaxpr: ClosedJaxpr) -> Work:
    """Every round of a loop after the first, before fusion."""
    total = Work()
    for equation in jaxpr.jaxpr.eqns:
        more = Work()
        for part in (part for param in equation.params.values() for part in _parts(param)):
            more = more.plus(_rounds(part))
        if equation.primitive.name == "scan":
            body = equation.params["jaxpr"]
            shapes = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in body.in_avals]
            once = _counted(jax.jit(jaxpr_as_fun(body)).lower(*shapes)).plus(more)
            more = more.plus(once, equation.params["length"] - 1)
        elif equation.primitive.name == "while":
            more = more._replace(is_open=True)
        total = total.plus(more)
    return total


def _parts(param: Any) -> list[ClosedJaxpr]:
    """The programs inside a parameter of an operation."""
    if isinstance(param, ClosedJaxpr):
        return [param]
    if hasattr(param, "eqns"):
        return [ClosedJaxpr(param, ())]
    return [part for item in param for part in _parts(item)] if isinstance(param, tuple | list) else []


def _shape(leaf: Any) -> Any:
    """What a traced argument is but for its values; a Python number is left as it is."""
    if isinstance(leaf, bool | int | float | complex):
        return leaf
    return jax.ShapeDtypeStruct(np.shape(leaf), jax.dtypes.canonicalize_dtype(leaf.dtype))
