"""Engines that run a network's kernel instead of XLA: OpenVINO and ONNX Runtime, fed with our own ONNX.

Networks go in as `(graphdef, params)` and come out as functions of numpy frames ``(t, y, x, c)`` float32. Frames are run one by one, so that a frame's
bits do not depend on its block; OpenVINO compiles for each height and width and gives the same bits for any of them and any number of threads
(tests/adapters/test_engines.py). Everything around the kernel stays with XLA.
"""

import importlib
import importlib.metadata
import importlib.util
import sys
from collections import OrderedDict
from collections.abc import Callable
from functools import cache, partial
from threading import Lock, RLock
from typing import Any, NamedTuple

import jax
import numpy as np

from vidsr import models
from vidsr.adapters import int8, onnx_file
from vidsr.adapters.described import IN_STRIPS, NETWORKS
from vidsr.errors import RecipeError
from vidsr.frames.buffers import aligned
from vidsr.models import rrdb
from vidsr.run import processor

PACKAGES = ("openvino", "onnxruntime")
ENGINES = ("auto", "xla", *PACKAGES)
PRECISIONS = ("auto", "f32", "bf16", "int8")
INSTALL = "pip install 'vidsr-toolkit[fast]'"
ENOUGH = 50.0  # dB between bf16 and f32 output, below which `auto` leaves bf16
FASTER = (
    "compact",
    "luma",
    "naf",
)  # OpenVINO is ahead of XLA in f32: `vidsr bench speed`; of naf at 320 x 180 only by the clock
KEPT = 8  # networks, and shapes of one, held ready
Run = Callable[[np.ndarray], np.ndarray]


class Choice(NamedTuple):
    """What runs a network, and why."""

    engine: str
    precision: str
    why: str


class Net(NamedTuple):
    """A network and the hash that its weights are known by."""

    graphdef: Any
    params: dict[str, Any]
    sha256: str
    ranges: int8.Ranges | None = (
        None  # of what goes into its layers, if they were measured (`vidsr.quantise`)
    )

    @property
    def kind(self) -> str:
        return models.named(self.graphdef, self.params)[0]


def check(engine: str | None, precision: str | None = None) -> None:
    """Refuse words that mean nothing and engines that are not installed; None says nothing.

    Raises:
      RecipeError: names what there is, or the line that installs it and how to do without.
    """
    for name, given, choices in (("engine", engine, ENGINES), ("precision", precision, PRECISIONS)):
        if given is not None and given not in choices:
            raise RecipeError(
                f"{name}={given!r} is none of {', '.join(map(repr, choices))}. For example vidsr.pipeline(..., {name}='auto')."
            )
    if engine in PACKAGES and not is_installed(engine):
        raise RecipeError(
            f"engine={engine!r} is not installed. Install it with the extra `fast`: {INSTALL}; or run on XLA, which agrees to a hundredth of an 8-bit level in f32: "
            "vidsr.pipeline(..., engine='xla'), for a record vidsr.Pipeline.from_provenance(out, engine='xla')"
        )


def is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def version(package: str) -> str:
    return importlib.metadata.version(package)


def choose(engine: str, precision: str, net: Net) -> Choice:
    """What `engine` and `precision`, either of which may be "auto", come to for a network on this machine.

    Raises:
      RecipeError: an engine that is not installed, bf16 of ONNX Runtime, or int8 of another than OpenVINO.
    """
    check(engine)
    if net.kind not in NETWORKS and engine != "xla":
        why = f"a network of the kind {net.kind} cannot be written for other engines"
        return Choice("xla", "bf16" if precision == "bf16" else "f32", why)
    if engine == "auto":
        engine, why = _automatic(net.kind, precision)
    else:
        why = "asked for"
    if engine != "openvino":
        if precision == "int8" and why != "asked for":
            return Choice(engine, "f32", f"{why}; f32, because XLA has no int8 here")
        if (engine, precision) == ("xla", "bf16"):
            slow = "; on a CPU XLA computes bf16 by way of f32, which takes longer" if _is_cpu() else ""
            return Choice(engine, precision, why + slow)
        if precision in ("bf16", "int8"):
            raise RecipeError(
                f"{engine} runs networks in f32 only ({why}). For {precision}: vidsr.pipeline(..., engine='openvino', precision={precision!r})."
            )
        return Choice(engine, "f32", why)
    if precision == "auto":
        precision, besides = _exact_enough(net)
        why = f"{why}; {besides}"
    elif precision == "bf16" and not has_bf16():
        precision, why = "f32", f"{why}; f32, because this CPU has no bf16 instructions"
    elif precision == "int8" and not has_dot_products():
        precision, why = "f32", f"{why}; f32, because this CPU has no products of 8 bits that cannot overflow"
    return Choice(engine, precision, why)


def _automatic(kind: str, precision: str) -> tuple[str, str]:
    if not _is_cpu():
        return "xla", "the accelerator runs it"
    if not is_installed("openvino"):
        return "xla", f"openvino is not installed: {INSTALL}"
    if kind not in FASTER and precision not in ("bf16", "int8"):
        return "xla", f"the fastest for networks of the kind {kind}"
    return "openvino", f"the fastest for networks of the kind {kind}"


def _is_cpu() -> bool:
    return jax.default_backend() == "cpu"


def _exact_enough(net: Net) -> tuple[str, str]:
    if not has_tiles():
        return "f32", "f32, because without AMX bf16 is the slower one"
    found = agreement(net)
    if found < ENOUGH:
        return "f32", f"f32, because bf16 would be within {found:.1f} dB of it and {ENOUGH:.0f} are asked for"
    return "bf16", f"bf16 is within {found:.1f} dB of f32 on a fixed texture"


