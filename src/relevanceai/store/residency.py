"""Whether pages of a memory map lie in memory, and asking for those that do not, ahead of their use."""

import ctypes
import mmap
from functools import cache
from typing import Any

_PROBES = 16


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
    if not is_resident(address + first, stop - first):
        held.madvise(mmap.MADV_WILLNEED, first, stop - first)


def is_resident(address: int, n_bytes: int) -> bool:
    """Tell whether some pages, evenly spread, are all in memory; True where the system does not say."""
    mincore = _mincore()
    if mincore is None:
        return True
    found = ctypes.c_ubyte()
    past = address % mmap.PAGESIZE  # the system takes the beginnings of pages alone
    address, n_bytes = address - past, n_bytes + past
    n_pages = -(-n_bytes // mmap.PAGESIZE)
    for probe in range(_PROBES):
        page = (n_pages - 1) * probe // (_PROBES - 1)
        place = ctypes.c_void_p(address + page * mmap.PAGESIZE)
        if mincore(place, ctypes.c_size_t(1), ctypes.byref(found)) == 0 and not found.value & 1:
            return False
    return True


@cache
def _mincore() -> Any:
    try:
        return ctypes.CDLL(None).mincore
    except (AttributeError, OSError, TypeError):  # Windows
        return None
