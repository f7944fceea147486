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


def test_folds_add_up() -> None:
    places = np.random.default_rng(1).normal(0, 2.5, 90)
    whole = valley(places, TWO)
    parts = valley(places[:40], TWO) + valley(places[40:], TWO)
    assert parts.rise.total == pytest.approx(whole.rise.total)
    assert parts.fall.points == whole.fall.points
    assert parts.p_value() == pytest.approx(whole.p_value())


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


def test_power_is_that_of_the_likelihood_ratio_and_grows_with_points() -> None:
    assert valley_power(300, 0.5, 3.0) == pytest.approx(0.59, abs=0.02)
    assert valley_power(1200, 0.9, 4.0) == pytest.approx(0.38, abs=0.02)
    assert valley_power(1200, 0.5, 3.0) > valley_power(600, 0.5, 3.0)
    assert valley_power(10_000, 0.5, 1.9) == 0.05
