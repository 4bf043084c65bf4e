"""``mmext depth scenes``."""

from typing import Annotated, Literal

from pydantic import Field

from mmext.checked import Count, Index
from mmext.cli.arguments import OutputFolder
from mmext.errors import UserError


def scenes(
    *,
    out: OutputFolder,
    train_scenes: Index = 40,
    test_scenes: Index = 12,
    frames: Count = 6,
    size: tuple[Count, Count] = (128, 96),
    field_of_view: Annotated[float, Field(gt=0, lt=180)] = 65.0,
    kind: Literal["indoor", "outdoor", "both"] = "indoor",
    seed: Index = 0,
    lidar_beams: Index = 0,
) -> None:
    """Render rooms and streets for thermal depth, with exact depth.

    Writes thermal images, depth in metres, RGB of the same view, structural maps (exact
    inverse depth with a scale and shift of its own for each frame), object masks, and
    samples.csv, as FolderDepthDataset reads them. Splits never share a scene. With
    --lidar-beams the training depth is sparse; that of the test stays exact.

        mmext depth scenes --out data/depth_demo --train-scenes 40 --test-scenes 12
        mmext depth scenes --out data/streets --kind outdoor --lidar-beams 24

    Args:
        out: Where results go, a folder.
        train_scenes: How many scenes to train on.
        test_scenes: How many scenes to test on.
        frames: How many frames of each scene.
        size: Width and height, pixels.
        field_of_view: Angle from the left to the right edge, degrees.
        kind: Rooms, streets or both.
        seed: Where random numbers start, of the whole set.
        lidar_beams: Rows of a laser scanner that measures the training depth; 0 is
            dense.
    """
    if train_scenes + test_scenes == 0:
        raise UserError("--train-scenes, --test-scenes: both 0, expected a scene")
    from tqdm import tqdm

    from mmext.synthetic.thermal import (
        KINDS,
        SceneFolderWriter,
        SequenceSpec,
        render_sequence,
    )

    width, height = size
    kinds = KINDS if kind == "both" else (kind,)
    writer = SceneFolderWriter(out)
    splits = ["train"] * train_scenes + ["test"] * test_scenes
    for index, split in enumerate(tqdm(splits, desc="Rendering", unit="scene")):
        own = kinds[index % len(kinds)]
        spec = SequenceSpec(
            kind=own,
            seed=seed * 100_000 + index,
            frames=frames,
            height=height,
            width=width,
            lidar_beams=lidar_beams if split == "train" else 0,
            field_of_view=field_of_view,
        )
        for number, frame in enumerate(render_sequence(spec)):
            writer.add(f"{own}_{index:04d}", split, number, frame)
    writer.finish({"seed": seed, "kind": kind, "frames": frames})
