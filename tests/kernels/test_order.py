"""linkage_order: average linkage, close clusters side by side, any number of clusters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import is_valid_linkage, leaves_list

from relevanceai.kernels import order as order_module
from relevanceai.kernels.order import linkage_order


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


def test_above_the_limit_the_tree_keeps_its_own_order(monkeypatch):
    distances = line(np.random.default_rng(0).permutation(40))
    optimal, _ = linkage_order(distances)
    monkeypatch.setattr(order_module, "OPTIMAL_UP_TO", 10)
    plain, table = linkage_order(distances)
    assert sorted(plain.tolist()) == sorted(optimal.tolist())
    assert leaves_list(table).tolist() == plain.tolist()

    def steps(order):
        return distances[order[:-1], order[1:]].sum()

    assert steps(optimal) <= steps(plain)


@pytest.mark.slow
def test_a_thousand_clusters_are_ordered():
    rows = np.random.default_rng(1).standard_normal((1000, 8))
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    order, _ = linkage_order(distances)
    neighbours = distances[order[:-1], order[1:]].mean()
    assert neighbours < 0.7 * distances[np.triu_indices(1000, 1)].mean()
