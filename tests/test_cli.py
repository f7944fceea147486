"""The command line: what each command prints, writes and refuses."""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from relevanceai import __version__, cli, commands, launch
from relevanceai.cli import main

if TYPE_CHECKING:
    from relevanceai.dataset import Dataset

COMMANDS = (
    *("demo", "dashboard", "datasets", "cluster", "heatmap", "closest", "info"),
    *("versions", "restore", "tag", "compact", "verify", "cache"),
)
PAIRS = re.compile(r"Your closest centroids are:\n(-?\d\.\d+ cluster-\d+, cluster-\d+\n)+")


@pytest.fixture(autouse=True)
def quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A runtime folder of the test's own, a wide terminal, no browser: what it would open."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    opened: list[str] = []
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("COLUMNS", "160")
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


def error_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must fail; return its error without what all errors begin with."""
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("relevanceai: error: ")
    return said.err.removeprefix("relevanceai: error: ").removesuffix("\n")


# ---------------------------------------------------------------- help


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--help"])
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    assert all(f"\n    {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_on_a_command_ends_with_an_example_that_parses(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main([name, "--help"])
    assert exit_.value.code == 0
    text = capsys.readouterr().out
    assert "--workspace FOLDER" in text
    example = text.rstrip().rpartition("\nexample:\n  relevanceai ")[2]
    words = shlex.split(example)
    assert words[0] == name
    assert isinstance(cli._parser().parse_args(words), argparse.Namespace)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize(
    "words", [[], ["dashbord"], ["closest"], ["closest", "x", "--metric", "cos"]]
)
def test_a_mistyped_command_is_one_usage_and_one_error(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(words)
    assert exit_.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: relevanceai")
    assert ": error: " in said.splitlines()[-1]


def test_workspace_may_stand_before_or_after_the_command() -> None:
    parse = cli._parser().parse_args
    assert parse(["--workspace", "a", "info"]).workspace == "a"
    assert parse(["info", "--workspace", "b"]).workspace == "b"
    assert parse(["--workspace", "a", "info", "--workspace", "b"]).workspace == "b"
    assert "workspace" not in parse(["info"])


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


# ---------------------------------------------------------------- datasets and clusterings


def test_datasets_says_how_to_begin(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "--workspace", home]) == 0
    assert capsys.readouterr().out == (
        f"No datasets yet in {home}. To build the sample: relevanceai demo\n"
    )


def test_datasets_lists_them(small_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "--workspace", str(small_home)]) == 0
    heading, _, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["name", "documents", "fields", "vector", "fields", "clusterings"]
    assert re.fullmatch(r"small +60 +\d+  look_vector_ +by-hand \(3\)", row)
    assert main(["datasets", "--json", "--workspace", str(small_home)]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["name"], found["documents"]) == ("small", 60)
    assert found["clusterings"] == "by-hand (3)"


def test_cluster_prints_the_sizes(small_copy: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["small", "--workspace", small_copy]
    assert main(["cluster", *where, "--n-clusters", "2", "--alias", "two"]) == 0
    assert main(["cluster", *where, "--labels-field", "group", "--alias", "again"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("two of look_vector_:\ncluster    documents\n---------  ---------\n")
    assert text.endswith(
        "again of look_vector_:\n"
        "cluster    documents\n"
        "---------  ---------\n"
        "cluster-0         30\n"
        "cluster-1         20\n"
        "cluster-2         10\n"
    )


def test_two_clusterings_must_be_told_apart(
    small_copy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["small", "--workspace", small_copy]
    assert main(["cluster", *where, "--n-clusters", "2", "--alias", "two parts"]) == 0
    capsys.readouterr()
    assert error_of(["closest", *where], capsys) == (
        "Dataset 'small' has 2 clusterings that fit. Say which: "
        "--field look_vector_ --alias by-hand, or --field look_vector_ --alias 'two parts'"
    )
    assert error_of(["closest", *where, "--alias", "tow"], capsys) == (
        "Dataset 'small' has no such clustering. It has: "
        "--field look_vector_ --alias by-hand, --field look_vector_ --alias 'two parts'"
    )
    assert main(["closest", *where, "--alias", "two parts", "--page-size", "1"]) == 0


def test_a_dataset_without_a_clustering_says_how_to_make_one(
    home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from relevanceai.client import Client

    Client(home).Dataset("my own").insert_documents([{"_id": "a", "x_vector_": [1.0, 2.0]}])
    assert error_of(["heatmap", "my own", "--workspace", home], capsys) == (
        "Dataset 'my own' has no clustering yet. "
        "Make one: relevanceai cluster 'my own' --n-clusters 8"
    )


@pytest.mark.parametrize("name", ["cluster", "heatmap", "closest"])
def test_an_unknown_dataset_is_the_librarys_error(
    name: str, small_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = error_of([name, "smal", "--workspace", str(small_home)], capsys)
    assert "'smal'" in message
    assert "'small'" in message


# ---------------------------------------------------------------- heatmap and closest


@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.SVG", b"<?xml")])
def test_heatmap_prints_the_pairs_and_saves_the_picture(
    small_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, magic: bytes
) -> None:
    output = tmp_path / name
    words = ["heatmap", "small", "--order", "linkage", "--output", str(output)]
    assert main([*words, "--workspace", str(small_home)]) == 0
    text = capsys.readouterr().out
    assert PAIRS.match(text)
    assert text.endswith(f"\nThe heat map is in {output}\n")
    assert output.read_bytes().startswith(magic)


def test_heatmap_names_its_own_file(
    small_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["heatmap", "small", "--metric", "l2", "--workspace", str(small_home)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert Path(last.removeprefix("The heat map is in ")).parent == tmp_path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("map.gif", "is neither a .png nor an .svg file. Name one."),
        (
            "missing/map.png",
            "cannot be written. Name a file in a folder that you may write to.",
        ),
    ],
)
def test_heatmap_refuses_a_file_it_cannot_write(
    small_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, reason: str
) -> None:
    output = tmp_path / name
    words = ["heatmap", "small", "--output", str(output), "--workspace", str(small_home)]
    assert error_of(words, capsys) == f"--output {output} {reason}"


def test_closest_prints_a_table_a_cluster(
    small_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["closest", "small", "--workspace", str(small_home)]) == 0
    first, second, third = capsys.readouterr().out.strip().split("\n\n")
    assert first.startswith("cluster-0 (30 documents)\n_id    _search_score  ")
    assert second.startswith("cluster-1 (20 documents)\n")
    assert third.startswith("cluster-2 (10 documents)\n")
    assert [len(part.splitlines()) for part in (first, second, third)] == [6, 6, 6]
    assert "_cluster_" not in first


def test_closest_asks_for_what_was_said(
    small_home: Path, small: "Dataset", capsys: pytest.CaptureFixture[str]
) -> None:
    from relevanceai.operations.cluster import ClusterOps

    words = [
        "closest",
        "small",
        "--cluster",
        "cluster-2",
        "cluster-0",
        "--page-size",
        "4",
        "--page",
        "2",
    ]
    words += ["--select", "title", "--metric", "l2", "--furthest", "--json"]
    assert main([*words, "--workspace", str(small_home)]) == 0
    ops = ClusterOps.from_dataset(small, alias="by-hand", vector_fields=["look_vector_"])
    expected = ops.furthest(
        cluster_ids=["cluster-2", "cluster-0"],
        select_fields=["title"],
        page_size=4,
        page=2,
        similarity_metric="l2",
        verbose=False,
    )
    found = json.loads(capsys.readouterr().out)
    assert list(found["results"]) == list(expected["results"])
    for name, answer in expected["results"].items():
        ids = [document["_id"] for document in answer["results"]]
        assert [document["_id"] for document in found["results"][name]["results"]] == ids
        assert len(ids) == 4


def test_closest_names_pictures_and_escapes_them_in_json(
    sample_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "closest",
        "ecommerce",
        "--alias",
        "main-cluster",
        "--page-size",
        "1",
        "--cluster",
        "cluster-0",
    ]
    assert main([*words, "--workspace", str(sample_home)]) == 0
    assert "[picture]" in capsys.readouterr().out
    assert main([*words, "--json", "--workspace", str(sample_home)]) == 0
    (document,) = json.loads(capsys.readouterr().out)["results"]["cluster-0"]["results"]
    assert document["product_image"].startswith("data:image/")
    assert re.match(r"\d{4}-\d\d-\d\dT", document["insert_date_"])


def test_an_unknown_cluster_is_one_line_that_lists_them(
    small_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["closest", "small", "--cluster", "cluster-9", "--workspace", str(small_home)]
    message = error_of(words, capsys)
    assert "'cluster-9'" in message
    assert "'cluster-2'" in message
    assert "\n" not in message


# ---------------------------------------------------------------- info, and the ends of a program


def test_info_tells_versions_paths_and_sizes(
    small_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", "--workspace", str(small_home)]) == 0
    facts = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert facts["relevanceai"] == __version__
    assert re.fullmatch(re.escape(str(small_home)) + r" \(\d+\.\d MB\)", facts["workspace"])
    assert facts["dashboard"] == "not running"
    assert {"python", "numpy", "pylance", "starlette", "runtime"} <= set(facts)


def test_a_closed_pipe_ends_without_a_word(small_home: Path) -> None:
    words = ["closest", "small", "--page-size", "60", "--json", "--workspace", str(small_home)]
    with subprocess.Popen(
        [sys.executable, "-m", "relevanceai", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


def test_ctrl_c_ends_with_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "info", interrupted)
    assert main(["info"]) == 130
    assert capsys.readouterr().err == "\n"


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: argparse.Namespace) -> int:
        raise KeyError("a bug")

    monkeypatch.setattr(commands, "info", broken)
    with pytest.raises(KeyError, match="a bug"):
        main(["info"])
