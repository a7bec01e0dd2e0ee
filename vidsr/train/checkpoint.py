"""Checkpoints of a run, kept by orbax: the two last ones, each whole before it bears its name."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jax

from vidsr.errors import MediaError, RecipeError
from vidsr.train.settings import Settings
from vidsr.train.step import State

KEPT = 2


class Checkpoints:
    """The checkpoints of one folder; use as a context manager.

    Args:
      folder: made if absent.
      settings: of the run; a checkpoint made under others is refused.
    """

    def __init__(self, folder: Path, settings: Settings):
        import orbax.checkpoint as ocp

        self._ocp, self._folder = ocp, folder.resolve()
        self._settings = asdict(settings)
        options = ocp.CheckpointManagerOptions(max_to_keep=KEPT, enable_async_checkpointing=False)
        try:
            self._manager = ocp.CheckpointManager(self._folder, options=options)
        except (OSError, ValueError) as error:
            raise MediaError(
                f"{folder} cannot hold checkpoints: {error}. Name another folder: --out FOLDER"
            ) from error

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *_: object) -> None:
        self._manager.close()

    def last(self, fresh: State) -> tuple[State, dict[str, Any]]:
        """The state to go on from and what was noted with it; `fresh` and nothing where no run was begun.

        Raises:
          RecipeError: the folder holds a run with other settings or of another network.
          MediaError: the checkpoint cannot be read.
        """
        step = self._manager.latest_step()
        if step is None:
            return fresh, {}
        args = self._ocp.args
        facts = self._restored(step, facts=args.JsonRestore())
        self._refuse_another(facts, fresh)
        arrays = self._restored(step, state=args.StandardRestore(_arrays(fresh)))
        return {**arrays, "step": facts["step"]}, facts

    def save(self, state: State, facts: dict[str, Any]) -> None:
        """Keep a state; `facts` is what JSON can hold.

        Raises:
          MediaError: it cannot be written; the checkpoints before it are untouched.
        """
        args = self._ocp.args
        whole = {**facts, "step": state["step"], "settings": self._settings, "shapes": _shapes(state)}
        try:
            self._manager.save(
                state["step"],
                args=args.Composite(
                    state=args.StandardSave(_arrays(state)),
                    facts=args.JsonSave(json.loads(json.dumps(whole))),
                ),
            )
        except (OSError, ValueError, RuntimeError) as error:
            kept = [step for step in self._manager.all_steps() if step < state["step"]]
            raise MediaError(
                f"the checkpoint of step {state['step']} could not be written into {self._folder}: {str(error)[:200]}. "
                f"Step {max(kept, default=0)} is intact: make room, then give the same command again."
            ) from error

    def _restored(self, step: int, **part: Any) -> Any:
        try:
            (name,) = part
            return self._manager.restore(step, args=self._ocp.args.Composite(**part))[name]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise MediaError(
                f"checkpoint {step} cannot be read: {str(error)[:200]}. Delete {self._folder / str(step)} "
                "to go on from the one before, or name an empty folder: --out FOLDER"
            ) from error

    def _refuse_another(self, facts: dict[str, Any], fresh: State) -> None:
        # The engine may change between two parts of one run; all the rest is what the run is.
        wanted = {**self._settings, "engine": facts["settings"]["engine"]}
        differing = sorted(
            key for key in wanted | facts["settings"] if facts["settings"].get(key) != wanted.get(key)
        )
        if facts["shapes"] != _shapes(fresh):
            differing.append("network")
        if differing:
            raise RecipeError(
                f"{self._folder} holds a run with other settings ({', '.join(differing)}). "
                "Name another folder: --out FOLDER"
            )


def _arrays(state: State) -> State:
    return {key: part for key, part in state.items() if key != "step"}


def _shapes(state: State) -> dict[str, list[int]]:
    leaves = jax.tree_util.tree_leaves_with_path(state["params"])
    return {jax.tree_util.keystr(path): list(leaf.shape) for path, leaf in leaves}
