"""What is sent to every worker of a cluster: pickles, with a word on what cannot be one."""

import pickle
from typing import Any

import cloudpickle

from vidsr.errors import RecipeError
from vidsr.run.view import View
from vidsr.transforms.cluster.fitness import said

LARGEST = 256e6  # bytes


def chain(view: View) -> bytes:
    """Source, steps and extra stacks, to be tried; nothing is settled or analysed for it."""
    return _pickled((view.array, [step.bare() for step in view.steps], view.extra_sources), view)


def work(view: View, encoding: Any) -> bytes:
    """A view, as far as it is settled and analysed, and how it is encoded; `unpacked` gives both."""
    steps = [step.bare() for step in view.steps]
    made_of = (view.array, view.source_spec, steps, view.numbers, view.blocks, view.extra_sources)
    return _pickled((made_of, view.solved, encoding), view)


def unpacked(data: bytes) -> tuple[View, Any]:
    """What `work` was given. The view says nothing of its domain: whoever sent it has."""
    made_of, solved, encoding = pickle.loads(data)
    view = View(*made_of)
    view.solved, view.is_quiet = solved, True
    return view, encoding


def _pickled(item: Any, view: View) -> bytes:
    """The bytes.

    Raises:
      RecipeError: a step or the source cannot be sent, or is too large to be.
    """
    try:
        data = cloudpickle.dumps(item)
    except Exception as error:
        raise RecipeError(_unsendable(view, error)) from error
    if len(data) > LARGEST:
        raise RecipeError(
            f"the pipeline and its source are {len(data) / 1e6:.0f} MB to send to every worker, most likely because a stack is in memory; "
            f"at most {LARGEST / 1e6:.0f} MB are sent. Save it and render the file: vidsr.save(stack, 'clip.mkv', codec='ffv1')."
        )
    return data


def _unsendable(view: View, error: Exception) -> str:
    """Which step it is that cannot be sent."""
    for number, step in enumerate(view.steps, 1):
        try:
            cloudpickle.dumps(step.bare())
        except Exception as why:
            return (
                f"step {number}, {type(step).__name__}, cannot be sent to workers ({said(why)}). Build it from functions and classes of a module, "
                "without open files, locks or threads; or render without client=."
            )
    return f"the source cannot be sent to workers ({said(error)}). Render a file: pipeline.render('clip.mkv', out, client=client)."
