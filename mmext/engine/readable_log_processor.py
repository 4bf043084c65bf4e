"""One readable line for a validation."""

import math
from collections.abc import Mapping
from typing import Any

from mmengine.device import get_device
from mmengine.runner import LogProcessor, Runner

from mmext.registry import LOG_PROCESSORS

#: Scores that a line shows, and how. What is not named here is in ``history.jsonl``.
_SHOWN = {
    "iou": "IoU",
    "precision": "precision",
    "recall": "recall",
    "abs_rel": "AbsRel",
    "rmse": "RMSE",
    "loss": "loss",
}


@LOG_PROCESSORS.register_module()
class ReadableLogProcessor(LogProcessor):
    """mmengine's ``LogProcessor``, with the main scores on one line.

    Raw sums and all other scores still go to ``vis_data`` and ``history.jsonl``.
    """

    def get_log_after_epoch(
        self, runner: Runner, batch_idx: int, mode: str, with_non_scalar: bool = False
    ) -> tuple[dict[str, Any], str]:
        """The values of an evaluation, and its line.

        Args:
            runner: The runner.
            batch_idx: Index of the last batch.
            mode: ``'val'`` or ``'test'``.
            with_non_scalar: Whether values that are no numbers are returned, too.
        """
        values, line = super().get_log_after_epoch(
            runner, batch_idx, mode, with_non_scalar
        )
        scores = score_line(values)
        if scores:
            epoch = f" [{self._get_epoch(runner, mode)}]" if mode == "val" else ""
            line = f"Epoch({mode}){epoch}  {scores}"
        return values, line

    def _get_max_memory(self, runner: Runner) -> int:
        # To ask a GPU begins to use it.
        return 0 if get_device() == "cpu" else super()._get_max_memory(runner)


def score_line(values: Mapping[str, Any]) -> str:
    """The main scores among an evaluation's values, group by group.

    Args:
        values: Named ``<prefix>/<group>.<score>``, as ``test/union.iou``.

    Returns:
        ``target: IoU 0.512, recall 0.700; loss 0.123``; empty if nothing has a name
        of ours.
    """
    groups: dict[str, list[str]] = {}
    for name, value in values.items():
        group, _, score = name.rpartition("/")[2].rpartition(".")
        if score in _SHOWN and isinstance(value, int | float):
            text = "–" if math.isnan(value) else f"{value:.3f}"
            groups.setdefault(group, []).append(f"{_SHOWN[score]} {text}")
    return "; ".join(
        f"{group.replace('objects.', 'objects of ')}: {', '.join(scores)}"
        if group
        else ", ".join(scores)
        for group, scores in groups.items()
    )
