"""Writing documents: all of a call in, or nothing; what changed is no longer clustered."""

import json
import shutil
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import lance
import numpy as np
import pyarrow as pa

from relevanceai.errors import DuplicateIdError, InvalidInputError, WorkspaceError, listed
from relevanceai.store.columns import Field, from_arrow, to_arrow, vectors_of
from relevanceai.store.described import fields_of
from relevanceai.store.documents import DocumentStore
from relevanceai.store.formats import FORMAT
from relevanceai.store.incoming import Incoming, check_vectors, gathered, make_vectors, settled
from relevanceai.store.interrupts import finished
from relevanceai.store.labels import write_file
from relevanceai.store.leftovers import hidden_folder, remove_leftovers
from relevanceai.store.report import InsertReport

_INDEX_JOIN_FROM = 4_000_000


def write_documents(
    store: DocumentStore,
    documents: Iterable[Mapping[str, object]],
    *,
    upsert: bool,
    on_error: Literal["raise", "skip"] = "raise",
    vector_fields: Sequence[str] = (),
) -> InsertReport:
    """Insert or upsert documents, all of them, or raise and leave everything as it was.

    An upsert changes the fields it brings and keeps the others; a field brought as None is
    emptied. A document whose vector changes, like a new one, is not yet clustered.

    Parameters
    ----------
    on_error : "raise" at the first document that cannot be taken, or "skip" those and report why.
    vector_fields : fields that hold vectors though neither name nor type says so.

    Raises
    ------
    DuplicateIdError : an `_id` that is there already, unless `upsert`.
    InvalidInputError : a document that cannot be kept; the message names its `_id`.
    """
    if on_error not in ("raise", "skip"):
        raise InvalidInputError(f"on_error is 'raise' or 'skip', but got {on_error!r:.60}.")
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
        incoming = gathered(documents, keep_last=upsert, on_error=on_error, vector_fields=named)
        check_vectors(incoming, kept, on_error)
        there: pa.Table | None = None
        if exists and upsert:
            there = store.rows_of(incoming.ids)
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


def _add(store: DocumentStore, incoming: Incoming, there: pa.Table | None) -> None:
    """Append the documents, or merge them with the rows that are there; one change or none."""
    with store.changing():
        fields = store.fields()
        labels = {} if there is None else _merge_kept(store, incoming, there)
        table, rewritten = settled(incoming, fields, store.column)
        for one in fields:
            if one.name in rewritten:
                rewrite(store, one, rewritten[one.name])
        handle = store.opened()
        new = [one for one in table.schema if one.name not in handle.schema.names]
        if new:
            handle.add_columns(pa.schema(new))
        store.last_commit()
        if there is None:
            finished(lambda: lance.write_dataset(table, handle.uri, mode="append"))
            return
        handle = store.opened()
        for one in fields_of(handle.schema):  # a merge writes whole rows
            if one.column not in table.column_names:
                empty = pa.nulls(table.num_rows, one.arrow().type)
                table = table.append_column(one.arrow(), empty)
        for column, array in labels.items():
            table = table.append_column(pa.field(column, pa.int32()), array)
        merge = handle.merge_insert("_id")
        merge.when_matched_update_all().when_not_matched_insert_all()
        # Its path over the index takes longer than a scan of the ids, once some rows are outside.
        merge.use_index(handle.count_rows() >= _INDEX_JOIN_FROM)
        finished(lambda: merge.execute(table))


def _merge_kept(store: DocumentStore, incoming: Incoming, kept: pa.Table) -> dict[str, pa.Array]:
    """Fill what the documents do not bring from the rows that are there.

    Returns the leaf labels that each clustering has for the merged rows: none for a new
    document or one whose vector changed.
    """
    kept_row = {document_id: row for row, document_id in enumerate(kept["_id"].to_pylist())}
    rows = [kept_row.get(document_id) for document_id in incoming.ids]
    brought = incoming.brought
    moved: dict[str, set[int]] = {}
    for one in store.fields():
        if one.name == "_id":
            continue
        old: Sequence[object]
        if one.kind == "vector":
            matrix, valid = vectors_of(kept[one.column])
            old = [row if held else None for row, held in zip(matrix, valid, strict=True)]
        else:
            old = from_arrow(kept[one.column], one)
        if one.kind == "vector":
            incoming.vectors.add(one.name)
        values = incoming.values.setdefault(one.name, [None] * len(rows))
        given = brought.get(one.name, set())
        for index, row in enumerate(rows):
            if row is None:
                continue
            if index not in given:
                values[index] = old[row]
            elif one.kind == "vector" and not _is_same(values[index], old[row]):
                moved.setdefault(one.name, set()).add(index)
    labels = {}
    for clustering in store.clusterings():
        stale = set().union(*(moved.get(name, set()) for name in clustering.vector_fields))
        taken = [None if index in stale else row for index, row in enumerate(rows)]
        held = kept[clustering.column].combine_chunks()
        labels[clustering.column] = held.take(pa.array(taken, pa.int64()))
    return labels


def rewrite(store: DocumentStore, old: Field, new: Field) -> None:
    """Keep a column in another kind: a new generation of it, then the old one goes."""
    array = to_arrow(store.column(old), new.kind)
    store.add_column(new.arrow(), array)
    store.opened().drop_columns([old.column])


def _is_same(new: object, old: object) -> bool:
    if new is None or old is None:
        return new is old
    with np.errstate(over="ignore"):
        return bool(np.array_equal(np.asarray(new).astype(np.float32), np.asarray(old)))
