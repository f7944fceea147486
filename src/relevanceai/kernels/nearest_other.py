"""The nearest centroid of each row other than one, by float32 products rechecked in float64."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numba import types
from numpy.typing import NDArray

from relevanceai.kernels.compiled import FLOATS, LABELS, NUMBERS, compiled
from relevanceai.kernels.units import row_norms

OtherMetric: TypeAlias = Literal["l2", "cosine"]
"""How a row is compared with centroids here: Euclidean distance, or cosine distance."""

OTHER_METRICS: tuple[OtherMetric, ...] = get_args(OtherMetric)
"""The names that `OtherMetric` allows."""

BLOCK_ROWS = 2048
"""Rows of one matrix product."""

_TILE = 512  # centroids of one matrix product: rows x tile stay in the processor's cache
_HELD = 16  # candidates held a row; a row with more is compared with all, in float64
_FAR = np.float32(1e30)  # instead of infinity, for what must never win
_MOST = 1e15  # rows further out than this, in units of the furthest centroid, go by float64 alone
_VALUES = types.Array(types.float64, 1, "C", readonly=True)
_READ = types.Array(types.float32, 1, "C", readonly=True)
_ROWS, _SINGLES, _DOUBLES = types.float32[:, ::1], types.float32[::1], types.float64[::1]
_PLACES, _COUNTS = types.int64[:, ::1], types.int32[::1]
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
    shift = exact[is_there].mean(axis=0) if is_there.any() else np.zeros(centroids.shape[1])
    moved = np.where(is_there[:, None], exact - shift, 0.0)
    norms = row_norms(moved)
    unit = float(norms.max(initial=0.0)) or 1.0
    norms /= unit
    squares = np.where(is_there, norms**2 + np.minimum(beyond / unit**2, 1e29), float(_FAR))
    slack = 8 * _ROUNDING * squares + 1e-30
    return Targets(
        metric=metric,
        exact=np.ascontiguousarray(exact),
        beyond=beyond,
        shift=shift,
        unit=unit,
        doubled=(moved * (-2.0 / unit)).astype(np.float32),
        norms=(norms * (1 + 1e-6)).astype(np.float32),
        least=(squares - slack).astype(np.float32),
        most=(squares + slack).astype(np.float32),
    )


def nearest_other(
    vectors: NDArray[np.float32], excluded: NDArray[np.int32], among: Targets
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return, for each row, the nearest centroid that is not the excluded one.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite, C-contiguous.
    excluded : int32 array of shape (n_rows,); the row's own cluster, which is left out. -1 leaves
        none out: then this is simply the nearest centroid.
    among : what `targets` made of the centroids.

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
    n_rows, n_dims = vectors.shape
    n_clusters = len(among)
    is_cosine = among.metric == "cosine"
    other = np.full(n_rows, -1, np.intp)
    own_square, other_square = np.full(n_rows, np.inf), np.full(n_rows, np.inf)
    step = min(BLOCK_ROWS, n_rows)
    rows = np.empty((step, n_dims), np.float32)
    products = np.empty(step * min(_TILE, n_clusters), np.float32)
    scale, slack = np.empty(step), np.empty(step, np.float32)
    held, n_held = np.empty((step, _HELD), np.intp), np.empty(step, np.int32)
    lows, bound = np.empty((step, _HELD), np.float32), np.empty(step, np.float32)
    for start in range(0, n_rows, BLOCK_ROWS):
        block = slice(start, min(start + BLOCK_ROWS, n_rows))
        size = block.stop - start
        _ready(vectors[block], among.shift, among.unit, is_cosine, rows, scale, slack)
        n_held[:], bound[:] = 0, _FAR
        for first in range(0, n_clusters, _TILE):
            tile = slice(first, min(first + _TILE, n_clusters))
            width = tile.stop - first
            product = products[: size * width].reshape(size, width)
            np.matmul(rows[:size], among.doubled[tile].T, out=product)
            _scan(
                product,
                excluded[block],
                first,
                among.norms[tile],
                among.least[tile],
                among.most[tile],
                slack,
                bound,
                held,
                lows,
                n_held,
            )
        _settle(
            vectors[block],
            scale,
            excluded[block],
            among.exact,
            among.beyond,
            bound,
            held,
            lows,
            n_held,
            other[block],
            own_square[block],
            other_square[block],
        )
    if is_cosine:
        return other, own_square / 2, other_square / 2
    return other, np.sqrt(own_square), np.sqrt(other_square)


@compiled(types.void(FLOATS, _VALUES, types.float64, types.boolean, _ROWS, _DOUBLES, _SINGLES))
def _ready(vectors, shift, unit, is_cosine, rows, scale, slack):  # type: ignore[no-untyped-def]
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
            slack[i] = _FAR


@compiled(
    types.void(
        _ROWS, LABELS, types.int64, _READ, _READ, _READ, _SINGLES, _SINGLES, _PLACES, _ROWS, _COUNTS
    ),
    {"reassoc", "contract", "nnan", "ninf"},
)
def _scan(  # type: ignore[no-untyped-def]
    product, excluded, first, norms, least, most, slack, bound, held, lows, n_held
):
    """Note the centroids of a tile that may be nearest, by the bounds of their distances."""
    width = product.shape[1]
    for i in range(len(product)):
        own = excluded[i] - first
        if 0 <= own < width:
            product[i, own] = _FAR
        wide = slack[i]
        smallest = bound[i]
        for j in range(width):
            smallest = min(smallest, product[i, j] + (most[j] + wide * norms[j]))
        bound[i] = smallest
        n_near = 0
        for j in range(width):
            n_near += product[i, j] + (least[j] - wide * norms[j]) <= smallest
        if n_near == 0 or n_held[i] > _HELD:
            continue
        kept = 0  # those held that are no longer in question make room
        for h in range(n_held[i]):
            if lows[i, h] <= smallest:
                held[i, kept], lows[i, kept] = held[i, h], lows[i, h]
                kept += 1
        for j in range(width):
            low = product[i, j] + (least[j] - wide * norms[j])
            if low <= smallest:
                if kept == _HELD:
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
def _settle(  # type: ignore[no-untyped-def]
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
        is_short = n_held[i] <= _HELD and not is_zero
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
