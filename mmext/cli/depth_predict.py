"""``mmext depth predict``."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mmext.checked import Count, Finite, NotNegative, Positive
from mmext.cli.arguments import Device, ExistingFile, LocalName, OutputFolder
from mmext.errors import UserError
from mmext.inference.device import choose_device

_PNG_UNITS = 1000.0


def _rising(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] >= limits[1]:
        raise ValueError("near before far")
    return limits


PreviewRange = Annotated[tuple[NotNegative, Positive], AfterValidator(_rising)]


def predict(
    checkpoint: ExistingFile,
    inputs: Annotated[list[LocalName], Field(min_length=1)],
    /,
    *,
    out: OutputFolder,
    format: Literal["png", "tiff"] = "png",
    scale: Positive | None = None,
    structural: bool = False,
    preview_range: PreviewRange | None = None,
    intrinsics: tuple[Positive, Positive, Finite, Finite] | None = None,
    batch_size: Count = 8,
    device: Device | None = None,
) -> None:
    r"""Predict depth of thermal images: files, folders or videos.

    Per image: NAME_depth.png, 16 bit in millimetres (or NAME_depth.tif, float32 in
    metres), and NAME_preview.png. With --intrinsics also NAME.ply, points in metres
    that MeshLab and CloudCompare open. prediction.json says which model made them and
    in which units. Depths are metric as the network gives them; nothing is
    median-scaled. Only the checkpoint and the thermal images are read.

        mmext depth predict work_dirs/depth/demo/all/epoch_20.pth \
            data/depth_demo/thermal --out depth
        mmext depth predict model.pth night.mp4 --out depth --preview-range 1 40
        mmext depth predict model.pth frame.png --out depth --format tiff \
            --intrinsics 387.8 387.8 300.8 151.6

    Args:
        checkpoint: Checkpoint, epoch_N.pth.
        inputs: Thermal images, folders of them, videos.
        out: Where results go, a folder.
        format: File type of the depth.
        scale: What of a PNG's units make a metre (default: 1000).
        structural: Also write NAME_structural.tif.
        preview_range: Near and far, metres at the ends of the preview's colours
            (default: each image's own).
        intrinsics: fx, fy, cx and cy of the thermal camera, pixels; also write
            NAME.ply.
        batch_size: Images at once.
        device: Where the network runs: cpu, cuda or cuda:N (default: a GPU if there is
            one).
    """
    if format == "tiff" and scale is not None:
        raise UserError("--scale: not expected with --format tiff, which is in metres")
    from mmext.inference.depth import (
        DepthPredictor,
        Intrinsics,
        OutputSettings,
        ThermalSource,
        predict_files,
    )

    settings = OutputSettings(
        tiff=format == "tiff",
        scale=scale or _PNG_UNITS,
        structural=structural,
        preview_limits=preview_range,
        camera=Intrinsics(*intrinsics) if intrinsics else None,
        batch_size=batch_size,
    )
    source = ThermalSource([Path(name) for name in inputs])
    predictor = DepthPredictor(checkpoint, choose_device(device))
    number = predict_files(predictor, source, out, settings)
    print(f"{out}: depth of {number} images")
