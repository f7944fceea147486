"""A link is opened without its code in a command line, by whatever browser there is."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from relevanceai import browser, launch
from relevanceai.browser import KEPT_S, browser_reads_files, sweep_redirects, write_redirect

LINK = "http://127.0.0.1:1/x?a=%22&code=the-code"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="about owners, modes and names of files")


@pytest.fixture(autouse=True)
def private_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder of the test's own, and a Linux desktop with nothing installed."""
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(browser, "_SNAPS", tmp_path / "snap")
    monkeypatch.setattr(browser, "_CONFINED", (tmp_path / "confined",))
    for name in ("BROWSER", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    return folder


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a browser was handed."""
    addresses: list[str] = []

    def take(address: str) -> bool:
        addresses.append(address)
        return True

    monkeypatch.setattr("webbrowser.open", take)
    return addresses


def installed(folder: Path, name: str, target: str | None = None) -> Path:
    """Put a program, or a link to one, where programs are looked for."""
    path = folder / "bin" / name
    if target is not None:
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(folder / target)
        path = folder / target
    path.write_text("#!/bin/sh\n")
    path.chmod(0o700)
    return path


# opening -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("display", ["", ":0"])
def test_a_browser_opens_only_where_there_is_a_window(
    monkeypatch: pytest.MonkeyPatch, opened: list[str], display: str
) -> None:
    monkeypatch.setattr(browser, "browser_reads_files", lambda: False)
    monkeypatch.setenv("DISPLAY", display)
    assert launch.open_browser(LINK) is bool(display)
    assert opened == ([LINK] if display else [])


def test_no_code_stands_in_a_command_line(
    monkeypatch: pytest.MonkeyPatch, opened: list[str], private_runtime: Path
) -> None:
    monkeypatch.setattr(browser, "browser_reads_files", lambda: True)
    assert launch.open_browser(LINK)
    (file,) = private_runtime.rglob("open-*.html")
    assert opened == [file.as_uri()]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert 'content="0;url=http://127.0.0.1:1/x?a=%22&amp;code=the-code"' in text
    assert "<script" not in text


def test_a_file_that_no_browser_took_is_removed(
    monkeypatch: pytest.MonkeyPatch, private_runtime: Path
) -> None:
    monkeypatch.setattr(browser, "browser_reads_files", lambda: True)
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    assert not launch.open_browser(LINK)
    assert list(private_runtime.rglob("open-*")) == []


def test_without_a_private_folder_the_link_itself_is_opened(
    monkeypatch: pytest.MonkeyPatch, opened: list[str], private_runtime: Path
) -> None:
    monkeypatch.setattr(browser, "browser_reads_files", lambda: True)
    (private_runtime / "relevanceai").write_text("")
    assert launch.open_browser(LINK)
    assert opened == [LINK]
    sweep_redirects()


def test_nothing_that_stands_in_a_link_leaves_its_attribute() -> None:
    file = write_redirect('http://h/"><script>alert(1)</script>')
    assert file is not None
    assert "<script" not in file.read_text()


def test_old_files_go_and_new_ones_stay(private_runtime: Path) -> None:
    old, new = write_redirect(LINK), write_redirect(LINK)
    assert old is not None
    assert new is not None
    kept = old.parent / "dashboard-x.json"
    kept.write_text("{}")
    for path in (old, kept):
        past = time.time() - KEPT_S - 1
        os.utime(path, (past, past))
    sweep_redirects()
    assert sorted(private_runtime.rglob("*.*")) == sorted([new, kept])


# who can read a file -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reads"),
    [
        ("firefox", True),
        ("firefox %s", True),
        ("/usr/bin/google-chrome-stable", True),
        ("lynx", True),
        ("/snap/bin/firefox", False),
        ("flatpak run org.mozilla.firefox", False),
        ("/home/ada/.vscode-server/bin/helpers/browser.sh", False),
        ("wslview", False),
    ],
)
def test_a_named_browser(monkeypatch: pytest.MonkeyPatch, command: str, reads: bool) -> None:
    monkeypatch.setenv("BROWSER", command)
    assert browser_reads_files() is reads
    monkeypatch.setenv("BROWSER", f"firefox{os.pathsep}{command}{os.pathsep}")
    assert browser_reads_files() is reads


def test_a_browser_that_moved_into_a_snap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BROWSER", "chromium-browser")
    installed(tmp_path, "chromium-browser")
    assert browser_reads_files()
    (tmp_path / "snap").mkdir()
    (tmp_path / "snap" / "chromium").write_text("")
    assert not browser_reads_files()


@pytest.mark.parametrize(
    ("target", "reads"), [("opt/firefox", True), ("snap/firefox", False), ("opt/helper", True)]
)
def test_the_systems_choice_is_followed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, target: str, reads: bool
) -> None:
    installed(tmp_path, "x-www-browser", target)
    monkeypatch.setenv("BROWSER", "x-www-browser")
    assert browser_reads_files() is reads


@pytest.mark.parametrize("entry", ["firefox_firefox.desktop", "org.mozilla.firefox.desktop"])
def test_the_desktops_choice_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, entry: str
) -> None:
    def answer(*_words: object, **_options: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess([], 0, stdout=f"{entry}\n")

    monkeypatch.setenv("BROWSER", "xdg-open")
    assert browser_reads_files()  # there is nobody to ask
    monkeypatch.setattr(subprocess, "run", answer)
    assert browser_reads_files()
    (tmp_path / "confined").mkdir()
    (tmp_path / "confined" / entry).write_text("")
    assert not browser_reads_files()


def test_on_windows_subsystem_and_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WSL_DISTRO_NAME", "Ubuntu")
    assert not browser_reads_files()
    monkeypatch.setattr(sys, "platform", "darwin")
    assert browser_reads_files()
