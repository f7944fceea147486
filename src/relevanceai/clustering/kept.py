"""What was worked out about a clustering, kept for the version of the dataset that it is of.

Kept in memory, the last of them, and in small files of the cache. The version and the clustering
are part of the name, so that what rests on something else is never found; files of other versions
go when a new one is written.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from relevanceai.store.cache import cache_folder, trim
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering, Numbers, keep_arrays, kept_arrays

Kept: TypeAlias = Mapping[str, Numbers]
"""Arrays by name, not to be written to."""

MEMORY_BYTES = 64 * 2**20
"""What is held in memory of all datasets together."""

FILE_BYTES = 64 * 2**20
"""No larger file is written. What exceeds both limits is not kept, and worked out again."""

_memory: OrderedDict[tuple[str, str, str, str], Kept] = OrderedDict()
_lock = threading.Lock()


def kept_of(store: DocumentStore, clustering: Clustering, what: str) -> Kept | None:
    """Return what was kept for this version of the dataset under a name, or None.

    Parameters
    ----------
    store : a snapshot, whose version is asked for.
    what : a name of letters, digits and dashes.
    """
    key = _key(store, clustering, what)
    with _lock:
        if key in _memory:
            _memory.move_to_end(key)
            return _memory[key]
    found = kept_arrays(kept_file(store, clustering, what))
    if found is not None:
        _hold(key, found)
    return found


def keep(
    store: DocumentStore,
    clustering: Clustering,
    what: str,
    arrays: Kept,
    *,
    on_disk: bool = True,
) -> None:
    """Keep arrays for the version of the dataset that a snapshot is of.

    They are not copied. Where no file can be written they are held in memory only.

    Parameters
    ----------
    on_disk : False for what is made again in less time than a file takes.
    """
    _hold(_key(store, clustering, what), arrays)
    if not on_disk or _size(arrays) > FILE_BYTES or not store.exists():
        return
    path = kept_file(store, clustering, what)
    with suppress(OSError):  # a workspace that is read only, or a full disk
        keep_arrays(path, arrays)
        for other in path.parent.glob(f"{clustering.token}.*.{what}.npz"):
            if other != path:
                other.unlink(missing_ok=True)
        trim(store.folder)


def worked_out(
    store: DocumentStore,
    clustering: Clustering,
    what: str,
    make: Callable[[], Kept],
    *,
    on_disk: bool = True,
) -> Kept:
    """Return what is kept under a name, or make and keep it; arguments are those of `keep`."""
    found = kept_of(store, clustering, what)
    if found is None:
        found = make()
        keep(store, clustering, what, found, on_disk=on_disk)
    return found


def forget() -> None:
    """Drop what is held in memory; files stay."""
    with _lock:
        _memory.clear()


def _hold(key: tuple[str, str, str, str], arrays: Kept) -> None:
    """Hold arrays in memory, and drop those that were not asked for the longest."""
    if _size(arrays) > MEMORY_BYTES:
        return
    with _lock:
        _memory[key] = arrays
        _memory.move_to_end(key)
        while sum(map(_size, _memory.values())) > MEMORY_BYTES:
            _memory.popitem(last=False)


def _size(arrays: Kept) -> int:
    return sum(array.nbytes for array in arrays.values())


def _key(store: DocumentStore, clustering: Clustering, what: str) -> tuple[str, str, str, str]:
    return str(store.folder), store.revision(), clustering.token, what


def kept_file(store: DocumentStore, clustering: Clustering, what: str) -> Path:
    """Return the file in which something is kept; it need not be there."""
    return cache_folder(store.folder) / f"{clustering.token}.{store.version()}.{what}.npz"
