"""SOAP: Adam run in the slowly turning eigenbasis of Shampoo's preconditioner.

Source: Vyas et al., "SOAP: Improving and Stabilizing Shampoo using Adam", 2024, algorithm 3. A kernel is taken as a
matrix (taps times inputs, outputs); vectors (bias, slope) get plain Adam. The two matrices a layer keeps are small in networks
like ours, and far fewer steps are needed than by Adam: `benchmarks/training.py` measures both.

State and parameters are nested dicts of float32 arrays; everything is pure and may be jitted.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

DECAY = 0.95  # of all running means; the paper's own
EVERY = 10  # steps between two turns of the basis
EPSILON = 1e-8

Params = dict[str, Any]


def fresh(params: Params) -> Params:
    """The optimiser's state before the first step: a dict of arrays in the place of every leaf."""
    return jax.tree.map(_fresh, params)


def update(params: Params, grads: Params, state: Params, count: Array, rate: Array) -> tuple[Params, Params]:
    """One step: new parameters and state.

    Args:
      params, grads: alike in structure.
      state: from `fresh` or the last step.
      count: steps taken before, int32. On step 0 only the basis is found; kernels stay.
      rate: learning rate.
    """
    structure = jax.tree.structure(params)
    leaves = (structure.flatten_up_to(tree) for tree in (params, grads, state))
    with jax.default_matmul_precision("highest"):
        moved = [_leaf(*three, count, rate) for three in zip(*leaves, strict=True)]
    return tuple(structure.unflatten(part) for part in zip(*moved, strict=True))


def _fresh(leaf: Array) -> dict[str, Array]:
    zeros = jnp.zeros(leaf.shape, jnp.float32)
    if leaf.ndim == 1:
        return {"mean": zeros, "square": zeros}
    matrix = zeros.reshape(-1, leaf.shape[-1])
    rows, columns = matrix.shape
    left, right = jnp.zeros((rows, rows)), jnp.zeros((columns, columns))
    return {
        "mean": matrix,
        "square": matrix,
        "left": left,
        "right": right,
        "left_basis": left,
        "right_basis": right,
    }


def _leaf(leaf: Array, grad: Array, own: dict[str, Array], count: Array, rate: Array):
    if leaf.ndim == 1:
        mean, square = _mean(own["mean"], grad), _mean(own["square"], grad**2)
        return leaf - rate * _adam(mean, square, count), {"mean": mean, "square": square}
    matrix = grad.reshape(own["mean"].shape)
    left, right = _mean(own["left"], matrix @ matrix.T), _mean(own["right"], matrix.T @ matrix)
    first = count == 0
    left_basis, right_basis = lax.cond(
        first,
        lambda: (jnp.linalg.eigh(left)[1], jnp.linalg.eigh(right)[1]),
        lambda: (own["left_basis"], own["right_basis"]),
    )
    mean = jnp.where(first, own["mean"], _mean(own["mean"], matrix))
    turned = left_basis.T @ matrix @ right_basis
    square = jnp.where(first, own["square"], _mean(own["square"], turned**2))
    step = left_basis @ _adam(left_basis.T @ mean @ right_basis, square, count) @ right_basis.T
    new = leaf - jnp.where(first, 0.0, rate) * step.reshape(leaf.shape)
    turn = (count == 1) | (~first & (count % EVERY == 0))
    square, left_basis, right_basis = lax.cond(
        turn,
        lambda: _turned(square, left, right, left_basis, right_basis),
        lambda: (square, left_basis, right_basis),
    )
    kept = {
        "mean": mean,
        "square": square,
        "left": left,
        "right": right,
        "left_basis": left_basis,
        "right_basis": right_basis,
    }
    return new, kept


def _mean(old: Array, new: Array) -> Array:
    return DECAY * old + (1.0 - DECAY) * new


def _adam(mean: Array, square: Array, count: Array) -> Array:
    correction = 1.0 - DECAY ** (count + 1).astype(jnp.float32)
    return (mean / correction) / (jnp.sqrt(square / correction) + EPSILON)


def _turned(square: Array, left: Array, right: Array, left_basis: Array, right_basis: Array):
    """One step of orthogonal iteration: axes sorted by size, multiplied by the preconditioner, made orthogonal."""
    rows = jnp.argsort(-jnp.diag(left_basis.T @ left @ left_basis))
    columns = jnp.argsort(-jnp.diag(right_basis.T @ right @ right_basis))
    return (
        square[rows][:, columns],
        jnp.linalg.qr(left @ left_basis[:, rows])[0],
        jnp.linalg.qr(right @ right_basis[:, columns])[0],
    )
