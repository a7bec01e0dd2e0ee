"""The perceptual measures a report can hold, each when it is asked for by name; what cannot be run here says why.

Frames go one at a time: what a classifier makes of a picture is thirty times the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from vidsr.metrics import vmaf
from vidsr.metrics.blocks import Block, Picture
from vidsr.metrics.measure import Measure

if TYPE_CHECKING:
    from vidsr.metrics.perceptual import Backbone


@dataclass(frozen=True, kw_only=True)
class Perceived(Measure):
    """A measure of `vidsr.metrics.perceptual`, which is imported when it is used: it brings jax."""

    by_name: ClassVar[bool] = True
    unit = "1"

    def look(self, *pictures: Any) -> Any:
        """One frame (1, y, x, c) in levels, and the reference's if it needs one."""
        raise NotImplementedError

    def rows(self, block: Block) -> np.ndarray:
        pictures = [block.picture] + ([block.reference] if self.needs_reference else [])
        seen = [self.view(picture) for picture in pictures]
        return np.concatenate(
            [np.asarray(self.look(*(v[i : i + 1] for v in seen)), float) for i in range(len(seen[0]))]
        )

    def view(self, picture: Picture) -> np.ndarray:
        return picture.levels


@dataclass(frozen=True, kw_only=True)
class OfGrey(Perceived):
    """Of grey as MATLAB's rgb2gray gives it: in whole levels where the pictures are."""

    def view(self, picture: Picture) -> np.ndarray:
        grey = np.rint(picture.grey) if picture.quantise else picture.grey
        return grey[..., None].astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class MsSsim(OfGrey):
    label = "MS-SSIM"
    direction, range = "higher", "0 to 1"
    protocol = (
        "Wang et al. 2003: grey, 5 octaves by 2 x 2 means, 11 x 11 Gaussian of 1.5, peak 255, valid area"
    )

    @property
    def side(self) -> int:
        return 176

    def look(self, *pictures: Any) -> Any:
        from vidsr.metrics.perceptual import ms_ssim

        return ms_ssim(*pictures, peak=255.0)


@dataclass(frozen=True, kw_only=True)
class Gmsd(OfGrey):
    label = "GMSD"
    direction, range = "lower", "0 to 1"
    protocol = "Xue et al. 2014: grey, halved, Prewitt, T = 170, standard deviation of the similarity"

    @property
    def side(self) -> int:
        return 6

    def look(self, *pictures: Any) -> Any:
        from vidsr.metrics.perceptual import gmsd

        return gmsd(*pictures, peak=255.0)


@dataclass(frozen=True, kw_only=True)
class HaarPsi(Perceived):
    label = "HaarPSI"
    direction, range = "higher", "0 to 1"
    protocol = "Reisenhofer et al. 2018: halved, C = 30, alpha = 4.2, YIQ of colour, grey alone of grey"

    @property
    def side(self) -> int:
        return 16

    def look(self, *pictures: Any) -> Any:
        from vidsr.metrics.perceptual import haarpsi

        return haarpsi(*pictures, peak=255.0)


@dataclass(frozen=True, kw_only=True)
class Niqe(Perceived):
    label = "NIQE"
    direction, range = "lower", "0 to infinity"
    needs_reference = False
    protocol = "Mittal et al. 2013, model of the original release: grey in whole levels, blocks of 96; not MATLAB's built-in"

    @property
    def side(self) -> int:
        return 192

    def look(self, *pictures: Any) -> Any:
        from vidsr.metrics.perceptual import niqe

        return niqe(*pictures, peak=255.0)


@dataclass(frozen=True, kw_only=True)
class Learned(Perceived):
    """One that looks through a published classifier: run with that classifier's own weights, or not at all."""

    backbones: Mapping[str, "Backbone"] = field(default_factory=dict)

    settings = ("backbones",)
    direction, range = "lower", "0 to about 1"
    net: ClassVar[str]

    @property
    def side(self) -> int:
        return {"alex": 31, "vgg": 16}[self.net]

    @property
    def missing(self) -> str:
        from vidsr.metrics.perceptual import PUBLISHED

        file, digest, _ = PUBLISHED[self.net]
        remedy = f"With {file}: report(..., backbones=vidsr.hub.backbones(folder))."
        if self.net not in self.backbones:
            return f"no backbone {self.net!r} was given. {remedy}"
        if self.backbones[self.net].sha256 != digest:
            return f"the backbone {self.net!r} given is not the published one. {remedy}"
        return ""


@dataclass(frozen=True, kw_only=True)
class LpipsAlex(Learned):
    label = "LPIPS alex"
    net = "alex"
    protocol = "Zhang et al. 2018, v0.1, AlexNet of torchvision, spatial mean"

    def look(self, *pictures: Any) -> Any:
        from vidsr.metrics.perceptual import lpips

        return lpips(*pictures, self.backbones[self.net], peak=255.0)


@dataclass(frozen=True, kw_only=True)
class LpipsVgg(LpipsAlex):
    label = "LPIPS vgg"
    net = "vgg"
    protocol = "Zhang et al. 2018, v0.1, VGG-16 of torchvision, spatial mean"


@dataclass(frozen=True, kw_only=True)
class Dists(Learned):
    label = "DISTS"
    net = "vgg"
    protocol = "Ding et al. 2020, VGG-16 of torchvision, pictures not resized"

    def look(self, *pictures: Any) -> Any:
        from vidsr.metrics.perceptual import dists

        return dists(*pictures, self.backbones[self.net], peak=255.0)


@dataclass(frozen=True, kw_only=True)
class Vmaf(Measure):
    label = "VMAF v0.6.1"
    unit, direction, range = "points", "higher", "0 to 100"
    by_name = True
    protocol = "libvmaf of ffmpeg, model vmaf_v0.6.1, Y as in PSNR-Y in whole levels; hardly sees noise"
    model: ClassVar[str] = "vmaf_v0.6.1"

    @property
    def side(self) -> int:
        return 17

    @property
    def missing(self) -> str:
        return "" if vmaf.ffmpeg() else f"no ffmpeg with libvmaf was found. {vmaf.REMEDY}"

    @cached_property
    def run(self) -> vmaf.Run:
        return vmaf.Run(self.model)

    def rows(self, block: Block) -> np.ndarray:
        self.run.add(block.picture.luma[..., 0], block.reference.luma[..., 0])
        return np.zeros(len(block.picture.levels))  # the figures come at the end

    def finish(self, rows: np.ndarray) -> np.ndarray:
        return self.run.scores()


@dataclass(frozen=True, kw_only=True)
class VmafNeg(Vmaf):
    label = "VMAF NEG v0.6.1"
    protocol = (
        "libvmaf of ffmpeg, model vmaf_v0.6.1neg (no gain for enhancement), Y as in PSNR-Y in whole levels"
    )
    model = "vmaf_v0.6.1neg"


PERCEIVED: dict[str, type[Measure]] = {
    "ms_ssim": MsSsim,
    "gmsd": Gmsd,
    "haarpsi": HaarPsi,
    "niqe": Niqe,
    "lpips": LpipsAlex,
    "lpips_vgg": LpipsVgg,
    "dists": Dists,
    "vmaf": Vmaf,
    "vmaf_neg": VmafNeg,
}
