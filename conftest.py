"""What every test and doctest lives in: no network, no real home, no dashboard nobody asked for.

It stands at the root because the doctests under `src` need it as much as the files under `tests`,
whose own `conftest.py` holds the data.
"""

import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

KEPT = {"RELEVANCEAI_REQUIRE_BROWSER", "RELEVANCEAI_BENCH_DATA", "RELEVANCEAI_SOAK"}
_scratch = pytest.StashKey[Path]()
_browser_tests_run = pytest.StashKey[int]()

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


def _browser_is_required() -> bool:
    return os.environ.get("RELEVANCEAI_REQUIRE_BROWSER", "") not in {"", "0"}


def pytest_configure(config: pytest.Config) -> None:
    """Point everything that looks at the environment to a folder of this session."""
    scratch = Path(tempfile.mkdtemp(prefix="rai-tests-"))
    config.stash[_scratch] = scratch
    config.stash[_browser_tests_run] = 0
    runtime = scratch / "run"
    runtime.mkdir(mode=0o700)
    for name in [name for name in os.environ if name.startswith("RELEVANCEAI_")]:
        if name not in KEPT:
            del os.environ[name]
    os.environ |= {
        "RELEVANCEAI_HOME": str(scratch / "home"),
        "RELEVANCEAI_DASHBOARD": "off",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(scratch / "matplotlib"),
        "XDG_RUNTIME_DIR": str(runtime),
    }


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_scratch], ignore_errors=True)


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a workspace of its own; a test that wants a dashboard asks for it."""
    monkeypatch.setenv("RELEVANCEAI_HOME", str(tmp_path / "default-home"))
    monkeypatch.setenv("RELEVANCEAI_DASHBOARD", "off")
    monkeypatch.setattr("relevanceai.progress.SLOW_S", 3600.0)  # a busy machine changes no output


def _is_on_this_machine(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in {"", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Refuse to look up a name, or to reach an address, that is not of this machine."""
    look_up = socket.getaddrinfo

    def guarded_look_up(host: object, *rest: object, **options: object) -> object:
        if not _is_on_this_machine(host):
            raise AssertionError(f"A test looked up {host!r}. Tests use no network.")
        return look_up(host, *rest, **options)

    def guarded(name: str):
        real = getattr(socket.socket, name)

        def connect(self: socket.socket, address: object) -> object:
            is_local = not isinstance(address, tuple) or _is_on_this_machine(address[0])
            if not is_local:  # a text is a Unix socket
                self.close()
                raise AssertionError(f"A test tried to reach {address!r}. Tests use no network.")
            return real(self, address)

        return connect

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(name))
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Count the browser tests, and turn a skipped one into a failure where a browser is required."""
    report = yield
    if item.get_closest_marker("browser") is None:
        return report
    if report.skipped and _browser_is_required():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"RELEVANCEAI_REQUIRE_BROWSER is set, yet this test was skipped: {reason}"
    elif report.when == "call":
        item.config.stash[_browser_tests_run] += 1
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which a browser is required and no test used one."""
    if _browser_is_required() and not session.config.stash[_browser_tests_run]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if _browser_is_required():
        n_run = config.stash[_browser_tests_run]
        terminalreporter.write_line(
            f"Browser tests run: {n_run}"
            + ("" if n_run else ". RELEVANCEAI_REQUIRE_BROWSER is set, so this is a failure.")
        )
