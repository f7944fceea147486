"""Nearest rows and the walk between clusters, against the definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relevanceai.kernels import neighbour_graph
from relevanceai.kernels.cluster_walk import STAY, walk_closeness
from relevanceai.kernels.neighbour_graph import cluster_edges, nearest_rows


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.integers(1, 6), st.integers(1, 45), st.integers(0, 1000))
def test_nearest_rows_are_those_of_the_definition(n: int, d: int, k: int, seed: int) -> None:
    rows = np.random.default_rng(seed).integers(-4, 5, (n, d)).astype(np.float32)  # with ties
    found = nearest_rows(rows, k)
    assert found.shape == (n, min(k, n - 1))
    for row in range(n):
        distances = ((rows - rows[row]) ** 2).sum(axis=1)
        assert row not in found[row]
        expected = np.sort(np.delete(distances, row))[: found.shape[1]]
        assert np.array_equal(distances[found[row]], expected)


def test_equally_near_rows_come_in_their_order() -> None:
    rows = np.array([[0.0], [1.0], [-1.0], [1.0], [-1.0]], np.float32)
    assert nearest_rows(rows - rows.mean(), 4)[0].tolist() == [1, 2, 3, 4]


def test_rows_far_from_the_origin_keep_their_neighbours() -> None:
    rows = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    near, far = nearest_rows(rows, 3), nearest_rows(rows + np.float32(1000), 3)
    assert (near == far).mean() > 0.97


def test_edges_are_counted_from_cluster_to_cluster() -> None:
    neighbours = np.array([[1, 2], [0, 3], [3, 0], [2, 1]], np.int32)
    labels = np.array([0, 0, 2, 2], np.int32)
    pairs, counts = cluster_edges(neighbours, labels, 3)
    assert dict(zip(pairs.tolist(), counts.tolist(), strict=True)) == {0: 2, 2: 2, 6: 2, 8: 2}


def test_the_walk_is_that_of_the_definition() -> None:
    rng = np.random.default_rng(1)
    edges = rng.integers(0, 9, (7, 7))
    both = (edges + edges.T).astype(float)
    whole = np.linalg.inv(np.diag(both.sum(axis=1)) - STAY * both) * (1 - STAY) * both.sum()
    pairs = np.flatnonzero(edges.ravel())
    first, second = (one.ravel().astype(np.intp) for one in np.meshgrid(range(7), range(7)))
    found = walk_closeness(pairs, edges.ravel()[pairs], 7, first, second)
    assert np.allclose(found, whole[first, second], rtol=1e-6)


def test_a_way_through_a_third_cluster_counts_and_none_is_the_least() -> None:
    edges = np.array([[5, 2, 0, 0], [2, 5, 2, 0], [0, 2, 5, 0], [0, 0, 0, 5]])
    pairs = np.flatnonzero(edges.ravel())
    asked = np.array([0, 0, 0]), np.array([1, 2, 3])
    direct, through, nowhere = walk_closeness(pairs, edges.ravel()[pairs], 4, *asked)
    assert direct > through > nowhere == pytest.approx(1e-9)


def test_a_cluster_without_edges_is_nowhere() -> None:
    nothing = np.empty(0, np.int64)
    assert walk_closeness(nothing, nothing, 2, np.array([0]), np.array([1])).tolist() == [1e-9]


def test_sorting_and_compiled_code_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(2).integers(-3, 4, (90, 3)).astype(np.float32)  # many ties
    sorted_ = nearest_rows(rows, 7)
    monkeypatch.setattr(neighbour_graph, "FEW_ROWS", 0)
    monkeypatch.setattr(neighbour_graph, "BLOCK_ROWS", 40)
    assert np.array_equal(nearest_rows(rows, 7), sorted_)


@pytest.mark.parametrize("exponent", [-120, -75, 65, 125])
def test_the_unit_of_the_rows_does_not_matter(exponent):
    # Squares left the range of float32: the earliest rows were the nearest.
    rows = np.random.default_rng(0).uniform(-1.0, 1.0, size=(60, 3)).astype(np.float32)
    scaled = np.ldexp(rows, exponent)
    assert nearest_rows(scaled, 5).tolist() == nearest_rows(rows, 5).tolist()
