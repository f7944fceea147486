"""The raw vectors of a dataset: one file a data file of Lance and vector field, to be memory-mapped.

Lance decodes vectors at a fraction of the speed of memory. Its data files never change, so what was
decoded once can be kept: float32 rows one after another, deleted rows among them, then one byte a
row that says whether it has a vector; beside it, for large data, their codes (`vector_codes`). A
file that is not whole is written anew. All of it can be deleted at any time.
"""

import math
import mmap
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import lance
import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Codes, Encode
from relevanceai.store.cache import vectors_folder
from relevanceai.store.cached_map import forget, mapped, seal, write_all, written
from relevanceai.store.columns import vectors_of
from relevanceai.store.residency import ask_for, is_resident
from relevanceai.store.vector_codes import (
    HeldCodes,
    codes_bytes,
    codes_written,
    opened_codes,
    write_codes,
)

LIMIT_VARIABLE = "RELEVANCEAI_VECTOR_CACHE_GIB"
LIMIT_GIB = 64.0
"""What the raw vectors of one dataset may take; the environment variable says otherwise."""

_FREE_SHARE = 0.1  # of the disk is left free
_SCAN_ROWS = 1024  # what stays in a processor's cache while it is decoded and copied
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class RawVectors:
    """The vectors of one fragment, deleted rows among them.

    `vectors` is a read-only memory map, float32 of shape (n_rows, n_dims); `valid` says which rows
    have a vector, None when all have; `coded` holds their codes, where there are any.
    """

    vectors: NDArray[np.float32]
    valid: NDArray[np.bool_] | None
    held: mmap.mmap
    coded: HeldCodes | None = None

    def ask_for(self, start: int, stop: int) -> None:
        """Have the rows from `start` to before `stop` read, where they are not in memory."""
        each = self.vectors.strides[0]
        ask_for(self.held, self.vectors.ctypes.data, start * each, stop * each)

    def codes(self, start: int, stop: int) -> Codes | None:
        """The codes of some rows, where both they and the rows are in memory.

        Rows that are not are read in order sooner than here and there. Codes that are not are asked
        for, for the next time.
        """
        if self.coded is None or stop <= start:
            return None
        each = self.vectors.strides[0]
        if not is_resident(self.vectors.ctypes.data + start * each, (stop - start) * each):
            return None
        held = self.coded.codes
        each = held.codes.strides[0]
        if is_resident(held.codes.ctypes.data + start * each, (stop - start) * each):
            return held[start:stop]
        ask_for(self.coded.held, held.codes.ctypes.data, start * each, stop * each)
        return None


def limit_bytes() -> int:
    """Return what the raw vectors of a dataset may take: 0 keeps none."""
    try:
        limit = float(os.environ.get(LIMIT_VARIABLE, LIMIT_GIB))
    except ValueError:
        limit = LIMIT_GIB
    if math.isnan(limit):
        limit = LIMIT_GIB
    return int(min(max(limit, 0.0) * 2**30, sys.maxsize))


def raw_vectors(
    dataset: Path,
    handle: lance.LanceDataset,
    fragment: lance.LanceFragment,
    column: str,
    encode: Encode | None = None,
) -> RawVectors | None:
    """Return the raw vectors of a fragment, written first when they are not there.

    Returns None where they cannot be kept: no room within the limit, a full disk, a folder that is
    read only; and of a fragment that lacks them, because the field came after it. What is asked of
    them is then asked of Lance.

    Parameters
    ----------
    encode : makes their codes, which are kept too where there is room. None: no codes.
    """
    width = handle.schema.field(column).type.list_size
    name = _data_file(handle, fragment, column)
    if name is None:
        return None
    path, n_rows = vectors_folder(dataset) / f"{name}.f32", fragment.physical_rows
    found = _opened(path, n_rows, width)
    if found is None:
        with suppress(OSError):
            n_bytes, more = n_rows * (4 * width + 1), codes_bytes(n_rows, width)
            if encode is not None and _has_room(dataset, n_bytes + more):
                _write(path, handle, fragment, column, width, encode)
            elif _has_room(dataset, n_bytes):
                _write(path, handle, fragment, column, width, None)
        found = _opened(path, n_rows, width)
    if found is None or encode is None:
        return found
    codes = opened_codes(_codes_path(path), n_rows, width)
    if codes is None:
        with suppress(OSError):
            if _has_room(dataset, codes_bytes(n_rows, width)):
                write_codes(_codes_path(path), found.vectors, encode)
                codes = opened_codes(_codes_path(path), n_rows, width)
    return replace(found, coded=codes)


