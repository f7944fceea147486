"""The number that orders pairs of clusters, for one pair or for many."""

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.graph import cluster_graph
from relevanceai.engine.blas import one_blas_thread
from relevanceai.kernels.cluster_walk import walk_closeness
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.verdict import separation_number
from relevanceai.store.documents import DocumentStore


def centred_cosines(
    centroids: Centroids, first: NDArray[np.intp], second: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the cosines of pairs of centroids about the mean of all clustered documents.

    Parameters
    ----------
    first, second : int arrays of shape (n_pairs,), places in `centroids.ids`.

    Returns
    -------
    float64 array of shape (n_pairs,), in [-1, 1]; 0.0 where a centroid is the mean of all.
    """
    moved = centroids.means - centroids.count @ centroids.means / centroids.count.sum()
    one, other = moved[first], moved[second]
    products = np.einsum("ij,ij->i", one, other)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosines = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    clipped: NDArray[np.float64] = np.clip(cosines, -1.0, 1.0)
    return clipped


def separations(
    store: DocumentStore,
    centroids: Centroids,
    first: NDArray[np.intp],
    second: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return for each pair of clusters the number that orders pairs; see `separation_number`.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    first, second : int arrays of shape (n_pairs,), places in `centroids.ids`.

    Returns
    -------
    float64 array of shape (n_pairs,): the higher, the more likely the two are two.

    Notes
    -----
    The graph of all clusters is made from a sample the first time, and kept; see `cluster_graph`.
    """
    if not len(first):
        return np.empty(0)
    with one_blas_thread():
        graph = cluster_graph(store, centroids.clustering)
        leaves = centroids.leaves.astype(np.intp)
        closeness = walk_closeness(
            graph.neighbours, graph.labels, graph.n_clusters, leaves[first], leaves[second]
        )
    cosines = centred_cosines(centroids, first, second)
    return np.array(
        [separation_number(*one) for one in zip(closeness, cosines, strict=True)], np.float64
    )
