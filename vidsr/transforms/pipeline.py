"""Transforms composed: the sentence people type."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

import xarray as xr

from vidsr.adapters import engines
from vidsr.errors import RecipeError
from vidsr.frames import schema
from vidsr.run.law import Spec
from vidsr.transforms import apply as applying
from vidsr.transforms import memory, recipe
from vidsr.transforms.base import FIDELITIES, Random, Transform


@dataclasses.dataclass(frozen=True, repr=False)
class Pipeline:
    """A tuple of steps, made by `vidsr.pipeline(a, b)` or `a | b`; itself used like a step.

    Attributes:
      steps: the transforms in order.
      limit: the highest fidelity kind it may hold: exact, faithful or generative.
      blocks: block shape of a recorded run, or None to choose from the frame size.
      seed: seed of a recorded run, or None.
      source: identity of the source of a recorded run, or None.
    """

    steps: tuple[Transform, ...]
    limit: str = "generative"
    blocks: tuple[int, int, int] | None = None
    seed: int | None = None
    source: dict[str, Any] | None = None

    def __or__(self, other: "Transform | Pipeline") -> "Pipeline":
        return pipeline(self, other, fidelity=self.limit)

    def __repr__(self) -> str:
        return " | ".join(map(repr, self.steps)) or "pipeline()"

    def _repr_html_(self) -> str:
        from vidsr.transforms.explain import shown

        return shown(self)

    @property
    def fidelity(self) -> str:
        """The highest kind used: what the result may have done to the truth."""
        return max((step.fidelity for step in self.steps), key=FIDELITIES.index, default="exact")

    def spec(self, spec: Spec) -> Spec:
        """What comes out, for what comes in."""
        for step in self.steps:
            spec = step.spec(spec)
        return spec

    def seeded(self, seed: int) -> "Pipeline":
        """The same with its random steps keyed: by seed, kind of draw, and how many of that kind came before."""
        met: Counter = Counter()
        steps = []
        for step in self.steps:
            if isinstance(step, Random):
                step = dataclasses.replace(step, seed=seed, ordinal=met[step.salt])
                met[step.salt] += 1
            steps.append(step)
        return dataclasses.replace(self, steps=tuple(steps), seed=seed)

    def __call__(
        self, stack: xr.DataArray, *, seed: int | None = None, max_memory: str | float | None = None
    ) -> xr.DataArray:
        """Run on a frame stack.

        Args:
          stack: a frame stack. In memory: computed at once. A file or dask: lazy, computed where looked at.
          seed: of every random draw, 0 to 2^31 - 1; default 0, or the recorded one.
          max_memory: bytes, or "8GB", that the process is to keep within: blocks are made as small as that takes. They are recorded.

        Returns:
          A frame stack that carries the record of how it was made.

        Raises:
          StackError, RecipeError: what a step has against its input; before any work.
        """
        schema.check(stack)
        seed = seed if seed is not None else (self.seed or 0)
        if not 0 <= seed < 2**31:
            raise RecipeError(f"seed={seed} is outside 0 to 2^31 - 1. For example pipeline(stack, seed=0).")
        return applying.run(memory.bounded(self.seeded(seed), stack, max_memory), stack)

    def explain(self, source: Any = None, *, max_memory: str | float | None = None) -> Any:
        """What would be done: steps, footprint, passes, fidelity; with a source also sigma, memory, time.

        Args:
          source: None, a frame stack, or the path of a file.
          max_memory: with a source, the bytes, or "8GB", that a render of it to H.264 is to keep within.

        Returns:
          An Explanation, which prints as text and shows as HTML in a notebook.
        """
        from vidsr.transforms.explain import explain

        return explain(self, source, max_memory)

    def render(self, source: Any, out: Any, *, seed: int = 0, **options: Any) -> Any:
        """Render a file (or stack) to a file with bounded memory, progress and resume. See `vidsr.transforms.render`."""
        from vidsr.transforms.render import render

        return render(self, source, out, seed=seed, **options)

    @classmethod
    def from_provenance(
        cls,
        stack: xr.DataArray,
        *,
        extras: dict[str, xr.DataArray] | None = None,
        engine: str | None = None,
    ) -> "Pipeline":
        """The pipeline that made `stack`: as settled, with its seed and blocks.

        Args:
          stack: a result, or any slice of one.
          extras: what else went in, by name, for example {"mask": mask}: other stacks, modules of torch steps; hashes are checked.
          engine: runs the networks instead of the recorded one, see `vidsr.pipeline`; results then agree to a hundredth of an 8-bit level in f32, not bit for bit.

        Raises:
          StackError: no record. RecipeError: an extra stack is missing or differs; weights differ; the recorded engine is
            not installed.
        """
        return recipe.pipeline_of(cls, stack, extras or {}, engine)


def pipeline(
    *steps: Any, fidelity: str = "generative", engine: str | None = None, precision: str | None = None
) -> Pipeline:
    """Compose steps, in order.

    Args:
      steps: transforms and pipelines.
      fidelity: the highest kind allowed: "exact" (published closed forms only), "faithful" (estimates that invent
        no texture) or "generative".
      engine: runs the kernels of networks: "xla", on the CPU or an accelerator; on the CPU "openvino", "onnxruntime" (extra `fast`), or "auto", the fastest for each
        network that is installed, which `explain` names. None leaves each step its own, XLA for a new one.
      precision: "f32", "bf16" (OpenVINO, f32 on a CPU without it; XLA, for accelerators), or "auto": bf16 on CPUs that multiply it in hardware, for networks whose output it keeps within 50 dB.
        "int8": 8-bit whole numbers, for networks that `vidsr.quantise` measured (OpenVINO; f32 where it is not installed or the CPU lacks them); never taken by "auto".
        None: "auto" where an engine is named.

    Raises:
      RecipeError: a step is not a transform, or may do more to the truth than `fidelity` allows; no such engine or precision, or it is
        not installed.
    """
    engines.check(engine, precision)
    if fidelity not in FIDELITIES:
        raise RecipeError(
            f"fidelity={fidelity!r} is none of {FIDELITIES}. For example pipeline(..., fidelity='faithful')."
        )
    flat = tuple(recipe.run_by(step, engine, precision) for step in _flat(steps))
    for step in flat:
        if FIDELITIES.index(step.fidelity) > FIDELITIES.index(fidelity):
            raise RecipeError(
                f"{type(step).__name__} is {step.fidelity}, above the {fidelity!r} that this pipeline allows. "
                f"Leave it out, or allow it: vidsr.pipeline(..., fidelity={step.fidelity!r})."
            )
    return Pipeline(flat, fidelity)


def _flat(steps: Sequence[Any]) -> Any:
    for step in steps:
        if isinstance(step, Pipeline):
            yield from step.steps
        elif isinstance(step, Transform):
            yield step
        elif callable(step):
            name = getattr(step, "__name__", "denoise")
            raise RecipeError(f"{name} is the verb itself, not a step. Call it: vidsr.{name}().")
        else:
            raise RecipeError(
                f"{step!r} is no step. For example vidsr.pipeline(vidsr.denoise(), vidsr.super_resolve())."
            )
