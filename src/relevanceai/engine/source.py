"""Relabelled: the rows of a source under other labels."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch, VectorSource


class Relabelled:
    """The rows of another source under other labels.

    Parameters
    ----------
    source : where the rows come from.
    labels_of : from the labels and the row ids of some rows to their new labels, int32; called from
        several threads.
    """

    def __init__(
        self,
        source: VectorSource,
        labels_of: Callable[[NDArray[np.int32], NDArray[np.int64]], NDArray[np.int32]],
    ) -> None:
        self._source = source
        self._labels_of = labels_of
        self.n_rows, self.n_dims = source.n_rows, source.n_dims

    def batches(self, start: int, stop: int) -> Iterator[VectorBatch]:
        """Yield the rows with their new labels; see `VectorSource.batches`."""
        for batch in self._source.batches(start, stop):
            labels = self._labels_of(batch.labels, batch.row_ids)
            yield VectorBatch(batch.row_ids, batch.vectors, labels, batch.codes)
