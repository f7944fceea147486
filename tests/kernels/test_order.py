"""linkage_order: average linkage, close clusters side by side, any number of clusters."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import is_valid_linkage, leaves_list, linkage
from scipy.spatial.distance import squareform

from relevanceai.kernels import order as order_module
from relevanceai.kernels.halves import halves
from relevanceai.kernels.leaves import optimal, turned
from relevanceai.kernels.order import centroid_order, linkage_order
from relevanceai.kernels.similarity import (
    CENTROID_METRICS,
    as_distances,
    centroid_similarity,
)


def line(places):
    """Distances of points on a line."""
    places = np.asarray(places, dtype=np.float64)
    return np.abs(places[:, None] - places[None, :])


def naive_merge_heights(distances):
    """Average linkage by its definition: the mean over all pairs of members."""
    clusters = [[i] for i in range(len(distances))]
    heights = []
    while len(clusters) > 1:
        height, a, b = min(
            (np.mean(distances[np.ix_(one, other)]), a, b)
            for a, one in enumerate(clusters)
            for b, other in enumerate(clusters)
            if a < b
        )
        heights.append(height)
        clusters[a] += clusters.pop(b)
    return heights


def test_points_on_a_line_come_back_in_their_order():
    order, _ = linkage_order(line([30, 0, 11, 10, 31]))
    assert order.tolist() == [1, 3, 2, 0, 4]


def test_heights_by_hand():
    _, table = linkage_order(line([0, 1, 10]))
    assert table[:, 2:].tolist() == [[1.0, 2.0], [9.5, 3.0]]


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=9, unique=True))
def test_heights_equal_the_definition(places):
    distances = line(places)
    _, table = linkage_order(distances)
    # Ties may be broken either way, and then later heights differ: look where there are none.
    upper = distances[np.triu_indices(len(distances), 1)]
    if len(np.unique(upper)) == len(upper):
        np.testing.assert_allclose(table[:, 2], naive_merge_heights(distances), rtol=1e-12)


@given(st.integers(0, 12), st.integers(0, 3))
def test_any_number_of_clusters_gives_a_permutation_and_its_table(n_clusters, seed):
    values = np.random.default_rng(seed).integers(0, 4, (n_clusters, n_clusters))  # many ties
    distances = (values + values.T).astype(np.float64)
    order, table = linkage_order(distances)
    assert sorted(order.tolist()) == list(range(n_clusters))
    assert order.dtype == np.intp
    assert table.shape == (max(n_clusters - 1, 0), 4)
    if n_clusters > 1:
        assert is_valid_linkage(table)
        assert leaves_list(table).tolist() == order.tolist()
        assert order[0] < order[-1]
    again, _ = linkage_order(distances)
    assert again.tolist() == order.tolist()


def test_one_and_two_clusters():
    assert linkage_order(np.zeros((1, 1)))[0].tolist() == [0]
    order, table = linkage_order(np.array([[0.0, 3.0], [3.0, 0.0]]))
    assert order.tolist() == [0, 1]
    assert table.tolist() == [[0.0, 1.0, 3.0, 2.0]]


def test_the_diagonal_is_not_read_and_the_distances_are_left_alone():
    distances = line([5, 1, 2, 9])
    marked = distances.copy()
    np.fill_diagonal(marked, np.nan)
    before = marked.copy()
    np.testing.assert_array_equal(linkage_order(marked)[0], linkage_order(distances)[0])
    np.testing.assert_array_equal(marked, before)


def heights(table):
    return table[:, 2]


def splits(table):
    """The set of leaves of each merge: what a tree is, whatever its numbers and sides."""
    n_leaves = len(table) + 1
    held = [frozenset([leaf]) for leaf in range(n_leaves)]
    for one, two in table[:, :2].astype(int):
        held.append(held[one] | held[two])
    return set(held)


def steps(order, distances):
    return distances[order[:-1], order[1:]].sum()


@pytest.mark.parametrize("n_clusters", [2, 3, 4, 40, 257])
def test_above_the_limit_the_tree_is_the_same_and_its_leaves_are_turned(n_clusters, monkeypatch):
    rng = np.random.default_rng(n_clusters)
    rows = rng.standard_normal((n_clusters, 3))
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    optimal, exact = linkage_order(distances)
    monkeypatch.setattr(order_module, "OPTIMAL_UP_TO", 1)
    before = distances.copy()
    order, table = linkage_order(distances)
    np.testing.assert_array_equal(distances, before)
    assert is_valid_linkage(table)
    assert sorted(order.tolist()) == list(range(n_clusters))
    assert leaves_list(table).tolist() == order.tolist()
    assert order[0] < order[-1]
    assert splits(table) == splits(exact)
    np.testing.assert_allclose(heights(table), heights(exact), rtol=1e-5)
    assert steps(optimal, distances) <= steps(order, distances) + 1e-9
    if n_clusters > 4:
        plain = leaves_list(linkage(squareform(distances), "average"))
        assert steps(order, distances) < steps(plain, distances)


@given(st.integers(2, 8), st.integers(0, 10**6), st.sampled_from(["average", "single"]))
def test_the_optimal_order_is_the_best_of_all(n_leaves, seed, method):
    rows = np.random.default_rng(seed).standard_normal((n_leaves, 2))
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    tree = linkage(squareform(distances), method)
    found = optimal(tree, distances)
    assert splits(found) == splits(tree)
    np.testing.assert_array_equal(found[:, 2:], tree[:, 2:])
    best = min(steps(np.array(order), distances) for order in every_order(tree[:, :2].astype(int)))
    assert steps(leaves_list(found), distances) == pytest.approx(best, abs=1e-12)
    assert steps(leaves_list(turned(tree, lambda i, j: distances[i, j])), distances) >= best - 1e-12


def every_order(children):
    """Each order of leaves that the merges allow."""
    n_leaves = len(children) + 1
    for swaps in product([False, True], repeat=len(children)):
        held = [[leaf] for leaf in range(n_leaves)]
        for swap, (one, two) in zip(swaps, children, strict=True):
            held.append(held[two] + held[one] if swap else held[one] + held[two])
        yield held[-1]


@given(st.integers(2, 30), st.integers(0, 10**6), st.integers(1, 3))
def test_many_ties_make_a_valid_tree_above_the_limit(n_clusters, seed, most):
    values = np.random.default_rng(seed).integers(0, most + 1, (n_clusters, n_clusters))
    distances = np.triu(values, 1) + np.triu(values, 1).T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_module, "OPTIMAL_UP_TO", 1)
        order, table = linkage_order(distances.astype(np.float64))
    assert is_valid_linkage(table)
    assert (np.diff(heights(table)) >= 0).all()
    assert leaves_list(table).tolist() == order.tolist()
    # Each height is the mean distance of the leaves that met, by the definition.
    held = [[leaf] for leaf in range(n_clusters)]
    for one, two, height, size in table:
        sides = held[int(one)], held[int(two)]
        held.append(sides[0] + sides[1])
        assert height == pytest.approx(distances[np.ix_(*sides)].mean(), rel=1e-5, abs=1e-6)
        assert size == len(held[-1])


@pytest.mark.parametrize("metric", CENTROID_METRICS)
@pytest.mark.parametrize("shift", [0.0, 1e3])
def test_centroids_above_the_limit_make_the_tree_of_their_distances(metric, shift, monkeypatch):
    rows = np.random.default_rng(4).standard_normal((50, 6)) + shift
    rows[7] = rows[3] + 1e-6
    parts = halves(np.full(50, 2), rows * 2, np.ones(50), rows + 0.01)
    _, exact = centroid_order(rows, metric, parts)
    monkeypatch.setattr(order_module, "OPTIMAL_UP_TO", 1)
    monkeypatch.setattr(order_module, "_BLOCK", 13)
    found, table = centroid_order(rows, metric, parts)
    assert leaves_list(table).tolist() == found.tolist()
    if metric in ("corrected", "dp") and shift:
        return  # in float32 all are alike there
    as_heights = np.sort(heights(exact))
    wide = {"l2_similarity": "l2"}.get(metric, metric)
    matrix = as_distances(centroid_similarity(rows, wide, parts), wide)
    off = 1e-5 * matrix.max() if not shift or metric != "cosine" else 1e-12
    np.testing.assert_allclose(heights(table), np.sort(heights(exact)), rtol=1e-3, atol=off)
    np.testing.assert_allclose(heights(table), as_heights, rtol=1e-3, atol=off)
    assert steps(found, matrix) < 0.9 * matrix[np.triu_indices(50, 1)].mean() * 49


@pytest.mark.slow
def test_a_thousand_clusters_are_ordered():
    rows = np.random.default_rng(1).standard_normal((1000, 8))
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    order, _ = linkage_order(distances)
    neighbours = distances[order[:-1], order[1:]].mean()
    assert neighbours < 0.7 * distances[np.triu_indices(1000, 1)].mean()
