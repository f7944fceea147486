"""The commands that list datasets and make clusterings, and what is said of what was typed."""

import json
import re
import sys
from pathlib import Path

import pytest

from refused import error_of
from relevanceai.cli import main
from relevanceai.typed import as_options

pytestmark = pytest.mark.usefixtures("quiet")


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
