"""`xr.open_dataset(path, engine="vidsr")`: a film as a Dataset with the one variable `frames`."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray, BackendEntrypoint
from xarray.core import indexing

from vidsr.frames.schema import DIMS, build
from vidsr.media.pictures import SUFFIXES as PICTURES
from vidsr.media.reader import chunk_shape, describe, trimmed
from vidsr.media.view import View

SUFFIXES = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob", ".mxf", ".dv",
            ".wmv", ".flv", ".ogv", ".ivf", ".y4m", ".nut"}  # fmt: skip


class FrameArray(BackendArray):
    """A view of a file behind xarray's own lazy indexing."""

    def __init__(self, view: View):
        self.view, self.shape, self.dtype = view, view.shape, view.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self.view.__getitem__
        )


class VidsrBackend(BackendEntrypoint):
    """Opens video files and picture sequences for xarray."""

    description = "Video files and picture sequences as frame stacks"
    open_dataset_parameters = ("filename_or_obj", "drop_variables", "reader", "start", "end", "fps")

    def open_dataset(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        reader: str = "auto",
        start: float | None = None,
        end: float | None = None,
        fps: float | str | None = None,
    ) -> xr.Dataset:
        """The same stack as `vidsr.open(path)`, as variable `frames`; options as there."""
        lazy = trimmed(describe(filename_or_obj, reader=reader, fps=fps), start, end)
        array = indexing.LazilyIndexedArray(FrameArray(lazy.view))
        chunks = dict(zip(DIMS, chunk_shape(lazy.view.shape, "auto"), strict=True))
        variable = xr.Variable(DIMS, array, lazy.attrs, {"preferred_chunks": chunks})
        coords = build(
            np.broadcast_to(np.float32(0), lazy.view.shape), time=lazy.time, frame=lazy.frame
        ).coords
        data = xr.Dataset({"frames": variable}, coords)
        return data.drop_vars(drop_variables, errors="ignore") if drop_variables is not None else data

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """By suffix: video files; pictures are left to others unless the engine is named."""
        if not isinstance(filename_or_obj, str | os.PathLike):
            return False
        suffix = Path(filename_or_obj).suffix.lower()
        return suffix in SUFFIXES and suffix not in PICTURES
