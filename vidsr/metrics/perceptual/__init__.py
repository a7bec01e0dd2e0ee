"""What eyes would say: measures of arrays in JAX, all differentiable. (t, y, x, c) in, one number a frame out; the peak is given."""

from vidsr.metrics.perceptual.backbones import PUBLISHED, Backbone
from vidsr.metrics.perceptual.gradients import gmsd
from vidsr.metrics.perceptual.learned import dists, lpips
from vidsr.metrics.perceptual.natural import niqe
from vidsr.metrics.perceptual.structure import ms_ssim
from vidsr.metrics.perceptual.wavelets import haarpsi

__all__ = ["PUBLISHED", "Backbone", "dists", "gmsd", "haarpsi", "lpips", "ms_ssim", "niqe"]
