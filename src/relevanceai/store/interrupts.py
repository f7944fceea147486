"""Interrupts: Ctrl-C during a write ends it in order, so that nothing of it goes on unseen."""

from collections.abc import Callable
from threading import Thread
from time import sleep

_LOOK_S = 0.2  # how long Windows, which cannot interrupt a wait, sits before it looks
_LET_GO_S = 0.2  # Lance's threads let go of what they read: where Python ends first, it aborts


def finished(
    write: Callable[[], object], stop: Callable[[BaseException], object] | None = None
) -> None:
    """Run a write in a thread of its own, and return once it has ended, whatever happens.

    Lance itself gives up waiting on Ctrl-C while its own threads still read the stream, and may
    commit later. Here an interrupt is handed to `stop`, which ends the stream; the write is waited
    for, and then the interrupt is raised: the caller takes back what was written. A second
    interrupt is raised at once.

    Parameters
    ----------
    write : what is to be done; its error is raised here.
    stop : called with the interrupt, from this thread.
    """
    errors: list[BaseException] = []

    def work() -> None:
        try:
            write()
        except BaseException as error:  # noqa: BLE001 - raised below, in the caller's thread
            errors.append(error)

    thread = Thread(target=work, name="relevanceai-write")
    thread.start()
    try:
        _wait(thread)
    except BaseException as error:
        if stop is not None:
            stop(error)
        _wait(thread)
        sleep(_LET_GO_S)
        raise
    if errors:
        raise errors[0]


def _wait(thread: Thread) -> None:
    while thread.is_alive():
        thread.join(_LOOK_S)
