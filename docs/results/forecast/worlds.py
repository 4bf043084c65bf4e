"""Study 9 of the protocol: worlds that differ in one thing each, and in several.

python docs/results/forecast/worlds.py FOLDER [JOBS]

renders each world into FOLDER/WORLD, trains both stages and as long a single stage on
it (mmext study, two seeds) and goes on where it was stopped.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd

from mmext.shipped_configs import shipped_folder
from mmext.synthetic.farmland import (
    REGIONS,
    Region,
    SceneSpec,
    plant_label_errors,
    render_scene,
    write_scene,
)

SIDE, PIXEL = 512, 0.5
SCENES = {"train": 3, "val": 3, "test": 6}
NORTH, SOUTH = REGIONS["gyeonggi"], REGIONS["jeolla"]
LOOKALIKES = ("furrows", "mulch", "greenhouse")


@dataclass(frozen=True)
class World:
    """One world: how its land looks, how it was labelled, what is tested."""

    seed: int
    region: Region = NORTH
    south: bool = False
    label_errors: float = 0.0
    train_scenes: int = SCENES["train"]
    differs: dict[str, Any] = field(default_factory=dict)


def with_lookalikes(region: Region, share: float) -> Region:
    """As many of the parcels look like the target; the rest keeps its proportions."""
    now = sum(region.land_use[name] for name in LOOKALIKES)
    uses = {
        name: part * (share / now if name in LOOKALIKES else (1 - share) / (1 - now))
        for name, part in region.land_use.items()
    }
    total = sum(uses.values())
    return replace(region, land_use={name: uses[name] / total for name in uses})


def change(world: World, key: str, value: Any) -> World:
    """The same world, different in one thing."""
    region = world.region
    if key == "target_share":
        world = replace(world, region=replace(region, target_share=value))
    elif key == "fading":
        world = replace(world, region=replace(region, fading=value))
    elif key == "lookalikes":
        world = replace(world, region=with_lookalikes(region, value))
    else:
        world = replace(world, **{key: value})
    return replace(world, differs={**world.differs, key: value})


VALUES: dict[str, list[Any]] = {
    "target_share": [0.008, 0.012, 0.04, 0.07],
    "fading": [(5.0, 1.1), (3.0, 1.1), (1.1, 1.5), (1.1, 3.0)],
    "lookalikes": [0.02, 0.12, 0.40, 0.55],
    "label_errors": [0.1, 0.2, 0.4],
    "train_scenes": [1, 2, 6],
    "south": [True],
}


def worlds() -> dict[str, World]:
    """22 worlds to fit a forecast on and eight, ``other_…``, to test it on."""
    found = {f"plain_{i}": World(seed=100 * (i + 1)) for i in range(3)}
    for key, values in VALUES.items():
        for i, value in enumerate(values):
            seed = 100 * (len(found) + 1)
            found[f"{key}_{i}"] = change(World(seed=seed), key, value)
    rng = np.random.default_rng(0)
    for i in range(8):
        world = World(seed=10_000 + 100 * i)
        for key in rng.choice(list(VALUES), 3, replace=False):
            values = VALUES[key]
            world = change(world, str(key), values[rng.integers(len(values))])
        found[f"other_{i}"] = world
    return found


def make_stores(world: World, folder: Path) -> None:
    """Render a world's scenes and cut them into tile stores."""
    first = world.seed
    for split, number in SCENES.items():
        number = world.train_scenes if split == "train" else number
        scenes = folder / "scenes" / split
        shutil.rmtree(scenes, ignore_errors=True)
        scenes.mkdir(parents=True)
        tables = []
        for seed in range(first, first + number):
            region = world.region
            if world.south and split == "test":
                region = replace(SOUTH, target_share=region.target_share)
            scene = render_scene(SceneSpec(SIDE, SIDE, seed, region, PIXEL))
            write_scene(scene, scenes, f"s{seed}")
            labels = scene.fields
            if world.label_errors and split != "test":
                labels = plant_label_errors(scene, world.label_errors, seed).labels
            tables.append(labels)
        first += number
        together = geopandas.GeoDataFrame(pd.concat(tables, ignore_index=True))
        together.to_file(scenes / "labels.gpkg", layer="labels")
        command = ["mmext", "prepare", scenes / "*.tif", "--labels"]
        command += [scenes / "labels.gpkg", "--tile-size", 64]
        command += ["--out", folder / split, "--overwrite"]
        subprocess.run([str(part) for part in command], check=True)
    (folder / "world.json").write_text(json.dumps(world.differs) + "\n")


STUDY = """
configs = {configs!r}
stores = dict(train={train!r}, val={val!r}, test={test!r})
seeds = [0, 1]
options = {{
    '*': {{
        'epoch_scale': 0.15,
        'model.backbone.base_channels': 8,
        'train_dataloader.batch_size': 8,
        'train_dataloader.num_workers': 0,
        'val_dataloader.batch_size': 16,
        'val_dataloader.num_workers': 0,
        'train_cfg.val_interval': 1000,
        'val_evaluator.objects': False,
    }},
}}
trainings = dict(
    one_stage=dict(
        config='stage1_baseline',
        options={{
            'train_cfg.max_epochs': 700,
            'default_hooks.error_accumulation': None,
            'default_hooks.training_set_metric': dict(
                type='TrainingSetMetricHook', interval=10),
            'lineage': dict(parent='stage1_trunk', epoch=200, use='continue'),
        }}))
reference = 'one stage'
arms = [
    dict(name='one stage', config='one_stage', decoders='standard'),
    dict(name='two stages', config='stage2_B100-300', decoders='standard'),
]
"""


def run(name: str, world: World, out: Path, jobs: str) -> None:
    """Make a world and run its study, unless that was done."""
    folder = (out / name).resolve()
    if (folder / "study" / "results" / "study" / "study.html").exists():
        return
    if not (folder / "world.json").exists():
        make_stores(world, folder)
    stores = {split: str(folder / split) for split in SCENES}
    study = folder / "study.py"
    study.write_text(STUDY.format(configs=str(shipped_folder()), **stores))
    command = ["mmext", "study", study, "--out", folder / "study", "--jobs", jobs]
    subprocess.run([str(part) for part in command], check=True)


if __name__ == "__main__":
    out = Path(sys.argv[1])
    for name, world in worlds().items():
        print(name, world.differs, flush=True)
        run(name, world, out, sys.argv[2] if len(sys.argv) > 2 else "1")
