"""The nearest centroid of each row and nothing else about it: k-means' own question, compiled."""

import numpy as np
from numba import types
from numpy.typing import NDArray

from relevanceai.kernels.compiled import compiled
from relevanceai.kernels.nearest_other import Targets, nearest_other
from relevanceai.kernels.nearest_scan import FAR, ready

_TILE = 512  # centroids of one matrix product
_PRODUCTS = 2**18  # of one block: a MiB, which stays in the cache

_ROWS, _SINGLES = types.float32[:, ::1], types.float32[::1]
_READ = types.Array(types.float32, 1, "C", readonly=True)


def nearest_labels(vectors: NDArray[np.float32], among: Targets) -> NDArray[np.int32]:
    """Return the place of the centroid that is nearest to each row, as `nearest_other` would.

    Parameters
    ----------
    vectors : float32 array of shape (n_rows, n_dims), finite, C-contiguous.
    among : what `targets` made of the centroids, for the metric "l2".

    Returns
    -------
    int32 array of shape (n_rows,). Equal distances go to the earlier one; -1 where there is none.

    Notes
    -----
    The bounds are those of `nearest_other`: float32 products, and how far their rounding may lead
    them astray at worst. Where one centroid alone may be the nearest, that is the answer, and no
    distance is taken; the other rows, a few in ten thousand, are handed to `nearest_other`.
    O(n_rows * n_clusters * n_dims), and some 2 MiB of memory.

    Examples
    --------
    >>> from relevanceai.kernels.nearest_other import targets
    >>> rows = np.array([[1.0], [9.0], [5.0]], dtype=np.float32)
    >>> nearest_labels(rows, targets(np.array([[0.0], [10.0]])))
    array([0, 1, 0], dtype=int32)
    """
    n_rows, n_dims = vectors.shape
    n_clusters = len(among)
    labels = np.full(n_rows, -1, np.int32)
    if not n_rows or not n_clusters:
        return labels
    n_found = np.zeros(n_rows, np.int32)
    step = min(n_rows, max(16, _PRODUCTS // min(_TILE, n_clusters)))
    rows = np.empty((step, n_dims), np.float32)
    products = np.empty(step * min(_TILE, n_clusters), np.float32)
    scale, slack = np.empty(step), np.empty(step, np.float32)
    columns = np.arange(_TILE, dtype=np.float32)
    bound, low = np.empty(step, np.float32), np.empty(step, np.float32)
    for start in range(0, n_rows, step):
        block = slice(start, min(start + step, n_rows))
        size = block.stop - start
        ready(vectors[block], among.shift, among.unit, False, rows, scale, slack)
        bound.fill(FAR)
        for first in range(0, n_clusters, _TILE):
            tile = slice(first, min(first + _TILE, n_clusters))
            width = tile.stop - first
            product = products[: size * width].reshape(size, width)
            np.matmul(rows[:size], among.doubled[tile].T, out=product)
            bounds = among.norms[tile], among.least[tile], among.most[tile]
            found = labels[block], n_found[block]
            _pick(product, first, columns, *bounds, slack, bound, low, *found)
    is_unsure = n_found != 1
    if not among.is_there.all():  # with no other near, an empty cluster may have been noted
        is_unsure |= ~among.is_there[labels]
    unsure = np.flatnonzero(is_unsure)
    if len(unsure):
        nobody = np.full(len(unsure), -1, np.int32)
        labels[unsure] = nearest_other(vectors[unsure], nobody, among)[0]
    return labels


@compiled(
    types.void(
        _ROWS, types.int64, _READ, _READ, _READ, _READ, _SINGLES, _SINGLES, _SINGLES,
        types.int32[::1], types.int32[::1],
    ),
    {"reassoc", "contract", "nnan", "ninf", "nsz"},
)  # fmt: skip
def _pick(  # type: ignore[no-untyped-def]
    product, first, columns, norms, least, most, slack, bound, low, label, n_found
):
    """Note the one centroid of a tile that may be nearest to a row, or that there are several.

    Both loops go in lanes. A minimum of floats does not: so their bits are compared, as integers
    that are put in the order of the floats; and the column of a single hit is the sum of the hits'.
    """
    width = product.shape[1]
    for i in range(len(product)):
        wide = slack[i]
        least_key = np.int32(2147483647)
        for j in range(width):
            bits = np.float32(product[i, j] + (most[j] + wide * norms[j])).view(np.int32)
            bits = bits ^ ((bits >> np.int32(31)) & np.int32(2147483647))
            least_key = min(least_key, np.int32(bits))
        key = np.int32(least_key ^ ((least_key >> np.int32(31)) & np.int32(2147483647)))
        smallest = min(bound[i], key.view(np.float32))
        bound[i] = smallest
        n_near, column = np.float32(0), np.float32(0)
        for j in range(width):
            is_near = product[i, j] + (least[j] - wide * norms[j]) <= smallest
            n_near += np.float32(1) if is_near else np.float32(0)
            column += columns[j] if is_near else np.float32(0)
        if n_near == 0:
            continue
        if n_found[i] == 1 and low[i] > smallest:
            n_found[i] = 0
        if n_near == 1 and n_found[i] == 0:
            only = np.int64(column)
            label[i] = first + only
            low[i] = product[i, only] + (least[only] - wide * norms[only])
            n_found[i] = 1
        else:
            n_found[i] = 2  # and stays so: whether the others are out of question is not looked at
