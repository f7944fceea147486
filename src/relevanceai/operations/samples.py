"""Samples of all clusters at once: what the questions about a whole clustering look at."""

import numpy as np

from relevanceai.engine.batches import vector_source
from relevanceai.engine.reduce import reduce
from relevanceai.kernels.cluster_rows import ClusterRows, Sampled
from relevanceai.operations.centroids import Centroids
from relevanceai.store.documents import DocumentStore

MOST_SAMPLED = 2_000
"""Documents of one cluster that are drawn at most."""

LOOKED_AT = 300
"""Documents of the larger of two clusters that a pair is tested on, where that is enough."""

_WORKING_BYTES = 512 * 2**20  # of vectors drawn, of all clusters together
_LEAST_SAMPLED = 100  # of one cluster, even so
_LEAST_OF_SMALLER = 60  # documents of the smaller cluster that more of the larger are read for


def all_samples(
    store: DocumentStore, centroids: Centroids, *, most: int = MOST_SAMPLED, seed: int = 0
) -> Sampled:
    """Draw documents of every cluster in one pass; clusters are numbered as in `centroids.ids`.

    At most `most` of each, and fewer where the vectors of all together would take more than 512 MiB:
    then as many as fit, but not below 100 of each.
    """
    n_clusters, n_dims = centroids.means.shape
    room = _WORKING_BYTES // max(1, 4 * n_dims * n_clusters)
    most = min(most, max(_LEAST_SAMPLED, room))
    leaves = centroids.leaves
    number = np.full(len(centroids.clustering.ids) + 1, -1, np.int32)  # last: noise
    number[leaves] = np.arange(n_clusters)
    by_leaf = np.zeros(len(centroids.clustering.ids), np.int64)
    by_leaf[leaves] = centroids.count
    kernel = reduce(
        lambda: ClusterRows(by_leaf, most, n_dims, seed=seed),
        vector_source(store, centroids.clustering.vector_fields, centroids.clustering),
    )
    drawn = kernel.result()
    starts = np.append(drawn.starts[leaves], drawn.starts[-1])  # clusters without members are empty
    return Sampled(starts, drawn.row_ids, drawn.vectors)


def pair_sizes(n_first: int, n_second: int, drawn: int, least: int = LOOKED_AT) -> tuple[int, int]:
    """Return how many documents of each of two clusters to look at: both at one rate.

    Parameters
    ----------
    n_first, n_second : their members.
    drawn : how many of one cluster were drawn at most.
    least : of the larger; more, up to `drawn`, where the smaller would give fewer than 60.

    Examples
    --------
    >>> pair_sizes(1_000, 500, 2_000)
    (300, 150)
    >>> pair_sizes(10_000, 400, 2_000), pair_sizes(30, 20, 2_000)
    ((1500, 60), (30, 20))
    """
    larger, smaller = max(n_first, n_second), min(n_first, n_second)
    wanted = max(least, int(np.ceil(larger * _LEAST_OF_SMALLER / max(1, smaller))))
    rate = min(1.0, min(wanted, drawn) / max(1, larger))
    return int(np.ceil(rate * n_first - 1e-9)), int(np.ceil(rate * n_second - 1e-9))
