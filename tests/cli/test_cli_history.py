"""The commands of versions, tags, going back, compaction, checking and the cache."""

import json
import shutil
from pathlib import Path

import pytest

from conftest import SMALL_VECTOR
from relevanceai.cli import main
from relevanceai.client import Client


@pytest.fixture
def home(small_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of the test's own with three small clusters; a wide terminal."""
    monkeypatch.setenv("COLUMNS", "160")
    folder = shutil.copytree(small_home, tmp_path / "small")
    monkeypatch.setenv("RELEVANCEAI_HOME", str(folder))
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[str]:
    assert main(words) == code
    return capsys.readouterr().out.splitlines()


def test_versions_are_listed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = Client(home).Dataset("small")
    n_versions = len(dataset.versions())
    dataset.tag("first", 1)
    lines = said(capsys, "versions", "small")
    assert lines[0].split() == ["version", "when", "what", "documents", "tags"]
    assert len(lines) == 2 + n_versions
    assert "created with 60 documents" in lines[2]
    assert lines[2].endswith("first")
    assert len(said(capsys, "versions", "small", "--limit", "1")) == 3
    rows = json.loads("\n".join(said(capsys, "versions", "small", "--json")))
    assert [row["version"] for row in rows] == list(range(1, n_versions + 1))
    assert rows[0]["when"].endswith("+00:00")


def test_restore_goes_back_and_tells_how_to_undo_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = Client(home).Dataset("small")
    now = dataset.version
    assert said(capsys, "restore", "small", "1") == [
        f"small is at version 1, with 60 documents, again; this is version {now + 1}",
        f"Set aside with the version from before: _cluster_.{SMALL_VECTOR}.by-hand",
        "The version from before is tagged before-restore-1. To go back to it: "
        "relevanceai restore small before-restore-1",
    ]
    assert dataset.list_cluster_aliases() == []
    assert len(said(capsys, "restore", "small", "before-restore-1")) == 2
    assert dataset.list_cluster_aliases() == ["by-hand"]
    assert said(capsys, "restore", "small", str(dataset.version)) == [
        f"small is at version {dataset.version}, with 60 documents, already"
    ]


def test_a_version_that_is_not_there_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore", "small", "99"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("relevanceai: error: No version 99 of dataset 'small'. It has ")
    assert error.count("\n") == 1


def test_tags_are_listed_made_and_removed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    latest = Client(home).Dataset("small").version
    assert said(capsys, "tag", "small") == ["small has no tags yet"]
    assert said(capsys, "tag", "small", "now") == [f"Version {latest} is tagged now"]
    assert said(capsys, "tag", "small", "first", "--version", "1") == ["Version 1 is tagged first"]
    assert [line.split() for line in said(capsys, "tag", "small")[2:]] == [
        ["first", "1"],
        ["now", str(latest)],
    ]
    assert said(capsys, "tag", "small", "first", "--remove") == [
        "Version 1 is no longer tagged first"
    ]
    assert main(["tag", "small", "--remove"]) == 2
    assert capsys.readouterr().err == (
        "relevanceai: error: --version and --remove need a NAME. Pass one.\n"
    )


def test_compact_tells_files_and_what_was_removed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = Client(home).Dataset("small")
    for i in range(3):
        dataset.insert_documents([{"_id": f"x{i}"}])
    (line,) = said(capsys, "compact", "small")
    before, _, _, after = line.split()
    assert int(after) < int(before)
    lines = said(capsys, "compact", "small", "--older-than", "0")
    assert lines[1].split()[1:4] == ["old", "versions", "removed,"]
    assert len(dataset.versions()) == 1
    for days in ("-1", "nan", "1e9"):
        assert main(["compact", "small", f"--older-than={days}"]) == 2
        assert capsys.readouterr().err.startswith(
            "relevanceai: error: --older-than is a number of days from 0, but got "
        )


def test_verify_ends_with_1_when_something_is_wrong(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Client(home).Dataset("other").insert_documents([{"_id": "a"}])
    assert said(capsys, "verify") == [
        "other: 1 documents, sound",
        "small: 60 documents, sound",
    ]
    record = next((home / "datasets" / "small" / "clusterings").glob("*.json"))
    record.write_text("{")
    lines = said(capsys, "verify", "small", code=1)
    assert lines[0] == "small: 60 documents, 1 problems"
    assert lines[1].startswith("  problem: The record of a clustering cannot be read: ")
    assert main(["verify", "nothing"]) == 2


def test_the_cache_is_measured_and_cleared(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "datasets" / "small" / "cache"
    shutil.rmtree(folder, ignore_errors=True)  # what other tests asked the copied workspace
    dataset = Client(home).Dataset("small")
    dataset.ClusterOps(alias="by-hand").centroids()
    assert len(list(folder.iterdir())) == 1
    lines = said(capsys, "cache")
    assert lines[0].split() == ["dataset", "MB"]
    assert lines[2].split()[0] == "small"
    assert said(capsys, "cache", "clear") == [f"0.0 MB freed in {home}"]
    assert list(folder.iterdir()) == []
    assert said(capsys, "cache", "size", "--workspace", str(home / "empty")) == [
        f"No datasets yet in {home / 'empty'}"
    ]
