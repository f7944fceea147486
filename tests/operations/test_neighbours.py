"""Overlap, silhouettes, separation and boundary documents of clusters, as a user asks for them."""

import re
from pathlib import Path

import numpy as np
import pytest

import naive
from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.kernels import second_nearest
from relevanceai.operations import neighbours
from relevanceai.operations.viz.cluster import ClusterVizOps

FIELD = "look_vector_"


def line(home: Path, places: dict[str, list[float]]) -> ClusterVizOps:
    """Documents on a line, clustered by hand; `d10` is the document at 10."""
    dataset = Client(home).Dataset("line")
    dataset.insert_documents(
        [
            {"_id": f"d{place:g}", "at_vector_": [place, 0.0], "group": group}
            for group, some in places.items()
            for place in some
        ]
    )
    return dataset.cluster(byo_cluster_field="group", vector_fields=["at_vector_"], alias="by-hand")


@pytest.fixture
def three(client: Client, tmp_path: Path) -> ClusterVizOps:
    """Centroids at 2, 10 and 100; the document at 7 is closer to b than to its own."""
    return line(
        tmp_path / "line", {"a": [-1, 0, 1, 3, 7], "b": [9, 11], "c": [100], "outlier": [50]}
    )


def test_overlap_by_hand(three: ClusterVizOps) -> None:
    count = three.overlap(values="count")
    assert count.to_numpy().tolist() == [[0, 5, 0], [2, 0, 0], [0, 1, 0]]
    assert list(count.index) == list(count.columns) == ["a", "b", "c"]
    assert three.overlap().to_numpy().tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0]]
    assert three.overlap(values="closer").to_numpy().tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_overlapping_pairs_by_hand(three: ClusterVizOps) -> None:
    assert three.overlapping().to_dict("records") == [
        {"cluster": "b", "other": "a", "share": 1.0, "documents": 7, "closer": 1},
        {"cluster": "c", "other": "b", "share": 1 / 3, "documents": 1, "closer": 0},
    ]
    assert len(three.overlapping(1)) == 1
    assert len(three.overlapping(0)) == 0


def test_silhouettes_by_hand(three: ClusterVizOps) -> None:
    found = three.silhouettes()
    assert list(found.index) == ["a", "b", "c"]
    assert found["documents"].tolist() == [5, 2, 1]
    margins = [8 / 11, 8 / 10, 8 / 9, 6 / 7, -2 / 5]
    assert found["simplified_silhouette"].tolist() == pytest.approx(
        [np.mean(margins), (6 / 7 + 8 / 9) / 2, 0]
    )
    assert found["distance"].tolist() == [2.4, 1, 0]
    assert found["closer_elsewhere"].tolist() == [0.2, 0, 0]
    assert found["neighbour"].tolist() == ["b", "a", "b"]
    assert found["neighbour_share"].tolist() == [1, 1, 1]


def test_separation_is_what_scikit_learn_and_the_definitions_say(small: Dataset) -> None:
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

    documents = list(small.get_all_documents())
    vectors = np.array([one[FIELD] for one in documents], np.float32)
    labels = np.array([one["group"] for one in documents])
    rows = naive.second_nearest(vectors, labels, naive.centroids(vectors, labels, 3), "l2")
    found = small.ClusterOps(alias="by-hand").separation()
    assert (found.documents, found.clusters, found.metric) == (60, 3, "l2")
    assert found.davies_bouldin == pytest.approx(davies_bouldin_score(vectors, labels), rel=1e-6)
    assert found.calinski_harabasz == pytest.approx(
        calinski_harabasz_score(vectors, labels), rel=1e-6
    )
    assert found.simplified_silhouette == pytest.approx(
        np.mean([(far - near) / max(far, near) for _, near, far in rows])
    )
    assert found.closer_elsewhere == np.mean([far < near for _, near, far in rows])
    by_cosine = small.ClusterOps(alias="by-hand").separation("cosine")
    assert by_cosine.davies_bouldin == found.davies_bouldin
    assert by_cosine.simplified_silhouette != found.simplified_silhouette


def test_the_boundary_of_two_clusters_leaves_the_others_aside(three: ClusterVizOps) -> None:
    found = three.boundary("a", "c", n=2)["results"]
    assert list(found) == ["a", "c"]
    assert [(one["_id"], one["_margin"]) for one in found["a"]["results"]] == [
        ("d7", 88.0), ("d3", 96.0),
    ]  # fmt: skip
    assert [(one["_id"], one["_margin"]) for one in found["c"]["results"]] == [("d100", 98.0)]
    closer = three.boundary("b", "a", select_fields=["group"])["results"]
    assert closer["a"]["results"][0] == {"_id": "d7", "group": "a", "_margin": -2.0}
    assert "at_vector_" not in three.boundary("a", "b")["results"]["a"]["results"][0]


def test_one_cluster_has_no_neighbours(tmp_path: Path) -> None:
    one = line(tmp_path / "one", {"a": [1, 2]})
    assert one.overlap().to_numpy().tolist() == [[0.0]]
    assert len(one.overlapping()) == 0
    assert one.silhouettes()["neighbour"].tolist() == [None]
    found = one.separation()
    assert (found.simplified_silhouette, found.davies_bouldin, found.calinski_harabasz) == (
        None, None, None,
    )  # fmt: skip
    assert found.closer_elsewhere == 0


def test_only_noise_has_no_clusters(tmp_path: Path) -> None:
    none = line(tmp_path / "none", {"outlier": [1, 2]})
    assert none.overlap().shape == (0, 0)
    assert len(none.overlapping()) == 0
    assert len(none.silhouettes()) == 0
    assert none.separation().clusters == 0


def test_many_clusters_have_a_sparse_table_of_the_same_values(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = small.ClusterOps(alias="by-hand")
    for values in ("share", "count", "closer"):
        dense = operations.overlap(values=values)
        with monkeypatch.context() as patch:
            patch.setattr(second_nearest, "DENSE_UP_TO", 1)
            patch.setattr(neighbours, "DENSE_UP_TO", 1)
            sparse = operations.overlap(values=values)
        assert sparse.sparse.to_dense().to_numpy().tolist() == dense.to_numpy().tolist()
        assert list(sparse.index) == list(sparse.columns) == list(dense.index)


def test_what_cannot_be_asked_is_said(three: ClusterVizOps) -> None:
    with pytest.raises(InvalidInputError, match="go by 'l2' and 'cosine', but got metric='l1'"):
        three.overlap("l1")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="'share', 'count' or 'closer', but got 'sum'"):
        three.overlap(values="sum")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="between two clusters, but got 'a' twice"):
        three.boundary("a", "a")
    with pytest.raises(NotFoundError, match=re.escape("No cluster 'z' in clustering 'by-hand'")):
        three.boundary("a", "z")
    with pytest.raises(InvalidInputError, match="n is a whole number from 1, but got 0"):
        three.boundary("a", "b", n=0)
