"""Neighbours of clusters: which other cluster a document would go to, and the documents between two."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.kept import keep, kept_of
from relevanceai.engine.batches import vector_source
from relevanceai.engine.reduce import reduce
from relevanceai.engine.source import Relabelled
from relevanceai.errors import InvalidInputError
from relevanceai.kernels.nearest_other import OTHER_METRICS, OtherMetric, targets
from relevanceai.kernels.second_nearest import DENSE_UP_TO, Neighbours, SecondNearest
from relevanceai.kernels.validity import calinski_harabasz, davies_bouldin
from relevanceai.operations.asked import check_count, check_fields
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.nearest import chosen_ids
from relevanceai.store.documents import DocumentStore

if TYPE_CHECKING:
    import pandas as pd

MARGIN = "_margin"
"""The field of a boundary document that says how much closer it is to its own cluster."""


@dataclass(frozen=True, slots=True)
class Separation:
    """How well a clustering's centroids separate its documents, as a whole.

    `simplified_silhouette` is in [-1, 1], higher is better; `closer_elsewhere` the share of
    documents that are closer to the centroid of another cluster than to their own;
    `davies_bouldin`, not negative, lower is better (infinite when two clusters have one centroid);
    `calinski_harabasz`, not negative, higher is better. The latter two are always Euclidean. All
    but `closer_elsewhere` are None with fewer than two clusters, `calinski_harabasz` also without
    any spread. They compare clusterings of the same documents; none is a test.
    """

    metric: OtherMetric
    documents: int
    clusters: int
    simplified_silhouette: float | None
    closer_elsewhere: float
    davies_bouldin: float | None
    calinski_harabasz: float | None


def neighbours_of(
    store: DocumentStore,
    centroids: Centroids,
    metric: OtherMetric = "l2",
    *,
    m: int = 0,
    among: Sequence[int] | None = None,
) -> Neighbours:
    """Return what the members of each cluster are nearest to, their own cluster left out.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    centroids : clusters are numbered as in `centroids.ids`.
    metric : what nearest means.
    m : how many boundary rows to keep of each pair.
    among : places in `centroids.ids` of the clusters that take part, numbered anew in this order;
        None for all.

    Notes
    -----
    One pass over the vectors, at the cost of their products with the centroids. Without `m` and
    `among` the answer is kept for this version of the dataset.
    """
    if among is None and not m:
        found = _kept(store, centroids, metric)
        if found is None:
            found = _pass(store, centroids, metric, np.arange(len(centroids.ids)), 0)
            keep(store, centroids.clustering, f"neighbours-{metric}", found.to_arrays())
        return found
    chosen = np.arange(len(centroids.ids)) if among is None else np.asarray(among, np.intp)
    return _pass(store, centroids, metric, chosen, m)


def _pass(
    store: DocumentStore,
    centroids: Centroids,
    metric: OtherMetric,
    chosen: NDArray[np.intp],
    m: int,
) -> Neighbours:
    """One pass over the vectors of the chosen clusters, numbered anew."""
    cluster_of_leaf = np.full(len(centroids.clustering.ids) + 1, -1, np.int32)  # last: noise
    cluster_of_leaf[centroids.leaves[chosen]] = np.arange(len(chosen))
    source = vector_source(store, centroids.clustering.vector_fields, centroids.clustering)
    ready = targets(centroids.means[chosen], metric)
    renumbered = Relabelled(source, lambda labels, _: cluster_of_leaf[np.maximum(labels, -1)])
    return reduce(lambda: SecondNearest(ready, m=m, n_rows=source.n_rows), renumbered).result()


def _kept(store: DocumentStore, centroids: Centroids, metric: OtherMetric) -> Neighbours | None:
    found = kept_of(store, centroids.clustering, f"neighbours-{metric}")
    if found is None:
        return None
    with suppress(TypeError, KeyError, ValueError):  # a file can be anything
        neighbours = Neighbours.from_arrays(metric, found)
        if np.array_equal(neighbours.count, centroids.count):
            return neighbours
    return None


def checked_other_metric(metric: object) -> OtherMetric:
    """Return a metric that neighbours can be found by, or raise InvalidInputError."""
    for one in OTHER_METRICS:
        if metric == one:
            return one
    raise InvalidInputError(
        f"Neighbours of clusters go by 'l2' and 'cosine', but got metric={metric!r:.60}. "
        "Pass one of them."
    )


class ClusterNeighbours(HoldsClustering):
    """Where clusters touch: overlap, boundary documents, and how well all are separated."""

    def overlap(
        self, metric: OtherMetric = "l2", *, values: Literal["share", "count", "closer"] = "share"
    ) -> "pd.DataFrame":
        """Return, for each cluster, which other cluster its documents are nearest to.

        Every document has one nearest other centroid: the cluster it would go to if its own were
        not there. Two clusters that name each other most of the time have a border in common; a
        cluster whose documents name many others has no one neighbour.

        Parameters
        ----------
        metric : "l2", Euclidean distance, or "cosine" (0 with a zero vector).
        values : "share", of the row's documents those whose nearest other cluster is the column, so
            that each row adds up to 1; "count", their number; "closer", the number of those that
            are closer to the column's centroid than to their own.

        Returns
        -------
        DataFrame of shape (n_clusters, n_clusters), ids on both axes in natural order, 0 on the
        diagonal; not symmetric. float64 for "share", else int64; above 1,000 clusters its columns
        are pandas' sparse ones. With one cluster there is no other, and its row is 0.

        Raises
        ------
        InvalidInputError : an unknown metric or value.

        Notes
        -----
        One pass over the vectors, O(n_documents * n_clusters * n_dims), whose answer is kept until
        the dataset changes. Ties go to the cluster that comes first in natural order. Noise takes
        no part.
        """
        import pandas as pd

        metric = checked_other_metric(metric)
        if values not in ("share", "count", "closer"):
            raise InvalidInputError(
                f"The values of an overlap are 'share', 'count' or 'closer', but got {values!r:.60}."
            )
        store, centroids = self._pinned()
        found = neighbours_of(store, centroids, metric)
        table = found.matrix(found.closer if values == "closer" else found.second)
        if len(found.count) > DENSE_UP_TO:
            if values == "share":
                table = table.multiply(1.0 / np.maximum(found.count, 1)[:, None]).tocsr()
            sparse: Any = pd.DataFrame.sparse
            frame: pd.DataFrame = sparse.from_spmatrix(
                table, index=centroids.ids, columns=centroids.ids
            )
            return frame
        if values == "share":
            table = table / np.maximum(found.count, 1)[:, None]
        return pd.DataFrame(table, index=centroids.ids, columns=centroids.ids)

    def overlapping(self, n: int = 8, metric: OtherMetric = "l2") -> "pd.DataFrame":
        """Return the n pairs of clusters whose documents name each other most.

        Parameters
        ----------
        n : how many pairs; fewer when fewer share a border.
        metric : as for `overlap`.

        Returns
        -------
        DataFrame with the columns `cluster`, `other` (the cluster that comes later in natural order
        stands first, as in `closest_centroids`), `share` (of all documents of the two, those whose
        nearest other cluster is the other of the two), falling; `documents`, their number; and
        `closer`, how many of them are closer to the other's centroid than to their own. Ties stand
        in natural order.
        """
        import pandas as pd

        check_count("n", n, least=0)
        metric = checked_other_metric(metric)
        store, centroids = self._pinned()
        found = neighbours_of(store, centroids, metric)
        first, second, documents, closer = _both_ways(found)
        share = documents / (found.count[first] + found.count[second])
        best = np.argsort(-share, kind="stable")[:n]
        return pd.DataFrame(
            {
                "cluster": [centroids.ids[place] for place in second[best]],
                "other": [centroids.ids[place] for place in first[best]],
                "share": share[best],
                "documents": documents[best],
                "closer": closer[best],
            }
        )

    def silhouettes(self, metric: OtherMetric = "l2") -> "pd.DataFrame":
        """Return how well each cluster is set off from the others, by its documents' margins.

        Parameters
        ----------
        metric : as for `overlap`.

        Returns
        -------
        DataFrame, ids in natural order as its index, with the columns `documents`;
        `simplified_silhouette`, the mean over the documents of (b - a) / max(a, b), where a is the
        distance to the own centroid and b that to the nearest other one: in [-1, 1], 1 is far from
        all others, 0 on the border, negative inside another (0 for a cluster of one document);
        `distance`, the mean distance to the own centroid; `closer_elsewhere`, the share of
        documents that are closer to another centroid; `neighbour`, the cluster that is most often
        the nearest other one (None when there is no other), and `neighbour_share`, how often.

        References
        ----------
        Rousseeuw, 1987; Hruschka, de Castro and Campello, 2004 (by centroids).
        """
        import pandas as pd

        metric = checked_other_metric(metric)
        store, centroids = self._pinned()
        found = neighbours_of(store, centroids, metric)
        n_clusters = len(centroids.ids)
        closer = np.bincount(found.own, found.closer, n_clusters)
        order = np.lexsort((found.other, -found.second, found.own))
        own, start = np.unique(found.own[order], return_index=True)
        neighbours: list[str | None] = [None] * n_clusters
        most = np.zeros(n_clusters)
        for place, pair in zip(own.tolist(), order[start].tolist(), strict=True):
            neighbours[place] = centroids.ids[int(found.other[pair])]
            most[place] = found.second[pair]
        return pd.DataFrame(
            {
                "documents": found.count,
                "simplified_silhouette": found.silhouette,
                "distance": found.distance,
                "closer_elsewhere": closer / found.count,
                "neighbour": neighbours,
                "neighbour_share": most / found.count,
            },
            index=centroids.ids,
        )

    def separation(self, metric: OtherMetric = "l2") -> Separation:
        """Return the usual numbers for how well a clustering separates its documents.

        Parameters
        ----------
        metric : for the silhouette and the margins, as for `overlap`.

        Returns
        -------
        Separation, with `simplified_silhouette`, `closer_elsewhere`, `davies_bouldin` and
        `calinski_harabasz`.

        Notes
        -----
        One pass over the vectors; by cosine a second one, for the Euclidean distances of
        `davies_bouldin`.
        """
        metric = checked_other_metric(metric)
        store, centroids = self._pinned()
        found = neighbours_of(store, centroids, metric)
        euclidean = found if metric == "l2" else neighbours_of(store, centroids, "l2")
        n_documents, n_clusters = int(found.count.sum()), len(centroids.ids)
        return Separation(
            metric=metric,
            documents=n_documents,
            clusters=n_clusters,
            simplified_silhouette=found.overall_silhouette if n_clusters > 1 else None,
            closer_elsewhere=int(found.closer.sum()) / max(n_documents, 1),
            davies_bouldin=davies_bouldin(centroids.means, euclidean.distance),
            calinski_harabasz=calinski_harabasz(
                centroids.count, centroids.means, centroids.inertia
            ),
        )

    def boundary(
        self,
        a: str,
        b: str,
        *,
        n: int = 5,
        metric: OtherMetric = "l2",
        select_fields: Sequence[str] | None = None,
        include_vector: bool = False,
    ) -> dict[str, dict[str, Any]]:
        """Return the documents of two clusters that lie closest to the border between them.

        Parameters
        ----------
        a, b : two cluster ids.
        n : documents of each cluster.
        metric : as for `overlap`.
        select_fields, include_vector : as for `closest`.

        Returns
        -------
        `{"results": {a: {"results": [document, ...]}, b: {"results": [...]}}}`. Each document
        carries `_margin`: its distance to the other of the two centroids minus that to its own.
        Smallest first: negative margins are documents that are closer to the other cluster, then
        those on the border. Other clusters are left aside. Ties go by the order in which documents
        were inserted.

        Raises
        ------
        NotFoundError : a cluster or field that does not exist; lists those that do.
        InvalidInputError : `a` and `b` are the same cluster; an unknown metric; `n` is below 1.
        """
        check_count("n", n)
        metric = checked_other_metric(metric)
        check_fields(self._store, select_fields)
        store, centroids = self._pinned()
        pair = chosen_ids(centroids, [a, b], dataset=store.name)
        if len(pair) < 2:
            raise InvalidInputError(
                f"A border is between two clusters, but got {a!r} twice. Pass two cluster ids."
            )
        places = [centroids.ids.index(one) for one in pair]
        found = neighbours_of(store, centroids, metric, m=n, among=places)
        rows = [found.boundary(0, 1), found.boundary(1, 0)]
        documents = store.read(
            [int(row_id) for row_ids, _ in rows for row_id in row_ids],
            select_fields=select_fields,
            include_vector=include_vector,
        )
        return {
            "results": {
                cluster_id: {
                    "results": [{**next(documents), MARGIN: float(margin)} for margin in margins]
                }
                for cluster_id, (_, margins) in zip(pair, rows, strict=True)
            }
        }


def _both_ways(
    found: Neighbours,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (first < second) that occur either way, in order, and their counts, added up."""
    n_clusters = max(len(found.count), 1)
    low, high = np.minimum(found.own, found.other), np.maximum(found.own, found.other)
    codes, place = np.unique(low * n_clusters + high, return_inverse=True)
    documents, closer = np.zeros(len(codes), np.int64), np.zeros(len(codes), np.int64)
    np.add.at(documents, place, found.second)
    np.add.at(closer, place, found.closer)
    first, second = np.divmod(codes, n_clusters)
    return first, second, documents, closer
