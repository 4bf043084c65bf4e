"""What a lineage takes, from what its steps take."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmext.doctor.cost import check_cost
from mmext.doctor.findings import Findings
from mmext.doctor.links import Link
from mmext.doctor.measure import Measured


def memory(hooks: dict[str, dict], device: str) -> float:
    """Bytes beside a step's own, of 100 tiles of 1,000 pixels."""
    return cost(hooks, device)["memory"]


def cost(hooks: dict[str, dict], device: str) -> dict:
    """The doctor's row of a training of four epochs in batches of two."""
    config = Config(
        dict(
            default_hooks=hooks,
            train_cfg=dict(max_epochs=4),
            train_dataloader=dict(batch_size=2),
        )
    )
    link = Link(Path("c.py"), config, Path("nowhere"), 0, None)
    found = Findings("c.py")
    sizes = {"train": 100, "val": 1, "pixels": 1000}
    check_cost(
        found,
        [(link, Measured(1.0, 0.1, 0.0, 0, 2, 7, 9))],
        sizes,
        torch.device(device),
    )
    return found.facts["lineage"][0]


@pytest.mark.parametrize(
    "counts, expected", [(False, 25_000 + 25_000), (True, 850_000)]
)
def test_a_bank_and_the_errors_of_a_pass_take_two_bits_a_pixel_each(counts, expected):
    hooks = {"a": dict(type="ErrorAccumulationHook", counts=counts)}
    assert memory(hooks, "cpu") == expected


@pytest.mark.parametrize(
    "hook, passes",
    [
        (dict(), 1 + 3 * 3),
        (dict(passes_per_epoch=1), 1 + 3),
        (dict(pass_interval=2), 3 + 3),
        (dict(source="training"), 1),
        (dict(source="training", pass_interval=3), 3),
    ],
)
def test_passes_of_four_epochs_that_begin_after_the_first(hook, passes):
    row = cost({"a": dict(type="ErrorAccumulationHook", begin=1, **hook)}, "cpu")
    # 50 steps of a second an epoch, a tenth for each of 100 tiles.
    assert row["seconds"] == pytest.approx(4 * (50 + 0.1) + passes * 10)


def test_only_the_errors_of_a_pass_where_nothing_is_accumulated():
    assert memory({"a": dict(type="TrainingSetMetricHook")}, "cpu") == 25_000
    assert memory({}, "cpu") == 0
