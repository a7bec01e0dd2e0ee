"""What a recipe states about its zoo entry before it runs."""

from dataclasses import dataclass, field

from vidsr.train.fit import Settings


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A zoo entry as its recipe states it."""

    name: str
    model: str  # a name of `vidsr.models.BUILDERS`
    args: dict[str, int] = field(hash=False)
    settings: Settings
    sentence: str  # what it does
    avoid: str  # when not to use it
    licence: str = "CC-BY-SA-4.0"  # SPDX name, of the weights
    start: str = "the identity plus noise"  # where the weights started from
    tried: tuple[tuple[str, int, float], ...] = ()  # what lost: variant, steps, validation PSNR-Y
