"""Cut in two on one half, judged on the other: two groups are found, one is left whole."""

import numpy as np
import pytest

from relevanceai.kernels.two_means import nearer_second, split_test, two_means


def cloud(n: int, d: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def test_two_groups_are_found_and_told_apart() -> None:
    rows = cloud(300)
    rows[:100, 2] += 9.0
    found = split_test(rows, rng=np.random.default_rng(0))
    assert found.is_tested
    assert found.p_value < 1e-4
    assert found.depth > 0.8
    sides = found.is_second[:100]
    assert (sides == sides[0]).all()
    assert (found.is_second[100:] != sides[0]).all()


@pytest.mark.parametrize("kind", ["round", "flat"])
def test_one_group_is_left_whole_at_the_nominal_rate(kind: str) -> None:
    found = []
    for seed in range(20):
        rows = cloud(120, seed=seed)
        if kind == "flat":  # as hard as a single group can be: its density does not fall
            rows[:, 0] += np.random.default_rng(100 + seed).uniform(0, 14, 120)
        found.append(split_test(rows, rng=np.random.default_rng(seed), n_deals=2).p_value)
    assert np.mean(np.array(found) <= 0.05) <= 0.1


def test_two_means_is_the_best_cut_of_a_line() -> None:
    rows = np.array([[0.0], [1.0], [2.0], [10.0], [12.0]], np.float32)
    centres = np.sort(two_means(rows, np.random.default_rng(0)), axis=0)
    np.testing.assert_allclose(centres, [[1.0], [11.0]])


def test_far_from_the_origin_nothing_changes() -> None:
    rows = cloud(200)
    rows[:90, 0] += 8.0
    near = split_test(rows, rng=np.random.default_rng(1))
    far = split_test(rows + np.float32(1024.0), rng=np.random.default_rng(1))
    np.testing.assert_array_equal(near.is_second, far.is_second)


@pytest.mark.parametrize(
    "rows", [np.ones((1, 3)), np.ones((200, 3)), cloud(79), np.zeros((2, 3))], ids=str
)
def test_what_cannot_be_tested_is_said(rows: np.ndarray) -> None:
    found = split_test(rows.astype(np.float32), rng=np.random.default_rng(0))
    assert not found.is_tested
    assert found.p_value == 1.0
    assert len(found.is_second) == len(rows)


def test_a_lone_far_row_is_no_group() -> None:
    rows = cloud(200)
    rows[0] += 500.0
    found = split_test(rows, rng=np.random.default_rng(0))
    assert found.p_value > 0.05


def test_ties_go_to_the_first() -> None:
    rows = np.zeros((3, 2), np.float32)
    assert not nearer_second(rows, np.array([[1.0, 0.0], [-1.0, 0.0]])).any()


@pytest.mark.parametrize("exponent", [-120, -75, 65, 120])
def test_the_unit_of_the_rows_does_not_matter(exponent) -> None:
    # Squares left the range of float32: no second centre was found, or NaN for its chances.
    rows = cloud(60)
    rows[:30, 1] += 9.0
    one = two_means(rows, np.random.default_rng(0))
    scaled = two_means(np.ldexp(rows, exponent), np.random.default_rng(0))
    assert np.allclose(np.ldexp(scaled, -exponent), one)
