"""Files and arrays become streams that lose nothing, or say what is wrong with them."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from relevanceai.documents import csv_source
from relevanceai.documents.arrow_source import arrow_reader
from relevanceai.documents.csv_source import csv_reader
from relevanceai.documents.parquet_source import parquet_reader
from relevanceai.documents.sources import beside_vectors
from relevanceai.errors import InvalidInputError, NotFoundError


def csv(tmp_path: Path, content: str | bytes, vector_fields: tuple[str, ...] = ()) -> pa.Table:
    file = tmp_path / "a.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return csv_reader(file, vector_fields).read_all()


DAY, MOMENT = dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 12, 30)
CELLS: list[tuple[list[str], list[Any]]] = [
    (["1", "", "-3"], [1, None, -3]),
    (["1", "2.5", ".5"], [1.0, 2.5, 0.5]),
    (["1", "1e3", "nan"], [1.0, 1000.0, pytest.approx(float("nan"), nan_ok=True)]),
    (["999999999999999999"], [999999999999999999]),
    (["9999999999999999999"], ["9999999999999999999"]),
    (["9007199254740993", "0.5"], ["9007199254740993", "0.5"]),
    (["00123", "7"], ["00123", "7"]),
    (["0", "-0"], [0, 0]),
    (["0x1F"], ["0x1F"]),
    (["+5"], ["+5"]),
    (["1", "x"], ["1", "x"]),
    ([" 1"], [" 1"]),
    (["true", "False", ""], [True, False, None]),
    (["true", "1"], ["true", "1"]),
    (["2024-02-29", ""], [DAY, None]),
    (["2024-02-29", "2023-02-29"], ["2024-02-29", "2023-02-29"]),
    (["2024-02-29", "2024-02-29 12:30"], [dt.datetime(2024, 2, 29), MOMENT]),
    (["2024-02-29T12:30:00.000001"], [MOMENT.replace(microsecond=1)]),
    (["2024-02-29T12:30:00.000000001"], ["2024-02-29T12:30:00.000000001"]),
    (["2024-02-29T12:30:00Z", "2024-02-29 13:30+01:00"], [MOMENT.replace(tzinfo=dt.UTC)] * 2),
    (["2024-02-29T12:30Z", "2024-02-29T12:30"], ["2024-02-29T12:30Z", "2024-02-29T12:30"]),
    (["", ""], [None, None]),
    (["é", "日本", "🙂"], ["é", "日本", "🙂"]),
    (['"a, ""b"""', '"two\nlines"'], ['a, "b"', "two\nlines"]),
    (["NaT", "NULL"], ["NaT", "NULL"]),
]


@pytest.mark.parametrize(("cells", "values"), CELLS, ids=[" ".join(one[0]) for one in CELLS])
def test_a_csv_column_is_what_all_of_its_cells_allow(
    tmp_path: Path, cells: list[str], values: list[object]
) -> None:
    text = "_id,f\n" + "".join(f"{row},{cell}\n" for row, cell in enumerate(cells))
    table = csv(tmp_path, text)
    assert table["f"].to_pylist() == values
    assert [type(one) for one in table["f"].to_pylist()] == [
        float if not isinstance(one, int | str | dt.date | None) else type(one) for one in values
    ]


def test_a_type_that_changes_late_changes_the_whole_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_source, "_BLOCK_BYTES", 128)
    text = "_id,n,t\n" + "".join(f"{row},{row},x\n" for row in range(1000))
    table = csv(tmp_path, text + "00,0.5,y\n")
    assert table.schema.types == [pa.string(), pa.float64(), pa.string()]
    assert (table["n"][5].as_py(), table["n"][-1].as_py()) == (5.0, 0.5)
    assert (table["_id"][-1].as_py(), table.num_rows) == ("00", 1001)
    assert csv(tmp_path, text + "00,-,y\n")["n"].type == pa.string()
    assert csv(tmp_path, text + '00,7,"two\nlines"\n')["t"][-1].as_py() == "two\nlines"


def test_the_header_may_hold_anything(tmp_path: Path) -> None:
    table = csv(tmp_path, '\ufeff_id,"a,b",,a.b,"x ""y""",007\n1,2,3,4,5,6\n')
    assert table.to_pylist() == [{"_id": "1", "a,b": 2, "": 3, "a.b": 4, 'x "y"': 5, "007": 6}]


def test_a_csv_file_without_rows_has_none(tmp_path: Path) -> None:
    assert csv(tmp_path, "a,b\n").num_rows == 0
    assert csv(tmp_path, "a,b").num_rows == 0
    assert csv(tmp_path, "a,b\n\n\n").num_rows == 0


