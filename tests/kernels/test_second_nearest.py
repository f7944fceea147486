"""SecondNearest: counts, margins and boundary rows as by the definition, however rows are cut."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from relevanceai.batch import VectorBatch
from relevanceai.kernels import second_nearest as module
from relevanceai.kernels.nearest_other import targets
from relevanceai.kernels.second_nearest import MARGIN_BINS, SecondNearest

N_CLUSTERS = 6


def case(seed, n_rows=60, n_clusters=N_CLUSTERS):
    """Rows about centroids, one cluster empty, some noise; values exact in float32."""
    rng = np.random.default_rng(seed)
    centroids = rng.integers(-6, 7, (n_clusters, 3)).astype(np.float64)
    centroids[rng.integers(n_clusters)] = np.nan
    labels = rng.integers(-1, n_clusters, n_rows)
    labels[np.isnan(centroids).any(axis=1)[labels] & (labels >= 0)] = -1
    vectors = (np.nan_to_num(centroids)[labels] + rng.integers(-3, 4, (n_rows, 3))) / 2
    row_ids = rng.permutation(n_rows).astype(np.int64)
    return VectorBatch(row_ids, vectors.astype(np.float32), labels.astype(np.int32)), centroids


def streamed(batch, centroids, cuts, metric="l2", m=3, merged=False):
    among = targets(centroids, metric)
    kernels = [SecondNearest(among, m=m)]
    edges = [0, *sorted(cuts), len(batch)]
    for start, stop in pairwise(edges):
        if merged:
            kernels.append(SecondNearest(among, m=m))
        kernels[-1].update(batch[start:stop])
    for one in kernels[1:]:
        kernels[0].merge(one)
    return kernels[0].result()


def assert_equal(one, other, exactly):
    for name in module.Neighbours.__slots__:
        a, b = getattr(one, name), getattr(other, name)
        if not exactly and name in ("distance", "silhouette"):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
        else:
            np.testing.assert_array_equal(a, b, err_msg=name)


def check_definition(found, batch, centroids, metric, m):
    n_clusters = len(centroids)
    second = np.zeros((n_clusters, n_clusters), np.int64)
    closer = np.zeros_like(second)
    relative = [[] for _ in centroids]
    own_distances = [[] for _ in centroids]
    rows = {}
    for row_id, own, (other, near, far) in zip(
        batch.row_ids,
        batch.labels,
        naive.second_nearest(batch.vectors, batch.labels, centroids, metric),
        strict=True,
    ):
        if own < 0:
            continue
        own_distances[own].append(near)
        if other < 0:
            continue
        second[own, other] += 1
        closer[own, other] += far < near
        relative[own].append((far - near) / max(far, near) if max(far, near) else 0.0)
        rows.setdefault((int(own), other), []).append((far - near, int(row_id)))
    np.testing.assert_array_equal(found.count, [len(one) for one in own_distances])
    np.testing.assert_allclose(found.distance, [np.mean(one or [0]) for one in own_distances])
    np.testing.assert_allclose(
        found.silhouette, [np.mean(one) if len(one) > 1 else 0 for one in relative], atol=1e-12
    )
    np.testing.assert_array_equal(found.matrix(found.second), second)
    np.testing.assert_array_equal(found.matrix(found.closer), closer)
    np.testing.assert_array_equal(found.histogram.sum(axis=1), [len(one) for one in relative])
    for own in range(n_clusters):
        for other in range(n_clusters):
            row_ids, margins = found.boundary(own, other)
            best = sorted(rows.get((own, other), []))[:m]
            np.testing.assert_allclose(margins, [one[0] for one in best], atol=1e-12)
            if metric == "l2":
                assert row_ids.tolist() == [one[1] for one in best]


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_equals_the_definition(seed):
    batch, centroids = case(seed)
    # The same squared distance by another sum may differ in its last digit: none do on this grid.
    check_definition(streamed(batch, centroids, [], m=3), batch, centroids, "l2", 3)


def test_equals_the_definition_by_cosine():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 80).astype(np.int32)
    centroids = rng.standard_normal((5, 4))
    vectors = (centroids[labels] + rng.standard_normal((80, 4))).astype(np.float32)
    batch = VectorBatch(np.arange(80), vectors, labels)
    check_definition(streamed(batch, centroids, [], "cosine"), batch, centroids, "cosine", 3)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 60), max_size=4), st.booleans())
def test_any_cut_gives_the_same_to_the_last_bit_and_merging_to_the_last_digits(seed, cuts, sparse):
    batch, centroids = case(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PENDING", 10)
        if sparse:
            patch.setattr(module, "DENSE_UP_TO", 2)
        whole = streamed(batch, centroids, [])
        assert_equal(streamed(batch, centroids, cuts), whole, exactly=True)
        assert_equal(streamed(batch, centroids, cuts, merged=True), whole, exactly=False)


def test_a_sparse_table_holds_what_a_dense_one_does(monkeypatch):
    batch, centroids = case(5)
    dense = streamed(batch, centroids, [])
    monkeypatch.setattr(module, "DENSE_UP_TO", 2)
    sparse = streamed(batch, centroids, [20])
    assert_equal(sparse, dense, exactly=True)
    np.testing.assert_array_equal(
        sparse.matrix(sparse.second).toarray(),
        naive_matrix(dense),
    )


def naive_matrix(found):
    table = np.zeros((len(found.count),) * 2, np.int64)
    for own, other, n in zip(found.own, found.other, found.second, strict=True):
        table[own, other] += n
    return table


def test_by_hand():
    batch = VectorBatch(
        np.arange(4), np.array([[1], [3], [5], [10]], np.float32), np.array([0, 0, 0, 1], np.int32)
    )
    found = streamed(batch, np.array([[0.0], [8.0]]), [])
    assert found.matrix(found.second).tolist() == [[0, 3], [1, 0]]
    assert found.matrix(found.closer).tolist() == [[0, 1], [0, 0]]
    row_ids, margins = found.boundary(0, 1)
    assert (row_ids.tolist(), margins.tolist()) == ([2, 1, 0], [-2, 2, 6])
    assert found.distance.tolist() == [3, 2]
    assert found.silhouette[0] == pytest.approx((6 / 7 + 2 / 5 - 2 / 5) / 3)
    assert found.silhouette[1] == 0  # one member
    assert found.overall_silhouette == pytest.approx(found.silhouette[0] * 3 / 4)
    assert found.histogram[0].sum() == 3
    assert found.histogram[0][int((6 / 7 + 1) * MARGIN_BINS / 2)] == 1


def test_one_cluster_no_rows_and_no_clusters():
    batch = VectorBatch(np.arange(2), np.ones((2, 2), np.float32), np.zeros(2, np.int32))
    found = streamed(batch, np.array([[0.0, 0.0]]), [])
    assert (found.count.tolist(), found.own.tolist(), found.silhouette.tolist()) == ([2], [], [0.0])
    assert found.distance.tolist() == [np.sqrt(2)]
    for n_clusters in (0, 3):
        empty = streamed(batch[:0], np.ones((n_clusters, 2)), [])
        assert (len(empty.count), len(empty.own)) == (n_clusters, 0)
        assert empty.overall_silhouette == 0
        assert not np.isnan(empty.silhouette).any()


def test_rows_on_both_centroids_at_once_have_no_margin():
    batch = VectorBatch(np.arange(3), np.ones((3, 2), np.float32), np.zeros(3, np.int32))
    found = streamed(batch, np.ones((2, 2)), [])
    assert found.silhouette.tolist() == [0, 0]
    assert found.matrix(found.closer).sum() == 0
    assert found.histogram[0, MARGIN_BINS // 2] == 3
