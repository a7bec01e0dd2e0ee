"""Colour tags: the words a frame stack may carry and what they mean. All attrs are strings."""

from collections.abc import Mapping

from vidsr.errors import StackError

TRANSFERS = ("bt709", "srgb", "bt1886", "linear", "pq", "hlg")
PRIMARIES = ("bt709", "bt2020", "p3", "smpte170m", "bt470bg")
FIELDS = ("progressive", "tff", "bff")
ALLOWED = {"transfer": TRANSFERS, "primaries": PRIMARIES, "fields": FIELDS}


def check_tag(name: str, value: object) -> str:
    """Return `value` if tag `name` may have it, else raise a StackError that lists what it may be."""
    allowed = ALLOWED.get(name)
    if allowed is not None and value not in allowed:
        raise StackError(
            f"{name}={value!r} is not a known tag; known are {', '.join(allowed)}. "
            f"Say which one you mean: stack.vid.assign({name}={allowed[0]!r})."
        )
    return str(value)


def require(attrs: Mapping[str, object], name: str, verb: str) -> str:
    """The value of tag `name`, or a StackError that says how it got lost and how to give it again."""
    if name not in attrs:
        raise StackError(
            f"{verb} needs to know the {name} of these values, but the stack has no {name!r}. "
            "xarray drops an attribute when two stacks disagree, as in `a + b`. "
            f"Say which one you mean: stack.vid.assign({name}={ALLOWED[name][0]!r})."
        )
    return check_tag(name, attrs[name])
