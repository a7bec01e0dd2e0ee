"""Weights between the two layouts: nested dicts of JAX arrays (kernels HWIO), and torch tensors by path (kernels OIHW)."""

from typing import Any

import numpy as np

Tree = dict[str, Any]  # nested dicts of arrays
Named = dict[str, Any]  # tensors by path, "block0/norm1/scale"


def tensors(params: Tree) -> Named:
    """Weights as tensors, copied; kernels from HWIO, IO (1x1) or HWC (depthwise) to OIHW, laid out channels last."""
    import torch

    found = {path: torch.from_numpy(leaf) for path, leaf in named(params).items()}
    laid = torch.channels_last
    return {path: t.contiguous(memory_format=laid) if t.ndim == 4 else t for path, t in found.items()}


def named(params: Tree) -> dict[str, np.ndarray]:
    """The same as arrays: by path, copied, kernels OIHW."""
    return {path: _oihw(np.asarray(leaf)) for path, leaf in _flat(params).items()}


def arrays(named: Named) -> Tree:
    """Tensors back in the layout that `tensors` took them from; vectors share their memory."""
    return nested({path: _out(path, leaf) for path, leaf in named.items()})


def nested(flat: dict[str, np.ndarray]) -> Tree:
    """Nested dicts of leaves by path, names joined by a slash."""
    tree: Tree = {}
    for path, leaf in flat.items():
        *above, name = path.split("/")
        part = tree
        for step in above:
            part = part.setdefault(step, {})
        part[name] = leaf
    return tree


def _flat(tree: Tree, before: str = "") -> dict[str, np.ndarray]:
    """Leaves by path, names joined by a slash."""
    found: dict[str, np.ndarray] = {}
    for name, part in tree.items():
        found |= _flat(part, f"{before}{name}/") if isinstance(part, dict) else {before + name: part}
    return found


def _oihw(array: np.ndarray) -> np.ndarray:
    if array.ndim == 1:
        return array.copy()
    shape = {2: (1, 1, *array.shape), 3: (*array.shape[:2], 1, array.shape[-1])}.get(array.ndim, array.shape)
    return array.reshape(shape).transpose(3, 2, 0, 1).copy()


def _out(path: str, tensor: Any) -> np.ndarray:
    if tensor.ndim == 1:
        return tensor.numpy()
    array = np.ascontiguousarray(tensor.permute(2, 3, 1, 0).numpy())
    if array.shape[:2] == (1, 1):
        return array[0, 0]
    return array[:, :, 0] if path.endswith("around/kernel") else array
