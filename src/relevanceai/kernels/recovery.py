"""Does a cluster come back when its documents are drawn and clustered anew?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.two_means import nearer_second, two_means

RECOVERED = 0.75
"""The Jaccard similarity from which a cluster counts as recovered."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """How often two clusters came back from resamples of their documents.

    Parameters
    ----------
    draws : how often the documents were drawn and clustered anew.
    both : in how many of them both came back.
    first, second : in how many each came back.
    jaccard : for each the mean of the best Jaccard similarity, in [0, 1].
    """

    draws: int
    both: int
    first: int
    second: int
    jaccard: tuple[float, float]


def jaccards(
    labels: NDArray[np.integer], others: NDArray[np.integer], n_clusters: int, n_others: int
) -> NDArray[np.float64]:
    """Return for each cluster the best Jaccard similarity with a cluster of another clustering.

    Parameters
    ----------
    labels, others : int arrays of shape (n_rows,), two clusterings of the same rows, not negative.

    Returns
    -------
    float64 array of shape (n_clusters,), in [0, 1]; NaN for a cluster without rows.

    References
    ----------
    Hennig (2007), Cluster-wise assessment of cluster stability, CSDA 52: 0.75 and more is stable.

    Examples
    --------
    >>> jaccards(np.array([0, 0, 0, 1]), np.array([1, 1, 0, 0]), 2, 2).round(3).tolist()
    [0.667, 0.5]
    """
    codes = labels.astype(np.int64) * n_others + others
    shared = np.bincount(codes, minlength=n_clusters * n_others).reshape(n_clusters, n_others)
    of_one, of_other = shared.sum(axis=1), shared.sum(axis=0)
    union = of_one[:, None] + of_other[None, :] - shared
    best = (shared / np.maximum(union, 1)).max(axis=1)
    result: NDArray[np.float64] = np.where(of_one > 0, best, np.nan)
    return result


def pair_recovery(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    *,
    rng: np.random.Generator,
    n_draws: int = 20,
) -> Recovery:
    """Draw the documents of two clusters anew, cut them in two, and see whether the two come back.

    Parameters
    ----------
    first, second : float32 arrays of shape (n_first, n_dims) and (n_second, n_dims), finite, at
        least one row in each: samples of the two clusters at one rate.
    n_draws : resamples, each as large as both together, with replacement, cut by 2-means from new
        starts.

    Notes
    -----
    A cut through one cloud can be stable too, where the cloud is long: this tells how much the
    border depends on chance, not whether there are two groups.

    References
    ----------
    Pairwise bootstrap: bluster's `bootstrapStability` (Lun, Bioconductor).
    """
    rows = np.concatenate([first, second])
    is_second = np.arange(len(rows)) >= len(first)
    found = np.zeros((n_draws, 2))
    for draw in range(n_draws):
        drawn = rng.integers(len(rows), size=len(rows))
        side = nearer_second(rows[drawn], two_means(rows[drawn], rng))
        found[draw] = jaccards(is_second[drawn].astype(np.intp), side.astype(np.intp), 2, 2)
    found = np.nan_to_num(found)  # a cluster of which nothing was drawn did not come back
    came = found >= RECOVERED
    return Recovery(
        n_draws,
        int(came.all(axis=1).sum()),
        int(came[:, 0].sum()),
        int(came[:, 1].sum()),
        (float(found[:, 0].mean()), float(found[:, 1].mean())),
    )
