"""Arrow columns of every type become what the store keeps, or the row is named that cannot."""

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from relevanceai.documents.arrow_source import arrow_reader
from relevanceai.errors import InvalidInputError
from relevanceai.store.columns import KIND_KEY, Field, from_arrow
from relevanceai.store.streams import (
    first_width,
    ids_of,
    incoming_fields,
    kept_column,
)

D = decimal.Decimal
US = pa.timestamp("us")
UUID = b"\x12\x34" * 8
LONG = "long enough not to be kept inside the view"


def through(array: pa.Array, kind: str | None = None) -> tuple[str, list[object], dict[int, str]]:
    """The kind, the values and the problems of a column, as it comes back from the store."""
    (field,) = incoming_fields(pa.schema([("f", array.type)]), (), {})
    if kind is not None:
        field = Field("f", "f", kind)
    problems: dict[int, str] = {}
    kept = kept_column(field, array, problems)
    kept.validate(full=True)
    assert kept.type == field.arrow().type
    return field.kind, from_arrow(kept, field), problems


def runs(values: list[object], ends: list[int]) -> pa.Array:
    return pa.RunEndEncodedArray.from_arrays(ends, values)


def extension(kind: pa.DataType, storage: pa.Array) -> pa.Array:
    return pa.ExtensionArray.from_storage(kind, storage)


