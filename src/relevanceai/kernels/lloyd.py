"""One step of k-means over a stream of rows: the nearest centroid of each, and the members' sums."""

from typing import Self

import numba
import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch
from relevanceai.kernels.assign import nearest_centroids
from relevanceai.kernels.moments import Moments

_BLOCK_BYTES = 512 * 2**10  # of one block of float32 products: they stay in a core's cache
_UNIT = 2.0**-24  # of rounding in float32


@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "nsz", "nnan"})
def _nearest(
    products: NDArray[np.float32],
    squares: NDArray[np.float32],
    slack: NDArray[np.float32],
    places: NDArray[np.int32],
    values: NDArray[np.float32],
    is_unsure: NDArray[np.bool_],
) -> None:  # pragma: no cover - compiled
    """Find each row's smallest `squares - products`, and whether another is within its slack."""
    for i in range(products.shape[0]):
        least = squares[0] - products[i, 0]
        for j in range(1, products.shape[1]):
            least = min(least, squares[j] - products[i, j])
        bound = least + slack[i]
        close = 0
        for j in range(products.shape[1]):
            close += squares[j] - products[i, j] <= bound
        place = 0
        while squares[place] - products[i, place] > least:
            place += 1
        places[i] = place
        values[i] = least
        is_unsure[i] = close > 1


