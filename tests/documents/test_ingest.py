"""Every way in, through the dataset: what a person calls and what the report tells."""

import datetime as dt
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import DuplicateIdError, InvalidInputError, NotFoundError
from relevanceai.store.report import InsertReport


@pytest.fixture
def things(client: Client) -> Dataset:
    return client.Dataset("things")


def everything(dataset: Dataset) -> dict[str, dict[str, object]]:
    return {document["_id"]: document for document in dataset.get_all_documents()}


class Speaks:
    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


VECTOR = pa.list_(pa.float32(), 2)
TABLE = pa.table(
    {
        "_id": ["a", "b"],
        "title": ["x", None],
        "price": [1, 2],
        "day": [dt.date(2024, 2, 29), None],
        "v": pa.array([[1, 2], [3, 4]], VECTOR),
    }
)
WENT = {
    "a": {"_id": "a", "title": "x", "price": 1, "day": dt.date(2024, 2, 29), "v": [1.0, 2.0]},
    "b": {"_id": "b", "price": 2, "v": [3.0, 4.0]},
}
WAYS = ["dicts", "frame", "arrow", "stream", "parquet", "csv", "jsonl", "numpy", "mapped"]


@pytest.mark.parametrize("way", WAYS)
def test_the_same_documents_come_in_by_every_way(things: Dataset, tmp_path: Path, way: str) -> None:
    frame = pd.DataFrame(list(WENT.values()))
    matrix = np.array([[1, 2], [3, 4]], np.float16)
    rest = [{name: value for name, value in one.items() if name != "v"} for one in WENT.values()]
    match way:
        case "dicts":
            report = things.insert_documents(WENT.values(), vector_fields=["v"])
        case "frame":
            report = things.insert_pandas_dataframe(frame, vector_fields=["v"])
        case "arrow":
            report = things.insert_arrow(TABLE)
        case "stream":
            report = things.insert_arrow(Speaks(TABLE))
        case "parquet":
            pq.write_table(TABLE, tmp_path / "t.parquet")
            report = things.insert_parquet(tmp_path / "t.parquet")
        case "csv":
            frame.to_csv(tmp_path / "t.csv", index=False)
            report = things.insert_csv(tmp_path / "t.csv", vector_fields=["v"])
        case "jsonl":
            frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True, date_format="iso")
            report = things.insert_jsonl(tmp_path / "t.jsonl", vector_fields=["v"])
        case "numpy":
            report = things.insert_numpy(matrix, rest, field="v")
        case "mapped":
            np.save(tmp_path / "v.npy", matrix)
            report = things.insert_numpy(tmp_path / "v.npy", pd.DataFrame(rest), field="v")
    assert report == InsertReport(2)
    found = everything(things)
    if way == "jsonl":  # JSON has no days
        assert str(found["a"].pop("day")).startswith("2024-02-29")
        found["a"]["day"] = WENT["a"]["day"]
    assert found == WENT
    assert things.schema["v"] == {"vector": 2}
    assert things.version == 1


