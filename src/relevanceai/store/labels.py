"""Clusterings as the store keeps them: one int32 column of leaf labels and one immutable record.

The column `_label_<token>` is what makes a clustering exist; it is committed last, so a record
whose column is missing is one that never was. Of two columns for one alias, which a kill between
two commits can leave, the later one holds.
"""

import io
import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.errors import WorkspaceError
from relevanceai.store.names import slug
from relevanceai.store.whole_file import write_file

Numbers: TypeAlias = NDArray[np.int64] | NDArray[np.float64]

_LOG = logging.getLogger(__name__)

LABEL_PREFIX = "_label_"
LABEL_ROOT = "_cluster_"
SEARCH_SCORE = "_search_score"
OUTLIER = "outlier"


@dataclass(frozen=True, slots=True)
class Clustering:
    """What the store knows of one clustering run.

    `ids` holds the public id of each leaf (`ids[leaf]`), `model` what made the labels,
    `created_at` when, in ISO 8601 UTC. The token names its column and files, and is never reused.
    """

    token: str
    vector_fields: tuple[str, ...]
    alias: str
    ids: tuple[str, ...]
    model: dict[str, object]
    created_at: str

    @property
    def column(self) -> str:
        """The Lance column of the leaf labels: null = not clustered, -1 = noise."""
        return LABEL_PREFIX + self.token

    @property
    def field(self) -> str:
        """The vector fields as one name, joined with dots."""
        return ".".join(self.vector_fields)

    @property
    def label_path(self) -> str:
        """Where a document shows its label: `_cluster_.<vector field>.<alias>`."""
        return f"{LABEL_ROOT}.{self.field}.{self.alias}"

    @property
    def field_slug(self) -> str:
        """The vector fields as a URL segment."""
        return slug(self.field)

    @property
    def alias_slug(self) -> str:
        """The alias as a URL segment."""
        return slug(self.alias)

    def public_ids(self, labels: pa.Array | pa.ChunkedArray) -> list[str | None]:
        """Return the public id of each label: `outlier` for noise, None for not clustered."""
        ids = self.ids
        return [
            None if leaf is None else OUTLIER if leaf < 0 else ids[leaf]
            for leaf in labels.to_pylist()
        ]


def new_token() -> str:
    """Return a token that no clustering ever had."""
    return uuid.uuid4().hex[:16]


def write_record(folder: Path, clustering: Clustering) -> Path:
    """Write the immutable record of a clustering durably, and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{clustering.token}.json"
    record = {
        "vector_fields": clustering.vector_fields,
        "alias": clustering.alias,
        "ids": clustering.ids,
        "model": clustering.model,
        "created_at": clustering.created_at,
    }
    write_file(path, json.dumps(record, ensure_ascii=False).encode("utf-8"))
    return path


def read_records(folder: Path, columns: Sequence[str]) -> list[Clustering]:
    """Return the clusterings whose label columns are given, oldest first, one per alias.

    One whose record is damaged is left out, which is logged: the documents and the other
    clusterings stay readable, and `verify()` names it.
    """
    found: dict[tuple[tuple[str, ...], str], Clustering] = {}
    for column in columns:
        if not column.startswith(LABEL_PREFIX):
            continue
        try:
            clustering = read_record(folder, column.removeprefix(LABEL_PREFIX))
        except WorkspaceError as error:
            _LOG.warning("%s", error)
            continue
        key = (clustering.vector_fields, clustering.alias)
        found.pop(key, None)
        found[key] = clustering
    return list(found.values())


def replaced_columns(
    folder: Path, columns: Sequence[str], key: tuple[tuple[str, ...], str]
) -> list[str]:
    """Return the label columns of these vector fields and alias that a later one replaces."""
    same = []
    for column in columns:
        if column.startswith(LABEL_PREFIX):
            with suppress(WorkspaceError):  # a damaged record is for `verify()` to tell
                one = read_record(folder, column.removeprefix(LABEL_PREFIX))
                if (one.vector_fields, one.alias) == key:
                    same.append(column)
    return same[:-1]


def read_record(folder: Path, token: str) -> Clustering:
    """Return the clustering of a token, or raise WorkspaceError when its record is damaged."""
    path = folder / f"{token}.json"
    try:
        about = path.stat()
        return _read_record(path, token, (about.st_mtime_ns, about.st_size, about.st_ino))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WorkspaceError(
            f"The record of a clustering cannot be read: {path} ({error}). "
            "Bring the file back from a copy of the workspace."
        ) from error


@lru_cache(maxsize=64)
def _read_record(path: Path, token: str, _state: tuple[int, int, int]) -> Clustering:
    """Read a record; the state of its file is part of what is remembered."""
    record = json.loads(path.read_bytes())
    fields, ids = record["vector_fields"], record["ids"]
    texts = [*fields, *ids, record["alias"], record["created_at"]]
    if not all(isinstance(one, str) for one in texts) or not isinstance(record["model"], dict):
        raise ValueError("it is not of the form of a record")
    return Clustering(
        token=token,
        vector_fields=tuple(fields),
        alias=record["alias"],
        ids=tuple(ids),
        model=record["model"],
        created_at=record["created_at"],
    )


def keep_arrays(path: Path, arrays: Mapping[str, Numbers]) -> None:
    """Write derived arrays to a file of the workspace; losing it loses nothing."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, buffer.getvalue(), is_synced=False)  # a zip file has checksums


def kept_arrays(path: Path) -> dict[str, Numbers] | None:
    """Return what `keep_arrays` wrote, or None when it is not there or not whole."""
    try:
        content = io.BytesIO(path.read_bytes())  # np.load leaves a file open that it cannot read
        with np.load(content, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception:  # noqa: BLE001 - a damaged zip raises nearly anything, and nothing is lost
        return None
