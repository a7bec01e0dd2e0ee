"""Our networks as torch modules, and back."""

from typing import Any

import numpy as np
import torch
from torch import nn

from vidsr.adapters import layout
from vidsr.adapters.described import NETWORKS
from vidsr.adapters.twin import TorchOps
from vidsr.errors import RecipeError


class Exported(nn.Module):
    """A network of `vidsr.models` in torch: ``(n, c, y, x)`` signal in [0, 1] -> ``(n, c, y * scale, x * scale)``, not clipped.

    Parameters are named as in the JAX network ("block0.norm1.scale"); kernels are OIHW.
    """

    def __init__(self, model: str, args: dict[str, int], params: layout.Tree):
        super().__init__()
        self.model, self.args = model, dict(args)
        for path, leaf in layout.tensors(params).items():
            *above, name = path.split("/")
            part: nn.Module = self
            for step in above:
                if not hasattr(part, step):
                    part.add_module(step, nn.Module())
                part = getattr(part, step)
            part.register_parameter(name, nn.Parameter(leaf.contiguous()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return NETWORKS[self.model](TorchOps(self._named()), x, self.args)

    def extra_repr(self) -> str:
        return f"{self.model!r}, {self.args}"

    def _named(self) -> layout.Named:
        return {name.replace(".", "/"): leaf for name, leaf in self.named_parameters()}


def exported(model: str, args: dict[str, int], params: layout.Tree) -> Exported:
    """A network with these weights, in evaluation mode.

    Raises:
      RecipeError: it has no torch twin.
    """
    if model not in NETWORKS:
        raise RecipeError(f"{model!r} has no torch twin. There is one of: {', '.join(NETWORKS)}.")
    return Exported(model, args, params).eval()


def params(module: Any) -> layout.Tree:
    """Weights of an exported module as `vidsr.models.apply` takes them, copied.

    Raises:
      RecipeError: the module is not one that `exported` made.
    """
    if not isinstance(module, Exported):
        raise RecipeError(
            f"a {type(module).__name__} is no network of vidsr's. For example vidsr.torch.params(vidsr.torch.export('sr-tiny-x4'))."
        )
    named = {path: leaf.detach().cpu() for path, leaf in module._named().items()}

    def copied(tree: layout.Tree) -> layout.Tree:
        return {k: copied(v) if isinstance(v, dict) else np.array(v) for k, v in tree.items()}

    return copied(layout.arrays(named))
