"""Workspaces of a test's own for the command line, and no browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from relevanceai import launch


@pytest.fixture
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A runtime folder of the test's own, no browser: what it would open."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    opened: list[str] = []
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.delenv("RELEVANCEAI_DASHBOARD", raising=False)
    monkeypatch.delenv("RELEVANCEAI_BASE_URL", raising=False)
    monkeypatch.setattr(launch, "open_browser", lambda url: opened.append(url) is None)
    return opened


@pytest.fixture
def home(tmp_path: Path) -> Iterator[str]:
    """An empty workspace, whose dashboard is ended when the test is over."""
    folder = tmp_path / "home"
    yield str(folder)
    launch.stop(folder)


@pytest.fixture
def sample_copy(sample_home: Path, tmp_path: Path) -> Iterator[str]:
    """A workspace of the test's own with the sample, whose dashboard is ended afterwards."""
    folder = shutil.copytree(sample_home, tmp_path / "sample")
    yield str(folder)
    launch.stop(folder)


@pytest.fixture
def small_copy(small_home: Path, tmp_path: Path) -> str:
    """A workspace of the test's own with three small clusters."""
    return str(shutil.copytree(small_home, tmp_path / "small"))
