"""The nearest-neighbour graph between clusters, of a sample: kept beside the clustering it is of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.kept import keep, kept_of
from relevanceai.engine.batches import n_dims
from relevanceai.kernels.neighbour_graph import cluster_edges, nearest_rows
from relevanceai.kernels.units import concatenate_units
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering, Numbers
from relevanceai.store.sampling import labelled_rows, vectors_at

NEIGHBOURS = 30
"""Edges that each document of the sample has."""

MOST_ROWS = 10_000
"""Documents of the sample, however narrow the vectors are."""

MOST_PRODUCTS = 15e9
"""Products of two numbers that finding the neighbours may take: wide vectors get a smaller sample."""

LEAST_OF_EACH = 10
"""Documents of each cluster in the sample, or all it has, whatever its share is."""

_SEED = 20


@dataclass(frozen=True, slots=True)
class ClusterGraph:
    """Edges between the clusters of one clustering, counted in a sample of its documents.

    Parameters
    ----------
    pairs, counts : int64 arrays of shape (n_pairs,), as of `cluster_edges`; clusters are leaves.
    n_clusters : leaves of the clustering.
    n_rows : documents in the sample.
    """

    pairs: NDArray[np.int64]
    counts: NDArray[np.int64]
    n_clusters: int
    n_rows: int


def cluster_graph(store: DocumentStore, clustering: Clustering) -> ClusterGraph:
    """Return the graph of a clustering: kept from before, or made from a sample of its documents.

    Parameters
    ----------
    store : a snapshot.

    Notes
    -----
    The sample is drawn in proportion to the clusters' sizes, with `LEAST_OF_EACH` at least; noise
    takes no part. It has at most `MOST_ROWS` documents (more only where there are more than a
    thousand clusters), and at most as many as `MOST_PRODUCTS` allows. The draw is seeded: the same
    documents and labels always give the same graph. It is kept in the cache until the dataset
    changes.
    """
    kept = kept_of(store, clustering, "graph")
    if kept is None:
        graph = _taken(store, clustering)
        arrays: dict[str, Numbers] = {
            "pairs": graph.pairs,
            "counts": graph.counts,
            "n_rows": np.array(graph.n_rows, np.int64),
        }
        keep(store, clustering, "graph", arrays)
        return graph
    return ClusterGraph(
        kept["pairs"].astype(np.int64),
        kept["counts"].astype(np.int64),
        len(clustering.ids),
        int(kept["n_rows"]),
    )


def sampled_places(
    labels: NDArray[np.int32], most: int, rng: np.random.Generator, *, least: int = LEAST_OF_EACH
) -> NDArray[np.intp]:
    """Return the places of a sample of rows, drawn by cluster in proportion to its size.

    Parameters
    ----------
    labels : int32 array of shape (n_rows,), not negative.
    most : rows of the sample; more where `least` of each cluster are more.

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
    wanted = np.minimum(count, np.maximum(least, np.rint(count * (most / len(labels)))))
    rank = np.arange(len(labels)) - (np.cumsum(count) - count)[labels[order]]
    return np.sort(order[rank < wanted[labels[order]]])


def _taken(store: DocumentStore, clustering: Clustering) -> ClusterGraph:
    """Return the graph of a sample drawn now."""
    row_ids, labels = labelled_rows(store, clustering)
    row_ids, labels = row_ids[labels >= 0], labels[labels >= 0]
    width = n_dims(store, clustering.vector_fields)
    most = int(min(MOST_ROWS, (MOST_PRODUCTS / max(1, width)) ** 0.5))
    places = sampled_places(labels, most, np.random.default_rng(_SEED))
    parts, has_all = vectors_at(store, clustering.vector_fields, row_ids[places])
    labels = labels[places][has_all]
    nothing = np.empty(0, np.int64)
    if len(labels) < 2:
        return ClusterGraph(nothing, nothing, len(clustering.ids), len(labels))
    vectors = parts[0] if len(parts) == 1 else concatenate_units(parts)
    pairs, counts = cluster_edges(nearest_rows(vectors, NEIGHBOURS), labels, len(clustering.ids))
    return ClusterGraph(pairs, counts, len(clustering.ids), len(labels))
