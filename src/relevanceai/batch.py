"""VectorBatch, the one thing that passes from the store to the kernels, and where it comes from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Document: TypeAlias = dict[str, Any]
"""What a user inserts and gets back: a dict with `_id`; values are whatever the user stored."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Vectors once more, a byte a number: a quarter of the bytes, and how far off each row may be.

    A row is `shift + scale * (step * codes + rest)`, where the length of the rest is at most `error`.

    Parameters
    ----------
    codes : int8 array of shape (n_rows, n_dims), from -127 to 127, C-contiguous.
    of_rows : float32 array of shape (n_rows, 4): step, error, and the lengths of the row and of the
        row less the shift.
    shift, scale : float32 arrays of shape (n_dims,), the scale above 0; of all the rows.
    """

    codes: NDArray[np.int8]
    of_rows: NDArray[np.float32]
    shift: NDArray[np.float32]
    scale: NDArray[np.float32]

    def __getitem__(self, rows: slice) -> "Codes":
        return Codes(self.codes[rows], self.of_rows[rows], self.shift, self.scale)


Encode: TypeAlias = Callable[[NDArray[np.float32], Codes | None], Codes]
"""Makes codes of rows, with the shift and scale of codes made before, or their own for None."""


@dataclass(frozen=True, slots=True)
class VectorBatch:
    """Rows on their way from the store to a kernel.

    Parameters
    ----------
    row_ids : int64 array of shape (n_rows,); the store's stable row ids, unique in a dataset.
    vectors : float32 array of shape (n_rows, n_dims), finite, C-contiguous.
    labels : int32 array of shape (n_rows,); the leaf of each row, -1 for noise.
    codes : the same vectors as codes, where the source has them: a kernel may look at them first.

    A row whose label is below 0 takes no part in a pass: noise, or in what a `VectorSource` yields
    also a row that is not clustered, was deleted or has no vector.
    """

    row_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    labels: NDArray[np.int32]
    codes: Codes | None = None

    def __len__(self) -> int:
        return len(self.row_ids)

    def __getitem__(self, rows: slice) -> "VectorBatch":
        codes = None if self.codes is None else self.codes[rows]
        return VectorBatch(self.row_ids[rows], self.vectors[rows], self.labels[rows], codes)


class VectorSource(Protocol):
    """Rows in one fixed order, any stretch of which can be read, from several threads at once."""

    @property
    def n_rows(self) -> int:
        """Rows there are, those that take no part among them."""
        ...

    @property
    def n_dims(self) -> int:
        """The width of the vectors."""
        ...

    def batches(self, start: int, stop: int) -> Iterator[VectorBatch]:
        """Yield the rows from `start` to before `stop`, in order, cut in any way.

        The arrays may be views of a memory map or of a user's array: they are not to be written to.
        A row whose label is below 0 takes no part, and its row id and vector may be anything.
        """
        ...
