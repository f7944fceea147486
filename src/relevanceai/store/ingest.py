"""Ingest: a stream of Arrow batches into a dataset, in bounded memory, in one commit or none."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Literal, TypeAlias

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from relevanceai.errors import DuplicateIdError, InvalidInputError, listed
from relevanceai.store.columns import Field
from relevanceai.store.documents import DocumentStore
from relevanceai.store.feed import Feed
from relevanceai.store.id_index import ids_among
from relevanceai.store.incoming import is_derived, next_generation
from relevanceai.store.making import create, rewrite
from relevanceai.store.repeats import repeated
from relevanceai.store.report import InsertReport
from relevanceai.store.streams import (
    batches_of,
    checked_json,
    first_width,
    ids_of,
    incoming_fields,
    is_json_text,
    kept_column,
)

OnError: TypeAlias = Literal["raise", "skip"]
_MAX_ROWS = 8192
_BATCH_BYTES = 16 * 1024 * 1024
_LOOK_AHEAD = 32


class _NothingTakenError(Exception):
    """No row of the call is taken: what was changed for its sake is taken back."""


def ingest(
    store: DocumentStore,
    reader: pa.RecordBatchReader,
    *,
    vector_fields: Sequence[str] = (),
    on_error: OnError = "raise",
    on_rows: Callable[[int], object] = id,
    line_of: Callable[[int], int] | None = None,
) -> InsertReport:
    """Insert every row of a stream as a new document, in one commit, or raise and change nothing.

    Parameters
    ----------
    store : the dataset; it need not exist.
    reader : the stream; `_id` of any scalar type, made where it is missing or null.
    vector_fields : lists that are vectors although neither their name nor their type says so.
    on_error : "raise" at the first row that cannot be taken, or "skip" such rows and report why.
    on_rows : called with the number of rows just taken.
    line_of : tells the line of a file on which a row stands, counted from 1; rows are then named so.

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
    if isinstance(vector_fields, str):
        vector_fields = [vector_fields]
    with store.writing():
        exists = store.exists()
        known = {one.name: one for one in store.fields()} if exists else {}
        brought = incoming_fields(reader.schema, vector_fields, known)
        incoming = iter(reader)
        brought, ahead = _with_widths(brought, incoming, known)
        stream = batches_of(chain(ahead, incoming), _rows_per_batch(brought))
        intake = _Intake(store if exists else None, on_error, on_rows, line_of)
        feed = Feed()
        mixed: tuple[str, ...] = ()
        if not exists:
            schema = _schema(brought)
            filled = feed.of(intake.batches(brought, schema, stream))
            first = next(filled, None)
            if first is not None:
                source = chain([first], filled)
                feed.run(lambda: create(store, _reader(schema, source)))
        else:
            with suppress(_NothingTakenError), store.changing():
                fields, mixed = _fitted(store, brought, known)
                lacking = [one for one in fields if one.name not in known]
                if lacking:
                    store.opened().add_columns(pa.schema([one.arrow() for one in lacking]))
                schema = _schema(fields)
                taken = feed.of(intake.batches(fields, schema, stream))
                uri = store.opened().uri
                store.last_commit()
                feed.run(lambda: lance.write_dataset(_reader(schema, taken), uri, mode="append"))
                if not intake.taken:
                    raise _NothingTakenError
            mixed = mixed if intake.taken else ()
        if intake.taken:
            store.tend_index()
    ignored = tuple(name for name in reader.schema.names if is_derived(name))
    return InsertReport(intake.taken, 0, intake.failed, tuple(intake.made), ignored, mixed)


