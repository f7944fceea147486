"""The graph between clusters: taken once, kept, and taken anew when the dataset changes."""

import numpy as np
import pytest

from relevanceai.clustering import graph
from relevanceai.clustering.graph import cluster_graph, sampled_places
from relevanceai.dataset import Dataset
from relevanceai.operations.cluster import ClusterOps


def test_every_document_of_a_small_dataset_is_in_it(own_small: Dataset) -> None:
    store, centroids = ClusterOps.from_dataset(own_small)._pinned()
    found = cluster_graph(store, centroids.clustering)
    assert found.neighbours.shape == (60, graph.NEIGHBOURS // 2)  # 20 documents a cluster
    assert np.bincount(found.labels).tolist() == [30, 20, 10]


def test_it_is_kept_until_the_dataset_changes(
    own_small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    ops = ClusterOps.from_dataset(own_small)
    store, centroids = ops._pinned()
    before = cluster_graph(store, centroids.clustering)
    taken = []

    def counting(*given: object) -> object:
        taken.append(given)
        return before

    monkeypatch.setattr(graph, "_taken", counting)
    again = cluster_graph(store, centroids.clustering)
    assert not taken
    assert np.array_equal(again.neighbours, before.neighbours)
    assert np.array_equal(again.labels, before.labels)
    own_small.insert_documents([{"_id": "new", "title": "later"}])
    store, centroids = ops._pinned()
    cluster_graph(store, centroids.clustering)
    assert len(taken) == 1


def test_a_sample_has_the_clusters_in_proportion_and_none_is_left_out() -> None:
    labels = np.repeat(np.arange(3, dtype=np.int32), [700, 295, 5])
    places = sampled_places(labels, 100, np.random.default_rng(0))
    assert np.bincount(labels[places]).tolist() == [70, 30, 5]
    assert (np.diff(places) > 0).all()
    assert len(sampled_places(labels, 2000, np.random.default_rng(0))) == 1000
