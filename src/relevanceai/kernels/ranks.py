"""Two samples of numbers compared by rank: how often one is the larger, and by how much."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

_FEW = 10  # from here on the deviation of a share of pairs is taken from the data alone
_HUGE = 1e307  # differences of larger numbers would leave the range of float64


@dataclass(frozen=True, slots=True)
class RankShift:
    """How a first sample of numbers differs from a second.

    `effect` is Cliff's delta, in [-1, 1]: the share of pairs in which the first is the larger,
    minus the share in which it is the smaller; `effect_low` and `effect_high` bound it. `p_value`
    is Mann and Whitney's, two-sided. `shift` is the median of all differences, first minus second
    (Hodges and Lehmann), in the unit of the numbers; its bounds are None where there are too few
    numbers to bound it.
    """

    effect: float
    effect_low: float
    effect_high: float
    p_value: float
    shift: float
    shift_low: float | None
    shift_high: float | None


def auroc(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the chance that a number of the first sample is larger than one of the second.

    Parameters
    ----------
    first, second : float64 arrays of shape (n,) and (m,), finite, not empty.

    Returns
    -------
    A float in [0, 1], ties counting half: the area under the ROC curve. 0.5 tells nothing.

    Examples
    --------
    >>> auroc(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    below, above = _placed(np.asarray(first), np.sort(second))
    return float((below.sum() + above.sum()) / (2 * len(first) * len(second)))


def rank_shift(
    first: NDArray[np.float64], second: NDArray[np.float64], *, level: float = 0.05
) -> RankShift:
    """Compare two samples of numbers without assuming a shape of either.

    Parameters
    ----------
    first, second : float64 arrays of shape (n,) and (m,), finite, not empty; in any order.
    level : the intervals hold with probability 1 - level, nearly.

    Notes
    -----
    The interval of the effect is Newcombe's fifth, which neither leaves [-1, 1] nor shrinks to
    nothing when the samples do not overlap, made wider where the samples' own variance (DeLong's)
    is larger, as it is when the spreads differ. The shift lies between the two differences whose
    places among all n * m leave room for the deviation of the share of pairs (DeLong's again; below
    10 numbers at least that of equal distributions). O((n + m) log(n + m)): the pairs are counted, not made.

    References
    ----------
    Cliff, 1993. Newcombe: Confidence intervals for an effect size measure based on the
    Mann-Whitney statistic, part 2, 2006. Hodges, Lehmann, 1963. DeLong, DeLong, Clarke-Pearson,
    1988.

    Examples
    --------
    >>> found = rank_shift(np.arange(20.0) + 5, np.arange(20.0))
    >>> found.effect, found.shift, (found.shift_low, found.shift_high)
    (0.4375, 5.0, (1.0, 9.0))
    """
    scale = 0.25 if max(np.abs(first).max(), np.abs(second).max()) > _HUGE else 1.0
    x, y = np.sort(first) * scale, np.sort(second) * scale
    n, m = len(x), len(y)
    z = NormalDist().inv_cdf(1.0 - level / 2.0)
    below, above = _placed(x, y)
    chance = float((below.sum() + above.sum()) / (2 * n * m))
    low, high = _chance_bounds(chance, x, y, z)
    n_pairs = n * m
    middle = (_difference(x, y, (n_pairs + 1) // 2) + _difference(x, y, n_pairs // 2 + 1)) / 2
    variance, freedom = _share_variance(x - middle, y)
    equal = (n + m + 1) / (12 * n * m)
    variance = variance if min(n, m) >= _FEW else max(variance, equal)
    half = _students(z, freedom) * variance**0.5
    lowest = int(np.floor(n_pairs * (0.5 - half)))
    is_bounded = lowest >= 1
    return RankShift(
        2 * chance - 1,
        2 * low - 1,
        2 * high - 1,
        _mann_whitney(chance, x, y),
        _scaled(middle, scale),
        _scaled(_difference(x, y, lowest), scale) if is_bounded else None,
        _scaled(_difference(x, y, n_pairs + 1 - lowest), scale) if is_bounded else None,
    )


def _placed(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For each x how many of the sorted y are below it, and how many are not above it."""
    return np.searchsorted(y, x, side="left"), np.searchsorted(y, x, side="right")


