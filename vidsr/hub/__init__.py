"""Networks and where they come from: the zoo of the wheel, folders of the same form, and repositories on the Hub.

    net = hub.load("sr-small-x4")                       # of the zoo; hub.list() shows it
    net = hub.load("org/name")                          # on the Hub; net.name is "org/name@" and the commit
    hub.push_to_hub(net, "me/name")                     # with its card and figures
    hub.register("x4plus", "https://.../RealESRGAN_x4plus.pth", licence="BSD-3-Clause")    # other people's, for vidsr.torch.load
    hub.convert("x4plus", "x4plus-jax", licence="BSD-3-Clause")     # and for super_resolve(4, model="x4plus-jax")

Weights are safetensors with the sha256 that their config states, checked before anything in them is read. No code of an entry is run.
"""

from vidsr.hub.backbones import backbone, backbones
from vidsr.hub.convert import convert
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
    "convert",
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
