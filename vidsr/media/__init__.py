"""Files to frame stacks and back: probe, open, save, join. The only place that opens video.

Names are loaded on first use, so importing this package loads no decoder.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidsr.media.describe import Probe, probe
    from vidsr.media.encoding import Encoding, settle
    from vidsr.media.joiner import check_companions, join, packet_sizes
    from vidsr.media.light import Light, measure
    from vidsr.media.reader import behind, open
    from vidsr.media.saver import save
    from vidsr.media.view import in_order
    from vidsr.media.writer import Writer, levels

_HOME = {
    "Probe": "describe",
    "probe": "describe",
    "open": "reader",
    "behind": "reader",
    "save": "saver",
    "Writer": "writer",
    "levels": "writer",
    "Encoding": "encoding",
    "settle": "encoding",
    "join": "joiner",
    "check_companions": "joiner",
    "packet_sizes": "joiner",
    "Light": "light",
    "measure": "light",
    "in_order": "view",
}

__all__ = [
    "Encoding",
    "Light",
    "Probe",
    "Writer",
    "behind",
    "check_companions",
    "in_order",
    "join",
    "levels",
    "measure",
    "open",
    "packet_sizes",
    "probe",
    "save",
    "settle",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"vidsr.media.{_HOME[name]}"), name)
