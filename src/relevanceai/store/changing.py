"""Changing what is kept: deleting documents, renaming and dropping fields, labelling the rest."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.store.columns import Field, normalised, vectors_of
from relevanceai.store.documents import BATCH_ROWS, DocumentStore, VectorRows
from relevanceai.store.incoming import DERIVED_FIELDS, is_vector_name
from relevanceai.store.labels import (
    LABEL_PREFIX,
    Clustering,
    new_token,
    replaced_columns,
    write_record,
)
from relevanceai.store.names import column_of, field_of
from relevanceai.store.selecting import Filters, selected


@dataclass(frozen=True, slots=True)
class DeleteReport:
    """What a deletion did: how many documents it deleted, and which `_id`s were not there."""

    deleted: int
    missing: tuple[str, ...] = ()


def delete_ids(store: DocumentStore, ids: Iterable[str]) -> DeleteReport:
    """Delete the documents with these `_id`s, in one commit; what is not there is reported."""
    with store.writing():
        wanted = list(dict.fromkeys(ids))
        there = store.row_ids(wanted)
        _delete(store, pa.array(list(there), pa.string()))
        return DeleteReport(len(there), tuple(one for one in wanted if one not in there))


def delete_matching(store: DocumentStore, filters: Filters) -> DeleteReport:
    """Delete the documents that pass all filters, in one commit."""
    with store.writing():
        ids = selected(store, filters).table(["_id"])["_id"]
        _delete(store, ids)
        return DeleteReport(len(ids))


def _delete(store: DocumentStore, ids: pa.Array | pa.ChunkedArray) -> None:
    if not len(ids):
        return
    with store.changing():
        store.last_commit()
        merge = store.opened().merge_insert("_id")  # a join on values: no text of a query
        done = merge.when_matched_delete().execute(pa.table({"_id": ids}))
        if done["num_deleted_rows"] != len(ids):
            raise RuntimeError(f"{done['num_deleted_rows']} of {len(ids)} rows were deleted")


# fields ------------------------------------------------------------------------------------------


def rename(store: DocumentStore, old: str, new: str) -> tuple[str, ...]:
    """Rename a field in one commit that rewrites no value; return the aliases that follow it.

    Clusterings that rest on a renamed vector field rest on it under its new name.

    Raises
    ------
    NotFoundError : no such field; lists those there are.
    InvalidInputError : a name that is taken, or that a field cannot have.
    """
    with store.writing():
        held = changeable_field(store, old)
        name = _free_name(store, held, new)
        renamed = [
            (one, _renamed(one, old, name))
            for one in store.clusterings()
            if old in one.vector_fields
        ]
        moved = {one.token for one, _ in renamed}
        taken = {one.label_path for one in store.clusterings() if one.token not in moved}
        for _, one in renamed:
            if one.label_path in taken:
                raise InvalidInputError(
                    f"Renaming {old!r} to {name!r} would bring labels to {one.label_path!r}, where "
                    "others are. Pass another name."
                )
            taken.add(one.label_path)
        _drop_spares(store, [old], [one for one, _ in renamed])
        for _, one in renamed:
            write_record(store.folder / "clusterings", one)
        columns = {held.column: column_of(name)}
        columns |= {one.column: later.column for one, later in renamed}
        alterations = [{"path": path, "name": column} for path, column in columns.items()]
        store.opened().alter_columns(*alterations)  # type: ignore[arg-type]  # typed as iterables
        return tuple(one.alias for _, one in renamed)


def drop(store: DocumentStore, name: str, *, drop_clusterings: bool = False) -> tuple[str, ...]:
    """Drop a field in one commit, and the clusterings that rest on it; return their label paths.

    Raises
    ------
    NotFoundError : no such field; lists those there are.
    InvalidInputError : clusterings rest on it, and `drop_clusterings` is not set.
    """
    with store.writing():
        changeable_field(store, name)
        resting = [one for one in store.clusterings() if name in one.vector_fields]
        if resting and not drop_clusterings:
            raise InvalidInputError(
                f"Clusterings rest on {name!r} of dataset {store.name!r}: "
                f"{listed(one.label_path for one in resting)}. "
                "Pass drop_clusterings=True to drop them with it."
            )
        _drop_spares(store, [name], resting)
        columns = _columns_of(store, [name])
        store.opened().drop_columns([*columns, *(one.column for one in resting)])
        return tuple(one.label_path for one in resting)


def changeable_field(store: DocumentStore, name: object) -> Field:
    """Return a field that a change may touch: one that is there, and is not `_id`."""
    if name == "_id":
        raise InvalidInputError(
            "`_id` is what a document is known by, and stays. Insert the documents under another "
            "`_id` and delete these."
        )
    fields = {one.name: one for one in store.fields() if one.name != "_id"}
    if not isinstance(name, str) or name not in fields:
        raise NotFoundError(
            f"No field {name!r} in dataset {store.name!r}. It has: {listed(fields, like=str(name))}."
        )
    return fields[name]


def _free_name(store: DocumentStore, held: Field, new: object) -> str:
    if not isinstance(new, str):
        raise InvalidInputError(f"A field is named by text, but got {type(new).__name__}: {new!r}.")
    try:
        normalised(new)
    except InvalidInputError as error:
        raise InvalidInputError(f"The name {new!r} {error}.") from error
    if new in DERIVED_FIELDS:
        raise InvalidInputError(f"{new!r} is worked out by the dataset itself. Pass another name.")
    if new in [one.name for one in store.fields()]:
        raise InvalidInputError(
            f"Dataset {store.name!r} has a field {new!r} already. Drop or rename it first."
        )
    if held.kind != "vector" and is_vector_name(new):
        raise InvalidInputError(
            f"{held.name!r} holds {held.kind}, but a name that ends in '_vector_' is that of a "
            "vector field. Pass another name."
        )
    return new


def _renamed(one: Clustering, old: str, new: str) -> Clustering:
    fields = tuple(new if name == old else name for name in one.vector_fields)
    return replace(one, token=new_token(), vector_fields=fields)


def _columns_of(store: DocumentStore, names: Collection[str]) -> list[str]:
    """Return the columns of some fields, those included that a later generation replaced."""
    columns = store.opened().schema.names
    return [
        one for one in columns if not one.startswith(LABEL_PREFIX) and field_of(one) in set(names)
    ]


def _drop_spares(
    store: DocumentStore, names: Collection[str], clusterings: Iterable[Clustering]
) -> None:
    """Drop the columns that a later one replaced and a kill left; nothing that is seen changes.

    Else they would come back as soon as the later ones are gone or have another name.
    """
    held = {one.column for one in store.fields()}
    spare = [one for one in _columns_of(store, names) if one not in held]
    for one in clusterings:
        key = (one.vector_fields, one.alias)
        there = store.opened().schema.names
        spare += replaced_columns(store.folder / "clusterings", there, key)
    if spare:
        store.opened().drop_columns(spare)


# whole columns -----------------------------------------------------------------------------------


def replace_columns(
    store: DocumentStore, reader: pa.RecordBatchReader, replaced: Mapping[str, str]
) -> None:
    """Add columns, a row for each row of the scan, in one commit; then drop those they replace.

    Parameters
    ----------
    reader : the columns, named as Lance is to name them. What it raises passes through.
    replaced : the column that is replaced, by the name of the one that replaces it. Readers go by
        the later of the two, so that dropping the other changes nothing that is seen.
    """
    with store.changing():
        store.last_commit()
        store.opened().add_columns(reader)
    there = store.opened().schema.names
    gone = [one for one in replaced.values() if one in there]
    if gone:
        store.opened().drop_columns(gone)


def renewed(store: DocumentStore, clustering: Clustering, **told: object) -> Clustering:
    """Return a clustering with a column of its own to come, its record written; `told` is added.

    The column that replaces its labels makes it exist.
    """
    made = replace(clustering, token=new_token(), model={**clustering.model, **told})
    write_record(store.folder / "clusterings", made)
    return made


# labels ------------------------------------------------------------------------------------------


def unclustered_vectors(store: DocumentStore, clustering: Clustering) -> Iterator[VectorRows]:
    """Yield the rows that have every vector of a clustering and no label; theirs are all -1."""
    handle = store.opened()
    columns = [store.vector_field(name).column for name in clustering.vector_fields]
    is_open = pc.field(clustering.column).is_null()
    for batch in handle.to_batches(
        columns=columns, filter=is_open, with_row_id=True, batch_size=BATCH_ROWS
    ):
        parts, keep = [], np.ones(batch.num_rows, bool)
        for column in columns:
            matrix, valid = vectors_of(batch[column])
            parts.append(matrix)
            keep &= valid
        if keep.any():
            row_ids = batch["_rowid"].to_numpy().astype(np.int64)[keep]
            labels = np.full(len(row_ids), -1, np.int32)
            yield VectorRows(row_ids, tuple(part[keep] for part in parts), labels)


def add_labels(
    store: DocumentStore,
    clustering: Clustering,
    row_ids: NDArray[np.int64],
    leaves: NDArray[np.int32],
) -> Clustering:
    """Label rows that a clustering does not have yet, in one commit; return its new record.

    The caller holds `writing()` since it read what the labels rest on.
    """
    every = store.all_row_ids()
    labels, valid = store.labels(clustering)
    order = np.argsort(every)
    places = order[np.searchsorted(every, row_ids, sorter=order)]
    labels, valid = labels.copy(), valid.copy()
    labels[places], valid[places] = leaves, True
    before = clustering.model.get("assigned", 0)
    n_before = before if isinstance(before, int) else 0
    made = renewed(store, clustering, assigned=n_before + len(row_ids))
    array = pa.array(labels, pa.int32(), mask=~valid)
    schema = pa.schema([pa.field(made.column, pa.int32())])
    batches = pa.Table.from_arrays([array], schema=schema).to_batches(max_chunksize=BATCH_ROWS)
    reader = pa.RecordBatchReader.from_batches(schema, iter(batches))
    replace_columns(store, reader, {made.column: clustering.column})
    return made
