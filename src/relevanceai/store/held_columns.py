"""Held columns: what filters read, decoded once for each data file, which never changes.

A write makes new files and says which rows of the old ones are deleted; so the columns of all other
rows stay as they were decoded. They take at most 256 MiB in a process.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import lance
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.store.bounded import Bounded
from relevanceai.store.layout import Layout, Part

_HELD_BYTES = 256 * 2**20
_BATCH_ROWS = 131_072


@dataclass(frozen=True, slots=True)
class _Held:
    """A column of the rows of one fragment that were there when it was read."""

    values: pa.ChunkedArray
    deleted: NDArray[np.int64]

    def covers(self, part: Part) -> bool:
        """Tell whether all rows that are there now are among those read."""
        return bool(np.isin(self.deleted, part.deleted, assume_unique=True).all())


@dataclass(frozen=True, slots=True)
class PartColumns:
    """Columns of one fragment. Of their rows those at the places `gone` are deleted by now."""

    n_rows: int
    columns: dict[str, pa.ChunkedArray]
    gone: NDArray[np.int64]


def columns_by_part(
    handle: lance.LanceDataset, layout: Layout, columns: Sequence[str]
) -> Iterator[PartColumns]:
    """Yield columns of Lance fragment by fragment, in the order of the scan."""
    ids = {one.name(): one.id() for one in handle.lance_schema.fields()}
    fragments = {one.fragment_id: one for one in handle.get_fragments()}
    keys = [_keys(handle, fragments[part.id], columns, ids) for part in layout.parts]
    held: list[dict[str, _Held]] = []
    for part, names in zip(layout.parts, keys, strict=True):
        found = {name: _columns.get(key) for name, key in names.items()}
        first = next(iter(found.values()), None)
        is_whole = len(found) == len(columns) and all(
            one is not None and first is not None and np.array_equal(one.deleted, first.deleted)
            for one in found.values()
        )
        if is_whole and first is not None and first.covers(part):
            held.append({name: one for name, one in found.items() if one is not None})
        else:
            held.append({})
    lacking = [place for place, one in enumerate(held) if not one]
    if lacking:
        scanner = handle.scanner(
            columns=list(columns),
            fragments=[fragments[layout.parts[place].id] for place in lacking],
            batch_size=_BATCH_ROWS,
            scan_in_order=True,
        )
        table, start = scanner.to_table(), 0
        for place in lacking:
            part = layout.parts[place]
            for name in columns:
                values = table[name].slice(start, part.n_live)
                held[place][name] = _Held(values, part.deleted)
                if name in keys[place]:
                    _columns.keep(keys[place][name], held[place][name])
            start += part.n_live
    for part, by_name in zip(layout.parts, held, strict=True):
        before = next(iter(by_name.values())).deleted
        since = np.setdiff1d(part.deleted, before, assume_unique=True)
        yield PartColumns(
            part.n_rows - len(before),
            {name: one.values for name, one in by_name.items()},
            since - np.searchsorted(before, since),
        )


def _keys(
    handle: lance.LanceDataset,
    fragment: lance.LanceFragment,
    columns: Sequence[str],
    ids: dict[str, int],
) -> dict[str, tuple[str | int, ...]]:
    """Return under what each column is held, those left out that are not worth it."""
    if fragment.metadata.overlays:
        return {}
    files = fragment.data_files()
    found: dict[str, tuple[str | int, ...]] = {}
    for name in columns:
        kind = handle.schema.field(name).type
        if pa.types.is_fixed_size_list(kind):
            continue
        homes = [str(one.path) for one in files if ids[name] in one.fields]
        # A column that came after the fragment is in no file of it: nulls, until it is in one. After
        # a restore another column gets its number: nulls of another type.
        home = homes or ["", str(files[0].path)]
        found[name] = (str(handle.uri), *home, ids[name], str(kind))
    return found


_columns = Bounded[_Held](_HELD_BYTES, lambda one: one.values.nbytes + one.deleted.nbytes + 512)
