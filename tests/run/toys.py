"""Steps that stretch the law in every direction, each beside a reference that shares no code with it.

References take the whole clip in float64 numpy and know nothing of windows.
"""

from dataclasses import replace
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jax import lax

from vidsr.run.law import Axis, Footprint, Spec
from vidsr.transforms.base import Analysis, HostStep, Random, Scan, Transform, option, transform, value

MODES = {"reflect": "reflect", "symmetric": "symmetric", "edge": "edge", "constant": "constant"}


def padded(x, axis, before, after, edge):
    """np.pad by edge rule, one sample at a time where numpy refuses to mirror short axes."""
    widths = [(0, 0)] * 4
    widths[axis] = (before, after)
    return np.pad(x, widths, MODES[edge])


@transform
class Gain(Transform):
    gain: float = value(1.0, unit="", low=-10, high=10)

    def apply(self, x, at, state=None):
        return x * self.gain + 0.1

    def reference(self, x, numbers):
        return x * self.gain + 0.1


@transform
class Median(Transform):
    radius: int = option(1)
    edge: str = option("reflect")

    def footprint(self):
        return Footprint(time=Axis(before=self.radius, after=self.radius, edge=self.edge))

    def apply(self, x, at, state=None):
        n = x.shape[0] - 2 * self.radius
        return jnp.median(jnp.stack([x[k : k + n] for k in range(2 * self.radius + 1)]), axis=0)

    def reference(self, x, numbers):
        p = padded(x, 0, self.radius, self.radius, self.edge)
        return np.median([p[k : k + len(x)] for k in range(2 * self.radius + 1)], axis=0)


@transform
class Box(Transform):
    radius: int = option(2)
    edge: str = option("symmetric")

    def footprint(self):
        axis = Axis(before=self.radius, after=self.radius, edge=self.edge)
        return Footprint(y=axis, x=axis)

    def apply(self, x, at, state=None):
        n = 2 * self.radius + 1
        x = sum(x[:, k : x.shape[1] - n + 1 + k] * (k + 1.0) for k in range(n))
        x = sum(x[:, :, k : x.shape[2] - n + 1 + k] for k in range(n))
        return x * (1.0 / (n * n * (n + 1) / 2))

    def reference(self, x, numbers):
        n = 2 * self.radius + 1
        for axis, weight in ((1, np.arange(n) + 1.0), (2, np.ones(n))):
            p = padded(x, axis, self.radius, self.radius, self.edge)
            x = sum(w * np.take(p, np.arange(k, k + x.shape[axis]), axis) for k, w in enumerate(weight))
        return x / (n * n * (n + 1) / 2)


@transform
class Double(Transform):
    """x2 by linear interpolation at (o + 0.5) / 2 - 0.5."""

    def spec(self, spec):
        return spec.resized((2, 1), (2, 1))

    def footprint(self):
        axis = Axis(num=2, before=1, after=1, edge="edge")
        return Footprint(y=axis, x=axis)

    def apply(self, x, at, state=None):
        for axis in (1, 2):
            out = at.first_out[axis] + jnp.arange(at.n_out[axis])
            left = (out - 1) // 2
            odd = ((out - 1) % 2).astype(jnp.float32)
            shape = [1] * 4
            shape[axis] = -1
            weight = (0.25 + 0.5 * odd).reshape(shape)
            index = left - at.first_in[axis]
            x = jnp.take(x, index, axis) * (1 - weight) + jnp.take(x, index + 1, axis) * weight
        return x

    def reference(self, x, numbers):
        for axis in (1, 2):
            n = x.shape[axis]
            pos = np.clip((np.arange(2 * n) + 0.5) / 2 - 0.5, 0, n - 1)
            low = np.floor(pos).astype(int)
            shape = [1] * 4
            shape[axis] = -1
            w = (pos - low).reshape(shape)
            x = np.take(x, low, axis) * (1 - w) + np.take(x, np.minimum(low + 1, n - 1), axis) * w
        return x


