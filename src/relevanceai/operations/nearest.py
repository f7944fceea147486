"""The documents nearest to, or furthest from, the centroids of their clusters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch
from relevanceai.clustering.ids import OUTLIER
from relevanceai.clustering.moments import moments_of
from relevanceai.engine.batches import vector_batches
from relevanceai.engine.reduce import reduce
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.kernels.nearest import SIMILARITIES, Metric, NearestRows
from relevanceai.operations.asked import check_count, check_fields, check_score, checked_metric
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering


@dataclass(frozen=True, slots=True)
class Centroids:
    """The clusters that have members, in natural order of their ids.

    `leaves[c]` is the stored leaf of cluster `ids[c]`, `means[c]` its centroid: float64 array of
    shape (n_clusters, n_dims). `count[c]` is the number of its members, `inertia[c]` the sum of their
    squared distances to the centroid.
    """

    clustering: Clustering
    ids: list[str]
    leaves: NDArray[np.intp]
    means: NDArray[np.float64]
    count: NDArray[np.int64]
    inertia: NDArray[np.float64]


def centroids_of(store: DocumentStore, clustering: Clustering) -> Centroids:
    """Return the centroids of a clustering: means over all members, in float64, not rescaled."""
    moments = moments_of(store, clustering)
    leaves = np.flatnonzero(moments.count > 0)
    return Centroids(
        clustering,
        [clustering.ids[leaf] for leaf in leaves],
        leaves,
        moments.centroids()[leaves],
        moments.count[leaves],
        moments.inertia[leaves],
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the documents of each cluster; see `ClusterOps.closest`."""

    is_furthest: bool
    select_fields: Sequence[str] | None
    page_size: int
    page: int
    metric: Metric
    filters: Sequence[Mapping[str, object]] | None
    include_vector: bool
    min_score: float | None

    def check(self, store: DocumentStore) -> None:
        """Raise an error for what cannot be asked, before any work is done."""
        check_count("page_size", self.page_size)
        check_count("page", self.page)
        checked_metric(self.metric)
        check_score(self.min_score)
        check_fields(store, self.select_fields)


def chosen_ids(
    centroids: Centroids, asked: Sequence[str] | str | None, *, dataset: str
) -> list[str]:
    """Return the cluster ids asked for, each once, or raise an error that lists those there are."""
    there = centroids.ids
    if asked is None:
        return there
    if not isinstance(asked, Iterable):
        raise InvalidInputError(
            f"cluster_ids is a list of cluster ids, but got {asked!r:.60}. "
            f"There are: {listed(there, like=str(asked))}."
        )
    names = [asked] if isinstance(asked, str) else list(asked)
    for name in names:
        if name not in there:
            why = " Noise has no centroid." if name == OUTLIER else ""
            raise NotFoundError(
                f"No cluster {name!r} in clustering {centroids.clustering.alias!r} of dataset "
                f"{dataset!r}.{why} It has: {listed(there, like=str(name))}."
            )
    return list(dict.fromkeys(names))


def nearest_documents(
    store: DocumentStore,
    centroids: Centroids,
    chosen: Sequence[str],
    asked: Asked,
    kept: NDArray[np.int64] | None,
) -> dict[str, dict[str, Any]]:
    """Return one page of documents for each chosen cluster, by id, best first.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    kept : row ids that may compete; None for all.
    """
    index_of = {cluster_id: index for index, cluster_id in enumerate(centroids.ids)}
    cluster_of_leaf = np.full(len(centroids.clustering.ids) + 1, -1, np.int32)  # last: noise
    for cluster_id in chosen:
        cluster_of_leaf[centroids.leaves[index_of[cluster_id]]] = index_of[cluster_id]

    def competing() -> Iterator[VectorBatch]:
        fields = centroids.clustering.vector_fields
        for batch in vector_batches(store, fields, centroids.clustering):
            labels = cluster_of_leaf[batch.labels]
            if kept is not None:
                labels = np.where(np.isin(batch.row_ids, kept), labels, -1).astype(np.int32)
            yield VectorBatch(batch.row_ids, batch.vectors, labels)

    k = asked.page * asked.page_size
    rows = reduce(
        lambda: NearestRows(centroids.means, k, metric=asked.metric, furthest=asked.is_furthest),
        competing(),
    ).result()
    shown: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]] = {}
    for cluster_id in chosen:
        row_ids, values = rows[index_of[cluster_id]]
        if asked.min_score is not None:
            is_similarity = asked.metric in SIMILARITIES
            good = values >= asked.min_score if is_similarity else values <= asked.min_score
            row_ids, values = row_ids[good], values[good]
        window = slice(k - asked.page_size, k)
        shown[cluster_id] = (row_ids[window], values[window])
    documents = store.read(
        [int(row_id) for row_ids, _ in shown.values() for row_id in row_ids],
        select_fields=asked.select_fields,
        include_vector=asked.include_vector,
    )
    return {
        cluster_id: {
            "results": [{**next(documents), "_search_score": float(value)} for value in values]
        }
        for cluster_id, (_, values) in shown.items()
    }
