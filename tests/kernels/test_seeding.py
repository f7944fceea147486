"""k-means++ and the uniform sample of a stream: what they draw, and how evenly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.kernels.row_sample import RowSample
from relevanceai.kernels.seeding import plus_plus


@pytest.mark.parametrize("n_trials", [1, 4])
def test_seeds_are_drawn_from_every_group_that_is_far_from_the_others(n_trials):
    rows = np.repeat(100 * np.eye(6, dtype=np.float32), 30, axis=0)
    seeds = plus_plus(rows, 6, rng=np.random.default_rng(0), n_trials=n_trials)
    assert sorted(seeds // 30) == list(range(6))


def test_the_second_seed_is_drawn_by_squared_distance():
    rows = np.float32([[0], [1], [3]])
    rng = np.random.default_rng(1)
    drawn = [tuple(plus_plus(rows, 2, rng=rng).tolist()) for _ in range(3000)]
    after_first = [second for first, second in drawn if first == 0]
    assert np.mean(np.equal(after_first, 2)) == pytest.approx(0.9, abs=0.03)  # 9 to 1


@pytest.mark.parametrize("n_trials", [1, 3])
def test_identical_rows_still_give_as_many_seeds(n_trials):
    rows = np.full((5, 2), 0.3, np.float32)
    assert len(plus_plus(rows, 5, rng=np.random.default_rng(0), n_trials=n_trials)) == 5


@given(st.integers(1, 30), st.lists(st.integers(0, 25), max_size=6), st.integers(0, 2**31))
def test_a_sample_has_its_size_no_row_twice_and_the_order_of_the_stream(size, lengths, seed):
    sample = RowSample(size, np.random.default_rng(seed))
    start = 0
    for length in lengths:
        sample.update(np.arange(start, start + length, dtype=np.float32)[:, None])
        start += length
    rows = sample.result().ravel()
    assert (sample.n_rows, len(rows)) == (start, min(size, start))
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(sample.result().ravel(), rows)


def test_every_row_is_as_likely_as_any_other():
    rng = np.random.default_rng(2)
    count = np.zeros(20)
    for _ in range(2000):
        sample = RowSample(4, rng)
        for part in np.split(np.arange(20, dtype=np.float32)[:, None], [3, 4, 11]):
            sample.update(part)
        count[sample.result().ravel().astype(int)] += 1
    np.testing.assert_allclose(count, 400, atol=80)


def test_the_sample_is_a_copy():
    rows = np.ones((3, 1), np.float32)
    sample = RowSample(3, np.random.default_rng(0))
    sample.update(rows)
    rows[:] = 7
    assert sample.result().tolist() == [[1.0], [1.0], [1.0]]


@pytest.mark.parametrize(("n_expected", "is_short"), [(40, False), (400, False), (400_000, True)])
def test_a_sample_knows_whether_fewer_rows_came_than_were_expected(n_expected, is_short):
    sample = RowSample(10, np.random.default_rng(0), n_expected=n_expected)
    sample.update(np.arange(400, dtype=np.float32)[:, None])
    assert sample.is_short == is_short
    assert (len(np.unique(sample.result())) < 10) == is_short


def test_a_sample_of_rows_that_came_as_expected_is_uniform():
    rng = np.random.default_rng(2)
    count = np.zeros(200)
    for _ in range(2000):
        sample = RowSample(20, rng, n_expected=200)
        sample.update(np.arange(200, dtype=np.float32)[:, None])
        assert not sample.is_short
        count[sample.result().ravel().astype(int)] += 1
    np.testing.assert_allclose(count, 200, atol=70)
