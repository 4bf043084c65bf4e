"""What error accumulation adds to an epoch, and what its bank costs."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from mmengine.runner import Runner

from mmext.inference.error_pass import find_errors
from mmext.models.decoders.union_decoder import Decision, UnionDecoder
from mmext.structures import ErrorBank, load_bank, save_bank

from .measure import Comparison, best_clock, timed
from .setting import cut, machine_size, trained_runner

#: The paper's training set.
_TILES, _SIDE = 8436, 256
_HOST_TILES, _HOST_BATCH = 512, 16


def accumulation(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """Three passes against the epoch that they belong to, in each precision."""
    size = replace(machine_size(), autocast=None)
    store = cut(scene, folder / "tiles", size.tile)
    # As in stage 1 before it begins: no pass gives training scores either.
    without = trained_runner(store, size, folder / "without")
    tiles = len(without.train_dataloader) * size.batch
    clock = best_clock()
    for name, autocast in (("fp32", None), ("bf16", torch.bfloat16)):
        hook = dict(
            type="ErrorAccumulationHook", begin=0, passes_per_epoch=3, precision=name
        )
        options = {"default_hooks.error_accumulation": hook}
        with_passes = trained_runner(store, size, folder / name, options)
        both, alone = timed(
            repeats, _epoch(with_passes, autocast), _epoch(without, autocast)
        )
        yield Comparison(
            f"three passes over {len(store)} tiles, {replace(size, autocast=autocast)}",
            f"an epoch's training on {tiles} of them",
            np.subtract(both[clock], alone[clock]).tolist(),
            alone[clock],
            clock=clock,
            goal=1 / 0.35 * tiles / len(store),
        )


def _epoch(runner: Runner, autocast: torch.dtype | None) -> Callable[[], None]:
    """An epoch in mixed precision, which mmengine's wrapper allows on a GPU alone."""
    device = next(runner.model.parameters()).device.type

    def epoch() -> None:
        with torch.autocast(device, autocast, enabled=autocast is not None):
            runner.train_loop.run_epoch()

    return epoch


def pass_host(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """All of a pass that is not the network, by one thread.

    In the network's place stands one that gives the same random probabilities for each
    batch, so that reading, deciding, comparing and packing are what is timed.
    """
    store, threads = cut(scene, folder / "tiles", _SIDE), torch.get_num_threads()
    ids = np.arange(_HOST_TILES) % len(store)
    torch.set_num_threads(1)
    seconds = timed(
        repeats, lambda: find_errors(_Stub(), store, ids, _HOST_BATCH, fold=False)
    )[0][best_clock()]
    torch.set_num_threads(threads)
    yield Comparison(
        f"a pass over tiles of {_SIDE} px without its network, by one thread",
        "twice what one data-centre GPU predicts",
        [_HOST_TILES / each for each in seconds],
        [8000.0] * repeats,
        unit="tiles/s",
        clock=best_clock(),
        higher_is_better=True,
        goal=1.0,
    )


class _Stub(torch.nn.Module):
    """Probabilities out of nothing."""

    channels = ("target",)

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.decoder = UnionDecoder()
        self.answer = torch.rand(_HOST_BATCH, 1, _SIDE, _SIDE)

    def probabilities(self, images: torch.Tensor) -> torch.Tensor:
        return self.answer[: len(images)]

    def decide(self, probabilities: torch.Tensor) -> Decision:
        return self.decoder(probabilities, self.channels)


def bank(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """Saving and loading the bank of the paper's training set."""
    rng = np.random.default_rng(0)
    made = ErrorBank(_TILES, (_SIDE, _SIDE), "0" * 64)
    target = np.zeros((1, _SIDE, _SIDE), np.uint8)
    target[:, 64:128, 64:192] = 1
    edge = np.zeros_like(target, bool)
    edge[:, 56:136, 56:200] = True
    for tile in range(_TILES):
        # Errors along outlines, as they are: they pack better than noise.
        wrong = edge & (rng.random(edge.shape) < 0.3)
        made.update(np.array([tile]), (target == 1) ^ wrong, target, 1)
    path = folder / "bank.npz"
    seconds = timed(
        repeats,
        lambda: save_bank(made, path, valid_pixels=target.size * _TILES),
        lambda: load_bank(path),
    )
    for name, taken in zip(("saving", "loading"), seconds, strict=True):
        yield Comparison(
            f"{name} the bank of {_TILES} tiles of {_SIDE} px",
            "two seconds",
            taken["wall"],
            [2.0] * repeats,
            clock="wall",
            goal=1.0,
        )
