"""Batches: the store's rows as the kernels want them, several vector fields put side by side."""

from collections.abc import Iterator, Sequence

import numpy as np

from relevanceai.batch import VectorBatch, VectorSource
from relevanceai.engine.shares import piece_rows
from relevanceai.kernels.codes import encoded
from relevanceai.kernels.size import is_large
from relevanceai.kernels.units import concatenate_units
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering


def vector_source(
    store: DocumentStore,
    vector_fields: Sequence[str],
    clustering: Clustering | None = None,
    *,
    is_kept: bool = True,
) -> VectorSource:
    """Return the vectors of a dataset, as it is now, as a source of passes.

    One field comes as it is. Several are each scaled to unit norm and then put side by side, so
    that each has the same say; a zero vector stays zero.

    Parameters
    ----------
    store : the dataset; of a snapshot the rows are those of its version.
    vector_fields : one or more, in this order.
    clustering : whose labels the rows have; without one every row that has all the vectors is
        labelled 0. A row that lacks a vector or a label is labelled below 0.
    is_kept : read raw vectors from the dataset's cache, and write them where they are not there;
        those of one field of large data with their codes.
    """
    if len(vector_fields) == 1:
        (name,) = vector_fields
        encode = encoded if is_large(store.count(), store.vector_field(name).width) else None
        return store.vector_source(name, clustering, is_kept=is_kept, encode=encode)
    return SideBySide(
        [store.vector_source(name, clustering, is_kept=is_kept) for name in vector_fields]
    )


class SideBySide:
    """Several sources of the same rows, each vector scaled to unit norm and then put side by side.

    A row takes part when it does in every source.
    """

    def __init__(self, sources: Sequence[VectorSource]) -> None:
        self._sources = sources
        self.n_rows = sources[0].n_rows
        self.n_dims = sum(source.n_dims for source in sources)

    def batches(self, start: int, stop: int) -> Iterator[VectorBatch]:
        """Yield rows some megabytes at a time; see `VectorSource.batches`."""
        step = min(8192, piece_rows(self.n_dims))
        for first in range(start, stop, step):
            parts = [_whole(one, first, min(first + step, stop)) for one in self._sources]
            labels = parts[0].labels
            for part in parts[1:]:
                labels = np.where(part.labels < 0, part.labels, labels)
            vectors = concatenate_units([part.vectors for part in parts])
            yield VectorBatch(parts[0].row_ids, vectors, labels)


def _whole(source: VectorSource, start: int, stop: int) -> VectorBatch:
    """A stretch of rows as one batch."""
    batches = list(source.batches(start, stop))
    if len(batches) == 1:
        return batches[0]
    return VectorBatch(
        np.concatenate([batch.row_ids for batch in batches]),
        np.concatenate([batch.vectors for batch in batches]),
        np.concatenate([batch.labels for batch in batches]),
    )


def n_dims(store: DocumentStore, vector_fields: Sequence[str]) -> int:
    """Return the width of the vectors that `vector_source` yields."""
    return sum(store.vector_field(name).width for name in vector_fields)
