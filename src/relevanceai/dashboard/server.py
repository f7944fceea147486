"""The dashboard process: binds the loopback, writes its record, serves, and ends when idle.

The order matters. The socket listens before the heavy imports, so that a question asked meanwhile
waits in the socket's queue instead of failing; libraries that only a page needs are loaded in a
thread once the server answers.
"""

import contextlib
import errno
import importlib
import logging
import math
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from relevanceai.browser import sweep_redirects
from relevanceai.errors import DashboardError, RelevanceAIError, WorkspaceError
from relevanceai.launch import (
    DEFAULT_PORT,
    HOST,
    PORTS_TRIED,
    check_base_url,
    find,
    package_version,
)
from relevanceai.runtime import (
    Folder,
    ServerRecord,
    process_lock,
    read_record,
    remove_record,
    resolved,
    write_record,
)

if TYPE_CHECKING:
    import uvicorn
    from filelock import BaseFileLock
    from starlette.types import ASGIApp

    from relevanceai.dashboard.settings import Settings

IDLE_S = 900.0
_LOCK_S = 15.0
_GLANCE_S = 5.0
_MOST_AT_ONCE = 200
_WARMED = ("relevanceai.dataset", "relevanceai.operations.viz.cluster", "PIL.Image", "pandas")
_WARM_S = 10.0
_PAUSE_S = 0.1  # between pages nobody has asked for yet: who does ask goes first
_SWITCH_S = 0.001  # as many threads load and draw, the one that answers must not wait its turn

logger = logging.getLogger(__name__)


def run(
    workspace: Folder,
    *,
    port: int | None = None,
    base_url: str | None = None,
    idle_s: float = IDLE_S,
    make_app: "Callable[[Path, Settings], ASGIApp] | None" = None,
) -> int:
    """Serve the dashboard of a workspace until it is idle, told to stop, or sent SIGTERM.

    Parameters
    ----------
    workspace : the folder whose datasets are shown.
    port : where to listen on 127.0.0.1; a busy port takes the next free one. None is 7431.
    base_url : what links start with, behind a proxy; its host may ask, too.
    idle_s : seconds without a request after which the process ends.
    make_app : builds the application; None builds the dashboard.

    Returns
    -------
    The exit code: 0 also when another process serves this workspace already.

    Raises
    ------
    WorkspaceError
        The workspace is a file.
    DashboardError
        No port can be had, or a process that holds this workspace does not answer.
    """
    folder = resolved(workspace)
    if folder.exists() and not folder.is_dir():
        raise WorkspaceError(f"The workspace {folder} is a file. Pass a folder.")
    base_url = check_base_url(base_url)
    lock = process_lock(folder)
    if not _take(lock, folder):
        return 0
    with contextlib.ExitStack() as stack:
        stack.callback(lock.release)
        listener = stack.enter_context(_bound(DEFAULT_PORT if port is None else port))
        own_port = int(listener.getsockname()[1])
        record = ServerRecord(
            pid=os.getpid(),
            port=own_port,
            url=f"http://{HOST}:{own_port}",
            base_url=base_url,
            secret=secrets.token_urlsafe(32),
            workspace=str(folder),
            version=package_version(),
        )
        write_record(record)
        stack.callback(remove_record, record)
        sweep_redirects()
        _Process(record, idle_s).serve(listener, make_app or _dashboard)
    return 0


