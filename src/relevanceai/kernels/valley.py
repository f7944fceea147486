"""A test for a valley between two peaks, for every unimodal density, however it is shaped.

What two groups should look like (two normal densities, `Expected`) is learned from labels. Here that
picture is compared with the unimodal density nearest to it. The two differ on one stretch only,
where the nearest unimodal density is flat; so all evidence lies in how the points of that stretch
fall within it, and under the flat density this is known exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

_REACH = 5.0  # standard deviations on either side that the picture covers
_CELLS = 600
_WIDEST = 12.0
_LEAST_POINTS = 6  # in a stretch, before anything is said
_FLAT = 1e-9
_STEPS = 41  # of the grid in either direction on which power is summed
_DOUBT = 1.0  # standard deviations by which a side that shows may show by chance

LEVEL = 0.05
"""The level at which `valley_power` is told."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Two normal groups on a line: what there should be if there are two.

    Parameters
    ----------
    left, right : their means, left < right.
    left_sd, right_sd : their standard deviations, above 0.
    left_share : the share of all points that belongs to the left one, in (0, 1).
    """

    left: float
    right: float
    left_sd: float
    right_sd: float
    left_share: float


@dataclass(frozen=True, slots=True)
class Side:
    """The evidence for one side of a valley.

    Parameters
    ----------
    total : sum of the points' scores, less what a flat density gives.
    variance, third : the second and third cumulant of `total` under a flat density.
    points : how many points lay in the stretch.
    mean, sd : of `total`, in units of sqrt(variance), under the density that falls (or rises) all
        the way and is nearest to the expected one when the *other* side is the flat one.
    correlation : of the totals of the two sides, under the same.
    """

    total: float = 0.0
    variance: float = 0.0
    third: float = 0.0
    points: int = 0
    mean: float = 0.0
    sd: float = 1.0
    correlation: float = 0.0

    def blended(self, others: Sequence["Side"], weight: float) -> "Side":
        """Return the side with a part of its evidence taken from others, that each saw some points.

        `weight`, in [0, 1], is that of its own; the rest is the sum over the others.
        """
        rest = 1.0 - weight
        return replace(
            self,
            total=weight * self.total + rest * sum(one.total for one in others),
            variance=weight * self.variance + rest * sum(one.variance for one in others),
            third=weight * self.third + rest * sum(one.third for one in others),
        )

    def p_value(self) -> float:
        """Return how probable so high a total is under a flat density; 1.0 below six points.

        Normal, corrected for skewness by the first term of Cornish and Fisher's expansion.
        """
        if self.points < _LEAST_POINTS or self.variance <= 0.0:
            return 1.0
        from scipy.special import ndtr

        standardised = self.total / self.variance**0.5
        skewness = self.third / self.variance**1.5
        return float(ndtr(-(standardised - skewness * (standardised**2 - 1.0) / 6.0)))


@dataclass(frozen=True, slots=True)
class Valley:
    """The evidence for both sides of a valley: the rise to its right, the fall to its left."""

    rise: Side = Side()
    fall: Side = Side()

    def blended(self, others: Sequence["Valley"], weight: float) -> "Valley":
        """Return the valley with a part of its evidence taken from others; see `Side.blended`."""
        return Valley(
            self.rise.blended([one.rise for one in others], weight),
            self.fall.blended([one.fall for one in others], weight),
        )

    def p_value(self) -> float:
        """Return how probable it is that one peak shows a rise and a fall as clear as the weaker.

        A unimodal density has its mode on one side of the valley, or in it; so it is flat at best
        on one of the two sides, and that side shows by chance alone. The other may show of itself,
        but no more surely than it does here: as the expected density has it, or where more is seen,
        as is seen less one standard deviation. So the p-value is the chance that both show as
        clearly as the weaker does, the larger of the two ways. It is at most the p-value of the
        weaker side (which it becomes when the other side is beyond doubt: an intersection-union
        test), and half of it where both are doubtful.
        """
        rise, fall = (np.array([side.p_value()]) for side in (self.rise, self.fall))
        return float(_p_of_both(rise, fall, self.rise, self.fall)[0])


def valley(places: NDArray[np.float64], expected: Expected) -> Valley:
    """Weigh how far the points of a sample speak for the valley between two expected peaks.

    Parameters
    ----------
    places : float64 array of shape (n_points,), finite, in any order. Where they were used to learn
        `expected` themselves, the evidence comes out a little too large.
    expected : where the groups should be. Peaks too near to each other for a valley are moved
        apart until there is one.

    Notes
    -----
    The score of a point is the log of the ratio between the expected density and the unimodal one
    nearest to it (in Kullback and Leibler's sense: an isotonic regression), once with the mode on
    the left and once on the right. Its mean and cumulants under the flat stretch are exact.
    O(n_points), and a few hundred steps.

    References
    ----------
    The idea of testing around a cut that isotonic regression shows is that of ISO-SPLIT: Magland
    and Barnett (2015), arXiv:1508.04841. Here the cut is learned on other documents, so that no
    search has to be paid for. Intersection-union tests: Berger (1982), Technometrics 24. That a test
    of unimodality is best calibrated at a density like the one seen, not at the worst there is:
    Cheng and Hall (1998), Journal of the Royal Statistical Society B 60, 579-589.

    Examples
    --------
    >>> two = Expected(-2.0, 2.0, 1.0, 1.0, 0.5)
    >>> apart = np.concatenate([np.linspace(-3, -1, 40), np.linspace(1, 3, 40)])
    >>> valley(apart, two).p_value() < 0.001
    True
    >>> valley(np.linspace(-3, 3, 80), two).p_value() > 0.3
    True
    """
    unit = (expected.left_sd * expected.right_sd) ** 0.5
    ratio = (expected.right_sd / expected.left_sd) ** 0.5
    gap = (expected.right - expected.left) / unit
    if gap > _WIDEST:  # wider gaps are drawn as this one: the groups' widths no longer matter
        gap, unit = _WIDEST, unit * gap / _WIDEST
    grid, density, peaks, _ = _two_peaks(gap, ratio, expected.left_share)
    moved = (places - (expected.left + expected.right) / 2.0) / unit
    rise = _stretch(density, peaks[0])
    fall = _mirrored(_stretch(density[::-1], len(grid) - 1 - peaks[1]), len(grid))
    if rise is None or fall is None:
        return Valley()
    return Valley(
        _side(moved, grid, density, rise, fall),
        _side(moved, grid, density, fall, rise),
    )


def valley_power(n_points: int, left_share: float, gap: float) -> float:
    """Return how often two normal groups so far apart would be found, at the level of 5 %.

    Parameters
    ----------
    n_points : points of both groups together.
    left_share : the share of the left one, in (0, 1).
    gap : the distance of the means, in standard deviations; both groups are equally wide.

    Returns
    -------
    A float in [0, 1], 0.05 at least: the chance that the totals of both sides, taken as normal, are
    such that `Valley.p_value` is at most 5 %, summed over a grid. Below a gap at which the density
    has a valley there is nothing to find.

    Examples
    --------
    >>> round(valley_power(600, 0.5, 3.0), 2), round(valley_power(600, 0.5, 1.5), 2)
    (0.75, 0.05)
    """
    from scipy.special import ndtr, ndtri

    grid, density, peaks, used = _two_peaks(gap, 1.0, left_share)
    if used > gap + 1e-9:
        return LEVEL
    density = density / density.sum()
    rise = _stretch(density, peaks[0])
    fall = _mirrored(_stretch(density[::-1], len(grid) - 1 - peaks[1]), len(grid))
    if rise is None or fall is None:
        return LEVEL
    sides, scores, shifts, widths = [], np.zeros((2, len(grid))), [], []
    for place, (own, other) in enumerate(((rise, fall), (fall, rise))):
        inside = density[own.first : own.last + 1]
        share, mean = float(inside.sum()), float(inside @ own.about)
        spread = float(inside @ own.about**2) - mean**2
        scores[place, own.first : own.last + 1] = own.about
        shifts.append((n_points / (share * own.variance)) ** 0.5 * mean)
        widths.append((spread / (share * own.variance)) ** 0.5)
        sides.append(_null_side(density, own, other, n_points * share))
    means = scores @ density
    covariance = (scores * density) @ scores.T - np.outer(means, means)
    correlation = float(covariance[0, 1] / (covariance[0, 0] * covariance[1, 1]) ** 0.5)
    steps = ndtri((np.arange(_STEPS) + 0.5) / _STEPS)
    one, other_one = (each.ravel() for each in np.meshgrid(steps, steps))
    other_one = correlation * one + (1.0 - correlation**2) ** 0.5 * other_one
    p_values = _p_of_both(
        ndtr(-shifts[0] - widths[0] * one), ndtr(-shifts[1] - widths[1] * other_one), *sides
    )
    return max(LEVEL, float((p_values <= LEVEL).mean()))


def _two_peaks(
    gap: float, ratio: float, left_share: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], tuple[int, int], float]:
    """Return a grid, the expected density on it, the cells of its two peaks, and the gap used."""
    ratio = min(max(ratio, 0.5), 2.0)
    share = min(max(left_share, 0.02), 0.98)
    gap = min(max(gap, 2.0), _WIDEST)
    left_sd, right_sd = 1.0 / ratio, ratio
    while True:
        grid = np.linspace(-gap / 2 - _REACH * left_sd, gap / 2 + _REACH * right_sd, _CELLS)
        density = share / left_sd * np.exp(-0.5 * ((grid + gap / 2) / left_sd) ** 2) + (
            1.0 - share
        ) / right_sd * np.exp(-0.5 * ((grid - gap / 2) / right_sd) ** 2)
        inside = density[1:-1]
        peaks = np.flatnonzero((inside > density[:-2]) & (inside >= density[2:])) + 1
        if len(peaks) >= 2:
            return grid, density, (int(peaks[0]), int(peaks[-1])), gap
        gap += 0.1


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where the nearest unimodal density is flat, and the scores there.

    `about` are the scores of the cells from `first` to `last`, less their mean under the flat
    density, `variance` theirs under it; `height` is the flat density.
    """

    first: int
    last: int
    about: NDArray[np.float64]
    variance: float
    height: float


def _stretch(density: NDArray[np.float64], peak: int) -> _Stretch | None:
    """Return where the nearest density that falls from a peak on is flat; None when it falls."""
    from scipy.optimize import isotonic_regression

    flat = np.asarray(isotonic_regression(density[peak:], increasing=False).x)
    scores = np.log(density[peak:] / flat)
    different = np.flatnonzero(np.abs(scores) > _FLAT)
    if len(different) < 3:
        return None
    first, last = int(different[0]), int(different[-1])
    scores = scores[first : last + 1]
    weights = _cell_weights(len(scores))
    about = scores - float(weights @ scores)
    height = float(flat[first])
    return _Stretch(peak + first, peak + last, about, float(weights @ about**2), height)


def _mirrored(found: _Stretch | None, n_cells: int) -> _Stretch | None:
    """Return a stretch of the mirrored density in the cells of the density itself."""
    if found is None:
        return None
    first, last = n_cells - 1 - found.last, n_cells - 1 - found.first
    return _Stretch(first, last, found.about[::-1], found.variance, found.height)


def _side(
    places: NDArray[np.float64],
    grid: NDArray[np.float64],
    density: NDArray[np.float64],
    own: _Stretch,
    other: _Stretch,
) -> Side:
    """Weigh one side of the valley, and what it shows where the other side is flat."""
    stretch = grid[own.first : own.last + 1]
    inside = places[(places >= stretch[0]) & (places <= stretch[-1])]
    total = float(np.interp(inside, stretch, own.about).sum())
    third = float(_cell_weights(len(own.about)) @ own.about**3)
    return replace(
        _null_side(density, own, other, len(inside)),
        total=total,
        variance=len(inside) * own.variance,
        third=len(inside) * third,
        points=len(inside),
    )


def _null_side(
    density: NDArray[np.float64], own: _Stretch, other: _Stretch, n_inside: float
) -> Side:
    """Return what a side shows of so many points where the other side is flat: no points yet."""
    nearest = density.copy()
    nearest[other.first : other.last + 1] = other.height
    here = nearest[own.first : own.last + 1]
    share = float(here.sum())
    mean = float(here @ own.about) / share
    spread = float(here @ np.square(own.about - mean)) / share
    scores = np.zeros((2, len(density)))
    scores[0, own.first : own.last + 1] = own.about - mean
    scores[1, other.first : other.last + 1] = other.about
    flat = other.height * len(other.about) * other.variance
    return Side(
        mean=mean * (n_inside / own.variance) ** 0.5,
        sd=(spread / own.variance) ** 0.5,
        correlation=float(nearest @ (scores[0] * scores[1])) / (share * spread * flat) ** 0.5,
    )


def _p_of_both(
    rise: NDArray[np.float64], fall: NDArray[np.float64], rising: Side, falling: Side
) -> NDArray[np.float64]:
    """Return the p-values of valleys from those of their sides; see `Valley.p_value`.

    `rise` and `fall` are float64 arrays of shape (n_valleys,).
    """
    from scipy.special import ndtri

    result = np.maximum(rise, fall)
    asked = (result < 0.5) & (result > 0.0)
    if not asked.any():
        return result
    weaker = result[asked]
    least = -ndtri(weaker)
    both = [
        _both_above(least, (least - np.maximum(side.mean, -ndtri(p) - _DOUBT)) / side.sd, side)
        for side, p in (
            (rising, np.maximum(rise[asked], 1e-300)),
            (falling, np.maximum(fall[asked], 1e-300)),
        )
    ]
    result[asked] = np.minimum(weaker, np.maximum(*both))
    return result


def _both_above(
    one: NDArray[np.float64], other: NDArray[np.float64], side: Side
) -> NDArray[np.float64]:
    """Return the chance that two standard normal variables of this correlation are both above."""
    from scipy.special import ndtr, owens_t

    r = min(max(side.correlation, -0.99), 0.99)
    h, k = (np.where(np.abs(value) > 1e-9, -value, 1e-9) for value in (one, other))
    root = (1.0 - r * r) ** 0.5
    below = owens_t(h, (k / h - r) / root) + owens_t(k, (h / k - r) / root)
    opposite = np.where(h * k > 0.0, 0.0, 0.5)
    found: NDArray[np.float64] = np.maximum(0.0, (ndtr(h) + ndtr(k)) / 2.0 - below - opposite)
    return found


def _cell_weights(n_cells: int) -> NDArray[np.float64]:
    """Return the weights of the mean of a function that is linear between the cells."""
    weights = np.ones(n_cells)
    weights[[0, -1]] = 0.5
    result: NDArray[np.float64] = weights / weights.sum()
    return result
