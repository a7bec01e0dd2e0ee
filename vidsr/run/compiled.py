"""Compiled programs kept on the disk, so that the next process need not compile them again: JAX's persistent cache.

It lies in a folder of the user's that nobody else may read or write, since whoever writes to it has code run: `vidsr/compiled` in
the user's cache folder, apart for every kind of processor. VIDSR_COMPILED names another folder; set to nothing, it keeps none.
A cache that JAX was told of, or told to leave off, stays as it is; so does everything where no such folder can be made.
"""

import hashlib
import os
import platform
import stat
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
from jax.experimental.compilation_cache import compilation_cache

from vidsr.run import processor

VARIABLE = "VIDSR_COMPILED"
MOST_BYTES = 1 << 30  # then the longest unused go


@cache
def keep() -> None:
    """Keep what this process compiles from now on, and take what others kept."""
    given: Any = jax.config
    if given.jax_compilation_cache_dir or not given.jax_enable_compilation_cache:
        return
    folder = wanted()
    if folder is None or not is_private(folder):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    if given.jax_compilation_cache_max_size < 0 and find_spec("filelock"):  # which JAX needs to count
        jax.config.update("jax_compilation_cache_max_size", MOST_BYTES)
    compilation_cache.reset_cache()  # what was compiled before would have left it off for good


def wanted() -> Path | None:
    """The folder of programs for this processor; None if none is to be kept."""
    given = os.environ.get(VARIABLE)
    if given == "":
        return None
    base = Path(given) if given else _users() / "vidsr" / "compiled"
    return base / f"{platform.machine()}-{_features()}"


def is_private(folder: Path) -> bool:
    """Whether the folder is there, made if need be, and the user's alone."""
    try:
        folder.parent.parent.mkdir(parents=True, exist_ok=True)
        for made in (folder.parent, folder):
            made.mkdir(mode=0o700, exist_ok=True)
            found = made.lstat()
            if not stat.S_ISDIR(found.st_mode):
                return False
            if hasattr(os, "getuid") and (found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077):
                return False
        return os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    except (OSError, RuntimeError):
        return False


def _users() -> Path:
    """The user's folder for what can be made again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _features() -> str:
    """What the processor can do, in short: a program compiled for one may be none for another that shares the folder."""
    text = processor.text() or platform.processor()
    lines = [
        line for line in text.splitlines() if line.startswith(("model name", "flags", "Features", "CPU part"))
    ]
    return hashlib.sha256("\n".join(sorted(set(lines)) or [text]).encode()).hexdigest()[:12]
