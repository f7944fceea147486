"""The nearest centroid alone: the answer of float64, in tiles, in ties and far from the origin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from relevanceai.kernels.nearest_label import nearest_labels
from relevanceai.kernels.nearest_other import nearest_other, targets


def labels_of(rows, centroids):
    return nearest_labels(np.ascontiguousarray(rows, np.float32), targets(np.asarray(centroids)))


@given(
    st.integers(0, 2**31),
    st.integers(1, 40),
    st.integers(1, 5),
    st.sampled_from([0.0, 1e3, 1e6]),
    st.booleans(),
)
def test_labels_are_those_of_the_definition(seed, n_clusters, n_dims, offset, is_whole):
    rng = np.random.default_rng(seed)
    rows = (offset + 3 * rng.standard_normal((50, n_dims))).astype(np.float32)
    if is_whole:
        rows = np.round(rows)
    centroids = rows[rng.integers(0, 50, n_clusters)].astype(np.float64)
    np.testing.assert_array_equal(
        labels_of(rows, centroids), naive.nearest_centroid(rows, centroids)[0]
    )


@pytest.mark.parametrize("n_clusters", [511, 512, 513, 1100])
def test_more_clusters_than_a_tile_holds(n_clusters):
    rng = np.random.default_rng(n_clusters)
    rows = rng.standard_normal((300, 4)).astype(np.float32)
    centroids = rng.standard_normal((n_clusters, 4))
    found = labels_of(rows, centroids)
    np.testing.assert_array_equal(found, naive.nearest_centroid(rows, centroids)[0])
    assert found.dtype == np.int32


def test_a_tie_across_tiles_goes_to_the_earlier_centroid():
    centroids = np.full((1000, 2), 50.0)
    centroids[[300, 900]] = [[1.0, 0.0], [-1.0, 0.0]]
    rows = [[0, 1], [0.5, 0], [-0.5, 0]]
    assert labels_of(rows, centroids).tolist() == [300, 300, 900]


def test_an_empty_cluster_is_never_the_nearest():
    nothing = [np.nan, np.nan]
    assert labels_of([[0, 0], [9, 9]], [nothing, [8.0, 8.0], nothing]).tolist() == [1, 1]
    assert labels_of([[0, 0]], [nothing]).tolist() == [-1]
    assert labels_of(np.empty((0, 2)), [[1.0, 1.0]]).tolist() == []
    assert labels_of([[0, 0]], np.empty((0, 2))).tolist() == [-1]


def test_rows_beyond_what_products_can_hold():
    rows = np.float32([[3e38, 0], [-3e38, 1e30], [0.1, 0]])
    centroids = np.array([[1e30, 0.0], [-1e30, 0.0], [0.0, 1e30]])
    excluded = np.full(3, -1, np.int32)
    wanted = nearest_other(rows, excluded, targets(centroids), is_compiled=False)[0]
    assert labels_of(rows, centroids).tolist() == wanted.tolist()
