"""Codes: vectors at a byte a number, and tables by which a row is compared without reading it.

Scalar quantization, as search indexes have it; but here every row knows how far off its code is, so
that what is left out by looking at codes is left out for certain, and answers stay exact.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Codes

CodedMetric = Literal["cosine", "dp", "l2"]

_LEAST_SCALE = 0.01
"""Of the mean scale: what a column that hardly moves is measured in."""

_LEAST = 1e-37  # where numbers are smaller, or one over it larger, float32 loses digits

_MOST = 16_383  # what a number of a table is at most, so that two of them fit a machine's step


def encoded(vectors: NDArray[np.float32], like: Codes | None = None) -> Codes:
    """Make codes of some rows.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite, C-contiguous.
    like : codes whose shift and scale are to be used. None: the mean of each column and its
        standard deviation (at least a hundredth of the mean one, 1 where float32 has none to
        divide by).

    Notes
    -----
    A row's step is its largest distance from the shift, in scales, over 127. Any shift and scale
    give valid codes; the better they fit, the less the error. O(n_rows * n_dims).

    Examples
    --------
    >>> codes = encoded(np.array([[1, 0], [3, 0]], dtype=np.float32))
    >>> codes.shift, codes.codes
    (array([2., 0.], dtype=float32), array([[-127,    0],
           [ 127,    0]], dtype=int8))
    """
    from relevanceai.kernels.encoding import encode_rows

    shift, scale = _frame(vectors) if like is None else (like.shift, like.scale)
    codes = np.empty(vectors.shape, np.int8)
    of_rows = np.empty((len(vectors), 4), np.float32)
    inverse = np.asarray(1.0 / scale.astype(np.float64), np.float32)
    encode_rows(np.ascontiguousarray(vectors), shift, inverse, codes, of_rows)
    return Codes(codes, of_rows, shift, scale)


def _frame(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean and the standard deviation of each column."""
    if not len(vectors):
        return np.zeros(vectors.shape[1], np.float32), np.ones(vectors.shape[1], np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        shift = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
        scale = (vectors - shift).std(axis=0, dtype=np.float64)
        scale = np.maximum(scale, _LEAST_SCALE * scale.mean()).astype(np.float32)
    usable = (scale > _LEAST) & (scale < 1 / _LEAST)  # so one over it is a float32, to the last bit
    return shift, np.where(usable, scale, np.float32(1.0))


@dataclass(frozen=True, slots=True)
class CodeTable:
    """What machine code compares codes of one shift and scale with: the centroids, for one metric.

    `numbers` is an int16 array of shape (n_clusters, n_dims); `about` a float64 array of shape
    (n_clusters, 5): what is added to every product, what one unit of a product is worth, what an
    error and a step of a row add to the doubt, and the length, or for "l2" the square, of the
    centroid.
    """

    numbers: NDArray[np.int16]
    about: NDArray[np.float64]


def code_table(centroids: NDArray[np.float64], codes: Codes, metric: CodedMetric) -> CodeTable:
    """Make the table of centroids for codes with one shift and scale.

    Parameters
    ----------
    centroids : float64 array of shape (n_clusters, n_dims); rows of empty clusters may be NaN.
    codes : any with that shift and scale.

    Notes
    -----
    For a row x with code q and a centroid c, x.c = shift.c + (step q + rest).(scale c): the product
    of the codes with the second bracket, rounded to integers, is what machine code takes; what was
    rounded away and the rest are the doubt, by Cauchy and Schwarz. "l2" takes c less the shift.
    """
    from relevanceai.kernels.encoding import write_table

    numbers = np.empty(centroids.shape, np.int16)
    about = np.empty((len(centroids), 5))
    n_dims = centroids.shape[1]
    most = max(1, min(_MOST, (2**31 - 1) // (128 * max(n_dims, 1))))
    write_table(centroids, codes.shift, codes.scale, most, metric == "l2", numbers, about)
    return CodeTable(numbers, about)
