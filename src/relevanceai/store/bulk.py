"""Bulk: documents of any number into a dataset, in bounded memory, in one commit or none."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relevanceai.errors import DuplicateIdError, listed
from relevanceai.store.columns import Field, vectors_of
from relevanceai.store.documents import DocumentStore
from relevanceai.store.feed import Feed
from relevanceai.store.layout import taken
from relevanceai.store.making import create, rewrite
from relevanceai.store.repeats import repeated
from relevanceai.store.replacing import replace_rows
from relevanceai.store.report import InsertReport
from relevanceai.store.retyping import in_kind
from relevanceai.store.spill import Brought, Spill
from relevanceai.store.spooling import Spool, last_of_each

CHUNK = 4096
"""Documents that are held as they came, at most; also those that are written at a time."""
_SCAN_ROWS = 2**20


def write_many(
    store: DocumentStore,
    documents: Iterable[Mapping[str, object]],
    *,
    upsert: bool,
    on_error: Literal["raise", "skip"],
    vector_fields: frozenset[str],
    on_rows: Callable[[int], object],
) -> InsertReport:
    """Insert or upsert documents; see `writing.write_documents`, which checked the rest.

    Notes
    -----
    Memory: 4,096 documents, 64 MiB of values, beyond which they go to a file without a name (so that
    nothing of it is left after a kill), and the ids, some 50 bytes a document.
    """
    exists = store.exists()
    kept = store.fields() if exists else []
    with Spill(store.lock_file.parent) as spill:
        spool = Spool(spill, kept, upsert=upsert, on_error=on_error, vector_fields=vector_fields)
        rest = iter(documents)
        while chunk := list(islice(rest, CHUNK)):
            spool.add(chunk)
        call = _Call(store if exists else None, spool, upsert=upsert, on_error=on_error)
        fields, rewritten, mixed = spool.settled(_whole_ends(store, spool.joins_whole_numbers()))
        if call.stays.any():
            feed = Feed(on_rows)
            if not exists:
                batches = feed.of(call.batches(fields, None, None))
                feed.run(lambda: create(store, _reader(_schema(fields), batches)))
            else:
                with store.changing():
                    _fit(store, fields, rewritten)
                    store.last_commit()
                    _write(store, call, fields, feed)
            store.tend_index()
    n_updated = int((call.row_ids[call.stays] >= 0).sum())
    n_inserted = int(call.stays.sum()) - n_updated
    return InsertReport(
        n_inserted,
        n_updated,
        spool.failed,
        tuple(spool.made),
        tuple(spool.ignored),
        mixed if n_inserted + n_updated else (),
    )


class _Call:
    """The rows of one call: which of them stay, and which row of the dataset each replaces."""

    def __init__(
        self,
        store: DocumentStore | None,
        spool: Spool,
        *,
        upsert: bool,
        on_error: Literal["raise", "skip"],
    ) -> None:
        self._spool = spool
        self.ids = pa.chunked_array(spool.ids, pa.string())
        self.row_ids = np.full(len(self.ids), -1, np.int64)
        repeats = repeated(self.ids)
        if repeats and not upsert and on_error == "raise":
            raise DuplicateIdError(
                f"{len(repeats):,} `_id` stand more than once in this call: "
                f"{listed(repeats, limit=5)}. Give each document its own, or use "
                "upsert_documents, which keeps the last."
            )
        self.stays = last_of_each(self.ids, repeats, first=not upsert)
        if repeats and not upsert:
            why = "stands more than once in this call; the first was taken"
            spool.failed |= dict.fromkeys(repeats, why)
        if store is not None:
            self._find(store)
            if not upsert:
                self._refuse_known(store, on_error)

    def _find(self, store: DocumentStore) -> None:
        scan = store.opened().to_batches(columns=["_id"], with_row_id=True, batch_size=_SCAN_ROWS)
        for batch in scan:
            found = pc.index_in(self.ids, value_set=batch["_id"])
            here = np.asarray(found.is_valid()).astype(bool)
            if here.any():
                at = found.filter(pa.array(here)).combine_chunks()
                self.row_ids[here] = batch["_rowid"].take(at).to_numpy().astype(np.int64)

    def _refuse_known(self, store: DocumentStore, on_error: Literal["raise", "skip"]) -> None:
        known = self.row_ids >= 0
        if not known.any():
            return
        names = self.ids.filter(pa.array(known)).to_pylist()
        if on_error == "raise":
            raise DuplicateIdError(
                f"{len(names):,} of {len(self.ids):,} documents have an `_id` that is in "
                f"dataset {store.name!r} already: {listed(names, limit=5)}. "
                "Use upsert_documents to change them, or give them another `_id`."
            )
        self._spool.failed |= dict.fromkeys(names, "is in the dataset already")
        self.stays &= ~known
        self.row_ids[:] = -1

    def batches(
        self, fields: Sequence[Field], is_known: bool | None, there: "_There | None"
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows that stay, as the store keeps them.

        Parameters
        ----------
        is_known : only rows that replace others (True), or new ones (False); None for all.
        there : what the rows that are replaced hold; None where none are.
        """
        schema = _schema(fields) if there is None else there.schema
        start = 0
        for chunk in self.ids.chunks:
            stop = start + len(chunk)
            wanted = self.stays[start:stop]
            if is_known is not None:
                wanted = wanted & ((self.row_ids[start:stop] >= 0) == is_known)
            rows = np.flatnonzero(wanted)
            if len(rows):
                at = pa.array(rows)
                brought: dict[str, Brought] = {}
                for part in self._spool.spill.within(start, stop):
                    brought |= part.fields
                columns: dict[str, tuple[pa.Array, NDArray[np.bool_]]] = {}
                for one in fields:
                    if one.name in brought:
                        came = brought[one.name]
                        source = Field(came.name, "", came.kind, came.width)
                        values = in_kind(came.values.take(at), source, one)
                        columns[one.column] = values, came.rows[rows]
                ids = chunk.take(at)
                if there is None or is_known is not True:
                    yield _batch(schema, ids, {name: one for name, (one, _) in columns.items()})
                else:
                    yield there.batch(ids, self.row_ids[start:stop][rows], columns)
            start = stop


