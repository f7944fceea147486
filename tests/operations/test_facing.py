"""facing: borders in other vectors from samples, noise in random order, one rate for all."""

from pathlib import Path

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.kernels.common_face import common_face
from relevanceai.operations.cluster import ClusterOps
from relevanceai.operations.facing import face_between, noise_of


@pytest.fixture(scope="module")
def ops(tmp_path_factory: pytest.TempPathFactory) -> ClusterOps:
    """Three groups and noise, each with a second vector, which all documents of `c` lack."""
    rng = np.random.default_rng(1)
    groups = ["a"] * 30 + ["b"] * 30 + ["c"] * 30 + ["d"] * 30 + ["outlier"] * 20
    documents = []
    for place, name in enumerate(groups):
        one = {"_id": str(place), "group": name, "v_vector_": rng.normal(size=3).tolist()}
        if name != "c":
            one["w_vector_"] = (rng.normal(size=2) + 9).tolist()
        documents.append(one)
    dataset = Client(Path(tmp_path_factory.mktemp("facing")) / "home").Dataset("two")
    dataset.insert_documents(documents)
    return dataset.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="by-hand")


def test_borders_in_the_clustered_vectors_are_those_of_the_centroids(ops: ClusterOps) -> None:
    store, centroids = ops._pinned()
    face = face_between(store, centroids, 0, 2, vector_fields=("v_vector_",))
    expected = common_face(centroids.means, 0, 2)
    assert face.length == expected.length
    assert (face.thirds == expected.thirds).all()
    assert len(face.thirds) == 2


def test_borders_in_other_vectors_leave_out_clusters_without_them(ops: ClusterOps) -> None:
    store, centroids = ops._pinned()
    face = face_between(store, centroids, 0, 1, vector_fields=("w_vector_",))
    rows = {
        name: np.array(
            [
                one["w_vector_"]
                for one in store.read(store.all_row_ids().tolist())
                if one["group"] == name
            ]
        )
        for name in "abd"
    }
    means = np.stack([rows[name].mean(axis=0) for name in "abd"])
    np.testing.assert_allclose(face.middle, (means[0] + means[1]) / 2, rtol=1e-6)
    np.testing.assert_allclose(face.thirds, means[2:] - face.middle, atol=1e-6)
    nothing = face_between(store, centroids, 0, 2, vector_fields=("w_vector_",))
    assert nothing.holds(rows["a"].astype(np.float32)).all()
    answer = ops.compare("a", "c", vector_fields="w_vector_").fields["w_vector_"]
    assert (answer.verdict, answer.compared) == ("undecided", (30, 0))


def test_noise_is_drawn_whole_and_a_part_of_it_is_a_sample(ops: ClusterOps) -> None:
    store, centroids = ops._pinned()
    noise = noise_of(store, centroids, vector_fields=("v_vector_",))
    assert (len(noise.row_ids), noise.rate) == (20, 1.0)
    read = list(store.read(noise.row_ids.tolist()))
    np.testing.assert_allclose(noise.vectors, [one["v_vector_"] for one in read], rtol=1e-6)
    assert {one["group"] for one in read} == {"outlier"}
    assert noise.row_ids.tolist() != sorted(noise.row_ids.tolist())
    few = noise.at_rate(0.5)
    assert few.row_ids.tolist() == noise.row_ids[:10].tolist()
