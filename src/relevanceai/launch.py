"""Finds or starts the dashboard process of a workspace, and mints links into it.

The dashboard is a process of its own, one for each workspace, so that a link printed by a script
still works when the script has ended. A running one is found through a record: a 0600 file in the
user's runtime folder that holds its address and its secret. While it lives, the process holds a
lock beside the record, so that two programs which start it at the same time get one server.
"""

import contextlib
import http.client
import json
import os
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from relevanceai.detached import start_detached
from relevanceai.errors import DashboardError, InvalidInputError
from relevanceai.runtime import (
    Folder,
    ServerRecord,
    log_path,
    process_lock,
    read_record,
    remove_record,
    resolved,
)

HOST = "127.0.0.1"
DEFAULT_PORT = 7431
PORTS_TRIED = 50
_REPLY_BYTES = 65_536
_ANSWER_S = 2.0
_STOP_S = 8.0


def is_off() -> bool:
    """True when RELEVANCEAI_DASHBOARD is off, 0, false or no: nothing may start a process.

    Raises
    ------
    InvalidInputError
        It is none of these, and neither unset nor on, 1, true or yes.
    """
    value = os.environ.get("RELEVANCEAI_DASHBOARD", "").strip()
    if value.lower() in {"", "on", "1", "true", "yes"}:
        return False
    if value.lower() in {"off", "0", "false", "no"}:
        return True
    raise InvalidInputError(
        f"RELEVANCEAI_DASHBOARD is {value!r:.60}, so no dashboard is started. "
        "Set it to 'on' or 'off', or unset it, which is 'on'."
    )


def command(workspace: Folder) -> str:
    """Return the line to type that starts the dashboard of a workspace.

    Examples
    --------
    >>> command("/data/my vectors")
    "relevanceai dashboard --workspace '/data/my vectors'"
    """
    words = ["relevanceai", "dashboard", "--workspace", str(resolved(workspace))]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def package_version() -> str:
    """Return the version of the package that runs here."""
    return str(sys.modules["relevanceai"].__version__)


def check_base_url(base_url: str | None) -> str | None:
    """Return `base_url`, or RELEVANCEAI_BASE_URL when that is None, without a slash at its end.

    Raises
    ------
    InvalidInputError
        It is not an http or https address, or has a query, a fragment or a password.

    Examples
    --------
    >>> check_base_url("https://hub.example.org/user/ada/proxy/7431/")
    'https://hub.example.org/user/ada/proxy/7431'
    """
    url = base_url or os.environ.get("RELEVANCEAI_BASE_URL", "").strip()
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_is_fine = urlsplit(""), False
    named = parts.scheme in {"http", "https"} and bool(parts.hostname) and port_is_fine
    if not named or parts.query or parts.fragment or "@" in parts.netloc or not url.isprintable():
        name, verb = ("base_url", "Pass") if base_url else ("RELEVANCEAI_BASE_URL", "Set it to")
        raise InvalidInputError(
            f"{name} {url!r} is not an address that links can start with. "
            f"{verb} scheme, host and, if need be, a path: 'https://hub.example.org/proxy/7431'."
        )
    return url.rstrip("/")


# ---------------------------------------------------------------- asking a server


def find(workspace: Folder) -> ServerRecord | None:
    """Return the record of the running dashboard of a workspace, whatever its version.

    Whoever answers must know the secret and serve this workspace. A record that leads to nobody,
    or to somebody else, is stale and is removed; one whose process is slow to answer is kept.
    """
    record = read_record(workspace)
    if record is None:
        return None
    try:
        return record if _is_ours(record) else None
    except TimeoutError:
        return None


def link(
    record: ServerRecord,
    path: str = "/",
    query: Mapping[str, str | Sequence[str]] | None = None,
) -> str:
    """Mint a link that opens `path` with one click: it carries a code that is good once.

    Parameters
    ----------
    record : a running dashboard, from `find` or `Pending.wait`.
    path : the page, percent-encoded where that is needed, starting with a slash.
    query : names and values for the address; they are percent-encoded here.

    Raises
    ------
    DashboardError
        The process has ended or does not answer.
    """
    try:
        code = str(_ask(record, "POST", "/api/codes")["code"])
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        raise DashboardError(
            f"The dashboard at {record.url} gave no code for a link ({_said(error)}). "
            f"Start it again: {command(record.workspace)}"
        ) from error
    words = urlencode({**(query or {}), "code": code}, doseq=True, quote_via=quote)
    return f"{record.base_url or record.url}{path}?{words}"


def stop(workspace: Folder) -> bool:
    """End the dashboard of a workspace and wait until it has; False when none was running.

    Raises
    ------
    DashboardError
        The process neither answers nor ends.
    """
    record = read_record(workspace)
    if record is None:
        return False
    try:
        if not _is_ours(record):
            return False
        _ask(record, "POST", "/api/stop")
    except (OSError, http.client.HTTPException, ValueError) as error:
        if not _has_ended(workspace):
            raise DashboardError(_stuck(record, _said(error))) from error
    if not _has_ended(workspace):
        raise DashboardError(_stuck(record, "it took the order to stop"))
    return True


# ---------------------------------------------------------------- starting a server