def _batch(schema: pa.Schema, ids: pa.Array, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
    arrays = [
        ids if one.name == "_id" else columns.get(one.name, pa.nulls(len(ids), one.type))
        for one in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class _There:
    """The rows that are replaced, as far as something of them stays."""

    def __init__(self, store: DocumentStore) -> None:
        self._handle = store.opened()
        self.schema = self._handle.schema
        self._fields = {one.column: one for one in store.fields()}
        self._clusterings = {
            one.column: [
                field.column for field in self._fields.values() if field.name in one.vector_fields
            ]
            for one in store.clusterings()
        }
        self._compared = {name for names in self._clusterings.values() for name in names}

    def batch(
        self,
        ids: pa.Array,
        row_ids: NDArray[np.int64],
        columns: Mapping[str, tuple[pa.Array, NDArray[np.bool_]]],
    ) -> pa.RecordBatch:
        """Return whole rows: what came, else what is there; labels where no vector changed."""
        needed = [
            name
            for name in self._fields
            if name != "_id"
            and (name in self._compared or name not in columns or not columns[name][1].all())
        ]
        needed += self._clusterings
        old = taken(self._handle, row_ids.tolist(), needed) if needed else None
        made: dict[str, pa.Array] = {}
        stays: dict[str, NDArray[np.bool_]] = {}
        for name in self._fields:
            if name == "_id":
                continue
            before = None if name not in needed or old is None else old[name].combine_chunks()
            if name not in columns:
                assert before is not None
                made[name] = before
            else:
                values, is_brought = columns[name]
                made[name] = values if before is None else _over(before, values, is_brought)
            if name in self._compared and before is not None:
                stays[name] = _same_vectors(before, made[name])
        for label, names in self._clusterings.items():
            assert old is not None
            holds = np.logical_and.reduce([stays[name] for name in names])
            place = pa.array(np.arange(len(ids)), pa.int64(), mask=~holds)
            made[label] = old[label].combine_chunks().take(place)
        return _batch(self.schema, ids, made)


def _over(before: pa.Array, values: pa.Array, is_brought: NDArray[np.bool_]) -> pa.Array:
    """Return what came in the rows that brought something, and what was there in the others."""
    place = np.arange(len(before)) + np.where(is_brought, len(before), 0)
    return pa.concat_arrays([before, values]).take(pa.array(place))


def _same_vectors(before: pa.Array, after: pa.Array) -> NDArray[np.bool_]:
    old, was_there = vectors_of(before)
    new, is_there = vectors_of(after)
    same: NDArray[np.bool_] = (old == new).all(axis=1)
    return np.where(was_there & is_there, same, was_there == is_there)


def _write(store: DocumentStore, call: _Call, fields: Sequence[Field], feed: Feed) -> None:
    handle = store.opened()
    replaced = call.row_ids[call.stays & (call.row_ids >= 0)]
    if not len(replaced):
        reader = _reader(_schema(fields), feed.of(call.batches(fields, None, None)))
        feed.run(lambda: lance.write_dataset(reader, handle.uri, mode="append"))
        return
    there = _There(store)

    def both() -> Iterator[pa.RecordBatch]:
        yield from call.batches(fields, True, there)
        yield from call.batches(fields, False, there)

    rows = _reader(there.schema, feed.of(both()))
    feed.run(lambda: replace_rows(handle, rows, replaced))


def _fit(store: DocumentStore, fields: Sequence[Field], rewritten: Mapping[str, Field]) -> None:
    """Make the columns of the dataset those that the fields need."""
    for one in store.fields():
        if one.name in rewritten:
            rewrite(store, one, rewritten[one.name])
    columns = store.opened().schema.names
    new = [one.arrow() for one in fields if one.column not in columns]
    if new:
        store.opened().add_columns(pa.schema(new))


def _whole_ends(store: DocumentStore, fields: Sequence[Field]) -> dict[str, int]:
    ends = {}
    for one in fields:
        values = store.opened().to_table(columns=[one.column])[one.column]
        least_and_most = pc.min_max(values).as_py()
        ends[one.name] = max((abs(end) for end in least_and_most.values() if end), default=0)
    return ends


def _schema(fields: Sequence[Field]) -> pa.Schema:
    identity = Field("_id", "_id", "text")
    return pa.schema([identity.arrow(), *(one.arrow() for one in fields)])


def _reader(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(schema, batches)
