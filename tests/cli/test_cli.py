"""The command line: what each command prints, writes and refuses."""

import argparse
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from refused import error_of
from relevanceai import __version__, cli, commands
from relevanceai.cli import main
from relevanceai.kernels.similarity import CENTROID_METRICS

if TYPE_CHECKING:
    from relevanceai.dataset import Dataset

pytestmark = pytest.mark.usefixtures("quiet")
COMMANDS = (
    *("demo", "dashboard", "datasets", "insert", "cluster"),
    *("heatmap", "closest", "info"),
    *("report", "pairs", "compare"),
    *("versions", "restore", "tag", "compact", "verify", "cache"),
)
PAIRS = re.compile(r"Your closest centroids are:\n(-?\d\.\d+ cluster-\d+, cluster-\d+\n)+")


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
