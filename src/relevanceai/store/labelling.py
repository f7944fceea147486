"""Labelling: the leaves of a clustering kept beside the documents, one column and one record."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError, listed
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering, new_token, replaced_columns, write_record


def add_clustering(
    store: DocumentStore,
    vector_fields: Sequence[str],
    alias: str,
    labels: NDArray[np.int32],
    valid: NDArray[np.bool_],
    ids: Sequence[str],
    model: dict[str, object],
) -> Clustering:
    """Keep labels as a clustering; one of the same fields and alias is replaced.

    Parameters
    ----------
    labels : int32 array of shape (n_documents,), the leaf of each document in row order, -1
        for noise.
    valid : bool array of shape (n_documents,); False where the document is not clustered.
    ids : the public id of each leaf.
    model : what made the labels, in plain JSON values.

    The caller holds `writing()` since it read what the labels rest on.
    """
    clustering = Clustering(
        token=new_token(),
        vector_fields=tuple(vector_fields),
        alias=alias,
        ids=tuple(ids),
        model=model,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    key = (clustering.vector_fields, alias)
    for one in store.clusterings():
        if one.label_path == clustering.label_path and (one.vector_fields, one.alias) != key:
            raise InvalidInputError(
                f"Labels at {one.label_path!r} are those of {listed(one.vector_fields)}. "
                "Pass another alias."
            )
    # The record stays whatever happens: the commit may be made although Ctrl-C came after it.
    write_record(store.folder / "clusterings", clustering)
    array = pa.array(labels, pa.int32(), mask=~valid)
    store.add_column(pa.field(clustering.column, pa.int32()), array)
    # The later of two columns of one alias holds, so the commit above is the change; what it
    # replaced goes now, or after a kill or on a full disk with the next of this alias.
    replaced = replaced_columns(store.folder / "clusterings", store.opened().schema.names, key)
    if replaced:
        with suppress(OSError):
            store.opened().drop_columns(replaced)
    return clustering
