"""``mmext scenes``."""

from typing import Literal

from mmext.checked import Count, Index, NotNegative, Positive
from mmext.cli.arguments import FileName, OutputFolder


def scenes(
    *,
    out: OutputFolder,
    name: FileName = "scene",
    scenes: Count = 1,
    size: tuple[Count, Count] = (1024, 1024),
    seed: Index = 0,
    region: Literal["gyeonggi", "jeolla"] = "gyeonggi",
    pixel_size: Positive = 0.25,
    label_error_rate: NotNegative = 0.0,
) -> None:
    """Render synthetic farmland with exact labels.

    Writes NAME.tif, NAME_fields.gpkg (exact labels) and NAME.png; with planted errors
    also NAME_labels.gpkg (labels with them) and NAME_label_errors.gpkg (which).

        mmext scenes --out data/demo/scenes --name train --size 2048 1536
        mmext scenes --out data/many --scenes 4 --label-error-rate 0.2

    Args:
        out: Where results go, a folder.
        name: What the files are called, NAME.
        scenes: How many; several are called NAME_0, NAME_1 …
        size: Width and height, pixels.
        seed: Where random numbers start, of the first scene.
        region: Kind of farmland.
        pixel_size: Side of a pixel, metres.
        label_error_rate: Planted errors for each field.
    """
    from tqdm import tqdm

    from mmext.synthetic.farmland import (
        SceneSpec,
        plant_label_errors,
        render_scene,
        write_scene,
    )

    width, height = size
    for index in tqdm(range(scenes), desc="Rendering", unit="scene"):
        one = seed + index
        scene = render_scene(SceneSpec(height, width, one, region, pixel_size))
        faulty = None
        if label_error_rate:
            faulty = plant_label_errors(scene, label_error_rate, one)
        stem = name if scenes == 1 else f"{name}_{index}"
        write_scene(scene, out, stem, faulty)
