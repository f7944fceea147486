"""A workspace finds its folder, keeps datasets of any name, and builds samples whole or not."""

import json
from pathlib import Path

import pytest

from relevanceai.errors import NotFoundError, WorkspaceError
from relevanceai.store.documents import DocumentStore
from relevanceai.store.workspace import Workspace, workspace_folder
from relevanceai.store.writing import write_documents


def put(store: DocumentStore) -> None:
    write_documents(store, [{"_id": "a"}], upsert=False)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


def test_the_folder_comes_from_the_argument_then_the_environment_then_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.setenv("RELEVANCEAI_HOME", str(tmp_path / "there"))
    assert workspace_folder(tmp_path / "here") == tmp_path / "here"
    assert workspace_folder("~/mine") == tmp_path / "me" / "mine"
    assert workspace_folder(None) == tmp_path / "there"
    monkeypatch.setenv("RELEVANCEAI_HOME", "~/set")
    assert workspace_folder(None) == tmp_path / "me" / "set"
    monkeypatch.delenv("RELEVANCEAI_HOME")
    assert workspace_folder(None) == tmp_path / "me" / ".relevanceai"
    monkeypatch.chdir(tmp_path)
    assert workspace_folder("relative") == tmp_path / "relative"


@pytest.mark.parametrize("given", [None, "~", "~/x"])
def test_no_home_is_a_clear_error_and_no_folder_named_tilde(
    given: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "USERPROFILE", "RELEVANCEAI_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(WorkspaceError) as caught:
        workspace_folder(given)
    assert str(caught.value) == (
        "There is no home folder to keep the workspace in: neither RELEVANCEAI_HOME nor HOME is "
        "set. Set RELEVANCEAI_HOME to a folder, or pass one: Client('some/folder')."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match=r"The workspace .* is a file. Pass a folder."):
        workspace_folder(tmp_path / "file")


@pytest.mark.parametrize("given", ["", " ", "a\0b"])
def test_a_path_that_names_nothing_is_refused(given: str) -> None:
    with pytest.raises(WorkspaceError) as caught:
        workspace_folder(given)
    assert str(caught.value) == f"A workspace is a folder, but got {given!r}. Pass a path."


def test_reading_makes_nothing(workspace: Workspace) -> None:
    assert workspace.names() == []
    assert not workspace.store("x").exists()
    assert not workspace.folder.exists()


@pytest.mark.parametrize("name", ["..", "a/b\\c", "ünï 🥾", "x" * 300, "con", "UPPER", "upper"])
def test_names_of_any_sort_are_kept_apart_inside_the_workspace(
    workspace: Workspace, name: str
) -> None:
    put(workspace.store("other"))
    put(workspace.store(name))
    assert workspace.names() == sorted(["other", name])
    assert workspace.store(name).folder.parent == workspace.folder / "datasets"
    workspace.delete(name)
    assert workspace.names() == ["other"]
    assert workspace.was_deleted(name)
    assert not workspace.was_deleted("other")
    assert [one.name for one in (workspace.folder / "datasets").glob(".gone*")] == []


def test_deleting_what_is_not_there_lists_what_is(workspace: Workspace) -> None:
    put(workspace.store("shoes"))
    with pytest.raises(NotFoundError) as caught:
        workspace.delete("shoe")
    assert str(caught.value) == f"No dataset 'shoe' in {workspace.folder}. It has: 'shoes'."


def test_a_dataset_deleted_and_made_anew_has_another_revision(workspace: Workspace) -> None:
    put(workspace.store("a"))
    first = workspace.store("a").revision()
    workspace.delete("a")
    put(workspace.store("a"))
    assert workspace.store("a").revision() != first


def test_a_build_that_fails_leaves_nothing(workspace: Workspace) -> None:
    def broken(store: DocumentStore) -> None:
        put(store)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workspace.build("sample", broken)
    assert workspace.names() == []
    assert list((workspace.folder / "datasets").iterdir()) == []
    assert workspace.build("sample", put).count() == 1
    assert workspace.build("sample", broken).count() == 1  # is there: left alone


def test_a_workspace_of_a_newer_format_is_refused(workspace: Workspace) -> None:
    workspace.write_format()
    path = workspace.folder / "workspace.json"
    assert json.loads(path.read_text()) == {"format": 1}
    path.write_text('{"format": 2}')
    with pytest.raises(WorkspaceError) as caught:
        Workspace(workspace.folder)
    assert str(caught.value) == (
        f"The workspace {workspace.folder} has format 2, but this version of the package reads "
        "format 1. Install a newer relevanceai-local."
    )
    path.write_text("not json")
    with pytest.raises(WorkspaceError, match="description cannot be read"):
        Workspace(workspace.folder)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    workspace = Workspace(tmp_path / "file" / "home")
    with pytest.raises(WorkspaceError) as caught:
        workspace.write_format()
    assert str(caught.value) == (
        f"Cannot write to the workspace {tmp_path / 'file' / 'home'}: Not a directory. Make the "
        "folder writable, set RELEVANCEAI_HOME, or pass another: Client('some/folder')."
    )
