"""The closest pairs of centroids: exact, ties in their order, with and without a matrix of all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from relevanceai.kernels import pairs as module
from relevanceai.kernels import units
from relevanceai.kernels.halves import halves
from relevanceai.kernels.pairs import closest_centroid_pairs, closest_pairs
from relevanceai.kernels.similarity import (
    CENTROID_METRICS,
    centroid_similarity,
    grows_with_likeness,
)

metrics = pytest.mark.parametrize("metric", CENTROID_METRICS)
RNG = np.random.default_rng(11)


@st.composite
def symmetric(draw):
    """Few distinct values, so that ties abound; sometimes NaN."""
    n = draw(st.integers(0, 9))
    some = st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0, np.nan])
    upper = np.triu(draw(arrays(np.float64, (n, n), elements=some)), 1)
    return upper + upper.T


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


def searched(monkeypatch, block=16, waiting=40):
    """Have small data go the way of large data."""
    monkeypatch.setattr(module, "MATRIX_UP_TO", 1)
    monkeypatch.setattr(module, "_BLOCK", block)
    monkeypatch.setattr(module, "_WAITING", waiting)


def some_halves(n_clusters, n_dims):
    half = RNG.standard_normal((n_clusters, n_dims)) + 1
    rest = half + RNG.standard_normal((n_clusters, n_dims)) * 0.2
    return halves(np.full(n_clusters, 4), half + rest, np.r_[0, np.full(n_clusters - 1, 2)], half)


def best_of(rows, n, metric, parts):
    matrix = centroid_similarity(rows, metric, parts)
    return naive.pairs(matrix, n, largest_first=grows_with_likeness(metric))


@metrics
@pytest.mark.parametrize("n", [0, 1, 30, 5000])
@pytest.mark.parametrize("shift", [0.0, 1e4])
def test_a_search_finds_what_the_matrix_has(metric, n, shift, monkeypatch):
    searched(monkeypatch)
    rows = np.random.default_rng(n).standard_normal((70, 6)) + shift
    rows[[5, 33]] = np.nan
    parts = some_halves(70, 6)
    i, j, values = closest_centroid_pairs(rows, n, metric, parts)
    expected = best_of(rows, n, metric, parts)
    tolerance = 1e-12 if not shift or metric == "l1" else 1e-8
    np.testing.assert_allclose(values, [one[2] for one in expected], rtol=tolerance, atol=1e-12)
    assert (i < j).all()
    if not shift:  # far away, float64 itself rounds pairs into other orders
        assert list(zip(i.tolist(), j.tolist(), strict=True)) == [one[:2] for one in expected]


whole = st.integers(-2, 2).map(float)


@settings(max_examples=40)
@given(
    rows=arrays(np.float64, st.tuples(st.integers(0, 14), st.integers(1, 3)), elements=whole),
    n=st.integers(0, 30),
    metric=st.sampled_from(["l2", "l1", "dp", "l2_similarity"]),
)
def test_ties_stand_in_the_order_of_the_clusters(rows, n, metric):
    with pytest.MonkeyPatch.context() as patch:
        searched(patch, block=3, waiting=4)
        i, j, values = closest_centroid_pairs(rows, n, metric)
    matrix = naive.similarity(rows, "l2" if metric == "l2_similarity" else metric)
    expected = naive.pairs(matrix, n, largest_first=metric == "dp")
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == [one[:2] for one in expected]
    wanted = np.array([one[2] for one in expected])
    np.testing.assert_allclose(values, 1 / (1 + wanted) if metric == "l2_similarity" else wanted)


@pytest.mark.parametrize("metric", ["cosine", "centred", "l2", "l1"])
def test_equal_centroids_all_tie(metric, monkeypatch):
    searched(monkeypatch)
    i, j, values = closest_centroid_pairs(np.full((50, 3), 0.3), 60, metric)
    assert (
        list(zip(i.tolist(), j.tolist(), strict=True))
        == [(one, other) for one in range(50) for other in range(one + 1, 50)][:60]
    )
    np.testing.assert_allclose(values, 1.0 if metric == "cosine" else 0.0)


def test_zero_negative_and_anti_parallel_centroids_are_ranked_alike(monkeypatch):
    rows = np.array([[1.0, 0], [0, 0], [-2, 0], [0, 3], [0, 0]])
    for go in (lambda: None, lambda: searched(monkeypatch, block=2)):
        go()
        i, j, values = closest_centroid_pairs(rows, 10, "cosine")
        assert values.tolist() == [0.0] * 9 + [-1.0]
        assert (i[-1], j[-1]) == (0, 2)
        assert list(zip(i[:3].tolist(), j[:3].tolist(), strict=True)) == [(0, 1), (0, 3), (0, 4)]


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_two_thousand_centroids_need_no_matrix(metric):
    rows = np.random.default_rng(0).standard_normal((2000, 16))
    i, j, values = closest_centroid_pairs(rows, 200, metric)
    matrix = centroid_similarity(rows, metric)
    expected = closest_pairs(matrix, 200, largest_first=metric == "cosine")
    np.testing.assert_array_equal(i, expected[0])
    np.testing.assert_array_equal(j, expected[1])
    np.testing.assert_allclose(values, expected[2], rtol=1e-12)
