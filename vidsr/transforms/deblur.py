"""deblur: take a blur out of a clip: one that is told, one that is found in its spectrum, or one that a network finds."""

from typing import Any

from vidsr.errors import RecipeError
from vidsr.transforms import networks
from vidsr.transforms.base import Transform
from vidsr.transforms.deblur_blind import BlindDeblur
from vidsr.transforms.deblur_known import EXAMPLE, MODELS, inverse
from vidsr.transforms.deblur_net import deblur_net
from vidsr.transforms.optics import lens


def deblur(
    psf: Any = None,
    sigma: float | None = None,
    *,
    detail: float | None = None,
    model: networks.Model = "auto",
    rounds: int | None = None,
) -> Transform:
    """Take a blur out of every frame. Faithful: no texture is invented, frequencies that the blur erased stay away.

    A known blur is taken as one of light, the noise as one of the coded signal. "tv" looks for the signal that explains the
    frame and has the smallest sum of steps, "wiener" for that with the smallest sum of squares (it keeps more noise and
    rings at edges), "richardson-lucy" for the light that explains it best, stopped early (it knows no noise).

    Without a psf the blur is looked for in four frames spread over the clip: a lens out of focus by 1.4 to 8 pixels, or a straight
    motion of 3 to 40, the same all over the frame and the clip. These leave zeros in the spectrum; softness that leaves none
    is never taken for a blur. Where none is clear nothing is changed and a DomainWarning says so; `explain(clip)` tells what was
    found, and the result's record holds it. Frames are to be 64 pixels high and wide at least, and compression hides zeros.

    A network (`model="deblur-small"`, or the folder of one) finds the blur in each pixel's surroundings, so it
    may differ from place to place; it gets back less than the inverse, and sharpens what was meant to be soft.

    The inverse is unable to follow a blur that differs over the frame or the clip, and one that is not the
    true one rings. Each frame is read alone; the inverse smooths texture that is weaker than the noise it leaves. An edge
    out of focus by 3 pixels overshoots by 3 % of its step with "tv", by 8 % with "wiener" and 9 % with "richardson-lucy";
    smeared over 15 pixels by 6, 11 and 8 % (`vidsr bench quality --tasks deblur`).

    Sources: see `vidsr.functional.deconvolve`, `vidsr.functional.psf` and `vidsr.functional.blind`.

    Args:
      psf: what a point of light became: a kernel (y, x) with odd sides, divided by its sum, or a kind and numbers, as
        ("disc", radius), ("motion", length, angle), ("gaussian", sigma) of `vidsr.functional.psf`; pixels, degrees. None: found in the clip.
      sigma: standard deviation of the noise, in signal units ([0, 1]). None: estimated as `vidsr.denoise` does. Less
        than 0.75 of a level of 8 bits is taken as that.
      detail: root mean square step between neighbouring pixels of the sharp picture, in signal units: more is sharper
        and noisier. None: worked out from the blurred frames.
      model: "tv", "wiener" or "richardson-lucy"; "auto" is "tv". Or a network for this verb, as `vidsr.hub.load` takes it: a
        zoo id, a folder, or "org/name" on the Hub, or what `hub.load` or `quantise` gave; it takes neither psf nor the other numbers.
      rounds: how often the misfit is corrected; every round reads further. None: 6, 3 and 10.

    Raises:
      RecipeError: a psf with even sides, a sum that is not positive or negative weights, an unknown model or kind, a number out
        of range, sigma and detail for "richardson-lucy", or psf, sigma, detail or rounds for a network.
      StackError, when it meets a stack: a psf larger than the picture, interlaced frames, no transfer tag; HDR signal for a network.
      MediaError: a repository that cannot be fetched.
    """
    chosen = "tv" if model == "auto" else model
    about = {"sigma": sigma, "detail": detail, "rounds": rounds}
    if chosen not in MODELS:
        return _network(psf, model, about)
    if chosen == "richardson-lucy" and (sigma, detail) != (None, None):
        raise RecipeError(
            "Richardson-Lucy knows neither sigma nor detail: fewer rounds leave less noise. "
            f"Say {EXAMPLE[:-1]}, model='richardson-lucy', rounds=5)."
        )
    if psf is None:
        return BlindDeblur(model=chosen, **about)
    optics = lens(psf)
    if optics.kernel.min() < 0:
        raise RecipeError(
            f"a psf spreads light and has no weights below 0; the least of this one is {optics.kernel.min():g}. "
            f"Clip it: numpy.maximum(psf, 0), or say {EXAMPLE}."
        )
    return inverse(optics, chosen, {**about, "gain": None})


def _network(psf: Any, model: networks.Model, settings: dict[str, Any]) -> Transform:
    """The network that finds the blur itself; it is told neither that nor the `settings` of the inverse."""
    if psf is not None:
        known = ", ".join(map(repr, ("auto", *MODELS)))
        raise RecipeError(
            f"model={networks.name_of(model)!r} takes no known blur away; there are {known}. For example "
            f"{EXAMPLE[:-1]}, model='tv'). A network is not told the blur: vidsr.deblur(model={networks.name_of(model)!r})."
        )
    told = {name: given for name, given in settings.items() if given is not None}
    if told:
        raise RecipeError(
            f"a network that finds the blur takes no {', '.join(told)}. Say vidsr.deblur(model={networks.name_of(model)!r}), "
            f"or tell the blur: {EXAMPLE[:-1]}, {', '.join(f'{name}={given!r}' for name, given in told.items())})."
        )
    return deblur_net(model)
