"""Small torch modules to wrap: ordinary ones, and ones that do what a step must not."""

import torch
from torch import nn


def convolution(inputs: int, outputs: int) -> nn.Module:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


class Plain(nn.Module):
    """`depth` + 2 zero-padded convolutions: it looks that many pixels far, each way; nothing fades on the way."""

    def __init__(self, depth: int = 3, scale: int = 2, channels: int = 3):
        super().__init__()
        layers = [convolution(channels, 8)]
        for _ in range(depth):
            layers += [nn.PReLU(), convolution(8, 8)]
        self.body = nn.Sequential(
            *layers, nn.PReLU(), convolution(8, channels * scale**2), nn.PixelShuffle(scale)
        )
        for layer in self.body:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, a=0.25)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)


class Squeezed(nn.Module):
    """Channel attention: a mean over the whole frame."""

    def __init__(self):
        super().__init__()
        self.body, self.pool = convolution(3, 3), nn.AdaptiveAvgPool2d(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.body(x)
        return y * torch.sigmoid(self.pool(y))


class Halved(nn.Module):
    """Down to half the size and up again: the place within a square of two pixels matters; odd sides grow."""

    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Conv2d(3, 8, 3, 2, 1), nn.ConvTranspose2d(8, 3, 4, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.up(torch.relu(self.down(x)))


class Cropped(Halved):
    """The same, cropped to the size that came in."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x)[..., : x.shape[2], : x.shape[3]]


class Doing(nn.Module):
    """Does what it is told to the picture."""

    def __init__(self, work):
        super().__init__()
        self.work = work

    def forward(self, x: torch.Tensor):
        return self.work(x)