def scanned(
    handle: lance.LanceDataset,
    fragments: Sequence[lance.LanceFragment],
    column: str,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Yield vectors of fragments as Lance decodes them, deleted rows among them, with a mask."""
    scanner = handle.scanner(
        columns=[column],
        fragments=fragments,
        with_row_id=True,  # deleted rows are only given with it
        include_deleted_rows=True,
        batch_size=_SCAN_ROWS,
        scan_in_order=True,
        offset=None if stop is None else start,
        limit=None if stop is None else stop - start,
    )
    for batch in scanner.to_batches():
        yield vectors_of(batch[column])


def drop_unused(dataset: Path) -> None:
    """Delete the raw vectors of data files that are gone, and what killed writers left."""
    folder = vectors_folder(dataset)
    data = dataset / "documents.lance" / "data"
    if not folder.is_dir() or not data.is_dir():
        return
    there = {path.stem for path in data.iterdir()}
    for path in folder.iterdir():
        stem = path.name.lstrip(".").split("-")[0]
        if stem not in there:
            forget(path)
            with suppress(OSError):
                path.unlink()


def _data_file(
    handle: lance.LanceDataset, fragment: lance.LanceFragment, column: str
) -> str | None:
    """A name for what a column holds in a fragment: that of the data file, and of the field.

    None for a field that came after the fragment, and is in no file of it.
    """
    number = next(one.id() for one in handle.lance_schema.fields() if one.name() == column)
    for file in fragment.metadata.files:
        if number in file.fields:
            return f"{Path(file.path).stem}-{number}"
    return None


def _has_room(dataset: Path, n_bytes: int) -> bool:
    """Tell whether a file may be written; what is of no use any more goes first."""
    limit = limit_bytes()
    if n_bytes > limit:
        return False
    folder = vectors_folder(dataset)
    folder.mkdir(parents=True, exist_ok=True)
    drop_unused(dataset)
    held = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    disk = shutil.disk_usage(folder)
    return held + n_bytes <= limit and disk.free - n_bytes >= _FREE_SHARE * disk.total


def _write(
    path: Path,
    handle: lance.LanceDataset,
    fragment: lance.LanceFragment,
    column: str,
    width: int,
    encode: Encode | None,
) -> None:
    """Write the vectors of a fragment, and their codes while they are at hand; whole or not at all."""
    n_rows, masks = fragment.physical_rows, []
    with ExitStack() as stack:
        file = stack.enter_context(written(path))
        add = None
        if encode is not None:
            add = stack.enter_context(codes_written(_codes_path(path), n_rows, width, encode))
        for vectors, valid in scanned(handle, [fragment], column):
            if not valid.all():
                vectors = np.where(valid[:, None], vectors, np.float32(0.0))
            write_all(file, vectors.data.cast("B"))
            if add is not None:
                add(vectors)
            masks.append(valid)
        has_all = all(mask.all() for mask in masks)
        if not has_all:
            write_all(file, np.concatenate(masks).astype(np.uint8).data.cast("B"))
        seal(file, _described(n_rows, width, has_all=has_all), 4 * n_rows * width)


def _opened(path: Path, n_rows: int, width: int) -> RawVectors | None:
    """The vectors of a file, or None when it is not there or not whole."""
    for has_all in (True, False):
        held = mapped(path, _described(n_rows, width, has_all=has_all))
        if held is not None:
            vectors = np.frombuffer(held, np.float32, n_rows * width).reshape(n_rows, width)
            if has_all:
                return RawVectors(vectors, None, held)
            mask = np.frombuffer(held, np.uint8, n_rows, offset=4 * n_rows * width).astype(bool)
            return RawVectors(vectors, mask, held)
    return None


def _described(n_rows: int, width: int, *, has_all: bool) -> dict[str, object]:
    n_bytes = 4 * n_rows * width + (0 if has_all else n_rows)
    return {
        "format": _FORMAT,
        "rows": n_rows,
        "width": width,
        "has_all": has_all,
        "bytes": n_bytes,
    }


def _codes_path(path: Path) -> Path:
    return path.with_suffix(".i8")
