"""Count, sum and inertia of every cluster, in one pass: what centroids are made of."""

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch
from relevanceai.kernels.size import is_large
from relevanceai.kernels.units import row_blocks


def _group_sums(rows: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.float64]:
    """Sum of the rows of each group; a group goes from its start to the next.

    A product with a sparse matrix of ones: it adds the same rows in the same order as
    `np.add.reduceat`, and takes an eighth of its time on 512 dimensions.
    """
    from scipy.sparse import csr_array

    n_rows = len(rows)
    edges = np.append(starts, n_rows)
    ones = csr_array((np.ones(n_rows), np.arange(n_rows), edges), shape=(len(starts), n_rows))
    sums: NDArray[np.float64] = ones @ rows
    return sums


class Moments:
    """Stream rows into the count, the sum and the inertia of each cluster.

    Inertia is the sum of squared distances of the members to the cluster's own mean. It is never
    taken from plain sums of squares, which lose every digit far from the origin: rows are measured
    about a shift where that matters (see Notes), and groups are joined by the update of Chan et al.

    Parameters
    ----------
    n_clusters : clusters are 0..n_clusters-1. May be 0.
    n_dims : width of the vectors.
    n_rows : how many rows a whole pass has, if that is known. It chooses numpy for small data and
        machine code for large (`kernels.size`), and changes the last digits only.

    Attributes
    ----------
    count : int64 array of shape (n_clusters,); members.
    sums : float64 array of shape (n_clusters, n_dims); sum of the members' vectors.
    inertia : float64 array of shape (n_clusters,); squared units of the vectors, not negative;
        0 for an empty cluster, for one row and for equal rows, exactly.
    state_bytes : what the numbers of one kernel take.

    Notes
    -----
    Rows labelled below 0 are ignored. O(n_rows * n_dims) a pass, whatever n_clusters is; the state
    takes 16 bytes a cluster and dimension while rows come, as much again when it is read, and 8
    more for clusters far from the origin; the working memory some megabytes.
    In a large pass each cluster is summed about the origin, and looked at whenever its
    count has doubled: where its spread is below a thousandth of its squares it goes on about a
    shift. So no more than five of float64's sixteen digits are lost to where the rows lie, and none
    that a shift can save. A small pass measures every block of rows about its own means.
    The order of rows and batches changes the last digits only; the same batches in the same
    order give bit-equal results.

    References
    ----------
    Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample variances,
    1979, equation 2.1.

    Examples
    --------
    >>> moments = Moments(n_clusters=2, n_dims=1)
    >>> moments.update(VectorBatch(
    ...     row_ids=np.arange(3),
    ...     vectors=np.array([[1], [3], [9]], dtype=np.float32),
    ...     labels=np.array([0, 0, -1], dtype=np.int32),
    ... ))
    >>> moments.count, moments.inertia
    (array([2, 0]), array([2., 0.]))
    >>> moments.centroids()
    array([[ 2.],
           [nan]])
    """

    def __init__(self, n_clusters: int, n_dims: int, *, n_rows: int = 0) -> None:
        self._count = np.zeros(n_clusters, dtype=np.int64)
        self._sums = np.zeros((n_clusters, n_dims))
        self._inertia = np.zeros(n_clusters)
        self._running: _Running | None = None
        self._is_compiled = is_large(n_rows, n_dims)
        self.state_bytes = 8 * n_clusters * n_dims

    @property
    def count(self) -> NDArray[np.int64]:
        """Members of each cluster."""
        self._settle()
        return self._count

    @property
    def sums(self) -> NDArray[np.float64]:
        """Sum of the members' vectors of each cluster."""
        self._settle()
        return self._sums

    @property
    def inertia(self) -> NDArray[np.float64]:
        """Sum of squared distances of the members to their mean, of each cluster."""
        self._settle()
        return self._inertia

    def update(self, batch: VectorBatch) -> None:
        """Add the rows of a batch.

        Parameters
        ----------
        batch : labels below n_clusters; rows labelled below 0 are ignored.
        """
        if self._is_compiled:
            if self._running is None:
                self._running = _Running(*self._sums.shape)
            self._running.add(batch)
            return
        labels = batch.labels
        # small whole numbers are sorted by counting, in a fifth of the time
        sorted_as = np.int16 if len(self._count) <= np.iinfo(np.int16).max else np.int64
        by_label = np.argsort(labels.astype(sorted_as), kind="stable")
        by_label = by_label[np.searchsorted(labels, 0, sorter=by_label) :]
        vectors = np.ascontiguousarray(batch.vectors)
        picked, room = np.empty((0, 0), np.float32), np.empty((2, 0, 0))
        for block in row_blocks(len(by_label), self._sums.shape[1]):
            chosen = by_label[block]
            if not len(picked):  # taken once: new memory for each block costs more than arithmetic
                picked = np.empty((len(chosen), self._sums.shape[1]), np.float32)
                room = np.empty((2, *picked.shape))
            rows, means = room[:, : len(chosen)]
            rows[:] = np.take(vectors, chosen, axis=0, out=picked[: len(chosen)], mode="clip")
            self._update_sorted(rows, labels[chosen], means)

    def _update_sorted(
        self,
        rows: NDArray[np.float64],
        members: NDArray[np.int32],
        means: NDArray[np.float64],
    ) -> None:
        """Add rows, which stand in order of their labels; they and `means` are overwritten."""
        starts = np.flatnonzero(np.r_[True, members[1:] != members[:-1]])
        count = np.diff(np.r_[starts, len(rows)])
        sums = _group_sums(rows, starts)
        group = np.repeat(np.arange(len(starts)), count)
        np.take(sums / count[:, None], group, axis=0, out=means, mode="clip")
        rows -= means
        inertia = np.add.reduceat(np.einsum("ij,ij->i", rows, rows), starts)
        # One row is its own mean; a division by 1 leaves no residue, so this is an exact 0.
        self._absorb(members[starts].astype(np.intp), count, sums, inertia)

    def _absorb(
        self,
        clusters: NDArray[np.intp],
        count: NDArray[np.int64],
        sums: NDArray[np.float64],
        inertia: NDArray[np.float64],
    ) -> None:
        """Join non-empty groups of rows to the clusters named (each at most once)."""
        own_count = self._count[clusters]
        own_sums = self._sums[clusters]
        difference = own_sums / np.maximum(own_count, 1)[:, None]
        difference -= sums / count[:, None]
        between = np.einsum("ij,ij->i", difference, difference)
        between *= own_count / (own_count + count) * count  # 0 where the cluster was empty
        self._inertia[clusters] += inertia + between
        self._sums[clusters] = own_sums + sums
        self._count[clusters] = own_count + count

    def _settle(self) -> None:
        """Make moments of the sums that machine code has added to."""
        if self._running is None:
            return
        found = self._running.moments()
        self._running = None
        if self._count.any():
            self._join(*found)
        else:
            self._count, self._sums, self._inertia = found

    def merge(self, other: Self) -> None:
        """Add what another `Moments` of the same shape has seen; what it says is left as it is.

        Parameters
        ----------
        other : moments of other rows, about the same clusters.
        """
        if self._running is not None and other._running is not None and not other._count.any():
            self._running.join(other._running)
            return
        self._settle()
        other._settle()
        self._join(other._count, other._sums, other._inertia)

    def _join(
        self,
        count: NDArray[np.int64],
        sums: NDArray[np.float64],
        inertia: NDArray[np.float64],
    ) -> None:
        """Join the moments of other rows."""
        if self._is_compiled:
            from relevanceai.kernels.moment_sums import absorb_moments

            absorb_moments(self._count, self._sums, self._inertia, count, sums, inertia)
            return
        filled = np.flatnonzero(count)
        for block in row_blocks(len(filled), self._sums.shape[1]):
            clusters = filled[block]
            self._absorb(clusters, count[clusters], sums[clusters], inertia[clusters])

    def centroids(self) -> NDArray[np.float64]:
        """Return the mean of each cluster's members.

        Returns
        -------
        float64 array of shape (n_clusters, n_dims); the row of an empty cluster is NaN.
        """
        result = np.full(self.sums.shape, np.nan)
        np.divide(
            self.sums, self.count[:, None], out=result, where=np.not_equal(self.count, 0)[:, None]
        )
        return result

    def to_arrays(self) -> dict[str, NDArray[np.int64] | NDArray[np.float64]]:
        """Return the state as arrays, for a file.

        Returns
        -------
        `count`, `sums` and `inertia`, as in the attributes; not copied.
        """
        return {"count": self.count, "sums": self.sums, "inertia": self.inertia}

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, NDArray[np.int64] | NDArray[np.float64]],
        *,
        is_copied: bool = True,
    ) -> Self:
        """Build moments from what `to_arrays` returned.

        Parameters
        ----------
        arrays : those of `to_arrays`.
        is_copied : copy them, so that the result can be updated.
        """
        result = cls.__new__(cls)
        result._running, result._is_compiled = None, False
        result._count = np.array(arrays["count"], np.int64, copy=is_copied or None)
        result._sums = np.array(arrays["sums"], np.float64, copy=is_copied or None)
        result._inertia = np.array(arrays["inertia"], np.float64, copy=is_copied or None)
        result.state_bytes = 8 * result._sums.size
        return result


