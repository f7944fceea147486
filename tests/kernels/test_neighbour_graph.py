"""Nearest rows and the walk between clusters, against the definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from relevanceai.kernels import neighbour_graph
from relevanceai.kernels.cluster_walk import STAY, STEPS, walk_closeness
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
    near = nearest_rows(rng.normal(size=(60, 3)).astype(np.float32), 4)
    labels = rng.integers(0, 5, 60).astype(np.int32)
    edges = np.zeros((60, 60))
    for row, others in enumerate(near):
        edges[row, others] += 1
        edges[others, row] += 1
    first, second = (one.ravel() for one in np.meshgrid(range(5), range(5)))
    expected = _closeness(edges, labels)[first, second]
    assert np.allclose(walk_closeness(near, labels, 5, first, second), expected, rtol=1e-4)
    mirrored = walk_closeness(near, labels, 5, second, first)
    assert np.allclose(mirrored, expected, rtol=1e-4)


def test_with_few_rows_each_cluster_is_one() -> None:
    rng = np.random.default_rng(2)
    near = nearest_rows(rng.normal(size=(30, 2)).astype(np.float32), 4)
    labels = rng.permutation(np.arange(30) % 6).astype(np.int32)
    edges = np.zeros((6, 6))
    for row, others in enumerate(near):
        for other in others:
            edges[labels[row], labels[other]] += 1
            edges[labels[other], labels[row]] += 1
    asked = np.array([0, 3, 5]), np.array([1, 4, 0])
    expected = _closeness(edges, np.arange(6))[asked]
    assert np.allclose(walk_closeness(near, labels, 6, *asked), expected, rtol=1e-4)


def _closeness(edges: NDArray[np.float64], labels: NDArray[np.integer]) -> NDArray[np.float64]:
    """The walk as it is defined, between all clusters, by powers of the whole matrix of steps."""
    n, n_clusters = len(edges), int(labels.max()) + 1
    degree = edges.sum(axis=1)
    step = edges / degree[:, None]
    ending, power = np.zeros((n, n)), np.eye(n)
    for time in range(STEPS + 1):
        ending += STAY**time * power
        power = power @ step
    ending /= sum(STAY**time for time in range(STEPS + 1))
    found = np.empty((n_clusters, n_clusters))
    for a in range(n_clusters):
        for b in range(n_clusters):
            here, there = labels == a, labels == b
            chance = degree[here] @ ending[np.ix_(here, there)].sum(axis=1) / degree[here].sum()
            found[a, b] = chance / (degree[there].sum() / degree.sum())
    return found


def test_a_way_through_a_third_cluster_counts_and_none_is_the_least() -> None:
    places = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 90.0, 90.1, 90.2]
    near = nearest_rows(np.array(places, np.float32)[:, None], 2)
    labels = np.array([0, 0, 1, 1, 2, 2, 3, 3, 3], np.int32)
    asked = np.array([0, 0, 0]), np.array([1, 2, 3])
    direct, through, nowhere = walk_closeness(near, labels, 4, *asked)
    assert direct > through > nowhere == pytest.approx(1e-9)


def test_a_cluster_without_rows_is_nowhere() -> None:
    nothing = np.empty((0, 1), np.int32), np.empty(0, np.int32)
    assert walk_closeness(*nothing, 2, np.array([0]), np.array([1])).tolist() == [1e-9]
    near = np.array([[1], [0]], np.int32)
    found = walk_closeness(near, np.zeros(2, np.int32), 2, np.array([0, 1]), np.array([1, 0]))
    assert found.tolist() == [1e-9, 1e-9]


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