@transform
class Halve(Transform):
    """Mean of 2 x 2 blocks; an odd last row or column is repeated."""

    def spec(self, spec):
        return spec.resized((1, 2), (1, 2))

    def footprint(self):
        axis = Axis(den=2, before=0, after=1, edge="edge")
        return Footprint(y=axis, x=axis)

    def apply(self, x, at, state=None):
        x = 0.5 * (x[:, 0 : 2 * at.n_out[1] : 2] + x[:, 1 : 2 * at.n_out[1] + 1 : 2][:, : at.n_out[1]])
        return 0.5 * (
            x[:, :, 0 : 2 * at.n_out[2] : 2] + x[:, :, 1 : 2 * at.n_out[2] + 1 : 2][:, :, : at.n_out[2]]
        )

    def reference(self, x, numbers):
        for axis in (1, 2):
            if x.shape[axis] % 2:
                x = padded(x, axis, 0, 1, "edge")
            x = 0.5 * (
                np.take(x, np.arange(0, x.shape[axis], 2), axis)
                + np.take(x, np.arange(1, x.shape[axis], 2), axis)
            )
        return x


@transform
class Net(Transform):
    """Two zero-padded convolutions with bias: exact only when run with its own edge."""

    weight: object = value(None, unit="", low=-10, high=10)

    def footprint(self):
        axis = Axis(before=2, after=2, own=True, edge="constant")
        return Footprint(y=axis, x=axis)

    def apply(self, x, at, state=None):
        for _ in range(2):
            p = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            x = sum(
                p[:, i : i + x.shape[1], j : j + x.shape[2]] * self.weight[i, j]
                for i in range(3)
                for j in range(3)
            )
            x = jnp.maximum(x + 0.3, 0.0)
        return x

    def reference(self, x, numbers):
        w = np.asarray(self.weight, np.float64)
        for _ in range(2):
            p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
            x = sum(
                p[:, i : i + x.shape[1], j : j + x.shape[2]] * w[i, j] for i in range(3) for j in range(3)
            )
            x = np.maximum(x + 0.3, 0.0)
        return x


@transform
class Apart(Net):
    """A `Net` whose middle is run by numpy, between what jit runs before and after."""

    def fed(self, x, at, state):
        return x + 0.1

    def made(self, out, x, at, state):
        return 0.5 * (out + x)

    def outside(self):
        return lambda x: Net.reference(self, np.asarray(x), None).astype(np.float32)

    def apply(self, x, at, state=None):
        return self.made(super().apply(self.fed(x, at, state), at), x, at, state)

    def reference(self, x, numbers):
        return 0.5 * (super().reference(x + 0.1, numbers) + x)