class Pending:
    """A dashboard that is being started, or runs already: `wait` returns its record."""

    def __init__(
        self,
        workspace: Path,
        record: ServerRecord | None,
        process: "subprocess.Popen[bytes] | None" = None,
        log_start: int = 0,
    ) -> None:
        self._workspace = workspace
        self._record = record
        self._process = process
        self._log_start = log_start

    def wait(self, timeout_s: float = 30.0) -> ServerRecord:
        """Return the record once the dashboard answers.

        Raises
        ------
        DashboardError
            It does not within `timeout_s` seconds; the message ends with what its log says.
        """
        deadline = time.monotonic() + timeout_s
        while self._record is None:
            code = self._process.poll() if self._process is not None else None
            self._record = find(self._workspace)
            if self._record is not None:
                break
            if code not in (None, 0):
                raise DashboardError(self._failure(f"its process ended with code {code}"))
            if time.monotonic() > deadline:
                raise DashboardError(self._failure(f"no answer within {timeout_s:g} seconds"))
            time.sleep(0.03)
        self._let_second_give_way(deadline)
        return self._record

    def _let_second_give_way(self, deadline: float) -> None:
        """Wait for a process of ours that came second to see so: `stop` must not wake it."""
        assert self._record is not None
        # On Windows the process that was started may be a launcher with a number of its own.
        if os.name != "nt" and self._process is not None and self._process.pid != self._record.pid:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, deadline - time.monotonic()))

    def _failure(self, found: str) -> str:
        path = log_path(self._workspace)
        try:
            text = path.read_bytes()[self._log_start :].decode("utf-8", "replace")
        except OSError:
            text = ""
        tail = "\n".join(text.strip()[-3000:].splitlines()[-15:]) or "(nothing)"
        return (
            f"The dashboard of workspace {str(self._workspace)!r} did not start: {found}.\n"
            f"Its log, {path}, ends with:\n{tail}\n"
            f"To see more, type: {command(self._workspace)} --foreground\n"
            "To do without it, set RELEVANCEAI_DASHBOARD=off."
        )


def start(
    workspace: Folder,
    *,
    port: int | None = None,
    base_url: str | None = None,
) -> Pending:
    """Start the dashboard of a workspace when none is running, and return at once.

    Do your own work, then call `.wait()` for the record: the process starts meanwhile. A running
    dashboard is used as it is, unless it runs another version of the package, has another base URL
    than the one asked for, or an asked-for port is free: then it is stopped and started again.

    Parameters
    ----------
    workspace : the folder whose datasets it shows.
    port : where to listen on 127.0.0.1; a busy port takes the next free one. None is 7431.
    base_url : what links start with, behind a proxy; None reads RELEVANCEAI_BASE_URL.

    Raises
    ------
    InvalidInputError
        The port or the base URL cannot be used.
    DashboardError
        A running dashboard had to be stopped first and does not end.
    """
    folder = resolved(workspace)
    base_url = check_base_url(base_url)
    if port is not None and not 0 <= port <= 65_535:
        raise InvalidInputError(f"There is no port {port}. Pass one from 1 to 65535, or 0 for any.")
    record = find(folder)
    if record is not None:
        if _is_as_asked(record, port, base_url):
            return Pending(folder, record)
        stop(folder)
    options = {"--port": port, "--base-url": base_url}
    given = [f"{name}={value}" for name, value in options.items() if value is not None]
    try:
        process, log_start = start_detached(["--workspace", str(folder), *given], log_path(folder))
    except OSError as error:
        raise DashboardError(
            f"The dashboard of workspace {str(folder)!r} could not be started: {_said(error)}. "
            "To do without it, set RELEVANCEAI_DASHBOARD=off."
        ) from error
    # Somebody has to collect the exit code, or the ended process stays in the process table.
    threading.Thread(target=process.wait, name="relevanceai-dashboard", daemon=True).start()
    return Pending(folder, None, process, log_start)


def open_browser(url: str) -> bool:
    """Open `url` in the user's browser; False when there is none that has a window."""
    from relevanceai.browser import open_link

    return open_link(url)


# ---------------------------------------------------------------- private parts


def _ask(record: ServerRecord, method: str, path: str) -> dict[str, object]:
    """Ask the server, straight over the loopback: no proxy of the environment is honoured."""
    connection = http.client.HTTPConnection(HOST, record.port, timeout=_ANSWER_S)
    headers = {"Authorization": f"Bearer {record.secret}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, body="{}" if method == "POST" else None, headers=headers)
        response = connection.getresponse()
        text = response.read(_REPLY_BYTES)
        if not 200 <= response.status < 300:
            raise ValueError(f"it answered {response.status}")
        reply = json.loads(text or "{}")
    finally:
        connection.close()
    return reply if isinstance(reply, dict) else {}


def _is_ours(record: ServerRecord) -> bool:
    """True when the process of `record` answers; its file is removed when nobody of ours does.

    Raises TimeoutError when somebody listens but does not answer in time.
    """
    try:
        reply = _ask(record, "GET", "/api/health")
        if reply.get("workspace") == record.workspace and reply.get("pid") == record.pid:
            return True
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException, ValueError):
        pass  # nobody there, or no dashboard
    remove_record(record)
    return False


def _is_as_asked(record: ServerRecord, port: int | None, base_url: str | None) -> bool:
    if record.version != package_version() or base_url not in (None, record.base_url):
        return False
    return not port or port == record.port or not _is_free(port)


def _is_free(port: int) -> bool:
    try:
        with socket.create_server((HOST, port)):
            return True
    except OSError:
        return False


def _has_ended(workspace: Folder) -> bool:
    """Wait until the process has let go of its lock; False when it has not in time."""
    from filelock import Timeout

    with contextlib.suppress(Timeout), process_lock(workspace).acquire(timeout=_STOP_S):
        return True
    return False


def _stuck(record: ServerRecord, found: str) -> str:
    return (
        f"The dashboard at {record.url} should stop, but process {record.pid} has not ended "
        f"({found}). End that process by its number, then try again."
    )


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
