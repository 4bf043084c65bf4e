import pytest

from mmext.benchmark.setting import Size
from mmext.benchmark.training_host import runner_without_gpu
from mmext.datasets.tile_store import TileStore

TURNED = [dict(type=step) for step in ("LoadTile", "RandomRot90", "PackTileInputs")]


def test_every_step_is_taken_and_no_pixel_computed(make_store, tmp_path, monkeypatch):
    store = TileStore(make_store(tmp_path / "store", tiles=3))
    options = {"train_dataloader.dataset.pipeline": TURNED}
    runner = runner_without_gpu(store, Size(1, 16, 3), 9, tmp_path / "run", options)
    batches = []
    loss = runner.model.loss

    def seen(inputs, samples):
        batches.append((inputs.device.type, tuple(inputs.shape), samples.steps))
        return loss(inputs, samples)

    monkeypatch.setattr(runner.model, "loss", seen)
    runner.train()
    assert batches == [("meta", (3, 3, 16, 16), [])] * 3
    # Adam goes its rate down where the gradient is always 1.
    rate = runner.optim_wrapper.get_lr()["lr"][0]
    bias = runner.model.decode_head.head.conv_seg.bias
    assert bias.item() == pytest.approx(-3 * rate, rel=1e-3)
