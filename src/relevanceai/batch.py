"""VectorBatch, the one thing that passes from the store to the kernels, and where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Document: TypeAlias = dict[str, Any]
"""What a user inserts and gets back: a dict with `_id`; values are whatever the user stored."""


@dataclass(frozen=True, slots=True)
class VectorBatch:
    """Rows on their way from the store to a kernel.

    Parameters
    ----------
    row_ids : int64 array of shape (n_rows,); the store's stable row ids, unique in a dataset.
    vectors : float32 array of shape (n_rows, n_dims), finite, C-contiguous.
    labels : int32 array of shape (n_rows,); the leaf of each row, -1 for noise.

    A row whose label is below 0 takes no part in a pass: noise, or in what a `VectorSource` yields
    also a row that is not clustered, was deleted or has no vector.
    """

    row_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    labels: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.row_ids)

    def __getitem__(self, rows: slice) -> "VectorBatch":
        return VectorBatch(self.row_ids[rows], self.vectors[rows], self.labels[rows])


class VectorSource(Protocol):
    """Rows in one fixed order, any stretch of which can be read, from several threads at once."""

    @property
    def n_rows(self) -> int:
        """Rows there are, those that take no part among them."""
        ...

    @property
    def n_dims(self) -> int:
        """The width of the vectors."""
        ...

    def batches(self, start: int, stop: int) -> Iterator[VectorBatch]:
        """Yield the rows from `start` to before `stop`, in order, cut in any way.

        The arrays may be views of a memory map or of a user's array: they are not to be written to.
        A row whose label is below 0 takes no part, and its row id and vector may be anything.
        """
        ...
