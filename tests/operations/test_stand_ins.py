"""Medoids and exemplars as documents, samples that say so, and the warning about the closest one."""

from pathlib import Path

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.operations import stand_ins
from relevanceai.operations.viz.cluster import ClusterVizOps


@pytest.fixture
def line(tmp_path: Path) -> ClusterVizOps:
    """Cluster a on a line, with a document far out; b of one document; noise."""
    dataset = Client(tmp_path / "line").Dataset("line")
    places = {"a": [0.0, 1, 2, 3, 24], "b": [100.0], "outlier": [50.0]}
    dataset.insert_documents(
        [
            {"_id": f"d{place:g}", "at_vector_": [place, 0.0], "n": place, "group": group}
            for group, some in places.items()
            for place in some
        ]
    )
    return dataset.cluster(byo_cluster_field="group", vector_fields=["at_vector_"], alias="by-hand")


def test_medoids_by_hand(line: ClusterVizOps) -> None:
    found = line.medoids(select_fields=["n"])["results"]
    assert found == {
        "a": {
            "results": [{"_id": "d2", "n": 2.0, "_mean_distance": (2 + 1 + 1 + 22) / 4}],
            "documents": 5,
            "compared": 5,
            "loneliness": None,
            "is_atypical": False,
            "closest": "d3",  # the centroid is at 6, where there is none
            "closest_loneliness": None,
            "closest_is_atypical": False,
        },
        "b": {
            "results": [{"_id": "d100", "n": 100.0, "_mean_distance": 0.0}],
            "documents": 1,
            "compared": 1,
            "loneliness": None,
            "is_atypical": False,
            "closest": "d100",
            "closest_loneliness": None,
            "closest_is_atypical": False,
        },
    }


def test_exemplars_by_hand(line: ClusterVizOps) -> None:
    found = line.exemplars(2, "a", select_fields=["n"])["results"]
    assert found["a"] == {
        "results": [
            {"_id": "d2", "n": 2.0, "_stands_for": 0.8},
            {"_id": "d24", "n": 24.0, "_stands_for": 0.2},
        ],
        "documents": 5,
        "compared": 5,
        "mean_distance": 0.8,
    }
    assert len(line.exemplars(9)["results"]["a"]["results"]) == 5


@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_a_closest_document_between_two_groups_is_called_atypical(
    tmp_path: Path, metric: str
) -> None:
    rng = np.random.default_rng(0)
    dataset = Client(tmp_path / "two").Dataset("two")
    cloud = rng.standard_normal((60, 6)) + 10
    side = np.where(np.arange(60) % 2, 8.0, -8.0)[:, None] * [1, -1, 0, 0, 0, 0]
    groups = {"one": cloud, "both": cloud + side}
    groups["both"][0] = groups["both"].mean(axis=0)
    dataset.insert_documents(
        [
            {"_id": f"{name}-{i}", "v_vector_": row.tolist(), "group": name}
            for name, rows in groups.items()
            for i, row in enumerate(rows)
        ]
    )
    operations = dataset.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="x")
    found = operations.medoids(metric=metric)["results"]  # type: ignore[arg-type]
    assert (found["both"]["closest"], found["both"]["closest_is_atypical"]) == ("both-0", True)
    assert found["both"]["is_atypical"] == (found["both"]["results"][0]["_id"] == "both-0")
    assert not found["one"]["closest_is_atypical"]
    assert not found["one"]["is_atypical"]
    shown = operations.exemplars(3, "both", metric=metric)["results"]["both"]  # type: ignore[arg-type]
    assert sorted(one["_stands_for"] for one in shown["results"])[1:] >= [0.4, 0.4]


def test_a_large_cluster_is_sampled_and_says_so(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = small.ClusterOps(alias="by-hand")
    whole = operations.medoids()["results"]
    monkeypatch.setattr(stand_ins, "EXACT_UP_TO", 12)
    monkeypatch.setattr(stand_ins, "EXEMPLARS_FROM", 12)
    found = operations.medoids()["results"]
    counts = [(one["documents"], one["compared"]) for one in found.values()]
    assert counts == [(30, 12), (20, 12), (10, 10)]
    assert operations.medoids()["results"] == found
    last = list(found)[-1]
    assert found[last]["results"] == whole[last]["results"]
    shown = operations.exemplars(3)["results"].values()
    assert [(one["documents"], one["compared"]) for one in shown] == counts
    monkeypatch.setattr(stand_ins, "EXACT_UP_TO", 10_000)  # loneliness alone among a sample
    assert operations.medoids()["results"]["cluster-0"]["compared"] == 30


def test_what_cannot_be_asked_is_said(line: ClusterVizOps) -> None:
    with pytest.raises(NotFoundError, match="No cluster 'z'"):
        line.medoids("z")
    with pytest.raises(InvalidInputError, match="n is a whole number from 1, but got 0"):
        line.exemplars(0)
    with pytest.raises(InvalidInputError, match="'l2' and 'cosine', but got metric='dp'"):
        line.medoids(metric="dp")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError, match="No field 'm'"):
        line.exemplars(select_fields=["m"])
