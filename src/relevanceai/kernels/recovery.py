"""Recovery: whether two clusters come back when their documents are drawn and cut in two anew."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.stability import RECOVERED, best_jaccard
from relevanceai.kernels.two_means import nearer_second, two_means


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
    rng : draws the documents and the starts.
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
        found[draw] = best_jaccard(is_second[drawn].astype(np.int32), 2, side.astype(np.int32))
    found = np.maximum(found, 0.0)  # a cluster of which nothing was drawn did not come back
    came = found >= RECOVERED
    return Recovery(
        n_draws,
        int(came.all(axis=1).sum()),
        int(came[:, 0].sum()),
        int(came[:, 1].sum()),
        (float(found[:, 0].mean()), float(found[:, 1].mean())),
    )
