"""Count, sum and inertia of every cluster, in one pass: what centroids are made of."""

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch
from relevanceai.kernels.size import is_large
from relevanceai.kernels.units import row_blocks

_HALF_BITS = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)


def half_of(row_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which half of a cluster each row is in: the lowest bit of splitmix64 of its row id.

    Parameters
    ----------
    row_ids : int64 array of shape (n_rows,).

    Returns
    -------
    int64 array of shape (n_rows,): 0 for half A, 1 for half B, whatever else is in the dataset.

    Examples
    --------
    >>> half_of(np.arange(8))
    array([1, 1, 0, 1, 0, 0, 0, 1])
    """
    step, first, second = _HALF_BITS
    mixed = row_ids.astype(np.uint64) + step
    mixed = (mixed ^ (mixed >> np.uint64(30))) * first
    mixed = (mixed ^ (mixed >> np.uint64(27))) * second
    return ((mixed ^ (mixed >> np.uint64(31))) & np.uint64(1)).astype(np.int64)


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
    half_count, half_sums : count and sum of the members in half A (`half_of`), of the same shapes;
        half B is the rest.
    state_bytes : what the numbers of one kernel take.

    Notes
    -----
    Rows labelled below 0 are ignored. O(n_rows * n_dims) a pass, whatever n_clusters is; the state
    takes 16 bytes a cluster and dimension while rows come, as much again when it is read, and 8
    more for clusters far from the origin; the working memory some megabytes.
    In a large pass each half of a cluster is summed about the origin, and looked at whenever its
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
        self._half_count = np.zeros(n_clusters, dtype=np.int64)
        self._sums = np.zeros((n_clusters, n_dims))
        self._half_sums = np.zeros((n_clusters, n_dims))
        self._inertia = np.zeros(n_clusters)
        self._groups: _Groups | None = None
        self._is_compiled = is_large(n_rows, n_dims)
        self.state_bytes = 16 * n_clusters * n_dims

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

    @property
    def half_count(self) -> NDArray[np.int64]:
        """Members of each cluster in half A."""
        self._settle()
        return self._half_count

    @property
    def half_sums(self) -> NDArray[np.float64]:
        """Sum of the vectors of each cluster's members in half A."""
        self._settle()
        return self._half_sums

    def update(self, batch: VectorBatch) -> None:
        """Add the rows of a batch.

        Parameters
        ----------
        batch : labels below n_clusters; rows labelled below 0 are ignored.
        """
        if self._is_compiled:
            if self._groups is None:
                self._groups = _Groups(*self._sums.shape)
            self._groups.add(batch)
            return
        groups = np.where(batch.labels < 0, -1, 2 * batch.labels + half_of(batch.row_ids))
        # small whole numbers are sorted by counting, in a fifth of the time
        sorted_as = np.int16 if 2 * len(self._count) <= np.iinfo(np.int16).max else np.int64
        by_group = np.argsort(groups.astype(sorted_as), kind="stable")
        by_group = by_group[np.searchsorted(groups, 0, sorter=by_group) :]
        room: list[NDArray[np.float64]] = []
        for block in row_blocks(len(by_group), self._sums.shape[1]):
            chosen = by_group[block]
            if not room:  # taken once: new memory for each block costs more than the arithmetic
                room = [np.empty((len(chosen), self._sums.shape[1])) for _ in range(2)]
            rows, means = room[0][: len(chosen)], room[1][: len(chosen)]
            rows[:] = batch.vectors[chosen]
            self._update_sorted(rows, groups[chosen], means)

    def _update_sorted(
        self,
        rows: NDArray[np.float64],
        members: NDArray[np.int64],
        means: NDArray[np.float64],
    ) -> None:
        """Add rows, which stand in order of their groups; they and `means` are overwritten."""
        starts = np.flatnonzero(np.r_[True, members[1:] != members[:-1]])
        count = np.diff(np.r_[starts, len(rows)])
        sums = _group_sums(rows, starts)
        group = np.repeat(np.arange(len(starts)), count)
        np.take(sums / count[:, None], group, axis=0, out=means, mode="clip")
        rows -= means
        inertia = np.add.reduceat(np.einsum("ij,ij->i", rows, rows), starts)
        # One row is its own mean; a division by 1 leaves no residue, so this is an exact 0.
        clusters, halves = np.divmod(members[starts].astype(np.intp), 2)
        for half in (0, 1):  # each cluster at most once in a call
            mine = halves == half
            added = clusters[mine], count[mine], sums[mine], inertia[mine]
            self._absorb(*added)
            if half == 0:
                self._half_count[added[0]] += added[1]
                self._half_sums[added[0]] += added[2]

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
        """Join the groups to the moments of their clusters."""
        if self._groups is not None:
            self._groups.empty_into(
                self._count, self._half_count, self._sums, self._half_sums, self._inertia
            )
            self._groups = None

    def merge(self, other: Self) -> None:
        """Add what another `Moments` of the same shape has seen; what it says is left as it is.

        Parameters
        ----------
        other : moments of other rows, about the same clusters.
        """
        if self._groups is not None and other._groups is not None and not other._count.any():
            self._groups.join(other._groups)
            return
        self._settle()
        other._settle()
        if self._is_compiled:
            from relevanceai.kernels.moment_sums import absorb_moments

            absorb_moments(
                self._count, self._half_count, self._sums, self._half_sums, self._inertia,
                other._count, other._half_count, other._sums, other._half_sums, other._inertia,
            )  # fmt: skip
            return
        filled = np.flatnonzero(other._count)
        for block in row_blocks(len(filled), self._sums.shape[1]):
            clusters = filled[block]
            self._absorb(
                clusters, other._count[clusters], other._sums[clusters], other._inertia[clusters]
            )
        self._half_count += other._half_count
        self._half_sums += other._half_sums

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
        `count`, `sums`, `inertia`, `half_count` and `half_sums`, as in the attributes; not copied.
        """
        return {
            "count": self.count,
            "sums": self.sums,
            "inertia": self.inertia,
            "half_count": self.half_count,
            "half_sums": self.half_sums,
        }

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
        result._groups, result._is_compiled = None, False
        result._count = np.array(arrays["count"], np.int64, copy=is_copied or None)
        result._sums = np.array(arrays["sums"], np.float64, copy=is_copied or None)
        result._inertia = np.array(arrays["inertia"], np.float64, copy=is_copied or None)
        result._half_count = np.array(arrays["half_count"], np.int64, copy=is_copied or None)
        result._half_sums = np.array(arrays["half_sums"], np.float64, copy=is_copied or None)
        result.state_bytes = 16 * result._sums.size
        return result


class _Groups:
    """Sums and squares of the rows of each group: what machine code adds to."""

    def __init__(self, n_clusters: int, n_dims: int) -> None:
        self._state = (
            np.zeros(2 * n_clusters, dtype=np.int64),  # count
            np.zeros(2 * n_clusters, dtype=np.int8),  # whether it has a shift
            np.empty((2 * n_clusters, n_dims), dtype=np.float32),  # shifts; untouched, no memory
            np.zeros((2 * n_clusters, n_dims)),  # sums about the shift
            np.zeros(2 * n_clusters),  # squares about the shift
        )

    def add(self, batch: VectorBatch) -> None:
        """Add the rows of a batch, window by window."""
        from relevanceai.kernels.moment_sums import add_rows, groups_of
        from relevanceai.kernels.windows import order_of, rows_ahead, wants_order, window_rows

        n_groups, n_dims = self._state[3].shape
        vectors = np.ascontiguousarray(batch.vectors)
        groups = np.empty(len(batch), np.int32)
        groups_of(np.ascontiguousarray(batch.labels), np.ascontiguousarray(batch.row_ids), groups)
        by_label = wants_order(8 * n_groups * n_dims)
        ahead = rows_ahead(n_dims) if by_label else 0
        step = window_rows(n_dims)
        for start in range(0, len(batch), step):
            window = slice(start, start + step)
            order = order_of(groups[window], n_groups, by_label=by_label)
            add_rows(vectors[window], groups[window], order, ahead, *self._state)

    def join(self, other: Self) -> None:
        """Add the groups of other rows; they are left as they are."""
        from relevanceai.kernels.moment_sums import join_groups

        join_groups(*self._state, *other._state)

    def empty_into(
        self,
        count: NDArray[np.int64],
        half_count: NDArray[np.int64],
        sums: NDArray[np.float64],
        half_sums: NDArray[np.float64],
        inertia: NDArray[np.float64],
    ) -> None:
        """Join the groups to the moments of their clusters; it is of no use after that."""
        from relevanceai.kernels.moment_sums import absorb_groups

        absorb_groups(count, half_count, sums, half_sums, inertia, *self._state)