@transform
class Pooled(Transform):
    """Subtracts the mean of absolute 4 x 4 cells; the frame is mirrored to a multiple of 4."""

    def footprint(self):
        axis = Axis(before=3, after=3, own=True, align=4, edge="symmetric")
        return Footprint(y=axis, x=axis)

    def apply(self, x, at, state=None):
        t, h, w, c = x.shape
        cells = x.reshape(t, h // 4, 4, w // 4, 4, c)
        return (cells - cells.mean((2, 4), keepdims=True)).reshape(x.shape)

    def reference(self, x, numbers):
        t, h, w, c = x.shape
        p = padded(padded(x, 1, 0, -h % 4, "symmetric"), 2, 0, -w % 4, "symmetric")
        cells = p.reshape(t, p.shape[1] // 4, 4, p.shape[2] // 4, 4, c)
        return (cells - cells.mean((2, 4), keepdims=True)).reshape(p.shape)[:, :h, :w]


@transform
class FrameMean(Transform):
    """Needs the whole frame."""

    def footprint(self):
        return Footprint(y=Axis(whole=True), x=Axis(whole=True))

    def apply(self, x, at, state=None):
        return x - 0.5 * x.mean((1, 2), keepdims=True)

    def reference(self, x, numbers):
        return x - 0.5 * x.mean((1, 2), keepdims=True)


@transform
class Trim(Transform):
    top: int = option(1)
    left: int = option(2)
    height: int = option(4)
    width: int = option(4)

    def spec(self, spec):
        return spec.cropped(self.top, self.left, self.height, self.width)

    def footprint(self):
        return Footprint(y=Axis(shift=self.top), x=Axis(shift=self.left))

    def apply(self, x, at, state=None):
        return x

    def reference(self, x, numbers):
        return x[:, self.top : self.top + self.height, self.left : self.left + self.width]


@transform
class Mark(Random):
    """Adds a number that depends on the absolute frame, row, column and seed."""

    salt: ClassVar[int] = 900

    def apply(self, x, at, state=None):
        f = at.frame[:, None, None, None]
        y, z = at.rows()[None, :, None, None], at.columns()[None, None, :, None]
        number = (f * 31 + y * 17 + z * 5 + self.seed * 3 + self.ordinal * 11) % 23
        return x + number.astype(jnp.float32) * 0.01

    def reference(self, x, numbers, origin=(0, 0)):
        f = np.asarray(numbers)[:, None, None, None]
        y = (np.arange(x.shape[1]) + origin[0])[None, :, None, None]
        z = (np.arange(x.shape[2]) + origin[1])[None, None, :, None]
        return x + ((f * 31 + y * 17 + z * 5 + self.seed * 3 + self.ordinal * 11) % 23) * 0.01


@transform
class Recursive(Scan):
    decay: float = value(0.6, unit="", low=0, high=1)

    def init(self, spec):
        return jnp.zeros(spec.shape[1:], jnp.float32), jnp.zeros((), jnp.int32)

    def apply(self, x, at, state):
        def step(carry, frame):
            before, count = carry
            now = jnp.where(count == 0, frame, self.decay * before + (1.0 - self.decay) * frame)
            return (now, count + 1), now

        state, out = lax.scan(step, state, x)
        return out, state

    def reference(self, x, numbers):
        out = [x[0]]
        for frame in x[1:]:
            out.append(self.decay * out[-1] + (1 - self.decay) * frame)
        return np.stack(out)


@transform
class Level(Analysis):
    """Subtracts the distance of each frame's mean from the clip's smoothed means, and the clip's mean."""

    def measure(self, x, at):
        return x.mean((1, 2))[:, :1]

    def solve(self, rows, spec):
        mean = np.asarray(rows, np.float64)[:, 0]
        smooth = np.convolve(np.pad(mean, 2, "edge"), np.ones(5) / 5, "valid")
        return (mean - smooth)[:, None].astype(np.float32), {"clip": np.float32(mean.mean())}

    def apply(self, x, at, state):
        table, whole = state
        return x - table[:, :1, None, None] - 0.1 * whole["clip"]

    def reference(self, x, numbers):
        mean = x.mean((1, 2))[:, 0]
        smooth = np.convolve(np.pad(mean, 2, "edge"), np.ones(5) / 5, "valid")
        return x - (mean - smooth)[:, None, None, None] - 0.1 * mean.mean()


@transform
class Gated(Analysis):
    """Mean of three frames, leaving out neighbours beyond a jump in mean level (a cut, decided from two frames)."""

    reach: ClassVar[int | None] = 2

    def footprint(self):
        return Footprint(time=Axis(before=1, after=1))

    def measure_footprint(self):
        return Footprint(time=Axis(before=1, after=0, edge="edge"))

    def measure(self, x, at):
        mean = x.mean((1, 2, 3))
        return jnp.abs(mean[1:] - mean[:-1])[:, None]

    def solve(self, rows, spec):
        return np.cumsum(np.asarray(rows) > 0.05, axis=0).astype(np.float32), {}

    def apply(self, x, at, state):
        shot = state[0][:, 0]
        n = x.shape[0] - 2
        total, weight = x[1 : n + 1], jnp.ones((n, 1, 1, 1), jnp.float32)
        for k in (0, 2):
            same = (shot[k : k + n] == shot[1 : n + 1]).astype(jnp.float32)[:, None, None, None]
            total, weight = total + same * x[k : k + n], weight + same
        return total / weight

    def reference(self, x, numbers):
        shot = np.concatenate([[0], np.cumsum(np.abs(np.diff(x.mean((1, 2, 3)))) > 0.05)])
        index = np.pad(np.arange(len(x)), 1, "reflect") if len(x) > 1 else np.zeros(3, int)
        out = []
        for t in range(len(x)):
            near = [index[t + k] for k in (0, 1, 2) if shot[index[t + k]] == shot[t]]
            out.append(x[near].mean(0))
        return np.stack(out)


@transform
class Grouped(HostStep):
    """Outside jit: each sample less half the mean of its group (frames n * length to n * length + length - 1)."""

    length: int = option(3)

    def footprint(self):
        reach = Axis(before=self.length - 1, after=self.length - 1, edge="edge")
        return Footprint(reach, Axis(whole=True), Axis(whole=True))

    def groups(self, frames):
        return frames // self.length

    def apply(self, x, at, spec):
        assert type(x) is np.ndarray and x.shape == (len(at.frame), *spec.shape[1:])
        return x - 0.5 * x.mean((0, 1, 2)) + 0.001 * at.frame[:, None, None, None]

    def reference(self, x, numbers):
        out = np.empty_like(x)
        for label in np.unique(numbers // self.length):
            part = numbers // self.length == label
            out[part] = x[part] - 0.5 * x[part].mean((0, 1, 2)) + 0.001 * numbers[part][:, None, None, None]
        return out


@transform
class Twice(HostStep):
    """Outside jit, every frame alone: twice the size, each pixel repeated."""

    def spec(self, spec):
        return spec.resized((2, 1), (2, 1))

    def apply(self, x, at, spec):
        return x.repeat(2, 1).repeat(2, 2)

    def reference(self, x, numbers):
        return x.repeat(2, 1).repeat(2, 2)


def random_step(rng, shape):
    """A random step that fits a stack of this shape."""
    edges = ["reflect", "symmetric", "edge", "constant"]
    height, width = shape[1:3]
    choices = [
        lambda: Gain(gain=float(rng.uniform(0.5, 1.5))),
        lambda: Median(radius=int(rng.integers(1, 3)), edge=str(rng.choice(edges))),
        lambda: Box(radius=int(rng.integers(1, 4)), edge=str(rng.choice(edges))),
        Double,
        Halve,
        lambda: Net(weight=rng.uniform(-0.4, 0.4, (3, 3)).astype(np.float32)),
        lambda: Apart(weight=rng.uniform(-0.4, 0.4, (3, 3)).astype(np.float32)),
        Pooled,
        FrameMean,
        Mark,
        lambda: Recursive(decay=float(rng.uniform(0.2, 0.8))),
        Level,
        Gated,
        lambda: Grouped(length=int(rng.choice((2, 3, 5)))),
        Twice,
    ]
    if height > 6 and width > 6:
        choices.append(lambda: Trim(top=1, left=2, height=height - 3, width=width - 4))
    if height * width > 2500:
        choices = [c for c in choices if c not in (Double, Twice)]
    return choices[rng.integers(len(choices))]()


def keyed(steps, seed):
    """Number random steps as a pipeline does."""
    out, met = [], 0
    for step in steps:
        if isinstance(step, Random):
            step, met = replace(step, seed=seed, ordinal=met), met + 1
        out.append(step)
    return out


def reference(steps, x, numbers):
    """The whole clip in float64, step by step."""
    x, spec = np.asarray(x, np.float64), Spec(np.shape(x))
    for step in steps:
        spec = step.spec(spec)
        x = step.reference(x, numbers, spec.origin) if isinstance(step, Mark) else step.reference(x, numbers)
    return x
