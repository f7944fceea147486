"""Ingest: a stream of Arrow batches into a dataset, in bounded memory, in one commit or none."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Literal, TypeAlias

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relevanceai.errors import DuplicateIdError, InvalidInputError, listed
from relevanceai.store.columns import Field
from relevanceai.store.documents import DocumentStore
from relevanceai.store.incoming import is_derived, next_generation
from relevanceai.store.report import InsertReport
from relevanceai.store.streams import (
    batches_of,
    ids_of,
    incoming_fields,
    is_json_text,
    kept_column,
)
from relevanceai.store.writing import create, rewrite

OnError: TypeAlias = Literal["raise", "skip"]
_MAX_ROWS = 8192
_BATCH_BYTES = 16 * 1024 * 1024
_LOOK_AHEAD = 32


def ingest(
    store: DocumentStore,
    reader: pa.RecordBatchReader,
    *,
    vector_fields: Sequence[str] = (),
    on_error: OnError = "raise",
    on_rows: Callable[[int], object] = id,
) -> InsertReport:
    """Insert every row of a stream as a new document, in one commit, or raise and change nothing.

    Parameters
    ----------
    store : the dataset; it need not exist.
    reader : the stream; `_id` of any scalar type, made where it is missing or null.
    vector_fields : lists that are vectors although neither their name nor their type says so.
    on_error : "raise" at the first row that cannot be taken, or "skip" such rows and report why.
    on_rows : called with the number of rows just taken.

    Raises
    ------
    DuplicateIdError : an `_id` that is there already, or twice in the stream.
    InvalidInputError : a row or column that cannot be kept; names the field and the `_id`.

    Notes
    -----
    Memory is bounded by batches of some 16 MiB and by the ids, some 50 bytes a row ("skip": 200).
    """
    if on_error not in ("raise", "skip"):
        raise InvalidInputError(f"on_error is 'raise' or 'skip', but got {on_error!r:.60}.")
    with store.writing():
        exists = store.exists()
        known = {one.name: one for one in store.fields()} if exists else {}
        brought = incoming_fields(reader.schema, vector_fields, known)
        rows = _rows_per_batch(brought)
        batches = iter(batches_of(reader, rows))
        ahead = list(islice(batches, _LOOK_AHEAD)) if _is_open(brought, known) else []
        brought = [_with_width(one, ahead, known) for one in brought]
        intake = _Intake(store if exists else None, on_error, on_rows)
        stream = chain(ahead, batches)
        mixed: tuple[str, ...] = ()
        if not exists:
            schema = _schema(brought)
            first = next(filled := intake.batches(brought, schema, stream), None)
            if first is not None:
                source = chain([first], filled)
                intake.run(lambda: create(store, _reader(schema, source)))
        else:
            with store.changing():
                fields, mixed = _fitted(store, brought, known)
                lacking = [one for one in fields if one.name not in known]
                if lacking:
                    store.opened().add_columns(pa.schema([one.arrow() for one in lacking]))
                schema = _schema(fields)
                taken = intake.batches(fields, schema, stream)
                uri = store.opened().uri
                store.last_commit()
                intake.run(lambda: lance.write_dataset(_reader(schema, taken), uri, mode="append"))
        if intake.taken:
            store.tend_index()
    ignored = tuple(name for name in reader.schema.names if is_derived(name))
    return InsertReport(intake.taken, 0, intake.failed, tuple(intake.made), ignored, mixed)


class _Intake:
    """The rows of one call on their way: checked, counted, and refused with a reason."""

    def __init__(
        self, store: DocumentStore | None, on_error: OnError, on_rows: Callable[[int], object]
    ) -> None:
        self._store = store
        self._on_error = on_error
        self._on_rows = on_rows
        self._position = 0
        self._ids: list[pa.Array] = []
        self._seen: set[str] = set()
        self._error: Exception | None = None
        self.taken = 0
        self.made: list[str] = []
        self.failed: dict[str, str] = {}

    def run(self, write: Callable[[], object]) -> None:
        """Let the writer pull the batches; raise our own error rather than its wrapping of it."""
        try:
            write()
        except Exception as error:
            if self._error is not None and error is not self._error:
                raise self._error from None
            raise

    def batches(
        self, fields: Sequence[Field], schema: pa.Schema, stream: Iterable[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows that can be taken, as the store keeps them."""
        try:
            for batch in stream:
                made = self._one(fields, schema, batch)
                if made.num_rows:
                    yield made
                self._on_rows(batch.num_rows)
            self._check_ids()
        except Exception as error:
            self._error = error
            raise

    def _one(
        self, fields: Sequence[Field], schema: pa.Schema, batch: pa.RecordBatch
    ) -> pa.RecordBatch:
        problems: dict[int, str] = {}
        columns = [
            batch[one.name].cast(pa.string())
            if one.kind == "json" and is_json_text(batch.schema.field(one.name))
            else kept_column(one, batch[one.name], problems)
            for one in fields
        ]
        ids = self._filled_ids(batch)
        if self._on_error == "skip":
            self._find_duplicates(ids, problems)
        if problems:
            self._refuse(ids, problems)
            kept = pa.array(np.setdiff1d(np.arange(len(ids)), list(problems)))
            ids, columns = ids.take(kept), [column.take(kept) for column in columns]
        self._position += batch.num_rows
        self.taken += len(ids)
        self._ids.append(ids)
        return pa.RecordBatch.from_arrays([ids, *columns], schema=schema)

    def _filled_ids(self, batch: pa.RecordBatch) -> pa.Array:
        if "_id" not in batch.schema.names:
            ids = pa.nulls(batch.num_rows, pa.string())
        else:
            ids = ids_of(batch["_id"])
        empty = np.asarray(pc.fill_null(pc.equal(ids, ""), False))
        if empty.any():
            raise InvalidInputError(
                f"The `_id` of row {self._position + int(np.argmax(empty)):,} is ''. "
                "Pass text or a number, or leave it null to have one made."
            )
        if ids.null_count:
            made = [str(uuid.uuid4()) for _ in range(ids.null_count)]
            self.made += made
            ids = pc.replace_with_mask(ids, ids.is_null(), pa.array(made, pa.string()))
        return ids

    def _find_duplicates(self, ids: pa.Array, problems: dict[int, str]) -> None:
        names = ids.to_pylist()
        there = self._store.row_ids(names) if self._store is not None else {}
        for row, name in enumerate(names):
            if row in problems:
                continue
            if name in there:
                problems[row] = "is in the dataset already"
            elif name in self._seen:
                problems[row] = "stands more than once in this call; the first was taken"
            else:
                self._seen.add(name)

    def _refuse(self, ids: pa.Array, problems: Mapping[int, str]) -> None:
        for row in sorted(problems):
            name = ids[row].as_py()
            if self._on_error == "raise":
                raise InvalidInputError(
                    f"Document {name!r} (row {self._position + row:,}): {problems[row]}. "
                    "Mend it, or pass on_error='skip'."
                )
            self.failed[name] = problems[row]

    def _check_ids(self) -> None:
        """Raise for an `_id` that is there already or came twice; nothing is committed yet."""
        if self._on_error == "skip" or not self._ids:
            return
        ids = pa.chunked_array(self._ids)
        if self._store is not None:
            there = self._store.ids_among(ids)
            if there:
                raise DuplicateIdError(
                    f"{len(there):,} of {len(ids):,} documents have an `_id` that is in dataset "
                    f"{self._store.name!r} already: {listed(there, limit=5)}. "
                    "Give them another `_id`, or pass on_error='skip'."
                )
        if pc.count_distinct(ids).as_py() < len(ids):
            counts = pc.value_counts(ids)
            several = counts.filter(pc.greater(counts.field("counts"), 1))
            twice = several.field("values").to_pylist()
            raise DuplicateIdError(
                f"{len(twice):,} `_id` stand more than once in this call: "
                f"{listed(twice, limit=5)}. Give each document its own, or pass on_error='skip', "
                "which takes the first."
            )


