"""Transfer functions against the tables of their standards, to 2e-5 relative in float32, and there and back."""

import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.frames import tags
from vidsr.functional import transfer

LIGHT = [0.001, 0.01, 0.018, 0.05, 0.18, 0.5, 0.9, 1]
SIGNAL = [0.02, 0.04045, 0.1, 0.25, 0.5, 0.75, 0.9, 1]
NITS = [0.005, 0.1, 1, 10, 26, 58, 100, 203, 400, 1000, 4000, 10000]
PQ = [0.015076, 0.062337, 0.149946, 0.299699, 0.380032, 0.454483, 0.508078, 0.580689, 0.652579]
GOLDEN = {  # six digits, colour-science 0.4.7 agrees
    "bt709_encode": (LIGHT, [0.0045, 0.045, 0.081, 0.186233, 0.408848, 0.705436, 0.949096, 1]),
    "srgb_encode": (LIGHT, [0.01292, 0.099853, 0.142826, 0.247801, 0.461356, 0.735357, 0.954687, 1]),
    "hlg_encode": (LIGHT, [0.054772, 0.173205, 0.232379, 0.387298, 0.672358, 0.871643, 0.980675, 1]),
    "bt1886_decode": (SIGNAL, [0.000084, 0.000454, 0.003981, 0.035897, 0.189465, 0.501357, 0.776573, 1]),
    "srgb_decode": (SIGNAL, [0.001548, 0.003131, 0.010023, 0.050876, 0.214041, 0.522522, 0.787412, 1]),
    "hlg_decode": (SIGNAL, [0.000133, 0.000545, 0.003333, 0.020833, 0.083333, 0.264963, 0.581838, 1]),
    "pq_encode": (NITS, [*PQ, 0.751827, 0.902572, 1]),
    "pq_decode": ([0.25, 0.5, 0.75, 0.9], [5.154176, 92.245709, 983.377856, 3905.644653]),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_tables_of_the_standards(name, variant):
    given, expected = GOLDEN[name]
    found = variant(getattr(transfer, name))(jnp.asarray(given, jnp.float32))
    assert found.dtype == jnp.float32
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=6e-7)


@pytest.mark.parametrize("name", ["bt709", "bt1886", "srgb", "hlg"])
def test_there_and_back(name, variant):
    v = jnp.linspace(-0.2, 1.2, 2801, dtype=jnp.float32)
    encode, decode = (getattr(transfer, f"{name}_{way}") for way in ("encode", "decode"))
    np.testing.assert_allclose(variant(lambda s: encode(decode(s)))(v), v, atol=2e-6)


def test_pq_keeps_its_digits_in_float32(variant):
    """The power 78.8 multiplies a relative rounding error; half a 12-bit code is 1.2e-4."""
    v = np.linspace(0.02, 1, 4000)
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = v ** (1 / m2)
    exact = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    single = jnp.asarray(v, jnp.float32)
    np.testing.assert_allclose(variant(transfer.pq_decode)(single), exact, rtol=2e-5)
    back = variant(lambda s: transfer.pq_encode(transfer.pq_decode(s)))(single)
    np.testing.assert_allclose(back, v, rtol=0, atol=2e-6)


def test_pq_ends():
    ends = transfer.pq_encode(jnp.asarray([-1.0, 0.0, 2e4], jnp.float32))
    np.testing.assert_allclose(ends, [7.3e-7, 7.3e-7, 1.0], atol=1e-7)
    assert float(transfer.pq_decode(jnp.float32(0.0))) == 0.0


def test_hlg_on_a_display(variant):
    signal = jnp.asarray([[0.5] * 3, [0.75] * 3, [1.0] * 3], jnp.float32)
    nits = variant(lambda s: transfer.hlg_ootf(transfer.hlg_decode(s)))(signal)
    np.testing.assert_allclose(nits[:, 1], [50.697, 203.152, 1000], rtol=2e-5)
    back = variant(lambda n: transfer.hlg_encode(transfer.hlg_inverse_ootf(n)))(nits)
    np.testing.assert_allclose(back, signal, atol=2e-6)
    assert np.all(np.asarray(transfer.hlg_inverse_ootf(jnp.zeros((1, 3)))) == 0)
    gammas = [transfer.hlg_gamma(p) for p in (400, 1000, 2000)]
    np.testing.assert_allclose(gammas, [1.0329, 1.2, 1.3264], atol=1e-4)


@pytest.mark.parametrize("name", transfer.LIGHT)
def test_light_and_back(name):
    signal = jnp.linspace(0.01, 1.0, 200)
    light = transfer.to_light(signal, name)
    np.testing.assert_allclose(transfer.from_light(light, name), signal, atol=2e-5)
    np.testing.assert_allclose(light[-1], 1.0, rtol=1e-4)
    assert (jnp.diff(light) > 0).all()


def test_every_tag_has_its_light():
    assert set(transfer.LIGHT) == set(tags.TRANSFERS)
