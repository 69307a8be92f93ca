"""The spatial network of BMMN: ResNet-50 with weights from a file, or a small network from scratch.

ResNet-50 is that of He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition" (2016), built with
the names that torchvision gives its layers, so that its published weights fit. The stride of a stage is in
the 3x3 convolution, as there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

MEAN = (0.485, 0.456, 0.406)
SD = (0.229, 0.224, 0.225)
"""Of ImageNet's red, green, blue at 0..1: what the published weights expect."""

RESNET_SIDE = 224
RESNET_FEATURES = 2048
SMALL_WIDTHS = (16, 32, 64, 128)


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions beside the identity, or beside a 1x1 convolution where sizes change."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * width
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, 4 * width, h / stride, w / stride)."""
        beside = x if self.downsample is None else self.downsample(x)
        inner = torch.relu(self.bn1(self.conv1(x)))
        inner = torch.relu(self.bn2(self.conv2(inner)))
        out: Tensor = torch.relu(self.bn3(self.conv3(inner)) + beside)
        return out


class ResNet50(nn.Module):
    """Images (n, 3, h, w) -> pooled features (n, 2048)."""

    features = RESNET_FEATURES

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = _stage(64, 64, 3, 1)
        self.layer2 = _stage(256, 128, 4, 2)
        self.layer3 = _stage(512, 256, 6, 2)
        self.layer4 = _stage(1024, 512, 3, 2)

    def train(self, mode: bool = True) -> ResNet50:
        """Keep the stored means and variances: a mini-batch of one study's faces would spoil them."""
        del mode
        super().train(False)
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean of the last stage over the image."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(images))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return torch.mean(x, (2, 3))


def _stage(inputs: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    first = Bottleneck(inputs, width, stride)
    return nn.Sequential(first, *(Bottleneck(4 * width, width, 1) for _ in range(blocks - 1)))


class SmallBlock(nn.Module):
    """Two 3x3 convolutions beside a 1x1 convolution; normalised in groups, so that no case sees another."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False)
        self.norm1 = nn.GroupNorm(4, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.GroupNorm(4, outputs)
        self.beside = nn.Conv2d(inputs, outputs, 1, 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, outputs, h / 2, w / 2)."""
        inner = torch.relu(self.norm1(self.conv1(x)))
        out: Tensor = torch.relu(self.norm2(self.conv2(inner)) + self.beside(x))
        return out


class SmallResNet(nn.Module):
    """Images (n, 3, h, w) -> pooled features (n, 128): four residual blocks, each halving the image."""

    features = SMALL_WIDTHS[-1]

    def __init__(self) -> None:
        super().__init__()
        blocks = zip((3, *SMALL_WIDTHS), SMALL_WIDTHS, strict=False)
        self.blocks = nn.Sequential(*(SmallBlock(inputs, outputs) for inputs, outputs in blocks))

    def forward(self, images: Tensor) -> Tensor:
        """Return the mean of the last block over the image."""
        out: Tensor = self.blocks(images).mean((2, 3))
        return out


class FaceNetwork(nn.Module):
    """Images (n, channels, h, w) at 0..1 -> features (n, k): resized, made three colours, normalised.

    `side` is what images are resized to (0: left as they are).
    """

    def __init__(self, trunk: ResNet50 | SmallResNet, side: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.side = side
        self.features = trunk.features
        self.register_buffer("mean", torch.tensor(MEAN).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("sd", torch.tensor(SD).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the trunk's features; a grey image counts as three equal colours."""
        colours = images.expand(-1, 3, -1, -1) if images.shape[1] == 1 else images
        if self.side and colours.shape[-2:] != (self.side, self.side):
            colours = interpolate(colours, (self.side, self.side), mode="bilinear", align_corners=False)
        mean, sd = self.get_buffer("mean"), self.get_buffer("sd")
        out: Tensor = self.trunk((colours - mean) / sd)
        return out
