"""Documents that stand for a cluster: its medoid, diverse exemplars, and a warning where one misleads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.medoids import (
    ATYPICAL_FROM,
    EXACT_UP_TO,
    EXEMPLARS_FROM,
    exemplars,
    loneliness,
    medoid,
)
from relevanceai.kernels.nearest_other import OtherMetric, nearest_other, targets
from relevanceai.kernels.units import concatenate_units
from relevanceai.operations.asked import check_count, check_fields
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.nearest import chosen_ids
from relevanceai.operations.neighbours import checked_other_metric
from relevanceai.store.documents import DocumentStore
from relevanceai.store.sampling import labelled_rows, vectors_at

MEAN_DISTANCE = "_mean_distance"
"""The field of a medoid that says how far the other members are from it, on average."""

STANDS_FOR = "_stands_for"
"""The field of an exemplar that says for which share of the documents it is the nearest one."""


@dataclass(frozen=True, slots=True)
class Members:
    """Members of one cluster, all or a sample, in the order of insertion.

    `row_ids` int64 array of shape (n_rows,), `vectors` float32 array of shape (n_rows, n_dims);
    `n_members` is the number of all.
    """

    cluster_id: str
    row_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    n_members: int


def members_of(
    store: DocumentStore,
    centroids: Centroids,
    cluster_ids: Sequence[str],
    *,
    most: int,
    seed: int,
) -> Iterator[Members]:
    """Yield the members of some clusters, one cluster at a time, at most `most` of each.

    Which ones are drawn depends on the seed, the leaf and the cluster's members alone.
    """
    row_ids, leaves = labelled_rows(store, centroids.clustering)
    by_leaf = np.argsort(leaves, kind="stable")
    edges = np.searchsorted(leaves, [centroids.leaves, centroids.leaves + 1], sorter=by_leaf)
    fields = centroids.clustering.vector_fields
    for cluster_id in cluster_ids:
        place = centroids.ids.index(cluster_id)
        rows = row_ids[by_leaf[edges[0, place] : edges[1, place]]]
        if len(rows) > most:
            rng = np.random.default_rng([seed, int(centroids.leaves[place])])
            rows = np.sort(rng.choice(rows, most, replace=False))
        parts, has_all = vectors_at(store, fields, rows)
        vectors = parts[0] if len(parts) == 1 else concatenate_units(parts)
        yield Members(cluster_id, rows[has_all], vectors, int(centroids.count[place]))


class ClusterStandIns(HoldsClustering):
    """The documents that stand for a cluster better than the one closest to its centroid may."""

    def medoids(
        self,
        cluster_ids: Sequence[str] | str | None = None,
        *,
        metric: OtherMetric = "l2",
        select_fields: Sequence[str] | None = None,
        include_vector: bool = False,
        seed: int = 0,
    ) -> dict[str, dict[str, Any]]:
        """Return the medoid of each cluster: the document with the least distance to all others.

        A centroid is rarely a document, and may lie where there are none: between groups, in a ring,
        or drawn aside by a few that are far out. The document closest to it is then like nothing
        else in the cluster. The medoid is drawn aside less. Where even it is atypical, the cluster
        has no middle, and `exemplars` stand for it better.

        Parameters
        ----------
        cluster_ids : which clusters; None for all, in natural order.
        metric : "l2", Euclidean distance, or "cosine", 1 - cosine similarity.
        select_fields, include_vector : as for `closest`.
        seed : of the sample of a large cluster.

        Returns
        -------
        `{"results": {"cluster-0": {"results": [document], ...}}}`. The document carries
        `_mean_distance`, to the others. Beside `results` stand `documents`, how many the cluster
        has; `compared`, how many of them were: all up to 10,000, a sample of 10,000 beyond, and the
        medoid is that of the sample; `loneliness`, the share of the documents that have closer
        neighbours than the medoid has (None with fewer than 8); `is_atypical`, True when that is
        half of them or more; `closest`, the `_id` of the compared document that is closest to the
        centroid, and `closest_loneliness` and `closest_is_atypical`, the same of it: do not take an
        atypical document for the cluster.

        Raises
        ------
        NotFoundError : a cluster or field that does not exist; lists those that do.
        InvalidInputError : an unknown metric.

        Notes
        -----
        Each cluster's vectors are read once, a cluster at a time; by "l2" every two of its compared
        documents are, O(compared**2). Loneliness is taken among 2,000 of them. Ties go by the order
        in which documents were inserted.
        """
        metric = checked_other_metric(metric)
        check_fields(self._store, select_fields)
        store, centroids = self._pinned()
        chosen = chosen_ids(centroids, cluster_ids, dataset=store.name)
        rows, facts = [], []
        for members in members_of(store, centroids, chosen, most=EXACT_UP_TO, seed=seed):
            place, mean_distance = medoid(members.vectors, metric)
            mean = centroids.means[centroids.ids.index(members.cluster_id)]
            closest = _closest(members.vectors, mean, metric)
            alone = _loneliness(members.vectors, [place, closest], metric, seed)
            rows += [int(members.row_ids[place]), int(members.row_ids[closest])]
            facts.append((members, float(mean_distance[place]), alone))
        documents = store.read(
            rows[::2], select_fields=select_fields, include_vector=include_vector
        )
        names = store.read(rows[1::2], select_fields=["_id"])
        return {
            "results": {
                members.cluster_id: {
                    "results": [{**next(documents), MEAN_DISTANCE: mean_distance}],
                    "documents": members.n_members,
                    "compared": len(members.row_ids),
                    "loneliness": None if alone is None else alone[0],
                    "is_atypical": alone is not None and alone[0] >= ATYPICAL_FROM,
                    "closest": next(names)["_id"],
                    "closest_loneliness": None if alone is None else alone[1],
                    "closest_is_atypical": alone is not None and alone[1] >= ATYPICAL_FROM,
                }
                for members, mean_distance, alone in facts
            }
        }

    def exemplars(
        self,
        n: int = 5,
        cluster_ids: Sequence[str] | str | None = None,
        *,
        metric: OtherMetric = "l2",
        select_fields: Sequence[str] | None = None,
        include_vector: bool = False,
        seed: int = 0,
    ) -> dict[str, dict[str, Any]]:
        """Return n documents of each cluster that together stand for all of it.

        The closest documents to a centroid are alike; these are diverse. The first is the medoid;
        each further one most lowers the total distance of all documents to their nearest exemplar
        (facility location, greedily).

        Parameters
        ----------
        n : how many of each cluster; fewer when it has fewer distinct documents.
        cluster_ids, metric, select_fields, include_vector, seed : as for `medoids`.

        Returns
        -------
        `{"results": {"cluster-0": {"results": [document, ...], ...}}}`, in the order in which they
        were chosen. Each carries `_stands_for`, the share of the documents for which it is the
        nearest exemplar. Beside `results` stand `documents`, how many the cluster has; `compared`,
        how many of them were: all up to 2,000, a sample of 2,000 beyond; and `mean_distance`, of
        those to their nearest exemplar.

        Raises
        ------
        NotFoundError : a cluster or field that does not exist; lists those that do.
        InvalidInputError : an unknown metric; `n` is below 1.

        References
        ----------
        Nemhauser, Wolsey, Fisher, 1978.
        """
        check_count("n", n)
        metric = checked_other_metric(metric)
        check_fields(self._store, select_fields)
        store, centroids = self._pinned()
        chosen = chosen_ids(centroids, cluster_ids, dataset=store.name)
        rows: list[int] = []
        facts = []
        for members in members_of(store, centroids, chosen, most=EXEMPLARS_FROM, seed=seed):
            found = exemplars(members.vectors, n, metric)
            rows += members.row_ids[found.places].tolist()
            facts.append((members, found))
        documents = store.read(rows, select_fields=select_fields, include_vector=include_vector)
        return {
            "results": {
                members.cluster_id: {
                    "results": [
                        {**next(documents), STANDS_FOR: count / len(members.row_ids)}
                        for count in found.stands_for.tolist()
                    ],
                    "documents": members.n_members,
                    "compared": len(members.row_ids),
                    "mean_distance": found.mean_distance,
                }
                for members, found in facts
            }
        }


def _closest(
    vectors: NDArray[np.float32], centroid: NDArray[np.float64], metric: OtherMetric
) -> int:
    """Return the place of the row closest to a centroid; of equal ones the earlier."""
    among = targets(centroid[None], metric)
    _, own_distance, _ = nearest_other(
        vectors, np.zeros(len(vectors), np.int32), among, is_compiled=False
    )
    return int(own_distance.argmin())


def _loneliness(
    vectors: NDArray[np.float32], places: list[int], metric: OtherMetric, seed: int
) -> list[float] | None:
    """Return how lonely some rows are among the others, or a sample of them."""
    if len(vectors) > EXEMPLARS_FROM:
        rng = np.random.default_rng(seed)
        others = np.setdiff1d(np.arange(len(vectors)), places)
        others = rng.choice(others, EXEMPLARS_FROM - len(set(places)), replace=False)
        kept = np.union1d(others, places)
        vectors, places = vectors[kept], np.searchsorted(kept, places).tolist()
    return loneliness(vectors, places, metric)
