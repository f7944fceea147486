"""Progress bars and notices on stderr: shown in a terminal and a notebook, silent elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


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
    An object with `update(n)`. Nothing is drawn when stderr is neither a terminal nor a notebook.
    """
    from tqdm import tqdm

    with tqdm(
        total=total,
        desc=label,
        unit=f" {unit}",
        disable=not _is_shown(),
        dynamic_ncols=True,
        mininterval=0.1,
        leave=True,
        delay=delay_s,
    ) as bar:
        yield bar


def counting(update: Callable[[int], object]) -> Callable[[int], None]:
    """Return the `update` of a progress bar as the engine wants it: returning nothing."""

    def count(n_rows: int) -> None:
        update(n_rows)

    return count


def notice(message: str) -> None:
    """Print one line about what the package does on its own account, on stderr."""
    print(f"relevanceai: {message}", file=sys.stderr, flush=True)
