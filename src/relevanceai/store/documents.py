"""DocumentStore: the documents, vectors and labels of one dataset, kept in one Lance dataset."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.batch import Document, Encode, VectorSource
from relevanceai.errors import NotFoundError, WorkspaceError, listed
from relevanceai.store.adding import add_column
from relevanceai.store.columns import Field, from_arrow, vectors_of
from relevanceai.store.commits import announce_last, changing, writing
from relevanceai.store.described import described
from relevanceai.store.filters import fields_in
from relevanceai.store.formats import check_format
from relevanceai.store.gone import told_when_gone
from relevanceai.store.id_index import row_ids_of, rows_of, tended
from relevanceai.store.incoming import make_vectors
from relevanceai.store.interrupts import finished
from relevanceai.store.labels import (
    Clustering,
    read_records,
)
from relevanceai.store.layout import is_laid_out, layout_of, taken, takes
from relevanceai.store.masks import rows_passing
from relevanceai.store.outgoing import chosen, documents_of
from relevanceai.store.schema_fields import fields_of
from relevanceai.store.stored_vectors import StoredVectors

BATCH_ROWS = 8192


@dataclass(frozen=True, slots=True)
class VectorRows:
    """Some rows of the vector columns: float32 (n_rows, n_dims) per field, leaves, row ids.

    `labels` holds -1 for noise; rows that lack a vector or a label are left out beforehand.
    """

    row_ids: NDArray[np.int64]
    parts: tuple[NDArray[np.float32], ...]
    labels: NDArray[np.int32]


class DocumentStore:
    """The documents of one dataset.

    Parameters
    ----------
    folder : the dataset's folder; it need not exist before the first write.
    name : the dataset's name, for messages.
    lock_file : the file whose lock every writer, in any process, holds.

    Readers take no lock: each call sees one committed version.
    """

    def __init__(self, folder: Path, name: str, lock_file: Path) -> None:
        self.folder = folder
        self.name = name
        self.lock_file = lock_file
        self._pinned: lance.LanceDataset | None = None

    def snapshot(self) -> "DocumentStore":
        """Return a reader that stays at the version of now, whatever is written meanwhile."""
        pinned = DocumentStore(self.folder, self.name, self.lock_file)
        pinned._pinned = self.opened()
        return pinned

    # what is there -----------------------------------------------------------------------------

    @property
    def media_folder(self) -> Path:
        """The only folder from which pictures named by path are opened."""
        return self.folder / "media"

    def exists(self) -> bool:
        """Tell whether anything was ever inserted."""
        return (self.folder / "dataset.json").is_file()

    def version(self) -> int:
        """Return the number of the latest commit."""
        return int(self.opened().version)

    def revision(self) -> str:
        """Return a text that changes with every write, also over a deletion and a new start."""
        return f"{described(self.folder).get('born')}-{self.version()}"

    def count(self) -> int:
        """Return the number of documents."""
        return int(self.opened().count_rows())

    def fields(self) -> list[Field]:
        """Return the fields of the documents, in the order they came; labels are not among them."""
        return fields_of(self.opened().schema)

    def vector_field(self, name: str) -> Field:
        """Return one vector field, or raise NotFoundError naming those that exist."""
        fields = {one.name: one for one in self.fields()}
        vectors = {key: one for key, one in fields.items() if one.kind == "vector"}
        if name not in vectors:
            held = fields.get(name)
            hint = (
                "A vector field's name ends in '_vector_', or vector_fields=[...] names it at "
                "insert."
                if held is None
                else f"{name!r} holds {held.kind}."
                if held.kind != "json"
                else f"{name!r} holds lists or dicts. {make_vectors(name)}"
            )
            raise NotFoundError(
                f"No vector field {name!r} in dataset {self.name!r}. "
                f"It has: {listed(vectors, like=str(name))}. {hint}"
            )
        return vectors[name]

    def clusterings(self) -> list[Clustering]:
        """Return the clusterings, oldest first."""
        return self._clusterings_in(self.opened())

    def _clusterings_in(self, handle: lance.LanceDataset) -> list[Clustering]:
        return read_records(self.folder / "clusterings", handle.schema.names)

    # columns in --------------------------------------------------------------------------------

    def writing(self) -> AbstractContextManager[None]:
        """Hold the dataset's writer lock; see `commits.writing`."""
        return writing(self)

    def changing(self) -> AbstractContextManager[None]:
        """Make all commits inside one change; see `commits.changing`."""
        return changing(self)

    def last_commit(self) -> None:
        """Say that the next commit is the last of the change: once it is there, so is the change."""
        announce_last(self)

    def column(self, one: Field) -> list[object]:
        """Return all values of a field, None where there is none."""
        return from_arrow(self.opened().to_table(columns=[one.column])[one.column], one)

    def tend_index(self) -> None:
        """Bring the index on `_id` up to date; see `id_index.tended`."""
        tended(self.opened(), self.name)

    def add_column(self, arrow_field: pa.Field, array: pa.Array) -> None:
        """Add one column, aligned with the scan order; 4 bytes a row for labels."""
        finished(lambda: add_column(self.opened(), arrow_field, array))

    # documents out -----------------------------------------------------------------------------

    def row_ids(self, ids: Iterable[str]) -> dict[str, int]:
        """Return the row id of each `_id` that is there, in the order asked."""
        return row_ids_of(self.opened(), ids)

    def read_by_id(
        self,
        ids: Sequence[str],
        *,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
    ) -> list[Document]:
        """Return the documents with these `_id`s, in the order asked; those that are there."""
        handle = self.opened()
        fields, labels = self._chosen(handle, select_fields, include_vector)
        columns = [one.column for one in fields] + [one.column for one in labels]
        asked = list(dict.fromkeys(["_id", *columns]))
        found = rows_of(handle, list(dict.fromkeys(ids)), asked)
        place = {name: row for row, name in enumerate(found["_id"].to_pylist())}
        rows = pa.array([place[name] for name in ids if name in place], pa.int64())
        return documents_of(found.take(rows), fields, labels)

    def all_row_ids(self) -> NDArray[np.int64]:
        """Return the row id of every document, in the order of the scan; ascending by insertion."""
        return _row_ids_of(self.opened())

    def is_in_order(self) -> bool:
        """Tell whether the scan is in the order of insertion: no document was changed."""
        handle = self.opened()
        return not is_laid_out(handle) or layout_of(handle).is_in_order

    def ids(self) -> list[str]:
        """Return every `_id`, in the order of the rows."""
        values: list[str] = self.opened().to_table(columns=["_id"])["_id"].to_pylist()
        return values

    def field_values(self, name: str) -> list[object]:
        """Return the value of one field for every document, None where there is none.

        Raises
        ------
        NotFoundError : no such field; lists those there are.
        """
        fields = {one.name: one for one in self.fields()}
        if name not in fields:
            raise NotFoundError(
                f"No field {name!r} in dataset {self.name!r}. "
                f"It has: {listed(fields, like=str(name))}."
            )
        return self.column(fields[name])

    def label_values(self, name: str) -> Sequence[object]:
        """Return the values of one field in the order of the scan, to be read as labels.

        Text and plain numbers come as an Arrow column, other kinds as a list.

        Raises
        ------
        NotFoundError : no such field; lists those there are.
        """
        for one in self.fields():
            if one.name == name and one.kind in ("text", "integer", "number"):
                column: Sequence[object] = self.opened().to_table(columns=[one.column])[one.column]
                return column
        return self.field_values(name)

    @told_when_gone
    def read(
        self,
        row_ids: Sequence[int] | None = None,
        *,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
        batch_rows: int = 1024,
    ) -> Iterator[Document]:
        """Yield documents by row id, in the order asked, or all in the order of insertion."""
        handle = self.opened()
        fields, labels = self._chosen(handle, select_fields, include_vector)
        columns = [one.column for one in fields] + [one.column for one in labels]
        if row_ids is None:
            if not is_laid_out(handle) or layout_of(handle).is_in_order:
                for batch in handle.to_batches(columns=columns, batch_size=batch_rows):
                    yield from documents_of(pa.Table.from_batches([batch]), fields, labels)
                return
            row_ids = np.sort(
                _row_ids_of(handle)
            ).tolist()  # a changed row moved to the end of the scan
        for table in takes(handle, row_ids, columns, batch_rows=batch_rows):
            yield from documents_of(table, fields, labels)

    def _chosen(
        self, handle: lance.LanceDataset, select_fields: Sequence[str] | None, include_vector: bool
    ) -> tuple[list[Field], list[Clustering]]:
        return chosen(
            fields_of(handle.schema),
            self._clusterings_in(handle),
            select_fields=select_fields,
            include_vector=include_vector,
            dataset=self.name,
        )

    def matching_row_ids(self, filters: Sequence[Mapping[str, object]]) -> NDArray[np.int64]:
        """Return the row ids of the documents that pass all filters, ascending."""
        handle = self.opened()
        fields = {one.name: one for one in fields_of(handle.schema)}
        paths = {one.label_path: one for one in self.clusterings()}
        names = fields_in(filters, [*fields, *paths], dataset=self.name)
        held: dict[str, Field | Clustering] = {
            name: fields[name] if name in fields else paths[name] for name in names
        }
        asked = list(dict.fromkeys(one.column for one in held.values()))
        table = handle.to_table(columns=asked, with_row_id=True)
        columns = {name: (table[one.column], one) for name, one in held.items()}
        kept = rows_passing(filters, columns, table.num_rows)
        row_ids = table["_rowid"].to_numpy().astype(np.int64)
        return np.sort(row_ids[kept])

    # vectors and labels ------------------------------------------------------------------------

    @told_when_gone
    def vectors(
        self, names: Sequence[str], clustering: Clustering | None = None
    ) -> Iterator[VectorRows]:
        """Yield the rows that have all these vectors, and a label when a clustering is given.

        Without a clustering the labels are all 0. Rows come in the order of the store, at most
        8,192 at a time.
        """
        handle = self.opened()
        columns = [self.vector_field(name).column for name in names]
        asked = [*columns, clustering.column] if clustering else columns
        for batch in handle.to_batches(columns=asked, with_row_id=True, batch_size=BATCH_ROWS):
            parts, keep = [], np.ones(batch.num_rows, bool)
            for column in columns:
                matrix, valid = vectors_of(batch[column])
                parts.append(matrix)
                keep &= valid
            labels = np.zeros(batch.num_rows, np.int32)
            if clustering:
                held = batch[clustering.column]
                keep &= np.asarray(held.is_valid()).astype(bool)
                labels = held.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
            row_ids = batch["_rowid"].to_numpy().astype(np.int64)
            if not keep.all():
                row_ids, labels = row_ids[keep], labels[keep]
                parts = [part[keep] for part in parts]
            yield VectorRows(row_ids, tuple(parts), labels)

    def vectors_at(self, name: str, row_ids: NDArray[np.int64]) -> Iterator[VectorRows]:
        """Yield the vectors of some rows, which have one, in the order of their ids."""
        wanted, column = np.sort(row_ids), self.vector_field(name).column
        for start in range(0, len(wanted), BATCH_ROWS):
            some = wanted[start : start + BATCH_ROWS]
            table = taken(self.opened(), some.tolist(), [column])
            matrix, _ = vectors_of(table[column])
            yield VectorRows(some, (matrix,), np.zeros(len(some), np.int32))

    def vector_source(
        self,
        name: str,
        clustering: Clustering | None = None,
        *,
        is_kept: bool = True,
        encode: Encode | None = None,
    ) -> VectorSource:
        """Return one vector field of the dataset, as it is now, as a source of passes.

        Parameters
        ----------
        clustering : whose labels the rows have; without one, 0 for every row with a vector.
        is_kept : use the raw vectors in the cache, and write them where they are not there.
        encode : makes codes of the raw vectors, which are then kept beside them; None for none.
        """
        return StoredVectors(
            self.folder,
            self.name,
            self.opened(),
            self.vector_field(name).column,
            clustering.column if clustering else None,
            is_kept=is_kept,
            encode=encode,
        )

    def has_vectors(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Tell which documents, in the order of the scan, have every one of these vectors."""
        found = np.ones(self.count(), bool)
        for name in names:
            column = self.vector_field(name).column
            source = StoredVectors(self.folder, self.name, self.opened(), column, None)
            found &= source.has_vector()
        return found

    def labels(self, clustering: Clustering) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return the leaf of every document in row order, and the mask of those that have one."""
        held = self.opened().to_table(columns=[clustering.column])[clustering.column]
        valid = np.asarray(held.combine_chunks().is_valid()).astype(bool)
        return held.combine_chunks().fill_null(-1).to_numpy().astype(np.int32), valid

    def opened(self) -> lance.LanceDataset:
        """Return the Lance dataset at its latest version, or at that of the snapshot."""
        if self._pinned is not None:
            return self._pinned
        path = self.folder / "documents.lance"
        if not self.exists():
            raise NotFoundError(f"Dataset {self.name!r} is not there: insert documents to make it.")
        told = described(self.folder)
        if told.get("name") != self.name:
            raise WorkspaceError(
                f"The folder of dataset {self.name!r}, {self.folder}, holds "
                f"{told.get('name')!r}. Bring back its dataset.json from a copy."
            )
        made_by = told.get("format")
        check_format(made_by, f"Dataset {self.name!r}", str(self.folder / "dataset.json"))
        return lance.dataset(str(path), session=_session())


@cache
def _session() -> Any:
    """Return what all handles of this process share: Lance's caches of metadata and indices."""
    return lance.Session(  # type: ignore[attr-defined]  # not in its __all__
        index_cache_size_bytes=256 * 2**20, metadata_cache_size_bytes=256 * 2**20
    )


def _row_ids_of(handle: lance.LanceDataset) -> NDArray[np.int64]:
    if is_laid_out(handle):
        return layout_of(handle).row_ids
    table = handle.to_table(columns=[], with_row_id=True)  # arrays in memory
    row_ids: NDArray[np.int64] = table["_rowid"].to_numpy().astype(np.int64)
    return row_ids
