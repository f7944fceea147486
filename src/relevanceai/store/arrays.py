"""ArrayStore: vectors, labels and documents that lie in memory, read as if they were a dataset."""

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.batch import Encode
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.store.array_documents import ArrayDocuments
from relevanceai.store.array_source import ArraySource
from relevanceai.store.columns import Field
from relevanceai.store.documents import BATCH_ROWS, DocumentStore, VectorRows
from relevanceai.store.labels import Clustering, new_token
from relevanceai.store.names import checked_name, column_of

_NOWHERE = Path(os.devnull) / "relevanceai"
"""A folder that cannot exist: nothing of arrays is ever written."""


class ArrayStore(DocumentStore):
    """One clustering of vectors that lie in memory, to be read like the store of a dataset.

    It is a dataset at its only version: whatever reads a `DocumentStore` reads this, and gets the
    same answers, because everything above the rows is that class's own. What writes is refused.

    Parameters
    ----------
    vectors : float array of shape (n_rows, n_dims), finite; not copied, and not to be changed.
    labels : int32 array of shape (n_rows,), the leaf of each row, -1 for noise.
    is_clustered : bool array of shape (n_rows,); False where the row has no label.
    ids : the public id of each leaf.
    documents : what stands beside the vectors, a document a row.
    vector_field, alias : the names under which vectors and labels go.
    media_folder : the folder from which pictures named by path are opened; None opens none.
    """

    def __init__(
        self,
        vectors: NDArray[np.floating],
        labels: NDArray[np.int32],
        is_clustered: NDArray[np.bool_],
        ids: Sequence[str],
        documents: ArrayDocuments,
        *,
        name: str,
        vector_field: str,
        alias: str,
        media_folder: Path | None = None,
    ) -> None:
        super().__init__(_NOWHERE, name, _NOWHERE / "lock")
        self._media_folder = media_folder
        self._revision = f"arrays-{uuid.uuid4().hex[:12]}"
        self._vectors = vectors
        self._labels = labels
        self._is_clustered = is_clustered
        self.documents = documents
        width = vectors.shape[1]
        self._field = Field(vector_field, column_of(vector_field), "vector", width)
        noise = int((is_clustered & (labels < 0)).sum())
        run = {
            "sizes": np.bincount(labels[labels >= 0], minlength=len(ids)).tolist(),
            "noise": noise,
            "unclustered": int((~is_clustered).sum()),
        }
        self._clustering = Clustering(
            token=new_token(),
            vector_fields=(vector_field,),
            alias=checked_name(alias, "alias"),
            ids=tuple(ids),
            model={"model": "brought", "source": "arrays", "run": run},
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    # what is there -----------------------------------------------------------------------------

    def snapshot(self) -> "ArrayStore":
        """Return this: nothing is ever written."""
        return self

    @property
    def media_folder(self) -> Path:
        """The folder from which pictures named by path are opened; for none, one that is not there."""
        return self.folder / "media" if self._media_folder is None else self._media_folder

    def exists(self) -> bool:
        """Return False: there is nothing on the disk."""
        return False

    def revision(self) -> str:
        """Return a text that no other store has."""
        return self._revision

    def count(self) -> int:
        """Return the number of rows."""
        return len(self._labels)

    def vector_field(self, name: str) -> Field:
        """Return one vector field; the documents are not looked at for that of the arrays."""
        return self._field if name == self._field.name else super().vector_field(name)

    def clusterings(self) -> list[Clustering]:
        """Return the one clustering; the documents are not looked at."""
        return [self._clustering]

    def _clusterings_in(self, handle: Any) -> list[Clustering]:
        del handle
        return [self._clustering]

    def opened(self) -> Any:
        """Return what the readers ask of a Lance dataset, over the arrays."""
        return self._rows

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Refuse: there is no dataset to write to."""
        if not self.exists():
            raise InvalidInputError(
                "These clusters came from arrays, so there is no dataset to write to. Insert the "
                "vectors and documents into one: client.Dataset('<name>').insert_numpy(...)."
            )
        yield

    # vectors -----------------------------------------------------------------------------------

    def vectors(
        self, names: Sequence[str], clustering: Clustering | None = None
    ) -> Iterator[VectorRows]:
        """Yield the rows, those with a label when a clustering is given."""
        if list(names) != [self._field.name]:
            yield from super().vectors(names, clustering)
            return
        for start in range(0, self.count(), BATCH_ROWS):
            rows = slice(start, min(start + BATCH_ROWS, self.count()))
            row_ids, part = np.arange(rows.start, rows.stop), self._float32(rows)
            labels = self._labels[rows] if clustering else np.zeros(len(row_ids), np.int32)
            kept = self._is_clustered[rows]
            if clustering and not kept.all():
                row_ids, part, labels = row_ids[kept], part[kept], labels[kept]
            yield VectorRows(row_ids, (part,), labels)

    def vector_source(
        self,
        name: str,
        clustering: Clustering | None = None,
        *,
        is_kept: bool = True,
        encode: Encode | None = None,
    ) -> ArraySource:
        """Return the vectors as a source of passes: views of the array where it is float32."""
        del is_kept, encode  # nothing is kept
        if name != self._field.name:
            raise NotFoundError(
                f"No vector field {name!r} among the arrays. There is: "
                f"{listed([self._field.name])}."
            )
        labels = self._labels if clustering else np.zeros(self.count(), np.int32)
        return ArraySource(self._vectors, labels)

    def _float32(self, rows: "slice | NDArray[np.int64]") -> NDArray[np.float32]:
        return np.ascontiguousarray(self._vectors[rows], dtype=np.float32)

    @cached_property
    def _rows(self) -> "_Rows":
        return _Rows(self)

    def column_of_rows(self, column: str, rows: "slice | NDArray[np.int64]") -> pa.Array:
        """Return some rows of a column, as Arrow."""
        if column == self._field.column:
            flat = self._float32(rows).ravel()
            return pa.FixedSizeListArray.from_arrays(pa.array(flat), self._field.width)
        if column == self._clustering.column:
            return pa.array(self._labels[rows], pa.int32(), mask=~self._is_clustered[rows])
        return self.documents.column(column, rows)

    def schema(self) -> pa.Schema:
        """Return the columns there are; the documents are settled for that."""
        kept = [one for one in self.documents.schema() if one.name != self._field.column]
        label = pa.field(self._clustering.column, pa.int32())
        return pa.schema([*kept, self._field.arrow(), label])


class _Rows:
    """What the readers ask of a Lance dataset, answered from the arrays of a store."""

    version = 1

    def __init__(self, store: ArrayStore) -> None:
        self._store = store

    @property
    def schema(self) -> pa.Schema:
        return self._store.schema()

    def count_rows(self) -> int:
        return self._store.count()

    def _table(
        self,
        columns: Sequence[str] | None,
        rows: "slice | NDArray[np.int64]",
        *,
        with_row_id: bool = False,
    ) -> pa.Table:
        names = self.schema.names if columns is None else list(columns)
        arrays = {name: self._store.column_of_rows(name, rows) for name in names}
        if with_row_id:
            arrays["_rowid"] = pa.array(np.arange(self._store.count())[rows], pa.uint64())
        return pa.table(arrays)

    def to_table(
        self,
        columns: Sequence[str] | None = None,
        *,
        with_row_id: bool = False,
        filter: Any = None,
    ) -> pa.Table:
        table = self._table(columns, slice(None), with_row_id=with_row_id)
        return table if filter is None else table.filter(filter)

    def scanner(self, **asked: Any) -> "_Scan":
        return _Scan(self, asked)

    def to_batches(
        self,
        columns: Sequence[str] | None = None,
        *,
        with_row_id: bool = False,
        batch_size: int = BATCH_ROWS,
    ) -> Iterator[pa.RecordBatch]:
        for start in range(0, self._store.count(), batch_size):
            stop = min(start + batch_size, self._store.count())
            table = self._table(columns, slice(start, stop), with_row_id=with_row_id)
            yield from table.combine_chunks().to_batches()

    def _take_rows(self, row_ids: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        return self._table(columns, np.asarray(row_ids, np.int64))


class _Scan:
    """A scan that was asked for, to be read as a table."""

    def __init__(self, rows: _Rows, asked: Mapping[str, Any]) -> None:
        self._rows = rows
        self._asked = asked

    def to_table(self) -> pa.Table:
        return self._rows.to_table(**self._asked)
