"""Run a streaming kernel over batches, on threads, with an answer that threads do not change."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from relevanceai.batch import VectorBatch
from relevanceai.errors import InvalidInputError

CHUNK_ROWS = 32_768
"""Rows that one kernel sees before it is merged. It is part of the answer's last digits: fixed."""

FAN_IN = 8
"""How many partial results are folded into one, at every level of the tree."""

MOST_WORKERS = 8
"""Default limit of threads: the passes are bound by memory, and every worker holds a chunk."""


class StreamingKernel(Protocol):
    """What a reduction needs of a kernel."""

    def update(self, batch: VectorBatch) -> None:
        """Take in the rows of a batch."""
        ...

    def merge(self, other: Self) -> None:
        """Take in what another kernel has seen of later rows."""
        ...


K = TypeVar("K", bound=StreamingKernel)


def reduce(
    make_kernel: Callable[[], K],
    batches: Iterable[VectorBatch],
    *,
    workers: int | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> K:
    """Feed a stream of batches to kernels and return the one that has seen them all.

    The stream is cut anew into chunks of `CHUNK_ROWS` rows; each chunk goes to a kernel of its own,
    on a thread, and the kernels are merged in the order of the chunks, in a tree of fan-in `FAN_IN`.
    So the answer depends on the rows and their order alone: any number of workers, and any cut into
    batches, gives bit-equal results.

    Parameters
    ----------
    make_kernel : builds an empty kernel; called once a chunk, from several threads.
    batches : rows, in an order that means the same every time (the store's). Empty batches are
        skipped. The arrays must not be overwritten after they were handed over.
    workers : how many threads; by default the processors this process may use, at most
        `MOST_WORKERS`. 1 runs in the calling thread.
    on_rows : called from the calling thread with the number of rows just finished, chunk by chunk.

    Returns
    -------
    A kernel; an empty one when there were no rows.

    Raises
    ------
    InvalidInputError : `workers` is below 1.
    Whatever `batches`, `make_kernel` or a kernel raises; chunks not yet begun are dropped.

    Notes
    -----
    Memory: at most `workers` + 2 chunks, and as many kernels, and one kernel a level of the tree.
    The threads of BLAS and OpenMP are left alone here; the kernels of this version use neither in
    their row passes.

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
    n_workers = _processors() if workers is None else workers
    if n_workers < 1:
        raise InvalidInputError(
            f"A reduction was asked to run on {n_workers} workers. Pass workers=1 or more."
        )
    tree: _Tree[K] = _Tree()
    for kernel, n_rows in _partials(make_kernel, _chunks(batches), n_workers):
        tree.add(kernel)
        if on_rows is not None:
            on_rows(n_rows)
    result = tree.result()
    return make_kernel() if result is None else result


def _processors() -> int:
    """Processors this process may use, at most `MOST_WORKERS`."""
    allowed = getattr(os, "sched_getaffinity", None)
    count = len(allowed(0)) if allowed is not None else os.cpu_count() or 1
    return min(count, MOST_WORKERS)


def _partials(
    make_kernel: Callable[[], K], chunks: Iterator[VectorBatch], n_workers: int
) -> Iterator[tuple[K, int]]:
    """A kernel a chunk, with the chunk's number of rows, in the order of the chunks."""

    def work(chunk: VectorBatch) -> tuple[K, int]:
        kernel = make_kernel()
        kernel.update(chunk)
        return kernel, len(chunk)

    if n_workers == 1:
        yield from map(work, chunks)
        return
    pool = ThreadPoolExecutor(n_workers, thread_name_prefix="relevanceai-reduce")
    try:
        running: deque[Future[tuple[K, int]]] = deque()
        for chunk in chunks:
            running.append(pool.submit(work, chunk))
            if len(running) > n_workers:  # one waits in line, so that no worker does
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


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
