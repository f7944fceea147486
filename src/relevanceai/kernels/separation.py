"""Two clusters or one? The cross-fitted test: learned on some documents, judged on the others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.combination import cauchy_combination
from relevanceai.kernels.crossfit import HeldOut, held_out_places
from relevanceai.kernels.shrinkage import FoldAxes
from relevanceai.kernels.unimodality import dip_p_value, valley_depth
from relevanceai.kernels.valley import Expected, Valley, valley, valley_power

LEAST_DOCUMENTS = 10
"""Fewer of one cluster are too few to test."""

LEAST_TOGETHER = 40
"""Fewer of both together are too few to test."""

N_FOLDS = 10
"""An axis is learned from nine tenths of the documents, and judged by the last tenth."""


CLEAR_GAP = 5.0
"""Standard deviations between two groups that a person would call clearly apart."""


_MANY = 2_000  # documents that need fewer splits: chance in dealing them matters less
_OWN = 0.75


@dataclass(frozen=True, slots=True)
class SeparationTest:
    """What the held-out documents of two clusters say about whether they are two.

    Parameters
    ----------
    is_tested : False when there are too few documents; the p-values are 1.0 then.
    p_value : how probable so clear a valley is if both are one population with one mode.
    p_dip : Hartigan's dip on the same held-out places; descriptive, see `dip_p_value`.
    gap : distance of the two means on the held-out axis, in standard deviations within the
        clusters. Labels made from these very vectors widen it: it orders pairs, and decides nothing.
    depth : how far the density falls between the two, as a share of the lower peak, in [0, 1].
    power : how often this test would find two groups as large as these and `CLEAR_GAP` apart, in
        [0, 1]; worse in many dimensions and with few documents. By approximation.
    stretch : how many times wider the union is along the line between the means than across it.
    held_out_first, held_out_second : float64 arrays of shape (n_first,) and (n_second,): each
        document's place on the axis, learned without it, averaged over the splits; in standard
        deviations within the clusters, 0 in the middle, the second cluster to the right.
    n_splits, n_folds : how often the documents were split, and into how many folds.
    """

    is_tested: bool
    p_value: float
    p_dip: float
    gap: float
    depth: float
    power: float
    stretch: float
    held_out_first: NDArray[np.float64]
    held_out_second: NDArray[np.float64]
    n_splits: int
    n_folds: int


def enough_documents(n_first: int, n_second: int) -> bool:
    """Tell whether samples of these sizes can be tested."""
    return min(n_first, n_second) >= LEAST_DOCUMENTS and n_first + n_second >= LEAST_TOGETHER


def separation_test(
    first: NDArray[np.float32] | NDArray[np.float64],
    second: NDArray[np.float32] | NDArray[np.float64],
    *,
    rng: np.random.Generator,
    n_splits: int | None = None,
    n_folds: int = N_FOLDS,
) -> SeparationTest:
    """Test whether two clusters are two groups with a valley between them, or a cut through one.

    Parameters
    ----------
    first, second : float arrays of shape (n_first, n_dims) and (n_second, n_dims), finite, at least
        one row in each: all documents of the two clusters, or a sample of both at the same rate.
    rng : deals the documents to folds. The answer depends on nothing else that is random.
    n_splits : how often the documents are dealt anew; the p-values are combined. None for 3, and 2
        above 2,000 documents.
    n_folds : see `N_FOLDS`.

    Returns
    -------
    SeparationTest. Swapping the clusters mirrors the axis; p-values differ by the deal alone.

    Notes
    -----
    For each fold an axis is learned from the other folds (`FoldAxes`) and the fold's documents are
    placed on it, without a look at their labels. Where the valley should lie follows from five
    numbers, the means, widths and sizes of the two clusters' held-out places; whether it is there,
    from the places without labels (`valley`). The p-values of the splits, which depend on each
    other, are combined by `cauchy_combination`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cloud = rng.normal(size=(400, 8))
    >>> cut = cloud[:, 0] > 0
    >>> separation_test(cloud[cut], cloud[~cut], rng=rng).p_value > 0.2
    True
    >>> separation_test(cloud[:200], cloud[200:] + 3.0, rng=rng).p_value < 0.001
    True
    """
    n_first, n_second = len(first), len(second)
    if not enough_documents(n_first, n_second):
        nothing = np.zeros(n_first), np.zeros(n_second)
        return SeparationTest(False, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, *nothing, 0, n_folds)
    if n_splits is None:
        n_splits = 3 if n_first + n_second <= _MANY else 2
    axes = FoldAxes(first, second)
    is_second = axes.is_second
    mean_places = np.zeros(len(is_second))
    p_valleys, p_dips = [], []
    for _ in range(n_splits):
        held = held_out_places(axes, n_folds, rng)
        places = _in_sds(held.places, is_second)
        p_valleys.append(_valley_of(HeldOut(held.folds, places), is_second, n_folds).p_value())
        p_dips.append(dip_p_value(places))
        mean_places += places / n_splits
    mean_places = _in_sds(mean_places, is_second)
    one, other = mean_places[~is_second], mean_places[is_second]
    return SeparationTest(
        True,
        cauchy_combination(p_valleys),
        cauchy_combination(p_dips),
        float(other.mean() - one.mean()),
        valley_depth(mean_places, float(one.mean()), float(other.mean())),
        _power(axes, n_folds),
        axes.stretch(rng),
        one,
        other,
        n_splits,
        n_folds,
    )


def _power(axes: FoldAxes, n_folds: int) -> float:
    """Return the power against `CLEAR_GAP`, less what an axis learned from few documents loses."""
    n_rows = len(axes.is_second)
    share = float((~axes.is_second).mean())
    learned_from = n_rows * (1.0 - 1.0 / n_folds)
    lost = axes.effective_dims() / (learned_from * share * (1.0 - share) * CLEAR_GAP**2)
    return valley_power(n_rows, share, CLEAR_GAP / (1.0 + lost) ** 0.5)


def _in_sds(places: NDArray[np.float64], is_second: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Scale places to a standard deviation of 1 within the clusters; nothing when all are equal."""
    within = 0.0
    for rows in (~is_second, is_second):
        within += float(np.square(places[rows] - places[rows].mean()).sum())
    sd = float(np.sqrt(within / max(1, len(places) - 2)))
    return places / sd if sd > 0.0 else places


