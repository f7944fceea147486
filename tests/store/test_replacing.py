"""Rows in place of others: one commit, the same ids, the order of insertion as it was."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from relevanceai.store.adding import add_column
from relevanceai.store.changing import delete_ids, drop
from relevanceai.store.documents import DocumentStore
from relevanceai.store.replacing import replace_rows
from relevanceai.store.verify import verified
from relevanceai.store.workspace import Workspace
from relevanceai.store.writing import write_documents


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    workspace = Workspace(tmp_path)
    workspace.write_format()
    store = workspace.store("replaced")
    write_documents(store, [{"_id": f"d{i}", "n": i} for i in range(6)], upsert=False)
    return store


def rows(store: DocumentStore) -> list[tuple[object, object]]:
    return [(one["_id"], one.get("n")) for one in store.read()]


def test_an_upsert_is_one_commit_and_keeps_the_order_of_the_call(store: DocumentStore) -> None:
    version = store.version()
    some = [{"_id": name, "n": 9} for name in ("new b", "d4", "new a", "d1")]
    write_documents(store, some, upsert=True)
    assert store.version() == version + 1
    assert rows(store) == [
        ("d0", 0), ("d1", 9), ("d2", 2), ("d3", 3), ("d4", 9), ("d5", 5), ("new b", 9), ("new a", 9)
    ]  # fmt: skip


def test_replacing_every_row_leaves_no_empty_file_behind(store: DocumentStore) -> None:
    write_documents(store, [{"_id": f"d{i}", "n": -i} for i in range(6)], upsert=True)
    assert rows(store) == [(f"d{i}", -i) for i in range(6)]
    assert len(store.opened().get_fragments()) == 1
    write_documents(store, [{"_id": "more", "n": 1}], upsert=False)
    assert rows(store)[-1] == ("more", 1)
    assert verified(store).problems == []


def test_the_index_finds_a_replaced_row_once(store: DocumentStore) -> None:
    store.opened().create_scalar_index("_id", "BTREE", name="_id_index")
    write_documents(store, [{"_id": "d3", "n": 30}, {"_id": "d9", "n": 9}], upsert=True)
    assert store.read_by_id(["d9", "d3", "d2"]) == [
        {"_id": "d9", "n": 9},
        {"_id": "d3", "n": 30},
        {"_id": "d2", "n": 2},
    ]
    assert list(store.row_ids(["d3", "d9"])) == ["d3", "d9"]


def test_a_row_that_is_gone_is_not_replaced(store: DocumentStore) -> None:
    delete_ids(store, ["d2"])
    version = store.version()
    table = store.opened().to_table().slice(0, 2)
    with pytest.raises(LookupError, match="There is no row 2"):
        replace_rows(store.opened(), table, np.array([1, 2]))
    assert store.version() == version


def test_an_added_column_is_aligned_with_the_scan_among_deleted_rows(store: DocumentStore) -> None:
    delete_ids(store, ["d0", "d3"])
    write_documents(store, [{"_id": "d1", "n": 10}, {"_id": "d6", "n": 6}], upsert=True)
    drop(store, "n")  # the next id of a field is not the number of fields
    ids = store.ids()
    values = pa.array([int(one[1]) if one != "d5" else None for one in ids], pa.int32())
    version = store.version()
    add_column(store.opened(), pa.field("_label_x", pa.int32()), values)
    assert store.version() == version + 1
    table = store.opened().to_table()
    assert dict(zip(table["_id"].to_pylist(), table["_label_x"].to_pylist(), strict=True)) == {
        "d1": 1, "d2": 2, "d4": 4, "d5": None, "d6": 6
    }  # fmt: skip
    write_documents(store, [{"_id": "d2", "m": "after"}], upsert=True)
    store.opened().optimize.compact_files()
    table = store.opened().to_table()
    held = dict(zip(table["_id"].to_pylist(), table["_label_x"].to_pylist(), strict=True))
    assert (held["d4"], held["d5"], held["d6"]) == (4, None, 6)


def test_a_column_of_the_wrong_length_is_refused(store: DocumentStore) -> None:
    with pytest.raises(ValueError, match="5 values for 6 rows"):
        add_column(store.opened(), pa.field("x", pa.int32()), pa.array(range(5), pa.int32()))
    assert "x" not in store.opened().schema.names
