"""Commits: the lock that writers hold, and changes of several commits, made whole or taken back."""

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import lance
from filelock import FileLock

from relevanceai.errors import WorkspaceError
from relevanceai.store.whole_file import write_file


class Committed(Protocol):
    """A dataset that is written to."""

    folder: Path
    name: str
    lock_file: Path

    def opened(self) -> lance.LanceDataset:
        """Return the Lance dataset at its latest version."""
        ...


@contextmanager
def writing(store: Committed) -> Iterator[None]:
    """Hold a dataset's writer lock, across threads and processes; it may be nested.

    What a killed writer left half done is taken back first.
    """
    try:
        store.lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(store.lock_file, is_singleton=True)
        lock.acquire()
    except OSError as error:
        raise WorkspaceError(
            f"Cannot write to the workspace: {error}. Make its folder writable, or open "
            "another: Client('some/folder')."
        ) from error
    try:
        if lock.lock_counter == 1 and _intent(store).exists():
            _take_back(store)
        yield
    except OSError as error:
        if _is_full(error):
            raise WorkspaceError(
                f"The disk is full, so nothing of this was written to dataset {store.name!r}. "
                f"Free some space where {store.folder} lies, and try again."
            ) from error
        raise
    finally:
        lock.release()


@contextmanager
def changing(store: Committed) -> Iterator[None]:
    """Make all commits inside one change: an error takes them back, and so does a kill.

    The version of before is noted in a file first. An error restores it; after a kill the next
    writer finds the note and does, unless the commit announced by `announce_last` is there.
    """
    with writing(store):
        if _intent(store).exists():  # a change inside a change: the outer one answers for it
            yield
            return
        _note(store, {"version": store.opened().version})
        try:
            yield
        except BaseException:
            _take_back(store, even_if_whole=True)
            raise
        _intent(store).unlink()


def announce_last(store: Committed) -> None:
    """Say that the next commit is the last of the change: once it is there, so is the change."""
    note = json.loads(_intent(store).read_bytes())
    _note(store, {**note, "last": store.opened().version})


def _intent(store: Committed) -> Path:
    return store.folder / "changing.json"


def _note(store: Committed, note: Mapping[str, int]) -> None:
    write_file(_intent(store), json.dumps(note).encode())


def _take_back(store: Committed, *, even_if_whole: bool = False) -> None:
    """Restore the version that an unfinished change began from."""
    note = json.loads(_intent(store).read_bytes())
    handle = store.opened()
    is_whole = handle.version > note.get("last", handle.version)
    if handle.version != note["version"] and (even_if_whole or not is_whole):
        before = lance.dataset(handle.uri, version=int(note["version"]))
        before.restore()  # type: ignore[no-untyped-call]
    _intent(store).unlink()


def _is_full(error: OSError) -> bool:
    """Tell whether the system, or Lance in its words, says that there is no space left."""
    full = (errno.ENOSPC, errno.EDQUOT)
    return error.errno in full or any(f"(os error {one})" in str(error) for one in full)
