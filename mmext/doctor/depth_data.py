"""Thermal images, depth and structural maps of a depth training."""

from typing import Any

from mmengine.config import Config
from torch import nn

from mmext.datasets.depth import DepthDataset
from mmext.datasets.depth.survey import survey_depth
from mmext.engine.depth_check import check_depth_set
from mmext.errors import UserError
from mmext.models.depth import DepthEstimator

from .findings import Findings

_LOOKED_AT = 16


def check_depth_data(
    found: Findings, config: Config, sets: dict[str, Any], model: nn.Module | None
) -> None:
    """What the sets have, whether depth is in metres, and whether samples load.

    Args:
        found: Gets the findings.
        config: The config.
        sets: The data sets by name.
        model: The config's model; None where it can't be built.
    """
    for name, dataset in sets.items():
        if not isinstance(dataset, DepthDataset):
            found.add(
                "note", "data", f"{name}: a {type(dataset).__name__}, not examined"
            )
            continue
        if not isinstance(model, DepthEstimator):
            continue
        if name == "test" and config.test_dataloader == config.get("val_dataloader"):
            continue
        learns = name == "train"
        for level, line in check_depth_set(
            f"{name}_dataloader", dataset, model, learns
        ):
            found.add(level, "data", line)
        survey = survey_depth(dataset, model.depth_range, _LOOKED_AT)
        found.facts[f"{name}_depth"] = vars(survey)
        found.add(
            "ok",
            "depth",
            f"{name}: {len(dataset)} samples; in {survey.looked_at} of them "
            f"{100 * survey.valid_share:.3g} % of the pixels are known, median "
            f"{survey.median:.3g} m, {100 * survey.inside:.3g} % in the model's range",
        )
        _load(found, name, dataset)


def _load(found: Findings, name: str, dataset: DepthDataset) -> None:
    """Run the pipeline on some samples."""
    step = max(1, len(dataset) // _LOOKED_AT)
    shapes, flat = set(), []
    for index in range(0, len(dataset), step):
        try:
            sample = dataset[index]
        except UserError as error:
            found.add("error", "samples", f"{name}: {error}")
            return
        shapes.add(tuple(sample["inputs"].shape[1:]))
        if sample["inputs"].min() == sample["inputs"].max():
            flat.append(sample["data_samples"].sample_id)
    if len(shapes) > 1:
        sizes = ", ".join("×".join(map(str, shape)) for shape in sorted(shapes))
        found.add(
            "error" if name == "train" else "note",
            "samples",
            f"{name}: images differ in size ({sizes})",
            "crop or resize them to one size in the pipeline",
        )
    if flat:
        found.add(
            "warning",
            "samples",
            f"{name}: {len(flat)} thermal images are flat, the first is {flat[0]}",
        )
