"""VectorBatch, the one thing that passes from the store to the kernels, and what a document is."""

from dataclasses import dataclass
from typing import Any, TypeAlias

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

    Rows that have no vector, or are not clustered, are never in a batch.
    """

    row_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    labels: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.row_ids)

    def __getitem__(self, rows: slice) -> "VectorBatch":
        return VectorBatch(self.row_ids[rows], self.vectors[rows], self.labels[rows])
