"""Row norms and unit vectors, worked out in float64 in blocks of rows."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 2 * 2**20
"""Working memory of one block of rows at float64: what stays in a processor's cache."""

_SMALLEST_SQUARE = 1e-280
_LARGEST_SQUARE = 1e280
_EXTREME_EXPONENT = 40  # squares of numbers beyond 2**±40 come near the ends of float32


def row_blocks(n_rows: int, n_dims: int) -> Iterator[slice]:
    """Cut rows into blocks that take about `BLOCK_BYTES` at float64.

    Parameters
    ----------
    n_rows : how many rows there are; 0 gives no block.
    n_dims : their width. The block size depends on it alone, so the same rows are always cut alike.

    Yields
    ------
    Slices that cover 0..n_rows in order.

    Examples
    --------
    >>> list(row_blocks(300_000, 1))
    [slice(0, 262144, None), slice(262144, 300000, None)]
    """
    step = max(1, BLOCK_BYTES // (8 * max(1, n_dims)))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def row_norms(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Euclidean norm of each row.

    A row's norm does not depend on its neighbours, so equal rows have bit-equal norms. Rows whose
    squares leave the range of float64 are scaled first; a zero row has norm 0, a NaN row NaN.

    Parameters
    ----------
    rows : float64 array of shape (n_rows, n_dims).

    Returns
    -------
    float64 array of shape (n_rows,), not negative.

    Examples
    --------
    >>> row_norms(np.array([[3.0, 4.0], [0.0, 0.0], [3e-200, 4e-200]]))
    array([5.e+000, 0.e+000, 5.e-200])
    """
    with np.errstate(over="ignore", under="ignore"):
        squares = np.einsum("ij,ij->i", rows, rows)
        norms: NDArray[np.float64] = np.sqrt(squares)
        extreme = np.flatnonzero((squares < _SMALLEST_SQUARE) | (squares > _LARGEST_SQUARE))
        if len(extreme):
            largest = np.abs(rows[extreme]).max(axis=1, initial=0.0)
            scale = np.where(largest > 0, largest, 1.0)
            scaled = rows[extreme] / scale[:, None]
            norms[extreme] = scale * np.sqrt(np.einsum("ij,ij->i", scaled, scaled))
    return norms


def about_one(rows: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """Return rows whose squares float32 can hold, and the power of two that they were taken times.

    Parameters
    ----------
    rows : float32 array of shape (n_rows, n_dims), finite.

    Returns
    -------
    rows : the same array, unless its largest number is beyond 2**40 or below 2**-40; then float32 of
        the same shape whose largest number lies in [0.5, 1). Zero rows alone stay as they are.
    exponent : the rows were multiplied by 2**exponent, which is exact; 0 when they are the same.

    Examples
    --------
    >>> about_one(np.array([[2.0**100, 2.0**99]], dtype=np.float32))
    (array([[0.5 , 0.25]], dtype=float32), -101)
    >>> about_one(np.array([[3.0, 4.0]], dtype=np.float32))[1]
    0
    """
    largest = max(float(rows.max(initial=0.0)), -float(rows.min(initial=0.0)))
    exponent = -int(np.frexp(largest)[1])
    if largest == 0.0 or abs(exponent) <= _EXTREME_EXPONENT:
        return rows, 0
    scaled: NDArray[np.float32] = np.ldexp(rows, exponent)
    return scaled, exponent


def concatenate_units(
    parts: Sequence[NDArray[np.float32] | NDArray[np.float64]],
) -> NDArray[np.float32]:
    """Put several vector fields side by side, each scaled to unit norm first.

    Scaling gives every field the same say, whatever its units: the cosine similarity of two results
    is the mean of the fields' cosine similarities (when no part is zero). A single part is scaled
    as well. A zero row of a part stays zero.

    Parameters
    ----------
    parts : at least one float array of shape (n_rows, n_dims_i), finite, the same rows in each.

    Returns
    -------
    float32 array of shape (n_rows, sum of n_dims_i), C-contiguous; norms are taken in float64.

    Examples
    --------
    >>> concatenate_units([np.array([[3.0, 4.0]]), np.array([[0.0]]), np.array([[-7.0]])])
    array([[ 0.6,  0.8,  0. , -1. ]], dtype=float32)
    """
    n_rows = len(parts[0])
    result = np.empty((n_rows, sum(part.shape[1] for part in parts)), dtype=np.float32)
    start = 0
    for part in parts:
        stop = start + part.shape[1]
        for block in row_blocks(n_rows, part.shape[1]):
            rows = part[block].astype(np.float64)
            norms = row_norms(rows)
            rows /= np.where(norms > 0, norms, 1.0)[:, None]
            result[block, start:stop] = rows
        start = stop
    return result
