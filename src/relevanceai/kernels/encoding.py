"""Machine code: rows into codes, and codes into bounds of how a row compares with its centroid."""

import math

import numpy as np
from numba.core import types

from relevanceai.kernels.compiled import FLOATS, LABELS, NUMBERS, compiled, prefetch

_FAR, _NEAR = np.float32(1e15), np.float32(1e-12)  # squares of what is between fit float32, and
# what is lost of the smallest is less than the slack
_column = types.Array(types.float32, 1, "C", readonly=True)
_order = types.Array(types.int32, 1, "C", readonly=True)
_bounds = types.Array(types.float64, 1, "C")

CODES = types.Array(types.int8, 2, "C", readonly=True)
TABLE = types.Array(types.int16, 2, "C", readonly=True)
ABOUT = types.Array(types.float64, 2, "C", readonly=True)


@compiled(
    types.void(
        FLOATS, _column, _column, types.Array(types.int8, 2, "C"), types.Array(types.float32, 2, "C")
    ),
    {"reassoc", "contract", "nnan", "nsz"},
)  # fmt: skip
def encode_rows(vectors, shift, inverse, codes, of_rows):  # type: ignore[no-untyped-def]
    """Write the codes of rows, and of each its step, error, length and length less the shift.

    All of it is taken in float32, and the error raised by more than rounding could have taken from
    it. A row too far away to be coded gets an infinite error.
    """
    n_dims = vectors.shape[1]
    scaled = np.empty(n_dims, np.float32)
    bits, most = scaled.view(np.int32), np.empty(1, np.float32)
    most_bits = most.view(np.int32)
    slack = np.float32(3.0 * 2.0**-23)
    for row in range(len(vectors)):  # a loop for each thing, so that each goes in lanes
        square = np.float32(0.0)
        moved_square = np.float32(0.0)
        scaled_square = np.float32(0.0)
        for column in range(n_dims):
            value = vectors[row, column]
            moved = value - shift[column]
            scaled[column] = moved * inverse[column]
            square += value * value
            moved_square += moved * moved
            scaled_square += scaled[column] * scaled[column]
        of_rows[row, 2] = math.sqrt(square)
        of_rows[row, 3] = math.sqrt(moved_square)
        largest = np.int32(0)
        for column in range(n_dims):  # floats without their sign are ordered as integers
            largest = max(largest, bits[column] & np.int32(0x7FFFFFFF))
        most_bits[0] = largest
        if not _NEAR < most[0] < _FAR:
            of_rows[row, 0] = np.float32(0.0)
            of_rows[row, 1] = np.float32(np.inf)
            if most[0] <= _NEAR:
                of_rows[row, 1] = _NEAR * np.float32(n_dims)
            for column in range(n_dims):
                codes[row, column] = np.int8(0)
            continue
        step = most[0] * np.float32(1.0 / 127.0)
        per_step = np.float32(1.0) / step
        for column in range(n_dims):
            code = np.int32(scaled[column] * per_step + np.float32(128.5)) - np.int32(128)
            codes[row, column] = np.int8(min(max(code, np.int32(-127)), np.int32(127)))
        rest = np.float32(0.0)
        for column in range(n_dims):
            off = scaled[column] - step * np.float32(codes[row, column])
            rest += off * off
        error = math.sqrt(rest) * np.float32(1.001) + slack * math.sqrt(scaled_square)
        of_rows[row, 0] = step
        of_rows[row, 1] = error


@compiled(
    types.void(
        NUMBERS, _column, _column, types.int64, types.boolean,
        types.Array(types.int16, 2, "C"), types.Array(types.float64, 2, "C"),
    )
)  # fmt: skip
def write_table(centroids, shift, scale, most, is_l2, numbers, about):  # type: ignore[no-untyped-def]
    """Write the table of a `CodeTable`; a centroid that has none gets zeros, and NaN about it."""
    n_dims = centroids.shape[1]
    scaled = np.empty(n_dims)
    for cluster in range(len(centroids)):
        offset = square = scaled_square = largest = 0.0
        for column in range(n_dims):
            number = centroids[cluster, column]
            if is_l2:
                number -= np.float64(shift[column])
            else:
                offset += number * np.float64(shift[column])
            square += number * number
            scaled[column] = number * np.float64(scale[column])
            scaled_square += scaled[column] * scaled[column]
        for column in range(n_dims):
            largest = max(largest, abs(scaled[column]))
        unit = largest / most
        rest = 0.0
        is_usable = scaled_square < np.inf
        for column in range(n_dims):
            rounded = 0.0
            if is_usable and unit > 0.0:
                rounded = math.floor(scaled[column] / unit + 0.5)
            numbers[cluster, column] = np.int16(rounded)
            off = scaled[column] - unit * rounded
            rest += off * off
        about[cluster, 0] = offset
        about[cluster, 1] = unit
        about[cluster, 2] = math.sqrt(scaled_square) if is_usable else np.nan
        about[cluster, 3] = 127.0 * math.sqrt(n_dims * rest)
        about[cluster, 4] = square if is_l2 else math.sqrt(square)


@compiled(
    types.void(
        CODES, FLOATS, LABELS, _order, types.int64, types.int64, TABLE, ABOUT, types.int64,
        _bounds, _bounds,
    )
)  # fmt: skip
def coded_bounds(  # type: ignore[no-untyped-def]
    codes, of_rows, labels, order, begin, size, table, about, metric, lows, highs
):
    """Write between what the values of `size` rows lie, from a place of the order on.

    `metric` is 0 for cosine, 1 for dot product, 2 for l2. Where a code tells nothing the bounds are
    infinite or NaN.
    """
    n_dims = codes.shape[1]
    slack = 2.0 * (n_dims + 16) * 2.0**-24  # of lengths, which were summed in float32
    for place in range(size):
        row = order[begin + place]
        cluster = labels[row]
        if place + 1 < size:
            later = labels[order[begin + place + 1]]
            for column in range(0, n_dims, 32):
                prefetch(table, later, column)
        total = np.int32(0)  # and so all the way: numba would go on in int64, four times slower
        for column in range(n_dims):
            product = np.int32(codes[row, column]) * np.int32(table[cluster, column])
            total = np.int32(total + np.int32(product))
        step = np.float64(of_rows[row, 0])
        error = np.float64(of_rows[row, 1])
        length = np.float64(of_rows[row, 2])
        share = step * about[cluster, 1] * np.float64(total)
        doubt = error * about[cluster, 2] + step * about[cluster, 3]
        doubt += 1e-9 * (abs(share) + abs(about[cluster, 0]))
        value = about[cluster, 0] + share
        if metric == 2:
            apart = np.float64(of_rows[row, 3])
            square = apart * apart + about[cluster, 4] - 2.0 * value
            doubt = 2.0 * doubt + slack * apart * apart + 1e-9 * about[cluster, 4] + 1e-30
            lows[place] = math.sqrt(max(square - doubt, 0.0)) * (1.0 - 1e-9)
            highs[place] = math.sqrt(square + doubt) * (1.0 + 1e-9)
            continue
        scale = length * about[cluster, 4]
        doubt += 1e-9 * scale
        if metric == 0:
            if not _NEAR < length < _FAR or not scale > 0.0:
                lows[place] = -np.inf
                highs[place] = np.inf
                continue
            value /= scale
            doubt = doubt / scale + slack * abs(value)
        lows[place] = value - doubt
        highs[place] = value + doubt
