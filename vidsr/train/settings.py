"""What a run is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optax

from vidsr.errors import RecipeError
from vidsr.train import losses

ENGINES = ("jax", "torch")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run is made of; a checkpoint made under other settings is refused."""

    steps: int
    batch: int = 16  # patches a step
    patch: int = 48  # low resolution pixels, each side
    rate: float = 3e-3  # highest learning rate, of SOAP
    warmup: int = 100  # steps until the highest rate; then a cosine down to zero
    decay: float = 0.999  # of the running average of the weights, which is what is published
    loss: str = "l1"
    last: str = ""  # loss of the last quarter of the steps, where the rate is low; empty: the same throughout
    seed: int = 0
    engine: str = "jax"  # "torch": gradients by the torch twin, faster on CPUs; needs the extra `torch`
    precision: str = "f32"  # "bf16": the network's pass on a GPU or TPU; loss and optimiser stay float32

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise RecipeError(f"engine={self.engine!r} does not exist. Write engine='jax' or engine='torch'.")
        for field, name in (("loss", self.loss), ("last", self.last or self.loss)):
            if name not in losses.LOSSES:
                raise RecipeError(
                    f"{field}={name!r} does not exist. Choose one of: {', '.join(losses.LOSSES)}."
                )
        if self.precision not in ("f32", "bf16") or (self.precision, self.engine) == ("bf16", "torch"):
            raise RecipeError(
                f"precision={self.precision!r} is not offered with engine={self.engine!r}. Write precision='f32'."
            )
        if min(self.steps, self.batch, self.patch) < 1 or self.rate <= 0 or not 0 <= self.decay < 1:
            raise RecipeError(
                f"steps, batch, patch and rate must be positive, decay in [0, 1): {self}. Correct it."
            )

    @property
    def phases(self) -> tuple[tuple[int, str], ...]:
        """The run's losses in turn, each with the step that it ends before."""
        late = self.steps - self.steps // 4
        return ((late, self.loss), (self.steps, self.last)) if self.last else ((self.steps, self.loss),)

    def schedule(self) -> Callable[[Any], Any]:
        """Learning rate of a step: a straight warm-up, then a cosine that ends at zero."""
        warmup = min(self.warmup, self.steps // 10)
        return optax.warmup_cosine_decay_schedule(
            self.rate / (warmup + 1), self.rate, warmup, self.steps, 0.0
        )
