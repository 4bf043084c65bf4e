"""What error accumulation adds to an epoch, and what its bank costs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmext.structures import ErrorBank, load_bank, save_bank

from .measure import Comparison, best_clock, timed
from .setting import cut, machine_size, trained_runner

#: The paper's training set.
_TILES, _SIDE = 8436, 256


def accumulation(scene: Path, folder: Path, repeats: int) -> Iterator[Comparison]:
    """An epoch with three passes against one without; the passes against the rest."""
    size = machine_size()
    store = cut(scene, folder / "tiles", size.tile)
    # As in stage 1 before it begins: no pass gives training scores either.
    without = trained_runner(store, size, folder / "without")
    with_passes = trained_runner(
        store,
        size,
        folder / "with",
        {
            "default_hooks.error_accumulation": dict(
                type="ErrorAccumulationHook", begin=0, passes_per_epoch=3
            )
        },
    )
    clock = best_clock()
    ours, plain = timed(
        repeats,
        with_passes.train_loop.run_epoch,
        without.train_loop.run_epoch,
    )
    passes = [
        both - alone for both, alone in zip(ours[clock], plain[clock], strict=True)
    ]
    tiles = len(without.train_dataloader) * size.batch
    yield Comparison(
        f"three passes over {len(store)} tiles, {size}",
        f"an epoch's training on {tiles} of them",
        passes,
        plain[clock],
        clock=clock,
        goal=1 / 0.35 * tiles / len(store),
    )


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
