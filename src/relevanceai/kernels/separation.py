"""Two clusters or one? The cross-fitted test: learned on some documents, judged on the others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.crossfit import held_out_places, stratified_folds
from relevanceai.kernels.shrinkage import FoldAxes
from relevanceai.kernels.unimodality import dip_p_value, valley_depth
from relevanceai.kernels.valley import Expected, valley, valley_power

LEAST_DOCUMENTS = 10
"""Fewer of one cluster are too few to test."""

LEAST_TOGETHER = 40
"""Fewer of both together are too few to test."""

N_FOLDS = 10
"""An axis is learned from nine tenths of the documents, and judged by the last tenth."""

COARSE_FOLDS = 5
"""Folds of the one split that is made first where most pairs will show nothing."""

CLEAR_GAP = 5.0
"""Standard deviations between two groups that a person would call clearly apart."""


_MANY = 500  # documents that need fewer splits: chance in dealing them matters less
_FEW, _ENOUGH = 200, 600  # documents; see `_p_value`
_LEAST_OWN, _PARTS = 0.75, 5
_LEAST_P = 1e-15  # so small a chance is not known to the digit


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
    plain_above: float | None = None,
) -> SeparationTest:
    """Test whether two clusters are two groups with a valley between them, or a cut through one.

    Parameters
    ----------
    first, second : float arrays of shape (n_first, n_dims) and (n_second, n_dims), finite, at least
        one row in each: all documents of the two clusters, or a sample of both at the same rate.
    rng : deals the documents to folds. The answer depends on nothing else that is random.
    n_splits : how often the documents are dealt anew; each one's places are averaged. None for 3,
        and 2 above 500 documents.
    n_folds : see `N_FOLDS`.
    plain_above : make one split into 5 folds first, and where its p-value is above this let it stand:
        the whole test is not made then, which can only keep two clusters from being called separate.

    Returns
    -------
    SeparationTest. Swapping the clusters mirrors the axis; p-values differ by the deal alone.

    Notes
    -----
    For each fold an axis is learned from the other folds (`FoldAxes`) and the fold's documents are
    placed on it, without a look at their labels. Every deal gives each document one place; their
    average is as much held out as each of them, and depends less on chance, so that one test is
    made and no p-values have to be combined. Where the valley should lie follows from five numbers,
    the means, widths and sizes of the two clusters' held-out places; whether it is there, from the
    places without labels (`valley`).

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
    p_value = 0.0
    if plain_above is not None:
        places = _averaged_places(axes, 1, COARSE_FOLDS, rng)
        p_value = _p_value(places, is_second, rng)
    if plain_above is None or p_value <= plain_above:
        places = _averaged_places(axes, n_splits, n_folds, rng)
        p_value = _p_value(places, is_second, rng)
    else:
        n_splits, n_folds = 1, COARSE_FOLDS
    one, other = places[~is_second], places[is_second]
    return SeparationTest(
        True,
        max(_LEAST_P, p_value),
        dip_p_value(places),
        float(other.mean() - one.mean()),
        valley_depth(places, float(one.mean()), float(other.mean())),
        _power(axes, n_folds),
        axes.stretch(rng),
        one,
        other,
        n_splits,
        n_folds,
    )


def _averaged_places(
    axes: FoldAxes, n_splits: int, n_folds: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the held-out place of each row, averaged over splits, in deviations within clusters."""
    places = np.zeros(len(axes.is_second))
    for _ in range(n_splits):
        places += _in_sds(held_out_places(axes, n_folds, rng).places, axes.is_second)
    return _in_sds(places, axes.is_second)


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


def _p_value(
    places: NDArray[np.float64], is_second: NDArray[np.bool_], rng: np.random.Generator
) -> float:
    """Return the p-value of the valley that the means, widths and sizes of both let expect.

    These five numbers are taken from all held-out places, the judged ones included, which overstates
    the evidence a little; taken for each part of the places from the other parts, they understate
    it. From 600 documents on, a quarter of the evidence is of the latter kind, which keeps the level
    for the worst shapes there are (a narrow peak within a flat stretch) and costs little; at 200 and
    below none is, which keeps it too, with few documents, and costs no power; evenly in between.
    """
    expected = _expected(places[~is_second], places[is_second])
    if expected is None:
        return 1.0
    found = valley(places, expected)
    spared = (1.0 - _LEAST_OWN) * min(1.0, max(0.0, (len(places) - _FEW) / (_ENOUGH - _FEW)))
    if spared == 0.0 or found.p_value() > 0.5:
        return found.p_value()
    parts = stratified_folds(is_second, _PARTS, rng)
    others = []
    for part in range(_PARTS):
        inside = parts == part
        learned = _expected(places[~inside & ~is_second], places[~inside & is_second])
        if learned is not None:
            others.append(valley(places[inside], learned))
    return found.blended(others, 1.0 - spared).p_value()


def _expected(one: NDArray[np.float64], other: NDArray[np.float64]) -> Expected | None:
    """Return where two groups should lie, or None when labelled places show no order."""
    if len(one) < 2 or len(other) < 2:
        return None
    left, right = float(one.mean()), float(other.mean())
    left_sd, right_sd = float(one.std()), float(other.std())
    if not right > left:
        return None
    least = max(0.05 * max(left_sd, right_sd), 0.01 * (right - left))
    share = len(one) / (len(one) + len(other))
    return Expected(left, right, max(left_sd, least), max(right_sd, least), share)
