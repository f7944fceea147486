"""nearest_other: equal to the definition, whatever float32 makes of the products."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from relevanceai.kernels import nearest_other as module
from relevanceai.kernels.nearest_other import OTHER_METRICS, nearest_other, targets

metrics = pytest.mark.parametrize("metric", OTHER_METRICS)
whole = st.integers(-3, 3).map(float)  # few values, exact in float32: ties abound


@st.composite
def cases(draw):
    n_rows, n_clusters, n_dims = (
        draw(st.integers(0, 9)),
        draw(st.integers(1, 7)),
        draw(st.integers(1, 4)),
    )
    vectors = draw(arrays(np.float32, (n_rows, n_dims), elements=whole))
    centroids = draw(arrays(np.float64, (n_clusters, n_dims), elements=whole))
    for place in draw(st.sets(st.integers(0, n_clusters - 1), max_size=2)):
        centroids[place] = np.nan
    labels = draw(arrays(np.int32, n_rows, elements=st.integers(-1, n_clusters - 1)))
    return vectors, labels, centroids


def check(vectors, labels, centroids, metric, rtol=1e-12, atol=1e-12):
    among = targets(centroids, metric)
    expected = naive.second_nearest(vectors, labels, centroids, metric)
    places = []
    for is_compiled in (True, False):
        other, own, far = nearest_other(vectors, labels, among, is_compiled=is_compiled)
        np.testing.assert_allclose(own, [one[1] for one in expected], rtol=rtol, atol=atol)
        np.testing.assert_allclose(far, [one[2] for one in expected], rtol=rtol, atol=atol)
        places.append(other.tolist())
    return places, [[one[0] for one in expected]] * 2


@given(cases())
def test_equals_the_definition_by_l2_and_ties_go_to_the_earlier(case):
    found, expected = check(*case, "l2")
    assert found == expected


@given(cases())
def test_equals_the_definition_by_cosine(case):
    # Which of two equal cosines is first depends on roundings: the distances say it all.
    check(*case, "cosine", atol=1e-9)


@metrics
@pytest.mark.parametrize(("n_clusters", "tile", "held"), [(40, 7, 3), (40, 64, 16), (90, 16, 1)])
def test_tiles_blocks_and_short_lists_do_not_change_the_answer(
    metric, n_clusters, tile, held, monkeypatch
):
    monkeypatch.setattr(module, "_TILE", tile)
    monkeypatch.setattr(module, "BLOCK_ROWS", 13)
    rng = np.random.default_rng(n_clusters + held)
    centroids = rng.standard_normal((n_clusters, 6))
    labels = rng.integers(0, n_clusters, 50).astype(np.int32)
    vectors = (centroids[labels] + rng.standard_normal((50, 6))).astype(np.float32)
    found, expected = check(vectors, labels, centroids, metric)
    assert found == expected


@metrics
def test_many_equal_centroids_are_compared_in_float64(metric):
    rng = np.random.default_rng(0)
    centroids = np.repeat(rng.standard_normal((3, 5)), 30, axis=0)
    vectors = rng.standard_normal((20, 5)).astype(np.float32)
    labels = rng.integers(0, 90, 20).astype(np.int32)
    found, expected = check(vectors, labels, centroids, metric)
    assert found == expected


def test_centroids_a_hair_apart_a_million_from_the_origin():
    rng = np.random.default_rng(1)
    centroids = 1e6 + rng.standard_normal((30, 8)) * 0.25
    vectors = (1e6 + rng.standard_normal((100, 8))).astype(np.float32)
    labels = rng.integers(0, 30, 100).astype(np.int32)
    found, expected = check(vectors, labels, centroids, "l2", rtol=1e-9)
    assert found == expected


@pytest.mark.parametrize("size", [1e-40, 1e-20, 1e18, 3e37])
def test_the_ends_of_float32(size):
    rng = np.random.default_rng(2)
    vectors = (rng.uniform(-1, 1, (30, 4)) * size).astype(np.float32)
    centroids = vectors[:10].astype(np.float64)
    labels = rng.integers(0, 10, 30).astype(np.int32)
    found, expected = check(vectors, labels, centroids, "l2", rtol=1e-9, atol=0)
    assert found == expected


def test_rows_far_beyond_every_centroid():
    vectors = np.array([[3e38, 0], [0, -3e38], [1, 1]], np.float32)
    centroids = np.array([[1.0, 0], [0, 1], [2, 1], [0, -1]])
    found, expected = check(vectors, np.zeros(3, np.int32), centroids, "l2", rtol=1e-9)
    assert found == expected


def test_a_zero_row_or_centroid_has_a_cosine_distance_of_one():
    vectors = np.array([[0, 0], [1, 0], [-1, 0]], np.float32)
    among = targets(np.array([[0.0, 0.0], [2.0, 0.0], [np.nan, np.nan]]), "cosine")
    for is_compiled in (True, False):
        other, own_distance, other_distance = nearest_other(
            vectors, np.array([1, 1, 1], np.int32), among, is_compiled=is_compiled
        )
        assert other.tolist() == [0, 0, 0]
        assert own_distance.tolist() == [1, 0, 2]
        assert other_distance.tolist() == [1, 1, 1]


def test_one_cluster_has_no_other_and_no_rows_give_no_answer():
    among = targets(np.array([[1.0, 1.0]]))
    other, own_distance, other_distance = nearest_other(
        np.array([[1, 3]], np.float32), np.zeros(1, np.int32), among
    )
    assert (other.tolist(), own_distance.tolist(), other_distance.tolist()) == ([-1], [2], [np.inf])
    assert len(nearest_other(np.empty((0, 2), np.float32), np.empty(0, np.int32), among)[0]) == 0


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_a_row_alone_has_the_answer_it_has_among_others(seed):
    rng = np.random.default_rng(seed)
    among = targets(rng.standard_normal((20, 5)), "l2")
    vectors = rng.standard_normal((12, 5)).astype(np.float32)
    labels = rng.integers(0, 20, 12).astype(np.int32)
    whole_answer = nearest_other(vectors, labels, among)
    for i in range(12):
        alone = nearest_other(vectors[i : i + 1], labels[i : i + 1], among)
        assert [one[0] for one in alone] == [one[i] for one in whole_answer]
