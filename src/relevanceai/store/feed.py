"""Feed: batches handed to a writer that pulls them from threads of its own, and wraps what fails."""

from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from relevanceai.store.interrupts import finished


class Feed:
    """The batches of one write: what goes wrong in them is raised as it was, not as Lance wraps it.

    An interrupt ends the stream, too, so that nothing of the write goes on unseen. `on_rows` is told
    of each batch that was taken.
    """

    def __init__(self, on_rows: Callable[[int], object] = lambda _: None) -> None:
        self._on_rows = on_rows
        self._error: BaseException | None = None

    def of(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches, until they fail or the write is interrupted."""
        try:
            for batch in batches:
                self._raise_stopped()
                yield batch
                self._on_rows(batch.num_rows)
            self._raise_stopped()
        except BaseException as error:
            self._error = self._error or error
            raise

    def run(self, write: Callable[[], object]) -> None:
        """Let the writer pull the batches, and return once it has ended."""
        try:
            finished(write, self._stop)
        except BaseException as error:
            if self._error is not None and error is not self._error:
                raise self._error from None
            raise

    def _raise_stopped(self) -> None:
        if self._error is not None:
            raise self._error

    def _stop(self, error: BaseException) -> None:
        self._error = self._error or error
