"""The training step: gradient, SOAP and the running average of the weights.

The state is a nested dict of float32 arrays, the same whichever engine works out the gradient:
``{"params", "soap", "ema"}`` and ``"step"``, the number of steps taken.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from vidsr import models
from vidsr.train import losses, soap
from vidsr.train.settings import Settings

State = dict[str, Any]
# Takes a key, low and high (float signal); gives the network's input and what it should give back.
Damage = Callable[[jax.Array, jax.Array, jax.Array], tuple[jax.Array, jax.Array]]


class Engine(Protocol):
    """Runs steps: takes uint8 batches stacked along a first axis, gives the new state and each step's loss."""

    def __call__(self, state: State, low: np.ndarray, high: np.ndarray) -> tuple[State, np.ndarray]: ...


def fresh(params: dict[str, Any]) -> State:
    """The state before the first step."""
    copy = jax.tree.map(lambda leaf: np.array(leaf, np.float32), params)
    optimiser = jax.tree.map(np.asarray, soap.fresh(params))
    return {"params": copy, "soap": optimiser, "ema": jax.tree.map(np.copy, copy), "step": 0}


def descend(carry: tuple, grads: dict[str, Any], *, rate: Callable[[Any], Any], decay: float) -> tuple:
    """``(params, soap, ema, count)`` after one step; pure."""
    params, optimiser, ema, count = carry
    taken = count.astype(jnp.float32)
    params, optimiser = soap.update(params, grads, optimiser, count, rate(taken))
    early = (1.0 + taken) / (10.0 + taken)  # so that it does not remember the start
    share = jnp.minimum(decay, early)
    ema = jax.tree.map(lambda old, new: share * old + (1.0 - share) * new, ema, params)
    return params, optimiser, ema, count + 1


def inputs(low: jax.Array, high: jax.Array, key: jax.Array, count: jax.Array, damage: Damage | None):
    """uint8 pictures as float signal, damaged by the draws of this step where the recipe says how."""
    low, high = (part.astype(jnp.float32) / 255.0 for part in (low, high))
    return (low, high) if damage is None else damage(jax.random.fold_in(key, count), low, high)


@lru_cache(maxsize=4)
def jax_engine(graphdef: nnx.GraphDef, settings: Settings, damage: Damage | None = None) -> Engine:
    """The engine that runs wherever JAX does; a batch is shared out over all devices that divide it.

    Args:
      graphdef: the network.
      settings: of the run.
      damage: applied inside the step, drawn from the seed of the settings.
    """
    measure, key = losses.LOSSES[settings.loss], jax.random.key(settings.seed)

    def error(params: Any, x: jax.Array, y: jax.Array) -> jax.Array:
        return measure(models.apply(graphdef, params, x, settings.precision), y)

    def step(carry: Any, batch: tuple[jax.Array, jax.Array]) -> tuple[Any, jax.Array]:
        value, grads = jax.value_and_grad(error)(carry[0], *inputs(*batch, key, carry[3], damage))
        return descend(carry, grads, rate=settings.schedule(), decay=settings.decay), value

    steps = jax.jit(lambda carry, low, high: jax.lax.scan(step, carry, (low, high)), donate_argnums=0)

    def run(state: State, low: np.ndarray, high: np.ndarray) -> tuple[State, np.ndarray]:
        low, high = _shared_out(low), _shared_out(high)
        # Copies: the buffers are donated, and the caller keeps its state.
        carry = jax.tree.map(partial(jnp.array, copy=True), _carry(state))
        carry, values = steps(carry, low, high)
        return state_of(carry), np.asarray(values)

    return run


def twin_engine(
    gradient: Callable[..., tuple[float, dict[str, Any]]], settings: Settings, damage: Damage | None = None
) -> Engine:
    """An engine whose gradient comes from elsewhere: ``gradient(params, x, y) -> (loss, grads)``, arrays in and out."""
    prepare, move = _around_a_gradient(settings, damage)

    def run(state: State, low: np.ndarray, high: np.ndarray) -> tuple[State, np.ndarray]:
        carry, values = _carry(state), []
        for small, large in zip(low, high, strict=True):
            x, y = prepare(small, large, carry[3])
            value, grads = gradient(carry[0], np.asarray(x), np.asarray(y))
            carry = move(carry, grads)
            values.append(value)
        return state_of(carry), np.array(values, np.float32)

    return run


@lru_cache(maxsize=4)
def _around_a_gradient(settings: Settings, damage: Damage | None) -> tuple[Callable, Callable]:
    key = jax.random.key(settings.seed)
    prepare = jax.jit(lambda low, high, count: inputs(low, high, key, count, damage))
    return prepare, jax.jit(partial(descend, rate=settings.schedule(), decay=settings.decay))


def _carry(state: State) -> tuple:
    return state["params"], state["soap"], state["ema"], jnp.asarray(state["step"], jnp.int32)


def state_of(carry: tuple) -> State:
    """A carry as a state of numpy arrays."""
    params, optimiser, ema, count = jax.tree.map(np.asarray, carry)
    return {"params": params, "soap": optimiser, "ema": ema, "step": int(count)}


def _shared_out(batches: np.ndarray) -> jax.Array:
    """Batches ``(steps, size, ...)`` on the devices, each with an equal part of every batch."""
    devices = jax.devices()
    if len(devices) == 1 or batches.shape[1] % len(devices):
        return jnp.asarray(batches)
    mesh = jax.make_mesh((len(devices),), ("batch",), axis_types=(AxisType.Auto,))
    return jax.device_put(batches, NamedSharding(mesh, PartitionSpec(None, "batch")))
