"""The dashboard process: found, started once, restarted when it must be, ended; its private files."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import relevanceai
from relevanceai import launch, runtime
from relevanceai.dashboard import server
from relevanceai.errors import DashboardError, InvalidInputError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from relevanceai.dashboard.settings import Settings

posix_only = pytest.mark.skipif(os.name == "nt", reason="about owners and modes of files")


@pytest.fixture(autouse=True)
def private_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder of the test's own; a proxy that must not be used."""
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("RELEVANCEAI_BASE_URL", raising=False)
    monkeypatch.delenv("RELEVANCEAI_DASHBOARD", raising=False)
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """An empty workspace, whose dashboard is ended when the test is over."""
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    launch.stop(folder)


def record_of(home: Path, *, port: int, pid: int | None = None) -> runtime.ServerRecord:
    return runtime.ServerRecord(
        pid=os.getpid() if pid is None else pid,
        port=port,
        url=f"http://127.0.0.1:{port}",
        base_url=None,
        secret="not-a-secret",
        workspace=str(home.resolve()),
        version=relevanceai.__version__,
    )


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


def tiny_app(workspace: Path, settings: "Settings") -> "ASGIApp":
    """Enough of a dashboard to be found and stopped."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def health(request: Request) -> JSONResponse:
        settings.on_request()
        return JSONResponse({"workspace": str(workspace), "version": "0", "pid": os.getpid()})

    def stop(request: Request) -> JSONResponse:
        settings.on_stop()
        return JSONResponse({}, status_code=202)

    return Starlette(
        routes=[Route("/api/health", health), Route("/api/stop", stop, methods=["POST"])]
    )


# ---------------------------------------------------------------- real processes


def test_a_dashboard_is_started_found_linked_to_and_stopped(home: Path) -> None:
    pending = launch.start(home, port=0)
    record = pending.wait()
    assert pending.wait() == record == launch.find(home)
    assert record.url == f"http://127.0.0.1:{record.port}"
    assert record.workspace == str(home.resolve())
    assert record.version == relevanceai.__version__
    assert record.secret not in repr(record)
    assert launch.start(home).wait() == record
    query = {"dataset": "my data/é", "cluster": ["cluster-1", "cluster-2"]}
    link = launch.link(record, "/sdk/cluster/centroids/closest", query)
    start = f"{record.url}/sdk/cluster/centroids/closest?dataset=my%20data%2F%C3%A9"
    assert link.startswith(f"{start}&cluster=cluster-1&cluster=cluster-2&code=")
    assert len(link.rpartition("=")[2]) > 20
    assert record.secret not in link
    assert link != launch.link(record, "/sdk/cluster/centroids/closest", query)
    assert launch.stop(home)
    assert launch.find(home) is None
    assert not runtime.record_path(home).exists()
    assert not launch.stop(home)


def test_a_started_dashboard_shows_its_workspace(home: Path) -> None:
    record = launch.start(home, port=0).wait()
    with closing(http.client.HTTPConnection("127.0.0.1", record.port, timeout=30)) as connection:
        connection.request("GET", "/", headers={"Authorization": f"Bearer {record.secret}"})
        reply = connection.getresponse()
        page = reply.read().decode()
    assert reply.status == 200
    assert str(home) in page


@posix_only
def test_record_and_log_are_for_their_owner_only(home: Path, private_runtime: Path) -> None:
    launch.start(home, port=0).wait()
    folder = private_runtime / "relevanceai"
    assert runtime.record_path(home).parent == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {".json": 0o600, ".lock": 0o600, ".log": 0o600}


def test_two_programs_at_once_start_one_server_that_outlives_them(home: Path) -> None:
    code = "import sys; from relevanceai import launch; print(launch.start(sys.argv[1], port=0).wait())"
    programs = [
        subprocess.Popen([sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    first, second = (program.communicate(timeout=60)[0] for program in programs)
    record = launch.find(home)
    assert record is not None
    assert first == second == f"{record}\n"


def test_two_workspaces_have_two_servers_on_two_ports(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    port = free_port()
    first = launch.start(home, port=port).wait()
    second = launch.start(other, port=port).wait()
    try:
        assert first.port == port
        assert second.port != port
        assert first.pid != second.pid
        assert launch.find(home) == first
    finally:
        launch.stop(other)


def test_a_busy_port_takes_the_next(home: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        busy = int(listener.getsockname()[1])
        record = launch.start(home, port=busy).wait()
        assert record.port != busy
        assert launch.start(home, port=busy).wait() == record  # still busy: nothing to gain


def test_an_asked_for_port_that_is_free_moves_the_server(home: Path) -> None:
    first = launch.start(home, port=0).wait()
    port = free_port()
    second = launch.start(home, port=port).wait()
    assert (second.port, second.pid != first.pid) == (port, True)


def test_a_dashboard_ends_when_nobody_asks_anything(home: Path) -> None:
    module = [sys.executable, "-m", "relevanceai.dashboard", "--workspace", str(home)]
    process = subprocess.Popen([*module, "--port", "0", "--idle-s", "0.2"])
    assert process.wait(timeout=30) == 0
    assert not runtime.record_path(home).exists()


@posix_only
def test_sigterm_ends_a_dashboard_and_removes_its_record(home: Path) -> None:
    module = [sys.executable, "-m", "relevanceai.dashboard", "--workspace", str(home)]
    process = subprocess.Popen([*module, "--port", "0"])
    pending = launch.Pending(home, None, process)
    assert pending.wait().pid == process.pid
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert not runtime.record_path(home).exists()


@posix_only
def test_a_killed_server_leaves_a_record_that_the_next_start_replaces(home: Path) -> None:
    first = launch.start(home, port=0).wait()
    os.kill(first.pid, signal.SIGKILL)
    second = launch.start(home, port=0).wait()
    assert second.pid != first.pid
    assert launch.find(home) == second


def test_a_server_of_another_version_is_replaced(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = launch.start(home, port=0).wait()
    monkeypatch.setattr(launch, "package_version", lambda: "999.0")
    assert launch.start(home, port=0).wait().pid != first.pid


def test_a_base_url_goes_into_links_and_another_one_restarts(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = launch.start(home, port=0, base_url="https://hub.example.org/proxy/7431/").wait()
    assert launch.link(first, "/x").startswith("https://hub.example.org/proxy/7431/x?code=")
    assert launch.start(home).wait() == first
    monkeypatch.setenv("RELEVANCEAI_BASE_URL", "https://lab.example.org")
    second = launch.start(home, port=0).wait()
    assert second.base_url == "https://lab.example.org"
    assert second.pid != first.pid


def test_a_failed_start_says_what_the_log_says(tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.write_text("not a folder")
    with pytest.raises(DashboardError) as caught:
        launch.start(file, port=0).wait()
    first, second, *tail, more, without = str(caught.value).splitlines()
    assert first == (
        f"The dashboard of workspace {str(file)!r} did not start: its process ended with code 1."
    )
    assert second == f"Its log, {runtime.log_path(file)}, ends with:"
    assert str(file) in "\n".join(tail)
    assert more == f"To see more, type: relevanceai dashboard --workspace '{file}' --foreground"
    assert without == "To do without it, set RELEVANCEAI_DASHBOARD=off."


@posix_only
def test_a_log_that_leads_elsewhere_is_not_written(home: Path, tmp_path: Path) -> None:
    runtime.log_path(home).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DashboardError) as caught:
        launch.start(home, port=0)
    first = f"The dashboard of workspace {str(home)!r} could not be started: "
    assert str(caught.value).startswith(first)
    assert str(caught.value).endswith(". To do without it, set RELEVANCEAI_DASHBOARD=off.")
    assert not (tmp_path / "elsewhere").exists()


# ---------------------------------------------------------------- the server's own parts


def served_in_a_thread(home: Path) -> tuple[threading.Thread, runtime.ServerRecord]:
    thread = threading.Thread(
        target=server.run, args=(home,), kwargs={"port": 0, "make_app": tiny_app}
    )
    thread.start()
    return thread, launch.Pending(home, None).wait()


def test_a_server_runs_any_application_until_told_to_stop(home: Path) -> None:
    thread, record = served_in_a_thread(home)
    assert launch.find(home) == record
    assert server.run(home, port=0, make_app=tiny_app) == 0  # one is enough: the second gives way
    assert launch.find(home) == record
    assert launch.stop(home)
    thread.join(timeout=30)
    assert not thread.is_alive()


class OneGlance(threading.Event):
    """An event whose wait ends the watch after one round."""

    def wait(self, timeout: float | None = None) -> bool:
        self.set()
        return True


def test_a_lost_record_is_written_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "Event", OneGlance)
    record = record_of(home, port=free_port())
    server._Process(record, 60.0)._watch()
    assert runtime.read_record(home) == record


def test_a_server_whose_workspace_is_deleted_ends(tmp_path: Path) -> None:
    home = tmp_path / "short-lived"
    home.mkdir()
    process = server._Process(record_of(home, port=free_port()), 60.0)

    class Deleting(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            home.rmdir()
            return False

    process._ending = Deleting()
    process._watch()
    assert process._ending.is_set()


def test_a_process_that_holds_a_workspace_silently_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_LOCK_S", 0.0)
    message = (
        f"The dashboard of workspace {str(home)!r} cannot start: a process serves it and does not "
        "answer. End a process, then try again."
    )
    with runtime.process_lock(home), pytest.raises(DashboardError) as caught:
        server.run(home, port=0, make_app=tiny_app)
    assert str(caught.value) == message


# ---------------------------------------------------------------- records that lead nowhere


def test_a_record_that_leads_to_nobody_is_removed(home: Path) -> None:
    runtime.write_record(record_of(home, port=free_port()))
    assert launch.find(home) is None
    assert not runtime.record_path(home).exists()


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"no json",
        b"[]",
        json.dumps({"workspace": "/elsewhere", "version": "1", "pid": 1}).encode(),
    ],
)
def test_a_record_that_leads_to_somebody_else_is_removed(home: Path, reply: bytes) -> None:
    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        answer = threading.Thread(target=stranger.handle_request)
        answer.start()
        runtime.write_record(record_of(home, port=stranger.server_port))
        assert launch.find(home) is None
        answer.join()
    assert not runtime.record_path(home).exists()


def test_the_record_of_a_slow_server_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "_ANSWER_S", 0.05)
    monkeypatch.setattr(launch, "_STOP_S", 0.05)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        record = record_of(home, port=int(listener.getsockname()[1]), pid=4242)
        runtime.write_record(record)
        assert launch.find(home) is None
        assert runtime.read_record(home) == record
        with runtime.process_lock(home), pytest.raises(DashboardError) as caught:
            launch.stop(home)
    assert str(caught.value) == (
        f"The dashboard at {record.url} should stop, but process 4242 has not ended (timed out). "
        "End that process by its number, then try again."
    )


def test_a_link_into_a_dashboard_that_has_ended_says_how_to_start_it(home: Path) -> None:
    record = record_of(home, port=free_port())
    with pytest.raises(DashboardError) as caught:
        launch.link(record)
    assert str(caught.value).startswith(f"The dashboard at {record.url} gave no code for a link (")
    assert str(caught.value).endswith(f"Start it again: {launch.command(home)}")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "more": 2}'])
def test_a_damaged_record_is_no_record(home: Path, text: str) -> None:
    runtime.record_path(home).write_text(text)
    assert runtime.read_record(home) is None
    assert launch.find(home) is None


def test_a_record_of_another_workspace_is_not_read(home: Path, tmp_path: Path) -> None:
    runtime.write_record(record_of(tmp_path / "other", port=1))
    runtime.record_path(tmp_path / "other").rename(runtime.record_path(home))
    assert runtime.read_record(home) is None


def test_removing_a_record_leaves_that_of_another_process(home: Path) -> None:
    mine, theirs = record_of(home, port=1), record_of(home, port=2)
    runtime.write_record(theirs)
    runtime.remove_record(mine)
    assert runtime.read_record(home) == theirs


# ---------------------------------------------------------------- the private folder


@posix_only
def test_a_symbolic_link_as_runtime_folder_is_refused(home: Path, private_runtime: Path) -> None:
    (private_runtime / "elsewhere").mkdir()
    (private_runtime / "relevanceai").symlink_to(private_runtime / "elsewhere")
    assert runtime.runtime_folder(home) == home / "run"
    assert stat.S_IMODE((home / "run").stat().st_mode) == 0o700


@posix_only
def test_a_folder_that_others_could_replace_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setattr(runtime, "_user_folder", lambda: shared / "relevanceai")
    assert runtime.runtime_folder(home) == home / "run"


@posix_only
def test_a_folder_too_open_is_closed(home: Path, private_runtime: Path) -> None:
    (private_runtime / "relevanceai").mkdir(mode=0o755)
    folder = runtime.runtime_folder(home)
    assert folder == private_runtime / "relevanceai"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@posix_only
def test_folders_of_someone_else_are_an_error(
    home: Path, private_runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = private_runtime / "relevanceai"
    monkeypatch.setattr(runtime, "_user_folder", lambda: mine)
    me = os.getuid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: me + 1)
        with pytest.raises(DashboardError) as caught:
            runtime.runtime_folder(home)
    assert str(caught.value) == (
        f"No private folder for the dashboard's record: tried {mine} (it belongs to someone else) "
        f"and {home / 'run'} (it belongs to someone else). "
        "Set XDG_RUNTIME_DIR to a folder of your own with mode 0700."
    )


@posix_only
def test_a_record_behind_a_symbolic_link_is_not_read(home: Path, tmp_path: Path) -> None:
    runtime.write_record(record_of(home, port=1))
    path = runtime.record_path(home)
    path.rename(tmp_path / "moved.json")
    path.symlink_to(tmp_path / "moved.json")
    assert runtime.read_record(home) is None


# ---------------------------------------------------------------- at the door


@pytest.mark.parametrize(
    ("value", "off"),
    [
        *(("off", True), ("OFF ", True), ("0", True), ("false", True), ("no", True)),
        *(("", False), ("on", False), ("1", False)),
    ],
)
def test_the_dashboard_can_be_switched_off(
    monkeypatch: pytest.MonkeyPatch, value: str, off: bool
) -> None:
    monkeypatch.setenv("RELEVANCEAI_DASHBOARD", value)
    assert launch.is_off() is off


@pytest.mark.parametrize(
    "url",
    [
        *("hub.example.org", "ftp://hub.example.org", "https://", "https://a:b@hub", "http://h:x"),
        *("https://h/?q=1", "https://h/#f", "http://h\x1b[2J", "http://[::1"),
    ],
)
def test_a_base_url_that_cannot_start_a_link_is_refused(home: Path, url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        launch.start(home, base_url=url)
    assert str(caught.value) == (
        f"base_url {url!r} is not an address that links can start with. "
        "Pass scheme, host and, if need be, a path: 'https://hub.example.org/proxy/7431'."
    )


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_does_not_exist_is_refused(home: Path, port: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        launch.start(home, port=port)
    assert str(caught.value) == f"There is no port {port}. Pass one from 1 to 65535, or 0 for any."


def test_the_process_is_detached_and_cannot_start_another(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, object] = {}

    class Recorded:
        def __init__(self, words: list[str], **options: object) -> None:
            seen.update(options, words=words)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    monkeypatch.setenv("PYTHONPATH", "lib")
    launch.start(home, port=1234)
    words, environment = seen["words"], seen["env"]
    assert isinstance(words, list)
    assert isinstance(environment, dict)
    assert words[1:] == [
        "-P",
        "-m",
        "relevanceai.dashboard",
        "--workspace",
        str(home),
        "--port=1234",
    ]
    assert environment["RELEVANCEAI_DASHBOARD"] == "off"
    assert str(Path("lib").absolute()) in environment["PYTHONPATH"].split(os.pathsep)
    assert seen["start_new_session"] is True
    assert seen["close_fds"] is True
    assert (seen["stdin"], seen["stdout"]) == (subprocess.DEVNULL, subprocess.DEVNULL)


def test_the_server_takes_no_more_connections_than_it_can_serve() -> None:
    config = server._uvicorn(lambda *_: None).config  # type: ignore[arg-type, return-value]
    assert config.limit_concurrency == 200


# ---------------------------------------------------------------- the switch


@pytest.mark.parametrize(
    ("value", "off"),
    [("", False), ("on", False), ("1", False), ("True", False), (" yes ", False)]
    + [("off", True), ("0", True), ("False", True), (" NO ", True)],
)
def test_the_dashboard_is_switched_on_or_off(
    value: str, off: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEVANCEAI_DASHBOARD", value)
    assert launch.is_off() is off


def test_an_answer_does_not_wait_for_an_acknowledgement() -> None:
    with (
        server._bound(0) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as connection,
    ):
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
