"""The nearest centroid of each row other than one, by float32 products rechecked in float64."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.units import row_blocks, row_norms

OtherMetric: TypeAlias = Literal["l2", "cosine"]
"""How a row is compared with centroids here: Euclidean distance, or cosine distance."""

OTHER_METRICS: tuple[OtherMetric, ...] = get_args(OtherMetric)
"""The names that `OtherMetric` allows."""

BLOCK_ROWS = 2048
"""Rows of one matrix product."""

_TILE = 512  # centroids of one matrix product: rows x tile stay in the processor's cache
_FAR = 1e30  # instead of infinity, for what must never win
_TOLERANCE = 1e-9  # of the squared norms; float64 products are good to far less
_ROUNDING = 2.0**-24  # half a unit in the last place of a float32 about 1


@dataclass(frozen=True, slots=True)
class Targets:
    """Centroids made ready for `nearest_other`; built once by `targets`, shared by threads.

    `exact` are the centroids in float64 (unit rows for cosine), and `beyond` what is added to the
    squared distance to each: 0, for a zero centroid under cosine 1, for an empty cluster infinity.
    The rest is about the shift and in units of the furthest centroid: `doubled`, float32, minus
    twice the centroids; `norms`; and `least` and `most`, what their squares are at least and most.
    """

    metric: OtherMetric
    exact: NDArray[np.float64]
    beyond: NDArray[np.float64]
    shift: NDArray[np.float64]
    unit: float
    doubled: NDArray[np.float32]
    norms: NDArray[np.float32]
    least: NDArray[np.float32]
    most: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.exact)

    @property
    def is_there(self) -> NDArray[np.bool_]:
        """Bool array of shape (n_clusters,); False for an empty cluster."""
        return np.asarray(np.isfinite(self.beyond))


def targets(centroids: NDArray[np.float64], metric: OtherMetric = "l2") -> Targets:
    """Make centroids ready for `nearest_other`.

    Parameters
    ----------
    centroids : float64 array of shape (n_clusters, n_dims). A row with NaN, an empty cluster, is
        never the nearest.
    metric : "l2", Euclidean distance; "cosine", 1 - cosine similarity, which is 1 with a zero row
        or centroid.

    Notes
    -----
    O(n_clusters * n_dims); 12 bytes a cluster and dimension.
    """
    is_there = np.asarray(~np.isnan(centroids).any(axis=1))
    exact = np.where(is_there[:, None], centroids, 0.0)
    beyond = np.where(is_there, 0.0, np.inf)
    if metric == "cosine":
        lengths = row_norms(exact)
        exact = exact / np.where(lengths > 0, lengths, 1.0)[:, None]
        beyond[is_there & (lengths == 0)] = 1.0
    exact = np.ascontiguousarray(exact)
    shift = np.zeros(centroids.shape[1])
    if is_there.any():
        shift = (exact if is_there.all() else exact[is_there]).mean(axis=0)

    def moved(block: slice) -> NDArray[np.float64]:
        about = exact[block] - shift
        about[~is_there[block]] = 0.0
        return about

    # by blocks that stay in the cache, and twice: new memory costs more than the arithmetic
    norms, doubled = np.empty(len(exact)), np.empty(exact.shape, np.float32)
    for block in row_blocks(*exact.shape):
        norms[block] = row_norms(moved(block))
    unit = float(norms.max(initial=0.0)) or 1.0
    for block in row_blocks(*exact.shape):
        doubled[block] = moved(block) * (-2.0 / unit)
    norms /= unit
    squares = np.where(is_there, norms**2 + np.minimum(beyond / unit**2, 1e29), _FAR)
    slack = 8 * _ROUNDING * squares + 1e-30
    return Targets(
        metric=metric,
        exact=exact,
        beyond=beyond,
        shift=shift,
        unit=unit,
        doubled=doubled,
        norms=(norms * (1 + 1e-6)).astype(np.float32),
        least=(squares - slack).astype(np.float32),
        most=(squares + slack).astype(np.float32),
    )


def nearest_other(
    vectors: NDArray[np.float32],
    excluded: NDArray[np.int32],
    among: Targets,
    *,
    is_compiled: bool = True,
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each row, the nearest centroid that is not the excluded one.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite, C-contiguous.
    excluded : int32 array of shape (n_rows,); the row's own cluster, which is left out. -1 leaves
        none out: then this is simply the nearest centroid.
    among : what `targets` made of the centroids.
    is_compiled : False goes by numpy alone, and float64 products: for small data, where loading
        machine code takes longer. Distances may differ in their last digits.

    Returns
    -------
    other : intp array of shape (n_rows,); the place of the centroid. Equal distances go to the
        earlier one; -1 where there is no other.
    own_distance : float64 array of shape (n_rows,); the distance to the excluded centroid, infinite
        where it is empty or -1.
    other_distance : float64 array of shape (n_rows,); the distance to the other, infinite for -1.

    Notes
    -----
    Both distances are sums over differences in float64. Which centroid is nearest is found by
    float32 products about the mean of the centroids, and wherever their rounding (by its worst
    case) leaves several that may be, they are compared in float64. So the answer is that of
    float64, far from the origin as well. O(n_rows * n_clusters * n_dims); some 10 MB of memory.

    References
    ----------
    Higham: Accuracy and Stability of Numerical Algorithms, 2nd edition 2002, section 3.1 (the
    worst case of the rounding of an inner product).

    Examples
    --------
    >>> rows = np.array([[1.0, 0.0], [9.0, 0.0]], dtype=np.float32)
    >>> among = targets(np.array([[0.0, 0.0], [10.0, 0.0], [4.0, 4.0]]))
    >>> nearest_other(rows, np.array([0, 0], dtype=np.int32), among)
    (array([2, 1]), array([1., 9.]), array([5., 1.]))
    """
    found = _Found(
        np.full(len(vectors), -1, np.int64),
        np.full(len(vectors), np.inf),
        np.full(len(vectors), np.inf),
    )
    find = _by_products if is_compiled else _by_numpy
    find(vectors, excluded, among, found)
    if among.metric == "cosine":
        return found.other, found.own_square / 2, found.other_square / 2
    return found.other, np.sqrt(found.own_square), np.sqrt(found.other_square)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is found of each row, written into arrays of shape (n_rows,); see `nearest_other`."""

    other: NDArray[np.int64]
    own_square: NDArray[np.float64]
    other_square: NDArray[np.float64]


def _by_products(
    vectors: NDArray[np.float32],
    excluded: NDArray[np.int32],
    among: Targets,
    found: _Found,
) -> None:
    """Float32 products of blocks, gone through by machine code, and rechecked in float64."""
    # imported here: the compiler costs a third of a second
    from relevanceai.kernels.nearest_scan import FAR, HELD, ready, scan, settle

    n_rows, n_dims = vectors.shape
    n_clusters = len(among)
    is_cosine = among.metric == "cosine"
    step = min(BLOCK_ROWS, n_rows)
    rows = np.empty((step, n_dims), np.float32)
    products = np.empty(step * min(_TILE, n_clusters), np.float32)
    scale, slack = np.empty(step), np.empty(step, np.float32)
    columns = np.arange(_TILE, dtype=np.float32)
    held, n_held = np.empty((step, HELD), np.intp), np.empty(step, np.int32)
    lows, bound = np.empty((step, HELD), np.float32), np.empty(step, np.float32)
    for start in range(0, n_rows, BLOCK_ROWS):
        block = slice(start, min(start + BLOCK_ROWS, n_rows))
        size = block.stop - start
        ready(vectors[block], among.shift, among.unit, is_cosine, rows, scale, slack)
        n_held[:], bound[:] = 0, FAR
        for first in range(0, n_clusters, _TILE):
            tile = slice(first, min(first + _TILE, n_clusters))
            width = tile.stop - first
            product = products[: size * width].reshape(size, width)
            np.matmul(rows[:size], among.doubled[tile].T, out=product)
            scan(
                product,
                excluded[block],
                first,
                columns,
                among.norms[tile],
                among.least[tile],
                among.most[tile],
                slack,
                bound,
                held,
                lows,
                n_held,
            )
        settle(
            vectors[block],
            scale,
            excluded[block],
            among.exact,
            among.beyond,
            bound,
            held,
            lows,
            n_held,
            found.other[block],
            found.own_square[block],
            found.other_square[block],
        )


def _by_numpy(
    vectors: NDArray[np.float32],
    excluded: NDArray[np.int32],
    among: Targets,
    found: _Found,
) -> None:
    """The same by float64 products alone: for data so small that machine code is not worth it."""
    moved = np.where(among.is_there[:, None], among.exact - among.shift, 0.0)
    squares = np.einsum("ij,ij->i", moved, moved)
    largest = squares.max(initial=0.0)
    for block in row_blocks(len(vectors), max(among.exact.shape)):
        rows, own = vectors[block].astype(np.float64), excluded[block]
        place = np.arange(len(rows))
        is_zero = np.zeros(len(rows), bool)
        if among.metric == "cosine":
            norms = row_norms(rows)
            is_zero = norms == 0
            rows /= np.where(is_zero, 1.0, norms)[:, None]
        about = rows - among.shift
        values = squares + among.beyond - 2.0 * (about @ moved.T)
        values[is_zero] = among.beyond
        values[np.isfinite(values) & is_zero[:, None]] = 0.0  # as far from one as from any other
        values[place[own >= 0], own[own >= 0]] = np.inf
        least = values.min(axis=1, initial=np.inf)
        slack = _TOLERANCE * (np.einsum("ij,ij->i", about, about) + largest)
        likely, of = np.nonzero((values <= (least + slack)[:, None]) & np.isfinite(values))
        exact = _squares(rows, likely, among, of, is_zero)
        order = np.lexsort((of, exact, likely))  # the nearest first, the earlier of equal ones
        best = order[np.unique(likely[order], return_index=True)[1]]
        found.other[block.start + likely[best]] = of[best]
        found.other_square[block.start + likely[best]] = exact[best]
        with_own = np.flatnonzero((own >= 0) & among.is_there[own])
        squares_to_own = _squares(rows, with_own, among, own[with_own], is_zero)
        found.own_square[block.start + with_own] = squares_to_own


def _squares(
    rows: NDArray[np.float64],
    chosen: NDArray[np.intp],
    among: Targets,
    of: NDArray[np.integer],
    is_zero: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Squared distances of some rows to some centroids, by differences."""
    result = np.empty(len(chosen))
    for block in row_blocks(len(chosen), among.exact.shape[1]):
        differences = rows[chosen[block]] - among.exact[of[block]]
        result[block] = np.einsum("ij,ij->i", differences, differences) + among.beyond[of[block]]
    result[is_zero[chosen]] = 2.0
    return result
