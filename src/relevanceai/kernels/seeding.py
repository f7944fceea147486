"""Where k-means starts from: k-means++, rows drawn far from those drawn before."""

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 64  # seeds whose distances to all rows are held


def plus_plus(
    rows: NDArray[np.float32],
    n_clusters: int,
    *,
    rng: np.random.Generator,
    n_trials: int = 1,
    n_uniform: int = 1,
) -> NDArray[np.intp]:
    """Return the places of rows to start from, each drawn by its squared distance to those before.

    Parameters
    ----------
    rows : float32 array of shape (n_rows, n_dims), finite, about the origin.
    n_clusters : how many to draw, at most n_rows.
    rng : draws.
    n_trials : how many rows are drawn each time, of which the one that leaves the least inertia
        is taken.
    n_uniform : how many are drawn first, whatever their distances, from 1 to n_clusters. Distances
        favour the rim of the data; many clusters are better begun where the rows are.

    Returns
    -------
    intp array of shape (n_clusters,). When fewer rows are distinct, some stand for the same vector.

    Notes
    -----
    O(n_rows * n_clusters * n_dims * n_trials). Distances are float32.

    References
    ----------
    Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", 2007; several trials
    as in the conclusions there.

    Examples
    --------
    >>> rows = np.array([[0], [0], [5]], dtype=np.float32)
    >>> sorted(rows[plus_plus(rows, 2, rng=np.random.default_rng(0))].ravel().tolist())
    [0.0, 5.0]
    """
    norms = np.einsum("ij,ij->i", rows, rows)
    across = np.ascontiguousarray(rows.T)  # the products of a few rows with all take half the time

    def squared_distances(places: NDArray[np.intp]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = rows[places] @ across
        found *= np.float32(-2.0)
        found += norms
        found += norms[places, None]
        found[np.arange(len(places)), places] = 0.0
        return np.maximum(found, np.float32(0.0), out=found)

    chosen = np.empty(n_clusters, np.intp)
    chosen[:n_uniform] = rng.choice(len(rows), n_uniform, replace=False)
    least = squared_distances(chosen[:1])[0]
    for start in range(1, n_uniform, _AT_ONCE):
        drawn = chosen[start : min(start + _AT_ONCE, n_uniform)]
        least = np.minimum(least, squared_distances(drawn).min(axis=0))
    for number in range(n_uniform, n_clusters):
        running = np.cumsum(least, dtype=np.float64)
        draws = rng.random(n_trials) * running[-1]
        drawn = np.minimum(np.searchsorted(running, draws, side="right"), len(rows) - 1)
        left = np.minimum(squared_distances(drawn), least)
        best = int(left.sum(axis=1, dtype=np.float64).argmin()) if n_trials > 1 else 0
        chosen[number], least = drawn[best], left[best]
    return chosen
