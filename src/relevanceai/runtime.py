"""The record by which a running dashboard is found, and the private folder it stands in."""

import hashlib
import json
import os
import platform
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from relevanceai.errors import DashboardError

if TYPE_CHECKING:
    from filelock import BaseFileLock

Folder: TypeAlias = str | os.PathLike[str]
_RECORD_BYTES = 65_536


@dataclass(frozen=True)
class ServerRecord:
    """Where a dashboard process listens, and the secret that proves who asks.

    `url` is its own address, `base_url` the one that people outside reach it by (None: the same),
    `workspace` the resolved folder, `version` that of the package the process runs.
    """

    pid: int
    port: int
    url: str
    base_url: str | None
    secret: str = field(repr=False)
    workspace: str
    version: str


def runtime_folder(workspace: Folder) -> Path:
    """Return the folder of records, locks and logs, made with mode 0700.

    It is the user's runtime folder. When that is a symbolic link, belongs to someone else or could
    be replaced by someone else, it is the folder `run` in the workspace instead.

    Raises
    ------
    DashboardError
        Neither folder can be made private.
    """
    reasons = []
    for folder in (_user_folder(), resolved(workspace) / "run"):
        reason = "the system names none" if folder is None else _why_not_private(folder)
        if folder is not None and reason is None:
            return folder
        reasons.append(f"{folder or 'the runtime folder'} ({reason})")
    raise DashboardError(
        f"No private folder for the dashboard's record: tried {' and '.join(reasons)}. "
        "Set XDG_RUNTIME_DIR to a folder of your own with mode 0700."
    )


def private_user_folder() -> Path | None:
    """Return the user's runtime folder, made with mode 0700; None when it cannot be private."""
    folder = _user_folder()
    return None if folder is None or _why_not_private(folder) is not None else folder


def record_path(workspace: Folder) -> Path:
    """Return the file that holds the record of a workspace's dashboard on this machine."""
    return runtime_folder(workspace) / f"{_stem(workspace)}.json"


def log_path(workspace: Folder) -> Path:
    """Return the file that takes what the dashboard process says on stderr."""
    return runtime_folder(workspace) / f"{_stem(workspace)}.log"


def process_lock(workspace: Folder) -> "BaseFileLock":
    """Return the lock (not yet taken) that a dashboard process holds as long as it lives."""
    from filelock import FileLock

    path = runtime_folder(workspace) / f"{_stem(workspace)}.lock"
    return FileLock(path, mode=0o600, poll_interval=0.02)


def write_record(record: ServerRecord) -> None:
    """Write the record, whole or not at all, readable by its owner only."""
    path = record_path(record.workspace)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(open_private(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w") as file:
        json.dump(asdict(record), file)
    draft.replace(path)


def read_record(workspace: Folder) -> ServerRecord | None:
    """Return the record as it stands in its file, alive or stale; None when there is none."""
    try:
        with os.fdopen(open_private(record_path(workspace), os.O_RDONLY)) as file:
            stored = json.loads(file.read(_RECORD_BYTES))
        record = ServerRecord(**stored)
    except (OSError, ValueError, TypeError):
        return None
    return record if record.workspace == str(resolved(workspace)) else None


def remove_record(record: ServerRecord) -> None:
    """Remove the file of `record`; the record of another process is left alone."""
    if read_record(record.workspace) == record:
        record_path(record.workspace).unlink(missing_ok=True)


def resolved(workspace: Folder) -> Path:
    """Return the absolute folder of a workspace, symbolic links followed."""
    return Path(workspace).expanduser().resolve()


def _stem(workspace: Folder) -> str:
    """Name the files of a workspace; the machine counts, as home folders may be shared."""
    key = f"{platform.node()}\n{resolved(workspace)}"
    return f"dashboard-{hashlib.sha256(key.encode('utf-8', 'surrogateescape')).hexdigest()[:20]}"


def _user_folder() -> Path | None:
    from platformdirs import user_runtime_dir

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "XDG_RUNTIME_DIR is not set" is no news for anyone
        try:
            return Path(user_runtime_dir("relevanceai", appauthor=False))
        except (OSError, RuntimeError):
            return None


def _why_not_private(folder: Path) -> str | None:
    """Make `folder` with mode 0700; return why it cannot be trusted, None when it can."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or not folder.is_dir():
            return "it is a symbolic link"
        if os.name == "nt":
            return None  # folders below the user's profile are private there
        me = os.getuid()
        if folder.lstat().st_uid != me:
            return "it belongs to someone else"
        folder.chmod(0o700)
        for parent in folder.resolve().parents:
            found = parent.stat()
            if found.st_uid not in (0, me) or (
                found.st_mode & 0o002 and not found.st_mode & 0o1000
            ):
                return f"someone else could replace it through {parent}"
    except OSError as error:
        return error.strerror or str(error)
    return None


def open_private(path: Path, flags: int) -> int:
    """Open a file that only its owner may read, never through a symbolic link."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0), 0o600)
