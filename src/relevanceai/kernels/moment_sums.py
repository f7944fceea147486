"""The machine code of `Moments`: rows into sums, and the join of two such sums.

A *group* is one half of a cluster: `2 * cluster + half`, the half by a hash of the row id.
"""

import numpy as np
from numba.core import types

from relevanceai.kernels.compiled import FLOATS, LABELS, ROW_IDS, compiled, prefetch

_counts = types.Array(types.int64, 1, "C")
_sums = types.Array(types.float64, 2, "C")
_flags = types.Array(types.int8, 1, "C")
_shifts = types.Array(types.float32, 2, "C")
_numbers = types.Array(types.float64, 1, "C")

_TIGHT = 1e-3
"""Share of its squares below which a group's spread is lost among them: it gets a shift."""


@compiled(types.void(LABELS, ROW_IDS, types.Array(types.int32, 1, "C")))
def groups_of(labels, row_ids, groups):  # type: ignore[no-untyped-def]
    """Write the group of each row; -1 for a row that is in no cluster.

    The half is the lowest bit of splitmix64 of the row id.
    """
    for row in range(len(labels)):
        if labels[row] < 0:
            groups[row] = -1
            continue
        mixed = np.uint64(row_ids[row]) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        half = (mixed ^ (mixed >> np.uint64(31))) & np.uint64(1)
        groups[row] = 2 * labels[row] + np.int32(half)


# Rows are named by their places, never handed on as views: a view counts as a use of its array, and
# threads that count uses of one array wait for each other.


@compiled(
    types.float64(types.int64, _sums, types.int64, types.float64, _numbers, _sums, types.int64)
)
def _moved(n, sums, group, squares, step, result, place):  # type: ignore[no-untyped-def]
    """Write the sums of a group of n rows after all have moved by a step; return their squares."""
    for column in range(len(step)):
        squares += step[column] * (2.0 * sums[group, column] + n * step[column])
        result[place, column] = sums[group, column] + n * step[column]
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
    vectors, groups, order, ahead, count, is_shifted, shifts, sums, squares
):
    """Add rows to the sums and squares of their groups, about the origin or a shift.

    A group starts about the origin, where a row costs least. At its 2nd, 4th, 8th ... row it is
    looked at: where it is so tight that its squares hide its spread, it goes on about a shift (its
    first row, later its mean). So at most five digits are ever lost, wherever the rows lie.

    A group's rows are added one after another, so that the sums do not depend on how the rows are
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
        group = groups[row]
        n = count[group]
        if n == 1 and not is_shifted[group]:
            apart = 0.0
            for column in range(n_dims):
                moved = np.float64(vectors[row, column]) - sums[group, column]
                apart += moved * moved
            if apart <= _TIGHT * squares[group]:
                is_shifted[group] = 1
                squares[group] = 0.0
                for column in range(n_dims):
                    shifts[group, column] = np.float32(sums[group, column])
                    sums[group, column] = 0.0
        count[group] = n + 1
        square = 0.0
        if is_shifted[group]:
            for column in range(n_dims):
                moved = np.float64(vectors[row, column]) - np.float64(shifts[group, column])
                sums[group, column] += moved
                square += moved * moved
            squares[group] += square
            continue
        for column in range(n_dims):
            value = np.float64(vectors[row, column])
            sums[group, column] += value
            square += value * value
        squares[group] += square
        if n & (n + 1) == 0 and n > 1:  # now a power of two
            spread = squares[group]
            for column in range(n_dims):
                spread -= sums[group, column] * (sums[group, column] / (n + 1))
            if spread <= _TIGHT * squares[group]:
                is_shifted[group] = 1
                for column in range(n_dims):
                    shifts[group, column] = np.float32(sums[group, column] / (n + 1))
                    step[column] = -np.float64(shifts[group, column])
                squares[group] = _moved(n + 1, sums, group, squares[group], step, sums, group)


@compiled(
    types.void(
        _counts, _flags, _shifts, _sums, _numbers, _counts, _flags, _shifts, _sums, _numbers,
    )
)  # fmt: skip
def join_groups(  # type: ignore[no-untyped-def]
    count, is_shifted, shifts, sums, squares,
    other_count, other_is_shifted, other_shifts, other_sums, other_squares,
):  # fmt: skip
    """Add the groups of other rows. Where either has a shift the two meet about it."""
    n_dims = sums.shape[1]
    moved, step = np.empty((1, n_dims)), np.empty(n_dims)
    for group in range(len(count)):
        n = other_count[group]
        if n == 0:
            continue
        if count[group] == 1 and not is_shifted[group]:  # a single row is its own shift
            is_shifted[group] = 1
            squares[group] = 0.0
            for column in range(n_dims):
                shifts[group, column] = np.float32(sums[group, column])
                sums[group, column] = 0.0
        if not is_shifted[group] and other_is_shifted[group]:
            is_shifted[group] = 1
            for column in range(n_dims):
                shifts[group, column] = other_shifts[group, column]
                step[column] = -np.float64(shifts[group, column])
            squares[group] = _moved(count[group], sums, group, squares[group], step, sums, group)
        square = other_squares[group]
        if is_shifted[group]:
            for column in range(n_dims):
                step[column] = -np.float64(shifts[group, column])
                if other_is_shifted[group]:
                    step[column] += np.float64(other_shifts[group, column])
            square = _moved(n, other_sums, group, square, step, moved, 0)
            for column in range(n_dims):
                sums[group, column] += moved[0, column]
        else:
            for column in range(n_dims):
                sums[group, column] += other_sums[group, column]
        squares[group] += square
        count[group] += n


@compiled(
    types.void(_counts, _counts, _sums, _sums, _numbers, _counts, _flags, _shifts, _sums, _numbers)
)
def absorb_groups(  # type: ignore[no-untyped-def]
    count, half_count, sums, half_sums, inertia, group_count, is_shifted, shifts, shifted, squares
):
    """Join groups to the moments of their clusters, by the update of Chan et al."""
    n_dims = sums.shape[1]
    for group in range(len(group_count)):
        n = group_count[group]
        if n == 0:
            continue
        cluster = group // 2
        own = count[cluster]
        between = 0.0
        within = 0.0
        for column in range(n_dims):
            moved = shifted[group, column]
            shift = np.float64(shifts[group, column]) if is_shifted[group] else 0.0
            within += moved * (moved / n)
            if own > 0:
                difference = sums[cluster, column] / own - (shift + moved / n)
                between += difference * difference
            sums[cluster, column] += moved + n * shift
            if group % 2 == 0:
                half_sums[cluster, column] += moved + n * shift
        between *= (own / (own + n)) * n
        spread = max(squares[group] - within, 0.0) if n > 1 else 0.0
        inertia[cluster] += spread + between
        count[cluster] = own + n
        if group % 2 == 0:
            half_count[cluster] += n


@compiled(
    types.void(
        _counts, _counts, _sums, _sums, _numbers,
        _counts, _counts, _sums, _sums, _numbers,
    )
)  # fmt: skip
def absorb_moments(  # type: ignore[no-untyped-def]
    count, half_count, sums, half_sums, inertia,
    other_count, other_half_count, other_sums, other_half_sums, other_inertia,
):  # fmt: skip
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
            half_sums[cluster, column] += other_half_sums[cluster, column]
        between *= (own / (own + n)) * n
        inertia[cluster] += other_inertia[cluster] + between
        count[cluster] = own + n
        half_count[cluster] += other_half_count[cluster]
