"""Files that are only taken whole and unaltered."""

import hashlib
from pathlib import Path

from vidsr.errors import MediaError, RecipeError


def read_checked(path: Path, sha256: str, remedy: str) -> bytes:
    """What a file holds, hashed before anything in it is interpreted.

    Args:
      path: the file.
      sha256: of what it has to hold, hexadecimal.
      remedy: a sentence that says how to get the file that is meant; it ends the error.

    Raises:
      MediaError: it cannot be read. RecipeError: it holds something else.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}. {remedy}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise RecipeError(
            f"{path} has sha256 {found[:12]}..., and {sha256[:12]}... is meant: it is damaged or another file, and nothing in "
            f"it was used. {remedy}"
        )
    return data
