"""The quality of each cluster in a table: how large, how tight, how well set off, how stable."""

from typing import TYPE_CHECKING

import numpy as np

from relevanceai.kernels.units import row_blocks
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.naming import cluster_names
from relevanceai.operations.nearest import Asked, nearest_documents
from relevanceai.operations.neighbours import neighbours_of
from relevanceai.operations.stability import stabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def nearest_centroids(centroids: Centroids) -> list[int | None]:
    """Return the cluster whose centroid is nearest to each cluster's (Euclidean); None for a lone one."""
    means = centroids.means
    if len(means) < 2:
        return [None] * len(means)
    means = means - means.mean(axis=0)
    squares = np.einsum("ij,ij->i", means, means)
    found: list[int | None] = []
    for block in row_blocks(len(means), len(means)):
        distances = squares - 2.0 * (means[block] @ means.T)
        distances[np.arange(block.stop - block.start), np.arange(block.start, block.stop)] = np.inf
        found += distances.argmin(axis=1).tolist()
    return found


class ClusterQuality(HoldsClustering):
    """A row a cluster: the numbers one looks at before trusting it."""

    def quality(
        self,
        *,
        stability: int | None = None,
        names: bool = True,
        text_fields: "Sequence[str] | str | None" = None,
        seed: int = 0,
    ) -> "pd.DataFrame":
        """Return how good each cluster is, a row a cluster.

        Parameters
        ----------
        stability : cluster samples of the documents anew so many times, and tell how often each
            cluster came back; 50 is a good number. None for not at all.
        names : name the clusters, too.
        text_fields : the fields that names are made of, as for `names`.
        seed : of the samples.

        Returns
        -------
        DataFrame in natural order of the ids, with the columns
        `cluster`, `name` (None with `names=False`), `documents`;
        `spread` : root of the mean squared distance to the centroid.
        `simplified_silhouette` : by centroids, in [-1, 1], 1 is far from all others; None where there
            is no other cluster.
        `closer_elsewhere` : the share of documents that are closer to another cluster's centroid.
        `nearest` : the cluster whose centroid is nearest; None when there is no other.
        `overlap` : the share of documents whose nearest other cluster it is.
        `recovered` : such as "47 of 50": in so many refits a cluster came back with a Jaccard
            similarity of at least 0.75; None when not asked for. `jaccard` : the mean similarity.
        `exemplar` : the `_id` of the document closest to the centroid.

        There is no NaN: what does not apply is None.

        Raises
        ------
        InvalidInputError : `stability` is below 1.
        NotFoundError : a text field that does not exist; lists those that do.

        Notes
        -----
        Two passes over the vectors. A refit is k-means on a bootstrap sample of at most 10,000
        documents, from one start: seconds in all for tens of clusters, a second each for 1,000.

        References
        ----------
        Hennig (2007), Cluster-wise assessment of cluster stability, CSDA 52.
        """
        import pandas as pd

        from relevanceai.operations.wide_table import wide_table

        check_count("seed", seed, least=0)
        if stability is not None:
            check_count("stability", stability)
        store, centroids = self._pinned()
        ids = centroids.ids
        if not ids:
            return pd.DataFrame(columns=_COLUMNS)
        found = neighbours_of(store, centroids)
        nearest = nearest_centroids(centroids)
        second = dict(
            zip(
                zip(found.own.tolist(), found.other.tolist(), strict=True),
                found.second.tolist(),
                strict=True,
            )
        )
        closer = np.bincount(found.own, found.closer, len(ids)) / centroids.count
        asked = Asked(False, ["_id"], 1, 1, "l2", None, False, None)
        closest = nearest_documents(store, centroids, ids, asked, None)
        stable = None if stability is None else stabilities(store, centroids, stability, seed=seed)
        named = (
            [
                one.name
                for one in cluster_names(store, centroids, text_fields=text_fields, seed=seed)
            ]
            if names
            else [None] * len(ids)
        )
        is_alone = len(ids) < 2
        table: dict[str, list[object]] = {
            "cluster": list(ids),
            "name": list(named),
            "documents": centroids.count.tolist(),
            "spread": np.sqrt(centroids.inertia / centroids.count).tolist(),
            "simplified_silhouette": [None] if is_alone else found.silhouette.tolist(),
            "closer_elsewhere": closer.tolist(),
            "nearest": [None if one is None else ids[one] for one in nearest],
            "overlap": [
                0.0 if other is None else second.get((own, other), 0) / int(centroids.count[own])
                for own, other in enumerate(nearest)
            ],
            "recovered": [None if stable is None else str(stable[own]) for own in range(len(ids))],
            "jaccard": [None if stable is None else stable[own].jaccard for own in range(len(ids))],
            "exemplar": [str(closest[name]["results"][0]["_id"]) for name in ids],
        }
        return wide_table({name: table[name] for name in _COLUMNS})


_COLUMNS = [
    "cluster",
    "name",
    "documents",
    "spread",
    "simplified_silhouette",
    "closer_elsewhere",
    "nearest",
    "overlap",
    "recovered",
    "jaccard",
    "exemplar",
]