def test_each_way_in_is_one_commit_or_nothing(things: Dataset, tmp_path: Path) -> None:
    things.insert_arrow(TABLE)
    version = things.version
    pq.write_table(TABLE, tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("_id,new\nz,1\na,2\n")
    (tmp_path / "t.jsonl").write_text('{"_id": "z"}\n{"_id": "a"}\n')
    for insert in (
        lambda: things.insert_documents([{"_id": "z"}, {"_id": "a"}]),
        lambda: things.insert_arrow(TABLE),
        lambda: things.insert_parquet(tmp_path / "t.parquet"),
        lambda: things.insert_csv(tmp_path / "t.csv"),
        lambda: things.insert_jsonl(tmp_path / "t.jsonl"),
        lambda: things.insert_numpy(np.eye(2), [{"_id": "z"}, {"_id": "a"}], field="v"),
    ):
        with pytest.raises(DuplicateIdError):
            insert()
        assert everything(things) == WENT
    assert things.columns == ["_id", "title", "price", "day", "v"]
    assert things.insert_csv(tmp_path / "t.csv", on_error="skip") == InsertReport(
        1, failed={"a": "is in the dataset already"}
    )
    assert things.version > version
    assert everything(things)["z"] == {"_id": "z", "new": 1}


LISTS = [{"_id": "a", "embedding": [1.0, 2.0], "odd": [1]}, {"_id": "b", "embedding": [3, 4]}]


@pytest.mark.parametrize("way", ["dicts", "frame", "arrow", "jsonl"])
def test_lists_of_numbers_that_are_kept_as_lists_are_told(
    things: Dataset, tmp_path: Path, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def bring(dataset: Dataset, **named: list[str]) -> None:
        if way == "dicts":
            dataset.insert_documents(LISTS, **named)
        elif way == "frame":
            dataset.insert_pandas_dataframe(pd.DataFrame(LISTS), **named)
        elif way == "arrow":
            dataset.insert_arrow(pa.Table.from_pylist(LISTS), **named)
        else:
            file = tmp_path / "t.jsonl"
            file.write_text("\n".join(map(json.dumps, LISTS)), encoding="utf-8")
            dataset.insert_jsonl(file, **named)

    bring(things, vector_fields=["embedding"])
    assert capsys.readouterr().err == ""
    things.delete()
    bring(things)
    assert capsys.readouterr().err == (
        "relevanceai: 'embedding' holds lists of 2 numbers, kept as lists: drop_field('embedding') and "
        "upsert the documents with vector_fields=['embedding'] to use them as vectors.\n"
    )
    things.upsert_documents(LISTS)  # said once, when the field is new
    assert capsys.readouterr().err == ""


def test_skipped_documents_are_told(things: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    report = things.insert_documents(
        [
            {"_id": "a", "v_vector_": [1, 2]},
            {"_id": "b", "v_vector_": [1, 2, 3]},
            {"v_vector_": [1]},
            {"_id": "", "v_vector_": [1, 2]},
            {"_id": "c", "s": {1}},
            "no dict",  # type: ignore[list-item]
        ],
        on_error="skip",
    )
    assert report.inserted == 1
    assert report.made_ids == ()
    assert list(report.failed) == ["#3", "#5", "c", "b", "#2"]
    assert report.failed["c"] == (
        "'s' of document 'c' holds a set, which cannot be kept; turn it into text, a number, a "
        "date, bytes, a list or a dict."
    )
    assert set(everything(things)) == {"a"}
    assert (
        "5 documents could not be taken (see .failed of the report), the first: '#3': The `_id` of "
        "document number 3 is empty. Pass text or a number, or leave it out to have one made."
    ) in capsys.readouterr().err


def test_json_lines_that_are_none_are_skipped_by_number(things: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"_id": "a"}\n{\n[]\n{"_id": "b", "v_vector_": []}\n{"_id": "a"}\n')
    with pytest.raises(InvalidInputError) as caught:
        things.insert_jsonl(file)
    assert str(caught.value).startswith(f"Line 2 of {str(file)!r} is no JSON: ")
    report = things.insert_jsonl(file, on_error="skip")
    assert report.inserted == 1
    assert list(report.failed) == ["line 2", "line 3", "b", "a"]
    assert report.failed["line 3"] == "is no JSON object: []"


def test_ids_of_any_type_become_text_by_one_rule(things: Dataset) -> None:
    moment = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
    ids = [
        7,
        7.5,
        True,
        b"\x07",
        dt.date(2024, 2, 29),
        moment,
        [1, "x"],
        {"$oid": "5f"},
        np.int8(8),
    ]
    things.insert_documents([{"_id": one} for one in ids])  # fmt: skip
    assert list(everything(things)) == [
        *("7", "7.5", "True", "07", "2024-02-29", "2024-02-29 12:00:00+00:00"),
        *('[1,"x"]', '{"$oid":"5f"}', "8"),
    ]
    with pytest.raises(DuplicateIdError):
        things.insert_arrow(pa.table({"_id": [7]}))


def test_a_frame_among_the_dicts_is_sent_to_its_own_call(things: Dataset) -> None:
    frame = pd.DataFrame(list(WENT.values()))
    for call, other in (
        (things.insert_documents, "insert_pandas_dataframe"),
        (things.upsert_documents, "upsert_pandas_dataframe"),
    ):
        with pytest.raises(InvalidInputError) as caught:
            call(frame)
        assert str(caught.value) == (
            f"Documents come as a list of dicts, but got a DataFrame. Use {other}."
        )


def test_vectors_without_documents_are_given_ids(things: Dataset) -> None:
    report = things.insert_numpy(np.eye(3, dtype=np.float32))
    assert len(set(report.made_ids)) == report.inserted == 3
    kept = things.get_documents_by_ids(list(report.made_ids))
    assert [one["embedding_vector_"] for one in kept] == np.eye(3).tolist()
    assert things.list_vector_fields() == ["embedding_vector_"]


def test_a_bad_row_of_an_array_is_named(things: Dataset) -> None:
    matrix = np.eye(2)
    matrix[1, 0] = np.inf
    with pytest.raises(InvalidInputError) as caught:
        things.insert_numpy(matrix, [{"_id": "a"}, {"_id": "b"}], field="v")
    why = "'v' holds null, NaN, infinity or a number beyond float32"
    assert str(caught.value) == (f"Document 'b' (row 1): {why}. Mend it, or pass on_error='skip'.")
    report = things.insert_numpy(matrix, field="v", on_error="skip")
    assert report == InsertReport(1, failed={"#1": why}, made_ids=report.made_ids)
    assert list(everything(things)) == list(report.made_ids)


def test_values_beside_vectors_come_back_as_they_went_in(things: Dataset) -> None:
    rows: list[dict[str, object]] = [
        {"_id": "a", "m": 1, "n": {"x": 1}, "t": dt.time(1, 2), "s": dt.timedelta(1, 2, 3)},
        {"_id": "b", "m": "one", "n": {"y": [None]}, "late": 2**70},
    ]
    things.insert_numpy(np.eye(2), rows, field="v")
    assert everything(things) == {
        "a": rows[0] | {"v": [1.0, 0.0]},
        "b": rows[1] | {"v": [0.0, 1.0]},
    }


def test_an_export_comes_back_equal(things: Dataset, client: Client, tmp_path: Path) -> None:
    documents: list[dict[str, object]] = [
        {"_id": "a", "m": 1, "n": {"x": [1, None]}, "v_vector_": [0.5, 1.0], "t": dt.time(3)},
        {"_id": "b", "m": "one", "d": dt.datetime(2024, 2, 29, tzinfo=dt.UTC), "": b"x"},
    ]
    things.insert_documents(documents)
    things.to_parquet(tmp_path / "out.parquet")
    other = client.Dataset("other")
    other.insert_parquet(tmp_path / "out.parquet")
    third = client.Dataset("third")
    third.insert_arrow(things.to_arrow())
    assert everything(things) == everything(other) == everything(third)


def test_only_some_columns_of_parquet(things: Dataset, tmp_path: Path) -> None:
    pq.write_table(TABLE, tmp_path / "t.parquet")
    things.insert_parquet(tmp_path / "t.parquet", columns=["price"])
    assert things.columns == ["_id", "price"]
    with pytest.raises(NotFoundError):
        things.insert_parquet(tmp_path / "t.parquet", columns=["prise"])


def picture(path: Path, size: tuple[int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "red").save(path)


def test_a_folder_of_pictures(things: Dataset, tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    picture(root / "b.png", (300, 150))
    picture(root / "deep er" / "ä.JPG", (10, 20))
    (root / "notes.txt").write_text("no picture")
    (root / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InvalidInputError) as caught:
        things.insert_media_folder(root)
    assert str(caught.value) == (
        "'broken.png' is named like a picture and cannot be opened as one. Mend it, or pass "
        "on_error='skip'."
    )
    with pytest.raises(NotFoundError):
        things.shape  # noqa: B018 - nothing was made
    report = things.insert_media_folder(root, thumbnail_size=64, on_error="skip")
    assert report == InsertReport(2, failed={"broken.png": "cannot be opened as a picture"})
    kept = everything(things)
    assert list(kept) == ["b.png", "deep er/ä.JPG"]
    thumbnail = Image.open(io.BytesIO(kept["b.png"].pop("image")))  # type: ignore[arg-type]
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (64, 32))
    assert kept["b.png"] == {
        "_id": "b.png",
        "path": str((root / "b.png").resolve()),
        "file_name": "b.png",
        "folder": ".",
        "file_bytes": (root / "b.png").stat().st_size,
        "width": 300,
        "height": 150,
    }
    assert kept["deep er/ä.JPG"]["folder"] == "deep er"


def test_a_folder_without_pictures(things: Dataset, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        things.insert_media_folder(tmp_path / "none")
    assert str(caught.value) == f"No folder {str(tmp_path / 'none')!r} (looked in {Path.cwd()})."
    with pytest.raises(NotFoundError) as caught:
        things.insert_media_folder(tmp_path)
    assert str(caught.value) == f"No pictures below {str(tmp_path)!r}."


def test_what_is_told_beside_the_report(
    things: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    things.insert_documents([{"a": 1, "_cluster_": {}}, {"a": "x"}])
    told = capsys.readouterr().err
    assert "did not take '_cluster_' from the documents" in told
    assert "'a' hold values of several kinds and are kept as JSON" in told
    assert "2 documents came without `_id` and got one" in told


def test_a_thumbnail_cannot_stand_where_a_fact_does(things: Dataset, tmp_path: Path) -> None:
    picture(tmp_path / "a.png", (3, 3))
    with pytest.raises(InvalidInputError, match="The thumbnail cannot stand in 'path'"):
        things.insert_media_folder(tmp_path, field="path")


def test_lists_in_a_csv_that_stay_text_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "lists.csv"
    file.write_text('_id,look,words,one\na,"[0.1, 2]","[0.1, b]",[1]\nb,[3 4.5e-3],,[2]\nc,,x,\n')
    client = Client(tmp_path / "home")
    ds = client.Dataset("lists")
    ds.insert_csv(file)
    assert capsys.readouterr().err == (
        "relevanceai: 'look' holds lists of numbers, kept as text: drop_field('look') and insert the "
        "file with vector_fields=['look'] to use them as vectors.\n"
    )
    assert ds.get_documents_by_ids("a")[0]["look"] == "[0.1, 2]"
    ds = client.Dataset("vectors")
    ds.insert_csv(file, vector_fields=["look"])
    assert capsys.readouterr().err == ""
    assert ds.get_documents_by_ids("a")[0]["look"] == [pytest.approx(0.1), 2.0]
