"""Who is in which cluster, and the values of a few of them: what questions about content begin with."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Document
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.operations.centroids import Centroids
from relevanceai.store.documents import DocumentStore


def clusters_of_rows(
    store: DocumentStore, centroids: Centroids
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the row id of every document, and its cluster as a place in `centroids.ids`.

    Both arrays have the shape (n_documents,), in the order of the rows. -1 is noise, not clustered,
    or in no cluster with members. One pass over the label column.
    """
    labels, valid = store.labels(centroids.clustering)
    place = np.full(len(centroids.clustering.ids) + 1, -1, np.int32)  # the last: noise
    place[centroids.leaves] = np.arange(len(centroids.ids))
    return store.all_row_ids(), np.where(valid, place[labels], -1).astype(np.int32)


def sampled_rows(
    row_ids: NDArray[np.int64], clusters: NDArray[np.int32], most: int, *, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return at most `most` documents of each cluster, drawn alike for the same rows and seed.

    Parameters
    ----------
    row_ids, clusters : as `clusters_of_rows` returns them; those below 0 are not drawn.
    most, seed : so many of each cluster; of another seed others.

    Returns
    -------
    Row ids and clusters of those drawn, by cluster, then by row id.
    """
    order = np.argsort(row_ids, kind="stable")  # so that the order of the store does not matter
    order = order[clusters[order] >= 0]
    order = np.random.default_rng(seed).permutation(order)
    order = order[np.argsort(clusters[order], kind="stable")]
    _, starts, sizes = np.unique(clusters[order], return_index=True, return_counts=True)
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    chosen = order[place < most]
    chosen = chosen[np.lexsort((row_ids[chosen], clusters[chosen]))]
    return row_ids[chosen], clusters[chosen]


def values_of(
    store: DocumentStore, row_ids: NDArray[np.int64], names: Sequence[str]
) -> Iterator[Document]:
    """Yield what these documents have in some fields, in the order asked."""
    return store.read(row_ids.tolist(), select_fields=list(names), include_vector=False)


def checked_fields(
    store: DocumentStore, names: Sequence[str] | str | None, argument: str
) -> list[str]:
    """Return the names of fields asked for, or of all that hold no vectors and no bytes.

    Raises
    ------
    NotFoundError : a field that does not exist; lists those that do.
    InvalidInputError : a vector field, or no list of names.
    """
    fields = {one.name: one.kind for one in store.fields()}
    if names is None:
        return [
            name
            for name, kind in fields.items()
            if kind not in ("vector", "bytes") and name != "_id"
        ]
    asked = [names] if isinstance(names, str) else names
    if not isinstance(asked, Sequence) or not asked or not all(isinstance(x, str) for x in asked):
        raise InvalidInputError(
            f"{argument} is the name of a field or a list of names, but got {names!r:.60}. "
            "Pass one, or leave it out."
        )
    for name in asked:
        if name not in fields:
            raise NotFoundError(
                f"No field {name!r} in dataset {store.name!r}. It has: {listed(fields, like=name)}."
            )
        if fields[name] == "vector":
            raise InvalidInputError(
                f"Field {name!r} holds vectors, which have no words. Pass a field of text."
            )
    return list(dict.fromkeys(asked))
