"""The closest pairs by the sum of absolute differences: every pair, left as soon as it is too far."""

import numpy as np
from numba import types
from numpy.typing import NDArray

from relevanceai.kernels.compiled import NUMBERS, compiled

_TILE = 32  # rows on each side that are compared while they stay in the processor's cache
_ROW = types.Array(types.float64, 1, "C", readonly=True)
_STEP = 64  # dimensions after which a pair may be left


def closest_l1_pairs(
    rows: NDArray[np.float64], n: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the n closest pairs of rows by the sum of absolute differences, closest first.

    Parameters
    ----------
    rows : float64 array of shape (n_rows, n_dims), finite, C-contiguous.
    n : how many pairs, from 1 to the number there are.

    Returns
    -------
    `i`, `j` with i < j, and the distance in float64; ties stand in the order of (i, j).

    Examples
    --------
    >>> closest_l1_pairs(np.array([[0.0, 0.0], [1.0, 3.0], [1.0, 1.0]]), 2)
    (array([0, 1]), array([2, 2]), array([2., 2.]))
    """
    codes, values = np.full(n, np.iinfo(np.int64).max), np.full(n, np.inf)
    _search(rows, codes, values)
    order = np.lexsort((codes, values))
    i, j = np.divmod(codes[order], len(rows))
    return i, j, values[order]


@compiled(types.float64(_ROW, _ROW, types.float64), {"reassoc"})
def _distance(a, b, limit):  # type: ignore[no-untyped-def]
    """The distance of two rows, or a part of it that is more than the limit."""
    total = 0.0
    for start in range(0, len(a), _STEP):
        part = 0.0
        for d in range(start, min(start + _STEP, len(a))):
            part += abs(a[d] - b[d])
        total += part
        if total > limit:
            break
    return total


@compiled(types.void(NUMBERS, types.int64[::1], types.float64[::1]), set())
def _search(rows, codes, values):  # type: ignore[no-untyped-def]
    """Keep the best pairs in a heap, the worst of them at its root."""
    n_rows, n = len(rows), len(codes)
    for first in range(0, n_rows, _TILE):
        for second in range(first, n_rows, _TILE):
            for i in range(first, min(first + _TILE, n_rows)):
                for j in range(max(second, i + 1), min(second + _TILE, n_rows)):
                    value = _distance(rows[i], rows[j], values[0])
                    code = i * n_rows + j
                    if value > values[0] or (value == values[0] and code > codes[0]):
                        continue
                    place = 0
                    while True:
                        child = 2 * place + 1
                        if child >= n:
                            break
                        if child + 1 < n and (
                            values[child + 1] > values[child]
                            or (
                                values[child + 1] == values[child]
                                and codes[child + 1] > codes[child]
                            )
                        ):
                            child += 1
                        if values[child] < value or (
                            values[child] == value and codes[child] < code
                        ):
                            break
                        values[place], codes[place] = values[child], codes[child]
                        place = child
                    values[place], codes[place] = value, code
