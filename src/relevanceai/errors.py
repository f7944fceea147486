"""The errors of the package, one tree: each also derives from the builtin a caller would expect.

RelevanceAIError
├── NotFoundError        (LookupError)   a dataset, clustering, cluster, field or document that is not there
├── InvalidInputError    (ValueError)    what was handed in cannot be used
│   └── DuplicateIdError                 an `_id` that is there already, or twice in one call
├── MissingExtraError    (ImportError)   an optional package is needed; names the extra
├── WorkspaceError       (OSError)       the workspace folder cannot be found, read or written
└── DashboardError       (RuntimeError)  the dashboard process could not be started or reached
"""

from collections.abc import Iterable
from difflib import SequenceMatcher


class RelevanceAIError(Exception):
    """Base of every error the package raises on purpose."""


class NotFoundError(RelevanceAIError, LookupError):
    """Something was asked for by name that does not exist."""


class InvalidInputError(RelevanceAIError, ValueError):
    """An argument, a document or a label cannot be used as it is."""


class DuplicateIdError(InvalidInputError):
    """An `_id` is already in the dataset, or stands twice in one call."""


class MissingExtraError(RelevanceAIError, ImportError):
    """A feature needs a package that is not installed."""


class WorkspaceError(RelevanceAIError, OSError):
    """The workspace folder cannot be found, read or written."""


class DashboardError(RelevanceAIError, RuntimeError):
    """The dashboard process could not be started or reached."""


def counted(n: int, what: str) -> str:
    """Return a number of things in words of one or of many.

    Examples
    --------
    >>> counted(1, "document"), counted(1200, "document")
    ('1 document', '1,200 documents')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def listed(options: Iterable[str], *, like: str = "", limit: int = 20) -> str:
    """List names for an error message, those spelt most like `like` first.

    Parameters
    ----------
    options : the names that exist.
    like : the name that was asked for; an empty string keeps the given order.
    limit : how many names to print; the rest is counted.

    Returns
    -------
    A comma-separated list of quoted names, or "nothing yet" when there are none.

    Examples
    --------
    >>> listed(["alpha", "main-cluster"], like="main")
    "'main-cluster', 'alpha'"
    >>> listed([])
    'nothing yet'
    >>> listed(["a", "b", "c"], limit=2)
    "'a', 'b' and 1 more"
    """
    names = [str(option) for option in options]
    like = str(like)
    if not names:
        return "nothing yet"
    if like:
        wanted = like.casefold()
        names.sort(key=lambda name: -SequenceMatcher(None, wanted, name.casefold()).ratio())
    shown = ", ".join(repr(name) for name in names[:limit])
    hidden = len(names) - limit
    return f"{shown} and {hidden:,} more" if hidden > 0 else shown
