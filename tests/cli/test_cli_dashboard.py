"""The commands that start and stop the dashboard: demo and dashboard."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from refused import error_of
from relevanceai import launch
from relevanceai.cli import main

pytestmark = pytest.mark.usefixtures("quiet")
PAIRS = re.compile(r"Your closest centroids are:\n(-?\d\.\d+ cluster-\d+, cluster-\d+\n)+")


# ---------------------------------------------------------------- demo and dashboard


def test_demo_prints_the_closest_centroids_and_saves_the_heat_map(
    sample_copy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "--no-serve", "--workspace", sample_copy]) == 0
    picture = tmp_path / "relevanceai-demo-heatmap.png"
    text = capsys.readouterr().out
    assert PAIRS.match(text)
    assert text.count("cluster-") == 16
    assert text.splitlines()[-2:] == [
        f"The heat map is in {picture}",
        f"See the clusters on a page: {launch.command(sample_copy)}",
    ]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert launch.find(sample_copy) is None


@pytest.mark.slow
def test_demo_builds_the_sample_when_it_was_deleted(
    sample_copy: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from relevanceai.client import Client

    Client(sample_copy).delete_dataset("ecommerce")
    output = str(tmp_path / "map.svg")
    assert main(["demo", "--no-serve", "--output", output, "--workspace", sample_copy]) == 0
    assert PAIRS.match(capsys.readouterr().out)
    assert "<svg" in Path(output).read_text()
    assert Client(sample_copy).list_datasets() == ["ecommerce"]


def test_demo_starts_the_dashboard_and_opens_the_browser(
    sample_copy: str, tmp_path: Path, quiet: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "map.png")
    assert main(["demo", "--output", output, "--workspace", sample_copy]) == 0
    *_, line, ends = capsys.readouterr().out.splitlines()
    record = launch.find(sample_copy)
    assert record is not None
    page = f"{record.url}/sdk/cluster/centroids/closest?dataset=ecommerce"
    page += "&field=product_image_clip_vector_&alias=main-cluster&code="
    assert line.startswith(f"You can now visit the dashboard at {page}")
    assert ends == f"It ends after 15 idle minutes, or with: {launch.command(sample_copy)} --stop"
    assert [url.startswith(page) for url in quiet] == [True]
    assert not line.endswith(quiet[0])  # a code is good once: the printed one is still fresh


def test_demo_starts_nothing_when_the_dashboard_is_off(
    sample_copy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("RELEVANCEAI_DASHBOARD", "off")
    assert main(["demo", "--output", str(tmp_path / "m.png"), "--workspace", sample_copy]) == 0
    assert launch.command(sample_copy) in capsys.readouterr().out
    assert launch.find(sample_copy) is None


def test_dashboard_starts_says_its_status_and_stops(
    home: str, quiet: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--workspace", home]
    assert main(["dashboard", "--status", *where]) == 1
    assert main(["dashboard", "--port", "0", "--no-browser", *where]) == 0
    record = launch.find(home)
    assert record is not None
    assert main(["dashboard", "--status", *where]) == 0
    assert main(["dashboard", "--stop", *where]) == 0
    assert main(["dashboard", "--stop", *where]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith(f"You can now visit the dashboard at {record.url}/?code=")
    assert [lines[0], *lines[2:]] == [
        f"Dashboard of {home}: not running",
        f"It ends after 15 idle minutes, or with: {launch.command(home)} --stop",
        f"Dashboard of {home}: {record.url}, process {record.pid}",
        f"Ended the dashboard of {home}",
        f"There is no running dashboard of {home}",
    ]
    assert quiet == []


def test_dashboard_says_that_it_moved_and_that_a_port_is_busy(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = launch.start(home, port=0).wait()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
        words = ["dashboard", "--no-browser", "--workspace", home, "--port", str(port)]
        assert main(words) == 0
        assert capsys.readouterr().err == (
            f"relevanceai: port {port} is busy, so the dashboard listens on {first.port}\n"
        )
    assert main(words) == 0
    assert capsys.readouterr().err == (
        f"relevanceai: the dashboard moved from {first.port} to {port}; "
        f"links to {first.port} no longer work\n"
    )
    assert main(words) == 0
    assert capsys.readouterr().err == ""


def test_settings_of_the_environment_are_named(
    home: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rest = "is not an address that links can start with."
    example = "scheme, host and, if need be, a path: 'https://hub.example.org/proxy/7431'."
    words = ["dashboard", "--no-browser", "--workspace", home]
    assert error_of([*words, "--base-url", "foo"], capsys) == (
        f"--base-url 'foo' {rest} Pass {example}"
    )
    monkeypatch.setenv("RELEVANCEAI_BASE_URL", "foo")
    assert error_of(words, capsys) == f"RELEVANCEAI_BASE_URL 'foo' {rest} Set it to {example}"
    monkeypatch.setenv("RELEVANCEAI_DASHBOARD", "nonsense")
    assert error_of(["demo", "--workspace", home], capsys) == (
        "RELEVANCEAI_DASHBOARD is 'nonsense', so no dashboard is started. "
        "Set it to 'on' or 'off', or unset it, which is 'on'."
    )


def test_dashboard_opens_no_browser_behind_a_proxy(
    home: str, quiet: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "dashboard",
        "--port",
        "0",
        "--base-url",
        "https://hub.example.org/p/",
        "--workspace",
        home,
    ]
    assert main(words) == 0
    assert " at https://hub.example.org/p/?code=" in capsys.readouterr().out
    assert quiet == []


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")
def test_dashboard_in_the_foreground_ends_with_ctrl_c(home: str) -> None:
    words = ["dashboard", "--foreground", "--no-browser", "--port", "0", "--workspace", home]
    with subprocess.Popen(
        [sys.executable, "-m", "relevanceai", *words], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(
            "You can now visit the dashboard at http://127."
        )
        assert process.stdout.readline() == "Ctrl-C ends it.\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert launch.find(home) is None


def test_dashboard_in_the_foreground_gives_way_to_one_that_runs(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    launch.start(home, port=0).wait()
    assert error_of(["dashboard", "--foreground", "--workspace", home], capsys) == (
        f"A dashboard of {home} runs already. End it first: {launch.command(home)} --stop"
    )
