"""A stream of Arrow batches comes in whole or not at all, and equal to the same rows as dicts."""

import datetime as dt
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevanceai.documents.arrow_source import arrow_reader
from relevanceai.errors import DuplicateIdError, InvalidInputError
from relevanceai.store import ingest as module
from relevanceai.store.documents import DocumentStore
from relevanceai.store.ingest import ingest
from relevanceai.store.report import InsertReport
from relevanceai.store.workspace import Workspace
from relevanceai.store.writing import write_documents


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    workspace = Workspace(tmp_path / "home")
    workspace.write_format()
    return workspace.store("things")


def everything(store: DocumentStore) -> dict[str, dict[str, object]]:
    return {document["_id"]: document for document in store.read()} if store.exists() else {}


def insert(store: DocumentStore, table: Any, **options: Any) -> InsertReport:
    return ingest(store, arrow_reader(table), **options)


def refused(store: DocumentStore, table: Any, **options: Any) -> str:
    """The message of an insert that changes nothing."""
    before, version = everything(store), store.version() if store.exists() else 0
    with pytest.raises(InvalidInputError) as caught:
        insert(store, table, **options)
    assert everything(store) == before
    if version:
        assert not (store.folder / "changing.json").exists()
    return str(caught.value)


def stream(schema: pa.Schema, *parts: Any) -> pa.RecordBatchReader:
    """A reader of batches, which raises each part that is an exception."""

    def batches() -> Iterator[pa.RecordBatch]:
        for one in parts:
            if isinstance(one, BaseException):
                raise one
            yield from pa.table(one, schema=schema).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


# a round trip ------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
MOMENTS = st.datetimes()
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "text": (pa.string(), TEXT),
    "large_text": (pa.large_string(), TEXT),
    "view": (pa.string_view(), TEXT),
    "category": (pa.dictionary(pa.int32(), pa.string()), TEXT),
    "int16": (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "float64": (pa.float64(), st.floats(allow_nan=False)),
    "float32": (pa.float32(), st.floats(allow_nan=False, width=32)),
    "bool": (pa.bool_(), st.booleans()),
    "bytes": (pa.binary(), st.binary(max_size=4)),
    "local": (pa.timestamp("us"), MOMENTS),
    "moment": (
        pa.timestamp("us", "Asia/Tokyo"),
        st.datetimes(dt.datetime(1, 1, 3), timezones=st.just(dt.UTC)),
    ),
    "day": (pa.date32(), st.dates()),
    "time": (pa.time64("us"), st.times()),
    "span": (pa.duration("us"), st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999))),
    "decimal": (pa.decimal128(12, 3), st.decimals(-1000, 1000, places=3)),
    "list": (pa.list_(pa.int64()), st.lists(st.none() | st.integers(-9, 9), max_size=3)),
    "struct": (
        pa.struct([("a", pa.string()), ("b c", pa.list_(pa.float64()))]),
        st.fixed_dictionaries(
            {"a": st.none() | TEXT, "b c": st.none() | st.lists(st.floats(-1, 1), max_size=2)}
        ),
    ),
    "fixed": (
        pa.list_(pa.float32(), 2),
        st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=2),
    ),
    "wished": (
        pa.large_list(pa.float64()),
        st.lists(st.integers(-9, 9).map(float), min_size=3, max_size=3),
    ),
}
VECTORS = ("fixed", "wished")
PREFIXES = st.sampled_from(["", "a.b", " ", "'", '"', "ä", "%", "~2", "_label_", "_row", "\n"])


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """A table of any columns under any names, cut into any batches, sliced out of a larger one."""
    n_rows = draw(st.integers(0, 6))
    names = draw(st.lists(st.sampled_from(sorted(KINDS)), unique=True, max_size=5))
    columns: dict[str, Any] = {"_id": pa.array([f"{row:02}" for row in range(n_rows)])}
    for name in names:
        kind, values = KINDS[name]
        drawn = draw(st.lists(st.none() | values, min_size=n_rows, max_size=n_rows))
        columns[draw(PREFIXES) + "|" + name] = pa.array(drawn, kind)
    table = pa.table(columns)
    table = table.slice(draw(st.integers(0, n_rows)), draw(st.integers(0, n_rows)))
    size = draw(st.integers(1, 4))
    return pa.Table.from_batches(table.to_batches(max_chunksize=size), table.schema)


