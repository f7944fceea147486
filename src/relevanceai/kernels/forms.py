"""A metric of centroids as a product of rows in float32, with a bound of its rounding."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.halves import Halves
from relevanceai.kernels.similarity import (
    CentroidMetric,
    about_the_mean,
    squared_distances,
    unit_rows,
)
from relevanceai.kernels.units import row_blocks, row_norms

_ROUNDING = 2.0**-24  # half a unit in the last place of a float32 about 1


@dataclass(frozen=True, slots=True)
class Form:
    """A metric as a product of rows, in float32, that grows with likeness.

    `left[i] @ right[j]` is the likeness of a pair up to `slack` times the product of
    `left_size[i]` and `right_size[j]`. `exact` gives the metric's value of pairs in float64, and
    `likeness` what a value is as a likeness, good to `blur`, since float64 rounds as well. Rows of
    "l2", "l2_similarity" and "dp" are in units.
    """

    left: NDArray[np.float32]
    right: NDArray[np.float32]
    left_size: NDArray[np.float64]
    right_size: NDArray[np.float64]
    exact: Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float64]]
    likeness: Callable[[float], float]
    blur: float
    unit: float
    largest_first: bool

    @property
    def slack(self) -> float:
        """What the likeness of a pair may be off by, in products of its two sizes."""
        return float(self.left.shape[1] + 16) * _ROUNDING


def form_of(
    rows: NDArray[np.float64], metric: CentroidMetric, halves: Halves | None = None
) -> Form:
    """Write a metric as a product of rows about a shift, so that it holds far from the origin.

    Parameters
    ----------
    rows : float64 array of shape (n_clusters, n_dims), finite, at least one.
    metric : as for `centroid_similarity`, but "l1", which is no product.
    halves : of the same clusters, for "corrected".

    Notes
    -----
    O(n_clusters * n_dims); some 24 bytes a cluster and dimension.

    Examples
    --------
    >>> form = form_of(np.array([[0.0, 0.0], [3.0, 4.0]]), "l2")
    >>> form.exact(np.array([0]), np.array([1]))
    array([5.])
    >>> form.likeness(5.0), form.left[0] @ form.right[1]
    (-0.78125, np.float32(-0.78125))
    """
    tiny = 4 * (rows.shape[1] + 16) * 2.0**-53
    if metric == "corrected":
        if halves is None:
            raise ValueError("The corrected cosine needs the halves of the clusters.")
        one, two = halves.left, halves.right
        return _made(
            one.astype(np.float32),
            two.astype(np.float32),
            lambda i, j: _dots(one, two, i, j),
            float,
            tiny * float(row_norms(one).max(initial=0.0)) ** 2,
            True,
        )
    if metric in ("cosine", "centred"):
        units = unit_rows(rows if metric == "cosine" else about_the_mean(rows))
        about = units - units.mean(axis=0)
        # cos = 1 - |u - v|^2 / 2; a zero row is as if it stood off at a right angle to all
        own = -0.5 * np.einsum("ij,ij->i", about, about) - np.where(units.any(axis=1), 0.0, 0.5)
        left, right = _with_own(about, own)

        def cosines(i: NDArray[np.intp], j: NDArray[np.intp]) -> NDArray[np.float64]:
            return np.clip(_dots(units, units, i, j), -1.0, 1.0)

        return _made(left, right, cosines, lambda value: value - 1.0, tiny, True)
    shift = rows.mean(axis=0)
    moved = rows - shift
    unit = float(
        2.0 ** np.ceil(np.log2(float(row_norms(moved).max()) or 1.0))
    )  # scales without rounding
    about = moved / unit
    if metric == "dp":
        own = about @ (shift / unit)
        left, right = _with_own(about, own)
        constant = float(shift @ shift)
        blur = tiny * (float(row_norms(rows).max()) / unit) ** 2
        return _made(
            left,
            right,
            lambda i, j: _dots(rows, rows, i, j),
            lambda value: (value - constant) / unit / unit,
            blur,
            True,
            unit,
        )
    own = -0.5 * np.einsum("ij,ij->i", about, about)
    left, right = _with_own(about, own)
    if metric == "l2":

        def distances(i: NDArray[np.intp], j: NDArray[np.intp]) -> NDArray[np.float64]:
            return unit * np.sqrt(squared_distances(rows, i, j, unit))

        return _made(
            left, right, distances, lambda value: -0.5 * (value / unit) ** 2, tiny, False, unit
        )

    def similarities(i: NDArray[np.intp], j: NDArray[np.intp]) -> NDArray[np.float64]:
        return 1.0 / (1.0 + unit * np.sqrt(squared_distances(rows, i, j, unit)))

    return _made(
        left,
        right,
        similarities,
        lambda value: -0.5 * ((1.0 / value - 1.0) / unit) ** 2,
        tiny * (1.0 / unit + 2.0),
        True,
        unit,
    )


def _with_own(
    about: NDArray[np.float64], own: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rows whose products are about[i] @ about[j] + own[i] + own[j].

    The columns that add `own` are balanced, so that the norms of the rows bound their products well.
    """
    n_dims = about.shape[1]
    ones = float(np.sqrt(np.abs(own).max(initial=1e-30)))
    left = np.empty((len(about), n_dims + 2), np.float32)
    left[:, :n_dims], left[:, n_dims], left[:, n_dims + 1] = about, own / ones, ones
    right = left.copy()
    right[:, n_dims], right[:, n_dims + 1] = ones, own / ones
    return left, right


def _made(
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    exact: Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float64]],
    likeness: Callable[[float], float],
    blur: float,
    largest_first: bool,
    unit: float = 1.0,
) -> Form:
    return Form(
        left,
        right,
        np.sqrt(np.einsum("ij,ij->i", left, left)).astype(np.float64),
        np.sqrt(np.einsum("ij,ij->i", right, right)).astype(np.float64),
        exact,
        likeness,
        blur,
        unit,
        largest_first,
    )


def _dots(
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    i: NDArray[np.intp],
    j: NDArray[np.intp],
) -> NDArray[np.float64]:
    """The product of rows i[p] and j[p] of each pair p."""
    result = np.empty(len(i))
    for block in row_blocks(len(i), left.shape[1]):
        result[block] = np.einsum("ij,ij->i", left[i[block]], right[j[block]])
    return result
