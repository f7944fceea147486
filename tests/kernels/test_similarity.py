"""centroid_similarity and closest_pairs: equal to the definition, symmetric, exact about ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from relevanceai.kernels import units
from relevanceai.kernels.nearest import METRICS
from relevanceai.kernels.similarity import as_distances, centroid_similarity, closest_pairs

metrics = pytest.mark.parametrize("metric", METRICS)
finite = st.floats(-1e6, 1e6).map(lambda value: 0.0 if abs(value) < 1e-100 else value)
values = finite | st.sampled_from([0.0, 1.0, -1.0])


@st.composite
def centroid_rows(draw):
    shape = (draw(st.integers(0, 7)), draw(st.integers(1, 5)))
    return draw(arrays(np.float64, shape, elements=values))


@st.composite
def symmetric(draw):
    """Few distinct values, so that ties abound; sometimes NaN."""
    n = draw(st.integers(0, 9))
    some = st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0, np.nan])
    upper = np.triu(draw(arrays(np.float64, (n, n), elements=some)), 1)
    return upper + upper.T


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


@given(symmetric(), st.integers(0, 40), st.booleans())
def test_pairs_equal_the_definition(matrix, n, largest_first):
    i, j, found = closest_pairs(matrix, n, largest_first=largest_first)
    result = list(zip(i.tolist(), j.tolist(), found.tolist(), strict=True))
    assert result == naive.pairs(matrix, n, largest_first=largest_first)
    assert (i.dtype, j.dtype, found.dtype) == (np.intp, np.intp, np.float64)


@given(matrix=symmetric(), n=st.integers(0, 12), largest_first=st.booleans())
def test_pairs_do_not_depend_on_blocks(matrix, n, largest_first):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(units, "BLOCK_BYTES", 8)
        i, j, found = closest_pairs(matrix, n, largest_first=largest_first)
    result = list(zip(i.tolist(), j.tolist(), found.tolist(), strict=True))
    assert result == naive.pairs(matrix, n, largest_first=largest_first)


def test_four_clusters_have_six_pairs_none_of_them_mirrored_and_negatives_are_ranked():
    matrix = centroid_similarity(np.array([[1.0, 0], [0.6, 0.8], [-1, 0], [0, -1]]))
    i, j, found = closest_pairs(matrix, 99, largest_first=True)
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == [
        (0, 1), (0, 3), (2, 3), (1, 2), (1, 3), (0, 2),
    ]  # fmt: skip
    np.testing.assert_allclose(found, [0.6, 0.0, 0.0, -0.6, -0.8, -1.0], atol=1e-15)


@pytest.mark.parametrize(("n_clusters", "n_pairs"), [(0, 0), (1, 0), (2, 1), (3, 3)])
def test_few_clusters_have_few_pairs(n_clusters, n_pairs):
    matrix = centroid_similarity(np.eye(n_clusters, 3))
    assert len(closest_pairs(matrix, 8, largest_first=True)[2]) == n_pairs


@pytest.mark.slow
def test_the_best_pairs_of_three_thousand_clusters():
    rng = np.random.default_rng(0)
    matrix = np.round(rng.standard_normal((3000, 3000)), 2)
    matrix = np.triu(matrix, 1) + np.triu(matrix, 1).T
    i, j, found = closest_pairs(matrix, 500, largest_first=True)
    rows, columns = np.triu_indices(3000, 1)
    best = np.argsort(-matrix[rows, columns], kind="stable")[:500]
    np.testing.assert_array_equal(i, rows[best])
    np.testing.assert_array_equal(j, columns[best])
    np.testing.assert_array_equal(found, matrix[rows, columns][best])
