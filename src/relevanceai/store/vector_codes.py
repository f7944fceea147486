"""Codes of the raw vectors, in a file beside theirs: what a pass looks at before it reads a row.

One byte a number, row after row; then four float32 a row; then shift and scale. How rows are made
into codes is given by who asks (`batch.Encode`).
"""

import mmap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import Codes, Encode
from relevanceai.store.cached_map import mapped, seal, write_all, written

_FORMAT = 1
_ROWS = 1024  # encoded at a time: they stay in a processor's cache
_ALIGNED = 64


@dataclass(frozen=True, slots=True)
class HeldCodes:
    """Codes in a memory map."""

    codes: Codes
    held: mmap.mmap


def codes_bytes(n_rows: int, width: int) -> int:
    """Return what the codes of so many rows take."""
    return _rows_at(n_rows, width) + 16 * n_rows + 8 * width


@contextmanager
def codes_written(
    path: Path, n_rows: int, width: int, encode: Encode
) -> Iterator[Callable[[NDArray[np.float32]], None]]:
    """Give a function that takes the next rows; when all were, the file is in its place.

    Raises OSError where rows are missing at the end; nothing is left then.
    """
    frame: list[Codes] = []
    n_done = 0
    with written(path) as file:

        def add(vectors: NDArray[np.float32]) -> None:
            nonlocal n_done
            codes = encode(vectors, frame[0] if frame else None)
            frame[:] = [codes[:0]]
            write_all(file, codes.codes.data.cast("B"), n_done * width)
            write_all(file, codes.of_rows.data.cast("B"), _rows_at(n_rows, width) + 16 * n_done)
            n_done += len(vectors)

        yield add
        if n_done != n_rows or not frame:
            raise OSError(f"Codes of {n_done} of {n_rows} rows were made.")
        both = np.concatenate([frame[0].shift, frame[0].scale])
        write_all(file, both.data.cast("B"), _rows_at(n_rows, width) + 16 * n_rows)
        seal(file, _described(n_rows, width), codes_bytes(n_rows, width))


def write_codes(path: Path, vectors: NDArray[np.float32], encode: Encode) -> None:
    """Write the codes of raw vectors that are there already."""
    with codes_written(path, len(vectors), vectors.shape[1], encode) as add:
        for start in range(0, len(vectors), _ROWS):
            add(vectors[start : start + _ROWS])


def opened_codes(path: Path, n_rows: int, width: int) -> HeldCodes | None:
    """Return the codes of a file, or None when it is not there or not whole."""
    held = mapped(path, _described(n_rows, width))
    if held is None:
        return None
    rows_at = _rows_at(n_rows, width)
    codes = np.frombuffer(held, np.int8, n_rows * width).reshape(n_rows, width)
    of_rows = np.frombuffer(held, np.float32, 4 * n_rows, rows_at).reshape(n_rows, 4)
    frame = np.frombuffer(held, np.float32, 2 * width, rows_at + 16 * n_rows)
    return HeldCodes(Codes(codes, of_rows, frame[:width].copy(), frame[width:].copy()), held)


def _described(n_rows: int, width: int) -> dict[str, object]:
    size = codes_bytes(n_rows, width)
    return {"format": _FORMAT, "rows": n_rows, "width": width, "bytes": size}


def _rows_at(n_rows: int, width: int) -> int:
    return -(-n_rows * width // _ALIGNED) * _ALIGNED
