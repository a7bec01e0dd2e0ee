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
    wanted = adam_walk(lambda p: p - target, jnp.zeros(5), 20)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def adam_walk(grad, params, steps):
    adam = optax.adam(0.05, b1=soap.DECAY, b2=soap.DECAY)
    state = adam.init(params)
    for _ in range(steps):
        with jax.numpy_dtype_promotion("standard"):
            change, state = adam.update(grad(params), state)
        params = params + change
    return params


def test_a_turned_problem_takes_the_turned_path():
    """Nearly: rounding turns the basis of the first steps. Adam takes another path, eight times as far away."""
    value, start = valley(2)
    left, right = rotation(3, 5), rotation(4, 5)
    begin = left @ start @ right.T
    turned = jax.grad(lambda p: value(left.T @ p @ right))
    ours = [
        walk(lambda p, grad=grad: {"w": grad(p["w"])}, {"w": at}, 15)["w"]
        for grad, at in ((jax.grad(value), start), (turned, begin))
    ]
    theirs = [adam_walk(grad, at, 15) for grad, at in ((jax.grad(value), start), (turned, begin))]
    apart, adam = (jnp.linalg.norm(left.T @ there @ right - here) for here, there in (ours, theirs))
    assert apart < adam / 4 and apart < 0.2 * jnp.linalg.norm(ours[0] - start)


def test_it_goes_down_a_slanted_valley_faster_than_adam():
    value, start = valley(30)
    ours = value(walk(jax.grad(lambda p: value(p["w"])), {"w": start}, 60)["w"])
    theirs = adam_walk(jax.grad(value), start, 60)
    assert ours < 0.5 * value(theirs)
