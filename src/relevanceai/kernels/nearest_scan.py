"""Machine code for the nearest other centroid: rows made ready, products gone through, ties settled."""

import numpy as np
from numba import types

from relevanceai.kernels.compiled import FLOATS, LABELS, NUMBERS, compiled

HELD = 16
"""Candidates held a row; a row with more is compared with all, in float64."""

FAR = np.float32(1e30)
"""Instead of infinity, for what must never win."""

_MOST = 1e15  # rows further out than this, in units of the furthest centroid, go by float64 alone
_ROUNDING = 2.0**-24  # half a unit in the last place of a float32 about 1
_VALUES = types.Array(types.float64, 1, "C", readonly=True)
_READ = types.Array(types.float32, 1, "C", readonly=True)
_ROWS, _SINGLES, _DOUBLES = types.float32[:, ::1], types.float32[::1], types.float64[::1]
_PLACES, _COUNTS = types.int64[:, ::1], types.int32[::1]


@compiled(types.void(FLOATS, _VALUES, types.float64, types.boolean, _ROWS, _DOUBLES, _SINGLES))
def ready(vectors, shift, unit, is_cosine, rows, scale, slack):  # type: ignore[no-untyped-def]
    """Put the rows about the shift, in units; say how far rounding may lead them astray."""
    n_dims = vectors.shape[1]
    for i in range(len(vectors)):
        scale[i] = 1.0
        if is_cosine:
            square = 0.0
            for d in range(n_dims):
                square += np.float64(vectors[i, d]) * np.float64(vectors[i, d])
            scale[i] = 1.0 / np.sqrt(square) if square > 0.0 else 0.0
        square = 0.0
        for d in range(n_dims):
            value = (np.float64(vectors[i, d]) * scale[i] - shift[d]) / unit
            rows[i, d] = value
            square += value * value
        length = np.sqrt(square)
        if length < _MOST:
            slack[i] = 2.0 * (n_dims + 16) * _ROUNDING * length
        else:  # products may overflow: this row is compared with all in float64
            rows[i, :] = 0.0
            slack[i] = FAR


@compiled(
    types.void(
        _ROWS, LABELS, types.int64, _READ, _READ, _READ, _READ, _SINGLES, _SINGLES,
        _PLACES, _ROWS, _COUNTS,
    ),
    {"reassoc", "contract", "nnan", "ninf", "nsz"},
)  # fmt: skip
def scan(  # type: ignore[no-untyped-def]
    product, excluded, first, columns, norms, least, most, slack, bound, held, lows, n_held
):
    """Note the centroids of a tile that may be nearest, by the bounds of their distances.

    The first two loops go in lanes. A minimum of floats does not: so their bits are compared, as
    integers that are put in the order of the floats; nor does a count of anything but floats.
    """
    width = product.shape[1]
    for i in range(len(product)):
        own = excluded[i] - first
        if 0 <= own < width:
            product[i, own] = FAR
        wide = slack[i]
        least_key = np.int32(2147483647)
        for j in range(width):
            bits = np.float32(product[i, j] + (most[j] + wide * norms[j])).view(np.int32)
            bits = bits ^ ((bits >> np.int32(31)) & np.int32(2147483647))
            least_key = min(least_key, np.int32(bits))
        key = np.int32(least_key ^ ((least_key >> np.int32(31)) & np.int32(2147483647)))
        smallest = min(bound[i], key.view(np.float32))
        bound[i] = smallest
        n_near, column = np.float32(0), np.float32(0)  # the column of a single hit is their sum
        for j in range(width):
            is_near = product[i, j] + (least[j] - wide * norms[j]) <= smallest
            n_near += np.float32(1) if is_near else np.float32(0)
            column += columns[j] if is_near else np.float32(0)
        if n_near == 0 or n_held[i] > held.shape[1]:
            continue
        kept = 0  # those held that are no longer in question make room
        for h in range(n_held[i]):
            if lows[i, h] <= smallest:
                held[i, kept], lows[i, kept] = held[i, h], lows[i, h]
                kept += 1
        from_column, to_column = np.int64(0), np.int64(width)
        if n_near == 1:
            from_column = np.int64(column)
            to_column = np.int64(from_column + 1)
        for j in range(from_column, to_column):
            low = product[i, j] + (least[j] - wide * norms[j])
            if low <= smallest:
                if kept == held.shape[1]:
                    kept += 1  # too many: this row is compared with all
                    break
                held[i, kept], lows[i, kept] = first + j, low
                kept += 1
        n_held[i] = kept


@compiled(types.float64(types.Array(types.float32, 1, "C", readonly=True), types.float64, _VALUES))
def _square(row, scale, target):  # type: ignore[no-untyped-def]
    """The squared distance of a row to a centroid, in float64."""
    total = 0.0
    for d in range(len(row)):
        difference = np.float64(row[d]) * scale - target[d]
        total += difference * difference
    return total


@compiled(
    types.void(
        FLOATS,
        _DOUBLES,
        LABELS,
        NUMBERS,
        _VALUES,
        _SINGLES,
        _PLACES,
        _ROWS,
        _COUNTS,
        types.int64[::1],
        _DOUBLES,
        _DOUBLES,
    )
)
def settle(  # type: ignore[no-untyped-def]
    vectors,
    scale,
    excluded,
    exact,
    beyond,
    bound,
    held,
    lows,
    n_held,
    other,
    own_square,
    other_square,
):
    """Compare the candidates of each row in float64; the earlier of equal ones is nearest."""
    n_clusters = len(exact)
    for i in range(len(vectors)):
        is_zero = scale[i] == 0.0  # under cosine, as far from one centroid as from any other
        own = excluded[i]
        if own >= 0 and beyond[own] < np.inf:
            own_square[i] = 2.0 if is_zero else _square(vectors[i], scale[i], exact[own])
            if not is_zero:
                own_square[i] += beyond[own]
        is_short = n_held[i] <= held.shape[1] and not is_zero
        best, place = np.inf, -1
        for c in range(n_held[i] if is_short else n_clusters):
            candidate = c
            if is_short:
                if lows[i, c] > bound[i]:
                    continue
                candidate = held[i, c]
            if candidate == own or beyond[candidate] == np.inf:
                continue
            square = 2.0
            if not is_zero:
                square = _square(vectors[i], scale[i], exact[candidate]) + beyond[candidate]
            if square < best:
                best, place = square, candidate
            if is_zero:
                break
        other[i], other_square[i] = place, best
