"""A step of k-means and the assignment against the definitions, however rows are cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from relevanceai.batch import VectorBatch
from relevanceai.kernels.lloyd import Assigned, LloydStep


def some(seed, n_rows=200, n_dims=6, n_clusters=5, offset=0.0):
    rng = np.random.default_rng(seed)
    rows = (offset + rng.standard_normal((n_rows, n_dims))).astype(np.float32)
    return rows, rows[rng.choice(n_rows, n_clusters, replace=False)].astype(np.float64)


def batch(rows, start=0, labels=None):
    n_rows = len(rows)
    labels = np.zeros(n_rows, np.int32) if labels is None else np.int32(labels)
    return VectorBatch(np.arange(start, start + n_rows), rows, labels)


def fed(kernel, rows, cuts=()):
    edges = [0, *sorted(cuts), len(rows)]
    for start, stop in pairwise(edges):
        kernel.update(batch(rows[start:stop], start))
    return kernel


@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_a_step_sums_what_is_nearest_to_each_centroid(offset):
    rows, centroids = some(1, offset=offset)
    step = fed(LloydStep(centroids), rows)
    labels, distances = naive.nearest_centroid(rows, centroids)
    np.testing.assert_array_equal(step.count, np.bincount(labels, minlength=5))
    for place in range(5):
        members = rows[labels == place].astype(np.float64)
        np.testing.assert_allclose(step.sums[place], members.sum(axis=0), rtol=1e-9)
        wanted = (distances[labels == place] ** 2).sum()
        np.testing.assert_allclose(step.inertia[place], wanted, rtol=1e-3 if offset else 1e-5)


@given(st.integers(0, 2**31), st.lists(st.integers(0, 60), max_size=4), st.integers(0, 60))
def test_cuts_change_nothing_and_merging_adds_up(seed, cuts, middle):
    rows, centroids = some(seed, n_rows=60)
    whole, cut = fed(LloydStep(centroids), rows), fed(LloydStep(centroids), rows, cuts)
    np.testing.assert_array_equal(cut.sums, whole.sums)
    np.testing.assert_array_equal(cut.count, whole.count)
    first = fed(LloydStep(centroids), rows[:middle])
    first.merge(fed(LloydStep(centroids), rows[middle:]))
    np.testing.assert_array_equal(first.count, whole.count)
    np.testing.assert_allclose(first.sums, whole.sums, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kernel", [LloydStep, Assigned])
def test_rows_labelled_below_zero_take_no_part(kernel):
    rows, centroids = some(2, n_rows=8)
    part, alone = kernel(centroids), kernel(centroids)
    part.update(batch(rows, labels=[0, -1, 0, 0, -1, -1, 0, 0]))
    alone.update(batch(rows[[0, 2, 3, 6, 7]]))
    for one in (part, alone):
        one.update(batch(rows[:0]))
        one.update(batch(rows[:2], 8, labels=[-1, -1]))
    moments = [getattr(one, "moments", one) for one in (part, alone)]
    np.testing.assert_array_equal(moments[0].sums, moments[1].sums)


@given(st.integers(0, 2**31), st.lists(st.integers(0, 60), max_size=4), st.integers(0, 60))
def test_every_row_gets_its_nearest_centroid_however_rows_are_cut(seed, cuts, middle):
    rows, centroids = some(seed, n_rows=60)
    labels, _ = naive.nearest_centroid(rows, centroids)
    first = fed(Assigned(centroids), rows[:middle])
    rest = Assigned(centroids)
    rest.update(batch(rows[middle:], middle))
    first.merge(rest)
    for one in (fed(Assigned(centroids), rows, cuts), first):
        row_ids, found = one.result()
        np.testing.assert_array_equal(row_ids, np.arange(60))
        np.testing.assert_array_equal(found, labels)
        count, sums, inertia = naive.moments(rows, labels, 5)
        np.testing.assert_array_equal(one.moments.count, count)
        np.testing.assert_allclose(one.moments.sums, sums, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(one.moments.inertia, inertia, rtol=1e-9, atol=1e-9)


def test_equal_distances_go_to_the_earlier_centroid():
    rows = np.float32([[1], [3], [2]])
    assigned = fed(Assigned(np.array([[3.0], [1.0], [3.0]])), rows)
    assert assigned.result()[1].tolist() == [1, 0, 0]
    row_ids, labels, moments = assigned.settled()
    assert (row_ids.tolist(), labels.tolist()) == ([0, 1, 2], [1, 0, 0])
    assert moments.count.tolist() == [2, 1]


def test_clusters_that_nothing_is_near_to_are_left_out():
    assigned = fed(Assigned(np.array([[50.0], [0.0], [9.0]])), np.float32([[1], [8]]))
    _, labels, moments = assigned.settled()
    assert labels.tolist() == [0, 1]
    assert moments.centroids().ravel().tolist() == [1.0, 8.0]
    nothing = Assigned(np.array([[50.0]])).settled()
    assert [len(nothing[0]), len(nothing[1]), len(nothing[2].count)] == [0, 0, 0]


def test_spherical_compares_directions_and_keeps_the_rows_as_they_are():
    rows = np.float32([[0.1, 0], [0, 50], [9, 1]])
    assigned = Assigned(np.array([[1.0, 0.0], [0.0, 1.0]]), is_spherical=True)
    assigned.update(batch(rows))
    assert assigned.result()[1].tolist() == [0, 1, 0]
    np.testing.assert_allclose(assigned.moments.centroids()[1], [0, 50])
