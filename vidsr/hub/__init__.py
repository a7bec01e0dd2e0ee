"""The zoo's code: an explicit list of entries, and how one is found, checked and loaded. Loading runs no recipe."""

from vidsr.hub.backbones import backbone, backbones
from vidsr.hub.index import IDS, folder_of
from vidsr.hub.listing import Listing, info, list
from vidsr.hub.load import Network, from_pretrained, load, same_weights
from vidsr.hub.registry import Registered, checkpoint, download, forget, register, registered
from vidsr.hub.save import save
from vidsr.hub.share import push_to_hub, save_pretrained

__all__ = [
    "IDS",
    "Listing",
    "Network",
    "Registered",
    "backbone",
    "backbones",
    "checkpoint",
    "download",
    "folder_of",
    "forget",
    "from_pretrained",
    "info",
    "list",
    "load",
    "push_to_hub",
    "register",
    "registered",
    "same_weights",
    "save",
    "save_pretrained",
]
