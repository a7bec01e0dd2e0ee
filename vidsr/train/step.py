"""The training step in JAX: gradient, Adam and the running average, several steps inside one jit.

The state is a plain nested dict of arrays, the same whichever engine runs the steps:
``{"params", "mu", "nu", "ema"}`` (Adam's two moments) and ``"step"``, the number of steps taken.
"""

from collections.abc import Callable
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from vidsr import models
from vidsr.train import losses

State = dict[str, Any]
BETAS, EPSILON = (0.9, 0.999), 1e-8  # Adam's own defaults (Kingma and Ba, 2015)


class Engine(Protocol):
    """Runs steps: takes uint8 batches stacked along a first axis, gives the new state and each step's loss."""

    def __call__(self, state: State, low: np.ndarray, high: np.ndarray) -> tuple[State, np.ndarray]: ...


def fresh(params: dict[str, Any]) -> State:
    """The state before the first step."""
    zeros = jax.tree.map(lambda leaf: np.zeros(leaf.shape, np.float32), params)
    copy = jax.tree.map(lambda leaf: np.array(leaf, np.float32), params)
    return {
        "params": copy,
        "mu": zeros,
        "nu": jax.tree.map(np.copy, zeros),
        "ema": jax.tree.map(np.copy, copy),
        "step": 0,
    }


def average_share(step: Any, decay: float) -> Any:
    """How much of the running average stays at a step: less at first, so that it does not remember the start."""
    early = (1.0 + step) / (10.0 + step)
    return jnp.minimum(decay, early) if isinstance(step, jax.Array) else min(decay, early)


def jax_engine(graphdef: nnx.GraphDef, *, loss: str, rate: Callable[[Any], Any], decay: float) -> Engine:
    """The engine that runs wherever JAX does.

    Args:
      graphdef: the network.
      loss: a name of `losses.LOSSES`.
      rate: learning rate of a step, counted from 0 (an optax schedule).
      decay: of the running average of the weights.
    """
    adam = optax.adam(rate, b1=BETAS[0], b2=BETAS[1], eps=EPSILON)
    measure = losses.LOSSES[loss]

    def step(carry: Any, batch: tuple[jax.Array, jax.Array]) -> tuple[Any, jax.Array]:
        params, optimiser, ema, count = carry
        low, high = (part.astype(jnp.float32) / 255.0 for part in batch)
        value, grad = jax.value_and_grad(lambda p: measure(models.apply(graphdef, p, low), high))(params)
        with jax.numpy_dtype_promotion("standard"):  # optax raises a float to an integer power inside
            change, optimiser = adam.update(grad, optimiser, params)
        params = optax.apply_updates(params, change)
        share = average_share(count.astype(jnp.float32), decay)
        ema = jax.tree.map(lambda old, new: share * old + (1.0 - share) * new, ema, params)
        return (params, optimiser, ema, count + 1), value

    steps = jax.jit(lambda carry, low, high: jax.lax.scan(step, carry, (low, high)), donate_argnums=0)

    def run(state: State, low: np.ndarray, high: np.ndarray) -> tuple[State, np.ndarray]:
        count = jnp.asarray(state["step"], jnp.int32)
        moments, schedule, *rest = adam.init(state["params"])
        moments = moments._replace(count=count, mu=state["mu"], nu=state["nu"])
        optimiser = (moments, schedule._replace(count=count), *rest)
        # Copies: the buffers are donated, and the caller keeps its state.
        carry = jax.tree.map(lambda leaf: jnp.array(leaf), (state["params"], optimiser, state["ema"], count))
        (params, optimiser, ema, count), values = steps(carry, low, high)
        moments = optimiser[0]
        new = {"params": params, "mu": moments.mu, "nu": moments.nu, "ema": ema}
        return {**jax.tree.map(np.asarray, new), "step": int(count)}, np.asarray(values)

    return run