ARRAYS: list[tuple[str, pa.Array, str, list[Any]]] = [
    ("text view", pa.array(["x", None, LONG], pa.string_view()), "text", ["x", None, LONG]),
    ("large text", pa.array(["x", None], pa.large_string()), "text", ["x", None]),
    ("dictionary", pa.array(["x", None, "x"]).dictionary_encode(), "text", ["x", None, "x"]),
    (
        "dictionary with a null in it",
        pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["q", None])),
        "text",
        ["q", None, None],
    ),
    (
        "dictionary of large text",
        pa.array(["x", None], pa.large_string()).dictionary_encode(),
        "text",
        ["x", None],
    ),
    ("dictionary of numbers", pa.array([1, None]).dictionary_encode(), "integer", [1, None]),
    ("runs", runs(["x", None], [1, 3]), "text", ["x", None, None]),
    ("sliced runs", runs(["x", None, "y"], [2, 3, 5]).slice(1, 3), "text", ["x", None, "y"]),
    ("bytes view", pa.array([b"x", None], pa.binary_view()), "bytes", [b"x", None]),
    ("large bytes", pa.array([b"x", None], pa.large_binary()), "bytes", [b"x", None]),
    ("bytes of one width", pa.array([b"xy", None], pa.binary(2)), "bytes", [b"xy", None]),
    ("int8", pa.array([-128, None], pa.int8()), "integer", [-128, None]),
    ("uint32", pa.array([2**32 - 1, None], pa.uint32()), "integer", [2**32 - 1, None]),
    ("uint64", pa.array([2**64 - 1, None], pa.uint64()), "json", [2**64 - 1, None]),
    ("half", pa.array(np.array([1.5, -2], np.float16)), "number", [1.5, -2.0]),
    ("float32", pa.array([0.1], pa.float32()), "number", [float(np.float32(0.1))]),
    ("decimal", pa.array([D("1.50"), None]), "json", [D("1.50"), None]),
    ("wide decimal", pa.array([D("1.5")], pa.decimal256(50, 3)), "json", [D("1.500")]),
    ("bool", pa.array([True, None]), "bool", [True, None]),
    ("time in ms", pa.array([1], pa.time32("ms")), "json", [dt.time(0, 0, 0, 1000)]),
    ("time in ns", pa.array([1000, None], pa.time64("ns")), "json", [dt.time(0, 0, 0, 1), None]),
    ("span", pa.array([-1, None], pa.duration("s")), "json", [dt.timedelta(seconds=-1), None]),
    ("span in ns", pa.array([1000], pa.duration("ns")), "json", [dt.timedelta(microseconds=1)]),
    ("months, days, ns", pa.array([(1, 2, 3)], pa.month_day_nano_interval()), "json", [[1, 2, 3]]),
    ("ns without rest", pa.array([1000], pa.timestamp("ns")), "local_date", [dt.datetime(1970, 1, 1, 0, 0, 0, 1)]),
    (
        "zone",
        pa.array([0, None], pa.timestamp("s", "Europe/Berlin")),
        "date",
        [dt.datetime(1970, 1, 1, tzinfo=dt.UTC), None],
    ),
    ("date64", pa.array([86_400_000, None], pa.date64()), "day", [dt.date(1970, 1, 2), None]),
    ("the first day", pa.array([dt.date.min]), "day", [dt.date.min]),
    ("the last moment", pa.array([dt.datetime.max], US), "local_date", [dt.datetime.max]),
    ("map", pa.array([[("k", 1), ("k", 2)], None], pa.map_(pa.string(), pa.int64())), "json", [[["k", 1], ["k", 2]], None]),
    (
        "sparse union",
        pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array("xy")]),
        "json",
        [1, "y"],
    ),
    (
        "dense union",
        pa.UnionArray.from_dense(
            pa.array([0, 1], pa.int8()), pa.array([0, 0], pa.int32()), [pa.array([1]), pa.array("y")]
        ),
        "json",
        [1, "y"],
    ),
    (
        "struct",
        pa.array([{"x": 1, "y": {"z": [1, None]}}, None, {"x": None, "y": None}]),
        "json",
        [{"x": 1, "y": {"z": [1, None]}}, None, {"x": None, "y": None}],
    ),
    ("struct of nothing", pa.array([{}, None], pa.struct([])), "json", [{}, None]),
    (
        "struct with a time in ns",
        pa.array([{"t": [1000]}], pa.struct([("t", pa.list_(pa.time64("ns")))])),
        "json",
        [{"t": [dt.time(0, 0, 0, 1)]}],
    ),
    ("list", pa.array([[1, 2], None, []]), "json", [[1, 2], None, []]),
    ("list view", pa.array([[1, 2], None, [3]], pa.list_view(pa.int8())), "json", [[1, 2], None, [3]]),
    (
        "sliced large list view",
        pa.array([[1], None, [3], []], pa.large_list_view(pa.int8())).slice(1),
        "json",
        [None, [3], []],
    ),
    ("list of dictionaries", pa.array([["x"], None], pa.list_(pa.dictionary(pa.int8(), pa.string()))), "json", [["x"], None]),
    ("whole numbers of one width", pa.array([[1, 2], None], pa.list_(pa.int8(), 2)), "json", [[1, 2], None]),
    ("matrix", pa.array([[[1.0], [2.0]]], pa.list_(pa.list_(pa.float32(), 1), 2)), "json", [[[1.0], [2.0]]]),
    ("uuid", extension(pa.uuid(), pa.array([UUID, None], pa.binary(16))), "text", ["12341234-1234-1234-1234-123412341234", None]),
    ("bool8", extension(pa.bool8(), pa.array([0, 2, None], pa.int8())), "bool", [False, True, None]),
    ("json text", extension(pa.json_(), pa.array(['{"a":1}', None])), "text", ['{"a":1}', None]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("array", "kind", "values"), [one[1:] for one in ARRAYS], ids=[one[0] for one in ARRAYS]
)
def test_a_column_of_any_type_is_kept(array: pa.Array, kind: str, values: list[object]) -> None:
    assert through(array) == (kind, values, {})
    assert through(array.slice(len(array)))[1] == []
    assert through(array.slice(1)) == (kind, values[1:], {})