def test_a_large_cell_is_read(tmp_path: Path) -> None:
    assert csv(tmp_path, "a,b\n1,2\n3," + "x" * 3_000_000 + "\n")["b"].to_pylist()[0] == "2"


def test_vectors_in_cells_are_lists_in_brackets(tmp_path: Path) -> None:
    text = 'v_vector_,w\n"[1, 2.5]",[1 2]\n,"[]"\n[1e-3 -4.],[ nan 3 ]\n'
    table = csv(tmp_path, text, ("w",))
    assert table["v_vector_"].to_pylist() == [[1.0, 2.5], None, [0.001, -4.0]]
    assert table["w"].to_pylist() == [
        [1.0, 2.0],
        [],
        [pytest.approx(float("nan"), nan_ok=True), 3.0],
    ]
    with pytest.raises(InvalidInputError) as caught:
        csv(tmp_path, "v_vector_\n1 2\n")
    assert str(caught.value) == "A vector cell is a list in brackets, but got '1 2'."
    with pytest.raises(InvalidInputError) as caught:
        csv(tmp_path, "v_vector_\n[1 x]\n")
    assert str(caught.value) == "A vector cell holds numbers in brackets, but got '[1 x]'."


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"a,b\n1\n", "CSV parse error: Expected 2 columns, got 1: 1"),
        (b"a\n\xe9\n", "In CSV column #0: CSV conversion error to string: invalid UTF8 data"),
        (b"\xb1a\n1\n", "'utf-8' codec can't decode byte 0xb1 in position 0: invalid start byte"),
    ],
)
def test_what_is_no_csv_is_named(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        csv(tmp_path, content)
    file = str(tmp_path / "a.csv")
    said = str(caught.value).replace("Row #2: ", "")  # that is told where there is one processor
    assert said == f"{file!r} cannot be read as CSV (UTF-8, commas, a header): {why}"


def test_an_empty_csv_file_and_names_that_come_twice_are_refused(tmp_path: Path) -> None:
    for content in ("", "\n", "\ufeff"):
        with pytest.raises(InvalidInputError) as caught:
            csv(tmp_path, content)
        assert str(caught.value) == (
            f"{str(tmp_path / 'a.csv')!r} is empty. A CSV file begins with a header."
        )
    with pytest.raises(InvalidInputError) as caught:
        csv(tmp_path, "a,b,a\n1,2,3\n")
    assert str(caught.value) == "Columns of the same name: 'a'. Give each its own."
    with pytest.raises(NotFoundError) as missing:
        csv_reader(tmp_path / "none.csv", ())
    assert str(missing.value) == (
        f"No file {str(tmp_path / 'none.csv')!r} (looked in {Path.cwd()})."
    )


# Parquet -----------------------------------------------------------------------------------


def parquet(tmp_path: Path, **tables: pa.Table) -> Path:
    for name, table in tables.items():
        file = tmp_path / f"{name}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, file)
    return tmp_path


def test_parquet_comes_from_a_file_a_glob_a_folder_or_a_list(tmp_path: Path) -> None:
    one, two = pa.table({"_id": ["a"], "x": [1]}), pa.table({"_id": ["b"], "x": [2]})
    parquet(tmp_path, **{"one": one, "below/two": two})
    (tmp_path / "notes.txt").write_text("no Parquet")
    sources: list[tuple[Any, list[str]]] = [
        (tmp_path / "one.parquet", ["a"]),
        (str(tmp_path / "*.parquet"), ["a"]),
        (str(tmp_path / "**" / "*.parquet"), ["b", "a"]),
        (tmp_path, ["b", "a"]),
        ([tmp_path / "one.parquet", str(tmp_path / "below" / "two.parquet")], ["a", "b"]),
    ]
    for source, ids in sources:
        reader, n_rows = parquet_reader(source, None)
        assert reader.read_all()["_id"].to_pylist() == ids
        assert n_rows == len(ids)
    reader, _ = parquet_reader(tmp_path / "one.parquet", ["x", "x"])
    assert reader.schema.names == ["_id", "x"]


def test_columns_that_only_some_files_have_are_all_there(tmp_path: Path) -> None:
    tables = {
        "a": pa.table({"n": pa.array([1], pa.int32()), "t": pa.array(["x"]).dictionary_encode()}),
        "b": pa.table({"n": [2.5], "new": ["y"], "t": ["z"]}),
        "c": pa.table({"n": pa.nulls(1), "v": pa.array([[1.0]], pa.list_(pa.float32(), 1))}),
    }
    reader, n_rows = parquet_reader(parquet(tmp_path, **tables), None)
    assert reader.read_all().to_pylist() == [
        {"n": 1.0, "t": "x", "new": None, "v": None},
        {"n": 2.5, "t": "z", "new": "y", "v": None},
        {"n": None, "t": None, "new": None, "v": [1.0]},
    ]
    assert n_rows == 3


def test_folders_that_carry_a_value_are_a_column(tmp_path: Path) -> None:
    root = tmp_path / "run=5"  # above what is asked for: no column
    table = pa.table({"a": [1]})
    parquet(root, **{"kind=hat/year=2024/x": table, "kind=bag/year=2025/x": table})
    reader, _ = parquet_reader(root, None)
    assert reader.read_all().to_pylist() == [
        {"a": 1, "kind": "bag", "year": 2025},
        {"a": 1, "kind": "hat", "year": 2024},
    ]
    assert parquet_reader(root, ["kind"])[0].schema.names == ["kind"]


def test_files_that_do_not_fit_together_are_named(tmp_path: Path) -> None:
    parquet(tmp_path, a=pa.table({"x": [1]}), b=pa.table({"x": ["t"]}))
    a, b = (str(tmp_path / f"{name}.parquet") for name in "ab")
    with pytest.raises(InvalidInputError) as caught:
        parquet_reader(tmp_path, None)
    assert str(caught.value) == (
        f"'x' is int64 in {a!r}, but string in {b!r}. Insert them one by one, or give the column "
        "one type."
    )
    Path(b).write_bytes(b"hello")
    with pytest.raises(InvalidInputError) as caught:
        parquet_reader(tmp_path, None)
    assert str(caught.value) == (
        f"{b!r} cannot be read as Parquet: Parquet file size is 5 bytes, smaller than the minimum "
        "file footer (8 bytes)"
    )


def test_a_value_that_the_joint_type_would_round_is_an_error(tmp_path: Path) -> None:
    parquet(tmp_path, a=pa.table({"x": [0.5]}), b=pa.table({"x": [2**53 + 1]}))
    reader, _ = parquet_reader(tmp_path, None)
    with pytest.raises(InvalidInputError) as caught:
        reader.read_all()
    assert str(caught.value) == (
        f"The Parquet files at {str(tmp_path)!r} cannot be read: Integer value 9007199254740993 "
        "not in range: -9007199254740992 to 9007199254740992"
    )


def test_parquet_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    for name in ("none.parquet", "*.parquet", ""):
        with pytest.raises(NotFoundError) as caught:
            parquet_reader(tmp_path / name, None)
        assert str(caught.value) == (
            f"No .parquet file at {str(tmp_path / name)!r} (looked in {Path.cwd()})."
        )
    parquet(tmp_path, a=pa.table({"price": [1]}))
    with pytest.raises(NotFoundError) as caught:
        parquet_reader(tmp_path, ["prise"])
    assert str(caught.value) == "No column 'prise' in 'a.parquet'. It has: 'price'."


# NumPy -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f4", "i1", "u8"])
def test_arrays_of_any_number_and_order_are_streamed(tmp_path: Path, kind: str) -> None:
    matrix = np.asfortranarray(np.arange(60_000).reshape(20_000, 3) % 100).astype(kind)
    np.save(tmp_path / "v.npy", matrix)
    for source in (matrix, tmp_path / "v.npy", str(tmp_path / "v.npy"), matrix[::-1][::-1]):
        reader, n_rows = beside_vectors(source, None, "v")
        batches = list(reader)
        assert [one.num_rows for one in batches] == [8192, 8192, 3616]
        flat = np.concatenate([one["v"].flatten().to_numpy() for one in batches])
        assert (flat.reshape(-1, 3) == matrix.astype("f4")).all()
        assert n_rows == 20_000


def test_documents_beside_vectors_lose_nothing(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"_id": 1, "n": {"x": 1}, "m": 1, "only": 5},
        {"_id": "b", "n": {"y": 2}, "m": "x", "late": [1, "x"], "w_vector_": [1, 2]},
    ]
    table = beside_vectors(np.eye(2), rows, "v")[0].read_all()
    assert table.column_names == ["_id", "n", "m", "only", "late", "w_vector_", "v"]
    assert table["n"].to_pylist() == ['{"x":1}', '{"y":2}']
    assert table["w_vector_"].to_pylist() == [None, [1.0, 2.0]]


