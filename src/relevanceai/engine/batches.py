"""Batches: the store's rows as the kernels want them, several vector fields put side by side."""

from collections.abc import Iterator, Sequence

import numpy as np

from relevanceai.batch import VectorBatch
from relevanceai.kernels.units import concatenate_units
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering


def vector_batches(
    store: DocumentStore, vector_fields: Sequence[str], clustering: Clustering | None = None
) -> Iterator[VectorBatch]:
    """Yield the rows that have every vector field, and a label when a clustering is given.

    One field comes as it is. Several are each scaled to unit norm and then concatenated, so that
    each has the same say; a zero vector stays zero.
    """
    for rows in store.vectors(vector_fields, clustering):
        vectors = rows.parts[0] if len(rows.parts) == 1 else concatenate_units(rows.parts)
        yield VectorBatch(rows.row_ids, np.ascontiguousarray(vectors), rows.labels)


def n_dims(store: DocumentStore, vector_fields: Sequence[str]) -> int:
    """Return the width of the vectors that `vector_batches` yields."""
    return sum(store.vector_field(name).width for name in vector_fields)
