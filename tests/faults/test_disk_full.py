"""A disk that runs full, at every point of every kind of write: nothing of the write is kept."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import lance
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from story import FIRST, VECTOR, after, document, done, first_documents

from relevanceai.clustering.moments import moments_of, moments_problems
from relevanceai.errors import WorkspaceError
from relevanceai.store import commits, labels
from relevanceai.store.documents import DocumentStore
from relevanceai.store.history import tag, tags
from relevanceai.store.verify import verified
from relevanceai.store.workspace import Workspace

STEPS: dict[str, dict] = {
    "insert": {"kind": "insert", "documents": [document(f"new-{i}", i) for i in range(400)]},
    "upsert": {"kind": "upsert", "documents": [document(f"first-{i}", i + 7) for i in range(30)]},
    "retype": {"kind": "retype", "documents": [{"_id": "first-3", "n": "text", "more": 1}]},
    "cluster": {"kind": "cluster"},
    "relabel": {"kind": "relabel", "labels": {f"first-{i}": i % 2 for i in range(20)}},
    "delete": {"kind": "delete", "ids": [f"first-{i}" for i in range(5)]},
    "set": {"kind": "set", "below": 1000, "value": "said"},
    "assign": {"kind": "assign"},
    "restore": {"kind": "restore"},
    "compact": {"kind": "compact"},
}

FULL = "The disk is full, so nothing of this was written to dataset 'full'. Free some space"
NEXT = {"kind": "upsert", "documents": [{"_id": "next", VECTOR: [1.0, 2.0, 3.0, 4.0], "n": 2.5}]}


def begun(folder: Path) -> DocumentStore:
    """A dataset with two clusterings, in several files, whose first version is tagged."""
    workspace = Workspace(folder)
    workspace.write_format()
    store = workspace.store("full")
    for step in history():
        done(store, step)
        if step["kind"] == "insert" and not tags(store):
            tag(store, FIRST)
    return store


def history() -> list[dict]:
    return [
        {"kind": "insert", "documents": first_documents()},
        {"kind": "cluster"},
        {"kind": "relabel", "labels": {f"first-{i}": i % 3 for i in range(30)}},
        {"kind": "upsert", "documents": [{"_id": "first-1", "title": "changed"}]},
        {"kind": "insert", "documents": [document("fresh", 1)]},
    ]


def there(store: DocumentStore) -> dict[str, dict]:
    return {one["_id"]: one for one in store.read()}


def assert_whole(store: DocumentStore, expected: dict[str, dict]) -> None:
    found = verified(store)
    assert found.problems + moments_problems(store) == []
    assert there(store) == expected


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    words = [mount, "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    made = subprocess.run(words, capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, left: int) -> Path:
    """Fill a disk but for some bytes."""
    ballast = disk / "ballast"
    space = os.statvfs(disk)
    ballast.write_bytes(b"\1" * max(space.f_bavail * space.f_frsize - left, 0))
    return ballast


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_a_disk_that_is_full_keeps_what_was_there(
    name: str, small_disk: Path, tmp_path: Path
) -> None:
    begun(tmp_path / "home")
    refusals = []
    for left in (0, *range(4096, 120_000, 8192)):
        home = shutil.copytree(tmp_path / "home", small_disk / "home")
        store = Workspace(home).store("full")
        before = there(store)
        ballast = fill(small_disk, left)
        expected = before
        try:
            done(store, STEPS[name])
            expected = after(before, STEPS[name])
        except WorkspaceError as error:
            refusals.append(str(error))
        for one in store.clusterings():
            moments_of(store, one)  # which cannot be kept, and are taken all the same
        ballast.unlink()
        assert_whole(store, expected)
        done(store, NEXT)
        assert_whole(store, after(expected, NEXT))
        shutil.rmtree(home)
    assert refusals
    assert all(one.startswith(FULL) for one in refusals)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("at", range(4))
def test_no_space_at_any_write_keeps_what_was_there(
    name: str, at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = begun(tmp_path / "home")
    before = there(store)
    n_calls, refused = 0, FULL

    def limited(real: object) -> object:
        def call(*given: object, **named: object) -> object:
            nonlocal n_calls
            n_calls += 1
            if n_calls == at + 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*given, **named)  # type: ignore[operator]

        return call

    with monkeypatch.context() as patch:
        for home in (commits, labels):
            patch.setattr(home, "write_file", limited(labels.write_file))
        patch.setattr(lance, "write_dataset", limited(lance.write_dataset))
        for method in ("add_columns", "commit", "drop_columns", "merge_insert", "restore"):
            patch.setattr(lance.LanceDataset, method, limited(getattr(lance.LanceDataset, method)))
        try:
            done(store, STEPS[name])
            expected = after(before, STEPS[name])
        except WorkspaceError as error:
            refused, expected = str(error), before
    assert refused.startswith(FULL)
    if expected == before or n_calls <= at:
        assert_whole(store, expected)
    with store.writing():
        pass
    assert_whole(store, expected)
    done(store, NEXT)
    assert_whole(store, after(expected, NEXT))


def test_the_first_write_of_a_dataset_leaves_nothing_on_a_full_disk(small_disk: Path) -> None:
    workspace = Workspace(small_disk / "home")
    workspace.write_format()
    store = workspace.store("full")
    for left in (0, 4096, 8192):
        ballast = fill(small_disk, left)
        with pytest.raises(WorkspaceError, match=r"disk is full|Cannot write to the workspace"):
            done(store, history()[0])
        ballast.unlink()
        assert not store.exists()
    done(store, history()[0])
    assert [one.name for one in (small_disk / "home" / "datasets").iterdir()] == ["full"]
