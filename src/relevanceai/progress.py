"""Progress bars and notices on stderr.

Bars are shown in a terminal and a notebook. Elsewhere, and where there is no bar, what takes longer
than `SLOW_S` seconds is said once, in a line, so that nobody watches a silent program.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Timer
from typing import Protocol

SLOW_S = 2.0
"""Seconds after which it is said what is being done."""

_n_bars = 0  # that are drawn now
_is_told: ContextVar[bool] = ContextVar("_is_told", default=False)
_wording: ContextVar[Callable[[str], str]] = ContextVar("_wording", default=str)


class Bar(Protocol):
    """The part of a progress bar that callers use."""

    def update(self, n: int = 1) -> object: ...


def _is_shown() -> bool:
    """True in a terminal and in a notebook kernel (whose stderr is no terminal)."""
    if sys.stderr is None:
        return False
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return sys.stderr.isatty() or type(shell).__name__ == "ZMQInteractiveShell"


@contextmanager
def progress(
    label: str, total: int | None = None, *, unit: str = "documents", delay_s: float = 0.0
) -> Iterator[Bar]:
    """Show a progress bar on stderr while the block runs.

    Parameters
    ----------
    label : what is being done, in a few words.
    total : how many steps there are; None when that is not known.
    unit : what a step is.
    delay_s : show nothing for work that is done by then.

    Yields
    ------
    An object with `update(n)`. When stderr is neither a terminal nor a notebook, nothing is drawn,
    and the label is said as `slow` says it.
    """
    from tqdm import tqdm

    is_shown = _is_shown()
    with (
        tqdm(
            total=total,
            desc=label,
            unit=f" {unit}",
            disable=not is_shown,
            dynamic_ncols=True,
            mininterval=0.1,
            leave=True,
            delay=delay_s,
        ) as bar,
        _drawn() if is_shown else slow(label),
    ):
        yield bar


@contextmanager
def _drawn() -> Iterator[None]:
    global _n_bars
    _n_bars += 1
    try:
        yield
    finally:
        _n_bars -= 1


@contextmanager
def slow(label: str) -> Iterator[None]:
    """Say on stderr what is being done, once, when the block takes longer than `SLOW_S` seconds.

    Within such a block no other speaks: the outermost has said it. Nor does it while a bar is drawn.

    Parameters
    ----------
    label : what is being done, in a few words, beginning with a capital letter.
    """
    if _is_told.get():
        yield
        return
    token = _is_told.set(True)
    timer = Timer(SLOW_S, _say, [f"{label[0].lower()}{label[1:]} ..."])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _is_told.reset(token)


def _say(message: str) -> None:
    if not _n_bars:
        notice(message)


def counting(update: Callable[[int], object]) -> Callable[[int], None]:
    """Return the `update` of a progress bar as the engine wants it: returning nothing."""

    def count(n_rows: int) -> None:
        update(n_rows)

    return count


def notice(message: str) -> None:
    """Print one line about what the package does on its own account, on stderr."""
    print(f"relevanceai: {_wording.get()(message)}", file=sys.stderr, flush=True)


@contextmanager
def worded(wording: Callable[[str], str]) -> Iterator[None]:
    """Let the notices of the block say what `wording` makes of them.

    Parameters
    ----------
    wording : given what the library says, returns what is said; the command line names its options.
    """
    token = _wording.set(wording)
    try:
        yield
    finally:
        _wording.reset(token)
