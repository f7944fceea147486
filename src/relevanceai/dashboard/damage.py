"""Tells a dataset whose files are damaged from a fault of the dashboard, and says what to do."""

from relevanceai.errors import RelevanceAIError, WorkspaceError

ADVICE = (
    "Nothing was changed. Bring its folder back from a copy of the workspace, or delete the "
    "dataset and insert it again. Other datasets are not affected."
)
_MAX_SAID = 300


def is_damage(error: BaseException) -> bool:
    """True when the store could not make sense of what lies on the disk.

    Lance, Arrow and the readers of small files fail with errors of many kinds, a fault of a page
    with the same ones; where an error comes from tells them apart.
    """
    if isinstance(error, RelevanceAIError):
        return isinstance(error, WorkspaceError)
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_globals.get("__name__", "").startswith("relevanceai.store."):
            return True
        step = step.tb_next
    return False


def said(error: BaseException) -> str:
    """Return an error in one line that fits a page."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _MAX_SAID else text[: _MAX_SAID - 1] + "…"