def _reader(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(schema, iter(batches))


def _schema(fields: Sequence[Field]) -> pa.Schema:
    identity = Field("_id", "_id", "text")
    return pa.schema([identity.arrow(), *(one.arrow() for one in fields)])


def _rows_per_batch(fields: Sequence[Field]) -> int:
    row_bytes = 64 + sum(4 * one.width if one.kind == "vector" else 32 for one in fields)
    return max(min(_BATCH_BYTES // row_bytes, _MAX_ROWS), 256)


def _is_open(fields: Sequence[Field], known: Mapping[str, Field]) -> bool:
    return any(one.kind == "vector" and not one.width and one.name not in known for one in fields)


def _with_width(one: Field, ahead: Sequence[pa.RecordBatch], known: Mapping[str, Field]) -> Field:
    """Settle the width of a vector field: the dataset's, the type's, or the first vector's."""
    if one.kind != "vector":
        return one
    kept = known.get(one.name)
    if kept is not None and kept.kind == "vector":
        return replace(one, width=kept.width)
    if one.width:
        return one
    for batch in ahead:
        lengths = pc.list_value_length(batch[one.name]).drop_null()
        if len(lengths):
            if not lengths[0].as_py():
                raise InvalidInputError(f"The first {one.name!r} is empty. Make it null instead.")
            return replace(one, width=lengths[0].as_py())
    raise InvalidInputError(
        f"The first {sum(batch.num_rows for batch in ahead):,} rows have no {one.name!r}, so its "
        "width is not known. Bring a row that has one first, or cast the column to a fixed-size "
        "list."
    )


def _fitted(
    store: DocumentStore, brought: Sequence[Field], known: Mapping[str, Field]
) -> tuple[list[Field], tuple[str, ...]]:
    """Return the fields as they are to be kept, and which turn to JSON; rewrite their columns."""
    fields, mixed = [], []
    for one in brought:
        kept = known.get(one.name)
        if kept is None:
            fields.append(one)
            continue
        if "vector" in (one.kind, kept.kind) and one.kind != kept.kind:
            raise InvalidInputError(
                f"{one.name!r} of dataset {store.name!r} holds {kept.kind}, but the stream brings "
                f"{one.kind}. Rename the column."
            )
        settled = kept
        if kept.kind not in (one.kind, "json"):
            kind = _joined_kind(store, kept, one.kind)
            if kind != kept.kind:
                settled = Field(kept.name, next_generation(kept.column), kind)
                rewrite(store, kept, settled)
            if kind == "json":
                mixed.append(one.name)
        fields.append(settled)
    return fields, tuple(mixed)


def _joined_kind(store: DocumentStore, kept: Field, new_kind: str) -> str:
    """Return the kind that holds what is kept and what is new: JSON where there is no other."""
    if {kept.kind, new_kind} != {"integer", "number"}:
        return "json"
    if kept.kind == "number":
        return "number"
    values = store.opened().to_table(columns=[kept.column])[kept.column]
    largest = pc.max(pc.abs(values.cast(pa.float64(), safe=False))).as_py()
    return "number" if largest is None or largest <= 2.0**53 else "json"
