"""Layout: where the rows of one version lie, by row id, without asking Lance for an index of them.

Lance works the index from row ids to places out anew for every version: a tenth of a second for a
million rows, at the first look after each write. What a fragment's row ids are, and which rows a
deletion file deletes, never changes, so it is remembered by the names of these files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import lance
import numpy as np
import pyarrow as pa
from lance.fragment import RowIdSequence
from numpy.typing import NDArray

from relevanceai.store.bounded import Bounded

_HELD_BYTES = 128 * 2**20
_MOST_FRAGMENTS = 16  # from which rows are taken; of more, Lance takes them at once
_ADDRESS_BITS = 32


class RowIds:
    """The row ids of a fragment, by the places of its rows in its files."""

    def __init__(self, values: NDArray[np.int64]) -> None:
        values.flags.writeable = False
        self.values = values
        self.is_rising = bool((np.diff(values) > 0).all())

    @cached_property
    def _sorted(self) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        if self.is_rising:
            return self.values, None
        order = np.argsort(self.values, kind="stable")
        return self.values[order], order

    def places(self, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return the place of each row id, and which of them are there."""
        rising, order = self._sorted
        if not len(rising):
            return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
        found = np.minimum(np.searchsorted(rising, wanted), len(rising) - 1)
        return found if order is None else order[found], rising[found] == wanted


