"""What a recipe states about its zoo entry before it runs."""

from dataclasses import dataclass
from typing import Any

from vidsr.train.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A zoo entry as its recipe states it."""

    name: str
    model: str  # a name of `vidsr.models.BUILDERS`
    args: dict[str, int]
    settings: Settings
    verb: str = "super_resolve"
    sentence: str  # what it does
    use: str  # the step, as typed
    avoid: str  # when not to use it
    made: str  # how the input was made from the pictures
    domain: dict[str, Any]  # what it was trained for
    licence: str = "CC-BY-SA-4.0"  # SPDX name, of the weights
    shapes: int = 0  # drawn pictures among those it is trained on
    start: str = "the identity plus noise"  # where the weights started from, in words
    after: str = ""  # the entry whose weights it started from, if any
    tried: tuple[tuple[str, int, float], ...] = ()  # in short runs: variant, steps, validation PSNR-Y


def domain(trained_on: str, **more: Any) -> dict[str, Any]:
    """What an RGB network of SDR signal was trained for, as its config says it."""
    signal = {"channels": "rgb", "range": [0, 1], "dtype": "float32", "transfer": ["bt709", "srgb"]}
    return {**signal, "input": trained_on, **more}


def clean(
    name: str,
    *,
    model: str,
    args: dict[str, int],
    settings: Settings,
    shapes: int = 0,
    after: str = "",
    tried: tuple[tuple[str, int, float], ...] = (),
) -> Entry:
    """An entry that enlarges clean pictures: all but the network and its settings is the same for each."""
    scale = args["scale"]
    drawn = f"{shapes} drawn pictures of shapes with ideal edges are among them; " if shapes else ""
    return Entry(
        name=name,
        model=model,
        args=args,
        settings=settings,
        tried=tried,
        sentence=f"Enlarges clean video or pictures {scale} times, each frame on its own; trained for the least error, it invents no texture.",
        use=f'vidsr.super_resolve(scale={scale}, model="{name}")',
        avoid="""On noisy, blurred or compressed video (it was trained on clean pictures reduced by bicubic and sharpens what it is
given: denoise first), on linear light or HDR signal, or where the input was reduced by another kernel. It does not look at
neighbouring frames, so it recovers nothing over time and does not reduce flicker.""",
        shapes=shapes,
        after=after,
        start=f"{after}, grown to this size" if after else Entry.start,
        made=f"""The low resolution is the exact MATLAB-like bicubic with 8-bit rounding per pass; {drawn}each picture serves again at half
size:""",
        domain=domain("clean, reduced by bicubic"),
    )
