"""Non-local means against a plain float64 loop, its limits, and what it does to noise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vidsr.functional import temporal

SEARCH, MARGIN = 2, temporal.margin(2)
WINDOWED = jax.jit(temporal.nonlocal_means, static_argnames=("radius", "search"))
RECURSIVE = jax.jit(temporal.recursive_means, static_argnames="search")


def clip(shape, sigma, seed=0):
    """A gentle ramp with an edge, clean and noisy."""
    t, y, x, c = shape
    clean = np.broadcast_to(
        0.3 + 0.002 * np.arange(x)[:, None] + 0.3 * (np.arange(x) > x // 2)[:, None], shape
    )
    return clean, (clean + np.random.default_rng(seed).normal(0, sigma, shape)).astype(np.float32)


def padded(x, radius):
    m = ((radius, radius), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
    return np.pad(x, m, mode="reflect")


def box(x):
    return sum(x[i : x.shape[0] - 2 + i, j : x.shape[1] - 2 + j] for i in range(3) for j in range(3)) / 9


def reference(window, sigma, allowed):
    """One output frame of ``(k, y + 2 m, x + 2 m, c)``, float64, by the formula of the module's head."""
    window = window.astype(np.float64)
    k, tall, wide, c = window.shape
    own, rows, columns = k // 2, tall - 2 * MARGIN, wide - 2 * MARGIN
    g = window.mean(-1)
    variance = sigma**2 / c

    def part(x, dy, dx, reach):
        top, left = MARGIN - reach + dy, MARGIN - reach + dx
        return x[top : top + rows + 2 * reach, left : left + columns + 2 * reach]

    total, norm, colour, colour_norm, heaviest = (np.zeros(s) for s in ((rows, columns), (rows, columns), (rows, columns, c), (rows, columns), (rows, columns)))  # fmt: skip
    for f, dy, dx in np.ndindex(k, 2 * SEARCH + 1, 2 * SEARCH + 1):
        if (f, dy, dx) == (own, SEARCH, SEARCH):
            continue
        dy, dx = dy - SEARCH, dx - SEARCH
        d = box((part(g[f], dy, dx, 2) - part(g[own], 0, 0, 2)) ** 2) / variance - 2
        w = box(np.exp(-np.maximum(d, 0) / (2 * temporal.BANDWIDTH**2))) * allowed[f]
        there, light = part(window[f], dy, dx, 0), part(g[f], dy, dx, 0)
        total, norm, heaviest = total + w * light, norm + w, np.maximum(heaviest, w)
        colour, colour_norm = (
            colour + np.sqrt(w)[..., None] * (there - light[..., None]),
            colour_norm + np.sqrt(w),
        )
    heaviest = np.maximum(heaviest, 1e-3)
    root, light = np.sqrt(heaviest), part(g[own], 0, 0, 0)
    total = (total + heaviest * light) / (norm + heaviest)
    colour = colour + root[..., None] * (part(window[own], 0, 0, 0) - light[..., None])
    return total[..., None] + colour / (colour_norm + root)[..., None]


@pytest.mark.parametrize("channels", [1, 3])
def test_equals_the_plain_loop(channels):
    _, noisy = clip((4, 11, 14, channels), 0.1)
    x = padded(noisy, 1)
    use = np.array([[0, 1, 1], [1, 1, 1], [1, 1, 0], [0, 1, 0]], np.float32)
    out = np.asarray(WINDOWED(x, 0.1, use, radius=1, search=SEARCH))
    assert out.shape == noisy.shape
    for i in range(4):
        np.testing.assert_allclose(out[i], reference(x[i : i + 3], 0.1, use[i]), atol=3e-6)


def test_a_tile_equals_the_whole():
    _, noisy = clip((3, 24, 30, 3), 0.1)
    x, use = padded(noisy, 1), np.ones((3, 3), np.float32)
    whole = np.asarray(WINDOWED(x, 0.1, use, radius=1, search=SEARCH))
    tile = WINDOWED(
        x[1:, 5 : 5 + 2 * MARGIN + 8, 7 : 7 + 2 * MARGIN + 9], 0.1, use[1:], radius=1, search=SEARCH
    )
    np.testing.assert_allclose(np.asarray(tile), whole[1:, 5:13, 7:16], atol=1e-6)


def test_a_frame_that_may_not_serve_is_not_heard():
    _, noisy = clip((3, 12, 14, 1), 0.1)
    other = noisy.copy()
    other[2] = 5.0
    use = np.array([[1, 1, 0]], np.float32)
    a, b = (np.asarray(WINDOWED(padded(v, 0), 0.1, use, radius=1, search=SEARCH)) for v in (noisy, other))
    np.testing.assert_array_equal(a, b)


def test_more_frames_remove_more_noise_and_edges_stay():
    clean, noisy = clip((5, 40, 48, 3), 0.1)
    errors = []
    for radius in (0, 1, 2):
        x = padded(noisy[2 - radius : 3 + radius], 0)
        out = np.asarray(
            WINDOWED(x, 0.1, np.ones((1, 2 * radius + 1), np.float32), radius=radius, search=SEARCH)
        )
        errors.append(np.sqrt(np.mean((out[0] - clean[2]) ** 2)))
    assert errors[0] < 0.045 and errors[0] > errors[1] > errors[2]


@pytest.mark.parametrize("sigma", [0.0, 1e-4])
def test_no_noise_no_change(sigma):
    x = np.random.default_rng(1).random((1, 20, 20, 3)).astype(np.float32)
    out = WINDOWED(padded(x, 0), sigma, np.ones((1, 1), np.float32), radius=0, search=SEARCH)
    np.testing.assert_allclose(np.asarray(out), x, atol=2e-6)


def test_the_recursive_form_gains_from_the_past_and_forgets_on_request():
    clean, noisy = clip((8, 40, 48, 3), 0.1)
    past, errors = jnp.zeros(noisy.shape[1:]), []
    for t in range(8):
        out, past = RECURSIVE(noisy[t], past, 0.1, float(t > 0), search=SEARCH)
        errors.append(np.sqrt(np.mean((np.asarray(out) - clean[t]) ** 2)))
    assert max(errors[3:]) < 0.9 * errors[0]
    forgot, _ = RECURSIVE(noisy[3], past, 0.1, 0.0, search=SEARCH)
    alone, _ = RECURSIVE(noisy[3], jnp.full_like(past, 0.7), 0.1, 0.0, search=SEARCH)
    np.testing.assert_array_equal(np.asarray(forgot), np.asarray(alone))


def test_the_recursive_form_takes_frames_smaller_than_its_reach():
    frame = np.random.default_rng(0).random((1, 3, 1)).astype(np.float32)
    out, past = RECURSIVE(frame, frame, 0.1, 1.0, search=SEARCH)
    assert out.shape == past.shape == frame.shape and np.isfinite(np.asarray(out)).all()
