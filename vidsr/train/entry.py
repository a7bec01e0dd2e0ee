"""What a recipe states about its zoo entry before it runs."""

from dataclasses import dataclass, field
from typing import Any

from vidsr.train.fit import Settings

# What networks for clean pictures are trained for.
CLEAN = {
    "channels": "rgb",
    "range": [0, 1],
    "dtype": "float32",
    "transfer": ["bt709", "srgb"],
    "input": "clean, reduced by bicubic",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A zoo entry as its recipe states it."""

    name: str
    model: str  # a name of `vidsr.models.BUILDERS`
    args: dict[str, int] = field(hash=False)
    settings: Settings
    verb: str = "super_resolve"
    sentence: str  # what it does
    use: str  # the step, as typed
    avoid: str  # when not to use it
    made: str  # how the input was made from the pictures
    domain: dict[str, Any] = field(hash=False)  # what it was trained for
    licence: str = "CC-BY-SA-4.0"  # SPDX name, of the weights
    start: str = "the identity plus noise"  # where the weights started from, in words
    after: str = ""  # the entry whose weights it started from, if any
    tried: tuple[tuple[str, int, float], ...] = ()  # what lost: variant, steps, validation PSNR-Y
