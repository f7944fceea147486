"""The machine code of `Moments`: rows into sums, and the join of two such sums."""

import numpy as np
from numba.core import types

from relevanceai.kernels.compiled import FLOATS, LABELS, compiled, prefetch

_counts = types.Array(types.int64, 1, "C")
_sums = types.Array(types.float64, 2, "C")
_flags = types.Array(types.int8, 1, "C")
_shifts = types.Array(types.float32, 2, "C")
_numbers = types.Array(types.float64, 1, "C")

_TIGHT = 1e-3
"""Share of its squares below which a cluster's spread is lost among them: it gets a shift."""


# Rows are named by their places, never handed on as views: a view counts as a use of its array, and
# threads that count uses of one array wait for each other.


@compiled(
    types.float64(types.int64, _sums, types.int64, types.float64, _numbers, _sums, types.int64)
)
def _moved(n, sums, cluster, squares, step, result, place):  # type: ignore[no-untyped-def]
    """Write the sums of a cluster of n rows after all have moved by a step; return their squares."""
    for column in range(len(step)):
        squares += step[column] * (2.0 * sums[cluster, column] + n * step[column])
        result[place, column] = sums[cluster, column] + n * step[column]
    return max(squares, 0.0)


@compiled(
    types.void(
        FLOATS,
        LABELS,
        types.Array(types.int32, 1, "C", readonly=True),
        types.int64,
        _counts,
        _flags,
        _shifts,
        _sums,
        _numbers,
    )
)
def add_rows(  # type: ignore[no-untyped-def]
    vectors, labels, order, ahead, count, is_shifted, shifts, sums, squares
):
    """Add rows to the sums and squares of their clusters, about the origin or a shift.

    A cluster starts about the origin, where a row costs least. At its 2nd, 4th, 8th ... row it is
    looked at: where it is so tight that its squares hide its spread, it goes on about a shift (its
    first row, later its mean). So at most five digits are ever lost, wherever the rows lie.

    A cluster's rows are added one after another, so that the sums do not depend on how the rows are
    cut. `ahead` is how many rows of the order to ask for early, 0 where they come as they stand.
    """
    n_dims = vectors.shape[1]
    step = np.empty(n_dims)
    for place in range(len(order)):
        row = order[place]
        if 0 < ahead < len(order) - place:
            later = order[place + ahead]
            for column in range(0, n_dims, 16):
                prefetch(vectors, later, column)
        cluster = labels[row]
        n = count[cluster]
        if n == 1 and not is_shifted[cluster]:
            apart = 0.0
            for column in range(n_dims):
                moved = np.float64(vectors[row, column]) - sums[cluster, column]
                apart += moved * moved
            if apart <= _TIGHT * squares[cluster]:
                is_shifted[cluster] = 1
                squares[cluster] = 0.0
                for column in range(n_dims):
                    shifts[cluster, column] = np.float32(sums[cluster, column])
                    sums[cluster, column] = 0.0
        count[cluster] = n + 1
        square = 0.0
        if is_shifted[cluster]:
            for column in range(n_dims):
                moved = np.float64(vectors[row, column]) - np.float64(shifts[cluster, column])
                sums[cluster, column] += moved
                square += moved * moved
            squares[cluster] += square
            continue
        for column in range(n_dims):
            value = np.float64(vectors[row, column])
            sums[cluster, column] += value
            square += value * value
        squares[cluster] += square
        if n & (n + 1) == 0 and n > 1:  # now a power of two
            spread = squares[cluster]
            for column in range(n_dims):
                spread -= sums[cluster, column] * (sums[cluster, column] / (n + 1))
            if spread <= _TIGHT * squares[cluster]:
                is_shifted[cluster] = 1
                for column in range(n_dims):
                    shifts[cluster, column] = np.float32(sums[cluster, column] / (n + 1))
                    step[column] = -np.float64(shifts[cluster, column])
                squares[cluster] = _moved(
                    n + 1, sums, cluster, squares[cluster], step, sums, cluster
                )


@compiled(
    types.void(
        _counts, _flags, _shifts, _sums, _numbers, _counts, _flags, _shifts, _sums, _numbers,
    )
)  # fmt: skip
def join_sums(  # type: ignore[no-untyped-def]
    count, is_shifted, shifts, sums, squares,
    other_count, other_is_shifted, other_shifts, other_sums, other_squares,
):  # fmt: skip
    """Add the sums of other rows. Where either has a shift the two meet about it."""
    n_dims = sums.shape[1]
    moved, step = np.empty((1, n_dims)), np.empty(n_dims)
    for cluster in range(len(count)):
        n = other_count[cluster]
        if n == 0:
            continue
        if count[cluster] == 1 and not is_shifted[cluster]:  # a single row is its own shift
            is_shifted[cluster] = 1
            squares[cluster] = 0.0
            for column in range(n_dims):
                shifts[cluster, column] = np.float32(sums[cluster, column])
                sums[cluster, column] = 0.0
        if not is_shifted[cluster] and other_is_shifted[cluster]:
            is_shifted[cluster] = 1
            for column in range(n_dims):
                shifts[cluster, column] = other_shifts[cluster, column]
                step[column] = -np.float64(shifts[cluster, column])
            squares[cluster] = _moved(
                count[cluster], sums, cluster, squares[cluster], step, sums, cluster
            )
        square = other_squares[cluster]
        if is_shifted[cluster]:
            for column in range(n_dims):
                step[column] = -np.float64(shifts[cluster, column])
                if other_is_shifted[cluster]:
                    step[column] += np.float64(other_shifts[cluster, column])
            square = _moved(n, other_sums, cluster, square, step, moved, 0)
            for column in range(n_dims):
                sums[cluster, column] += moved[0, column]
        else:
            for column in range(n_dims):
                sums[cluster, column] += other_sums[cluster, column]
        squares[cluster] += square
        count[cluster] += n


@compiled(types.void(_counts, _flags, _shifts, _sums, _numbers))
def settle(count, is_shifted, shifts, sums, squares):  # type: ignore[no-untyped-def]
    """Make of sums and squares about shifts plain sums and inertia, in place."""
    n_dims = sums.shape[1]
    for cluster in range(len(count)):
        n = count[cluster]
        within = 0.0
        for column in range(n_dims):
            moved = sums[cluster, column]
            if n > 0:
                within += moved * (moved / n)
            if is_shifted[cluster]:
                sums[cluster, column] = moved + n * np.float64(shifts[cluster, column])
        squares[cluster] = max(squares[cluster] - within, 0.0) if n > 1 else 0.0


@compiled(types.void(_counts, _sums, _numbers, _counts, _sums, _numbers))
def absorb_moments(count, sums, inertia, other_count, other_sums, other_inertia):  # type: ignore[no-untyped-def]
    """Join the moments of other rows, by the update of Chan et al."""
    n_clusters, n_dims = sums.shape
    for cluster in range(n_clusters):
        n = other_count[cluster]
        if n == 0:
            continue
        own = count[cluster]
        between = 0.0
        for column in range(n_dims):
            if own > 0:
                difference = sums[cluster, column] / own - other_sums[cluster, column] / n
                between += difference * difference
            sums[cluster, column] += other_sums[cluster, column]
        between *= (own / (own + n)) * n
        inertia[cluster] += other_inertia[cluster] + between
        count[cluster] = own + n
