"""Selected rows: those that pass some filters, found once, read in the order of insertion."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.batch import Document
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.store.columns import Field
from relevanceai.store.digest import digest
from relevanceai.store.documents import DocumentStore
from relevanceai.store.filters import fields_in
from relevanceai.store.held_columns import PartColumns, columns_by_part
from relevanceai.store.labels import Clustering
from relevanceai.store.layout import is_laid_out, layout_of, taken, takes
from relevanceai.store.masks import Column, rows_passing
from relevanceai.store.outgoing import chosen, documents_of

Filters = Sequence[Mapping[str, object]]

_HELD_BYTES = 64 * 2**20
_FEW = 20  # below one row in so many, rows are looked up; above, the scan is quicker
_DOCUMENT_ROWS = 1024  # read at a time


@dataclass(frozen=True, slots=True)
class Selected:
    """Some rows of one version of a dataset, in the order of insertion.

    `mask` says of every row of the scan whether it is among them; None when all are, or when the
    scan is not in the order of insertion, because documents were changed. `row_ids` names those
    that are, in order; None when all are and the scan has them in order.
    """

    store: DocumentStore
    mask: NDArray[np.bool_] | None
    row_ids: NDArray[np.int64] | None
    count: int

    def page_row_ids(self, start: int, size: int) -> NDArray[np.int64]:
        """Return the row ids from one place on, in the order of the rows."""
        if self.row_ids is not None:
            return self.row_ids[start : start + size]
        if start >= self.count:
            return np.empty(0, np.int64)
        return self.store.all_row_ids()[start : start + size]

    def tables(self, columns: Sequence[str], *, batch_rows: int) -> Iterator[pa.Table]:
        """Yield these columns of Lance, at most `batch_rows` rows at a time, none when empty."""
        handle = self.store.opened()
        names = list(columns)
        is_looked_up = self.mask is None or self.count * _FEW < len(self.mask)
        if self.row_ids is not None and is_looked_up:
            yield from takes(handle, self.row_ids, names, batch_rows=batch_rows)
            return
        row = 0
        for batch in handle.to_batches(columns=names, batch_size=batch_rows):
            table = pa.Table.from_batches([batch])
            if self.mask is not None:
                kept = self.mask[row : row + batch.num_rows]
                row += batch.num_rows
                table = table if kept.all() else table.filter(pa.array(kept))
            if table.num_rows:
                yield table

    def table(self, columns: Sequence[str], *, with_row_id: bool = False) -> pa.Table:
        """Return these columns of Lance at once."""
        handle, names = self.store.opened(), list(dict.fromkeys(columns))
        if self.mask is None and self.row_ids is not None:
            table = taken(handle, self.row_ids.tolist(), names)
            if with_row_id:
                table = table.append_column("_rowid", pa.array(self.row_ids, pa.uint64()))
            return table
        table = handle.to_table(columns=names, with_row_id=with_row_id)
        return table if self.mask is None else table.filter(pa.array(self.mask))

    def documents(
        self, fields: Sequence[Field], labels: Sequence[Clustering]
    ) -> Iterator[Document]:
        """Yield the rows as documents."""
        columns = [one.column for one in fields] + [one.column for one in labels]
        for table in self.tables(columns, batch_rows=_DOCUMENT_ROWS):
            yield from documents_of(table, fields, labels)


def selected(store: DocumentStore, filters: Filters | None) -> Selected:
    """Return the rows that pass all filters, at the version of now.

    Raises
    ------
    InvalidInputError, NotFoundError : a filter that cannot be read; see `store.filters`.
    """
    pinned = store.snapshot()
    if filters:
        fields_in(filters, list(columns_of(pinned)), dataset=pinned.name)  # which checks the form
    key = (str(pinned.folder), pinned.revision(), digest(filters or []))
    found = _held.get(key)
    if found is None:
        found = _selected(pinned, filters)
        _held.keep(key, found)
    return replace(found, store=pinned)


def _selected(pinned: DocumentStore, filters: Filters | None) -> Selected:
    every, is_in_order = pinned.all_row_ids(), pinned.is_in_order()
    if not filters:
        return Selected(pinned, None, None if is_in_order else np.sort(every), len(every))
    there = columns_of(pinned)
    names = fields_in(filters, list(there), dataset=pinned.name)
    wanted = list(dict.fromkeys(there[name].column for name in names))
    masks = [np.empty(0, bool)]
    for part in _parts(pinned, wanted):
        columns: dict[str, Column] = {
            name: (part.columns[there[name].column], there[name]) for name in names
        }
        mask = rows_passing(filters, columns, part.n_rows)
        masks.append(np.delete(mask, part.gone) if len(part.gone) else mask)
    mask = np.concatenate(masks)
    row_ids = every[mask]
    if not is_in_order:
        return Selected(pinned, None, np.sort(row_ids), len(row_ids))
    return Selected(pinned, mask, row_ids, len(row_ids))


def _parts(pinned: DocumentStore, wanted: Sequence[str]) -> Iterator[PartColumns]:
    """Yield columns in the order of the scan, by fragment; of arrays in memory at once."""
    handle = pinned.opened()
    if is_laid_out(handle) and wanted:
        yield from columns_by_part(handle, layout_of(handle), wanted)
        return
    table = handle.to_table(columns=list(wanted))
    columns = {name: table[name] for name in wanted}
    yield PartColumns(pinned.count(), columns, np.empty(0, np.int64))


class _Held:
    """The last selections: the pages of a list ask for one of them over and over.

    They are named by version, so that none is ever stale, and take at most 64 MiB.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_key: OrderedDict[tuple[str, str, str], Selected] = OrderedDict()

    def get(self, key: tuple[str, str, str]) -> Selected | None:
        with self._lock:
            if key in self._by_key:
                self._by_key.move_to_end(key)
            return self._by_key.get(key)

    def keep(self, key: tuple[str, str, str], found: Selected) -> None:
        with self._lock:
            self._by_key[key] = replace(found, store=None)  # type: ignore[arg-type]  # let it close
            while sum(_n_bytes(one) for one in self._by_key.values()) > _HELD_BYTES:
                self._by_key.popitem(last=False)


