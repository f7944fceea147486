"""New documents go to the cluster whose centroid is nearest; nothing else moves."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import SMALL_ALIAS, SMALL_VECTOR, small_documents
from relevanceai.clustering.moments import moments_of
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError
from relevanceai.kernels.assign import nearest_centroids
from relevanceai.operations.asked import found_clustering
from relevanceai.operations.assign import AssignReport, assign_new
from relevanceai.operations.cluster import ClusterOps
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering


def clustering(ds: Dataset, alias: str = SMALL_ALIAS) -> tuple[DocumentStore, Clustering]:
    store = ds.opened()
    return store, found_clustering(store, alias, None)


def labels(ds: Dataset, alias: str = SMALL_ALIAS) -> dict[str, str | None]:
    _, one = clustering(ds, alias)
    return {
        document["_id"]: document.get("_cluster_", {}).get(one.field, {}).get(alias)
        for document in ds.get_all_documents()
    }


def newcomers() -> list[dict[str, object]]:
    rng = np.random.default_rng(1)
    return [
        {"_id": f"new-{row}", SMALL_VECTOR: (5 * np.eye(8)[row % 3] + rng.normal(size=8)).tolist()}
        for row in range(12)
    ] + [{"_id": "bare", "title": "no vector"}]


def test_new_documents_go_to_the_nearest_centroid(own_small: Dataset) -> None:
    before = labels(own_small)
    ops = ClusterOps.from_dataset(own_small, alias=SMALL_ALIAS)
    means = {one["_id"]: np.array(one[SMALL_VECTOR]) for one in ops.centroids()}
    own_small.insert_documents(newcomers())
    version = own_small.version
    report = assign_new(*clustering(own_small))
    expected = {
        str(one["_id"]): min(
            means, key=lambda name: float(np.linalg.norm(means[name] - one[SMALL_VECTOR]))
        )
        for one in newcomers()[:-1]
    }
    assert labels(own_small) == {**before, **expected, "bare": None}
    counts = {name: list(expected.values()).count(name) for name in sorted(means)}
    assert report == AssignReport(12, counts, 1)
    assert own_small.version == version + 2  # the column, and the one it replaces gone
    (info,) = own_small.clusterings()
    assert (info.n_documents, info.n_unclustered) == (72, 1)
    store, one = clustering(own_small)
    assert one.model["assigned"] == 12
    vectors = {doc["_id"]: doc.get(SMALL_VECTOR) for doc in own_small.get_all_documents()}
    moments = moments_of(store, one)
    for leaf, name in enumerate(one.ids):
        members = [
            np.array(vectors[key]) for key, value in labels(own_small).items() if value == name
        ]
        assert moments.count[leaf] == len(members)
        np.testing.assert_allclose(moments.centroids()[leaf], np.mean(members, axis=0), atol=1e-9)


def test_assigning_again_does_nothing(own_small: Dataset) -> None:
    assert assign_new(*clustering(own_small)) == AssignReport(0, {}, 0)
    own_small.insert_documents([{"_id": "bare"}])
    version = own_small.version
    assert assign_new(*clustering(own_small)) == AssignReport(0, {}, 1)
    assert own_small.version == version


def test_noise_stays_noise_and_empty_clusters_take_nobody(own_small: Dataset) -> None:
    groups: dict[str, object] = {
        str(one["_id"]): {0: -1, 1: 4, 2: 9}[int(str(one["group"]))] for one in small_documents()
    }
    own_small.set_cluster_labels([SMALL_VECTOR], "noisy", groups)
    gone = [key for key, value in groups.items() if value == 9]
    own_small.upsert_documents([{"_id": key, SMALL_VECTOR: None} for key in gone])
    own_small.upsert_documents([{"_id": key, SMALL_VECTOR: [9.0] * 8} for key in gone])
    report = assign_new(*clustering(own_small, "noisy"))
    assert report == AssignReport(10, {"cluster-4": 10}, 0)
    found = labels(own_small, "noisy")
    assert sum(one == "outlier" for one in found.values()) == 30


def test_without_a_centroid_there_is_nothing_to_be_near_to(own_small: Dataset) -> None:
    own_small.set_cluster_labels([SMALL_VECTOR], "none", [-1] * 60)
    own_small.insert_documents(newcomers()[:1])
    message = (
        f"No cluster of '_cluster_.{SMALL_VECTOR}.none' has a member, so there is no centroid to be "
        "near to, for 1 of 61 documents. Cluster the dataset again."
    )
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        assign_new(*clustering(own_small, "none"))


def test_several_vector_fields_have_the_same_say(own_small: Dataset) -> None:
    documents = small_documents()
    own_small.upsert_documents(
        [{"_id": one["_id"], "t_vector_": [float(str(one["price"])) + 1, 1]} for one in documents]
    )
    fields = [SMALL_VECTOR, "t_vector_"]
    own_small.set_cluster_labels(fields, "both", {d["_id"]: d["group"] for d in documents})
    own_small.insert_documents([{**newcomers()[1], "t_vector_": [1, 1]}, *newcomers()[2:4]])
    report = assign_new(*clustering(own_small, "both"))
    assert (report.assigned, report.left) == (1, 2)


def test_a_failure_leaves_labels_as_they_were(
    own_small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lance

    own_small.insert_documents(newcomers())
    before, version = labels(own_small), own_small.version

    def fail(*_: object) -> None:
        raise OSError("no")

    with monkeypatch.context() as patch:
        patch.setattr(lance.LanceDataset, "add_columns", fail)
        with pytest.raises(OSError, match="no"):
            assign_new(*clustering(own_small))
    assert (labels(own_small), own_small.version) == (before, version)
    assert assign_new(*clustering(own_small)).assigned == 12


@given(
    seed=st.integers(0, 1000),
    shape=st.tuples(st.integers(0, 40), st.integers(1, 6), st.integers(1, 5)),
    far=st.sampled_from([0.0, 1e4, 1e6]),
)
def test_the_nearest_is_that_of_plain_distances(
    seed: int, shape: tuple[int, int, int], far: float
) -> None:
    n_rows, n_clusters, width = shape
    rng = np.random.default_rng(seed)
    vectors = (rng.integers(-3, 4, (n_rows, width)) + far).astype(np.float32)
    centroids = rng.integers(-3, 4, (n_clusters, width)) + far  # with ties
    plain = [
        min(range(n_clusters), key=lambda c: float(((centroids[c] - row) ** 2).sum()))
        for row in vectors.astype(np.float64)
    ]
    assert nearest_centroids(vectors, centroids).tolist() == plain
