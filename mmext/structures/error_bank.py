"""Which pixels of the training set were ever wrong."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmengine import dist

from mmext.errors import UserError
from mmext.pixel_values import WAS_FN, WAS_FP

from .packed_bits import pack_masks, unpack_mask
from .same_store import refuse_other_store

COUNT_KEYS = ("fn_count", "fp_count", "first_epoch", "last_epoch")
_COUNT_MAX = np.iinfo(np.uint16).max
# Tiles compared with their masks at once: 16 MB at 256 by 256 pixels.
_TILES_AT_ONCE = 256


class ErrorBank:
    """False negatives and false positives of a tile store, accumulated.

    One bit a pixel says whether the pixel was ever a false negative (FN: target
    predicted as background), another whether it was ever a false positive (FP).
    With ``counts=True`` the bank also keeps how often, and in which epoch first
    and last. ``update`` works by tile id: for the bits, adding the same
    prediction twice changes nothing.

    Args:
        num_tiles: Number N of tiles in the store.
        tile_shape: ``(H, W)`` of a tile in pixels.
        fingerprint: The store's fingerprint, which ties the bank to it.
        counts: Whether to keep counts and epochs (8 bytes in memory for each pixel
            that was ever wrong).
    """

    def __init__(
        self,
        num_tiles: int,
        tile_shape: tuple[int, int],
        fingerprint: str,
        counts: bool = False,
    ) -> None:
        self.num_tiles = num_tiles
        self.tile_shape = (int(tile_shape[0]), int(tile_shape[1]))
        self.fingerprint = fingerprint
        row_bytes = -(-self.tile_shape[0] * self.tile_shape[1] // 8)
        self._fn = np.zeros((num_tiles, row_bytes), np.uint8)
        self._fp = np.zeros((num_tiles, row_bytes), np.uint8)
        # Of each tile (4, k) uint16: what COUNT_KEYS name, of the k pixels that were
        # ever wrong, row by row.
        self._counts: list[np.ndarray] | None = None
        if counts:
            self._counts = [np.zeros((4, 0), np.uint16)] * num_tiles
        self.passes = 0
        self.meta: dict[str, Any] = {}

    def __len__(self) -> int:
        return self.num_tiles

    @property
    def has_counts(self) -> bool:
        """Whether the bank keeps counts and epochs."""
        return self._counts is not None

    def update(
        self,
        tile_ids: np.ndarray,
        predicted: np.ndarray,
        target: np.ndarray,
        epoch: int,
    ) -> None:
        """Add the errors of one prediction of some tiles.

        Args:
            tile_ids: (B,) integers, each at most once.
            predicted: (B, H, W) bool, the decided mask.
            target: (B, H, W) uint8 in {0, 1, 255}; 255 is never an error.
            epoch: Epoch in progress, counted from 1.
        """
        fn = (target == 1) & ~predicted
        fp = (target == 0) & predicted
        self.add(tile_ids, pack_masks(fn), pack_masks(fp), epoch)

    def add(
        self, tile_ids: np.ndarray, fn: np.ndarray, fp: np.ndarray, epoch: int
    ) -> None:
        """Add the errors of one prediction of some tiles, which are packed already.

        Args:
            tile_ids: (B,) integers, each at most once.
            fn: (B, ceil(H·W / 8)) uint8, packed bits: the false negatives.
            fp: The false positives, likewise.
            epoch: Epoch in progress, counted from 1.
        """
        if self._counts is not None:
            for tile, tile_fn, tile_fp in zip(tile_ids, fn, fp, strict=True):
                self._counts[tile] = self._counted(tile, tile_fn, tile_fp, epoch)
        self._fn[tile_ids] |= fn
        self._fp[tile_ids] |= fp

    def _counted(
        self, tile: int, fn: np.ndarray, fp: np.ndarray, epoch: int
    ) -> np.ndarray:
        """A tile's counts with those of one more prediction, of packed errors."""
        before = self._fn[tile] | self._fp[tile]
        pixels = np.flatnonzero(np.unpackbits(before | fn | fp))
        values = np.zeros((len(COUNT_KEYS), len(pixels)), np.uint16)
        values[:, _bits(before)[pixels]] = self._counts_of(tile)
        fn_count, fp_count, first, last = values
        for count, packed in ((fn_count, fn), (fp_count, fp)):
            wrong = _bits(packed)[pixels]
            count[wrong & (count < _COUNT_MAX)] += 1
            first[wrong & (first == 0)] = epoch
            last[wrong] = epoch
        return values

    def fn(self, tile_id: int) -> np.ndarray:
        """(H, W) bool: which pixels of the tile were ever false negatives."""
        return unpack_mask(self._fn[tile_id], *self.tile_shape)

    def fp(self, tile_id: int) -> np.ndarray:
        """(H, W) bool: which pixels of the tile were ever false positives."""
        return unpack_mask(self._fp[tile_id], *self.tile_shape)

    def codes(self, tile_id: int) -> np.ndarray:
        """(H, W) uint8: 0 never wrong, 1 was FN, 2 was FP."""
        codes = np.zeros(self.tile_shape, np.uint8)
        codes[self.fn(tile_id)] = WAS_FN
        codes[self.fp(tile_id)] = WAS_FP
        return codes

    def counts(self, tile_id: int) -> dict[str, np.ndarray]:
        """Per-pixel counts and epochs of a tile.

        Returns:
            ``fn_count``, ``fp_count`` (passes), ``first_epoch``, ``last_epoch``
            (counted from 1; 0 = never), each (H, W) uint16.

        Raises:
            UserError: The bank was accumulated without counts.
        """
        pixels = np.flatnonzero(_bits(self._fn[tile_id] | self._fp[tile_id]))
        counts = {key: np.zeros(self.tile_shape, np.uint16) for key in COUNT_KEYS}
        values = self._counts_of(tile_id)
        for count, of_wrong in zip(counts.values(), values, strict=True):
            count.put(pixels, of_wrong)
        return counts

    def _counts_of(self, tile_id: int) -> np.ndarray:
        if self._counts is None:
            raise UserError(
                "error bank: has no counts; expected one accumulated with "
                "ErrorAccumulationHook(counts=True)"
            )
        return self._counts[tile_id]

    def wrong_pixels(self) -> tuple[int, int]:
        """Numbers of pixels that were ever FN and ever FP."""
        return (
            int(np.bitwise_count(self._fn).sum(dtype=np.int64)),
            int(np.bitwise_count(self._fp).sum(dtype=np.int64)),
        )

    def cfdr(self, valid_pixels: int) -> dict[str, float]:
        """Cumulative false-detection ratio (Ahn et al. 2025, Figure 5).

        Args:
            valid_pixels: Pixels of the training set that are not ignored.

        Returns:
            ``total``, ``fn`` and ``fp``, each in [0, 1].
        """
        fn, fp = self.wrong_pixels()
        # A pixel's label doesn't change, so it is never both.
        return {
            "total": (fn + fp) / valid_pixels,
            "fn": fn / valid_pixels,
            "fp": fp / valid_pixels,
        }

    def merge(self, other: "ErrorBank") -> None:
        """Add another bank's errors, of the same store; counts are dropped.

        A pass of one is no pass of the other, so their counts cannot be compared.

        Raises:
            UserError: The other is of another store.
        """
        refuse_other_store("error bank", other.fingerprint, self.fingerprint)
        self._fn |= other._fn
        self._fp |= other._fp
        self._counts = None

    def sync(self, rank: int, world_size: int) -> None:
        """Give every process the union of all processes' banks.

        Process ``rank`` must have updated only tiles ``rank::world_size``: its
        rows are what it contributes, whatever it holds of the others'.
        """
        if world_size == 1:
            return
        others = np.arange(self.num_tiles) % world_size != rank
        for array in (self._fn, self._fp):
            array[others] = 0
            # Rows are disjoint, so a sum is the union. NCCL knows no BOR and
            # neither backend sums uint16.
            wire = torch.from_numpy(array)
            dist.all_reduce(wire, op="sum")
            array[...] = wire.cpu().numpy()
        if self._counts is None:
            return
        ends = np.cumsum(self._wrong_by_tile())
        wire = torch.zeros(len(COUNT_KEYS), int(ends[-1]), dtype=torch.int32)
        for tile in np.flatnonzero(~others):
            own = self._counts[tile].astype(np.int32)
            wire[:, ends[tile] - own.shape[1] : ends[tile]] = torch.from_numpy(own)
        dist.all_reduce(wire, op="sum")
        self._counts = np.split(wire.cpu().numpy().astype(np.uint16), ends[:-1], axis=1)

    def state_dict(self) -> dict[str, Any]:
        """Tensors and plain values for a checkpoint."""
        state: dict[str, Any] = {
            "fingerprint": self.fingerprint,
            "passes": self.passes,
        }
        for key, values in self.arrays().items():
            # torch has no uint16 to speak of.
            wide = values.astype(np.int32 if key in COUNT_KEYS else np.uint8)
            state[key] = torch.from_numpy(wide)
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` gave.

        Raises:
            UserError: The state is of another store, or lacks the counts that
                this bank keeps.
        """
        where = "error bank in the checkpoint"
        refuse_other_store(where, state["fingerprint"], self.fingerprint)
        self.passes = int(state["passes"])
        arrays = {
            key: value.cpu().numpy()
            for key, value in state.items()
            if isinstance(value, torch.Tensor)
        }
        if self._counts is not None and "fn_count" not in arrays:
            if self.passes:
                raise UserError(
                    f"{where}: has no counts, expected them since "
                    "ErrorAccumulationHook.counts is True; train what the checkpoint "
                    "is of with counts=True, too"
                )
            return
        self.take_over(arrays, where)

    def arrays(self) -> dict[str, np.ndarray]:
        """What the bank holds, in as little room as :meth:`take_over` needs it.

        Returns:
            ``fn`` and ``fp``, (N, ceil(H·W / 8)) uint8, packed bits. With counts also
            ``fn_count``, ``fp_count``, ``first_epoch`` and ``last_epoch``, (K,)
            uint16: of the K pixels that were ever wrong, in flat order (tile, row,
            column).
        """
        arrays = {"fn": self._fn, "fp": self._fp}
        if self._counts is not None:
            values = np.concatenate(self._counts, axis=1)
            arrays |= dict(zip(COUNT_KEYS, values, strict=True))
        return arrays

    def take_over(self, arrays: Mapping[str, np.ndarray], where: str) -> None:
        """Hold what :meth:`arrays` gave; counts only if this bank keeps them.

        Args:
            arrays: By name, perhaps from a damaged file.
            where: What they are from, for the message.

        Raises:
            UserError: They are not what a bank of this size holds.
        """
        for key in ("fn", "fp"):
            _refuse_bits(self._fn.shape, self.tile_shape, arrays.get(key), where, key)
        if (arrays["fn"] & arrays["fp"]).any():
            raise UserError(
                f"{where}: damaged: a pixel is both a false negative and a false "
                "positive, expected one of them"
            )
        self._fn[...], self._fp[...] = arrays["fn"], arrays["fp"]
        if self._counts is None:
            return
        number = sum(self.wrong_pixels())
        for key in COUNT_KEYS:
            values = arrays.get(key)
            if values is None or values.shape != (number,):
                found = "missing" if values is None else f"of shape {values.shape}"
                raise UserError(
                    f"{where}: {key} is {found}, expected ({number},), a value for "
                    "each pixel with an error"
                )
            if number and not 0 <= values.min() <= values.max() <= _COUNT_MAX:
                raise UserError(f"{where}: {key} goes beyond 0 to {_COUNT_MAX}")
        all_values = np.stack([arrays[key].astype(np.uint16) for key in COUNT_KEYS])
        ends = np.cumsum(self._wrong_by_tile())
        self._counts = np.split(all_values, ends[:-1], axis=1)

    def check_against(self, masks: np.ndarray, where: str) -> None:
        """Compare every error with the masks that it was an error of.

        Args:
            masks: (N, H, W) uint8 in {0, 1, 255}, of the store.
            where: The bank's file, for the message.

        Raises:
            UserError: Sizes differ, a false negative is no target, or a false
                positive no background: the masks changed after the bank was made.
        """
        if masks.shape != (self.num_tiles, *self.tile_shape):
            raise UserError(
                f"{where}: is of {self.num_tiles} tiles of {self.tile_shape}, the "
                f"store has {len(masks)} of {masks.shape[1:]}"
            )
        for start in range(0, self.num_tiles, _TILES_AT_ONCE):
            part = slice(start, start + _TILES_AT_ONCE)
            stored = np.asarray(masks[part])
            astray = self._fn[part] & ~pack_masks(stored == 1)
            astray |= self._fp[part] & ~pack_masks(stored == 0)
            wrong = np.bitwise_count(astray).sum(axis=1, dtype=np.int64)
            if wrong.any():
                tile = int(np.flatnonzero(wrong)[0])
                raise UserError(
                    f"{where}: {wrong[tile]} errors of tile {start + tile} lie where "
                    "its mask doesn't allow them (a false negative must be target, a "
                    "false positive background); the masks or the bank were changed, "
                    "accumulate anew"
                )

    def _wrong_by_tile(self) -> np.ndarray:
        """(N,) int64: how many pixels of each tile were ever wrong."""
        return np.bitwise_count(self._fn | self._fp).sum(axis=1, dtype=np.int64)


def _bits(packed: np.ndarray) -> np.ndarray:
    """A tile's packed bits as bool, those that fill its last byte with them."""
    return np.unpackbits(packed).view(bool)


def _refuse_bits(
    shape: tuple[int, int],
    tile_shape: tuple[int, int],
    bits: np.ndarray | None,
    where: str,
    key: str,
) -> None:
    if bits is None or bits.shape != shape or bits.dtype != np.uint8:
        found = "missing" if bits is None else f"{bits.shape} of {bits.dtype}"
        raise UserError(f"{where}: {key} is {found}, expected {shape} of uint8")
    # packbits fills the last byte with zeros, which stand for no pixel.
    unused = -(tile_shape[0] * tile_shape[1]) % 8
    if (bits[:, -1] & ((1 << unused) - 1)).any():
        raise UserError(f"{where}: {key} is damaged: has errors beyond its tiles")
