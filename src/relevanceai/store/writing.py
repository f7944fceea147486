"""Writing documents: all of a call in, or nothing; what changed is no longer clustered."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Literal

import lance
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.errors import DuplicateIdError, InvalidInputError, listed
from relevanceai.store.bulk import CHUNK, write_many
from relevanceai.store.columns import Field, from_arrow, vectors_of
from relevanceai.store.documents import DocumentStore
from relevanceai.store.id_index import rows_of
from relevanceai.store.incoming import (
    Incoming,
    check_vectors,
    checked_form,
    gathered,
    make_vectors,
    settled,
)
from relevanceai.store.interrupts import finished
from relevanceai.store.making import create, rewrite
from relevanceai.store.replacing import replace_rows
from relevanceai.store.report import InsertReport


def write_documents(
    store: DocumentStore,
    documents: Iterable[Mapping[str, object]],
    *,
    upsert: bool,
    on_error: Literal["raise", "skip"] = "raise",
    vector_fields: Sequence[str] = (),
    on_rows: Callable[[int], object] = id,
) -> InsertReport:
    """Insert or upsert documents, all of them, or raise and leave everything as it was.

    An upsert changes the fields it brings and keeps the others; a field brought as None is
    emptied. A document whose vector changes, like a new one, is not yet clustered.

    Parameters
    ----------
    on_error : "raise" at the first document that cannot be taken, or "skip" those and report why.
    vector_fields : fields that hold vectors though neither name nor type says so.
    on_rows : called with the number of rows just written, of more than 4,096 documents.

    Raises
    ------
    DuplicateIdError : an `_id` that is there already, unless `upsert`.
    InvalidInputError : a document that cannot be kept; the message names its `_id`.
    """
    if on_error not in ("raise", "skip"):
        raise InvalidInputError(f"on_error is 'raise' or 'skip', but got {on_error!r:.60}.")
    rest = iter(checked_form(documents))
    with store.writing():
        exists = store.exists()
        kept = store.fields() if exists else []
        asked = [vector_fields] if isinstance(vector_fields, str) else vector_fields
        for one in kept:
            if one.name in asked and one.kind != "vector":
                raise InvalidInputError(
                    f"vector_fields names {one.name!r}, which is kept as {one.kind} in dataset "
                    f"{store.name!r}. {make_vectors(one.name)}"
                )
        named = {*asked, *(one.name for one in kept if one.kind == "vector")}
        first = list(islice(rest, CHUNK + 1))
        if len(first) > CHUNK:
            return write_many(
                store,
                chain(first, rest),
                upsert=upsert,
                on_error=on_error,
                vector_fields=frozenset(named),
                on_rows=on_rows,
            )
        incoming = gathered(first, keep_last=upsert, on_error=on_error, vector_fields=named)
        check_vectors(incoming, kept, on_error)
        there: pa.Table | None = None
        if exists and upsert:
            there = _read_for(store, incoming)
        elif exists:
            _refuse_known(store, incoming, on_error)
        if incoming.ids and exists:
            _add(store, incoming, there if there is not None and there.num_rows else None)
        elif incoming.ids:
            table = settled(incoming, [], lambda _: [])[0]
            finished(lambda: create(store, table))
        updated = 0 if there is None else there.num_rows
        if incoming.ids:
            store.tend_index()
    new = len(incoming.ids) - updated
    return InsertReport(
        new,
        updated,
        incoming.failed,
        incoming.made_ids,
        incoming.ignored,
        tuple(sorted(incoming.mixed)),
    )


def _refuse_known(
    store: DocumentStore, incoming: Incoming, on_error: Literal["raise", "skip"]
) -> None:
    """Raise for an `_id` that is there already, or leave such documents out."""
    there = store.row_ids(incoming.ids)
    if there and on_error == "raise":
        raise DuplicateIdError(
            f"{len(there):,} of {len(incoming.ids):,} documents have an `_id` that is in "
            f"dataset {store.name!r} already: {listed(there, limit=5)}. "
            "Use upsert_documents to change them, or give them another `_id`."
        )
    why = "is in the dataset already"
    incoming.leave_out({row: why for row, one in enumerate(incoming.ids) if one in there})


def _add(store: DocumentStore, incoming: Incoming, there: pa.Table | None) -> None:
    """Append the documents, or put them in place of the rows that are there; one change or none."""
    fields = store.fields()
    place: dict[str, int] = {}
    if there is not None:
        place = {document_id: row for row, document_id in enumerate(there["_id"].to_pylist())}
        _fill_kept(fields, incoming, there, place)
    table, rewritten = settled(incoming, fields, store.column)
    columns = store.opened().schema.names
    new = [one for one in table.schema if one.name not in columns]
    if not rewritten and not new:  # one commit: it is there, or it is not
        finished(lambda: _commit(store, incoming, table, there, place))
        return
    with store.changing():
        for one in fields:
            if one.name in rewritten:
                rewrite(store, one, rewritten[one.name])
        columns = store.opened().schema.names
        new = [one for one in new if one.name not in columns]
        if new:
            store.opened().add_columns(pa.schema(new))
        store.last_commit()
        finished(lambda: _commit(store, incoming, table, there, place))


def _commit(
    store: DocumentStore,
    incoming: Incoming,
    table: pa.Table,
    there: pa.Table | None,
    place: Mapping[str, int],
) -> None:
    handle = store.opened()
    if there is None:
        lance.write_dataset(table, handle.uri, mode="append")
        return
    rows = [place.get(document_id) for document_id in incoming.ids]
    for column, labels in _labels_kept(store, table, there, rows).items():
        table = table.append_column(pa.field(column, pa.int32()), labels)
    for one in handle.schema:  # whole rows are written
        if one.name not in table.column_names:
            table = table.append_column(one, pa.nulls(table.num_rows, one.type))
    order = np.argsort([row is None for row in rows], kind="stable")  # those that are there first
    row_ids = there["_rowid"].to_numpy().astype(np.int64)
    replaced = row_ids[[row for row in rows if row is not None]]
    replace_rows(handle, table.select(handle.schema.names).take(pa.array(order)), replaced)


def _read_for(store: DocumentStore, incoming: Incoming) -> pa.Table:
    """Return of the rows that are there what a merge reads: what a document may not bring, labels.

    Vectors on which clusterings rest are read too, to see which changed.
    """
    clusterings = store.clusterings()
    compared = {name for one in clusterings for name in one.vector_fields}
    n_documents = len(incoming.ids)
    columns = [
        one.column
        for one in store.fields()
        if one.name in compared or len(incoming.brought.get(one.name, ())) < n_documents
    ]
    return rows_of(store.opened(), incoming.ids, [*columns, *(one.column for one in clusterings)])


def _fill_kept(
    fields: Sequence[Field], incoming: Incoming, there: pa.Table, place: Mapping[str, int]
) -> None:
    """Fill what the documents do not bring from the rows that are there."""
    rows = [place.get(document_id) for document_id in incoming.ids]
    for one in fields:
        given = incoming.brought.get(one.name, set())
        if one.name == "_id" or len(given) == len(rows):
            continue
        old: Sequence[object]
        if one.kind == "vector":
            matrix, valid = vectors_of(there[one.column])
            old = [row if held else None for row, held in zip(matrix, valid, strict=True)]
            incoming.vectors.add(one.name)
        else:
            old = from_arrow(there[one.column], one)
        values = incoming.values.setdefault(one.name, [None] * len(rows))
        for index, row in enumerate(rows):
            if row is not None and index not in given:
                values[index] = old[row]


def _labels_kept(
    store: DocumentStore, table: pa.Table, there: pa.Table, rows: Sequence[int | None]
) -> dict[str, pa.Array]:
    """Return the leaves that each clustering has for the rows of a table.

    None for a document that is new, or has another vector than in its row there.
    """
    fields = {one.name: one for one in store.fields()}
    known = np.array([row is not None for row in rows], bool)
    at = pa.array([row or 0 for row in rows], pa.int64())
    stays: dict[str, NDArray[np.bool_]] = {}
    labels = {}
    for clustering in store.clusterings():
        holds = known.copy()
        for name in clustering.vector_fields:
            if name not in stays:
                column = fields[name].column
                stays[name] = _equal_vectors(table, there.select([column]).take(at), column)
            holds &= stays[name]
        held = there[clustering.column].combine_chunks()
        wanted = pa.array(np.asarray(at), pa.int64(), mask=~holds)
        labels[clustering.column] = held.take(wanted)
    return labels


def _equal_vectors(table: pa.Table, before: pa.Table, column: str) -> NDArray[np.bool_]:
    """Tell of each row whether its vector is the one of before, be it none."""
    old, was_there = vectors_of(before[column])
    if column not in table.column_names:
        return ~was_there
    new, is_there = vectors_of(table[column])
    same: NDArray[np.bool_] = (new == old).all(axis=1)
    return np.where(was_there & is_there, same, was_there == is_there)
