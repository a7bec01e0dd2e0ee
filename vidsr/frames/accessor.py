"""`stack.vid`: asks a frame stack what it is. Verbs do; the accessor only answers, and computes nothing but `thumbnails`."""

from html import escape
from typing import Any

import numpy as np
import xarray as xr

from vidsr.frames import provenance, schema
from vidsr.frames.tags import check_tag
from vidsr.frames.thumbnails import Thumbnails


@xr.register_dataarray_accessor("vid")
class Vid:
    """What a frame stack says about itself."""

    def __init__(self, stack: xr.DataArray):
        self._stack = stack

    @property
    def fps(self) -> float | None:
        """Frames per second from the timestamps (their median step); None for one frame."""
        time = self._stack["time"].values
        return float(1 / np.median(np.diff(time))) if len(time) > 1 else None

    @property
    def duration(self) -> float:
        """Seconds from the first frame's start to the last frame's end, taking the last as long as the typical one."""
        time = self._stack["time"].values
        step = np.median(np.diff(time)) if len(time) > 1 else 0.0
        return float(time[-1] - time[0] + step)

    @property
    def is_variable_rate(self) -> bool:
        """Whether the frames are unevenly spaced in time."""
        step = np.diff(self._stack["time"].values)
        return bool(len(step) and np.ptp(step) > 0.1 * np.median(step))

    @property
    def tags(self) -> dict[str, str]:
        """Colour tags and what the file said."""
        return {k: str(v) for k, v in self._stack.attrs.items() if k != provenance.KEY}

    @property
    def provenance(self) -> dict[str, Any] | None:
        """The record that makes this result again, or None."""
        return provenance.read(self._stack)

    @property
    def fidelity(self) -> str:
        """The highest kind of step used: exact, faithful or generative."""
        return (self.provenance or {}).get("fidelity", "exact")

    def assign(self, **tags: str) -> xr.DataArray:
        """The same stack with these tags set, for example `stack.vid.assign(transfer="bt709")`."""
        return self._stack.assign_attrs({k: check_tag(k, v) for k, v in tags.items()})

    def check(self) -> xr.DataArray:
        """The stack, if it keeps to the schema; else a StackError."""
        return schema.check(self._stack)

    def thumbnails(self, count: int = 4) -> Thumbnails:
        """Small pictures of `count` frames spread over the clip, which are computed for it; a notebook shows them."""
        return Thumbnails(self.check(), count)

    def __repr__(self) -> str:
        return "\n".join(f"{name:10} {text}" for name, text in self._facts())

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{escape(n)}</th><td>{escape(t)}</td></tr>" for n, t in self._facts())
        return f"<table>{rows}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        s = self._stack
        frames = s["frame"].values if "frame" in s.coords else np.arange(s.sizes["time"])
        rate = f"{self.fps:.6g}/s{', variable' if self.is_variable_rate else ''}" if self.fps else "one frame"
        facts = [
            ("size", f"{s.sizes['x']} x {s.sizes['y']}, {' '.join(map(str, s['channel'].values))}"),
            (
                "frames",
                f"{s.sizes['time']} ({frames.min()} to {frames.max()}), {rate}, {self.duration:.3f} s",
            ),
            ("memory", f"{s.nbytes / 1e6:.1f} MB{', lazy' if s.chunks is not None else ''}"),
            *((name, text) for name, text in sorted(self.tags.items())),
        ]
        record = self.provenance
        if record:
            source = record["source"]
            facts.append(("source", str(source.get("path", next(iter(source))))))
            for step in record.get("steps", []):
                facts.append(("step", step["step"]))
            facts.append(("fidelity", self.fidelity))
        return facts
