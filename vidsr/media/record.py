"""The provenance record inside a file's `comment` field."""

import json
from typing import Any

MARK = "vidsr-record:"


def comment_of(provenance: str) -> str:
    """The comment that carries a record (a JSON string)."""
    return MARK + provenance


def read_comment(comment: str) -> dict[str, Any] | None:
    """The record in a comment; None if it holds none, or one that cannot be read."""
    if not comment.startswith(MARK):
        return None
    try:
        record = json.loads(comment[len(MARK) :])
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
