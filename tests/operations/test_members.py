"""Who is in which cluster, and a sample of them."""

import numpy as np

from relevanceai.dataset import Dataset
from relevanceai.operations.members import clusters_of_rows, sampled_rows


def test_every_document_has_its_cluster(small: Dataset) -> None:
    ops = small.ClusterOps()
    store, centroids = ops._pinned()
    row_ids, clusters = clusters_of_rows(store, centroids)
    groups = store.field_values("group")
    assert [centroids.ids[place] for place in clusters] == [f"cluster-{group}" for group in groups]
    assert len(row_ids) == 60


def test_a_sample_is_drawn_alike_whatever_the_order_of_the_rows() -> None:
    row_ids = np.arange(100)
    clusters = np.repeat(np.array([0, 1, -1], np.int32), [70, 20, 10])
    ids, places = sampled_rows(row_ids, clusters, 30, seed=3)
    assert np.bincount(places).tolist() == [30, 20]
    assert (clusters[ids] == places).all()
    order = np.random.default_rng(0).permutation(100)
    again, _ = sampled_rows(row_ids[order], clusters[order], 30, seed=3)
    assert ids.tolist() == again.tolist()
    assert ids.tolist() != sampled_rows(row_ids, clusters, 30, seed=4)[0].tolist()
