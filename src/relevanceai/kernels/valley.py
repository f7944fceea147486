"""A test for a valley between two peaks: valid for every unimodal density, however it is shaped.

What two groups should look like (two normal densities, `Expected`) is learned elsewhere. Here that
picture is compared with the unimodal density nearest to it. The two differ on one stretch only,
where the nearest unimodal density is flat; so all evidence lies in how the points of that stretch
fall within it, and under the flat density this is known exactly.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_REACH = 5.0  # standard deviations on either side that the picture covers
_CELLS = 600
_WIDEST = 12.0
_LEAST_POINTS = 6  # in a stretch, before anything is said
_FLAT = 1e-9
_CRITICAL = 1.6449  # of the normal distribution, at the level below

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
    """The evidence for one side of a valley, as sums that can be added over folds.

    Parameters
    ----------
    total : sum of the points' scores, less what a flat density gives.
    variance, third : the second and third cumulant of `total` under a flat density.
    points : how many points lay in the stretch.
    """

    total: float = 0.0
    variance: float = 0.0
    third: float = 0.0
    points: int = 0

    def __add__(self, other: "Side") -> "Side":
        return Side(
            self.total + other.total,
            self.variance + other.variance,
            self.third + other.third,
            self.points + other.points,
        )

    def scaled(self, weight: float) -> "Side":
        """Return the side with its sums weighed, as if it came from so many times its points."""
        return Side(weight * self.total, weight * self.variance, weight * self.third, self.points)

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

    def __add__(self, other: "Valley") -> "Valley":
        return Valley(self.rise + other.rise, self.fall + other.fall)

    def scaled(self, weight: float) -> "Valley":
        """Return both sides weighed; see `Side.scaled`."""
        return Valley(self.rise.scaled(weight), self.fall.scaled(weight))

    def p_value(self) -> float:
        """Return the p-value of the whole: that of its weaker side.

        A unimodal density has its mode on one side of the valley, or in it; so it cannot have both
        the rise and the fall, and the weaker of the two is what must be explained (an
        intersection-union test).
        """
        return max(self.rise.p_value(), self.fall.p_value())


def valley(places: NDArray[np.float64], expected: Expected) -> Valley:
    """Weigh how far the points of a sample speak for the valley between two expected peaks.

    Parameters
    ----------
    places : float64 array of shape (n_points,), finite, in any order. Where they were used to learn
        `expected` themselves, the evidence comes out a little too large.
    expected : where the groups should be. Peaks too near to each other for a valley are moved
        apart until there is one.

    Returns
    -------
    Valley; those of several folds are added before `p_value()`.

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
    search has to be paid for. Intersection-union tests: Berger (1982), Technometrics 24.

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
    rise = _side(moved, grid, density, peaks[0])
    fall = _side(-moved, -grid[::-1], density[::-1], len(grid) - 1 - peaks[1])
    return Valley(rise, fall)


def valley_power(n_points: int, left_share: float, gap: float) -> float:
    """Return how often two normal groups so far apart would be found, at the level of 5 %.

    Parameters
    ----------
    n_points : points of both groups together.
    left_share : the share of the left one, in (0, 1).
    gap : the distance of the means, in standard deviations; both groups are equally wide.

    Returns
    -------
    A float in [0, 1], 0.05 at least: by the normal approximation of the weaker side. Below a gap at
    which the density has a valley there is nothing to find.

    Examples
    --------
    >>> round(valley_power(600, 0.5, 3.0), 2), round(valley_power(600, 0.5, 1.5), 2)
    (0.84, 0.05)
    """
    from scipy.special import ndtr

    _, density, peaks, used = _two_peaks(gap, 1.0, left_share)
    if used > gap + 1e-9:
        return LEVEL
    density = density / density.sum()
    sides = (
        (density, peaks[0]),
        (density[::-1], len(density) - 1 - peaks[1]),
    )
    powers = []
    for weights, peak in sides:
        found = _stretch(weights, peak)
        if found is None:
            return LEVEL
        first, last, about, variance = found
        inside = weights[first : last + 1]
        share = float(inside.sum())
        mean = float(inside @ about)
        spread = float(inside @ about**2) - mean**2
        shift = np.sqrt(n_points / (share * variance)) * mean
        powers.append(float(ndtr((shift - _CRITICAL) / np.sqrt(spread / (share * variance)))))
    return max(LEVEL, min(powers))


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


def _side(
    places: NDArray[np.float64],
    grid: NDArray[np.float64],
    density: NDArray[np.float64],
    peak: int,
) -> Side:
    """Weigh the rise to the right of the left peak."""
    found = _stretch(density, peak)
    if found is None:
        return Side()
    first, last, about, variance = found
    stretch = grid[first : last + 1]
    inside = places[(places >= stretch[0]) & (places <= stretch[-1])]
    total = float(np.interp(inside, stretch, about).sum())
    third = float(_cell_weights(len(about)) @ about**3)
    return Side(total, len(inside) * variance, len(inside) * third, len(inside))


def _stretch(
    density: NDArray[np.float64], peak: int
) -> tuple[int, int, NDArray[np.float64], float] | None:
    """Return where the nearest density that falls from a peak on is flat, and the scores there.

    The first and last cell of the stretch, the scores less their mean under the flat density, and
    their variance under it; None when the density falls of itself.
    """
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
    return peak + first, peak + last, about, float(weights @ about**2)


def _cell_weights(n_cells: int) -> NDArray[np.float64]:
    """Return the weights of the mean of a function that is linear between the cells."""
    weights = np.ones(n_cells)
    weights[[0, -1]] = 0.5
    result: NDArray[np.float64] = weights / weights.sum()
    return result