class _Intake:
    """The rows of one call on their way: checked, counted, and refused with a reason."""

    def __init__(
        self,
        store: DocumentStore | None,
        on_error: OnError,
        on_rows: Callable[[int], object],
        line_of: Callable[[int], int] | None,
    ) -> None:
        self._store = store
        self._on_error = on_error
        self._on_rows = on_rows
        self._line_of = line_of
        self._position = 0
        self._ids: list[pa.Array] = []
        self._seen: set[str] = set()
        self.taken = 0
        self.made: list[str] = []
        self.failed: dict[str, str] = {}

    def batches(
        self, fields: Sequence[Field], schema: pa.Schema, stream: Iterable[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows that can be taken, as the store keeps them."""
        for batch in stream:
            made = self._one(fields, schema, batch)
            if made.num_rows:
                yield made
            self._on_rows(batch.num_rows)
        self._check_ids()

    def _one(
        self, fields: Sequence[Field], schema: pa.Schema, batch: pa.RecordBatch
    ) -> pa.RecordBatch:
        problems: dict[int, str] = {}
        if "_id" in batch.schema.names:
            ids = ids_of(batch["_id"], problems)
        else:
            ids = pa.nulls(batch.num_rows, pa.string())
        columns = [
            checked_json(one, batch[one.name], problems)
            if one.kind == "json" and is_json_text(batch.schema.field(one.name))
            else kept_column(one, batch[one.name], problems)
            for one in fields
        ]
        if self._on_error == "skip":
            self._find_duplicates(ids, problems)
        if problems:
            self._refuse(ids, problems)
            kept = pa.array(np.setdiff1d(np.arange(len(ids)), list(problems)))
            ids, columns = ids.take(kept), [column.take(kept) for column in columns]
        if ids.null_count:
            made = [str(uuid.uuid4()) for _ in range(ids.null_count)]
            self.made += made
            ids = pc.replace_with_mask(ids, ids.is_null(), pa.array(made, pa.string()))
        self._position += batch.num_rows
        self.taken += len(ids)
        self._ids.append(ids)
        return pa.RecordBatch.from_arrays([ids, *columns], schema=schema)

    def _find_duplicates(self, ids: pa.Array, problems: dict[int, str]) -> None:
        names = ids.to_pylist()
        given = [name for name in names if name is not None]
        there = self._store.row_ids(given) if self._store is not None else {}
        for row, name in enumerate(names):
            if row in problems or name is None:
                continue
            if name in there:
                problems[row] = "is in the dataset already"
            elif name in self._seen:
                problems[row] = "stands more than once in this call; the first was taken"
            else:
                self._seen.add(name)

    def _refuse(self, ids: pa.Array, problems: Mapping[int, str]) -> None:
        for row in sorted(problems):
            name, place, word = ids[row].as_py(), self._position + row, "row"
            if self._line_of is not None:
                place, word = self._line_of(place), "line"
            if self._on_error == "raise":
                who = f"{word} {place:,}"
                who = who.capitalize() if name is None else f"Document {name!r} ({who})"
                raise InvalidInputError(
                    f"{who}: {problems[row]}. Mend it, or pass on_error='skip'."
                )
            unnamed = f"#{place}" if word == "row" else f"line {place}"
            self.failed[unnamed if name is None else name] = problems[row]

    def _check_ids(self) -> None:
        """Raise for an `_id` that is there already or came twice; nothing is committed yet."""
        if self._on_error == "skip" or not self._ids:
            return
        ids = pa.chunked_array(self._ids)
        if self._store is not None:
            there = ids_among(self._store.opened(), ids)
            if there:
                raise DuplicateIdError(
                    f"{len(there):,} of {len(ids):,} documents have an `_id` that is in dataset "
                    f"{self._store.name!r} already: {listed(there, limit=5)}. "
                    "Give them another `_id`, or pass on_error='skip'."
                )
        twice = repeated(ids)
        if twice:
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


def _with_widths(
    brought: Sequence[Field], batches: Iterator[pa.RecordBatch], known: Mapping[str, Field]
) -> tuple[list[Field], list[pa.RecordBatch]]:
    """Settle the width of each vector field: the dataset's, the type's, or the first vector's.

    Returns the fields, and the batches that had to be read for it. A field without any vector
    brings nothing.
    """
    widths: dict[str, int | None] = {}
    for one in brought:
        if one.kind == "vector":
            kept = known.get(one.name)
            widths[one.name] = (kept.width if kept is not None else 0) or one.width or None
    ahead: list[pa.RecordBatch] = []
    batch: pa.RecordBatch | None = None
    while not all(widths.values()) and len(ahead) < _LOOK_AHEAD:
        batch = next(batches, None)
        if batch is None:
            break
        ahead.append(batch)
        for name, width in widths.items():
            found = None if width else first_width(batch[name])
            widths[name] = width if found is None else found
    for name, width in widths.items():
        if width == 0:
            raise InvalidInputError(f"The first {name!r} is empty. Make it null instead.")
        if width is None and batch is not None:
            raise InvalidInputError(
                f"The first {sum(one.num_rows for one in ahead):,} rows have no {name!r}, so its "
                "width is not known. Bring a row that has one first, or cast the column to a "
                "fixed-size list."
            )
    fields = [
        replace(one, width=widths[one.name] or 0) if one.kind == "vector" else one
        for one in brought
    ]
    return [one for one in fields if one.width or one.kind != "vector"], ahead


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
    ends = pc.min_max(values)
    is_exact = pc.and_(
        pc.greater_equal(ends["min"], -(2**53)), pc.less_equal(ends["max"], 2**53)
    ).as_py()
    return "json" if is_exact is False else "number"