class _Process:
    """One server with its idle clock and its ways to end."""

    def __init__(self, record: ServerRecord, idle_s: float) -> None:
        self._record = record
        self._idle_s = idle_s
        self._last_request = time.monotonic()
        self._ending = threading.Event()
        self._server: uvicorn.Server | None = None

    def serve(
        self, listener: socket.socket, make_app: "Callable[[Path, Settings], ASGIApp]"
    ) -> None:
        """Build the application and answer until `end` is called."""
        sys.setswitchinterval(_SWITCH_S)
        with _signals(self.end):
            app = make_app(Path(self._record.workspace), self._settings())
            self._server = _uvicorn(app)
            threading.Thread(target=self._watch, name="watch", daemon=True).start()
            # No daemon: a process that exits in the middle of an import may crash.
            threading.Thread(target=self._warm, args=(app,), name="warm").start()
            try:
                if not self._ending.is_set():
                    self._server.run(sockets=[listener])
            finally:
                self._ending.set()

    def end(self) -> None:
        """Let the server finish the answers under way, then return from `serve`."""
        self._ending.set()
        if self._server is not None:
            self._server.should_exit = True

    def _settings(self) -> "Settings":
        from relevanceai.dashboard.settings import Settings

        return Settings(
            secret=self._record.secret,
            port=self._record.port,
            base_url=self._record.base_url,  # its host is let in, too
            on_request=self._note_request,
            on_stop=self.end,
        )

    def _note_request(self) -> None:
        self._last_request = time.monotonic()

    def _watch(self) -> None:
        """End when idle, or when the workspace is deleted; write a lost record again."""
        workspace = Path(self._record.workspace)
        had_workspace = workspace.is_dir()
        while not self._ending.is_set():
            left_s = self._last_request + self._idle_s - time.monotonic()
            if left_s <= 0 or (had_workspace and not workspace.is_dir()):
                self.end()
                return
            had_workspace = had_workspace or workspace.is_dir()
            if read_record(workspace) is None:
                with contextlib.suppress(OSError, DashboardError):
                    write_record(self._record)
            self._ending.wait(min(left_s, _GLANCE_S))

    def _warm(self, app: "ASGIApp") -> None:
        """Load what the first page needs, once the server answers; then open the likely pages.

        What they found is remembered, so the visitor who comes next sees them at once.
        """
        while not (self._ending.is_set() or (self._server and self._server.started)):
            self._ending.wait(0.01)
        for name in _WARMED:
            if not self._ending.is_set():
                importlib.import_module(name)
        first_pages = getattr(getattr(app, "state", None), "first_pages", None)
        if first_pages is None or self._ending.is_set():
            return
        try:
            self._open(first_pages())
        except (OSError, HTTPException, RelevanceAIError) as error:
            logger.info("the first pages were not opened ahead of time: %s", error)

    def _open(self, paths: Sequence[str]) -> None:
        """Ask this server for pages, as their owner."""
        connection = HTTPConnection(HOST, self._record.port, timeout=_WARM_S)
        headers = {"Authorization": f"Bearer {self._record.secret}", "Accept-Encoding": "gzip"}
        with contextlib.closing(connection):
            for path in paths:
                if self._ending.is_set():
                    return
                connection.request("GET", path, headers=headers)
                connection.getresponse().read()
                self._ending.wait(_PAUSE_S)


def _dashboard(workspace: Path, settings: "Settings") -> "ASGIApp":
    from relevanceai.client import Client
    from relevanceai.dashboard.app import create_app

    return create_app(Client(workspace), settings)


def _uvicorn(app: "ASGIApp") -> "uvicorn.Server":
    """Return a server that logs warnings only: an address may carry a code."""
    import uvicorn

    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MOST_AT_ONCE,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def _take(lock: "BaseFileLock", workspace: Path) -> bool:
    """Take the lock of this workspace; False when another process serves it."""
    from filelock import Timeout

    deadline = time.monotonic() + _LOCK_S
    while True:
        with contextlib.suppress(Timeout):
            lock.acquire(timeout=0)
            return True
        if find(workspace) is not None:
            return False
        if time.monotonic() > deadline:
            record = read_record(workspace)
            holder = f"process {record.pid}" if record else "a process"
            raise DashboardError(
                f"The dashboard of workspace {str(workspace)!r} cannot start: {holder} serves it "
                f"and does not answer. End {holder}, then try again."
            )
        time.sleep(0.05)


@contextlib.contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    """Listen on the loopback at `port`, or the next free one, or any when 50 are busy."""
    tries = range(port, min(port + PORTS_TRIED, 65_536)) if port else range(0)
    for number in (*tries, 0):
        try:
            listener = socket.create_server((HOST, number), backlog=128)
        except OSError as error:
            if error.errno != errno.EADDRINUSE and getattr(error, "winerror", None) != 10013:
                raise DashboardError(
                    f"The dashboard cannot listen on port {number}: {error.strerror}. "
                    "Pass another one with --port, 1024 or higher."
                ) from error
        else:
            # Inherited by each connection. asyncio sets it only on sockets that name TCP as their
            # protocol; without it every second answer waits 40 ms for an acknowledgement.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with listener:
                yield listener
            return
    raise DashboardError("The dashboard found no free port on this machine.")


@contextlib.contextmanager
def _signals(end: Callable[[], None]) -> Iterator[None]:
    """Call `end` on SIGTERM and SIGINT; uvicorn raises them again after its own clean-up."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        end()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(arguments: list[str] | None = None) -> int:
    """Run the dashboard process from its command line; say on stderr what goes wrong."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m relevanceai.dashboard",
        description="The dashboard process. People type `relevanceai dashboard` instead.",
    )
    parser.add_argument("--workspace", required=True, help="the folder whose datasets are shown")
    parser.add_argument("--port", type=int, help=f"where to listen (default {DEFAULT_PORT})")
    parser.add_argument("--base-url", help="what links start with, behind a proxy")
    parser.add_argument("--idle-s", type=float, default=IDLE_S, help="ends after so many seconds")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    idle_s = given.idle_s if given.idle_s > 0 else math.inf
    try:
        return run(given.workspace, port=given.port, base_url=given.base_url, idle_s=idle_s)
    except RelevanceAIError as error:
        print(error, file=sys.stderr)
        return 1
