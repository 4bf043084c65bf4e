"""An array whose rows are read when they are asked for."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


class SampleArray:
    """As much of NumPy's array as readers of a store's ``images`` and ``masks`` use.

    Args:
        read: Reads a row.
        shape: Of all of them.
        dtype: Theirs.
    """

    def __init__(
        self, read: Callable[[int], np.ndarray], shape: tuple[int, ...], dtype: str
    ) -> None:
        self._read = read
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.ndim = len(shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[np.ndarray]:
        return map(self._read, range(len(self)))

    def __getitem__(self, key: Any) -> np.ndarray:
        if isinstance(key, int | np.integer):
            return self._read(range(len(self))[key])
        return self.take(np.arange(len(self))[key])

    def take(
        self,
        ids: Any,
        axis: int = 0,
        out: np.ndarray | None = None,
        mode: str = "raise",
    ) -> np.ndarray:
        """Rows; ``numpy.take(self, …)`` comes here.

        Args:
            ids: (B,) rows, each one there is.
            axis: The first; there is no other way to take.
            out: Where they go, (B, …); None makes it.
            mode: Not used: what is not there is never asked for.
        """
        assert axis == 0
        ids = np.asarray(ids, dtype=int)
        if out is None:
            out = np.empty((len(ids), *self.shape[1:]), self.dtype)
        for place, index in enumerate(ids.tolist()):
            out[place] = self._read(index)
        return out
