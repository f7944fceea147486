"""Documents leave as DataFrames, Arrow, Parquet, CSV and dicts, and come back as they were."""

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError, WorkspaceError

PATH = "_cluster_.look_vector_.by-hand"
MOMENT = dt.datetime(2022, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
ROWS: list[dict[str, Any]] = [
    {
        "_id": "1",
        "whole": 1,
        "number": 0.1,
        "text": '=1+1, "quoted"\nline',
        "bool": True,
        "date": MOMENT,
        "local": MOMENT.replace(tzinfo=None),
        "day": dt.date(2022, 1, 2),
        "bytes": b"\x00\xff",
        "json": {"a": [1, "é"]},
        "v_vector_": [0.1, -2.0],
        'odd "name", ünï.dot': "x",
    },
    {"_id": "2", "text": "", "whole": 3, "bool": False},
    {"_id": "3"},
]


@pytest.fixture
def rich(client: Client) -> Dataset:
    dataset = client.Dataset("rich")
    dataset.insert_documents(ROWS)
    dataset.set_cluster_labels("v_vector_", "mine", {"1": 7})
    return dataset


LABEL = "_cluster_.v_vector_.mine"


def test_a_dataframe_keeps_kinds(rich: Dataset) -> None:
    frame = rich.to_pandas_dataframe()
    assert list(frame.columns) == [*ROWS[0], LABEL]
    assert frame["whole"].dtype == "Int64"
    assert frame["number"].dtype == np.float64
    assert str(frame["date"].dtype) == "datetime64[us, UTC]"
    assert frame["date"][0] == pd.Timestamp(MOMENT)
    assert frame["local"].dtype == "datetime64[us]"
    assert frame["day"][0] == dt.date(2022, 1, 2)
    assert frame["json"].tolist() == [{"a": [1, "é"]}, None, None]
    assert frame["bytes"][0] == b"\x00\xff"
    np.testing.assert_array_equal(frame["v_vector_"][0], np.float32([0.1, -2.0]))
    assert frame["v_vector_"][1] is None
    assert frame["text"].tolist()[:2] == ['=1+1, "quoted"\nline', ""]
    assert frame[LABEL][0] == "cluster-7"
    assert pd.isna(frame[LABEL][1])
    full = rich.to_pandas_dataframe(filters=rich["whole"].notnull(), select_fields=["whole"])
    assert list(full.columns) == ["_id", "whole"]
    assert full["whole"].dtype == np.int64
    empty = rich.to_pandas_dataframe(filters=rich["whole"] > 99)
    assert (len(empty), list(empty.columns)) == (0, list(frame.columns))


def test_a_dataframe_comes_back(rich: Dataset, client: Client) -> None:
    frame = rich.to_pandas_dataframe().drop(columns=LABEL)
    client.Dataset("again").insert_pandas_dataframe(frame)
    labels = {"_cluster_": {"v_vector_": {"mine": "cluster-7"}}}
    there = list(rich.get_all_documents())
    assert there[0].pop("_cluster_") == labels["_cluster_"]
    assert list(client.Dataset("again").get_all_documents()) == there


def test_arrow_streams_and_tables(small: Dataset) -> None:
    table = small.to_arrow(filters=small["group"] == 1)
    assert table.num_rows == 20
    assert table.schema.names == ["_id", "look_vector_", "title", "price", "group", PATH]
    assert table[PATH].to_pylist() == ["cluster-1"] * 20
    assert table.schema.field("look_vector_").type == pa.list_(pa.float32(), 8)
    reader = small.to_arrow_stream(include_vector=False)
    assert isinstance(reader, pa.RecordBatchReader)
    assert "look_vector_" not in reader.schema.names
    assert reader.read_all().num_rows == 60
    none = small.to_arrow(filters=small["group"] == 9)
    assert (none.num_rows, none.schema) == (0, table.schema)


def test_json_is_marked_in_arrow(rich: Dataset) -> None:
    field = rich.to_arrow().schema.field("json")
    assert (field.type, field.metadata[b"relevanceai.kind"]) == (pa.string(), b"json")


def test_parquet_is_whole_or_not_there(rich: Dataset, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    rich.to_parquet(target)
    assert pq.read_table(target).to_pylist() == rich.to_arrow().to_pylist()
    with pytest.raises(InvalidInputError) as there:
        rich.to_parquet(target)
    assert str(there.value) == (
        f"{str(target)!r} is there already. Pass overwrite=True to replace it, or another path."
    )
    rich.to_parquet(target, overwrite=True, filters=rich["whole"] == 3, select_fields=["whole"])
    assert pq.read_table(target).to_pylist() == [{"_id": "2", "whole": 3}]
    with pytest.raises(NotFoundError):
        rich.to_parquet(tmp_path / "no.parquet", select_fields=["nope"])
    with pytest.raises(WorkspaceError, match="Make its folder, or pass another path"):
        rich.to_parquet(tmp_path / "lacking" / "x.parquet")
    with pytest.raises(InvalidInputError, match="Pass the name of a file"):
        rich.to_parquet(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir() if one.name != "home") == ["out.parquet"]


def test_a_failing_export_leaves_what_was_there(
    rich: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.parquet"
    target.write_bytes(b"mine")

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq.ParquetWriter, "write_table", fail)
    with pytest.raises(WorkspaceError, match="No space left on device"):
        rich.to_parquet(target, overwrite=True)
    assert target.read_bytes() == b"mine"
    assert [one.name for one in tmp_path.iterdir() if one.name != "home"] == ["out.parquet"]


def test_csv_in_full(rich: Dataset, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    rich.to_csv(target, include_vector=True)
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[0]
    assert list(first) == [*ROWS[0], LABEL]
    assert first["text"] == ROWS[0]["text"]
    assert (first["whole"], first["number"], first["bool"]) == ("1", "0.1", "true")
    assert dt.datetime.fromisoformat(first["date"]) == MOMENT
    assert first["day"] == "2022-01-02"
    assert first["bytes"] == "AP8="
    assert json.loads(first["json"]) == {"a": [1, "é"]}
    assert json.loads(first["v_vector_"]) == [0.1, -2.0]
    assert first[LABEL] == "cluster-7"
    assert target.read_text(encoding="utf-8").splitlines()[-2].startswith('"2",3,,"",false,')
    rich.to_csv(target, overwrite=True)
    assert "v_vector_" not in target.read_text(encoding="utf-8").splitlines()[0].split(",")[:-1]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(st.none() | st.text(), min_size=1, max_size=5),
    name=st.text(min_size=1, max_size=5).filter(lambda one: one not in ("_id", "_cluster_")),
)
def test_any_text_survives_csv(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str | None], name: str
) -> None:
    home = tmp_path_factory.mktemp("csv")
    dataset = Client(home / "home").Dataset("d")
    dataset.insert_documents([{"_id": str(i), name: text} for i, text in enumerate(texts)])
    dataset.to_csv(home / "out.csv")
    with (home / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    if any(text is not None for text in texts):
        assert rows[0] == ["_id", name]
        assert [row[1] for row in rows[1:]] == [text or "" for text in texts]


def test_dicts(rich: Dataset) -> None:
    assert rich.to_dict() == list(rich.get_all_documents())
    columns = rich.to_dict("list", select_fields=["whole"])
    assert columns == {"_id": ["1", "2", "3"], "whole": [1, 3, None]}
    with pytest.raises(InvalidInputError) as caught:
        rich.to_dict("rows")  # type: ignore[arg-type]
    assert str(caught.value) == "orient is 'records' or 'list', but got 'rows'."
