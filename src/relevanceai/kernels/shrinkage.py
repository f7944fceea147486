"""The axis that best tells two clusters apart: linear discriminant analysis, shrunk."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_STEPS = 20  # of power iteration: the widest direction need not be exact
_RIDGE = 1e-6  # of the mean variance: keeps a covariance of duplicates invertible


def oas_shrinkage(n_rows: int, n_dims: int, trace: float, trace_of_square: float) -> float:
    """Return how far a covariance is best drawn towards a multiple of the identity.

    Parameters
    ----------
    n_rows : rows that the covariance was taken from.
    n_dims : its width.
    trace, trace_of_square : of the covariance S, the traces of S and of S @ S.

    Returns
    -------
    A float in [0, 1]: the weight of the identity.

    References
    ----------
    Chen, Wiesel, Eldar and Hero (2010), Shrinkage algorithms for MMSE covariance estimation, eq. 23,
    in the form of scikit-learn's `oas`.

    Examples
    --------
    >>> oas_shrinkage(100, 2, 2.0, 2.0)  # the identity already: nothing to lose
    1.0
    >>> round(oas_shrinkage(100, 2, 2.0, 3.0), 4)
    0.0693
    """
    mean = trace / n_dims
    square = trace_of_square / n_dims**2
    below = (n_rows + 1.0) * (square - mean**2 / n_dims)
    return 1.0 if below <= 1e-12 * mean**2 else min((square + mean**2) / below, 1.0)


class FoldAxes:
    """Two clusters' rows, ready to have an axis learned from any part of them.

    Parameters
    ----------
    first, second : float arrays of shape (n_first, n_dims) and (n_second, n_dims), finite; the
        samples of the two clusters, at least one row in each.

    Notes
    -----
    The axis is the solution w of S w = mean(second) - mean(first), S being the covariance within
    the clusters drawn towards the identity by `oas_shrinkage`. Where there are fewer dimensions
    than rows, S is that of all rows less the fold's; where there are more, everything happens
    among the inner products of the rows (Woodbury's identity), which are taken once. So a split
    costs O(n_rows * n_dims * min(n_rows, n_dims)) at most, and a fold a solution in the smaller.

    The rows are moved to their common mean and scaled to a mean variance of 1 first, so that the
    places do not depend on shift and scale but for rounding.
    """

    def __init__(
        self,
        first: NDArray[np.float32] | NDArray[np.float64],
        second: NDArray[np.float32] | NDArray[np.float64],
    ) -> None:
        rows = np.concatenate([first, second]).astype(np.float64)
        rows -= rows.mean(axis=0)
        scale = float(np.sqrt(np.einsum("ij,ij->", rows, rows) / max(1, rows.size)))
        self.scale = scale if scale > 0 else 1.0
        self.is_second = np.arange(len(rows)) >= len(first)
        self._rows = (rows / self.scale).astype(np.float32)
        n_rows, n_dims = rows.shape
        self._is_wide = n_dims >= n_rows
        self._inner = self._rows @ self._rows.T if self._is_wide else np.empty((0, 0), np.float32)

    def projected(self, folds: NDArray[np.intp], n_folds: int) -> NDArray[np.float64]:
        """Project each row on the axis learned from the rows of all other folds.

        Parameters
        ----------
        folds : int array of shape (n_rows,), the fold of each row, in [0, n_folds).

        Returns
        -------
        float64 array of shape (n_rows,): the distance along the axis from the middle between the
        two means that the axis was learned from, in units of the given vectors. 0.0 where one
        cluster has no row to learn from, or the two means are the same.
        """
        places = np.zeros(len(self._rows))
        if self._is_wide:
            for fold in range(n_folds):
                held = folds == fold
                places[held] = self._wide_places(~held, held)
            return places * self.scale
        parts = [_Part.of(self._rows, self.is_second, folds == fold) for fold in range(n_folds)]
        seconds = np.sum([part.second for part in parts], axis=0)
        sums = np.sum([part.sums for part in parts], axis=0)
        count = np.sum([part.count for part in parts], axis=0)
        for fold, part in enumerate(parts):
            learned = seconds - part.second, sums - part.sums, count - part.count
            places[folds == fold] = _narrow_places(*learned, part.rows)
        return places * self.scale

    def effective_dims(self) -> float:
        """Return how many equally wide dimensions would be as hard to learn an axis in.

        trace(S)^2 / trace(S @ S), S being the covariance within the clusters, less what the noise of
        few rows adds to the denominator; between 1 and the number of dimensions.
        """
        means = [self._rows[rows].mean(axis=0) for rows in (~self.is_second, self.is_second)]
        rows = self._rows - np.where(self.is_second[:, None], means[1], means[0])
        inner = rows @ rows.T if self._is_wide else rows.T @ rows
        n_rows, n_dims = rows.shape
        trace = float(np.trace(inner, dtype=np.float64)) / n_rows
        square = float(np.einsum("ij,ij->", inner, inner, dtype=np.float64)) / n_rows**2
        below = square - trace**2 / n_rows
        return float(n_dims) if below * n_dims <= trace**2 else max(1.0, trace**2 / below)

    def stretch(self, rng: np.random.Generator) -> float:
        """Return how much wider the union is along the line between the means than across it.

        Both directions are taken from one half of the rows, the line between the means and the
        widest direction across it, and both widths from the other half: a ratio of standard
        deviations. 1.0 when there is nothing to measure.
        """
        half = rng.permutation(len(self._rows)) % 2 == 0
        one, other = self._rows[half & ~self.is_second], self._rows[half & self.is_second]
        judged = self._rows[~half]
        if not len(one) or not len(other) or len(judged) < 2:
            return 1.0
        along = other.mean(axis=0) - one.mean(axis=0)
        length = float(np.linalg.norm(along))
        if length == 0.0:
            return 1.0
        along /= length
        learned = np.concatenate([one, other])
        learned = learned - learned.mean(axis=0)
        learned -= np.outer(learned @ along, along)
        across = rng.standard_normal(learned.shape[1]).astype(np.float32)
        for _ in range(_STEPS):
            across = learned.T @ (learned @ across)
            length = float(np.linalg.norm(across))
            if length == 0.0:
                return 1.0
            across /= length
        width = float(np.std(judged @ across, dtype=np.float64))
        return float(np.std(judged @ along, dtype=np.float64)) / width if width > 0.0 else 1.0

    def _wide_places(
        self, learned: NDArray[np.bool_], held: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the places of held rows, by the inner products of the rows."""
        is_second = self.is_second[learned]
        n_one, n_other = int((~is_second).sum()), int(is_second.sum())
        if not n_one or not n_other:
            return np.zeros(int(held.sum()))
        inner = self._inner[np.ix_(learned, learned)].astype(np.float64)
        n_rows, n_dims = len(inner), self._rows.shape[1]
        apart = np.where(is_second, 1.0 / n_other, -1.0 / n_one)  # weights that give b's mean - a's
        middle = np.where(is_second, 0.5 / n_other, 0.5 / n_one)
        centred = inner.copy()  # inner products of the rows less their cluster's mean
        for cluster in (False, True):
            rows = is_second == cluster
            centred[rows] -= centred[rows].mean(axis=0)
        half = centred.copy()
        for cluster in (False, True):
            rows = is_second == cluster
            centred[:, rows] -= centred[:, rows].mean(axis=1, keepdims=True)
        trace = float(np.trace(centred)) / n_rows
        square = float(np.vdot(centred, centred)) / n_rows**2
        shrinkage = oas_shrinkage(n_rows, n_dims, trace, square)
        ridge = (shrinkage + _RIDGE) * trace / n_dims + 1e-30
        weights = apart / ridge
        if shrinkage < 1.0:
            scaled = centred.copy()
            scaled.flat[:: n_rows + 1] += ridge * n_rows / (1.0 - shrinkage)
            inside = _solved(scaled, half @ apart)
            for cluster in (False, True):  # back from rows about their mean to the rows
                rows = is_second == cluster
                inside[rows] -= inside[rows].mean()
            weights = (apart - inside) / ridge
        length = float(np.sqrt(max(weights @ inner @ weights, 0.0)))
        if length == 0.0:
            return np.zeros(int(held.sum()))
        weights /= length
        across = self._inner[np.ix_(held, learned)].astype(np.float64)
        places: NDArray[np.float64] = across @ weights - middle @ inner @ weights
        return places


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows of a fold, their second moment, and for each cluster their sums and how many."""

    rows: NDArray[np.float32]
    second: NDArray[np.float32]
    sums: NDArray[np.float64]
    count: NDArray[np.int64]

    @classmethod
    def of(
        cls, rows: NDArray[np.float32], is_second: NDArray[np.bool_], inside: NDArray[np.bool_]
    ) -> "_Part":
        held, side = rows[inside], is_second[inside]
        sums = np.stack([held[one].sum(axis=0, dtype=np.float64) for one in (~side, side)])
        return cls(held, held.T @ held, sums, np.array([(~side).sum(), side.sum()]))


def _narrow_places(
    second_moment: NDArray[np.float32],
    sums: NDArray[np.float64],
    count: NDArray[np.int64],
    held: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Return the places of held rows, by the covariance of the dimensions of the others."""
    if not count.all():
        return np.zeros(len(held))
    n_rows, n_dims = int(count.sum()), held.shape[1]
    means = sums / count[:, None]
    covariance = second_moment.astype(np.float64)
    covariance -= (means.T * count) @ means
    covariance /= n_rows
    trace = float(np.trace(covariance))
    shrinkage = oas_shrinkage(n_rows, n_dims, trace, float(np.vdot(covariance, covariance)))
    covariance *= 1.0 - shrinkage
    covariance.flat[:: n_dims + 1] += (shrinkage + _RIDGE) * trace / n_dims + 1e-30
    axis = _solved(covariance, means[1] - means[0])
    length = float(np.linalg.norm(axis))
    if length == 0.0:
        return np.zeros(len(held))
    axis /= length
    places: NDArray[np.float64] = held @ axis.astype(np.float32) - means.mean(axis=0) @ axis
    return places


def _solved(matrix: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve a symmetric system that is positive definite but for rounding."""
    from scipy.linalg import cho_factor, cho_solve

    try:
        solved: NDArray[np.float64] = cho_solve(cho_factor(matrix, check_finite=False), right)
    except np.linalg.LinAlgError:
        solved = np.linalg.pinv(matrix) @ right
    return solved
