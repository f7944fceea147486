"""Vectors where Lance has them: in its data files, to be memory-mapped with no copy of them.

A column of vectors that no row lacks lies in a data file as it was in memory, row after row, in
pages of some megabytes. Where each page lies is read from the file's own description, and some rows
of it are compared with what Lance makes of them; what was found is remembered in a small file, since
a data file never changes. Whatever is not exactly so is left to the copies of `vector_cache`.
"""

import json
import re
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lance
import numpy as np
from numpy.typing import NDArray

from relevanceai.store.columns import vectors_of
from relevanceai.store.whole_file import write_file

_FORMAT = 2
_ALIGNED = 4  # bytes a float32 begins at a multiple of
_MOST_PROBED = 64  # rows that are compared, at least the first and the last of each of so many runs


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that lie one after another: `n_rows` from row `first` on, from byte `position` on."""

    first: int
    n_rows: int
    position: int


@dataclass(frozen=True, slots=True)
class DataFile:
    """The file that holds a column of a fragment: its path, and the column's name and place in it."""

    path: Path
    column: str
    place: int
    number: int


def data_file(
    handle: lance.LanceDataset, fragment: lance.LanceFragment, column: str
) -> DataFile | None:
    """Return the file of a column; None for a field that came after the fragment."""
    number = next(one.id() for one in handle.lance_schema.fields() if one.name() == column)
    for file in fragment.metadata.files:
        if number in file.fields:
            place = list(file.fields).index(number)
            path = Path(str(handle.uri)) / "data" / file.path
            return DataFile(path, column, int(file.column_indices[place]), number)
    return None


def runs_of(file: DataFile, n_rows: int, width: int, remembered: Path) -> Sequence[Run] | None:
    """Return where all rows of a column lie as float32; None where they do not lie so.

    Parameters
    ----------
    remembered : a file in which the answer is kept, with a checksum; it need not exist, and need not
        be writable.

    Notes
    -----
    Some 20 ms the first time, for the file's description and the rows that are compared.
    """
    try:
        described = {
            "format": _FORMAT,
            "file": file.path.name,
            "field": file.number,
            "rows": n_rows,
            "width": width,
            "bytes": file.path.stat().st_size,
        }
    except OSError:
        return None
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        content, _, checksum = remembered.read_bytes().rpartition(b"\n")
        found = json.loads(content)
        if (
            int(checksum) == zlib.crc32(content)
            and {k: found.get(k) for k in described} == described
        ):
            runs = None if found["runs"] is None else [Run(*map(int, one)) for one in found["runs"]]
            if runs is None or _fits(runs, n_rows, width, file.path):
                return runs
    runs = _read(file, n_rows, width)
    told = None if runs is None else [[one.first, one.n_rows, one.position] for one in runs]
    content = json.dumps({**described, "runs": told}).encode()
    with suppress(OSError):
        remembered.parent.mkdir(parents=True, exist_ok=True)
        write_file(remembered, b"%b\n%d" % (content, zlib.crc32(content)), is_synced=False)
    return runs


def _read(file: DataFile, n_rows: int, width: int) -> list[Run] | None:
    """Where the rows lie, by the file's description, as far as its rows agree."""
    from lance.file import LanceFileReader

    try:
        reader = LanceFileReader(str(file.path), columns=[file.column])
        pages: list[Any] = list(reader.metadata().columns[file.place].pages)
        runs = _joined(pages, width)
        if runs is None or not _fits(runs, n_rows, width, file.path):
            return None
        rows = _probed(runs)
        table = reader.take_rows(rows.tolist()).to_table()
        decoded, valid = vectors_of(table[file.column].combine_chunks())
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError):
        return None  # a file of another make
    lying = np.memmap(file.path, np.uint8, "r")
    mapped = np.empty((len(rows), width), np.float32)
    for one in runs:
        is_here = (rows >= one.first) & (rows < one.first + one.n_rows)
        whole = np.frombuffer(lying, np.float32, one.n_rows * width, one.position)
        mapped[is_here] = whole.reshape(-1, width)[rows[is_here] - one.first]
    same = decoded.dtype == np.float32 and decoded.tobytes() == mapped.tobytes()
    return runs if same and valid.all() else None


def _joined(pages: Sequence[Any], width: int) -> list[Run] | None:
    """The pages of a column, joined where one begins at the end of another; None if any is not raw."""
    runs: list[Run] = []
    first = 0
    for page in pages:
        n_rows = _raw_rows(str(page.encoding), width)
        if n_rows is None or len(page.buffers) != 1:
            return None
        (buffer,) = page.buffers
        if buffer.size != 4 * n_rows * width or buffer.position % _ALIGNED:
            return None
        last = runs[-1] if runs else None
        if last is not None and last.position + 4 * last.n_rows * width == buffer.position:
            runs[-1] = Run(last.first, last.n_rows + n_rows, last.position)
        else:
            runs.append(Run(first, n_rows, int(buffer.position)))
        first += n_rows
    return runs


def _raw_rows(encoding: str, width: int) -> int | None:
    """How many rows a page has whose bytes are those of its rows alone; None for any other page."""
    raw = re.fullmatch(
        r"PageLayout \{ layout: Some\( FullZipLayout\( FullZipLayout \{ bits_rep: 0, bits_def: 0, "
        r"num_items: (\d+), num_visible_items: \1, value_compression: Some\( CompressiveEncoding \{ "
        r"compression: Some\( FixedSizeList\( FixedSizeList \{ items_per_value: (\d+), "
        r"has_validity: false, values: Some\( CompressiveEncoding \{ compression: Some\( Flat\( "
        r"Flat \{ bits_per_value: 32, data: None, \}, \), \), \}, \), \}, \), \), \}, \), "
        r"layers: \[ RepdefAllValidItem, \], details: Some\( BitsPerValue\( (\d+), \), \), "
        r"\}, \), \), \}",
        " ".join(encoding.split()),
    )
    if raw is None or int(raw[2]) != width or int(raw[3]) != 32 * width:
        return None
    return int(raw[1])


def _fits(runs: Sequence[Run], n_rows: int, width: int, path: Path) -> bool:
    """Tell whether runs are of these rows, one after another, and end before the file does."""
    size, row = path.stat().st_size, 0
    for one in runs:
        if one.first != row or one.n_rows < 1 or one.position < 0 or one.position % _ALIGNED:
            return False
        if one.position + 4 * one.n_rows * width > size:
            return False
        row += one.n_rows
    return row == n_rows


def _probed(runs: Sequence[Run]) -> NDArray[np.int64]:
    """Rows to be compared, ascending: the first and the last of runs, and some between."""
    chosen = runs[:: max(1, 4 * len(runs) // _MOST_PROBED)]
    found = [
        one.first + (one.n_rows - 1) * part // 3 for one in (*chosen, runs[-1]) for part in range(4)
    ]
    return np.unique(np.array(found, np.int64))
