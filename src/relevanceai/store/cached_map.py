"""Files of arrays to be memory-mapped: written beside their place, renamed, and checked when opened.

Two processes may write the same one; the last renamed stays. A file that is cut short, of another
size or with holes is not used. Each ends in a description of a fixed length, in JSON.
"""

import json
import mmap
import os
import threading
import uuid
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_PROBES = 64  # places of a file that its checksum is of: enough to notice holes
_PROBE_BYTES = 4096
_TAIL_BYTES = 512
_MOST_HELD = 64
_held: OrderedDict[Path, tuple[object, mmap.mmap]] = OrderedDict()
_lock = threading.Lock()


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its place when the block ends; where it fails, nothing is left."""
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:8]}")
    try:
        with temporary.open("w+b", buffering=0) as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def seal(file: BinaryIO, described: Mapping[str, object], n_probed: int) -> None:
    """End a file with a description, and a checksum of some of its first `n_probed` bytes."""
    whole = {**described, "probed": n_probed, "probes": _probes(file, n_probed)}
    file.seek(0, os.SEEK_END)
    file.write(json.dumps(whole).encode().ljust(_TAIL_BYTES))


def mapped(path: Path, described: Mapping[str, object]) -> mmap.mmap | None:
    """Map a file; None where it is not there, not whole, or described otherwise.

    The description has "bytes", the length of the file without it. The last maps stay open: to give
    gigabytes of pages back and ask for them anew takes as long as reading them. So a file that is
    deleted takes its room on the disk until `forget`.
    """
    return _kept(path, json.dumps(described), lambda file, size: _made(file, size, described))


def mapped_as_it_is(path: Path) -> mmap.mmap | None:
    """Map a file that somebody else wrote; None where that cannot be done. It stays open likewise."""
    return _kept(
        path, "", lambda file, size: mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    )


def _kept(
    path: Path, described: str, make: Callable[[BinaryIO, int], mmap.mmap | None]
) -> mmap.mmap | None:
    """The map of a file as it is now, made where there is none yet."""
    try:
        with path.open("rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            now = (found.st_ino, found.st_mtime_ns, found.st_size, described)
            with _lock:
                held = _held.get(path)
                if held is not None and held[0] == now:
                    _held.move_to_end(path)
                    return held[1]
            made = make(file, found.st_size)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if made is not None:
        with _lock:
            _held[path] = now, made
            while len(_held) > _MOST_HELD:
                _held.popitem(last=False)
    return made


def forget(folder: Path) -> None:
    """Let go of the maps of files somewhere in a folder; who uses one still keeps it."""
    with _lock:
        for path in [path for path in _held if path.is_relative_to(folder)]:
            del _held[path]


def forget_gone(folder: Path) -> None:
    """Let go of the maps of files in a folder that have been deleted: they take room on the disk."""
    with _lock:
        for path in [path for path in _held if path.is_relative_to(folder) and not path.exists()]:
            del _held[path]


def _made(file: BinaryIO, size: int, described: Mapping[str, object]) -> mmap.mmap | None:
    file.seek(size - _TAIL_BYTES)
    found = json.loads(file.read(_TAIL_BYTES))
    if {key: found.get(key) for key in described} != dict(described):
        return None
    if found["bytes"] != size - _TAIL_BYTES or size == _TAIL_BYTES:
        return None
    if found["probes"] != _probes(file, found["probed"]):
        return None
    return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)


def write_all(file: BinaryIO, content: memoryview, start: int | None = None) -> None:
    """Write all of it, where the file stands, or at a place of it, which several threads may do."""
    if start is None:
        while content.nbytes:
            content = content[file.write(content) :]
        return
    while content.nbytes:
        n_bytes = _write_at(file, content, start)
        content, start = content[n_bytes:], start + n_bytes


def _write_at(file: BinaryIO, content: memoryview, start: int) -> int:
    if hasattr(os, "pwrite"):
        return os.pwrite(file.fileno(), content, start)
    with _lock:  # Windows
        file.seek(start)
        return file.write(content)


def _probes(file: BinaryIO, n_bytes: int) -> int:
    """A checksum of some pages, evenly spread: it notices holes, not every flipped bit."""
    total, length = 0, min(_PROBE_BYTES, n_bytes)
    for place in range(_PROBES):
        file.seek((n_bytes - length) * place // (_PROBES - 1))
        total = zlib.crc32(file.read(length), total)
    return total
