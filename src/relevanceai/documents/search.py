"""Search: the documents whose vectors are nearest to one vector, exactly, in blocks."""

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Document, VectorBatch
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.kernels.nearest import Metric, RankedRows
from relevanceai.store.documents import DocumentStore
from relevanceai.store.vector_index import candidates, index_of


def nearest_in(
    store: DocumentStore,
    vector: Sequence[float] | None,
    document_id: str | None,
    field: str | None,
    *,
    first: int,
    size: int,
    filters: Sequence[Mapping[str, object]],
    metric: Metric,
    select_fields: Sequence[str] | None,
    include_vector: bool,
    n_probes: int | None = None,
) -> list[Document]:
    """Return one page of documents, nearest first; see `Dataset.vector_search`.

    One pass over the field: O(n_rows * n_dims), memory for a block of rows and the page. With
    `n_probes` the field's index names the rows that are compared; with filters, which the index
    knows nothing of, all that pass are.
    """
    if metric not in get_args(Metric):
        raise InvalidInputError(
            f"Unknown metric {metric!r}. Use one of {listed(get_args(Metric), like=str(metric))}."
        )
    if (vector is None) == (document_id is None):
        raise InvalidInputError("Pass either a vector or id='<_id of a document>'.")
    name = field_named(store, field)
    own: int | None = None
    if vector is not None:
        asked = _vector(vector, name, store.vector_field(name).width)
    else:
        own, asked = _of_document(store, str(document_id), name)
    kept = store.matching_row_ids(filters) if filters else None
    named: NDArray[np.int64] | None = None
    if n_probes is not None:
        index = index_of(store, name)
        if index.metric != metric:
            raise InvalidInputError(
                f"The index of {name!r} is of metric {index.metric!r}, and the search of "
                f"{metric!r}. Pass metric={index.metric!r}, or make another index: "
                f"create_vector_index({name!r}, metric={metric!r})."
            )
        if kept is None and (metric != "cosine" or np.any(asked)):  # zero is alike to all, at 0
            n_wanted = 2 * (first + size) + 10  # float32 may order the last of them otherwise
            named = candidates(store, name, asked, n_wanted, n_probes)
    kernel = RankedRows(asked[None, :], first + size, metrics=[metric], ends=[False])
    for rows in store.vectors([name]) if named is None else store.vectors_at(name, named):
        labels = rows.labels
        if kept is not None:
            labels = np.where(np.isin(rows.row_ids, kept), 0, -1).astype(np.int32)
        if own is not None:
            labels = np.where(rows.row_ids == own, -1, labels).astype(np.int32)
        kernel.update(VectorBatch(rows.row_ids, rows.parts[0], labels))
    row_ids, values = kernel.result(metric)[0]
    documents = store.read(
        row_ids[first:].tolist(), select_fields=select_fields, include_vector=include_vector
    )
    return [
        {**document, "_search_score": float(value)}
        for document, value in zip(documents, values[first:], strict=True)
    ]


def field_named(store: DocumentStore, field: str | None) -> str:
    """Return the vector field that is meant: the one there is, when None is given."""
    if field is not None:
        return store.vector_field(field).name
    there = [one.name for one in store.fields() if one.kind == "vector"]
    if len(there) != 1:
        raise InvalidInputError(
            f"Dataset {store.name!r} has {len(there)} vector fields: {listed(there)}. "
            "Pass field='<one of them>'."
        )
    return there[0]


def _vector(vector: Sequence[float], name: str, width: int) -> NDArray[np.float64]:
    try:
        asked = np.asarray(vector, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"vector is a list of numbers, but got {vector!r:.60}.") from error
    if asked.shape != (width,) or not np.isfinite(asked).all():
        raise InvalidInputError(
            f"vector has shape {asked.shape}, but {name!r} has {width:,} finite numbers."
        )
    return asked


def _of_document(
    store: DocumentStore, document_id: str, name: str
) -> tuple[int, NDArray[np.float64]]:
    there = store.row_ids([document_id])
    if document_id not in there:
        raise NotFoundError(f"No document {document_id!r} in dataset {store.name!r}.")
    row_id = there[document_id]
    document = next(store.read([row_id], select_fields=[name]))
    if name not in document:
        raise NotFoundError(f"Document {document_id!r} of {store.name!r} has no {name!r}.")
    return row_id, np.asarray(document[name], dtype=np.float64)
