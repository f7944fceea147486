"""Making a dataset whole, in a folder beside its own; and a column of it anew, in another kind."""

import json
import shutil
import uuid
from pathlib import Path

import lance
import pyarrow as pa

from relevanceai.errors import WorkspaceError
from relevanceai.store.columns import Field, to_arrow
from relevanceai.store.documents import DocumentStore
from relevanceai.store.formats import FORMAT
from relevanceai.store.leftovers import hidden_folder, remove_leftovers
from relevanceai.store.whole_file import write_file


def create(store: DocumentStore, source: pa.Table | pa.RecordBatchReader) -> None:
    """Make the dataset in a folder beside its own and move it there, whole."""
    folder = store.folder
    remove_leftovers(folder)
    fresh = hidden_folder(folder, "new")
    try:
        fresh.mkdir(parents=True)
        (fresh / "media").mkdir()
        lance.write_dataset(
            source,
            str(fresh / "documents.lance"),
            enable_stable_row_ids=True,
            data_storage_version="2.2",
        )
        described = {"name": store.name, "format": FORMAT, "born": uuid.uuid4().hex[:12]}
        write_file(fresh / "dataset.json", json.dumps(described).encode())
        _make_way(folder, fresh)
        fresh.replace(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _make_way(folder: Path, fresh: Path) -> None:
    """Take pictures along that were put into the dataset's media folder before its documents."""
    if not folder.exists():
        return
    if {one.name for one in folder.iterdir()} - {"media"}:
        raise WorkspaceError(
            f"The folder {folder} is not empty, and it has no dataset.json. Bring the file back "
            "from a copy, or move the folder away."
        )
    if (folder / "media").exists():
        (fresh / "media").rmdir()
        (folder / "media").rename(fresh / "media")
    folder.rmdir()


def rewrite(store: DocumentStore, old: Field, new: Field) -> None:
    """Keep a column in another kind: a new generation of it, then the old one goes."""
    array = to_arrow(store.column(old), new.kind)
    store.add_column(new.arrow(), array)
    store.opened().drop_columns([old.column])