@given(table=tables(), rows=st.sampled_from([1, 2, 8192]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_table_comes_back_equal_and_equal_to_its_rows_as_dicts(
    table: pa.Table, rows: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    workspace = Workspace(tmp_path_factory.mktemp("any") / "home")
    wished = [name for name in table.column_names if name.endswith(VECTORS)]
    documents = [
        {name: value for name, value in row.items() if value is not None}
        for row in table.to_pylist()
    ]
    one, other = workspace.store("arrow"), workspace.store("dicts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_rows_per_batch", lambda fields: rows)
        report = insert(one, table, vector_fields=wished)
    assert report == InsertReport(table.num_rows)
    went = {document["_id"]: document for document in documents}
    assert everything(one) == went
    write_documents(other, documents, upsert=False, vector_fields=wished)
    assert everything(other) == went
    if went:
        kinds = [{field.name: field.kind for field in each.fields()} for each in (one, other)]
        assert {name: kinds[0][name] for name in kinds[1]} == kinds[1] | {
            name: "json" for name in kinds[1] if name.endswith("uint64")
        }


# ids ---------------------------------------------------------------------------------------


def test_made_ids_are_told_and_equal_rows_stay_two(store: DocumentStore) -> None:
    report = insert(store, pa.table({"a": [1, 1]}))
    assert report == InsertReport(2, made_ids=report.made_ids)
    assert set(everything(store)) == set(report.made_ids)
    assert len(report.made_ids) == 2
    second = insert(store, pa.table({"_id": pa.array(["x", None]), "a": [1, 1]}))
    assert (second.inserted, len(second.made_ids)) == (2, 1)
    assert set(everything(store)) == {*report.made_ids, "x", *second.made_ids}


def test_an_id_twice_in_a_stream_is_refused_wherever_it_stands(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_rows_per_batch", lambda fields: 2)
    table = pa.table({"_id": ["a", "b", "c", "a", "d", "b"]})
    message = (
        "2 `_id` stand more than once in this call: 'a', 'b'. Give each document its own, or pass "
        "on_error='skip', which takes the first."
    )
    assert refused(store, table) == message
    assert not store.exists()
    insert(store, pa.table({"_id": ["z"]}))
    assert refused(store, table) == message
    why = "stands more than once in this call; the first was taken"
    assert insert(store, table, on_error="skip") == InsertReport(4, failed={"a": why, "b": why})
    assert sorted(everything(store)) == ["a", "b", "c", "d", "z"]


def test_an_id_that_is_there_is_refused(store: DocumentStore) -> None:
    insert(store, pa.table({"_id": [1, 2, 3], "a": [1, 2, 3]}))
    with pytest.raises(DuplicateIdError):
        insert(store, pa.table({"_id": ["3"]}))
    assert refused(store, pa.table({"_id": ["4", "3", "1"], "new": [4, 3, 1]})) == (
        "2 of 3 documents have an `_id` that is in dataset 'things' already: '1', '3'. "
        "Give them another `_id`, or pass on_error='skip'."
    )
    assert [one.name for one in store.fields()] == ["_id", "a"]
    report = insert(store, pa.table({"_id": ["4", "3"], "a": [40, 30]}), on_error="skip")
    assert report == InsertReport(1, failed={"3": "is in the dataset already"})
    assert {name: one["a"] for name, one in everything(store).items()} == {
        "1": 1,
        "2": 2,
        "3": 3,
        "4": 40,
    }


INSERT = """
import sys
from pathlib import Path
import pyarrow as pa
from relevanceai.store.ingest import ingest
from relevanceai.documents.arrow_source import arrow_reader
from relevanceai.store.workspace import Workspace

store = Workspace(Path(sys.argv[1])).store("things")
table = pa.table({"_id": [str(i) for i in range(3000)], "who": [sys.argv[2]] * 3000})
print("ready", flush=True)
sys.stdin.readline()
print(ingest(store, arrow_reader(table), on_error=sys.argv[3]).inserted)
"""


@pytest.mark.slow
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_two_processes_that_insert_the_same_ids_insert_them_once(
    store: DocumentStore, tmp_path: Path, on_error: str
) -> None:
    home = str(tmp_path / "home")
    both = [
        subprocess.Popen(
            [sys.executable, "-c", INSERT, home, who, on_error],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for who in "ab"
    ]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    outcomes = [one.communicate() for one in both]
    counts = sorted(int(out) for out, _ in outcomes if out)
    assert counts == ([3000] if on_error == "raise" else [0, 3000])
    if on_error == "raise":
        (error,) = [err for _, err in outcomes if err]
        assert (
            error.rstrip()
            .splitlines()[-1]
            .startswith(
                "relevanceai.errors.DuplicateIdError: 3,000 of 3,000 documents have an `_id` that is "
                "in dataset 'things' already: "
            )
        )
    kept = everything(store)
    assert len(kept) == store.count() == 3000
    assert len({one["who"] for one in kept.values()}) == 1


# bad rows ----------------------------------------------------------------------------------

BAD_ROWS = pa.table(
    {
        "_id": pa.array(["good", "wide", "nan", "ns", None, "", "good", "there", "last", None]),
        "v_vector_": pa.array(
            [[1, 2], [1], [1, float("nan")], None, [1], [1, 2], [1, 2], [1, 2], [3, 4], None],
            pa.list_(pa.float64()),
        ),
        "t": pa.array([0, 0, 0, 1, 0, 0, 0, 0, 1000, None], pa.timestamp("ns")),
    }
)
WHY = {
    "wide": "'v_vector_' has 1 dimension in place of 2",
    "nan": "'v_vector_' holds null, NaN, infinity or a number beyond float32",
    "ns": "'t' cannot be kept exactly as timestamp[us]",
    "#4": "'v_vector_' has 1 dimension in place of 2",
    "#5": "`_id` is empty. Pass text or a number, or leave it out to have one made",
    "good": "stands more than once in this call; the first was taken",
    "there": "is in the dataset already",
}


@pytest.mark.parametrize("rows", [1, 3, 8192])
def test_skipping_takes_every_good_row_and_tells_why_of_each_other(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(module, "_rows_per_batch", lambda fields: rows)
    insert(store, pa.table({"_id": ["there"]}))
    report = insert(store, BAD_ROWS, on_error="skip")
    assert report == InsertReport(3, failed=WHY, made_ids=report.made_ids)
    (made,) = report.made_ids
    assert everything(store) == {
        "there": {"_id": "there"},
        "good": {"_id": "good", "v_vector_": [1.0, 2.0], "t": dt.datetime(1970, 1, 1)},
        "last": {
            "_id": "last",
            "v_vector_": [3.0, 4.0],
            "t": dt.datetime(1970, 1, 1, 0, 0, 0, 1),
        },
        made: {"_id": made},
    }


def test_the_first_bad_row_is_named(store: DocumentStore) -> None:
    insert(store, pa.table({"_id": ["there"]}))
    assert refused(store, BAD_ROWS) == (
        "Document 'wide' (row 1): 'v_vector_' has 1 dimension in place of 2. "
        "Mend it, or pass on_error='skip'."
    )
    assert refused(store, BAD_ROWS.slice(5, 1)) == (
        "Row 0: `_id` is empty. Pass text or a number, or leave it out to have one made. "
        "Mend it, or pass on_error='skip'."
    )


def test_a_call_of_which_nothing_is_taken_changes_nothing(store: DocumentStore) -> None:
    insert(store, pa.table({"_id": ["a"], "n": [1]}))
    before = store.opened().schema
    bad = pa.table({"_id": ["a"], "n": [0.5], "new": ["x"]})
    report = insert(store, bad, on_error="skip")
    assert report == InsertReport(0, failed={"a": "is in the dataset already"})
    assert insert(store, bad.slice(1)) == InsertReport(0)
    assert store.opened().schema == before
    assert not (store.folder / "changing.json").exists()
    assert everything(store) == {"a": {"_id": "a", "n": 1}}


def test_nothing_inserted_makes_nothing(store: DocumentStore) -> None:
    for table in (pa.table({}), pa.table({"_id": pa.array([], pa.string())})):
        assert insert(store, table) == InsertReport(0)
    assert insert(store, pa.table({"_id": [""]}), on_error="skip").inserted == 0
    assert not store.exists()


def test_on_error_is_one_of_two(store: DocumentStore) -> None:
    assert refused(store, pa.table({"a": [1]}), on_error="ignore") == (
        "on_error is 'raise' or 'skip', but got 'ignore'."
    )


# streams that break ------------------------------------------------------------------------

A = pa.schema([("_id", pa.string()), ("a", pa.int64())])


def rows(*names: str) -> dict[str, list[Any]]:
    return {"_id": list(names), "a": list(range(len(names)))}


@pytest.mark.parametrize(
    "error",
    [OSError("the cable"), ValueError("bad"), KeyboardInterrupt(), MemoryError("much")],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_source_that_breaks_leaves_nothing_and_says_so_itself(
    store: DocumentStore, error: BaseException, exists: bool, place: int
) -> None:
    if exists:
        insert(store, pa.table({"_id": ["z"], "a": [0.5]}))
    before = everything(store)
    parts: list[Any] = [rows("a", "b"), rows("c", "d")]
    parts.insert(place, error)
    with pytest.raises(type(error)) as caught:
        insert(store, stream(A, *parts))
    assert caught.value is error or str(error) in str(caught.value)
    assert everything(store) == before
    assert store.exists() == exists
    assert not list(store.folder.parent.glob("*new*"))
    assert insert(store, stream(A, rows("a", "b"))).inserted == 2
    assert set(everything(store)) == {*before, "a", "b"}


INTERRUPTED = """
import sys
from pathlib import Path
import numpy as np
import pyarrow as pa
from relevanceai.store.ingest import ingest
from relevanceai.store.workspace import Workspace

store = Workspace(Path(sys.argv[1])).store("things")
schema = pa.schema([("_id", pa.string()), ("v", pa.list_(pa.float32(), 64))])

def batches():
    for part in range(100_000):
        ids = pa.array([f"{part}-{row}" for row in range(1000)])
        flat = pa.array(np.ones(64_000, np.float32))
        yield pa.record_batch([ids, pa.FixedSizeListArray.from_arrays(flat, 64)], schema=schema)
        if part == int(sys.argv[2]):
            print("under way", flush=True)

ingest(store, pa.RecordBatchReader.from_batches(schema, batches()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("exists", [False, True])
def test_ctrl_c_leaves_nothing_half_written(
    store: DocumentStore, tmp_path: Path, exists: bool
) -> None:
    if exists:
        insert(store, pa.table({"_id": ["z"], "w": [1]}))
    before = everything(store)
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "home"), "20"]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "under way\n"
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert errors.rstrip().splitlines()[-1] == "KeyboardInterrupt"
    assert everything(store) == before
    assert not (store.folder / "changing.json").exists()
    assert insert(store, pa.table({"_id": ["y"]})).inserted == 1
    assert set(everything(store)) == {*before, "y"}


# other kinds and new fields ----------------------------------------------------------------


def kinds(store: DocumentStore) -> dict[str, str]:
    return {one.name: one.kind for one in store.fields() if one.name != "_id"}


DAY, MOMENT = dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 1)
JOINED: list[tuple[pa.Array, pa.Array, str, list[object], bool]] = [
    (pa.array([1]), pa.array([0.5]), "number", [1.0, 0.5], False),
    (pa.array([0.5]), pa.array([1]), "number", [0.5, 1.0], False),
    (pa.array([2**53]), pa.array([0.5]), "number", [2.0**53, 0.5], False),
    (pa.array([2**53 + 1]), pa.array([0.5]), "json", [2**53 + 1, 0.5], True),
    (pa.array([-(2**63)]), pa.array([0.5]), "json", [-(2**63), 0.5], True),
    (pa.array([None], pa.int64()), pa.array([0.5]), "number", [None, 0.5], False),
    (pa.array([1]), pa.array([2**64 - 1], pa.uint64()), "json", [1, 2**64 - 1], True),
    (pa.array([1]), pa.array(["x"]), "json", [1, "x"], True),
    (pa.array(["x"]), pa.array([b"x"]), "json", ["x", b"x"], True),
    (pa.array([True]), pa.array([1]), "json", [True, 1], True),
    (pa.array([DAY]), pa.array([MOMENT]), "json", [DAY, MOMENT], True),
    (
        pa.array([MOMENT]),
        pa.array([MOMENT], pa.timestamp("us", "UTC")),
        "json",
        [MOMENT, MOMENT.replace(tzinfo=dt.UTC)],
        True,
    ),
    (pa.array([[1]]), pa.array(["x"]), "json", [[1], "x"], False),
    (pa.array([1], pa.int8()), pa.array([2], pa.uint32()), "integer", [1, 2], False),
    (pa.array([Decimal("1.5")]), pa.array([1.5]), "json", [Decimal("1.5"), 1.5], False),
    (pa.array(["x"]), pa.nulls(1), "text", ["x", None], False),
]


@pytest.mark.parametrize(("first", "second", "kind", "values", "mixed"), JOINED)
def test_a_field_of_another_kind_is_settled_without_loss(
    store: DocumentStore,
    first: pa.Array,
    second: pa.Array,
    kind: str,
    values: list[object],
    mixed: bool,
) -> None:
    insert(store, pa.table({"_id": ["0"], "f": first}))
    report = insert(store, pa.table({"_id": ["1"], "f": second}))
    assert report == InsertReport(1, mixed_fields=("f",) if mixed else ())
    assert kinds(store) == {"f": kind}
    kept = everything(store)
    found = [kept[name].get("f") for name in "01"]
    assert (found, list(map(type, found))) == (values, list(map(type, values)))


def test_a_whole_number_that_a_number_field_would_round_is_refused(store: DocumentStore) -> None:
    insert(store, pa.table({"_id": ["0"], "f": [0.5]}))
    assert refused(store, pa.table({"_id": ["1", "2"], "f": [1, 2**53 + 1]})) == (
        "Document '2' (row 1): 'f' is too large to be kept exactly beside fractions. "
        "Mend it, or pass on_error='skip'."
    )


def test_fields_that_come_later_are_added_and_those_that_stay_out_are_missing(
    store: DocumentStore,
) -> None:
    insert(store, pa.table({"_id": ["0"], "a": [1]}))
    insert(
        store,
        pa.table({"_id": ["1"], "b.c": ["x"], "v": pa.array([[1.0]], pa.list_(pa.float32(), 1))}),
    )
    insert(store, pa.table({"_id": ["2"]}))
    assert everything(store) == {
        "0": {"_id": "0", "a": 1},
        "1": {"_id": "1", "b.c": "x", "v": [1.0]},
        "2": {"_id": "2"},
    }  # fmt: skip


NAMES = ["", " ", ".", "a.b", "x y", "'", '"', "`", "ä", "🙂", "%", "~", "a~2", "_label_x", "_row",
         "_rowid", "_ROWID", "_score", "A", "a", "\n", "\0", "$", "id", "_ID", "x" * 300]  # fmt: skip


def test_a_field_of_any_name_comes_back(store: DocumentStore) -> None:
    table = pa.table({name: [row] for row, name in enumerate(NAMES)} | {"_id": ["a"]})
    insert(store, table)
    insert(store, pa.table({name: [0.5] for name in NAMES} | {"_id": ["b"]}))
    assert everything(store) == {
        "a": {name: float(row) for row, name in enumerate(NAMES)} | {"_id": "a"},
        "b": dict.fromkeys(NAMES, 0.5) | {"_id": "b"},
    }


def test_labels_and_scores_are_not_taken(store: DocumentStore) -> None:
    table = pa.table(
        {"_id": ["a"], "_cluster_": ["x"], "_cluster_.v.main": ["y"], "_search_score": [1]}
    )
    report = insert(store, table)  # fmt: skip
    ignored = ("_cluster_", "_cluster_.v.main", "_search_score")
    assert report == InsertReport(1, ignored_fields=ignored)
    assert everything(store) == {"a": {"_id": "a"}}


# widths ------------------------------------------------------------------------------------


def test_the_width_is_looked_for_and_a_field_without_vectors_brings_nothing(
    store: DocumentStore,
) -> None:
    kind = pa.list_(pa.float32())
    schema = pa.schema([("v_vector_", kind), ("w_vector_", kind)])
    parts = [
        {"v_vector_": [None], "w_vector_": [None]},
        {"v_vector_": [[1, 2]], "w_vector_": [None]},
    ]
    report = insert(store, stream(schema, *parts))  # fmt: skip
    assert report.inserted == 2
    assert [(one.name, one.width) for one in store.fields()] == [("_id", 0), ("v_vector_", 2)]


def test_a_width_that_is_not_known_in_time_is_an_error(store: DocumentStore) -> None:
    schema = pa.schema([("v_vector_", pa.list_(pa.float32()))])
    empty = {"v_vector_": [None, None]}
    assert refused(store, stream(schema, *[empty] * 40, {"v_vector_": [[1]]})) == (
        "The first 64 rows have no 'v_vector_', so its width is not known. Bring a row that has "
        "one first, or cast the column to a fixed-size list."
    )
    assert refused(store, pa.table({"v_vector_": pa.array([[], None], schema.types[0])})) == (
        "The first 'v_vector_' is empty. Make it null instead."
    )


def test_the_width_of_the_dataset_holds(store: DocumentStore) -> None:
    insert(store, pa.table({"_id": ["a"], "v": pa.array([[1, 2]], pa.list_(pa.float32(), 2))}))
    table = pa.table({"_id": ["b"], "v": pa.array([[1, 2, 3]], pa.list_(pa.float32(), 3))})
    assert refused(store, table) == (
        "Document 'b' (row 0): 'v' has 3 dimensions in place of 2. "
        "Mend it, or pass on_error='skip'."
    )
    assert refused(store, pa.table({"_id": ["b"], "v": ["x"]})) == (
        "'v' holds string, but a vector field holds lists of numbers. Rename the field, or bring "
        "numbers."
    )
    insert(store, pa.table({"_id": ["c"], "t": ["x"]}))
    vectors = pa.table({"_id": ["b"], "t": pa.array([[1, 2]], pa.list_(pa.float32(), 2))})
    assert refused(store, vectors) == (
        "'t' of dataset 'things' holds text, but the stream brings vector. Rename the column."
    )
    assert insert(store, pa.table({"_id": ["d"], "v": pa.array([[3, 4]])})).inserted == 1
    assert everything(store)["d"] == {"_id": "d", "v": [3.0, 4.0]}


def test_one_wished_vector_field_may_be_named_without_a_list(store: DocumentStore) -> None:
    table = pa.table({"_id": ["a"], "emb": pa.array([[1, 2]])})
    insert(store, table, vector_fields="emb")
    rows_of = [{"_id": "b", "emb": [3, 4]}]
    write_documents(store, rows_of, upsert=False, vector_fields="emb")
    assert kinds(store) == {"emb": "vector"}


# size --------------------------------------------------------------------------------------


def test_batches_are_as_large_as_their_rows_allow() -> None:
    from relevanceai.store.columns import Field

    def rows_for(width: int) -> int:
        return module._rows_per_batch([Field("v", "v", "vector", width)])

    assert [rows_for(width) for width in (8, 512, 4096, 100_000)] == [8192, 7943, 1020, 256]


def test_progress_counts_every_row(store: DocumentStore) -> None:
    told: list[int] = []
    insert(store, pa.table({"a": range(20_000)}), on_rows=told.append)
    assert (sum(told), len(told)) == (20_000, 3)


def test_two_threads_may_insert(store: DocumentStore) -> None:
    def work(who: int) -> None:
        for part in range(4):
            ids = [f"{who}-{part}-{row}" for row in range(10)]
            insert(store, pa.table({"_id": ids, f"f{who}": np.arange(10)}))

    threads = [threading.Thread(target=work, args=[who]) for who in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(everything(store)) == store.count() == 120
