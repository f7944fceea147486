"""Several kernels in one pass: each sees every batch while it is in the processor's cache."""

from typing import Self

from relevanceai.batch import VectorBatch
from relevanceai.engine.kernel import StreamingKernel

_PIECE_BYTES = 4 * 2**20


class Together:
    """Kernels that are updated and merged as one.

    Parameters
    ----------
    parts : the kernels, in an order that is always the same. A batch goes to them in small pieces.

    Examples
    --------
    >>> import numpy as np
    >>> from relevanceai.kernels.moments import Moments
    >>> both = Together(Moments(1, 1), Moments(1, 1))
    >>> both.update(VectorBatch(np.arange(1), np.ones((1, 1), np.float32), np.zeros(1, np.int32)))
    >>> [part.count.tolist() for part in both.parts]
    [[1], [1]]
    """

    def __init__(self, *parts: StreamingKernel) -> None:
        self.parts = parts
        self.state_bytes = sum(getattr(part, "state_bytes", 0) for part in parts)
        self.is_cut_blind = all(getattr(part, "is_cut_blind", False) for part in parts)
        self.uses_blas = any(getattr(part, "uses_blas", False) for part in parts)

    def update(self, batch: VectorBatch) -> None:
        """Take in the rows of a batch, piece by piece."""
        step = max(1, _PIECE_BYTES // (4 * max(batch.vectors.shape[1], 1)))
        for start in range(0, len(batch), step):
            piece = batch[start : start + step]
            for part in self.parts:
                part.update(piece)

    def merge(self, other: Self) -> None:
        """Take in what others of the same kinds have seen of later rows."""
        for part, its in zip(self.parts, other.parts, strict=True):
            part.merge(its)
