"""Likeness of clusters: how close their centroids are, the closest pairs, and the order it makes."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.kept import worked_out
from relevanceai.clustering.moments import half_moments_of, moments_of
from relevanceai.errors import InvalidInputError, listed
from relevanceai.kernels.halves import Halves, halves
from relevanceai.kernels.order import centroid_order
from relevanceai.kernels.pairs import closest_centroid_pairs
from relevanceai.kernels.similarity import (
    CENTROID_METRICS,
    CentroidMetric,
    centroid_similarity,
    grows_with_likeness,
)
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.held import HoldsClustering
from relevanceai.store.documents import DocumentStore

if TYPE_CHECKING:
    import pandas as pd


def checked_centroid_metric(metric: object) -> CentroidMetric:
    """Return a metric of centroids, or raise InvalidInputError naming those there are."""
    for one in CENTROID_METRICS:
        if metric == one:
            return one
    raise InvalidInputError(
        f"Unknown metric {metric!r}. Use one of {listed(CENTROID_METRICS, like=str(metric))}."
    )


class ClusterLikeness(HoldsClustering):
    """How close the centroids of clusters are to each other."""

    def centroid_similarity(self, metric: CentroidMetric = "cosine") -> "pd.DataFrame":
        """Return how close every centroid is to every other, as a labelled DataFrame.

        Parameters
        ----------
        metric : similarities, which grow with likeness:
            "cosine", in [-1, 1]; 0 with a zero centroid.
            "centred", the cosine about the plain mean of the centroids (each cluster counts once,
            whatever its size). Raw cosines of real embeddings lie in a narrow band; this spreads
            them. 0 for a centroid that is the mean; two clusters alone are always at -1.
            "corrected", the cosine corrected for the chance in centroids of few documents:
            documents are put into two halves by a hash of their row, and the cosine across clusters is
            divided by that between the halves of each (split-half reliability). It may exceed 1 a
            little for centroids that differ by chance only.
            "dp", the dot product.
            "l2_similarity", 1 / (1 + Euclidean distance), in (0, 1].
            And distances: "l2" (Euclidean) and "l1" (sum of absolute differences).

        Returns
        -------
        float64 DataFrame of shape (n_clusters, n_clusters), ids on both axes in natural order. For
        "corrected", `frame.attrs["uncorrected"]` lists the clusters that are not: a half of them
        has no document, or their halves have nothing in common. They stand with their raw cosine.

        Raises
        ------
        InvalidInputError : an unknown metric.
        """
        import pandas as pd

        metric = checked_centroid_metric(metric)
        store, found = self._pinned()
        parts = halves_of(store, found) if metric == "corrected" else None
        made = worked_out(
            store,
            found.clustering,
            f"similarity-{metric}",
            lambda: {"matrix": centroid_similarity(found.means, metric, parts)},
            on_disk=False,
        )
        frame = pd.DataFrame(made["matrix"], index=found.ids, columns=found.ids, copy=True)
        return _told(frame, found, parts)

    def closest_centroids(self, n: int = 8, metric: CentroidMetric = "cosine") -> "pd.DataFrame":
        """Return the n pairs of clusters whose centroids are closest.

        Parameters
        ----------
        n : how many pairs; fewer when there are fewer.
        metric : as for `centroid_similarity`.

        Returns
        -------
        DataFrame with the columns `cluster`, `other` (of the pair, the cluster that comes later in
        natural order stands first) and `similarity`, falling, or for l2 and l1 `distance`, rising.
        Ties stand in natural order. `attrs` as for `centroid_similarity`.

        Raises
        ------
        InvalidInputError : an unknown metric; `n` is no whole number from 0.

        Notes
        -----
        Above 300 clusters there is no matrix of all pairs: memory grows with the number of
        clusters and with n only.
        """
        import pandas as pd

        check_count("n", n, least=0)
        metric = checked_centroid_metric(metric)
        store, found = self._pinned()
        parts = halves_of(store, found) if metric == "corrected" else None
        made = worked_out(
            store,
            found.clustering,
            f"pairs-{n}-{metric}",
            lambda: dict(
                zip("ijv", closest_centroid_pairs(found.means, n, metric, parts), strict=True)
            ),
            on_disk=False,
        )
        frame = pd.DataFrame(
            {
                "cluster": [found.ids[index] for index in made["j"]],
                "other": [found.ids[index] for index in made["i"]],
                "similarity" if grows_with_likeness(metric) else "distance": made["v"].copy(),
            }
        )
        return _told(frame, found, parts)

    def linkage_order(self, metric: CentroidMetric = "cosine") -> list[str]:
        """Return the cluster ids in the order of average linkage: close ones stand side by side.

        Parameters
        ----------
        metric : as for `centroid_similarity`.
        """
        found, order, _ = self._linked(metric)
        return [found.ids[index] for index in order]

    def linkage(self, metric: CentroidMetric = "cosine") -> NDArray[np.float64]:
        """Return scipy's table of the merges of average linkage, for a dendrogram.

        Parameters
        ----------
        metric : as for `centroid_similarity`; similarities are turned into distances, cosines as
            1 - cosine.

        Returns
        -------
        float64 array of shape (n_clusters - 1, 4): the two clusters joined, their distance, how many
        they are together. Clusters are numbered as in `list_cluster_ids()`; the leaves of
        `scipy.cluster.hierarchy.dendrogram` stand in the order of `linkage_order`.
        """
        return self._linked(metric)[2]

    def _linked(
        self, metric: CentroidMetric
    ) -> tuple[Centroids, NDArray[np.intp], NDArray[np.float64]]:
        metric = checked_centroid_metric(metric)
        store, found = self._pinned()
        parts = halves_of(store, found) if metric == "corrected" else None
        order, table = centroid_order(found.means, metric, parts)
        return found, order, table


def halves_of(store: DocumentStore, centroids: Centroids) -> Halves:
    """Return the two halves of each cluster; the first time, one more pass over the vectors.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    centroids : clusters are numbered as in `centroids.ids`.
    """
    moments = moments_of(store, centroids.clustering)
    parts = half_moments_of(store, centroids.clustering)
    leaves = centroids.leaves
    return halves(
        moments.count[leaves],
        moments.sums[leaves],
        parts.count[2 * leaves],
        parts.sums[2 * leaves],
    )


def _told(frame: "pd.DataFrame", found: Centroids, halves: Halves | None) -> "pd.DataFrame":
    """Say on the frame which clusters could not be corrected."""
    if halves is not None:
        pairs = zip(found.ids, halves.is_corrected.tolist(), strict=True)
        frame.attrs["uncorrected"] = [one for one, is_corrected in pairs if not is_corrected]
    return frame