@dataclass(frozen=True, slots=True)
class Part:
    """One fragment: its rows, and the places of those that are deleted, ascending."""

    id: int
    row_ids: RowIds
    deleted: NDArray[np.int64]

    @property
    def n_rows(self) -> int:
        """How many rows its files have."""
        return len(self.row_ids.values)

    @property
    def n_live(self) -> int:
        """How many of them are there."""
        return self.n_rows - len(self.deleted)

    def live(self) -> NDArray[np.int64]:
        """Return the row ids of the rows that are there."""
        values = self.row_ids.values
        return np.delete(values, self.deleted) if len(self.deleted) else values

    def without_deleted(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return places in the files as counted without the deleted rows."""
        return places - np.searchsorted(self.deleted, places)


class Layout:
    """All fragments of one version, in the order of the scan."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)

    @cached_property
    def row_ids(self) -> NDArray[np.int64]:
        """The row id of every row, in the order of the scan."""
        found = np.concatenate([np.empty(0, np.int64), *(one.live() for one in self.parts)])
        found.flags.writeable = False
        return found

    @cached_property
    def is_in_order(self) -> bool:
        """Whether the scan is in the order of insertion: no row was changed."""
        filled = [one.row_ids for one in self.parts if one.n_rows]
        return all(one.is_rising for one in filled) and all(
            one.values[-1] < following.values[0] for one, following in pairwise(filled)
        )

    def found(
        self, row_ids: NDArray[np.int64]
    ) -> Iterator[tuple[Part, NDArray[np.int64], NDArray[np.int64]]]:
        """Yield each fragment that has some of these rows, where they stand among those asked for,
        and their places in its files.

        Raises
        ------
        LookupError : a row that is not there, once all fragments have been looked at.
        """
        is_missing = np.ones(len(row_ids), bool)
        for part in self.parts:
            places, is_here = part.row_ids.places(row_ids)
            if len(part.deleted) and is_here.any():
                is_here &= ~np.isin(places, part.deleted)
            if is_here.any():
                is_missing[is_here] = False
                yield part, np.flatnonzero(is_here), places[is_here]
        if is_missing.any():
            raise LookupError(f"There is no row {row_ids[is_missing][0]}.")


def is_laid_out(handle: object) -> bool:
    """Tell whether rows lie in fragments of Lance; those of arrays in memory do not."""
    return isinstance(handle, lance.LanceDataset)


def layout_of(handle: lance.LanceDataset) -> Layout:
    """Return where the rows of a version lie."""
    fragments = handle.get_fragments()
    deletions = [one.deletion_file() or "" for one in fragments]
    uri = str(handle.uri)
    key = (
        uri,
        int(handle.version),
        *(
            (one.fragment_id, _file(one), name)
            for one, name in zip(fragments, deletions, strict=True)
        ),
    )
    held = _layouts.get(key)
    if held is None:
        held = Layout(
            [_part(uri, one, name) for one, name in zip(fragments, deletions, strict=True)]
        )
        _layouts.keep(key, held)
    return held


def _file(fragment: lance.LanceFragment) -> str:
    return str(fragment.data_files()[0].path)


def _part(uri: str, fragment: lance.LanceFragment, deletion: str) -> Part:
    key = (uri, _file(fragment))
    row_ids = _row_ids.get(key)
    deleted = _deleted.get((uri, deletion)) if deletion else np.empty(0, np.int64)
    if deleted is None:
        deleted = _read_deleted(uri, fragment, deletion)
        _deleted.keep((uri, deletion), deleted)
    if row_ids is None:
        told = _all_row_ids(fragment)
        if told is not None:
            row_ids = RowIds(told)
            _row_ids.keep(key, row_ids)
        else:  # Lance keeps them in a form of its own; those of deleted rows do not matter
            values = np.full(fragment.physical_rows, -1, np.int64)
            live = fragment.scanner(columns=[], with_row_id=True).to_table()["_rowid"].to_numpy()
            values[np.delete(np.arange(len(values)), deleted)] = live
            row_ids = RowIds(values)
    return Part(fragment.fragment_id, row_ids, deleted)


def _all_row_ids(fragment: lance.LanceFragment) -> NDArray[np.int64] | None:
    """Return the row id of each row of a fragment's files, deleted ones included."""
    told = fragment.metadata.row_id_meta
    if told is None:
        return None
    try:
        row_ids = RowIdSequence.from_inline_metadata(told).to_pyarrow().to_numpy()
    except (OSError, ValueError, TypeError, NotImplementedError):
        return None
    return row_ids.astype(np.int64) if len(row_ids) == fragment.physical_rows else None


def _read_deleted(uri: str, fragment: lance.LanceFragment, deletion: str) -> NDArray[np.int64]:
    """Return the places of the deleted rows, ascending; small sets lie in an Arrow file."""
    count = fragment.num_deletions
    if deletion.endswith(".arrow"):
        try:
            with pa.memory_map(str(Path(uri) / deletion)) as file:
                found = pa.ipc.open_file(file).read_all()[0].to_numpy().astype(np.int64)
        except (OSError, pa.ArrowException):
            found = np.empty(0, np.int64)
        if len(found) == count:
            return np.sort(found)
    table = fragment.scanner(columns=[], with_row_address=True).to_table()
    live = table["_rowaddr"].to_numpy() & np.uint64(2**_ADDRESS_BITS - 1)
    return np.setdiff1d(
        np.arange(fragment.physical_rows), live.astype(np.int64), assume_unique=True
    )


_layouts = Bounded[Layout](
    _HELD_BYTES, lambda one: 512 + sum(512 + 8 * p.n_live for p in one.parts)
)
_row_ids = Bounded[RowIds](_HELD_BYTES, lambda one: one.values.nbytes + 512)
_deleted = Bounded[NDArray[np.int64]](_HELD_BYTES // 8, lambda one: one.nbytes + 512)


def taken(handle: lance.LanceDataset, row_ids: Sequence[int], columns: Sequence[str]) -> pa.Table:
    """Return the rows of these ids, in the order asked.

    Raises
    ------
    LookupError : a row that is not there.
    """
    names = list(columns)
    if not is_laid_out(handle):
        return handle._take_rows(list(row_ids), columns=names)
    wanted = np.asarray(row_ids, np.int64)
    parts = list(layout_of(handle).found(wanted))
    if not names or not parts or len(parts) > _MOST_FRAGMENTS:
        return handle._take_rows(wanted.tolist(), columns=names)
    fragments = {one.fragment_id: one for one in handle.get_fragments()}
    index, n_rows, tables = np.empty(len(wanted), np.int64), 0, []
    for part, mine, places in parts:
        distinct, inverse = np.unique(part.without_deleted(places), return_inverse=True)
        index[mine] = n_rows + inverse
        n_rows += len(distinct)
        session: Any = fragments[part.id].open_session(names)
        tables.append(session.take(distinct.tolist()))
    return pa.concat_tables(tables).select(names).take(pa.array(index))


def takes(
    handle: lance.LanceDataset,
    row_ids: Sequence[int] | NDArray[np.int64],
    columns: Sequence[str],
    *,
    batch_rows: int,
) -> Iterator[pa.Table]:
    """Yield the rows of these ids, in the order asked, as tables of `batch_rows` rows or more.

    A read costs about as much as a thousand narrow rows. So the first of many rows tell how wide
    they are, and the tables after them have as many as fit 16 MiB, at most 65,536.
    """
    n_rows, start = len(row_ids), 0
    step = batch_rows if n_rows <= batch_rows else min(batch_rows, _PROBE_ROWS)
    while start < n_rows:
        table = taken(handle, [int(row_id) for row_id in row_ids[start : start + step]], columns)
        yield table
        start += table.num_rows
        each = max(table.nbytes // table.num_rows, 1)
        step = max(batch_rows, min(_MOST_ROWS, _READ_BYTES // each))


_PROBE_ROWS = 256
_MOST_ROWS = 65_536
_READ_BYTES = 16 * 2**20
