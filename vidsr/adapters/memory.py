"""Arrays between JAX, numpy and torch through DLPack: the same memory where both sides can use it as it lies."""

from typing import Any

import jax
import numpy as np
import torch

from vidsr.errors import RecipeError


def to_torch(array: Any) -> torch.Tensor:
    """A jax or numpy array as a tensor; shares memory, unless numpy says that it may not be written to."""
    if isinstance(array, torch.Tensor):
        return array
    if isinstance(array, np.ndarray):
        writeable = array if array.flags.writeable else array.copy()
        return torch.from_numpy(writeable)
    if not hasattr(array, "__dlpack__"):
        raise RecipeError(
            f"a {type(array).__name__} is no array. For example vidsr.torch.to_torch(stack.values)."
        )
    return torch.from_dlpack(array)


def to_jax(tensor: Any) -> jax.Array:
    """A tensor as a jax array; shares memory where it is contiguous and starts at a multiple of 64 bytes."""
    if not isinstance(tensor, torch.Tensor):
        raise RecipeError(
            f"a {type(tensor).__name__} is no tensor. For example vidsr.torch.to_jax(torch.zeros(2, 3)); "
            "weights of a module: vidsr.torch.params(module)."
        )
    return jax.dlpack.from_dlpack(tensor.detach().contiguous())
