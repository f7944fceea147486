"""Modes of a sample: the dip and the depth of a valley."""

import numpy as np
import pytest

from relevanceai.kernels.unimodality import dip_p_value, smooth_density, valley_depth


def test_the_dip_sees_two_modes_and_not_one() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=200)
    assert dip_p_value(one) > 0.5
    assert dip_p_value(np.concatenate([one - 4, one + 4])) < 0.001


def test_the_dip_of_next_to_nothing_is_no_evidence() -> None:
    assert dip_p_value(np.empty(0)) == 1.0
    assert dip_p_value(np.array([0.0, 1.0, 5.0])) == 1.0
    assert dip_p_value(np.zeros(50)) == 1.0


def test_a_density_sums_to_one() -> None:
    grid = np.linspace(-8, 8, 400)
    density = smooth_density(np.array([-1.0, 0.5, 2.0]), grid, 0.5)
    assert density.sum() * (grid[1] - grid[0]) == pytest.approx(1.0, abs=1e-6)


def test_depth_is_none_for_one_group_and_all_for_two_far_apart() -> None:
    rng = np.random.default_rng(1)
    one = rng.normal(size=400)
    assert valley_depth(one, -1.0, 1.0) < 0.1
    assert valley_depth(np.concatenate([one - 10, one + 10]), -10.0, 10.0) > 0.99
    assert 0.3 < valley_depth(np.concatenate([one - 1.75, one + 1.75]), -1.75, 1.75) < 0.8


def test_depth_without_order_or_width_is_settled() -> None:
    assert valley_depth(np.zeros(10), 0.0, 0.0) == 0.0
    assert valley_depth(np.array([-1.0, -1.0, 1.0, 1.0]), -1.0, 1.0) == 1.0
    assert valley_depth(np.empty(0), -1.0, 1.0) == 0.0
