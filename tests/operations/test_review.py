"""report: short, readable, and as complete as its dict; an answer for odd clusterings."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.operations import review
from relevanceai.operations.cluster import ClusterOps
from relevanceai.operations.review_answer import Review


def opened(home: Path, groups: dict[str, np.ndarray]) -> ClusterOps:
    dataset = Client(home).Dataset("shop")
    documents = [
        {"_id": f"{name}-{i}", "v_vector_": row.tolist(), "g": name, "title": f"{name} item {i}"}
        for name, rows in groups.items()
        for i, row in enumerate(rows)
    ]
    dataset.insert_documents([*documents, {"_id": "bare", "title": "no vector", "g": None}])
    return dataset.cluster(byo_cluster_field="g", vector_fields=["v_vector_"], alias="by-hand")


@pytest.fixture(scope="module")
def ops(tmp_path_factory: pytest.TempPathFactory) -> ClusterOps:
    """`a` and `b` are halves of one cloud; `c` is two groups; there is noise."""
    rng = np.random.default_rng(3)
    cloud = rng.normal(size=(300, 6))
    cut = cloud[:, 0] > 0
    two = rng.normal(size=(200, 6)) + 30
    two[:90, 0] += 9
    groups = {"a": cloud[cut], "b": cloud[~cut], "c": two, "outlier": rng.normal(size=(3, 6))}
    return opened(tmp_path_factory.mktemp("review") / "home", groups)


def test_what_is_printed_is_what_a_colleague_asks(
    ops: ClusterOps, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ops.report()
    out = capsys.readouterr().out
    assert out == found.text + "\n"
    lines = out.splitlines()
    assert lines[0] == "shop, clustering by-hand of v_vector_"
    assert lines[1].startswith("  500 documents in 3 clusters of ")
    assert lines[1].endswith("; 3 noise, 1 not clustered.")
    assert "Look at these first:" in out
    assert "  same      a and b" in out
    assert "1 cluster looks like two:" in out
    assert "  c, 200 documents" in out
    assert "  ops.compare('a', 'b') shows the evidence." in lines
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 130


def test_the_dict_is_plain_and_whole(ops: ClusterOps) -> None:
    found = ops.report()
    held = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert len(held["pairs"]) == len(ops.pairs())
    assert [one["cluster"] for one in held["splits"]] == list(ops.split_candidates()["cluster"])
    assert held["sizes"] == {name: n for name, n in ops.sizes().items() if name != "outlier"}
    assert repr(found) == (
        "<Review of 'by-hand' of dataset 'shop': 3 clusters, 1 pair to look at, 1 to split>"
    )


@pytest.mark.parametrize(
    ("groups", "line"),
    [
        ({"only": np.ones((5, 3))}, "  5 documents in one cluster; 1 not clustered."),
        ({"outlier": np.ones((5, 3))}, "  No clusters; 5 noise, 1 not clustered."),
        (
            {"a": np.ones((1, 3)), "b": np.ones((2, 3))},
            "  3 documents in 2 clusters of 1 to 2 (half have 2 or more); 1 not clustered.",
        ),
        (
            {"a": np.ones((2, 3)), "b": np.ones((2, 3))},
            "  4 documents in 2 clusters of 2 each; 1 not clustered.",
        ),
    ],
)
def test_odd_clusterings_have_a_report(
    tmp_path: Path, groups: dict[str, np.ndarray], line: str
) -> None:
    found: Review = opened(tmp_path / "home", groups).report()
    assert found.text.splitlines()[1] == line
    json.dumps(found.to_dict(), allow_nan=False)


def test_of_very_many_clusters_the_largest_and_the_listed_are_named(
    ops: ClusterOps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(5)
    groups = {f"g{i}": rng.normal(size=(90 if i == 4 else 6 + i, 3)) + 50 * i for i in range(9)}
    many = opened(tmp_path / "home", groups)
    whole = many.review()
    monkeypatch.setattr(review, "MOST_NAMED", 3)
    monkeypatch.setattr(review, "LISTED", 1)
    found = many.review()
    named = {one.cluster: one for one in found.names}
    listed = {found.to_merge[0].cluster, found.to_merge[0].other}
    assert {"g4", "g8", "g7"} | listed <= set(named) < set(found.sizes)
    assert all(one.name == named[one.cluster].name for one in whole.names if one.cluster in named)
    assert (
        f"Names were made of {len(named)} of 9 clusters, the largest; clusters of fewer than 80 "
        "documents were not cut."
    ) in found.text.splitlines()
    assert [one.cluster for one in found.splits if one.halves is not None] == ["g4"]
    assert [one.p_value for one in found.pairs] == [one.p_value for one in whole.pairs]
    assert "Names were made" not in whole.text


def test_a_separate_pair_of_clusters_that_do_not_come_back_is_told_once() -> None:
    rng = np.random.default_rng(3)
    group = np.arange(360) % 3
    vectors = (6 * np.eye(3, 8)[group] + rng.normal(size=(360, 8))).astype(np.float32)
    labels = np.where((group == 0) & (vectors[:, 7] > 0), 6, group)
    cut = ClusterOps.from_arrays(vectors, labels).review()
    assert set(cut.unstable) == {"cluster-0", "cluster-6"}
    assert cut.shaky
    for one in cut.shaky:
        assert one.verdict == "separate"
        assert {one.cluster, one.other} & {"cluster-0", "cluster-6"}
    have = "pair has" if len(cut.shaky) == 1 else "pairs have"
    assert (
        f"{len(cut.shaky)} separate {have} a cluster that does not come back, clustered anew:\n"
        in cut.text
    )
    for name in ("cluster-0", "cluster-6"):
        assert re.search(rf"\n  {name}( \(.*\))?: {cut.stability[name]}\n", cut.text)
    assert "Cluster with another number of clusters" in cut.text
    held = cut.to_dict()
    assert held["shaky"][0] == [cut.shaky[0].other, cut.shaky[0].cluster]
    assert held["stability"]["cluster-0"]["n"] == 10
