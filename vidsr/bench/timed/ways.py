"""The ways to run a network of ours: by every engine and precision, and by torch with the same weights."""

from collections.abc import Callable
from functools import cache, partial

import numpy as np

from vidsr import hub, models
from vidsr.adapters import engines, torch_run
from vidsr.bench import clock
from vidsr.bench.rivals import Method, clocked
from vidsr.errors import MediaError

Way = tuple[str, str]
ENGINES: tuple[Way, ...] = (("xla", "f32"), ("onnxruntime", "f32"), ("openvino", "f32"), ("openvino", "bf16"))
TORCH: tuple[Way, ...] = (("torch", "f32"), ("torch", "bf16"), ("torch.compile", "bf16"))


def kernel(name: str, way: Way, device: str = "cpu") -> Method:
    """A network alone, by zoo id or folder; frames are what it is fed, ``(t, y, x, c)``."""
    found = cache(lambda: _runs(name, way, device))
    called = " ".join(way) if device == "cpu" else f"{' '.join(way)} on the {device}"
    return Method(called, clocked(lambda frames: found()(frames)))


def net(name: str) -> engines.Net:
    loaded = hub.load(name)
    return engines.Net(loaded.graphdef, loaded.params, loaded.sha256)


def check(way: Way) -> None:
    """Refuse an engine that is not there, and bf16 where the processor has none.

    Raises:
      MediaError: with the line to type.
    """
    engine, precision = way
    if engine in engines.PACKAGES and not engines.is_installed(engine):
        raise MediaError(f"not installed: {engines.INSTALL}")
    if way == ("openvino", "bf16") and not engines.has_bf16():
        raise MediaError(f"this processor has no {precision} instructions: openvino runs f32")


def _runs(name: str, way: Way, device: str) -> Callable[[np.ndarray], np.ndarray]:
    check(way)
    held, (engine, precision) = net(name), way
    if engine == "xla":
        import jax

        run = jax.jit(partial(models.apply, held.graphdef, held.params))
        return lambda x: np.asarray(run(x).block_until_ready())
    if engine in engines.PACKAGES:
        return engines.network(engine, precision, held)
    place = "cpu" if device == "cpu" else "cuda"
    compiled = engine == "torch.compile"
    return torch_run.network(held, precision, compiled=compiled, device=place, threads=clock.threads())
