"""Two samples by rank: against the plainest definitions, and where the usual formulas fail."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import auroc as naive_auroc
from relevanceai.kernels.ranks import auroc, rank_shift

NUMBERS = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=12)
WILD = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8)


@given(NUMBERS, NUMBERS)
def test_the_auroc_is_the_share_of_pairs(first: list[float], second: list[float]) -> None:
    found = auroc(np.array(first), np.array(second))
    assert found == pytest.approx(naive_auroc(first, second))
    assert found + auroc(np.array(second), np.array(first)) == pytest.approx(1.0)


@given(NUMBERS, NUMBERS)
def test_the_shift_is_the_median_of_all_differences(
    first: list[float], second: list[float]
) -> None:
    found = rank_shift(np.array(first), np.array(second))
    assert found.shift == np.median(np.subtract.outer(first, second))
    assert found.effect == pytest.approx(2 * naive_auroc(first, second) - 1)


def test_the_shift_is_one_of_the_differences_to_the_last_bit() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(3e8, 1, 301), rng.normal(3e8, 1, 201)
    found = rank_shift(first, second)
    outer = np.sort(np.subtract.outer(first, second).ravel())
    assert found.shift == outer[len(outer) // 2]
    assert found.shift_low in outer
    assert found.shift_high in outer


@given(WILD, WILD)
def test_every_number_is_finite_and_its_bounds_enclose_it(
    first: list[float], second: list[float]
) -> None:
    found = rank_shift(np.array(first), np.array(second))
    held = (found.effect, found.effect_low, found.effect_high, found.p_value, found.shift)
    assert all(math.isfinite(one) for one in held)
    assert -1 <= found.effect_low <= found.effect <= found.effect_high <= 1
    assert 0 <= found.p_value <= 1
    if found.shift_low is not None and found.shift_high is not None:
        assert found.shift_low <= found.shift <= found.shift_high


def test_swapping_the_samples_turns_everything_round() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=40), rng.normal(0.7, 2, size=60)
    one, other = rank_shift(first, second), rank_shift(second, first)
    assert one.shift_low is not None
    assert other.shift_high is not None
    assert one.effect_low == pytest.approx(-other.effect_high)
    assert one.shift == pytest.approx(-other.shift)
    assert one.shift_low == pytest.approx(-other.shift_high)
    assert one.p_value == pytest.approx(other.p_value)


def test_one_number_against_many_bounds_the_effect_and_not_the_shift() -> None:
    found = rank_shift(np.array([200.0]), np.arange(100.0))
    assert found.effect == 1.0
    assert found.effect_low < 0.6
    assert found.p_value > 0.05
    assert (found.shift_low, found.shift_high) == (None, None)


def test_equal_numbers_differ_in_nothing() -> None:
    found = rank_shift(np.zeros(50), np.zeros(30))
    assert (found.effect, found.p_value, found.shift) == (0.0, 1.0, 0.0)
    assert found.effect_low < 0 < found.effect_high


@pytest.mark.parametrize(("n", "m", "spread"), [(15, 15, 1.0), (15, 200, 3.0), (80, 95, 0.3)])
def test_the_intervals_hold_where_spreads_differ(n: int, m: int, spread: float) -> None:
    rng = np.random.default_rng(3)
    held = np.zeros(2)
    for _ in range(200):
        found = rank_shift(rng.normal(1, spread, n), rng.normal(0, 1, m))
        assert found.shift_low is not None
        assert found.shift_high is not None
        truth = math.erf(1 / math.sqrt(1 + spread**2) / math.sqrt(2))
        held += (
            found.shift_low <= 1 <= found.shift_high,
            found.effect_low <= truth <= found.effect_high,
        )
    assert (held >= 200 * 0.9).all()
