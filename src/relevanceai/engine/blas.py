"""One thread for BLAS: many small matrix products are slower, not faster, on several."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_held = threading.local()


@contextmanager
def one_blas_thread(*, solves: bool = False) -> Iterator[None]:
    """Hold BLAS to one thread inside the block, in the whole process.

    Small systems of equations that BLAS spreads over threads wait for each other: with another
    process busy on the machine, a hundred times as long as one thread takes. Of blocks inside one
    another, on one thread, only the outermost sets the limit: that takes some milliseconds.

    Parameters
    ----------
    solves : whether systems of equations are solved in the block, by scipy, whose BLAS is not that
        of numpy. A limit reaches only libraries that are loaded, so this one is loaded before.
    """
    if getattr(_held, "is_held", False):
        yield
        return
    from threadpoolctl import threadpool_limits

    if solves:
        import scipy.linalg  # noqa: F401

    with threadpool_limits(limits=1, user_api="blas"):
        _held.is_held = True
        try:
            yield
        finally:
            _held.is_held = False
