"""Whether depth data have what a model learns from and is scored by."""

from collections.abc import Iterator
from typing import Literal

from mmext.datasets.depth import DepthDataset
from mmext.datasets.depth.survey import implausible, samples_without, survey_depth
from mmext.models.depth import DepthEstimator

Remark = tuple[Literal["error", "warning", "note"], str]
# What a sample's role is called, and what loads it.
_ROLES = {
    "depth": ("depth file", "LoadDepth"),
    "structural": ("structural map", "LoadStructural"),
}


def check_depth_set(
    name: str, dataset: DepthDataset, model: DepthEstimator, learns: bool
) -> Iterator[Remark]:
    """Compare a data set with a model.

    Args:
        name: Its key in the config, such as ``train_dataloader``.
        dataset: The data set.
        model: The model.
        learns: Whether the model is trained on it; else it is scored.

    Yields:
        A level and a line for each thing that one should know: ``error`` where
        training or scoring would fail or mean nothing.
    """
    where, number = f"{name}.dataset", len(dataset)
    loads = {type(step).__name__ for step in dataset.pipeline.transforms}
    space = dataset.metainfo["structural_space"]
    if learns and space not in (None, model.structural_space):
        yield (
            "error",
            f"{where}: its structural maps are {space}, "
            f"model.decode_head.structural_space expects {model.structural_space}",
        )
    needs = _needs(model) if learns else {"depth": []}
    for role, losses in needs.items():
        title, transform = _ROLES[role]
        by = f"the losses {' and '.join(losses)} need" if learns else "scoring needs"
        missing = samples_without(dataset, role)
        if missing:
            yield (
                "error",
                f"{where}: {missing} of {number} samples have no {title}, which {by}"
                + (f"; without it set {_off(losses)}" if learns else ""),
            )
        elif transform not in loads:
            yield (
                "error",
                f"{where}.pipeline: has no {transform}, which gives what {by}"
                + (f"; without it set {_off(losses)}" if learns else ""),
            )
    if learns and "structural" not in needs:
        idle = sorted({"smooth", "consistency"} & set(model.decode_head.losses))
        if idle:
            yield (
                "warning",
                f"model.decode_head.losses: nothing teaches the structural depth, on "
                f"which {' and '.join(idle)} rest",
            )
    if "LoadObjectMask" in loads and (
        missing := samples_without(dataset, "object_mask")
    ):
        yield (
            "note",
            f"{where}: {missing} of {number} samples have no object mask; they have no "
            "score of object pixels",
        )
    if "depth" in needs and "LoadDepth" in loads:
        yield from _depth(where, dataset, model, learns)


def _off(losses: list[str]) -> str:
    return " and ".join(f"model.decode_head.losses.{name}=None" for name in losses)


def _needs(model: DepthEstimator) -> dict[str, list[str]]:
    """Names of the losses by what they compare with."""
    needs: dict[str, list[str]] = {}
    for name, loss in model.decode_head.losses.items():
        for target in getattr(loss, "targets", ()):
            needs.setdefault(target, []).append(name)
    return needs


def _depth(
    where: str, dataset: DepthDataset, model: DepthEstimator, learns: bool
) -> Iterator[Remark]:
    survey = survey_depth(dataset, model.depth_range)
    wrong = implausible(survey, dataset.depth_scale)
    if wrong is not None:
        unknown = survey.looked_at == survey.without
        yield ("error" if unknown and learns else "warning", f"{where}: {wrong}")
    elif survey.looked_at and survey.inside < 0.5:
        low, high = model.depth_range
        yield (
            "warning",
            f"{where}: {100 * (1 - survey.inside):.0f} % of the depths lie outside "
            f"{low:g} to {high:g} m, which model.decode_head.min_depth and max_depth "
            "say",
        )
