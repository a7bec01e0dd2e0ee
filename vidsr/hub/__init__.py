"""The zoo's code: an explicit list of entries, and how one is found, checked and loaded. Loading runs no recipe."""

from vidsr.hub.backbones import backbone, backbones
from vidsr.hub.convert import convert
from vidsr.hub.index import IDS, folder_of
from vidsr.hub.listing import Listing, info, list
from vidsr.hub.load import Network, load, same_weights
from vidsr.hub.save import save

__all__ = [
    "IDS",
    "Listing",
    "Network",
    "backbone",
    "backbones",
    "convert",
    "folder_of",
    "info",
    "list",
    "load",
    "same_weights",
    "save",
]
