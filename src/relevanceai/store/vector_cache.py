"""The raw vectors of a dataset, to be memory-mapped: where Lance has them, or in copies.

Lance decodes vectors at a fraction of the speed of memory. Where one of its data files holds them
row after row it is mapped itself (`in_place`). Of any other a copy is kept, since data files never
change: a file each and vector field, float32 rows one after another, deleted rows among them, then
one byte a row that says whether it has a vector. Beside it, for large data, are their codes
(`vector_codes`). A file that is not whole is written anew. All of it can be deleted at any time.
"""

import math
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import lance
import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Encode
from relevanceai.processors import processors
from relevanceai.store.cache import vectors_folder
from relevanceai.store.cached_map import (
    forget,
    forget_gone,
    mapped,
    mapped_as_it_is,
    seal,
    write_all,
    written,
)
from relevanceai.store.columns import vectors_of
from relevanceai.store.in_place import DataFile, data_file, runs_of
from relevanceai.store.raw_vectors import Part, RawVectors
from relevanceai.store.vector_codes import codes_bytes, codes_written, opened_codes

LIMIT_VARIABLE = "RELEVANCEAI_VECTOR_CACHE_GIB"
LIMIT_GIB = 64.0
"""What the raw vectors of one dataset may take; the environment variable says otherwise."""

_FREE_SHARE = 0.1  # of the disk is left free
_SCAN_ROWS = 1024  # what stays in a processor's cache while it is decoded and copied
_STRIP_ROWS = 16 * _SCAN_ROWS  # encoded by a thread at a time
_MOST_THREADS = 8
_LEFT_AFTER_S = 600.0  # without a write, a file that is being written is one of a killed process
_FORMAT = 3


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
    """Return the raw vectors of a fragment: where they lie, or copied first.

    Returns None where they cannot be had: no room within the limit, a full disk, a folder that is
    read only; and of a fragment that lacks them, because the field came after it. What is asked of
    them is then asked of Lance.

    Parameters
    ----------
    encode : makes their codes, which are kept too where there is room. None: no codes.
    """
    width = handle.schema.field(column).type.list_size
    file = data_file(handle, fragment, column)
    if file is None:
        return None
    n_rows = fragment.physical_rows
    path = vectors_folder(dataset) / f"{file.path.stem}-{file.number}.f32"
    found = _in_place(file, n_rows, width, path.with_suffix(".runs"))
    if found is None:
        found = _opened(path, n_rows, width)
    else:
        _remove(path)  # a copy from before they were found to lie there
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
                _write_codes(_codes_path(path), found, width, encode)
                codes = opened_codes(_codes_path(path), n_rows, width)
    return replace(found, coded=codes)


def _in_place(file: DataFile, n_rows: int, width: int, remembered: Path) -> RawVectors | None:
    """The vectors as they lie in Lance's own file; None where they do not lie row after row."""
    if not n_rows:
        return None
    runs = runs_of(file, n_rows, width, remembered)
    held = None if runs is None else mapped_as_it_is(file.path)
    if runs is None or held is None:
        return None
    parts = [
        Part(
            run.first,
            np.frombuffer(held, np.float32, run.n_rows * width, run.position).reshape(-1, width),
        )
        for run in runs
    ]
    return RawVectors(tuple(parts), None, held)


def _write_codes(path: Path, raw: RawVectors, width: int, encode: Encode) -> None:
    """Write the codes of raw vectors that can be had already, on threads."""
    with codes_written(path, raw.n_rows, width, encode) as add:
        for piece in raw.pieces(0, min(_SCAN_ROWS, raw.n_rows), _SCAN_ROWS):
            add(piece.first, piece.vectors)

        def strip(start: int) -> None:
            stop = min(start + _STRIP_ROWS, raw.n_rows)
            for piece in raw.pieces(start, stop, _SCAN_ROWS):
                add(piece.first, piece.vectors)

        starts = range(_SCAN_ROWS, raw.n_rows, _STRIP_ROWS)
        pool = ThreadPoolExecutor(processors(_MOST_THREADS))
        try:
            for done in [pool.submit(strip, start) for start in starts]:
                done.result()
        finally:
            pool.shutdown(cancel_futures=True)  # after a failure the rest is in vain


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
    """Delete the raw vectors of data files that are gone, and what killed writers left.

    Maps of deleted files are let go of.
    """
    folder = vectors_folder(dataset)
    data = dataset / "documents.lance" / "data"
    forget_gone(dataset)
    if not folder.is_dir() or not data.is_dir():
        return
    there = {path.stem for path in data.iterdir()}
    for path in folder.iterdir():
        stem = path.name.lstrip(".").split("-")[0]
        if stem not in there or (path.name.startswith(".") and _is_left(path)):
            _remove(path)


def _is_left(path: Path) -> bool:
    """Tell whether nobody writes to a file any more. Who is only slow then keeps no copy."""
    try:
        return time.time() - path.stat().st_mtime > _LEFT_AFTER_S
    except OSError:
        return False


def _remove(path: Path) -> None:
    """Delete a file of the cache, where there is one."""
    with suppress(OSError):
        path.unlink()
        forget(path)


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
        first = 0
        for vectors, valid in scanned(handle, [fragment], column):
            if not valid.all():
                vectors = np.where(valid[:, None], vectors, np.float32(0.0))
            write_all(file, vectors.data.cast("B"))
            if add is not None:
                add(first, vectors)
            first += len(vectors)
            masks.append(valid)
        has_all = all(mask.all() for mask in masks)
        if not has_all:
            write_all(file, np.concatenate(masks).astype(np.uint8).data.cast("B"))
        seal(file, _described(path, n_rows, width, has_all=has_all), 4 * n_rows * width)


def _opened(path: Path, n_rows: int, width: int) -> RawVectors | None:
    """The vectors of a file, or None when it is not there or not whole."""
    for has_all in (True, False):
        held = mapped(path, _described(path, n_rows, width, has_all=has_all))
        if held is not None:
            vectors = np.frombuffer(held, np.float32, n_rows * width).reshape(n_rows, width)
            parts = (Part(0, vectors),)
            if has_all:
                return RawVectors(parts, None, held)
            mask = np.frombuffer(held, np.uint8, n_rows, offset=4 * n_rows * width).astype(bool)
            return RawVectors(parts, mask, held)
    return None


def _described(path: Path, n_rows: int, width: int, *, has_all: bool) -> dict[str, object]:
    n_bytes = 4 * n_rows * width + (0 if has_all else n_rows)
    return {
        "format": _FORMAT,
        "of": path.stem,
        "rows": n_rows,
        "width": width,
        "has_all": has_all,
        "bytes": n_bytes,
    }


def _codes_path(path: Path) -> Path:
    return path.with_suffix(".i8")
