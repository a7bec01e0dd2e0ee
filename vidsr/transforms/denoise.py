"""denoise: take noise out of a clip by averaging what is alike, in the frame and in its neighbours."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from vidsr import hub
from vidsr.errors import RecipeError
from vidsr.functional import cuts, temporal
from vidsr.run.law import At, Axis, Footprint, Spec
from vidsr.transforms import networks, noise_level
from vidsr.transforms.base import Scan, Transform, option, transform, value
from vidsr.transforms.denoise_net import DenoiseNet, denoise_net
from vidsr.transforms.shots import WithinShots

MODELS = ("auto", "nlm")
NETWORK = "denoise-small"  # what auto takes, but for causal=True
_SIGNAL = "signal in [0, 1], standard deviation"


@transform
class Denoise(WithinShots):
    """Non-local means over a window of frames of one shot."""

    fidelity: ClassVar[str] = "faithful"

    sigma: float | None = value(None, unit=_SIGNAL, low=0.0, high=1.0, settled=True)
    strength: float = value(1.0, unit="share of the result in the blend", low=0.0, high=1.0)
    radius: int = option(2, unit="frames each side", low=0, high=8)
    search: int = option(3, unit="input pixels each way", low=0, high=16)

    def spec(self, spec: Spec) -> Spec:
        return networks.check_whole(spec, "denoise")

    def settle(self, spec: Spec, look: Callable[[Sequence[int]], np.ndarray]) -> Transform:
        return dataclasses.replace(self, sigma=noise_level.estimate(spec, look))

    def footprint(self) -> Footprint:
        margin = temporal.margin(self.search)
        frame = Axis(before=margin, after=margin)
        return Footprint(Axis(before=self.radius, after=self.radius, edge="edge"), frame, frame)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> jax.Array:
        shot = jnp.asarray(state[0])[:, 0]
        count = x.shape[0] - 2 * self.radius
        near = np.arange(count)[:, None] + np.arange(2 * self.radius + 1)
        position = at.first_in[0] + near.astype(np.int32)
        inside = (position >= 0) & (position < at.extent_in[0])  # a repeated edge frame is no second witness
        use = inside & (shot[near] == shot[near[:, self.radius]][:, None])
        out = temporal.nonlocal_means(
            x, self.sigma, use.astype(jnp.float32), radius=self.radius, search=self.search
        )
        margin = temporal.margin(self.search)
        here = x[
            self.radius : self.radius + count, margin : x.shape[1] - margin, margin : x.shape[2] - margin
        ]
        return here + jnp.float32(self.strength) * (out - here)


@transform
class CausalDenoise(Scan):
    """Non-local means over the frame and a running state of the frames before it; starts anew at a cut."""

    fidelity: ClassVar[str] = "faithful"

    sigma: float | None = value(None, unit=_SIGNAL, low=0.0, high=1.0, settled=True)
    strength: float = value(1.0, unit="share of the result in the blend", low=0.0, high=1.0)
    search: int = option(3, unit="input pixels each way", low=0, high=16)

    def spec(self, spec: Spec) -> Spec:
        return networks.check_whole(spec, "denoise")

    def settle(self, spec: Spec, look: Callable[[Sequence[int]], np.ndarray]) -> Transform:
        return dataclasses.replace(self, sigma=noise_level.estimate(spec, look))

    def init(self, spec: Spec) -> Any:
        """(running mean, the frame before, whether there was one)."""
        frame = jnp.zeros(spec.shape[1:], jnp.float32)
        return frame, frame, jnp.zeros((), jnp.float32)

    def apply(self, x: jax.Array, at: At, state: Any = None) -> tuple[jax.Array, Any]:
        def step(state: Any, frame: jax.Array) -> tuple[Any, jax.Array]:
            past, before, begun = state
            same = ~cuts.is_cut(cuts.pair_scores(jnp.stack([before, frame]))[0])
            use = begun * same.astype(jnp.float32)
            out, past = temporal.recursive_means(frame, past, self.sigma, use, search=self.search)
            out = frame + jnp.float32(self.strength) * (out - frame)
            return (past, frame, jnp.ones((), jnp.float32)), out

        state, out = lax.scan(step, jax.tree.map(jnp.asarray, state), x)
        return out, state


def denoise(
    sigma: float | None = None, strength: float = 1.0, model: networks.Model = "auto", causal: bool = False
) -> Transform:
    """Take white noise out, each frame beside its neighbours of the same shot. Faithful: nothing is invented.

    By default a network trained on distortion (its card: `vidsr.hub.info("denoise-small")`) sees the frame, one neighbour each
    side, and sigma. "nlm" makes every pixel a weighted mean over 7 x 7 places in its frame and in two frames each side,
    weighted by how alike their surroundings are, measured against the noise: it takes any signal, HDR too, is as good where
    nearly nothing moves, and keeps no edge between two colours of one lightness (likeness is judged on the mean of the
    channels). With `causal=True` only the past is used, through one running frame: half the time, fit for live material, and a
    little less is removed.

    All are unable to bring back detail weaker than the noise (fine texture under strong noise is smoothed), to follow
    neighbours that moved far (by a dozen pixels for the network, 3 for "nlm"; there they work within the frame), and to
    remove noise that spans several pixels, such as coarse grain, compression blocks or scratches: they take it for picture.

    Sources: see `vidsr.models.naf`, `vidsr.functional.temporal`, `vidsr.functional.sigma` and `vidsr.functional.cuts`.

    Args:
      sigma: standard deviation of the noise, in signal units ([0, 1], so 10 levels of 8 bits are 10/255). None:
        estimated at eight frames spread over the clip when the first pixel is asked for.
      strength: 0 leaves the clip as it is, 1 is the full result; between, a blend of the two.
      model: "nlm"; a network for this verb, as `vidsr.hub.load` takes it: a zoo id, a folder, as `vidsr train
        zoo/denoise-small` makes one, or "org/name" on the Hub; what `hub.load` or `quantise` gave; or "auto": "denoise-small", and "nlm" with `causal=True`. A network whose
        domain calls it blind takes no sigma.
      causal: use the past only; the result of a frame then depends on all frames of its shot before it.

    Raises:
      RecipeError: an unknown model, a number out of range. StackError: interlaced frames; HDR signal for a network.
      MediaError: a repository that cannot be fetched.
    """
    sigma = None if sigma is None else float(sigma)
    if model == "nlm" or (model == "auto" and causal):
        kind = CausalDenoise if causal else Denoise
        return kind(sigma=sigma, strength=float(strength))
    return _network(NETWORK if model == "auto" else model, sigma, strength, causal)


def _network(model: networks.Model, sigma: float | None, strength: float, causal: bool) -> DenoiseNet:
    try:
        hub.folder_of(networks.name_of(model))
    except RecipeError as error:
        raise RecipeError(
            f"model={model!r} is no denoiser: {error} Or it is one of {', '.join(map(repr, MODELS))}. "
            "For example vidsr.denoise(model='nlm')."
        ) from error
    if causal:
        raise RecipeError(
            f"causal=True is a form of 'nlm'; {networks.name_of(model)!r} looks at frames to come. Say vidsr.denoise(causal=True)."
        )
    return denoise_net(model, sigma=sigma, strength=float(strength))
