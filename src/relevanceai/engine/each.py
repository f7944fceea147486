"""Do one thing to each of many items, on threads, with the answers in the order of the items."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from relevanceai.engine.blas import one_blas_thread
from relevanceai.processors import processors

T = TypeVar("T")
R = TypeVar("R")

MOST_WORKERS = 8


def each(
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    workers: int | None = None,
    on_done: Callable[[int], object] | None = None,
) -> list[R]:
    """Return `work(item)` for every item, in order; BLAS has one thread meanwhile.

    Parameters
    ----------
    work : called from several threads at once; what it raises is raised here.
    items : taken a few ahead of what is done.
    workers : how many threads; by default the processors this process may use, at most 8. 1 works in
        the calling thread.
    on_done : called from the calling thread with 1 for each item that is done, in order.

    Examples
    --------
    >>> each(abs, [-1, 2, -3], workers=2)
    [1, 2, 3]
    """
    n_workers = processors(MOST_WORKERS) if workers is None else workers
    found: list[R] = []
    with one_blas_thread():
        for answer in _answers(work, items, n_workers):
            found.append(answer)
            if on_done is not None:
                on_done(1)
    return found


def _answers(work: Callable[[T], R], items: Iterable[T], n_workers: int) -> Iterator[R]:
    if n_workers <= 1:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="relevanceai-each")
    try:
        running: deque[Future[R]] = deque()
        for item in items:
            running.append(pool.submit(work, item))
            if len(running) > 4 * n_workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
