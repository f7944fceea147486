"""Does a cluster come back when the documents are clustered anew? Hennig's Jaccard, cluster by cluster."""

import numpy as np
from numpy.typing import NDArray

RECOVERED = 0.75
"""A cluster counts as recovered when one of the new clusters has at least this Jaccard similarity."""


def best_jaccard(
    labels: NDArray[np.int32], n_clusters: int, again: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return how well each cluster is matched by one of another clustering of the same rows.

    Parameters
    ----------
    labels : int32 array of shape (n_rows,), in [0, n_clusters).
    again : int32 array of shape (n_rows,), the other clustering; -1 is noise, which matches nothing.

    Returns
    -------
    float64 array of shape (n_clusters,): the largest Jaccard similarity, rows in both over rows in
    either, with any cluster of `again`; in [0, 1]. -1.0 for a cluster without rows.

    References
    ----------
    Hennig (2007), Cluster-wise assessment of cluster stability, CSDA 52: 0.75 and more is a stable
    cluster, 0.5 and less a dissolved one.

    Examples
    --------
    >>> best_jaccard(np.array([0, 0, 0, 1], np.int32), 2, np.array([5, 5, 1, 1], np.int32))
    array([0.66666667, 0.5       ])
    """
    n_again = int(again.max(initial=-1)) + 1
    codes = labels.astype(np.int64) * (n_again + 1) + np.where(again < 0, n_again, again)
    table = np.bincount(codes, minlength=n_clusters * (n_again + 1)).reshape(n_clusters, -1)
    sizes = table.sum(axis=1)
    both = table[:, :n_again]
    either = sizes[:, None] + table.sum(axis=0)[None, :n_again] - both
    best = np.where(sizes > 0, (both / np.maximum(either, 1)).max(axis=1, initial=0.0), -1.0)
    return np.asarray(best, np.float64)
