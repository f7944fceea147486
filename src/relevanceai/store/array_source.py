"""ArraySource: vectors that lie in memory already, as a source of passes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch

_CAST_BYTES = 8 * 2**20


class ArraySource:
    """Rows of arrays, which are not copied.

    Parameters
    ----------
    vectors : float array of shape (n_rows, n_dims), finite. C-contiguous float32 is read where it
        lies; anything else is cast some megabytes at a time, and float64 beyond the range of
        float32 is infinite then.
    labels : int array of shape (n_rows,); below 0 a row takes no part.
    row_ids : int64 array of shape (n_rows,), unique; the rows' places when None.

    Examples
    --------
    >>> source = ArraySource(np.ones((3, 2)), np.array([0, 0, -1]))
    >>> [len(batch) for batch in source.batches(1, 3)]
    [2]
    """

    def __init__(
        self,
        vectors: NDArray[np.floating],
        labels: NDArray[np.integer],
        row_ids: NDArray[np.int64] | None = None,
    ) -> None:
        self._vectors = vectors
        self._labels = labels.astype(np.int32, copy=False)
        self._row_ids = row_ids
        self.n_rows, self.n_dims = vectors.shape

    def batches(self, start: int, stop: int) -> Iterator[VectorBatch]:
        """Yield rows as views, or cast where they are not float32; see `VectorSource.batches`."""
        plain = self._vectors.dtype == np.float32 and self._vectors.flags.c_contiguous
        step = max(1, stop - start if plain else _CAST_BYTES // (4 * max(self.n_dims, 1)))
        for first in range(start, stop, step):
            rows = slice(first, min(first + step, stop))
            yield VectorBatch(
                np.arange(rows.start, rows.stop) if self._row_ids is None else self._row_ids[rows],
                np.ascontiguousarray(self._vectors[rows], dtype=np.float32),
                self._labels[rows],
            )
