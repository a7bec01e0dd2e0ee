"""The public face of files: `vidsr.open`, `vidsr.probe`, `vidsr.save`."""

from vidsr.media.describe import probe
from vidsr.media.reader import open
from vidsr.media.saver import save

__all__ = ["open", "probe", "save"]
