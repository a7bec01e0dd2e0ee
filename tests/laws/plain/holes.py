"""Repair of masked places: the maths of `vidsr.functional.inpaint` frame by frame, on frames mirrored far out."""

import jax
import numpy as np
from scipy import ndimage

from tests.laws.plain.shots import score
from tests.laws.plain.space import lanczos
from vidsr.functional import cuts, inpaint, motion

SHIFT = jax.jit(motion.shift_between)  # the one thing shared: the search for motion, on whole frames


def repaired(x, mask, radius, limit):
    mask = (mask >= 0.5 / 255).astype(np.float64)
    hidden = np.stack([covered(f, m) for f, m in zip(x, mask, strict=True)])
    first = np.concatenate([hidden[:1], hidden[:-1]]).astype(np.float32)
    steps = np.asarray(SHIFT(first, hidden.astype(np.float32)), np.float64)
    jumps = np.array([0.0] + [score(a, b) for a, b in zip(hidden[:-1], hidden[1:], strict=True)])
    out = x.copy()
    for t in range(len(x)):
        near = []
        for k in range(max(t - radius, 0), min(t + radius, len(x) - 1) + 1):
            between = slice(t + 1, k + 1) if k > t else slice(k + 1, t + 1)
            shift = steps[between].sum(0) * np.sign(k - t)
            if k != t and (jumps[between] <= cuts.THRESHOLD).all() and (abs(shift) <= limit).all():
                near.append((k, shift))
        out[t] = filled(x, mask, t, near)
    return out


def covered(frame, mask):
    """Damage replaced by the mean of its block of 16 that is clean, or of the frame."""
    out = frame.copy()
    clean = mask[..., 0] == 0
    for y in range(0, frame.shape[0], 16):
        for x in range(0, frame.shape[1], 16):
            block = (slice(y, y + 16), slice(x, x + 16))
            whole = frame[block][clean[block]] if clean[block].any() else frame[clean]
            mean = whole.mean(0) if len(whole) else 0.0
            out[block] = np.where(clean[block][..., None], frame[block], mean)
    return out


def filled(x, mask, t, near):
    far = inpaint.REACH
    m = far + max([int(abs(s).max()) for _, s in near], default=0) + 6

    def wide(a):
        return np.pad(a, ((m, m), (m, m), (0, 0)), "reflect")

    frame, clean = rimmed(wide(x[t]), wide(1 - mask[t])), wide(1 - mask[t])
    middle = (slice(m, -m), slice(m, -m))
    channels = x.shape[-1]
    square = (frame**2).mean(-1, keepdims=True)
    found = pyramid(np.concatenate([clean * frame, clean * square, clean], -1))
    steep, level = weighed(found, inpaint.STEEP)[middle], weighed(found, inpaint.LEVEL)[middle]
    smooth = steep[..., :channels] / (steep[..., -1:] + inpaint.FAINT)
    spatial = np.where(steep[..., -1:] > inpaint.FAINT, smooth, frame[middle])
    level = level[..., :-1] / (level[..., -1:] + inpaint.FAINT)
    variance = np.maximum(level[..., -1:] - (level[..., :-1] ** 2).mean(-1, keepdims=True), 0)
    total, weights, trust = np.zeros(spatial.shape), 0.0, 0.0
    for k, shift in near:
        moved, whole = shown(rimmed(wide(x[k]), wide(1 - mask[k])), wide(mask[k]), shift, m, x.shape[1:3])
        seen = clean * whole
        d = (frame - moved) * seen
        found = weighed(pyramid(np.concatenate([d, (d**2).mean(-1, keepdims=True), seen], -1)), inpaint.LEVEL)
        found = found[middle]
        mean = found[..., :-1] / (found[..., -1:] + inpaint.FAINT)
        spread = np.maximum(mean[..., -1:] - (mean[..., :-1] ** 2).mean(-1, keepdims=True), 0)
        spread = np.where(found[..., -1:] > inpaint.FAINT, spread, 1.0)
        doubt = spread / (2 * variance + inpaint.TOLERANCE**2)
        share = whole[middle] * np.clip(3 - 4 * doubt, 0, 1)
        weight = share / (spread + inpaint.TOLERANCE**2) ** 2
        total = total + weight * (moved[middle] + mean[..., :-1])
        weights, trust = weights + weight, trust + share
    result = spatial + np.clip(trust, 0, 1) * (total / (weights + 1e-9) - spatial)
    return np.where(mask[t] > 0, result, x[t])


def rimmed(frame, clean):
    """Damage within two pixels of something clean replaced by a mean of it."""
    near = splined(np.concatenate([frame * clean, clean], -1), 1)
    mean = near[..., :-1] / (near[..., -1:] + 1e-12)
    return np.where((clean > 0) | (near[..., -1:] < 1e-9), frame, mean)


def splined(x, step):
    taps = np.zeros(4 * step + 1)
    taps[::step] = np.array([1, 4, 6, 4, 1]) / 16
    for axis in (0, 1):
        x = ndimage.correlate1d(x, taps, axis, mode="constant")
    return x


def pyramid(x):
    found = []
    for level in range(inpaint.LEVELS):
        x = splined(x, 2**level)
        found.append(x)
    return found


def weighed(found, power):
    return sum(2.0 ** (level * (2 - power)) * x for level, x in enumerate(found))


def shown(frame, mask, shift, m, size):
    """A neighbour read `shift` further on, and 1 where the samples around the place are clean and on the frame."""
    out, whole = frame, np.ones(frame.shape[:2] + (1,))
    place = [np.arange(n) - m for n in frame.shape[:2]]
    outside = [(p < 0) | (p >= n) for p, n in zip(place, size, strict=True)]
    bad = (mask[..., 0] > 0) | outside[0][:, None] | outside[1][None]
    low, part = np.floor(shift).astype(int), shift - np.floor(shift)
    for axis in (0, 1):
        taps = lanczos(3)(part[axis] - np.arange(-2, 4))
        parts = zip(taps / taps.sum(), range(-2, 4), strict=True)
        out = sum(w * np.roll(out, -(low[axis] + k), axis) for w, k in parts)
    for y in {low[0], low[0] + int(part[0] > 0)}:
        for x in {low[1], low[1] + int(part[1] > 0)}:
            whole[np.roll(bad, (-y, -x), (0, 1))] = 0
    return out, whole