def test_documents_come_beside_vectors_in_any_form(tmp_path: Path) -> None:
    frame = pd.DataFrame({"_id": ["a", "b"], "t": ["x", "y"]})
    frame.to_csv(tmp_path / "d.CSV", index=False)
    frame.to_parquet(tmp_path / "d.parquet")
    table = pa.Table.from_pandas(frame)
    forms = [frame, table, frame.to_dict("records"), tmp_path / "d.CSV", tmp_path / "d.parquet"]
    for documents in forms:
        found = beside_vectors(np.eye(2), documents, "v")[0].read_all()
        assert found.to_pylist() == [
            {"_id": "a", "t": "x", "v": [1.0, 0.0]},
            {"_id": "b", "t": "y", "v": [0.0, 1.0]},
        ]


WRONG: list[tuple[Any, Any, str]] = [
    (np.ones(3), None, "insert_numpy takes numbers of shape (n_rows, n_dims), but got float64 of shape (3,)."),
    (np.ones((2, 0)), None, "insert_numpy takes numbers of shape (n_rows, n_dims), but got float64 of shape (2, 0)."),
    (np.array([["a"]]), None, "insert_numpy takes numbers of shape (n_rows, n_dims), but got <U1 of shape (1, 1)."),
    (np.eye(2), [{}], "There is 1 document for 2 vectors. Pass one document a vector, in order."),
    (np.eye(1), [{"v": 1}], "The documents have a field 'v' already. Pass field='<another name>'."),
    (np.eye(1), 5, "insert_numpy takes documents as dicts, a DataFrame, a Table or a file, but got int."),
    (np.eye(1), [5], "Documents come as dicts, but number 0 is int: 5."),
    (np.eye(1), [{1: 5}], "Field names are text, but document 0 has 1."),
    (np.eye(1), [{"s": {1}}], "'s' of document number 0 holds a set, which cannot be kept; turn it into text, a number, a date, bytes, a list or a dict."),
]  # fmt: skip


