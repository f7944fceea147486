"""Whether pages of a memory map lie in memory, and asking for those that do not, ahead of their use."""

import ctypes
import mmap
from functools import cache
from typing import Any

_PROBES = 16
_ASKED_BYTES = (
    2**20
)  # at a time: Linux reads no more for one request than for a step of reading ahead


def ask_for(held: mmap.mmap, address: int, start: int, stop: int) -> None:
    """Ask the system to read a part of a memory map, where it is not in memory.

    A pass takes rows in the order of their labels, so that the system cannot see what comes next.
    Nothing is asked for what is there already, since asking costs time for each page.

    Parameters
    ----------
    address : where the map begins.
    start, stop : the part, in bytes from there.
    """
    if not hasattr(held, "madvise") or stop <= start:
        return
    first = start - start % mmap.PAGESIZE
    if resident_share(address + first, stop - first) < 1.0:
        for begin in range(first, stop, _ASKED_BYTES):
            held.madvise(mmap.MADV_WILLNEED, begin, min(_ASKED_BYTES, stop - begin))


def resident_share(address: int, n_bytes: int) -> float:
    """Return what share of some pages, evenly spread, is in memory; 1.0 where nobody can tell."""
    mincore = _mincore()
    if mincore is None or n_bytes <= 0:
        return 1.0
    found = ctypes.c_ubyte()
    into = ctypes.addressof(found)
    past = address % mmap.PAGESIZE  # the system takes the beginnings of pages alone
    address, n_bytes = address - past, n_bytes + past
    n_pages = -(-n_bytes // mmap.PAGESIZE)
    pages = sorted({(n_pages - 1) * probe // (_PROBES - 1) for probe in range(_PROBES)})
    n_there = 0
    for page in pages:
        if mincore(address + page * mmap.PAGESIZE, 1, into) != 0 or found.value & 1:
            n_there += 1
    return n_there / len(pages)


@cache
def _mincore() -> Any:
    try:
        mincore = ctypes.CDLL(None).mincore
    except (AttributeError, OSError, TypeError):  # Windows
        return None
    mincore.argtypes = (ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)  # addresses as numbers
    return mincore
