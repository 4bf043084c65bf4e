"""A backbone, a loss and a decision rule of one's own for mmext, and scenes to try."""

from pathlib import Path

import geopandas
import numpy as np
import rasterio.features
import torch
from rasterio.transform import from_origin
from shapely.geometry import Point
from torch import nn

from mmext.models.decoders.pixel_rules import pixel_rule
from mmext.registry import MODELS


@MODELS.register_module()
class Widening(nn.Module):
    """Convolutions at full size that look 1, 2, 4 and 8 pixels further."""

    def __init__(self, in_channels=3, width=12):
        super().__init__()
        # Optional: bands are checked by them, and windows of a scene laid out.
        self.in_channels, self.input_multiple, self.receptive_field = in_channels, 1, 31
        bands = (in_channels, width, width, width, width)
        self.layers = nn.Sequential()
        for i in range(4):
            reach = 2**i
            self.layers += nn.Sequential(
                nn.Conv2d(bands[i], bands[i + 1], 3, padding=reach, dilation=reach),
                nn.BatchNorm2d(bands[i + 1]),
                nn.ReLU(),
            )

    def forward(self, image):
        """A map for each level that a head may read: here one."""
        return (self.layers(image),)


@MODELS.register_module()
class BrierLoss(nn.Module):
    """Mean squared error of the probabilities; 255 is ignored."""

    def forward(self, logits, target):
        """A scalar from (N, H, W) logits and targets in {0, 1, 255}."""
        counts = target != 255
        errors = (logits.sigmoid() - target.to(logits.dtype)).square()
        return errors[counts].sum() / counts.sum().clamp(min=1)


@pixel_rule("agreed", needs=("target", "error"))
def agreed(channels, inverse):
    """Target where both channels say so."""
    return torch.minimum(channels["target"], channels["error"])


def render(folder, name, seed):
    """NAME.tif, 192 m of grass with ponds, and NAME.gpkg, their outlines."""
    random, grid = np.random.default_rng(seed), from_origin(5e5, 5e6, 0.5, 0.5)
    centres = random.uniform(8, 184, (40, 2)) * (1, -1) + (5e5, 5e6)
    ponds = [Point(at).buffer(random.uniform(1.5, 5)) for at in centres]
    water = rasterio.features.rasterize(ponds, (384, 384), transform=grid)[None] > 0
    grass, lake = np.reshape([[90, 120, 70], [60, 90, 110]], (2, 3, 1, 1))
    image = np.where(water, lake, grass) + random.normal(0, 20, (3, 384, 384))
    Path(folder).mkdir(parents=True, exist_ok=True)
    form = dict(driver="GTiff", width=384, height=384, count=3, dtype="uint8")
    path = Path(folder) / name
    with rasterio.open(f"{path}.tif", "w", crs=32633, transform=grid, **form) as file:
        file.write(image.clip(0, 255).astype("uint8"))
    geopandas.GeoSeries(ponds, crs=32633).to_file(f"{path}.gpkg")


if __name__ == "__main__":
    for seed, name in enumerate(("train", "test")):
        render("scenes", name, seed)
