"""SOAP: Adam on vectors, the same path in any basis on matrices, and fast where Adam is slow."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from vidsr.train import soap


def walk(grad, start, steps, rate=0.05):
    """The parameters after some steps along `grad(params)`."""

    def step(carry, count):
        params, state = carry
        return soap.update(params, grad(params), state, count, jnp.float32(rate)), None

    (params, _), _ = jax.jit(lambda carry: jax.lax.scan(step, carry, jnp.arange(steps)))(
        (start, soap.fresh(start))
    )
    return params


def rotation(seed, size):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))[0].astype(np.float32)


def valley(slope):
    """A quadratic whose axes are no axes of the matrix, 1 to slope**2 steep: its value, and a start."""
    left, right = rotation(0, 5), rotation(1, 5)
    steep = np.outer(np.geomspace(1, slope, 5), np.geomspace(1, slope, 5)).astype(np.float32)

    def value(w):
        return 0.5 * jnp.sum(steep * (left.T @ w @ right) ** 2)

    return value, jnp.asarray(np.random.default_rng(2).normal(size=(5, 5)), jnp.float32)


def test_vectors_get_adam():
    target = jnp.linspace(-1.0, 1.0, 5)
    found = walk(lambda p: {"b": p["b"] - target}, {"b": jnp.zeros(5)}, 20)["b"]
    adam = optax.adam(0.05, b1=soap.DECAY, b2=soap.DECAY)
    wanted = jnp.zeros(5)
    state = adam.init(wanted)
    for _ in range(20):
        with jax.numpy_dtype_promotion("standard"):
            change, state = adam.update(wanted - target, state)
        wanted = wanted + change
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_turned_problem_takes_the_turned_path():
    value, start = valley(2)
    left, right = rotation(3, 5), rotation(4, 5)
    straight = walk(jax.grad(lambda p: value(p["w"])), {"w": start}, 15)["w"]
    turned = walk(jax.grad(lambda p: value(left.T @ p["w"] @ right)), {"w": left @ start @ right.T}, 15)["w"]
    np.testing.assert_allclose(left.T @ turned @ right, straight, atol=0.05)


def test_it_goes_down_a_slanted_valley_faster_than_adam():
    value, start = valley(30)
    ours = value(walk(jax.grad(lambda p: value(p["w"])), {"w": start}, 60)["w"])
    adam, theirs = optax.adam(0.05, b1=soap.DECAY, b2=soap.DECAY), start
    state = adam.init(theirs)
    for _ in range(60):
        with jax.numpy_dtype_promotion("standard"):
            change, state = adam.update(jax.grad(value)(theirs), state)
        theirs = theirs + change
    assert ours < 0.5 * value(theirs)