def _chance_bounds(
    chance: float, x: NDArray[np.float64], y: NDArray[np.float64], z: float
) -> tuple[float, float]:
    """Newcombe's method 5, widened where the samples' own variance is larger than it assumes."""
    n, m = len(x), len(y)
    size = (n + m) / 2 - 1

    def assumed(theta: float) -> float:
        spread = 1 + size * (1 - theta) / (2 - theta) + size * theta / (1 + theta)
        return theta * (1 - theta) * spread / (n * m)

    widened = z * z
    if 0 < chance < 1:
        variance, freedom = _share_variance(x, y)
        own = _students(z, freedom) ** 2 * variance / assumed(chance)
        widened = max(widened, own)

    def is_far(theta: float) -> bool:
        return (theta - chance) ** 2 > widened * assumed(theta)

    bounds = []
    for outer in (0.0, 1.0):
        near, far = chance, outer
        for _ in range(50):  # stays where it is when the chance is 0 or 1 itself
            middle = (near + far) / 2
            near, far = (near, middle) if is_far(middle) else (middle, far)
        bounds.append((near + far) / 2)
    return bounds[0], bounds[1]


def _mann_whitney(chance: float, x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The two-sided p-value by the normal approximation, with ties and continuity."""
    n, m = len(x), len(y)
    _, ties = np.unique(np.concatenate([x, y]), return_counts=True)
    total = n + m
    tied = float((ties.astype(np.float64) ** 3 - ties).sum()) / (total * max(total - 1, 1))
    variance = n * m / 12 * (total + 1 - tied)
    if variance <= 0:
        return 1.0
    away = max(abs(chance - 0.5) * n * m - 0.5, 0.0)
    return min(1.0, 2 * NormalDist().cdf(-away / variance**0.5))


def _share_variance(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """DeLong's variance of the share of pairs with x above y, and its degrees of freedom (Welch).

    Both samples are sorted. Of one number there is no variance: it adds none.
    """
    n, m = len(x), len(y)
    below, above = _placed(x, y)
    of_x = float(((below + above) / (2 * m)).var(ddof=1)) / n if n > 1 else 0.0
    below, above = _placed(y, x)
    of_y = float(((below + above) / (2 * n)).var(ddof=1)) / m if m > 1 else 0.0
    total = of_x + of_y
    if total <= 0:
        return 0.0, float(n + m)
    share = of_x / total
    return total, 1.0 / (share**2 / max(n - 1, 1) + (1 - share) ** 2 / max(m - 1, 1))


def _students(z: float, freedom: float) -> float:
    """Student's quantile from the normal one, by its expansion in 1 / degrees of freedom."""
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def _difference(x: NDArray[np.float64], y: NDArray[np.float64], place: int) -> float:
    """The difference x - y at a place, from 1, among all pairs in rising order; both sorted."""
    low, high = float(x[0] - y[-1]), float(x[-1] - y[0])
    width = high - low
    for _ in range(60):  # high always has at least `place` differences up to it
        middle = low + (high - low) / 2
        if not low < middle < high:
            break
        n_up_to = len(x) * len(y) - int(np.searchsorted(y, x - middle, side="left").sum())
        low, high = (low, middle) if n_up_to >= place else (middle, high)
    # The answer is a difference of two numbers of the samples: the largest not above `high`.
    slack = width * 1e-15 + np.spacing(max(abs(float(x[0])), abs(float(x[-1])), abs(high)))
    at = np.searchsorted(y, x - (high + slack), side="left")
    there = at < len(y)
    return float((x[there] - y[at[there]]).max()) if there.any() else high


def _scaled(value: float, scale: float) -> float:
    """Undo the scaling, staying finite."""
    largest = float(np.finfo(np.float64).max)
    return max(-largest * scale, min(largest * scale, value)) / scale
