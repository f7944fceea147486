"""Progress bars and notices on stderr.

Bars are shown in a terminal and a notebook. Elsewhere, and where there is no bar, what takes longer
than `SLOW_S` seconds is said once, in a line, so that nobody watches a silent program.

What is going on is known from objects that live as long as the blocks do, not from marks that are
taken back at the end: Ctrl-C may come before the end is reached, and a generator may be left.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from threading import Timer
from typing import Protocol
from weakref import WeakSet, ref

SLOW_S = 2.0
"""Seconds after which it is said what is being done."""

_drawn: WeakSet[object] = WeakSet()  # bars that are drawn now
_wording: ContextVar[Callable[[str], str]] = ContextVar("_wording", default=str)


class Bar(Protocol):
    """The part of a progress bar that callers use."""

    def update(self, n: int = 1) -> object: ...


class slow:
    """Say on stderr what is being done, once, when the block takes longer than `SLOW_S` seconds.

    Within such a block no other speaks: the outermost has said it. Nor does it while a bar is drawn.

    Parameters
    ----------
    label : what is being done, in a few words, beginning with a capital letter.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._timer: Timer | None = None
        self.is_over = False

    def __enter__(self) -> None:
        outer = _outermost.get()
        block = outer() if outer is not None else None
        if block is not None and not block.is_over:
            return
        try:
            _outermost.set(ref(self))
            self._timer = Timer(SLOW_S, _say, [f"{self._label[0].lower()}{self._label[1:]} ..."])
            self._timer.daemon = True
            self._timer.start()
        except BaseException:  # Ctrl-C: there will be no end
            self._end()
            raise

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self.is_over = True
        if self._timer is not None:
            self._timer.cancel()


_outermost: ContextVar[ref[slow] | None] = ContextVar("_outermost", default=None)


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
        nullcontext() if is_shown else slow(label),
    ):
        if is_shown:
            _drawn.add(bar)
        try:
            yield bar
        finally:
            _drawn.discard(bar)


def _say(message: str) -> None:
    if not _drawn:
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