BAD: list[tuple[str, pa.Array, dict[int, str]]] = [
    (
        "ns",
        pa.array([0, 1, None], pa.timestamp("ns")),
        {1: "'f' cannot be kept exactly as timestamp[us]"},
    ),
    (
        "far seconds",
        pa.array([2**60, 0], pa.timestamp("s")),
        {0: "'f' cannot be kept exactly as timestamp[us]"},
    ),
    (
        "year 20,000",
        pa.array([0, 568_971_820_800], pa.timestamp("s", "UTC")),
        {1: "'f' is beyond the years 1 to 9999"},
    ),
    (
        "the moment before the year 1",
        pa.array([-62_135_596_800_000_001, -62_135_596_800_000_000]).cast(US),
        {0: "'f' is beyond the years 1 to 9999"},
    ),
    ("far day", pa.array([2**30, 0], pa.date32()), {0: "'f' is beyond the years 1 to 9999"}),
    (
        "time in ns",
        pa.array([1000, 1001], pa.time64("ns")),
        {
            1: "'f' cannot be read: Casting from time64[ns] to time64[us] would lose data: 1001",
        },
    ),
    (
        "span in ns",
        pa.array([1000, 1001], pa.duration("ns")),
        {1: "'f' holds nanoseconds, but spans are kept to the microsecond"},
    ),
    (
        "ns inside",
        pa.array([{"t": 1000}, {"t": 1001}], pa.struct([("t", pa.timestamp("ns"))])),
        {1: "'f' holds nanoseconds, but dates are kept to the microsecond"},
    ),
    (
        "one name twice",
        pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]),
        {
            0: "'f' cannot be read: Converting to Python dictionary is not supported when "
            "duplicate field names are present"
        },
    ),
    (
        "bad text",
        pa.array([b"ok", b"\xff", None]).view(pa.string()),
        {1: "'f' is not valid UTF-8"},
    ),
    (
        "bad text inside",
        pa.ListArray.from_arrays([0, 1, 2], pa.array([b"ok", b"\xff"]).view(pa.string())),
        {
            1: "'f' cannot be read: 'utf-8' codec can't decode byte 0xff in position 0: invalid "
            "start byte"
        },
    ),
]


@pytest.mark.parametrize(
    ("array", "problems"), [one[1:] for one in BAD], ids=[one[0] for one in BAD]
)
def test_what_cannot_be_kept_is_named_by_row(array: pa.Array, problems: dict[int, str]) -> None:
    _, values, found = through(array)
    assert found == problems
    assert all(values[row] is None for row in problems)
    plain = [value for row, value in enumerate(values) if row not in problems]
    assert len(plain) == len(array) - len(problems)


def test_whole_numbers_beside_fractions_must_be_exact() -> None:
    exact = [2**53, -(2**53), None, 0]
    assert through(pa.array(exact), "number") == ("number", [2.0**53, -(2.0**53), None, 0.0], {})
    why = "'f' is too large to be kept exactly beside fractions"
    rounded = [2**53 + 1, -(2**53) - 1, -(2**63), 5]
    assert through(pa.array(rounded), "number") == (
        "number",
        [None, None, None, 5.0],
        {0: why, 1: why, 2: why},
    )


# vectors -----------------------------------------------------------------------------------


def vectors(array: pa.Array, width: int = 2) -> tuple[list[object], dict[int, str]]:
    problems: dict[int, str] = {}
    field = Field("v", "v", "vector", width)
    kept = kept_column(field, array, problems)
    kept.validate(full=True)
    assert kept.type == pa.list_(pa.float32(), width)
    return from_arrow(kept, field), problems


F = pa.float32()
LISTS = [pa.list_(F), pa.large_list(F), pa.list_view(F), pa.large_list_view(F), pa.list_(F, 2)]
NUMBERS = [
    *(pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64()),
    *(pa.uint64(), pa.float16(), pa.float32(), pa.float64()),
]


@pytest.mark.parametrize("kind", LISTS, ids=str)
def test_vectors_of_any_list_come_through_wherever_they_are_cut(kind: pa.DataType) -> None:
    rows = [[1.0, 2.0], None, [3.0, 4.0], None, None, [5.0, 6.0]]
    whole = pa.array(rows, kind)
    for start in range(7):
        for stop in range(start, 7):
            assert vectors(whole.slice(start, stop - start)) == (rows[start:stop], {})
    assert vectors(pa.array([None, None], kind)) == ([None, None], {})