@pytest.mark.parametrize(("vectors", "documents", "message"), WRONG)
def test_what_does_not_stand_beside_is_refused(vectors: Any, documents: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        beside_vectors(vectors, documents, "v")[0].read_all()
    assert str(caught.value) == message


def test_an_npy_file_of_objects_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "o.npy", np.array([{}], object), allow_pickle=True)
    (tmp_path / "t.npy").write_text(json.dumps([1]))
    for name in ("o.npy", "t.npy"):
        file = str(tmp_path / name)
        with pytest.raises(InvalidInputError) as caught:
            beside_vectors(file, None, "v")
        assert str(caught.value).startswith(f"{file!r} cannot be read as .npy: ")


# Bounded memory ----------------------------------------------------------------------------


def test_a_large_row_group_is_read_in_small_batches(tmp_path: Path) -> None:
    table = pa.table({"a.b": pa.array(range(20_000)), "a": [{"b": "x"}] * 20_000})
    pq.write_table(table, tmp_path / "one.parquet", row_group_size=20_000)
    reader, n_rows = parquet_reader(tmp_path / "one.parquet", None)
    batches = list(reader)
    assert max(one.num_rows for one in batches) <= 8192
    assert pa.Table.from_batches(batches).equals(table)
    assert n_rows == 20_000
    only, _ = parquet_reader(tmp_path / "one.parquet", ["a.b"])
    assert only.read_all().equals(table.select(["a.b"]))


def test_documents_beside_vectors_stream_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("n\n" + "".join(f"{i}\n" for i in range(20_000)))
    vectors = np.arange(40_000, dtype=np.float32).reshape(20_000, 2)
    batches = list(beside_vectors(vectors, tmp_path / "t.csv", "v")[0])
    assert max(one.num_rows for one in batches) <= 8192
    made = pa.Table.from_batches(batches)
    assert made["n"].to_pylist() == list(range(20_000))
    assert made["v"][19_999].as_py() == [39_998.0, 39_999.0]
    with pytest.raises(InvalidInputError, match="There are 20,000 documents for 19,999 vectors"):
        list(beside_vectors(vectors[1:], tmp_path / "t.csv", "v")[0])


# Hugging Face ------------------------------------------------------------------------------


class Face:
    """A dataset of Hugging Face, as far as it is asked: it speaks no Arrow interface."""

    def __init__(self, table: pa.Table, *, knows_its_columns: bool) -> None:
        self._table = table
        self.features = self if knows_its_columns else None
        self.arrow_schema = table.schema

    def with_format(self, name: str) -> "Face":
        assert name == "arrow"
        return self

    def iter(self, batch_size: int) -> Iterator[pa.Table]:
        for start in range(0, self._table.num_rows, 2):
            yield self._table.slice(start, 2)


@pytest.mark.parametrize("knows_its_columns", [True, False])
def test_a_dataset_of_hugging_face_streams(knows_its_columns: bool) -> None:
    table = pa.table({"_id": ["a", "b", "c"], "x": [1, None, 3]})
    face = Face(table, knows_its_columns=knows_its_columns)
    assert arrow_reader(face).read_all().equals(table)
    empty = Face(table.slice(0, 0), knows_its_columns=knows_its_columns)
    assert arrow_reader(empty).read_all().num_rows == 0
