"""The machine code of `Moments`: rows into sums about a shift, and the join of two such sums.

A *group* is one half of a cluster: `2 * cluster + half`, the half by a hash of the row id.
"""

import numpy as np
from numba.core import types

from relevanceai.kernels.compiled import FLOATS, LABELS, ROW_IDS, compiled, prefetch

_counts = types.Array(types.int64, 1, "C")
_sums = types.Array(types.float64, 2, "C")
_shifts = types.Array(types.float32, 2, "C")
_numbers = types.Array(types.float64, 1, "C")


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


@compiled(
    types.void(
        FLOATS,
        LABELS,
        types.Array(types.int32, 1, "C", readonly=True),
        types.int64,
        _counts,
        _shifts,
        _sums,
        _numbers,
    )
)
def add_rows(vectors, groups, order, ahead, count, shifts, sums, squares):  # type: ignore[no-untyped-def]
    """Add rows to the sums and squares about each group's shift, which is its first row.

    A group's rows are added one after another, so that the sums do not depend on how the rows are
    cut.
    """
    n_dims = vectors.shape[1]
    for place in range(len(order)):
        row = order[place]
        if place + ahead < len(order):
            later = order[place + ahead]
            for column in range(0, n_dims, 16):
                prefetch(vectors, later, column)
        group = groups[row]
        if count[group] == 0:
            for column in range(n_dims):
                shifts[group, column] = vectors[row, column]
        count[group] += 1
        here = vectors[row]
        shift = shifts[group]
        total = sums[group]
        square = 0.0
        for column in range(n_dims):
            moved = np.float64(here[column]) - np.float64(shift[column])
            total[column] += moved
            square += moved * moved
        squares[group] += square


@compiled(types.void(_counts, _counts, _sums, _sums, _numbers, _counts, _shifts, _sums, _numbers))
def absorb_groups(  # type: ignore[no-untyped-def]
    count, half_count, sums, half_sums, inertia, group_count, shifts, shifted, squares
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
            shift = np.float64(shifts[group, column])
            within += moved * (moved / n)
            if own > 0:
                difference = sums[cluster, column] / own - (shift + moved / n)
                between += difference * difference
            sums[cluster, column] += moved + n * shift
            if group % 2 == 0:
                half_sums[cluster, column] += moved + n * shift
        between *= (own / (own + n)) * n
        inertia[cluster] += max(squares[group] - within, 0.0) + between
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
