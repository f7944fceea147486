"""Applying: new values for documents that are there, gathered first and written in one commit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.batch import Document
from relevanceai.errors import InvalidInputError
from relevanceai.store.columns import Field, from_arrow
from relevanceai.store.documents import DocumentStore
from relevanceai.store.gathering import Changes, is_same
from relevanceai.store.labels import Clustering
from relevanceai.store.rewriting import ChangeReport, rewrite_columns
from relevanceai.store.selecting import Filters, selected
from relevanceai.store.spill import Brought, Part, Spill
from relevanceai.store.writing import write_documents

_FEW = 20
"""Up to one document in so many is upserted; of more, the columns that change are written anew."""
_SCAN_ROWS = 1024


def apply_changes(
    store: DocumentStore,
    filters: Filters | None,
    change: Callable[[list[Document]], Sequence[Document]],
    *,
    select_fields: Sequence[str] | None = None,
    include_vector: bool = True,
    batch_size: int,
    on_rows: Callable[[int], object] = id,
) -> ChangeReport:
    """Change documents by a function of them, all in one commit, or raise and change nothing.

    Parameters
    ----------
    filters : which documents; all without. They come in the order of the scan.
    change : is given documents, and returns for each the fields to set, and `_id`.
    on_rows : called with the number of documents just changed.

    Notes
    -----
    The writer lock is held while `change` runs, so that it sees what it changes.
    """
    with store.writing():
        rows = _Rows.of(store, filters)
        with Spill(store.folder) as spill:
            changes = Changes(rows.store, spill)
            for start in range(0, len(rows.places), batch_size):
                places = rows.places[start : start + batch_size]
                documents = rows.store.read(
                    rows.every[places].tolist(),
                    select_fields=select_fields,
                    include_vector=include_vector,
                )
                changes.add(places, change(list(documents)))
                on_rows(len(places))
            _check_untouched(store, rows.store)
            return _written(store, rows, changes)


def set_values(store: DocumentStore, filters: Filters | None, values: Document) -> ChangeReport:
    """Set fields of documents to the same values, all in one commit."""
    with store.writing():
        rows = _Rows.of(store, filters)
        if not len(rows.places):
            return ChangeReport(0)
        with Spill(store.folder) as spill:
            first = next(rows.store.read([int(rows.every[rows.places[0]])], select_fields=["_id"]))
            one = Changes(rows.store, spill)
            made = one.arrays([{**values, "_id": first["_id"]}])
            for start in range(0, len(rows.places), _SCAN_ROWS):
                places = rows.places[start : start + _SCAN_ROWS]
                same = pa.array(np.zeros(len(places), np.int64))
                every = np.ones(len(places), bool)
                spill.add(
                    Part(
                        places,
                        {
                            name: replace(it, values=it.values.take(same), rows=every)
                            for name, it in made.items()
                        },
                    )
                )
            return _written(store, rows, one)


@dataclass(frozen=True, slots=True)
class _Rows:
    """The documents to change: `places` in the scan, `every` row id of it, at one version."""

    store: DocumentStore
    every: NDArray[np.int64]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, store: DocumentStore, filters: Filters | None) -> "_Rows":
        pinned = store.snapshot()
        every = pinned.all_row_ids()
        chosen = selected(pinned, filters).row_ids if filters else None
        if chosen is None:
            return cls(pinned, every, np.arange(len(every)))
        return cls(pinned, every, np.flatnonzero(np.isin(every, chosen)).astype(np.int64))


def _check_untouched(store: DocumentStore, pinned: DocumentStore) -> None:
    if store.revision() != pinned.revision():
        raise InvalidInputError(
            f"The function wrote to dataset {store.name!r} while it was given its documents. What "
            "it returned was not written, what it wrote itself was. Let it return the changes."
        )


def _written(store: DocumentStore, rows: _Rows, changes: Changes) -> ChangeReport:
    n_brought = sum(len(part.places) for part in changes.spill)
    if not n_brought:
        return ChangeReport(0)
    if n_brought * _FEW < len(rows.every):
        return _upserted(store, rows, changes)
    return rewrite_columns(store, rows.store, changes)


# few documents: upserted -------------------------------------------------------------------------


def _upserted(store: DocumentStore, rows: _Rows, changes: Changes) -> ChangeReport:
    names = list(changes.seen)
    documents: list[Document] = []
    touched: set[str] = set()
    for part in changes.spill:
        row_ids = rows.every[part.places].tolist()
        known = [name for name in names if name in changes.kept]
        before = rows.store.read(row_ids, select_fields=["_id", *known])
        fresh = {name: _values(one) for name, one in part.fields.items()}
        for row, old in enumerate(before):
            new = {
                name: values[row]
                for name, values in fresh.items()
                if part.fields[name].rows[row]
                and not is_same(old.get(name), values[row], changes.kept.get(name))
            }
            if new:
                documents.append({"_id": old["_id"], **new})
                touched |= set(new)
    if not documents:
        return ChangeReport(0)
    resting = [one for one in store.clusterings() if touched & set(one.vector_fields)]
    before_n = {one.label_path: _n_labelled(store, one) for one in resting}
    vectors = [name for name, one in changes.seen.items() if one.width]
    report = write_documents(store, documents, upsert=True, vector_fields=vectors)
    lost = {one.label_path: before_n[one.label_path] - _n_labelled(store, one) for one in resting}
    return ChangeReport(
        len(documents),
        tuple(name for name in names if name in touched),
        {path: n for path, n in lost.items() if n},
        report.mixed_fields,
    )


def _n_labelled(store: DocumentStore, one: Clustering) -> int:
    return int(store.labels(one)[1].sum())


def _values(one: Brought) -> list[object]:
    return from_arrow(one.values, Field(one.name, "", one.kind, one.width))
