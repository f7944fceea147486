"""One step of k-means over a stream: the nearest centroid of each row, and the members' sums."""

from typing import Self

import numpy as np
from numba.core import types
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch
from relevanceai.kernels.compiled import FLOATS, compiled
from relevanceai.kernels.moments import Moments
from relevanceai.kernels.nearest_label import nearest_labels
from relevanceai.kernels.nearest_other import targets
from relevanceai.kernels.units import concatenate_units

_BLOCK_BYTES = 2**20  # of one block of float32 products: they stay in a core's cache


class LloydStep:
    """Stream rows, and learn where each centroid would move: the sums of the rows nearest to it.

    Parameters
    ----------
    centroids : float array of shape (n_clusters, n_dims), finite.
    has_ones : the rows are those of `with_ones`, about the origin; that saves a copy of each.

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

    def __init__(self, centroids: NDArray[np.float64], *, has_ones: bool = False) -> None:
        n_clusters, n_dims = centroids.shape
        self._middle = np.zeros(n_dims, np.float32)
        if not has_ones:
            self._middle = centroids.mean(axis=0).astype(np.float32)
        moved = centroids - self._middle
        squares = np.einsum("ij,ij->i", moved, moved)
        # a row with a one behind it, times these, is its squared distances, but for its own square
        self._weights = np.vstack([-2.0 * moved.T, squares]).astype(np.float32)
        step = max(16, _BLOCK_BYTES // (4 * n_clusters))
        self._products = np.empty((step, n_clusters), np.float32)
        self._about = None if has_ones else np.ones((step, n_dims + 1), np.float32)
        self.count = np.zeros(n_clusters, np.int64)
        self.sums = np.zeros(centroids.shape)
        self.inertia = np.zeros(n_clusters)

    @property
    def state_bytes(self) -> int:
        """What one of these holds."""
        return self.sums.nbytes

    def update(self, batch: VectorBatch) -> None:
        """Add the rows of a batch; those labelled below 0 take no part."""
        vectors = np.ascontiguousarray(batch.vectors)
        if len(batch) and batch.labels.min() < 0:
            vectors = vectors[batch.labels >= 0]
        step = len(self._products)
        for start in range(0, len(vectors), step):
            rows = vectors[start : start + step]
            products = self._products[: len(rows)]
            about = rows
            if self._about is not None:
                about = self._about[: len(rows)]
                np.subtract(rows, self._middle, out=about[:, :-1])
            np.matmul(about, self._weights, out=products)
            places = products.argmin(axis=1)
            _add(rows, about, products, places, self.count, self.sums, self.inertia)

    def merge(self, other: Self) -> None:
        """Add what another step about the same centroids has seen."""
        self.count += other.count
        self.sums += other.sums
        self.inertia += other.inertia


def with_ones(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return rows with a one behind each: float32 array of shape (n_rows, n_dims + 1).

    Examples
    --------
    >>> with_ones(np.array([[2, 3]], dtype=np.float32))
    array([[2., 3., 1.]], dtype=float32)
    """
    result = np.ones((len(rows), rows.shape[1] + 1), np.float32)
    result[:, :-1] = rows
    return result


class Assigned:
    """Stream rows into the label of each, its nearest centroid, and the moments of the clusters.

    Parameters
    ----------
    centroids : float array of shape (n_clusters, n_dims), finite.
    is_spherical : compare directions: rows are scaled to unit norm before they are assigned. The
        moments are those of the rows as they are.
    n_rows : how many rows the whole pass has; as for `Moments`.

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

    def __init__(
        self, centroids: NDArray[np.float64], *, is_spherical: bool = False, n_rows: int = 0
    ) -> None:
        self._among = targets(centroids)
        self._is_spherical = is_spherical
        self.moments = Moments(*centroids.shape, n_rows=n_rows)
        self.state_bytes = self.moments.state_bytes  # the labels are an answer, not a state
        self._row_ids: list[NDArray[np.int64]] = []
        self._labels: list[NDArray[np.int32]] = []

    def update(self, batch: VectorBatch) -> None:
        """Assign the rows of a batch; those labelled below 0 take no part."""
        taking_part = batch.labels >= 0
        whole = bool(taking_part.all())
        vectors = batch.vectors if whole else batch.vectors[taking_part]
        compared = concatenate_units([vectors]) if self._is_spherical else vectors
        found = nearest_labels(np.ascontiguousarray(compared), self._among)
        labels, row_ids = found, batch.row_ids
        if not whole:
            labels, row_ids = np.full(len(batch), -1, np.int32), row_ids[taking_part]
            labels[taking_part] = found
        self.moments.update(VectorBatch(batch.row_ids, batch.vectors, labels))
        self._row_ids.append(row_ids)
        self._labels.append(found)

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

    def settled(self) -> tuple[NDArray[np.int64], NDArray[np.int32], Moments]:
        """Return row ids, labels and moments, without the clusters that no row is nearest to.

        The other clusters are numbered anew, in their order.
        """
        row_ids, labels = self.result()
        used = np.asarray(self.moments.count > 0)
        if not used.all():
            labels = (np.cumsum(used) - 1)[labels].astype(np.int32)
        arrays = {name: array[used] for name, array in self.moments.to_arrays().items()}
        return row_ids, labels, Moments.from_arrays(arrays)


@compiled(
    types.void(
        FLOATS,
        FLOATS,
        FLOATS,
        types.Array(types.intp, 1, "C", readonly=True),
        types.Array(types.int64, 1, "C"),
        types.Array(types.float64, 2, "C"),
        types.Array(types.float64, 1, "C"),
    )
)
def _add(rows, about, products, places, count, sums, inertia):  # type: ignore[no-untyped-def]
    """Add each row, one after another, to the count, sum and inertia of its place."""
    n_dims = sums.shape[1]
    for i in range(len(about)):
        place = places[i]
        square = np.float64(products[i, place])
        for d in range(n_dims):
            sums[place, d] += rows[i, d]
            square += about[i, d] * about[i, d]
        count[place] += 1
        inertia[place] += max(square, 0.0)
