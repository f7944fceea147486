"""The command that brings a file into a dataset."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relevanceai.cli import main
from relevanceai.client import Client

ROWS: list[dict[str, object]] = [
    {"_id": "a", "title": "boot", "tags": ["x", "y"], "embedding": [1.0, 2.0]},
    {"_id": "b", "title": "hat", "tags": ["z"], "embedding": [3.0, 4.0]},
]


def run(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str, str]:
    code = main([*words, "--workspace", str(home / "home")])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def written(folder: Path, ending: str, rows: list[dict[str, object]]) -> str:
    file = folder / f"rows{ending}"
    if ending == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    elif ending == ".jsonl":
        file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    else:
        lines = [f'{one["_id"]},{one["title"]},"{one["embedding"]}"' for one in rows]
        file.write_text("\n".join(["_id,title,embedding", *lines]), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv"])
def test_a_file_is_inserted_by_its_ending(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    file = written(tmp_path, ending, ROWS)
    asked = ["insert", "shop", file, "--vector-fields", "embedding"]
    assert run(capsys, tmp_path, *asked) == (0, "shop: 2 documents inserted\n", "")
    dataset = Client(tmp_path / "home").Dataset("shop")
    assert dataset.list_vector_fields() == ["embedding"]
    code, _, error = run(capsys, tmp_path, *asked)
    assert code == 2
    assert "in dataset 'shop' already" in error


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv"])
def test_an_upsert_changes_what_the_file_brings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    dataset = Client(tmp_path / "home").Dataset("shop")
    dataset.insert_documents([{"_id": "a", "title": "old", "price": 3}])
    file = written(tmp_path, ending, ROWS)
    code, out, _ = run(
        capsys, tmp_path, "insert", "shop", file, "--upsert", "--vector-fields", "embedding"
    )
    assert (code, out) == (0, "shop: 1 document inserted, 1 changed\n")
    (one,) = [one for one in dataset.get_all_documents() if one["_id"] == "a"]
    assert (one["title"], one["price"]) == ("boot", 3)
    assert one.get("tags", ["x", "y"]) == ["x", "y"]


def test_another_ending_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, error = run(capsys, tmp_path, "insert", "shop", "rows.xlsx")
    assert code == 2
    assert error == (
        "relevanceai: error: FILE 'rows.xlsx' ends in none of '.parquet', '.csv', '.jsonl'. "
        "Bring one of these.\n"
    )


@pytest.mark.parametrize(("ending", "kept"), [(".parquet", 2), (".jsonl", 2), (".csv", None)])
def test_lists_that_could_be_vectors_are_told_with_what_to_type(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str, kept: int | None
) -> None:
    file = written(tmp_path, ending, ROWS)
    lists = (
        "lists of numbers, kept as text" if kept is None else "lists of 2 numbers, kept as lists"
    )
    assert run(capsys, tmp_path, "insert", "shop", file)[2] == (
        f"relevanceai: 'embedding' holds {lists}: type another DATASET and "
        "--vector-fields embedding to use them as vectors.\n"
    )
    asked = ["insert", "shop", file, "--upsert", "--vector-fields", "embedding"]
    code, _, error = run(capsys, tmp_path, *asked)
    assert code == 2
    assert error == (
        "relevanceai: error: --vector-fields names 'embedding', which is kept as "
        f"{'text' if kept is None else 'json'} in dataset 'shop'. Type another DATASET and "
        "--vector-fields embedding.\n"
    )
