"""The raw vectors of a dataset: one file a data file of Lance and vector field, to be memory-mapped.

Lance decodes vectors at a fraction of the speed of memory. Its data files never change, so what was
decoded once can be kept: float32 rows one after another, deleted rows among them, then one byte a
row that says whether it has a vector, then a description. Files are written beside their place and
renamed, so that two processes may write the same one; a file that is cut short, of another size
or with holes is not used, and written anew. All of it can be deleted at any time.
"""

import json
import math
import mmap
import os
import shutil
import sys
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import lance
import numpy as np
from numpy.typing import NDArray

from relevanceai.store.cache import vectors_folder
from relevanceai.store.columns import vectors_of
from relevanceai.store.residency import ask_for

LIMIT_VARIABLE = "RELEVANCEAI_VECTOR_CACHE_GIB"
LIMIT_GIB = 64.0
"""What the raw vectors of one dataset may take; the environment variable says otherwise."""

_FREE_SHARE = 0.1  # of the disk is left free
_SCAN_ROWS = 1024  # what stays in a processor's cache while it is decoded and copied
_PROBES = 64  # places of a file that its checksum is of: enough to notice holes
_PROBE_BYTES = 4096
_FORMAT = 1
_TAIL_BYTES = 512


@dataclass(frozen=True, slots=True)
class RawVectors:
    """The vectors of one fragment, deleted rows among them.

    `vectors` is a read-only memory map, float32 of shape (n_rows, n_dims); `valid` says which rows
    have a vector, None when all have.
    """

    vectors: NDArray[np.float32]
    valid: NDArray[np.bool_] | None
    held: mmap.mmap

    def ask_for(self, start: int, stop: int) -> None:
        """Have the rows from `start` to before `stop` read, where they are not in memory."""
        each = self.vectors.strides[0]
        ask_for(self.held, self.vectors.ctypes.data, start * each, stop * each)


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
    dataset: Path, handle: lance.LanceDataset, fragment: lance.LanceFragment, column: str
) -> RawVectors | None:
    """Return the raw vectors of a fragment, written first when they are not there.

    Returns None where they cannot be kept: no room within the limit, a full disk, a folder that is
    read only; and of a fragment that lacks them, because the field came after it. What is asked of
    them is then asked of Lance.
    """
    width = handle.schema.field(column).type.list_size
    name = _data_file(handle, fragment, column)
    if name is None:
        return None
    path = vectors_folder(dataset) / f"{name}.f32"
    found = _opened(path, fragment.physical_rows, width)
    if found is None:
        with suppress(OSError):
            if _has_room(dataset, fragment.physical_rows * (4 * width + 1)):
                _write(path, handle, fragment, column, width)
        found = _opened(path, fragment.physical_rows, width)
    return found


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
) -> None:
    """Write the vectors of a fragment, whole or not at all."""
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:8]}")
    n_rows, masks = 0, []
    try:
        with temporary.open("w+b", buffering=0) as file:
            for vectors, valid in scanned(handle, [fragment], column):
                if not valid.all():
                    vectors = np.where(valid[:, None], vectors, np.float32(0.0))
                file.write(vectors.data.cast("B"))
                masks.append(valid)
                n_rows += len(valid)
            has_all = all(mask.all() for mask in masks)
            if not has_all:
                file.write(np.concatenate(masks).astype(np.uint8).tobytes())
            described = {
                "format": _FORMAT,
                "rows": n_rows,
                "width": width,
                "has_all": has_all,
                "probes": _probes(file, 4 * n_rows * width),
            }
            file.seek(0, os.SEEK_END)
            file.write(json.dumps(described).encode().ljust(_TAIL_BYTES))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _opened(path: Path, n_rows: int, width: int) -> RawVectors | None:
    """The vectors of a file, or None when it is not there or not whole."""
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(size - _TAIL_BYTES)
            described = json.loads(file.read(_TAIL_BYTES))
            n_bytes = 4 * n_rows * width
            has_all = described["has_all"] is True
            whole = n_bytes + (0 if has_all else n_rows) + _TAIL_BYTES
            expected = (_FORMAT, n_rows, width, _probes(file, n_bytes))
            found = tuple(described[key] for key in ("format", "rows", "width", "probes"))
            if size != whole or found != expected or n_bytes == 0:
                return None
            held = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    vectors = np.frombuffer(held, np.float32, n_rows * width).reshape(n_rows, width)
    if has_all:
        return RawVectors(vectors, None, held)
    mask = np.frombuffer(held, np.uint8, n_rows, offset=n_bytes).astype(bool)
    return RawVectors(vectors, mask, held)


def _probes(file: BinaryIO, n_bytes: int) -> int:
    """A checksum of some pages, evenly spread: it notices holes, not every flipped bit."""
    total, length = 0, min(_PROBE_BYTES, n_bytes)
    for place in range(_PROBES):
        file.seek((n_bytes - length) * place // (_PROBES - 1))
        total = zlib.crc32(file.read(length), total)
    return total
