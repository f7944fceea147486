"""RawVectors: the vectors of one fragment in a memory map, and their codes."""

import mmap
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Codes
from relevanceai.store.residency import ask_for, resident_share
from relevanceai.store.vector_codes import HeldCodes

_IN_MEMORY = 0.9  # of the pages: systems give up some that nobody has used for a while


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that lie one after another in a map.

    `vectors` is read only, float32 of shape (n_rows, n_dims), and begins with row `first` of the
    fragment.
    """

    first: int
    vectors: NDArray[np.float32]

    @property
    def stop(self) -> int:
        """The row after the last."""
        return self.first + len(self.vectors)


@dataclass(frozen=True, slots=True)
class RawVectors:
    """The vectors of one fragment, deleted rows among them.

    `parts` hold all its rows in order; `valid` says which rows have a vector, None when all have;
    `coded` holds their codes, where there are any.
    """

    parts: tuple[Part, ...]
    valid: NDArray[np.bool_] | None
    held: mmap.mmap
    coded: HeldCodes | None = None

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return self.parts[-1].stop if self.parts else 0

    def pieces(self, start: int, stop: int, most: int) -> Iterator[Part]:
        """Yield the rows from `start` to before `stop`, views of at most `most` rows."""
        for part in self.parts:
            low, high = max(start, part.first), min(stop, part.stop)
            for first in range(low, high, most):
                last = min(first + most, high)
                yield Part(first, part.vectors[first - part.first : last - part.first])

    def ask_for(self, start: int, stop: int) -> None:
        """Have the rows from `start` to before `stop` read, where they are not in memory."""
        base = np.frombuffer(self.held, np.uint8, 1).ctypes.data
        for piece in self.pieces(start, stop, max(1, stop - start)):
            position = piece.vectors.ctypes.data - base
            ask_for(self.held, base, position, position + piece.vectors.nbytes)

    def codes(self, piece: Part) -> Codes | None:
        """The codes of some rows, where both they and the rows are in memory, or nearly so.

        Rows that are not are read in order sooner than here and there. Codes that are not are asked
        for, for the next time.
        """
        if self.coded is None or not len(piece.vectors):
            return None
        if resident_share(piece.vectors.ctypes.data, piece.vectors.nbytes) < _IN_MEMORY:
            return None
        held = self.coded.codes
        each = held.codes.strides[0]
        start, stop = piece.first * each, piece.stop * each
        is_there = resident_share(held.codes.ctypes.data + start, stop - start) >= _IN_MEMORY
        if not is_there:
            ask_for(self.coded.held, held.codes.ctypes.data, start, stop)
        return held[piece.first : piece.stop] if is_there else None
