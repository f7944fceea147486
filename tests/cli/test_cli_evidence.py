"""The commands that judge clusters: report, pairs and compare."""

import json
import re
from pathlib import Path

import pytest

from relevanceai.cli import main
from relevanceai.client import Client


def run(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str, str]:
    code = main([*words, "--workspace", str(home)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_report_prints_the_review(small_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, small_home, "report", "small")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "small, clustering by-hand of look_vector_"
    assert lines[1] == "  60 documents in 3 clusters of 10 to 30 (half have 20 or more)."
    steps = lines[lines.index("Next:") + 1 :]
    assert steps
    assert all(one.startswith("  relevanceai ") for one in steps)
    assert all("small" in one and one.endswith(f"--workspace {small_home}") for one in steps)
    assert "ops." not in out
    code, out, _ = run(capsys, small_home, "report", "small", "--json")
    assert set(json.loads(out)) >= {"sizes", "pairs", "splits", "names", "next_steps"}


def test_pairs_prints_a_queue(small_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, small_home, "pairs", "small")
    assert code == 0
    head, _, *rows = out.splitlines()
    assert head.split()[:4] == ["cluster", "other", "verdict", "priority"]
    assert len(rows) == 3
    _, out, _ = run(capsys, small_home, "pairs", "small", "--limit", "1", "--json")
    (row,) = json.loads(out)
    assert row["verdict"] in {"separate", "continuum", "same", "undecided"}
    assert set(row) >= {"p_value", "q_value", "separation", "suggestion"}


def test_pairs_of_one_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = Client(tmp_path).Dataset("one")
    dataset.insert_documents([{"_id": "a", "v_vector_": [1.0, 2.0], "g": "x"}])
    dataset.cluster(byo_cluster_field="g", vector_fields=["v_vector_"], alias="lone")
    code, out, _ = run(capsys, tmp_path, "pairs", "one")
    assert (code, out) == (0, "No pairs: lone has fewer than two clusters\n")


def test_compare_prints_the_verdict(small_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["compare", "small", "cluster-0", "cluster-1"]
    code, out, _ = run(capsys, small_home, *words)
    assert code == 0
    assert re.match(r"cluster-0 and cluster-1 in look_vector_: [a-z]+", out)
    assert "  -> " in out
    _, out, _ = run(capsys, small_home, *words, "--json")
    assert json.loads(out)["first"] == "cluster-0"


def test_compare_takes_the_bare_numbers_of_clusters(
    small_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    by_id = run(capsys, small_home, "compare", "small", "cluster-0", "cluster-1")
    assert run(capsys, small_home, "compare", "small", "0", "1") == by_id
    code, _, error = run(capsys, small_home, "compare", "small", "0", "7")
    assert (code, error.startswith("relevanceai: error: No cluster '7'")) == (2, True)


def test_compare_names_the_clusters_there_are(
    small_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, error = run(capsys, small_home, "compare", "small", "cluster-0", "cluster-00")
    assert (code, out) == (2, "")
    assert error.startswith("relevanceai: error: No cluster 'cluster-00' in clustering 'by-hand'")
    code, _, error = run(capsys, small_home, "compare", "small", "cluster-0", "cluster-0")
    assert code == 2
    assert "got 'cluster-0' twice" in error
