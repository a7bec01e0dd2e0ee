"""The record in a result that makes it again: one JSON string in attrs["provenance"].

A record holds the source (a file by path, size and hash, data in memory by hash, or another result's record),
the steps with their settings, the seed, block shape and versions. It describes the whole run; the coordinates
frame, y and x say which part of it a slice is.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

KEY = "provenance"
ENDS = 1 << 20  # bytes of head and of tail that identify a file when it is opened


def read(stack: xr.DataArray) -> dict[str, Any] | None:
    """The record a stack carries, or None."""
    text = stack.attrs.get(KEY)
    return json.loads(text) if text else None


def write(record: dict[str, Any]) -> str:
    """A record as the string that goes into attrs."""
    return json.dumps(record, sort_keys=True)


def digest(record: Any) -> str:
    """A short hash of anything JSON can hold."""
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:24]


def file_identity(path: str | Path, *, whole: bool = False) -> dict[str, Any]:
    """Path, size and hash of a file: of its first and last MiB, or of all of it."""
    path = Path(path)
    size = path.stat().st_size
    mark = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        if whole:
            mark = hashlib.file_digest(file, "sha256")
        else:
            mark.update(file.read(ENDS))
            file.seek(max(size - ENDS, 0))
            mark.update(file.read(ENDS))
    return {"path": str(path), "size": size, "whole_sha256" if whole else "ends_sha256": mark.hexdigest()}


def source_of(stack: xr.DataArray) -> dict[str, Any]:
    """What a stack is, as the source of a record: a file, an earlier result, or data known by their hash."""
    record = read(stack)
    if record is not None:
        return {"result": record} if "steps" in record else record["source"]
    data = stack.variable._data
    if isinstance(data, np.ndarray):
        mark = hashlib.blake2b(np.ascontiguousarray(data).data, digest_size=20)
        return {"data": mark.hexdigest(), "shape": list(stack.shape)}
    return {"array": str(getattr(data, "name", type(data).__name__)), "shape": list(stack.shape)}


def same_source(recorded: dict[str, Any], given: dict[str, Any]) -> bool:
    """Whether two sources are the same data; a file may have moved."""

    def essence(source: Any) -> Any:
        if isinstance(source, dict):
            return {k: essence(v) for k, v in source.items() if k not in ("path", "whole_sha256", "versions")}
        return [essence(v) for v in source] if isinstance(source, list) else source

    return essence(recorded) == essence(given)
