"""A uniform sample of a stream of rows whose length is not known beforehand."""

import numpy as np
from numpy.typing import NDArray


class RowSample:
    """Keep `size` rows of a stream, every set of that many being equally likely.

    Each row draws a number, and those with the smallest are kept (in the order of the stream).

    Parameters
    ----------
    size : how many rows to keep; all of them when there are fewer.
    rng : draws.
    n_expected : how many rows are to come, if that is known: then few are held that are not kept.
        Where fewer come, the sample may be short of `size` (`is_short`).

    Attributes
    ----------
    n_rows : how many rows went by.
    is_short : there were rows enough for a larger sample; draw again, with the right `n_expected`.

    Notes
    -----
    Memory: at most twice the sample. Unlike a kernel's, its answer depends on the order of the
    rows, so it is fed from one thread.

    Examples
    --------
    >>> sample = RowSample(2, np.random.default_rng(0))
    >>> for row in (1, 2, 3):
    ...     sample.update(np.array([[row]], dtype=np.float32))
    >>> sample.n_rows, sample.result().shape
    (3, (2, 1))
    """

    def __init__(
        self, size: int, rng: np.random.Generator, *, n_expected: int | None = None
    ) -> None:
        self._size = size
        self._rng = rng
        self._draws: list[NDArray[np.float64]] = []
        self._rows: list[NDArray[np.float32]] = []
        self._held = 0
        self._bound = np.inf
        if n_expected is not None and n_expected > 0:
            # so many more are let in that the sample is short once in a thousand million times
            self._bound = (size + 6.0 * np.sqrt(size) + 20.0) / n_expected
        self.n_rows = 0

    @property
    def is_short(self) -> bool:
        """Whether fewer rows are held than the sample should have."""
        return self._held < min(self._size, self.n_rows)

    def update(self, rows: NDArray[np.float32]) -> None:
        """Let the next rows of the stream take part; what is kept of them is copied."""
        draws = self._rng.random(len(rows))
        self.n_rows += len(rows)
        kept = np.flatnonzero(draws < self._bound)
        if not len(kept):
            return
        self._draws.append(draws[kept])
        self._rows.append(rows[kept])
        self._held += len(self._draws[-1])
        if self._held > 2 * self._size:
            self._trim()

    def result(self) -> NDArray[np.float32]:
        """Return the sample: float32 array of shape (at most size, n_dims); (0, 0) of no rows."""
        if self._held > self._size:
            self._trim()
        if not self._rows:
            return np.empty((0, 0), np.float32)
        if len(self._rows) > 1:
            self._rows = [np.concatenate(self._rows)]
            self._draws = [np.concatenate(self._draws)]
        return self._rows[0]

    def _trim(self) -> None:
        draws = np.concatenate(self._draws)
        bound = np.partition(draws, self._size)[self._size]  # draws are distinct, but for 2**-53
        kept = np.flatnonzero(draws < bound)
        edges = np.cumsum([0, *map(len, self._rows)])
        parts = np.searchsorted(kept, edges)
        rows = np.empty((len(kept), self._rows[0].shape[1]), np.float32)
        for number, part in enumerate(self._rows):
            start, stop = parts[number], parts[number + 1]
            rows[start:stop] = part[kept[start:stop] - edges[number]]
        self._draws, self._rows, self._held = [draws[kept]], [rows], len(kept)
        self._bound = bound