class _Running:
    """Sums and squares of the rows of each cluster: what machine code adds to."""

    def __init__(self, n_clusters: int, n_dims: int) -> None:
        self._state = (
            np.zeros(n_clusters, dtype=np.int64),  # count
            np.zeros(n_clusters, dtype=np.int8),  # whether it has a shift
            np.empty((n_clusters, n_dims), dtype=np.float32),  # shifts; untouched, no memory
            np.zeros((n_clusters, n_dims)),  # sums about the shift
            np.zeros(n_clusters),  # squares about the shift
        )

    def add(self, batch: VectorBatch) -> None:
        """Add the rows of a batch, window by window."""
        from relevanceai.kernels.moment_sums import add_rows
        from relevanceai.kernels.windows import order_of, rows_ahead, wants_order, window_rows

        n_clusters, n_dims = self._state[3].shape
        vectors = np.ascontiguousarray(batch.vectors)
        labels = np.ascontiguousarray(batch.labels)
        by_label = wants_order(8 * n_clusters * n_dims)
        ahead = rows_ahead(n_dims) if by_label else 0
        step = window_rows(n_dims)
        for start in range(0, len(batch), step):
            window = slice(start, start + step)
            order = order_of(labels[window], n_clusters, by_label=by_label)
            add_rows(vectors[window], labels[window], order, ahead, *self._state)

    def join(self, other: Self) -> None:
        """Add what is known of other rows; it is left as it is."""
        from relevanceai.kernels.moment_sums import join_sums

        join_sums(*self._state, *other._state)

    def moments(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return count, sums and inertia, made in place: it is of no use after that."""
        from relevanceai.kernels.moment_sums import settle

        count, _, _, sums, squares = self._state
        settle(*self._state)
        return count, sums, squares