@pytest.mark.parametrize("kind", NUMBERS, ids=str)
def test_vectors_of_any_number_come_through(kind: pa.DataType) -> None:
    numbers = np.array([1, 2, 3, 4], kind.to_pandas_dtype())
    for array in (
        pa.FixedSizeListArray.from_arrays(pa.array(numbers, kind), 2),
        pa.ListArray.from_arrays([0, 2, 4], pa.array(numbers, kind)),
    ):
        assert vectors(array) == ([[1.0, 2.0], [3.0, 4.0]], {})
        assert vectors(array.slice(1)) == ([[3.0, 4.0]], {})


def test_values_hidden_below_a_missing_vector_do_not_matter() -> None:
    nan = float("nan")
    hidden = pa.FixedSizeListArray.from_arrays(
        pa.array([1.0, nan, 3.0, 4.0]), 2, mask=pa.array([True, False])
    )
    assert vectors(hidden) == ([None, [3.0, 4.0]], {})
    ragged = pa.ListArray.from_arrays(
        pa.array([0, 1, 3]), pa.array([nan, 3.0, 4.0]), mask=pa.array([True, False])
    )
    assert vectors(ragged) == ([None, [3.0, 4.0]], {})


@pytest.mark.parametrize("kind", LISTS[:4], ids=str)
def test_a_vector_at_fault_is_named(kind: pa.DataType) -> None:
    rows = [[1, 2], [1, None], [1], [], [float("nan"), 1], None, [1, float("-inf")], [3, 4]]
    why = "'v' holds null, NaN, infinity or a number beyond float32"
    kept, problems = vectors(pa.array(rows, kind))
    assert problems == {
        1: why,
        2: "'v' has 1 dimension in place of 2",
        3: "'v' is empty; make it null instead",
        4: why,
        6: why,
    }
    assert [kept[row] for row in (0, 5, 7)] == [[1.0, 2.0], None, [3.0, 4.0]]


def test_numbers_beyond_float32_are_named_and_large_sums_are_not() -> None:
    array = pa.array([[1e39, 0], [3e38, 3e38], [2.0**63, 1]], pa.list_(pa.float64(), 2))
    kept, problems = vectors(array)
    assert problems == {0: "'v' holds null, NaN, infinity or a number beyond float32"}
    assert kept[1:] == [[float(np.float32(3e38))] * 2, [2.0**63, 1.0]]


def test_the_width_is_that_of_the_first_vector_that_is_not_empty() -> None:
    kind = pa.list_(pa.int64())
    assert first_width(pa.array([None, [], [1, 2], [1]], kind)) == 2
    assert first_width(pa.array([None, []], kind)) == 0
    assert first_width(pa.array([None], kind)) is None


def test_what_is_a_vector_is_told_by_type_name_or_wish() -> None:
    floats, whole = pa.list_(pa.float32()), pa.list_(pa.int64(), 3)
    schema = pa.schema(
        {
            "_id": pa.string(),
            "_cluster_": pa.string(),
            "nothing": pa.null(),
            "by_type": pa.list_(pa.float16(), 3),
            "tensor": pa.fixed_shape_tensor(pa.float32(), [3]),
            "by_name_vector_": pa.large_list(pa.uint8()),
            "wished": whole,
            "known": floats,
            "list": floats,
            "threes": whole,
        }
    )
    found = incoming_fields(schema, ["wished"], {"known": Field("known", "known", "vector", 5)})
    assert [(one.name, one.kind, one.width) for one in found] == [
        ("by_type", "vector", 3),
        ("tensor", "vector", 3),
        ("by_name_vector_", "vector", 0),
        ("wished", "vector", 3),
        ("known", "vector", 0),
        ("list", "json", 0),
        ("threes", "json", 0),
    ]


def test_columns_that_cannot_be_fields_are_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        incoming_fields(pa.schema([("a", F), ("b", F), ("a", F)]), (), {})
    assert str(caught.value) == "Columns of the same name: 'a'. Give each its own."
    with pytest.raises(InvalidInputError) as caught:
        incoming_fields(pa.schema([("a", F)]), ["b"], {})
    assert str(caught.value) == "vector_fields names 'b', but the columns are 'a'."
    with pytest.raises(InvalidInputError) as caught:
        incoming_fields(pa.schema([("a_vector_", pa.string())]), (), {})
    assert str(caught.value) == (
        "'a_vector_' holds string, but a vector field holds lists of numbers. Rename the field, "
        "or bring numbers."
    )


