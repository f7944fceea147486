"""StreamingKernel: what a reduction needs of a kernel, and what it may ask besides."""

from typing import Protocol, Self

from relevanceai.batch import VectorBatch


class StreamingKernel(Protocol):
    """What a reduction needs of a kernel.

    A kernel may also have `state_bytes`, what its numbers take (the more, the fewer kernels a pass
    makes); `uses_blas`, True when BLAS is to be held to one thread while it runs;
    and `is_cut_blind`, True when merging in any order, of any cut, gives the same bits (counts, best
    rows), so that a thread needs but one kernel. Such a kernel may have `last_steps`, functions
    without arguments to be called on its thread after the last rows of all; none begins before the
    one before it is done for all kernels of the pass, so that they may use what the others found.
    """

    def update(self, batch: VectorBatch) -> None:
        """Take in the rows of a batch; called many times, without the GIL where it counts."""
        ...

    def merge(self, other: Self) -> None:
        """Take in what another kernel has seen of later rows."""
        ...
