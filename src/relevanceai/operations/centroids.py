"""Centroids: the clusters that have members, and their means, of one version of a dataset."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.moments import moments_of
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
