"""Run a streaming kernel over rows, on threads, with an answer that threads do not change."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from typing import Generic, TypeAlias, TypeVar

import numpy as np

from relevanceai.batch import VectorBatch, VectorSource
from relevanceai.engine.blas import one_blas_thread
from relevanceai.engine.kernel import StreamingKernel
from relevanceai.engine.shares import piece_rows, shares
from relevanceai.errors import InvalidInputError
from relevanceai.processors import processors

CHUNK_ROWS = 32_768
"""Rows of a plain stream that one kernel sees before it is merged."""

FAN_IN = 8
"""How many partial results are folded into one, at every level of the tree."""

MOST_WORKERS = 8
"""Default limit of threads: the passes are bound by memory."""

MEMORY_BYTES = 320 * 2**20
"""What the kernels of a pass may hold together by default; fewer threads run where it is short."""

_CHECK_S = 0.2  # a waiting pass looks for Ctrl-C so often; a wait without an end would not see it

K = TypeVar("K", bound=StreamingKernel)


class Cancelled(Exception):
    """A pass was told to stop by its `cancel` event."""


_STOPPED = (Cancelled, threading.BrokenBarrierError)  # what a thread raises when another one failed


def reduce(
    make_kernel: Callable[[], K],
    rows: VectorSource | Iterable[VectorBatch],
    *,
    workers: int | None = None,
    memory_bytes: int = MEMORY_BYTES,
    on_rows: Callable[[int], None] | None = None,
    cancel: threading.Event | None = None,
) -> K:
    """Feed rows to kernels, on threads, and return the one that has seen them all.

    A source is cut into a few shares by sizes alone (`shares`); each goes, in order, to one kernel
    on one thread, and the kernels are merged in the order of the shares. A plain stream is cut anew
    into chunks of `CHUNK_ROWS` rows, with a kernel each, merged in a tree of fan-in `FAN_IN`. So
    the answer depends on the rows and their order alone: any number of workers, and any cut of a
    stream into batches, gives bit-equal results.

    Parameters
    ----------
    make_kernel : builds an empty kernel; called from several threads.
    rows : a source, any stretch of which can be read; or a stream of batches, in an order that
        means the same every time, whose arrays are not overwritten after they were handed over.
    workers : how many threads; by default the processors this process may use, at most
        `MOST_WORKERS`. 1 runs in the calling thread.
    memory_bytes : what the kernels may hold together, where they say what one holds; fewer threads
        run then, at least one.
    on_rows : called from the calling thread with the number of rows just finished.
    cancel : once it is set, the pass stops soon. Ctrl-C stops it too.

    Returns
    -------
    A kernel; an empty one when there were no rows.

    Raises
    ------
    InvalidInputError : `workers` is below 1.
    Cancelled : `cancel` was set.
    Whatever `rows`, `make_kernel` or a kernel raises; what was not yet begun is dropped.

    Notes
    -----
    Memory: a kernel a worker and one merged, and of a stream `workers` + 2 chunks. BLAS is held to
    one thread while kernels run that use it, for the whole process.

    Examples
    --------
    >>> from relevanceai.kernels.moments import Moments
    >>> batch = VectorBatch(
    ...     row_ids=np.arange(3),
    ...     vectors=np.array([[1], [3], [5]], dtype=np.float32),
    ...     labels=np.zeros(3, dtype=np.int32),
    ... )
    >>> reduce(lambda: Moments(n_clusters=1, n_dims=1), [batch[:2], batch[2:]]).centroids()
    array([[3.]])
    """
    n_workers = processors(MOST_WORKERS) if workers is None else workers
    if n_workers < 1:
        raise InvalidInputError(
            f"A reduction was asked to run on {n_workers} workers. Pass workers=1 or more."
        )
    first = make_kernel()
    state_bytes = getattr(first, "state_bytes", 0)
    n_workers = max(1, min(n_workers, memory_bytes // max(state_bytes, 1)))
    stop = threading.Event()

    def check() -> None:
        if stop.is_set() or (cancel is not None and cancel.is_set()):
            raise Cancelled("The pass was told to stop.")

    with one_blas_thread() if getattr(first, "uses_blas", False) else nullcontext():
        if isinstance(rows, Iterable):
            tree: _Tree[K] = _Tree()
            for kernel, n_rows in _in_order(
                _chunk_works(make_kernel, _chunks(rows), check), n_workers, stop
            ):
                tree.add(kernel)
                if on_rows is not None:
                    on_rows(n_rows)
            result = tree.result()
        else:
            result = None
            told = _Told(on_rows)
            together = None
            if getattr(first, "is_cut_blind", False):
                cut = deque(shares(rows.n_rows, rows.n_dims, 0))
                together = threading.Barrier(max(1, min(n_workers, len(cut))))
                works = _thread_works(make_kernel, rows, cut, together, told, check)
            else:
                cut = deque(shares(rows.n_rows, rows.n_dims, state_bytes))
                works = _share_works(make_kernel, rows, cut, told, check)
            for kernel, _ in _in_order(works, n_workers, stop, told.tell, together):
                if result is None:
                    result = kernel
                else:
                    result.merge(kernel)
    return first if result is None else result


class _Told:
    """Counts the rows that workers have finished, and tells of them from the calling thread."""

    def __init__(self, on_rows: Callable[[int], None] | None) -> None:
        self._on_rows = on_rows
        self._finished: deque[int] = deque()

    def add(self, n_rows: int) -> None:
        """Say, from any thread, that rows are finished."""
        self._finished.append(n_rows)

    def tell(self) -> None:
        """Hand on what was finished since the last time."""
        while self._finished:
            n_rows = self._finished.popleft()
            if self._on_rows is not None:
                self._on_rows(n_rows)


Work: TypeAlias = Callable[[], tuple[K, int]]
"""What a thread does: it returns a kernel, and how many rows that had; 0 where `_Told` has them."""


def _share_works(
    make_kernel: Callable[[], K],
    source: VectorSource,
    cut: Iterable[tuple[int, int]],
    told: _Told,
    check: Callable[[], None],
) -> Iterator[Work[K]]:
    """What is to be done for each share of a source, in order: a kernel each."""

    def work(start: int, stop: int) -> tuple[K, int]:
        kernel = make_kernel()
        _feed(kernel, source, start, stop, told, check)
        return kernel, 0

    for start, stop in cut:
        yield lambda start=start, stop=stop: work(start, stop)  # type: ignore[misc]


def _thread_works(
    make_kernel: Callable[[], K],
    source: VectorSource,
    cut: deque[tuple[int, int]],
    together: threading.Barrier,
    told: _Told,
    check: Callable[[], None],
) -> Iterator[Work[K]]:
    """What each thread is to do: a kernel, and the next share as long as there is one.

    There are as many as `together` waits for, or none where there are no shares.
    """

    def work() -> tuple[K, int]:
        try:  # whatever fails here, the other threads must not wait for this one
            kernel = make_kernel()
            while True:
                try:
                    start, stop = cut.popleft()
                except IndexError:
                    break
                _feed(kernel, source, start, stop, told, check)
            for step in getattr(kernel, "last_steps", ()):
                together.wait()
                check()
                step()
        except BaseException:
            together.abort()
            raise
        return kernel, 0

    for _ in range(min(together.parties, len(cut))):
        yield work


def _feed(
    kernel: StreamingKernel,
    source: VectorSource,
    start: int,
    stop: int,
    told: _Told,
    check: Callable[[], None],
) -> None:
    """Give a kernel a share of the rows, piece by piece."""
    step = piece_rows(source.n_dims)
    for batch in source.batches(start, stop):
        for first in range(0, len(batch), step):
            check()
            piece = batch[first : first + step]
            kernel.update(piece)
            told.add(len(piece))


def _chunk_works(
    make_kernel: Callable[[], K], chunks: Iterator[VectorBatch], check: Callable[[], None]
) -> Iterator[Work[K]]:
    """What is to be done for each chunk of a stream, in order."""

    def work(chunk: VectorBatch) -> tuple[K, int]:
        check()
        kernel = make_kernel()
        kernel.update(chunk)
        return kernel, len(chunk)

    for chunk in chunks:
        yield lambda chunk=chunk: work(chunk)  # type: ignore[misc]


def _in_order(
    works: Iterator[Work[K]],
    n_workers: int,
    stop: threading.Event,
    meanwhile: Callable[[], None] = lambda: None,
    together: threading.Barrier | None = None,
) -> Iterator[tuple[K, int]]:
    """Do work on threads and yield what comes out in order; a little is done ahead.

    Work that waits for other work does so at `together`: it is broken when the pass ends early, or
    threads would wait for work that was never begun.
    """
    if n_workers == 1:
        for work in works:
            done = work()
            meanwhile()
            yield done
        return
    failed: list[BaseException] = []

    def told(work: Work[K]) -> tuple[K, int]:
        try:
            return work()
        except BaseException as error:
            failed.append(error)
            stop.set()  # what the other threads do is in vain
            raise

    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="relevanceai-reduce")
    running: deque[Future[tuple[K, int]]] = deque()
    try:
        for work in works:
            running.append(pool.submit(told, work))
            if len(running) > n_workers:  # one waits in line, so that no worker does
                yield _result(running.popleft(), meanwhile)
        while running:
            yield _result(running.popleft(), meanwhile)
    except BaseException as error:
        stop.set()
        if together is not None:
            together.abort()
        if isinstance(error, _STOPPED):  # because another thread has failed: that is the error
            for cause in failed:
                if not isinstance(cause, _STOPPED):
                    raise cause from None
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[tuple[K, int]], meanwhile: Callable[[], None]) -> tuple[K, int]:
    """Wait for a result in short steps, so that Ctrl-C is seen and progress is told."""
    while not future.done():
        wait([future], timeout=_CHECK_S, return_when=FIRST_COMPLETED)
        meanwhile()
    meanwhile()
    return future.result()


def _chunks(batches: Iterable[VectorBatch]) -> Iterator[VectorBatch]:
    """Cut the stream into chunks of `CHUNK_ROWS` rows; copies only what crosses a batch's edge."""
    pieces: list[VectorBatch] = []
    missing = CHUNK_ROWS
    for batch in batches:
        start = 0
        while start < len(batch):
            piece = batch[start : start + missing]
            start += len(piece)
            missing -= len(piece)
            pieces.append(piece)
            if not missing:
                yield _joined(pieces)
                pieces, missing = [], CHUNK_ROWS
    if pieces:
        yield _joined(pieces)


