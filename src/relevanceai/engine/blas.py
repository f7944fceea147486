"""One thread for BLAS: many small matrix products are slower, not faster, on several."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread inside the block, in the whole process.

    Small systems of equations that BLAS spreads over threads wait for each other: with another
    process busy on the machine, a hundred times as long as one thread takes.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
