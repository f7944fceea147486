"""The nearest-neighbour graph of a sample of all clusters: kept beside the clustering it is of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.kept import keep, kept_of
from relevanceai.engine.batches import n_dims
from relevanceai.kernels.neighbour_graph import nearest_rows
from relevanceai.kernels.units import concatenate_units
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering, Numbers
from relevanceai.store.sampling import labelled_rows, vectors_at

NEIGHBOURS = 30
"""Edges that each document of the sample has; half as many where clusters have few in the sample."""

ENOUGH_OF_EACH = 30
"""Documents a cluster, on average, that the sample should have: with fewer the graph is blurred."""

MOST_ROWS, MOST_PRODUCTS = 10_000, 15e9
"""Documents of the sample, and products of two numbers that finding neighbours may take (so wide
vectors get a smaller sample), where that is enough of each cluster."""

MOST_ROWS_OF_MANY, MOST_PRODUCTS_OF_MANY = 20_000, 100e9
"""The same where there are many clusters."""

LEAST_OF_EACH = 10
"""Documents of each cluster in the sample, or all it has, whatever its share is."""

_SEED = 20
_KEPT = "graph-rows"


@dataclass(frozen=True, slots=True)
class ClusterGraph:
    """The nearest neighbours of each document of a sample, among the sample.

    Parameters
    ----------
    neighbours : int32 array of shape (n_rows, k), as of `nearest_rows`.
    labels : int32 array of shape (n_rows,), the leaf of each document, ascending.
    n_clusters : leaves of the clustering.
    """

    neighbours: NDArray[np.int32]
    labels: NDArray[np.int32]
    n_clusters: int


def cluster_graph(store: DocumentStore, clustering: Clustering) -> ClusterGraph:
    """Return the graph of a clustering: kept from before, or made from a sample of its documents.

    Parameters
    ----------
    store : a snapshot.

    Notes
    -----
    The sample is drawn in proportion to the clusters' sizes, with `LEAST_OF_EACH` at least; noise
    takes no part. It has at most 10,000 documents, 5,400 of 512 dimensions; up to 20,000, 14,000 of
    512 dimensions, where there are so many clusters that each would have fewer than 30 (seconds, once).
    The draw is seeded: the same
    documents and labels always give the same graph. It is kept in the cache until the dataset
    changes.
    """
    kept = kept_of(store, clustering, _KEPT)
    if kept is None:
        graph = _taken(store, clustering)
        arrays: dict[str, Numbers] = {
            "neighbours": graph.neighbours.astype(np.int64),
            "labels": graph.labels.astype(np.int64),
        }
        keep(store, clustering, _KEPT, arrays)
        return graph
    return ClusterGraph(
        kept["neighbours"].astype(np.int32),
        kept["labels"].astype(np.int32),
        len(clustering.ids),
    )


def sample_size(n_clusters: int, n_dims: int) -> int:
    """Return how many documents the graph is made from, where there are so many.

    Examples
    --------
    >>> sample_size(10, 64), sample_size(100, 512), sample_size(1_000, 128)
    (10000, 5412, 20000)
    """
    usual = min(MOST_ROWS, (MOST_PRODUCTS / max(1, n_dims)) ** 0.5)
    of_many = min(MOST_ROWS_OF_MANY, (MOST_PRODUCTS_OF_MANY / max(1, n_dims)) ** 0.5)
    return int(max(usual, min(of_many, ENOUGH_OF_EACH * n_clusters)))


def sampled_places(
    labels: NDArray[np.int32], most: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return the places of a sample of rows, drawn by cluster in proportion to its size.

    Parameters
    ----------
    labels : int32 array of shape (n_rows,), not negative.
    most : rows of the sample; more where `LEAST_OF_EACH` of each cluster are more.

    Returns
    -------
    int array of shape (n_sample,), ascending.

    Examples
    --------
    >>> labels = np.repeat([0, 1], [80, 20]).astype(np.int32)
    >>> places = sampled_places(labels, 40, np.random.default_rng(0))
    >>> np.bincount(labels[places]).tolist()
    [32, 10]
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    order = np.argsort(rng.random(len(labels)), kind="stable")  # a shuffle, then cluster by cluster
    order = order[np.argsort(labels[order], kind="stable")]
    count = np.bincount(labels)
    wanted = np.minimum(count, np.maximum(LEAST_OF_EACH, np.rint(count * (most / len(labels)))))
    rank = np.arange(len(labels)) - (np.cumsum(count) - count)[labels[order]]
    return np.sort(order[rank < wanted[labels[order]]])


def _taken(store: DocumentStore, clustering: Clustering) -> ClusterGraph:
    """Return the graph of a sample drawn now."""
    row_ids, labels = labelled_rows(store, clustering)
    row_ids, labels = row_ids[labels >= 0], labels[labels >= 0]
    width = n_dims(store, clustering.vector_fields)
    most = sample_size(len(np.unique(labels)), width)
    places = sampled_places(labels, most, np.random.default_rng(_SEED))
    parts, has_all = vectors_at(store, clustering.vector_fields, row_ids[places])
    labels = labels[places][has_all]
    if len(labels) < 2:
        none = np.empty((0, 1), np.int32)
        return ClusterGraph(none, np.empty(0, np.int32), len(clustering.ids))
    vectors = parts[0] if len(parts) == 1 else concatenate_units(parts)
    order = np.argsort(labels, kind="stable")  # neighbours lie near each other in memory, too
    is_sparse = len(labels) < (ENOUGH_OF_EACH + LEAST_OF_EACH) * len(np.unique(labels))
    near = nearest_rows(vectors[order], NEIGHBOURS // 2 if is_sparse else NEIGHBOURS)
    return ClusterGraph(near, labels[order].astype(np.int32), len(clustering.ids))
