"""The ways to run a network of ours: by every engine and precision, and by torch with the same weights."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np

import vidsr
from vidsr import hub, models
from vidsr.adapters import engines, torch_run
from vidsr.bench import clock
from vidsr.bench.rivals import Method, clocked
from vidsr.bench.timed import scenes
from vidsr.errors import MediaError

Way = tuple[str, str]
INT8 = ("openvino", "int8")
ENGINES: tuple[Way, ...] = (
    ("xla", "f32"),
    ("onnxruntime", "f32"),
    ("openvino", "f32"),
    ("openvino", "bf16"),
    INT8,
)
ON_DEVICES: tuple[Way, ...] = (("xla", "f32"), ("xla", "bf16"))
TORCH: tuple[Way, ...] = (("torch", "f32"), ("torch", "bf16"), ("torch.compile", "bf16"))


def kernel(name: str, way: Way, device: str = "cpu") -> Method:
    """A network alone, by zoo id or folder; frames are what it is fed, ``(t, y, x, c)``."""
    found = cache(lambda: _runs(name, way, device))
    called = " ".join(way) if device == "cpu" else f"{' '.join(way)} on the {device}"
    return Method(called, clocked(lambda frames: found()(frames)))


def net(name: str, precision: str = "f32") -> engines.Net:
    loaded = quantised(name) if precision == "int8" else hub.load(name)
    return engines.Net(loaded.graphdef, loaded.params, loaded.sha256, loaded.ranges)


@cache
def quantised(name: str) -> hub.Network:
    """A network that enlarges or takes out noise, with what int8 needs: calibrated on photographs of B100, with noise on them for the latter.

    Raises:
      MediaError: a network of another verb, whose calibration would be a matter of its damage; no test sets.
    """
    loaded = hub.load(name)
    if loaded.verb not in ("super_resolve", "denoise"):
        raise MediaError(
            "int8 is measured here of networks that enlarge or take out noise: see help(vidsr.quantise)"
        )
    shown = scenes.photographs(loaded.scale)
    return vidsr.quantise(name, calibration=scenes.noisy(shown) if loaded.verb == "denoise" else shown)


def check(way: Way) -> None:
    """Refuse an engine that is not there, and precisions that the processor has no instructions for.

    Raises:
      MediaError: with the line to type.
    """
    engine, precision = way
    if engine in engines.PACKAGES and not engines.is_installed(engine):
        raise MediaError(f"not installed: {engines.INSTALL}")
    has = {"bf16": engines.has_bf16, "int8": engines.has_dot_products}
    if engine == "openvino" and precision in has and not has[precision]():
        raise MediaError(f"this processor has no {precision} instructions: openvino runs f32")


def _runs(name: str, way: Way, device: str) -> Callable[[np.ndarray], np.ndarray]:
    check(way)
    engine, precision = way
    held = net(name, precision)
    if engine == "xla":
        import jax

        run = jax.jit(partial(models.apply, held.graphdef, held.params, precision=precision))
        return lambda x: np.asarray(run(x).block_until_ready())
    if engine in engines.PACKAGES:
        return engines.network(engine, precision, held)
    place = "cpu" if device == "cpu" else "cuda"
    compiled = engine == "torch.compile"
    return torch_run.network(held, precision, compiled=compiled, device=place, threads=clock.threads())