# ids ---------------------------------------------------------------------------------------

IDS: list[tuple[pa.Array, list[str | None]]] = [
    (pa.array(["a", None]), ["a", None]),
    (pa.array(["a", None], pa.string_view()), ["a", None]),
    (pa.array(["a", None]).dictionary_encode(), ["a", None]),
    (pa.array([7, None], pa.int8()), ["7", None]),
    (pa.array([2**64 - 1], pa.uint64()), [str(2**64 - 1)]),
    (pa.array([7.0, 0.1, float("nan"), None]), ["7.0", "0.1", None, None]),
    (pa.array([True, None]), ["True", None]),
    (pa.array([D("1.50"), None]), ["1.50", None]),
    (pa.array([b"\x07\xff", None]), ["07ff", None]),
    (pa.array([dt.date(2024, 2, 29), None]), ["2024-02-29", None]),
    (pa.array([0, None], US), ["1970-01-01 00:00:00", None]),
    (pa.array([0], pa.timestamp("s", "Asia/Tokyo")), ["1970-01-01 00:00:00+00:00"]),
    (pa.array([1], pa.time64("us")), ["00:00:00.000001"]),
    (pa.array([{"$oid": "5f"}, None]), ['{"$oid":"5f"}', None]),
    (pa.array([[1, 2], None]), ["[1,2]", None]),
    (pa.nulls(2), [None, None]),
    (
        extension(pa.uuid(), pa.array([UUID, None], pa.binary(16))),
        ["12341234-1234-1234-1234-123412341234", None],
    ),
]


@pytest.mark.parametrize(("array", "texts"), IDS, ids=lambda one: str(getattr(one, "type", "")))
def test_an_id_of_any_type_becomes_text(array: pa.Array, texts: list[str | None]) -> None:
    problems: dict[int, str] = {}
    made = ids_of(array, problems)
    assert (made.type, made.to_pylist(), problems) == (pa.string(), texts, {})


def test_an_id_at_fault_is_named_by_row() -> None:
    problems: dict[int, str] = {}
    assert ids_of(pa.array(["a", "", None]), problems).to_pylist() == ["a", None, None]
    why = "`_id` is empty. Pass text or a number, or leave it out to have one made"
    assert problems == {1: why}
    problems = {}
    bad = pa.array([b"\xff", b"ok"]).view(pa.string())
    assert ids_of(bad, problems).to_pylist() == [None, "ok"]
    assert problems == {
        0: "`_id` cannot be read: 'utf-8' codec can't decode byte 0xff in position 0: invalid "
        "start byte"
    }


class Speaks:
    """What Polars, DuckDB and Hugging Face datasets have in common."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def test_anything_that_speaks_the_stream_interface_is_a_source() -> None:
    table = pa.table({"a": [1, 2]})
    sources = [table, table.to_reader(), table.to_batches()[0], Speaks(table)]
    assert [arrow_reader(one).read_all() for one in sources] == [table] * 4
    with pytest.raises(InvalidInputError) as caught:
        arrow_reader([{"a": 1}])
    assert str(caught.value) == (
        "insert_arrow takes a Table, a RecordBatchReader or anything with __arrow_c_stream__ "
        "(Polars, DuckDB, Hugging Face datasets), but got list."
    )


def test_json_that_the_store_did_not_write_is_not_believed() -> None:
    from relevanceai.store.streams import checked_json

    field = Field("f", "f", "json")
    texts = ['{"$day":"2024-02-29"}', "{", '{"$bytes":5}', '{"$decimal":"x"}', None, " [1, 2]"]
    problems: dict[int, str] = {}
    kept = checked_json(field, pa.array(texts), problems)
    why = "'f' is said to be JSON of a dataset and is not"
    assert problems == {1: why, 2: why, 3: why}
    assert from_arrow(kept, field) == [dt.date(2024, 2, 29), None, None, None, None, [1, 2]]
    schema = pa.schema([pa.field("f", pa.string(), metadata={KIND_KEY: b"json"})])
    assert incoming_fields(schema, (), {}) == [field]
