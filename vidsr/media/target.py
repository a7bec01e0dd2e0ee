"""Where a result goes: refused before work starts if it cannot be written there."""

import os
import shutil
from pathlib import Path

from vidsr.errors import MediaError

LEAST_ROOM = 1 << 20  # bytes


def check_target(
    path: str | os.PathLike, *, overwrite: bool, sources: tuple[str | os.PathLike, ...] = ()
) -> Path:
    """The path of a result, if its folder exists, can be written and has room, and nothing would be lost."""
    path = Path(path)
    folder = path.parent
    if not folder.is_dir():
        raise MediaError(
            f"there is no folder {str(folder)!r} to write {path.name} to. Make it: mkdir -p {folder}"
        )
    if path.is_dir():
        raise MediaError(
            f"{str(path)!r} is a folder. Name a file in it: vidsr.save(stack, '{path}/out.mp4')."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise MediaError(
            f"folder {str(folder)!r} may not be written to by this user. Name another: vidsr.save(stack, '/tmp/{path.name}')."
        )
    if any(path.exists() and os.path.exists(s) and path.samefile(s) for s in sources):
        raise MediaError(
            f"{path.name} is the file being read. Name another: vidsr.save(stack, '{path.stem}-restored{path.suffix}')."
        )
    if path.exists() and not overwrite:
        raise MediaError(
            f"{str(path)!r} exists. Replace it: vidsr.save(stack, {str(path)!r}, overwrite=True)."
        )
    if shutil.disk_usage(folder).free < LEAST_ROOM:
        raise MediaError(
            f"the disk of {str(folder)!r} is full. Make room, or name another folder: df -h {folder}"
        )
    return path