def has_bf16() -> bool:
    """Whether OpenVINO finds bf16 instructions in the CPU."""
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def has_tiles() -> bool:
    """Whether the CPU multiplies matrices of bf16 in hardware (AMX), as the system says; False where it does not tell."""
    return "amx_bf16" in processor.flags()


def has_dot_products() -> bool:
    """Whether the CPU sums products of 8 bits in 32 (VNNI, or ARM's); True where the system does not tell. Before, sums in 16 bits may overflow."""
    flags = processor.flags()
    return not flags or bool(flags & {"avx512_vnni", "avx_vnni", "asimddp"})


def agreement(net: Net) -> float:
    """PSNR in dB between what OpenVINO makes of a fixed texture in bf16 and in f32; measured once for these weights."""
    with _LOCK:
        if net.sha256 not in _AGREEMENT:
            noise = np.random.default_rng(0).random(
                (1, 64, 64, models.inputs(net.graphdef, net.params)), np.float32
            )
            rows = np.linspace(0, 1, 64, dtype=np.float32)[:, None, None]
            texture = 0.75 * rows + 0.25 * (noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 2)) / 3
            low, high = (network("openvino", precision, net)(texture) for precision in ("bf16", "f32"))
            _AGREEMENT[net.sha256] = float(-10 * np.log10(np.mean((low - high) ** 2) + 1e-20))
    return _AGREEMENT[net.sha256]


def network(engine: str, precision: str, net: Net) -> Run:
    """A function ``(t, y, x, c)`` -> the network's output, float32, by an engine that is installed; made once for these weights."""
    ranges = (net.ranges or ()) if precision == "int8" else ()
    key = (engine, precision, net.graphdef, net.sha256, ranges)
    with _LOCK:
        if key not in _READY:
            ready = OnnxRuntime if engine == "onnxruntime" else partial(OpenVino, precision=precision)
            _READY[key] = _made(net, ready, ranges)
        _READY.move_to_end(key)
        while len(_READY) > KEPT:
            _READY.popitem(last=False)
        return _READY[key]


def _made(net: Net, ready: Callable[[bytes], Run], ranges: int8.Ranges) -> Run:
    kind, args = models.named(net.graphdef, net.params)
    if kind not in IN_STRIPS:
        return ready(onnx_file.written(kind, args, net.params, ranges))
    first, second = onnx_file.written_in_parts(kind, args, net.params, ranges)
    return partial(_in_strips, ready(first), ready(second), args["scale"] * args["fold"])


def _in_strips(first: Run, second: Run, times: int, x: np.ndarray) -> np.ndarray:
    """As `rrdb.in_strips` does it, a frame at a time; strips at the edges are as high as the others, so that there is one shape."""
    y = first(x)
    count, height, width, _ = y.shape
    rows, number = rrdb.strips(1, height, width)
    window = rows + 2 * rrdb.BEHIND
    if height <= window:
        return second(y)
    made = aligned((count, height * times, width * times, 3))
    for k in range(number):
        top = min(k * rows, height - rows)
        start = min(max(top - rrdb.BEHIND, 0), height - window)
        out = second(y[:, start : start + window])
        made[:, top * times : (top + rows) * times] = out[:, (top - start) * times :][:, : rows * times]
    return made


class OnnxRuntime:
    """A network in ONNX Runtime, f32."""

    def __init__(self, data: bytes):
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = processor.cores()
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others need the cores too
        self.session = onnxruntime.InferenceSession(data, settings, providers=["CPUExecutionProvider"])

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.concatenate([self.session.run(None, {"frames": frame[None]})[0] for frame in x])


class OpenVino:
    """A network in OpenVINO, on all cores, one frame after the other."""

    def __init__(self, data: bytes, precision: str):
        self.data, self.precision = data, precision
        self.requests: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self.lock = Lock()

    def __call__(self, x: np.ndarray) -> np.ndarray:
        openvino = _openvino()
        with self.lock:
            request = self._request((1, *x.shape[1:]))
            seen = request.get_input_tensor()
            size = tuple(request.get_output_tensor().shape)
            made = aligned((x.shape[0], *size[1:]))
            for frame, out in zip(x, made, strict=True):
                seen.data[0] = frame
                request.set_output_tensor(openvino.Tensor(out[None], shared_memory=True))
                request.infer()
            return made

    def _request(self, shape: tuple[int, ...]) -> Any:
        if shape not in self.requests:
            model = _core().read_model(self.data)
            model.reshape({"frames": list(shape)})
            settings = {
                "INFERENCE_PRECISION_HINT": "f32" if self.precision == "int8" else self.precision,
                "INFERENCE_NUM_THREADS": processor.cores(),
                "PERFORMANCE_HINT": "LATENCY",
            }
            self.requests[shape] = _core().compile_model(model, "CPU", settings).create_infer_request()
        self.requests.move_to_end(shape)
        while len(self.requests) > KEPT:
            self.requests.popitem(last=False)
        return self.requests[shape]


@cache
def _openvino() -> Any:
    """OpenVINO, without what would report its import over the network, from a process forked beside JAX's threads."""
    with _LOCK:
        if "openvino" in sys.modules or "openvino_telemetry" in sys.modules:
            return importlib.import_module("openvino")
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # as if it were not installed
        try:
            return importlib.import_module("openvino")
        finally:
            del sys.modules["openvino_telemetry"]


@cache
def _core() -> Any:
    return _openvino().Core()


_LOCK = RLock()
_READY: OrderedDict[tuple, Run] = OrderedDict()
_AGREEMENT: dict[str, float] = {}
