"""Bounded: what was decoded of immutable files, remembered up to so many bytes; oldest use goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Bounded(Generic[T]):
    """Values by key, of at most `n_bytes` together; a value that alone is larger is not kept.

    Safe to use from several threads.

    Examples
    --------
    >>> held = Bounded[bytes](3, len)
    >>> held.keep("a", b"12"), held.keep("b", b"34")
    (None, None)
    >>> held.get("a"), held.get("b")
    (None, b'34')
    """

    def __init__(self, n_bytes: int, size_of: Callable[[T], int]) -> None:
        self._limit = n_bytes
        self._size_of = size_of
        self._lock = Lock()
        self._by_key: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._n_bytes = 0

    def get(self, key: Hashable) -> T | None:
        """Return the value of a key, or None."""
        with self._lock:
            if key not in self._by_key:
                return None
            self._by_key.move_to_end(key)
            return self._by_key[key][0]

    def keep(self, key: Hashable, value: T) -> None:
        """Remember a value, and forget those longest unused until there is room."""
        size = self._size_of(value)
        if size > self._limit:
            return
        with self._lock:
            _, replaced = self._by_key.pop(key, (None, 0))
            self._by_key[key] = (value, size)
            self._n_bytes += size - replaced
            while self._n_bytes > self._limit:
                self._n_bytes -= self._by_key.popitem(last=False)[1][1]
