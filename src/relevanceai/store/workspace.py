"""Workspace: a folder that holds datasets, each under the slug of its name.

What opens a dataset imports Lance, which takes most of a second; a workspace can be named, and its
datasets listed, without.
"""

import json
import logging
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from relevanceai.errors import NotFoundError, WorkspaceError, listed
from relevanceai.store.cache import cached_bytes, trim
from relevanceai.store.cached_map import forget
from relevanceai.store.described import described_name
from relevanceai.store.formats import FORMAT, check_format
from relevanceai.store.leftovers import hidden_folder, remove_all_leftovers, remove_leftovers
from relevanceai.store.names import checked_name, slug
from relevanceai.store.whole_file import write_file

if TYPE_CHECKING:
    from relevanceai.store.documents import DocumentStore

_LOG = logging.getLogger(__name__)


def workspace_folder(given: str | os.PathLike[str] | None) -> Path:
    """Return the absolute folder of a workspace.

    Parameters
    ----------
    given : a folder; None for the environment's RELEVANCEAI_HOME, else `~/.relevanceai`.

    Raises
    ------
    WorkspaceError : a folder in the home is meant, and the environment names no home; or the path
        is a file.
    """
    chosen = os.fspath(given) if given is not None else os.environ.get("RELEVANCEAI_HOME") or None
    if chosen is None or chosen == "~" or chosen.startswith(("~/", "~\\")):
        home = os.environ.get("HOME") or os.environ.get("USERPROFILE")
        if not home:
            raise WorkspaceError(
                "There is no home folder to keep the workspace in: neither RELEVANCEAI_HOME nor "
                "HOME is set. Set RELEVANCEAI_HOME to a folder, or pass one: "
                "Client('some/folder')."
            )
        chosen = str(Path(home, ".relevanceai" if chosen is None else chosen[2:]))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", chosen):
        raise WorkspaceError(
            f"The workspace {chosen!r} is an address, but a workspace is a folder on this machine. "
            "Pass a path."
        )
    if not chosen.strip() or "\0" in chosen:
        raise WorkspaceError(f"A workspace is a folder, but got {chosen!r}. Pass a path.")
    folder = Path(chosen).resolve()
    if folder.exists() and not folder.is_dir():
        raise WorkspaceError(f"The workspace {folder} is a file. Pass a folder.")
    return folder


class Workspace:
    """Datasets in a folder; nothing is made on disk before the first write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._check_format()

    def names(self) -> list[str]:
        """Return the names of the datasets, sorted."""
        if not self._datasets.is_dir():
            return []
        folders = [one for one in self._datasets.iterdir() if not one.name.startswith(".")]
        names = []
        for folder in folders:
            try:
                names.append(described_name(folder))
            except WorkspaceError as error:  # the others stay readable
                _LOG.warning("%s", error)
        return sorted(name for name in names if name is not None)

    def store(self, name: str) -> "DocumentStore":
        """Return the store of a dataset, which need not exist before the first write."""
        from relevanceai.store.documents import DocumentStore

        name = checked_name(name, "dataset")
        return DocumentStore(self._folder(name), name, self._lock_file(name))

    def delete(self, name: str) -> None:
        """Delete a dataset whole: its folder is moved out of sight first, then removed.

        Raises
        ------
        NotFoundError : there is no such dataset.
        """
        store = self.store(name)
        with store.writing():
            if not store.exists():
                names = self.names()
                raise NotFoundError(
                    f"No dataset {store.name!r} in {self.folder}. "
                    f"It has: {listed(names, like=store.name)}."
                )
            self._deleted.mkdir(exist_ok=True)
            write_file(self._deleted / slug(store.name), b"")
            remove_leftovers(store.folder)
            forget(store.folder)
            gone = hidden_folder(store.folder, "gone")
            store.folder.rename(gone)
            shutil.rmtree(gone)

    def cache_sizes(self) -> dict[str, int]:
        """Return the size in bytes of the cache of each dataset."""
        return {name: cached_bytes(self._folder(name)) for name in self.names()}

    def clear_cache(self) -> int:
        """Delete every cache, and what killed writers left; return the bytes freed."""
        freed = sum(trim(self._folder(name), 0) for name in self.names())
        return freed + remove_all_leftovers(self._datasets, self.folder / "locks")

    def was_deleted(self, name: str) -> bool:
        """Tell whether a dataset of this name was deleted here once."""
        return (self._deleted / slug(name)).exists()

    def build(self, name: str, fill: "Callable[[DocumentStore], None]") -> "DocumentStore":
        """Make a dataset out of sight, let `fill` write to it, and move it in place, whole.

        Another process that builds the same dataset is waited for; a dataset that is there already
        is left alone.
        """
        from relevanceai.store.documents import DocumentStore

        store = self.store(name)
        with store.writing():
            if store.exists():
                return store
            self.write_format()
            remove_leftovers(store.folder)
            hidden = hidden_folder(store.folder, "build")
            try:
                hidden.mkdir(parents=True)
                fill(DocumentStore(hidden / "dataset", store.name, hidden / "lock"))
                (hidden / "dataset").rename(store.folder)
            finally:
                shutil.rmtree(hidden, ignore_errors=True)
        return store

    def write_format(self) -> None:
        """Mark the folder as a workspace of today's format, unless it is marked."""
        path = self.folder / "workspace.json"
        if path.exists():
            return
        try:
            self._datasets.mkdir(parents=True, exist_ok=True)
            write_file(path, json.dumps({"format": FORMAT}).encode())
        except OSError as error:
            raise WorkspaceError(
                f"Cannot write to the workspace {self.folder}: {error.strerror}. Make the folder "
                "writable, set RELEVANCEAI_HOME, or pass another: Client('some/folder')."
            ) from error

    def _check_format(self) -> None:
        path = self.folder / "workspace.json"
        try:
            made_by = json.loads(path.read_bytes())["format"]
        except (FileNotFoundError, NotADirectoryError):
            if self.names():
                check_format(None, f"The workspace {self.folder}", str(path))
            return
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise WorkspaceError(
                f"The workspace's description cannot be read: {path} "
                f"({error}). Bring the file back from a copy, or pass another folder."
            ) from error
        check_format(made_by, f"The workspace {self.folder}", str(path))

    @property
    def _datasets(self) -> Path:
        return self.folder / "datasets"

    def _folder(self, name: str) -> Path:
        return self._datasets / slug(name)

    @property
    def _deleted(self) -> Path:
        return self._datasets / ".deleted"

    def _lock_file(self, name: str) -> Path:
        return self.folder / "locks" / f"{slug(name)}.lock"
