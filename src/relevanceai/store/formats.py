"""The number of the format that a workspace and its datasets are written in, and its refusal."""

from relevanceai.errors import WorkspaceError

FORMAT = 1


def check_format(found: object, what: str, file: str) -> None:
    """Raise unless what was found is today's format.

    Parameters
    ----------
    found : the number that stands in the file; None when there is none.
    what : what is of that format, for the message: "The workspace /data/home".
    file : where the number stands.

    Raises
    ------
    WorkspaceError : another format, or none; says what to do.
    """
    if found == FORMAT and not isinstance(found, bool):
        return
    reads = f"but this version of the package reads format {FORMAT}"
    if isinstance(found, int) and not isinstance(found, bool) and found > FORMAT:
        raise WorkspaceError(
            f"{what} has format {found!r}, {reads}. Install a newer relevanceai-local."
        )
    raise WorkspaceError(
        f"{what} has format {found!r}, {reads}, and none wrote such a one. "
        f"Bring {file} back from a copy of the workspace."
    )
