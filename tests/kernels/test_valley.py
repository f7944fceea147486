"""The test for a valley: what it scores, and what it never calls a valley."""

import numpy as np
import pytest

from relevanceai.kernels.valley import Expected, Side, Valley, valley, valley_power

TWO = Expected(-2.0, 2.0, 1.0, 1.0, 0.5)


def test_two_groups_are_found_and_one_is_not() -> None:
    rng = np.random.default_rng(0)
    two = np.concatenate([rng.normal(-2, 1, 100), rng.normal(2, 1, 100)])
    assert valley(two, TWO).p_value() < 0.01
    assert valley(rng.normal(0, 2, 200), TWO).p_value() > 0.2


def test_a_doubtful_side_does_not_cost_what_a_sure_one_does() -> None:
    rng = np.random.default_rng(1)
    expected = Expected(0.0, 3.0, 1.0, 1.0, 0.5)
    for _ in range(20):
        two = np.concatenate([rng.normal(0, 1, 80), rng.normal(3, 1, 80)])
        found = valley(two, expected)
        rise, fall = found.rise.p_value(), found.fall.p_value()
        assert max(rise, fall) / 3.0 < found.p_value() <= max(rise, fall)
        if min(rise, fall) < 1e-5:  # then the weaker side alone is what must be explained
            assert found.p_value() == pytest.approx(max(rise, fall), rel=0.05)


@pytest.mark.parametrize("peak", [0.0, 0.1, 0.4])
def test_the_level_holds_where_one_side_is_flat(peak: float) -> None:
    # The nearest unimodal density to two peaks, and a narrower peak on it, which shows more surely.
    from scipy.optimize import isotonic_regression

    rng = np.random.default_rng(7)
    expected = Expected(0.0, 3.0, 1.0, 1.0, 0.5)
    grid = np.linspace(-5.0, 8.0, 2_000)
    two = np.exp(-0.5 * grid**2) + np.exp(-0.5 * (grid - 3.0) ** 2)
    top = int(np.argmax(two[: len(two) // 2]))
    two[top:] = isotonic_regression(two[top:], increasing=False).x
    spike = np.exp(-0.5 * (grid / 0.25) ** 2)
    share = np.cumsum(two / two.sum() + peak * spike / spike.sum())
    draws = [np.interp(rng.random(160), share / share[-1], grid) for _ in range(600)]
    assert np.mean([valley(one, expected).p_value() <= 0.05 for one in draws]) < 0.07


def test_a_mirror_swaps_the_sides() -> None:
    places = np.random.default_rng(2).normal(0.5, 2, 80)
    expected = Expected(-1.5, 2.5, 0.8, 1.2, 0.3)
    mirrored = Expected(-2.5, 1.5, 1.2, 0.8, 0.7)
    one, other = valley(places, expected), valley(-places, mirrored)
    assert one.rise.total == pytest.approx(other.fall.total)
    assert one.fall.variance == pytest.approx(other.rise.variance)


def test_shift_and_scale_do_not_matter() -> None:
    places = np.random.default_rng(3).normal(0, 2, 80)
    moved = Expected(100 - 20, 100 + 20, 10, 10, 0.5)
    assert valley(100 + 10 * places, moved).p_value() == pytest.approx(
        valley(places, TWO).p_value()
    )


def test_only_one_side_of_a_valley_is_no_valley() -> None:
    rng = np.random.default_rng(4)
    spike = np.concatenate([rng.normal(-2, 0.2, 300), rng.uniform(-2, 4, 300)])
    found = valley(spike, TWO)
    assert found.fall.p_value() < 1e-6
    assert found.p_value() > 0.05


def test_few_points_say_nothing() -> None:
    assert valley(np.array([-2.0, 2.0, 2.0]), TWO).p_value() == 1.0
    assert valley(np.empty(0), TWO).p_value() == 1.0
    assert Valley().p_value() == 1.0
    assert Side(3.0, 1.0, 0.0, 5).p_value() == 1.0


def test_groups_very_far_apart_are_found() -> None:
    rng = np.random.default_rng(5)
    far = np.concatenate([rng.normal(-500, 1, 40), rng.normal(500, 1, 40)])
    assert valley(far, Expected(-500, 500, 1, 1, 0.5)).p_value() < 1e-4


def test_flat_points_are_rejected_at_the_level_of_each_side() -> None:
    rng = np.random.default_rng(6)
    p = [valley(rng.uniform(-4, 4, 150), TWO).rise.p_value() for _ in range(600)]
    assert 0.03 < np.mean(np.array(p) < 0.05) < 0.08


def test_power_grows_with_points() -> None:
    assert valley_power(1200, 0.5, 3.0) > valley_power(600, 0.5, 3.0)
    assert valley_power(10_000, 0.5, 1.9) == 0.05


@pytest.mark.parametrize(
    ("n", "share", "gap"), [(300, 0.5, 3.0), (1200, 0.9, 4.0), (160, 0.5, 3.5)]
)
def test_power_is_how_often_the_test_finds_two(n: int, share: float, gap: float) -> None:
    rng = np.random.default_rng(4)
    expected = Expected(-gap / 2, gap / 2, 1.0, 1.0, share)
    n_left = round(n * share)
    found = 0
    for _ in range(200):
        places = rng.normal(size=n) + np.where(np.arange(n) < n_left, -gap / 2, gap / 2)
        found += valley(places, expected).p_value() <= 0.05
    assert valley_power(n, share, gap) == pytest.approx(found / 200, abs=0.1)
