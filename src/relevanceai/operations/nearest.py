"""The documents nearest to, or furthest from, the centroids of their clusters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.ids import OUTLIER
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.kernels.nearest import Metric
from relevanceai.operations.asked import check_count, check_fields, check_score, checked_metric
from relevanceai.operations.centroids import Centroids as Centroids
from relevanceai.operations.centroids import centroids_of as centroids_of
from relevanceai.operations.fetched import documents_at
from relevanceai.operations.ranked import competing_rows, ranked_rows
from relevanceai.store.documents import DocumentStore


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
    kept : row ids that may compete, ascending; None for all.
    """
    index_of = {cluster_id: index for index, cluster_id in enumerate(centroids.ids)}
    k = asked.page * asked.page_size
    window = slice(k - asked.page_size, k)
    if kept is None and asked.min_score is None:
        rows = ranked_rows(store, centroids, k, asked.metric, furthest=asked.is_furthest)
    else:
        places = [index_of[cluster_id] for cluster_id in chosen]
        rows = competing_rows(
            store,
            centroids,
            k,
            asked.metric,
            furthest=asked.is_furthest,
            places=places,
            kept=kept,
            min_score=asked.min_score,
        )
    shown = {}
    for cluster_id in chosen:
        row_ids, values = rows[index_of[cluster_id]]
        shown[cluster_id] = (row_ids[window], values[window])
    documents = iter(
        documents_at(
            store,
            [row_id for row_ids, _ in shown.values() for row_id in row_ids.tolist()],
            select_fields=asked.select_fields,
            include_vector=asked.include_vector,
        )
    )
    results: dict[str, dict[str, Any]] = {}
    for cluster_id, (_, values) in shown.items():
        page = [next(documents) for _ in values]
        for document, value in zip(page, values.tolist(), strict=True):
            document["_search_score"] = value  # the dicts are this call's own
        results[cluster_id] = {"results": page}
    return results