def _n_bytes(one: Selected) -> int:
    return 4096 + sum(array.nbytes for array in (one.mask, one.row_ids) if array is not None)


_held = _Held()


def columns_of(store: DocumentStore) -> dict[str, Field | Clustering]:
    """Return what each column holds, by the name of its field or the path of its label."""
    there: dict[str, Field | Clustering] = {one.label_path: one for one in store.clusterings()}
    fields: dict[str, Field | Clustering] = {one.name: one for one in store.fields()}
    return fields | {name: one for name, one in there.items() if name not in fields}


def column_named(store: DocumentStore, name: object) -> Field | Clustering:
    """Return what one column holds.

    Raises
    ------
    NotFoundError : no field and no label of this name; lists those there are.
    InvalidInputError : a name that is not text.
    """
    if not isinstance(name, str):
        raise InvalidInputError(
            f"A field is named by text, but got {type(name).__name__}: {name!r:.60}."
        )
    there = columns_of(store)
    if name not in there:
        raise NotFoundError(
            f"No field {name!r} in dataset {store.name!r}. It has: {listed(there, like=name)}."
        )
    return there[name]


def chosen_columns(
    store: DocumentStore, select_fields: Sequence[str] | None, *, include_vector: bool
) -> tuple[list[Field], list[Clustering]]:
    """Return the fields and labels that a reader selects; see `store.outgoing.chosen`."""
    return chosen(
        store.fields(),
        store.clusterings(),
        select_fields=select_fields,
        include_vector=include_vector,
        dataset=store.name,
    )


def snapshot_of(store: DocumentStore, revision: str) -> DocumentStore | None:
    """Return a reader that stays at an older version, or None when that is no longer there.

    Parameters
    ----------
    revision : what `store.revision()` said then.
    """
    born, _, version = revision.rpartition("-")
    if store.revision().rpartition("-")[0] != born or not version.isdecimal():
        return None
    pinned = store.snapshot()
    try:
        pinned._pinned = store.opened().checkout_version(int(version))
    except (ValueError, OSError):
        return None
    return pinned
