"""The command line: what each command prints, writes and refuses."""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from relevanceai import __version__, cli, commands, launch
from relevanceai.cli import main
from relevanceai.kernels.similarity import CENTROID_METRICS
from relevanceai.typed import as_options

if TYPE_CHECKING:
    from relevanceai.dataset import Dataset

COMMANDS = (
    *("demo", "dashboard", "datasets", "insert", "cluster"),
    *("heatmap", "closest", "info"),
    *("report", "pairs", "compare"),
    *("versions", "restore", "tag", "compact", "verify", "cache"),
)
PAIRS = re.compile(r"Your closest centroids are:\n(-?\d\.\d+ cluster-\d+, cluster-\d+\n)+")


@pytest.fixture(autouse=True)
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


# ---------------------------------------------------------------- datasets and clusterings


def test_datasets_says_how_to_begin(home: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "--workspace", home]) == 0
    assert capsys.readouterr().out == (
        f"No datasets yet in {home}. To build the sample: relevanceai demo\n"
    )


def terminal_of(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))


def test_datasets_lists_them(small_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "--workspace", str(small_home)]) == 0
    heading, _, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["name", "documents", "fields", "vector", "fields", "clusterings"]
    assert re.fullmatch(r"small +60 +\d+  look_vector_ +by-hand \(3\)", row)
    assert main(["datasets", "--json", "--workspace", str(small_home)]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    (clustering,) = found.pop("clusterings")
    assert found == {
        "name": "small",
        "documents": 60,
        "fields": 5,
        "vector_fields": ["look_vector_"],
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*", clustering.pop("created_at"))
    assert clustering == {
        "alias": "by-hand",
        "vector_fields": ["look_vector_"],
        "n_clusters": 3,
        "n_documents": 60,
        "n_outliers": 0,
        "n_unclustered": 0,
        "model": "brought",
    }


def test_nothing_is_cut_where_there_is_no_terminal(
    home: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from relevanceai.client import Client

    fields = [f"a_rather_long_name_of_a_field_{i}_vector_" for i in range(5)]
    title = "boots " * 60
    dataset = Client(home).Dataset("wide")
    dataset.insert_documents([{"_id": "a", "title": title, **{name: [1.0] for name in fields}}])
    dataset.set_cluster_labels(fields[0], "one", [0])
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["datasets", "--workspace", home]) == 0
    assert ", ".join(fields) in capsys.readouterr().out
    assert main(["closest", "wide", "--workspace", home]) == 0
    assert title.strip() in capsys.readouterr().out
    terminal_of(80, monkeypatch)
    assert main(["datasets", "--workspace", home]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[2:]] == [
        ["wide", "1", "7", fields[0], "one", "(1)"],
        *([name] for name in fields[1:]),
    ]


@pytest.mark.parametrize("columns", [80, 120])
def test_closest_fits_whole_columns_into_a_terminal(
    sample_home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
) -> None:
    terminal_of(columns, monkeypatch)
    assert main(["closest", "ecommerce", "--workspace", str(sample_home)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= columns for line in lines)
    names = ["_id", "product_title", "similarity"] + ["product_price"] * (columns == 120)
    assert lines[1].split() == names
    assert lines[-1] == f"{9 - len(names)} more fields: --select or --json"


def test_closest_calls_a_distance_a_distance(
    small_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["closest", "small", "--metric", "l1", "--workspace", str(small_home)]
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == [
        *("_id", "title", "distance", "price", "group"),
    ]


def test_closest_past_the_last_page(small_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["closest", "small", "--cluster", "cluster-2", "--page", "9"]
    assert main([*words, "--workspace", str(small_home)]) == 0
    assert capsys.readouterr().out == "cluster-2 (10 documents)\nno document on page 9\n\n"


def test_closest_shows_what_was_selected(
    sample_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["closest", "ecommerce", "--cluster", "cluster-0", "--page-size", "1"]
    words += ["--select", "product_image", "query", "--select", "product_image_clip_vector_"]
    assert main([*words, "--workspace", str(sample_home)]) == 0
    _, heading, _, row, _ = capsys.readouterr().out.splitlines()
    assert heading.split() == [
        *("_id", "product_image", "query", "product_image_clip_vector_", "similarity"),
    ]
    assert " [picture] " in row
    assert re.search(r"  \[-?0\.\d+, ", row)


@pytest.mark.parametrize(
    "words",
    [
        ["small", "--cluster", "cluster-0", "cluster-2"],
        ["small", "--cluster", "cluster-0", "--cluster", "cluster-2"],
        ["--cluster", "cluster-0", "cluster-2", "small"],
        ["--cluster", "cluster-0", "--cluster", "cluster-2", "small"],
        ["--cluster", "cluster-0", "cluster-2", "--page", "1", "small"],
        ["--cluster", "cluster-0", "small", "--cluster", "cluster-2"],
        ["--select", "title", "small", "--cluster", "cluster-0", "cluster-2"],
    ],
)
def test_the_dataset_may_stand_anywhere(
    small_home: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert main(["closest", *words, "--workspace", str(small_home)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.endswith(" documents)")] == [
        "cluster-0 (30 documents)",
        "cluster-2 (10 documents)",
    ]


def test_a_dataset_that_cannot_be_told_from_other_words(
    small_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--workspace", str(small_home)]
    assert error_of(["closest", "--cluster", "cluster-0", "cluster-2", *where], capsys) == (
        "Which dataset? None is named 'cluster-2'. There is: 'ecommerce', 'small'. "
        "Type it first: relevanceai closest DATASET ..."
    )
    words = ["closest", "--cluster", "cluster-0", "small", "--select", "title", "ecommerce"]
    assert error_of([*words, *where], capsys) == (
        "Which dataset? Each of 'small', 'ecommerce' names one. There is: 'ecommerce', 'small'. "
        "Type it first: relevanceai closest DATASET ..."
    )
    with pytest.raises(SystemExit):
        main(["closest", "--cluster", "cluster-0"])
    assert capsys.readouterr().err.endswith(
        "relevanceai closest: error: the following arguments are required: DATASET\n"
    )


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
        "No clustering 'tow' in dataset 'small'. It has: 'two parts', 'by-hand'. "
        "Type: --field look_vector_ --alias 'two parts'"
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


@pytest.mark.parametrize("name", ["cluster", "heatmap", "closest", "versions", "compact"])
def test_an_unknown_dataset_is_named_beside_those_there_are(
    name: str, small_home: Path, home: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert error_of([name, "smal", "--workspace", str(small_home)], capsys) == (
        f"No dataset 'smal' in {small_home}. It has: 'small'. Type one of these names."
    )
    assert error_of([name, "smal", "--workspace", home], capsys) == (
        f"No dataset 'smal' in {home}: it has none yet. To build the sample: relevanceai demo"
    )


def test_a_sample_that_was_deleted_says_how_to_bring_it_back(
    sample_copy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from relevanceai.client import Client

    Client(sample_copy).delete_dataset("ecommerce")
    assert error_of(["closest", "ecommerce", "--workspace", sample_copy], capsys) == (
        f"Dataset 'ecommerce' is a sample that was deleted from {sample_copy}. "
        "To build it again: relevanceai demo"
    )


def test_errors_say_what_to_type(
    sample_home: Path, small_copy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    image, title = "product_image_clip_vector_", "product_title_clip_vector_"
    sample = ["ecommerce", "--workspace", str(sample_home)]
    small = ["small", "--workspace", small_copy]
    models = (
        "'kmeans', 'minibatchkmeans', 'dbscan', 'agglomerative', 'hdbscan', 'communitydetection', "
        "'gmm', 'birch'"
    )
    wanted = {
        ("cluster", *sample): f"Dataset 'ecommerce' has 2 vector fields: '{image}', '{title}'. "
        f"Type one of them, or several to join them: --field {image}",
        ("cluster", *sample, "--field", "title_vector_"): "No vector field 'title_vector_' in "
        f"dataset 'ecommerce'. It has: '{title}', '{image}'. Type: --field {title}",
        ("closest", *sample, "--field", "nope"): "No vector field 'nope' in dataset 'ecommerce'. "
        f"It has: '{image}', '{title}'. Type: --field {image}",
        ("heatmap", *sample, "--field", title, "--alias", "main-clustr"): "No clustering "
        f"'main-clustr' of '{title}' in dataset 'ecommerce'. It has: 'main-cluster of {image}'. "
        f"Type: --field {image} --alias main-cluster",
        ("closest", *sample, "--alias", "main-clustr"): "No clustering 'main-clustr' in dataset "
        f"'ecommerce'. It has: 'main-cluster'. Type: --field {image} --alias main-cluster",
        ("cluster", *small, "--field", "look_vector_", "--field", "look_vector_"): "--field "
        "look_vector_ stands twice. Type it once.",
        ("cluster", *small, "--labels-field", "group", "--n-clusters", "3"): "--labels-field "
        "brings the labels, so there is no model to run. "
        "Leave out --n-clusters, or leave out --labels-field.",
        ("cluster", *small, "--model", "kmean"): f"No model 'kmean'. There are: {models}. "
        "Type: --model kmeans",
        ("cluster", *small, "--n-clusters", "61"): "'kmeans' was asked for 61 clusters of 60 "
        "documents with vectors. Pass --n-clusters 60 or fewer.",
        ("cluster", *small, "--model", "HDBSCAN", "--n-clusters", "3"): "'hdbscan' was asked for "
        "--n-clusters 3, but finds the number of clusters itself. "
        "Leave --n-clusters out, or use 'kmeans'.",
    }
    for words, message in wanted.items():
        assert error_of(list(words), capsys) == message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["closest", "x", "--page", "0"], "argument --page: '0' is not a whole number from 1"),
        (["versions", "x", "--limit", "0"], "argument --limit: '0' is not a whole number from 1"),
        (
            ["cluster", "x", "--n-clusters", "-3"],
            "argument --n-clusters: '-3' is not a whole number from 1",
        ),
        (
            ["cluster", "x", "--random-state", "4294967296"],
            "argument --random-state: '4294967296' is not a whole number from 0 to 4294967295",
        ),
    ],
)
def test_a_number_is_checked_where_it_is_typed(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert capsys.readouterr().err.splitlines()[-1] == f"relevanceai {words[0]}: error: {message}"


def test_an_option_that_is_not_there_shows_the_usage_of_its_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["demo", "--bogus"])
    assert exit_.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: relevanceai demo ")
    assert said.endswith("relevanceai demo: error: unrecognized arguments: --bogus\n")


def test_names_in_a_message_are_left_alone() -> None:
    message = "No field 'n_clusters' in 'vector_fields'. Pass alias='n_clusters', an alias."
    assert as_options(message) == (
        "No field 'n_clusters' in 'vector_fields'. Pass --alias 'n_clusters', an alias."
    )


def test_what_only_python_does_is_told_as_a_command() -> None:
    message = "Tag 'x' of dataset 'a' names version 3 already. Remove it first: untag('x')."
    assert as_options(message).endswith("Remove it first: relevanceai tag DATASET x --remove.")
    unnamed = "A vector field's name ends in '_vector_', or vector_fields=[...] names it at insert."
    assert as_options(unnamed).endswith("or --vector-fields F names it at insert.")


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


@pytest.mark.parametrize("metric", CENTROID_METRICS)
def test_heatmap_names_its_own_file(
    small_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    metric: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["heatmap", "small", "--metric", metric, "--workspace", str(small_home)]) == 0
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
    assert first.startswith("cluster-0 (30 documents)\n_id    title ")
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


def test_closest_leaves_pictures_out_and_escapes_them_in_json(
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
    assert "[picture]" not in capsys.readouterr().out
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


def test_options_of_a_model_are_typed_as_name_and_value(
    own_small: "Dataset", capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["cluster", "small", "--alias", "s", "--n-clusters", "3"]
    home = ["--workspace", str(own_small.workspace)]
    typed = ["--option", "spherical=true", "--option", "max-iter=7"]
    assert main([*words, *typed, *home]) == 0
    parameters = own_small.ClusterOps(alias="s").run_report().parameters
    assert (parameters["spherical"], parameters["max_iter"]) == (True, 7)
    capsys.readouterr()
    for option, message in {
        "spherical": "--option 'spherical' is not of the form NAME=VALUE. Type, for example: "
        "--option spherical=true",
        "library=cuml": "The model 'kmeans' was given library='cuml'. Pass 'relevanceai', 'faiss' "
        "or 'scikit-learn'.",
    }.items():
        assert main([*words, "--option", option, *home]) == 2
        assert message in capsys.readouterr().err
    twice = ["--option", "tol=0.1", "--option", "tol=0.2"]
    assert main([*words, *twice, *home]) == 2
    assert "--option tol stands twice. Type it once." in capsys.readouterr().err


def test_info_of_a_dataset_tells_how_its_clusterings_were_made(
    own_small: "Dataset", capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--workspace", str(own_small.workspace)]
    assert main(["cluster", "small", "--n-clusters", "3", "--alias", "three", *home]) == 0
    capsys.readouterr()
    assert main(["info", "small", *home]) == 0
    brought, made = capsys.readouterr().out.split("\n\n")[:2]
    assert "clustering    by-hand of look_vector_" in brought
    assert "model         brought" in brought
    assert "clustering    three of look_vector_" in made
    assert "seed          0" in made
    assert re.search(r"inertia +\d", made)


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk at hand")
def test_a_full_disk_is_one_line(small_home: Path) -> None:
    words = ["datasets", "--workspace", str(small_home)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "relevanceai", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.stderr == ("relevanceai: error: cannot write the output: No space left on device\n")
    assert done.returncode == 2


def test_another_error_of_the_system_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: argparse.Namespace) -> int:
        raise ConnectionRefusedError("a bug")

    monkeypatch.setattr(commands, "info", broken)
    with pytest.raises(ConnectionRefusedError, match="a bug"):
        main(["info"])


def test_a_closed_stdout_is_no_error(small_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["datasets", "--workspace", str(small_home)]) == 0


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
