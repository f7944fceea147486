"""The sample of every cluster: random, the same however the rows come, and nested."""

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch
from relevanceai.kernels.cluster_rows import ClusterRows, Sampled, row_hash
from relevanceai.kernels.halves import half_of


def rows(n: int) -> VectorBatch:
    rng = np.random.default_rng(5)
    labels = rng.choice(4, n, p=[0.9, 0.07, 0.02, 0.01]).astype(np.int32) - 1
    ids = rng.permutation(10 * n)[:n].astype(np.int64)
    return VectorBatch(ids, np.stack([ids, labels], axis=1).astype(np.float32), labels)


def taken(batches: list[VectorBatch], count: NDArray[np.int64], most: int) -> Sampled:
    whole = ClusterRows(count, most, 2)
    for batch in batches:
        part = ClusterRows(count, most, 2)
        part.update(batch)
        whole.merge(part)
    return whole.result()


def counts(batch: VectorBatch) -> NDArray[np.int64]:
    return np.bincount(batch.labels[batch.labels >= 0], minlength=4).astype(np.int64)


def test_the_rows_of_lowest_hash_are_kept_of_each_cluster() -> None:
    batch = rows(5_000)
    found = taken([batch], counts(batch), 50)
    for cluster in range(4):
        members = batch.row_ids[batch.labels == cluster]
        expected = members[np.argsort(row_hash(members))][:50]
        np.testing.assert_array_equal(found.ids(cluster), expected)
        np.testing.assert_array_equal(found.rows(cluster)[:, 0], expected.astype(np.float32))
        assert (found.rows(cluster)[:, 1] == cluster).all()
        assert found.size(cluster) == min(50, len(members))


def test_cuts_and_order_change_nothing() -> None:
    batch = rows(3_000)
    order = np.random.default_rng(1).permutation(3_000)
    mixed = VectorBatch(batch.row_ids[order], batch.vectors[order], batch.labels[order])
    one = taken([batch], counts(batch), 40)
    other = taken([mixed[:7], mixed[7:7], mixed[7:2_000], mixed[2_000:]], counts(batch), 40)
    np.testing.assert_array_equal(one.starts, other.starts)
    np.testing.assert_array_equal(one.row_ids, other.row_ids)
    np.testing.assert_array_equal(one.vectors, other.vectors)


def test_a_smaller_sample_is_the_first_part_of_a_larger() -> None:
    batch = rows(3_000)
    small, large = (taken([batch], counts(batch), most) for most in (20, 200))
    np.testing.assert_array_equal(small.ids(0), large.ids(0, 20))
    np.testing.assert_array_equal(small.rows(0), large.rows(0, 20))


def test_memory_is_that_of_the_sample() -> None:
    batch = rows(200_000)
    kernel = ClusterRows(counts(batch), 100, 2)
    kernel.update(batch)
    held = sum(len(piece[0]) for piece in kernel._pieces)
    assert held < 3 * 300


def test_nothing_gives_nothing() -> None:
    found = ClusterRows(np.zeros(3, np.int64), 10, 5).result()
    assert found.size(1) == 0
    assert found.rows(2).shape == (0, 5)


def test_the_hash_is_fair_and_seeded() -> None:
    ids = np.arange(20_000)
    shares = (row_hash(ids) / 2.0**64, row_hash(ids, 1) / 2.0**64)
    for share in shares:
        assert abs(float(share.mean()) - 0.5) < 0.01
    assert abs(float(np.corrcoef(*shares)[0, 1])) < 0.03
    np.testing.assert_array_equal(row_hash(ids) & np.uint64(1), half_of(ids))
