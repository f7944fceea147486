"""Medoids, exemplars and loneliness: as defined, ties to the earlier, far from the origin as well."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from relevanceai.kernels import medoids as module
from relevanceai.kernels.medoids import exemplars, loneliness, medoid

metrics = pytest.mark.parametrize("metric", ["l2", "cosine"])
whole = st.integers(-2, 2).map(float)
some_rows = arrays(np.float32, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=whole)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 5)


@metrics
@given(rows=some_rows)
def test_the_medoid_equals_the_definition(metric, rows):
    totals = naive.distances(rows, metric).sum(axis=1)
    place, mean_distance = medoid(rows, metric)
    np.testing.assert_allclose(mean_distance, totals / max(len(rows) - 1, 1), atol=1e-12)
    assert place == int(np.flatnonzero(totals <= totals.min() + 1e-9)[0])


@metrics
@settings(max_examples=50)
@given(rows=some_rows, n=st.integers(1, 5))
def test_each_exemplar_is_the_best_next_one(metric, rows, n):
    distances = naive.distances(rows, metric)
    found = exemplars(rows, n, metric)
    places = found.places.tolist()
    assert len(set(places)) == len(places) <= n
    for k, place in enumerate(places):
        costs = [distances[[*places[:k], other]].min(axis=0).sum() for other in range(len(rows))]
        assert costs[place] <= min(costs) + 1e-9
        assert not k or costs[place] < distances[places[:k]].min(axis=0).sum()
    nearest = distances[places].min(axis=0)
    assert found.mean_distance == pytest.approx(nearest.mean(), abs=1e-9)
    assert found.stands_for.sum() == len(rows)
    if len(places) < n:
        assert nearest.max() < 1e-6


def test_exemplars_of_three_groups_are_one_of_each_and_say_for_how_many():
    rng = np.random.default_rng(0)
    middles = np.array([[0, 0], [50, 0], [0, 50]])[np.repeat([0, 1, 2], [30, 20, 10])]
    rows = (middles + rng.standard_normal((60, 2))).astype(np.float32)
    assert exemplars(rows, 3).stands_for.tolist() == [30, 20, 10]


def test_a_row_between_two_groups_is_lonely_and_the_middle_of_one_is_not():
    rng = np.random.default_rng(1)
    one = rng.standard_normal((300, 8))
    two = one + np.where(np.arange(300) % 2, 20.0, -20.0)[:, None]
    two[0] = 0
    (middle,) = loneliness(two.astype(np.float32), [0])
    assert middle > 0.99
    closest = int(np.linalg.norm(one - one.mean(axis=0), axis=1).argmin())
    (among,) = loneliness(one.astype(np.float32), [closest])
    assert among < 0.2


def test_few_rows_and_equal_rows_are_not_lonely():
    assert loneliness(np.zeros((7, 2), np.float32), [0]) is None
    assert loneliness(np.zeros((20, 2), np.float32), [3, 0]) == [0.0, 0.0]


@metrics
def test_zero_rows_and_one_row(metric):
    rows = np.array([[0, 0], [1, 0], [2, 0], [0, 0]], np.float32)
    place, mean_distance = medoid(rows, metric)
    if metric == "cosine":  # a zero row is at distance 1 from all, another zero row included
        np.testing.assert_allclose(mean_distance, [1, 2 / 3, 2 / 3, 1])
        assert place == 1
    assert medoid(rows[:1], metric)[1].tolist() == [0]
    assert exemplars(rows[:1], 3, metric).places.tolist() == [0]


def test_far_from_the_origin():
    rng = np.random.default_rng(2)
    rows = (1e6 + rng.standard_normal((40, 4))).astype(np.float32)
    totals = naive.distances(rows, "l2").sum(axis=1)
    place, mean_distance = medoid(rows)
    assert place == totals.argmin()
    np.testing.assert_allclose(mean_distance * 39, totals, rtol=1e-9)
