"""The nearest centroid of each row: what puts a new row into an existing cluster."""

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.units import row_blocks

_TOLERANCE = 1e-9  # of the squared norms; float64 products are good to far less


def nearest_centroids(
    vectors: NDArray[np.float32], centroids: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the place of the centroid that is nearest to each row, by Euclidean distance.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite.
    centroids : float64 array of shape (n_clusters, n_dims), finite, at least one.

    Returns
    -------
    intp array of shape (n_rows,). Equal distances go to the earlier centroid.

    Notes
    -----
    One matrix product about the middle of the centroids; where it leaves several that may be the
    nearest, their distances are taken again as sums over differences. O(n_rows * n_clusters *
    n_dims), and 8 bytes a row of a block and cluster.

    Examples
    --------
    >>> nearest_centroids(np.array([[1], [5], [9]], np.float32), np.array([[0.0], [10.0]]))
    array([0, 0, 1])
    """
    middle = centroids.mean(axis=0)
    moved = centroids - middle
    squares = np.einsum("ij,ij->i", moved, moved)
    largest = squares.max()
    found = np.empty(len(vectors), np.intp)
    for block in row_blocks(len(vectors), max(centroids.shape)):
        rows = vectors[block].astype(np.float64)
        about = rows - middle
        values = squares - 2.0 * (about @ moved.T)  # the row's own square is the same for all
        found[block] = values.argmin(axis=1)
        slack = _TOLERANCE * (np.einsum("ij,ij->i", about, about) + largest)
        close = values <= (values.min(axis=1) + slack)[:, None]
        for row in np.flatnonzero(close.sum(axis=1) > 1):
            likely = np.flatnonzero(close[row])
            differences = centroids[likely] - rows[row]
            exact = np.einsum("ij,ij->i", differences, differences)
            found[block.start + row] = likely[exact.argmin()]
    return found
