"""centroid_similarity: equal to the definition, exactly symmetric, far from the origin as well."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from relevanceai.kernels import similarity, units
from relevanceai.kernels.nearest import METRICS
from relevanceai.kernels.similarity import as_distances, centroid_similarity

metrics = pytest.mark.parametrize("metric", METRICS)
finite = st.floats(-1e6, 1e6).map(lambda value: 0.0 if abs(value) < 1e-100 else value)
values = finite | st.sampled_from([0.0, 1.0, -1.0])


@st.composite
def centroid_rows(draw):
    shape = (draw(st.integers(0, 7)), draw(st.integers(1, 5)))
    return draw(arrays(np.float64, shape, elements=values))


@metrics
@given(rows=centroid_rows())
def test_equals_the_definition_and_is_exactly_symmetric(metric, rows):
    result = centroid_similarity(rows, metric)
    size = np.abs(rows).max(initial=1.0)
    atol = 1e-12 * {"cosine": 1.0, "dp": size**2 * 5}.get(metric, size * 5)
    np.testing.assert_allclose(result, naive.similarity(rows, metric), rtol=1e-9, atol=atol)
    np.testing.assert_array_equal(result, result.T)


@given(rows=centroid_rows())
def test_the_cosine_stays_in_its_range_and_is_one_on_the_diagonal(rows):
    result = centroid_similarity(rows, "cosine")
    assert (np.abs(result) <= 1.0).all()
    assert np.diagonal(result).tolist() == [float(row.any()) for row in rows]


@metrics
def test_one_two_three_and_four_clusters(metric):
    rows = np.array([[3.0, 4.0], [-3.0, -4.0], [0.0, 0.0], [4.0, -3.0]])
    whole = naive.similarity(rows, metric)
    for n in range(5):
        result = centroid_similarity(rows[:n], metric)
        assert result.shape == (n, n)
        np.testing.assert_allclose(result, whole[:n, :n], rtol=1e-15, atol=1e-15)


def test_anti_parallel_centroids_have_a_cosine_of_minus_one_and_scale_does_not_matter():
    rows = np.array([[1e-200, 2e-200], [-1e150, -2e150]])
    np.testing.assert_allclose(centroid_similarity(rows), [[1.0, -1.0], [-1.0, 1.0]], rtol=1e-15)


def test_distances_keep_their_digits_a_million_from_the_origin():
    rows = 1e6 + np.array([[0.0, 0.0], [0.003, 0.004]])
    assert centroid_similarity(rows, "l2")[0, 1] == pytest.approx(0.005, rel=1e-7)
    assert centroid_similarity(rows, "l1")[0, 1] == pytest.approx(0.007, rel=1e-7)


@metrics
def test_an_empty_cluster_is_nan_and_leaves_the_others_alone(metric):
    rows = np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, -1.0]])
    result = centroid_similarity(rows, metric)
    assert np.isnan(result).tolist() == [[False, True, False], [True] * 3, [False, True, False]]
    np.testing.assert_array_equal(
        result[np.ix_([0, 2], [0, 2])], centroid_similarity(rows[[0, 2]], metric)
    )
    assert np.isnan(as_distances(result, metric)).tolist() == np.isnan(result).tolist()


@metrics
def test_blocks_leave_the_matrix_symmetric(metric, monkeypatch):
    rows = np.random.default_rng(0).standard_normal((23, 7))
    monkeypatch.setattr(units, "BLOCK_BYTES", 5 * 8 * 23)
    result = centroid_similarity(rows, metric)
    np.testing.assert_array_equal(result, result.T)
    np.testing.assert_allclose(result, naive.similarity(rows, metric), rtol=1e-12, atol=1e-12)


@metrics
@given(rows=centroid_rows())
def test_distances_for_an_ordering_fall_when_likeness_grows(metric, rows):
    matrix = centroid_similarity(rows, metric)
    distances = as_distances(matrix, metric)
    assert (distances >= 0).all()
    assert not np.diagonal(distances).any()
    assert distances is not matrix
    i, j = np.triu_indices(len(rows), 1)
    order = np.argsort(-matrix[i, j] if naive.is_similarity(metric) else matrix[i, j])
    assert (np.diff(distances[i, j][order]) >= 0).all()


def test_dot_products_become_distances_from_the_largest_of_a_pair():
    rows = np.array([[1.0, 0.0], [2.0, 0.0], [-1.0, 0.0]])
    assert as_distances(centroid_similarity(rows, "dp"), "dp").tolist() == [
        [0.0, 0.0, 3.0],
        [0.0, 0.0, 4.0],
        [3.0, 4.0, 0.0],
    ]


def test_cosines_about_the_mean_equal_the_definition():
    rows = np.random.default_rng(0).standard_normal((9, 4)) + 5
    np.testing.assert_allclose(
        centroid_similarity(rows, "centred"),
        naive.similarity(naive.centred(rows), "cosine"),
        rtol=1e-12,
        atol=1e-12,
    )
    far = centroid_similarity(rows * 2**-10 + 2**20, "centred")
    np.testing.assert_allclose(far, centroid_similarity(rows, "centred"), atol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 1000])
def test_centroids_that_are_all_the_same_have_nothing_in_common_about_their_mean(n):
    rows = np.tile([0.1, 0.7, 1e6], (n, 1))
    assert not centroid_similarity(rows, "centred").any()


def test_two_centroids_about_their_mean_are_anti_parallel():
    found = centroid_similarity(np.array([[9.0, 1.0], [8.0, 1.0], [np.nan] * 2]), "centred")
    assert found[:2, :2].tolist() == [[1, -1], [-1, 1]]
    assert np.isnan(found[2]).all()


def test_a_similarity_by_distance_is_by_hand():
    rows = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]])
    found = centroid_similarity(rows, "l2_similarity")
    assert found.tolist() == [[1, 1 / 6, 1], [1 / 6, 1, 1 / 6], [1, 1 / 6, 1]]
    np.testing.assert_allclose(
        as_distances(found, "l2_similarity"), centroid_similarity(rows, "l2"), rtol=1e-12
    )


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_many_centroids_by_products_have_the_distances_of_differences(shift, monkeypatch):
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((60, 5)) * 0.5 + shift
    rows[20:25] = rows[:5]  # the same
    rows[30:40] = rows[40:50] + rng.standard_normal((10, 5)) * 1e-5  # nearly
    whole = centroid_similarity(rows, "l2")
    monkeypatch.setattr(similarity, "_BY_DIFFERENCES_UP_TO", 10)
    found = centroid_similarity(rows, "l2")
    np.testing.assert_allclose(found, whole, rtol=1e-9 if not shift else 1e-5, atol=1e-13)
    np.testing.assert_array_equal(found, found.T)
    assert not found[np.arange(5), np.arange(20, 25)].any()
    assert not np.diagonal(found).any()