def _joined(pieces: list[VectorBatch]) -> VectorBatch:
    """One batch of several."""
    if len(pieces) == 1:
        return pieces[0]
    return VectorBatch(
        np.concatenate([piece.row_ids for piece in pieces]),
        np.concatenate([piece.vectors for piece in pieces]),
        np.concatenate([piece.labels for piece in pieces]),
    )


class _Tree(Generic[K]):
    """Fold kernels as they come in: `FAN_IN` neighbours into one at each level, in order.

    Level 0 holds the kernel into which the chunks of the current group were merged, level 1 the one
    into which full groups of level 0 were merged, and so on: one kernel a level, whatever the
    number of chunks.
    """

    def __init__(self) -> None:
        self._levels: list[K | None] = []
        self._counts: list[int] = []

    def add(self, kernel: K) -> None:
        """Take the kernel of the next chunk."""
        level = 0
        while True:
            held = self._fold(level, kernel)
            self._counts[level] += 1
            if self._counts[level] < FAN_IN:
                return
            self._levels[level], self._counts[level] = None, 0
            kernel, level = held, level + 1

    def result(self) -> K | None:
        """Fold the groups that are not full, lowest level first; None when nothing was added."""
        kernel: K | None = None
        for level in range(len(self._levels)):
            kernel = self._levels[level] if kernel is None else self._fold(level, kernel)
        return kernel

    def _fold(self, level: int, kernel: K) -> K:
        """Merge a kernel into the level's; return the level's."""
        if level == len(self._levels):
            self._levels.append(None)
            self._counts.append(0)
        held = self._levels[level]
        if held is None:
            self._levels[level] = kernel
            return kernel
        held.merge(kernel)
        return held