def _valley_of(held: HeldOut, is_second: NDArray[np.bool_], n_folds: int) -> Valley:
    """Weigh the held-out places by what the means, widths and sizes of both clusters let expect.

    These five numbers can be taken from all held-out places, the judged ones included, which
    overstates the evidence a little, the more the fewer there are, or for each fold from the other
    folds, which understates it. `_OWN` parts of the former and the rest of the latter are, with
    many documents, what the true numbers would give on average; with few, the former counts less,
    so that the level holds for the worst shapes there are: a narrow peak within a flat stretch.
    """
    known = _expected(held.places, is_second)
    if known is None:
        return Valley()
    others = Valley()
    for fold in range(n_folds):
        inside = held.folds == fold
        expected = _expected(held.places[~inside], is_second[~inside])
        if expected is not None:
            others += valley(held.places[inside], expected)
    weight = _OWN * len(is_second) / (len(is_second) + LEAST_TOGETHER)
    return valley(held.places, known).scaled(weight) + others.scaled(1.0 - weight)


def _expected(places: NDArray[np.float64], is_second: NDArray[np.bool_]) -> Expected | None:
    """Return where two groups should lie, or None when labelled places show no order."""
    one, other = places[~is_second], places[is_second]
    if len(one) < 2 or len(other) < 2:
        return None
    left, right = float(one.mean()), float(other.mean())
    left_sd, right_sd = float(one.std()), float(other.std())
    if not right > left:
        return None
    least = max(0.05 * max(left_sd, right_sd), 0.01 * (right - left))
    return Expected(left, right, max(left_sd, least), max(right_sd, least), len(one) / len(places))