@numba.njit(nogil=True, cache=True)
def _add_rows(
    rows: NDArray[np.float32],
    places: NDArray[np.int32],
    values: NDArray[np.float32],
    norms: NDArray[np.float32],
    count: NDArray[np.int64],
    sums: NDArray[np.float64],
    inertia: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Add rows, one after another, to the count, sum and inertia of their places."""
    for i in range(rows.shape[0]):
        place = places[i]
        count[place] += 1
        inertia[place] += max(np.float64(values[i]) + np.float64(norms[i]), 0.0)
        for j in range(rows.shape[1]):
            sums[place, j] += rows[i, j]


class Nearest:
    """The nearest of some centroids, found by float32 products and settled in float64.

    Parameters
    ----------
    centroids : float array of shape (n_clusters, n_dims), finite, at least one.

    Notes
    -----
    Rows and centroids are taken about the middle of the centroids, so that data far from the origin
    keeps what tells it apart. O(n_rows * n_clusters * n_dims), and half a MiB of working memory.
    """

    def __init__(self, centroids: NDArray[np.float64]) -> None:
        self.centroids = np.asarray(centroids, dtype=np.float64)
        n_clusters, n_dims = self.centroids.shape
        self._middle = self.centroids.mean(axis=0)
        moved = self.centroids - self._middle
        squares = np.einsum("ij,ij->i", moved, moved)
        self._largest = float(np.sqrt(squares.max()))
        self._squares = squares.astype(np.float32)
        self._doubled = np.ascontiguousarray(2.0 * moved.T, dtype=np.float32)
        self._has_middle = bool(self._middle.any())
        self._rounding = 2.0 * _UNIT * (n_dims + 8)
        step = max(16, _BLOCK_BYTES // (4 * n_clusters))
        self._products = np.empty((step, n_clusters), np.float32)

    def blocks(self, n_rows: int) -> "list[slice]":
        """Return the blocks in which rows are best handed to `found`."""
        step = len(self._products)
        return [slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]

    def found(
        self, rows: NDArray[np.float32]
    ) -> tuple[
        NDArray[np.int32], NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]
    ]:
        """Return, for one block: places, their values, the rows' squares, and who is unsure.

        The squared distance is value + square, in float32.
        """
        about = (rows - self._middle).astype(np.float32) if self._has_middle else rows
        n_rows = len(rows)
        products = self._products[:n_rows]
        np.matmul(about, self._doubled, out=products)
        norms = np.einsum("ij,ij->i", about, about)
        slack = (self._rounding * self._largest) * (np.sqrt(norms) + np.float32(self._largest))
        places, values = np.empty(n_rows, np.int32), np.empty(n_rows, np.float32)
        is_unsure = np.empty(n_rows, np.bool_)
        _nearest(products, self._squares, slack.astype(np.float32), places, values, is_unsure)
        return places, values, norms, is_unsure

    def places(self, rows: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the place of each row's nearest centroid; equal distances go to the earlier one.

        Where float32 cannot tell, float64 does.
        """
        result = np.empty(len(rows), np.int32)
        for block in self.blocks(len(rows)):
            places, _, _, is_unsure = self.found(rows[block])
            if is_unsure.any():
                places[is_unsure] = nearest_centroids(rows[block][is_unsure], self.centroids)
            result[block] = places
        return result


class LloydStep:
    """Stream rows, and learn where each centroid would move: the sums of the rows nearest to it.

    Parameters
    ----------
    centroids : float array of shape (n_clusters, n_dims), finite.

    Attributes
    ----------
    count : int64 array of shape (n_clusters,), the rows nearest to each centroid.
    sums : float64 array of shape (n_clusters, n_dims), their sums.
    inertia : float64 array of shape (n_clusters,), their squared distances to the centroid, summed;
        the distances are good to float32.

    Notes
    -----
    A row that is equally near to two centroids, as far as float32 can tell, goes to either: a step
    is not an answer. Rows are added one after another, so that cuts do not matter.

    Examples
    --------
    >>> step = LloydStep(np.array([[0.0], [10.0]]))
    >>> step.update(VectorBatch(
    ...     row_ids=np.arange(3),
    ...     vectors=np.array([[1], [2], [9]], dtype=np.float32),
    ...     labels=np.zeros(3, dtype=np.int32),
    ... ))
    >>> step.count, step.sums.ravel(), step.inertia
    (array([2, 1]), array([3., 9.]), array([5., 1.]))
    """

    uses_blas = True

    def __init__(self, centroids: NDArray[np.float64]) -> None:
        self._nearest = Nearest(centroids)
        self.count = np.zeros(len(centroids), np.int64)
        self.sums = np.zeros(centroids.shape)
        self.inertia = np.zeros(len(centroids))

    @property
    def state_bytes(self) -> int:
        """What one of these holds."""
        return self.sums.nbytes

    def update(self, batch: VectorBatch) -> None:
        """Add the rows of a batch; those labelled below 0 take no part."""
        vectors = batch.vectors
        if len(batch) and batch.labels.min() < 0:
            vectors = vectors[batch.labels >= 0]
        for block in self._nearest.blocks(len(vectors)):
            places, values, norms, _ = self._nearest.found(vectors[block])
            _add_rows(
                vectors[block], places, values, norms, self.count, self.sums, self.inertia
            )

    def merge(self, other: Self) -> None:
        """Add what another step about the same centroids has seen."""
        self.count += other.count
        self.sums += other.sums
        self.inertia += other.inertia


class Assigned:
    """Stream rows into the label of each, its nearest centroid, and the moments of the clusters.

    Parameters
    ----------
    centroids : float array of shape (n_clusters, n_dims), finite.
    is_spherical : compare directions: rows are scaled to unit norm before they are assigned, and a
        zero row goes to the first cluster. The moments are those of the rows as they are.

    Examples
    --------
    >>> assigned = Assigned(np.array([[0.0], [10.0]]))
    >>> assigned.update(VectorBatch(
    ...     row_ids=np.array([7, 8]),
    ...     vectors=np.array([[1], [9]], dtype=np.float32),
    ...     labels=np.zeros(2, dtype=np.int32),
    ... ))
    >>> assigned.result()
    (array([7, 8]), array([0, 1], dtype=int32))
    >>> assigned.moments.count
    array([1, 1])
    """

    uses_blas = True

    def __init__(self, centroids: NDArray[np.float64], *, is_spherical: bool = False) -> None:
        self._nearest = Nearest(centroids)
        self._is_spherical = is_spherical
        self.moments = Moments(*centroids.shape)
        self._row_ids: list[NDArray[np.int64]] = []
        self._labels: list[NDArray[np.int32]] = []

    @property
    def state_bytes(self) -> int:
        """What one of these holds, as the moments tell it; the labels are an answer, not a state."""
        return int(getattr(self.moments, "state_bytes", self.moments.sums.nbytes))

    def update(self, batch: VectorBatch) -> None:
        """Assign the rows of a batch; those labelled below 0 take no part."""
        row_ids, vectors = batch.row_ids, batch.vectors
        if len(batch) and batch.labels.min() < 0:
            taking_part = batch.labels >= 0
            row_ids, vectors = row_ids[taking_part], vectors[taking_part]
        if not len(row_ids):
            return
        labels = self._nearest.places(unit_rows(vectors) if self._is_spherical else vectors)
        self.moments.update(VectorBatch(row_ids, vectors, labels))
        self._row_ids.append(np.array(row_ids))
        self._labels.append(labels)

    def merge(self, other: Self) -> None:
        """Take in what another has assigned of later rows."""
        self.moments.merge(other.moments)
        self._row_ids += other._row_ids
        self._labels += other._labels

    def result(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the row ids and the labels, in the order of the stream."""
        if not self._labels:
            return np.empty(0, np.int64), np.empty(0, np.int32)
        return np.concatenate(self._row_ids), np.concatenate(self._labels)


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows scaled to unit norm, as float32; zero rows stay zero.

    Examples
    --------
    >>> unit_rows(np.array([[3, 4], [0, 0]], dtype=np.float32))
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    from relevanceai.kernels.units import concatenate_units

    return concatenate_units([vectors])
