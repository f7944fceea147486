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

_FORMAT = 2
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
) -> Iterator[Callable[[int, NDArray[np.float32]], None]]:
    """Give a function that takes rows and the place of the first; once all were, the file is there.

    The first call sets shift and scale; those after it may come from several threads. Raises OSError
    where rows are missing at the end; nothing is left then.
    """
    frame: list[Codes] = []
    done: list[int] = []
    with written(path) as file:

        def add(first: int, vectors: NDArray[np.float32]) -> None:
            codes = encode(vectors, frame[0] if frame else None)
            if not frame:
                frame.append(codes[:0])
            write_all(file, codes.codes.data.cast("B"), first * width)
            write_all(file, codes.of_rows.data.cast("B"), _rows_at(n_rows, width) + 16 * first)
            done.append(len(vectors))

        yield add
        if sum(done) != n_rows or not frame:
            raise OSError(f"Codes of {sum(done)} of {n_rows} rows were made.")
        both = np.concatenate([frame[0].shift, frame[0].scale])
        write_all(file, both.data.cast("B"), _rows_at(n_rows, width) + 16 * n_rows)
        seal(file, _described(path, n_rows, width), codes_bytes(n_rows, width))


def opened_codes(path: Path, n_rows: int, width: int) -> HeldCodes | None:
    """Return the codes of a file, or None when it is not there or not whole."""
    held = mapped(path, _described(path, n_rows, width))
    if held is None:
        return None
    rows_at = _rows_at(n_rows, width)
    codes = np.frombuffer(held, np.int8, n_rows * width).reshape(n_rows, width)
    of_rows = np.frombuffer(held, np.float32, 4 * n_rows, rows_at).reshape(n_rows, 4)
    frame = np.frombuffer(held, np.float32, 2 * width, rows_at + 16 * n_rows)
    return HeldCodes(Codes(codes, of_rows, frame[:width].copy(), frame[width:].copy()), held)


def _described(path: Path, n_rows: int, width: int) -> dict[str, object]:
    size = codes_bytes(n_rows, width)
    return {"format": _FORMAT, "of": path.stem, "rows": n_rows, "width": width, "bytes": size}


def _rows_at(n_rows: int, width: int) -> int:
    return -(-n_rows * width // _ALIGNED) * _ALIGNED
