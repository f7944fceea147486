"""Where rows lie: the row ids of every version, and the rows taken by them, as Lance says."""

import random
from pathlib import Path

import lance
import numpy as np
import pytest

from relevanceai.store.changing import delete_ids, delete_matching
from relevanceai.store.documents import DocumentStore
from relevanceai.store.history import compact, restore
from relevanceai.store.layout import layout_of, taken
from relevanceai.store.selecting import selected
from relevanceai.store.verify import verified
from relevanceai.store.workspace import Workspace
from relevanceai.store.writing import write_documents


def insert(store: DocumentStore, start: int, n: int) -> None:
    write_documents(store, [document(i) for i in range(start, start + n)], upsert=False)


def document(i: int, **more: object) -> dict[str, object]:
    return {
        "_id": f"d{i:05d}",
        "n": i,
        "kind": f"kind {i % 3}",
        "x_vector_": [float(i), 1.0],
    } | more


def above(field: str, value: object) -> dict[str, object]:
    return {"field": field, "filter_type": "numeric", "condition": ">", "condition_value": value}


def check(store: DocumentStore) -> None:
    """Compare with what Lance scans, and filters with what they say of each document."""
    handle = store.opened()
    scanned = handle.to_table(columns=[], with_row_id=True)["_rowid"].to_numpy().astype(np.int64)
    layout = layout_of(handle)
    assert layout.row_ids.tolist() == scanned.tolist()
    if layout.is_in_order:
        assert (np.diff(scanned) > 0).all()
    some = scanned[:: max(len(scanned) // 7, 1)][::-1].tolist()
    columns = ["n", "_id", "x_vector_"]
    assert taken(handle, some, columns) == handle._take_rows(some, columns=columns)
    documents = list(store.read())
    for filters in (
        [above("n", 50)],
        [{"field": "kind", "filter_type": "exact_match", "condition_value": "kind 1"}],
        [above("n", 20), {"field": "x_vector_", "filter_type": "exists"}],
    ):
        passing = [
            one["_id"]
            for one in documents
            if one["kind"] == "kind 1" or "field" not in filters[0] or filters[0]["field"] == "n"
            if filters[0]["field"] == "kind" or one["n"] > filters[0]["condition_value"]
        ]
        rows = selected(store, filters)
        assert rows.count == len(passing)
        assert rows.table(["_id"])["_id"].to_pylist() == passing


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    workspace = Workspace(tmp_path)
    workspace.write_format()
    return workspace.store("laid")


@pytest.mark.parametrize("seed", range(3))
def test_the_layout_is_that_of_lance_after_any_writes(store: DocumentStore, seed: int) -> None:
    rng = random.Random(seed)
    insert(store, 0, 60)
    n, versions = 60, [store.version()]
    for _ in range(14):
        there = sorted(store.ids())
        match rng.choice(("insert", "upsert", "upsert", "delete", "compact", "restore", "grow")):
            case "insert":
                insert(store, n, 20)
                n += 20
            case "upsert":
                some = [document(int(one[1:]), kind="kind 1") for one in rng.sample(there, 5)]
                write_documents(store, [document(n), *some, document(n + 1)], upsert=True)
                n += 2
            case "delete":
                delete_ids(store, rng.sample(there, 4))
            case "compact":
                compact(store)
            case "restore":
                restore(store, rng.choice(versions))
                n += 100  # ids of the version left stay free
            case "grow":
                write_documents(store, [document(n, extra=1)], upsert=True)
                n += 1
        versions.append(store.version())
        check(store)
    assert verified(store).problems == []


def test_many_deleted_rows_are_found_in_lances_other_form(store: DocumentStore) -> None:
    insert(store, 0, 12_000)
    delete_matching(store, [above("n", 5_500)])
    (name,) = [one.deletion_file() for one in store.opened().get_fragments()]
    assert not str(name).endswith(".arrow")
    check(store)
    delete_ids(store, ["d00007"])
    check(store)


def test_rows_of_many_fragments_are_taken(store: DocumentStore) -> None:
    for start in range(0, 40, 2):
        insert(store, start, 2)
    assert len(store.opened().get_fragments()) > 16
    wanted = [*range(39, -1, -1), 3]
    assert taken(store.opened(), wanted, ["n"])["n"].to_pylist() == wanted


def test_a_row_that_is_not_there_is_an_error(store: DocumentStore) -> None:
    insert(store, 0, 5)
    delete_ids(store, ["d00002"])
    for gone in (2, 5):
        with pytest.raises(LookupError, match=f"There is no row {gone}"):
            taken(store.opened(), [1, gone], ["n"])


def test_another_dataset_in_the_same_place_is_laid_out_anew(store: DocumentStore) -> None:
    insert(store, 0, 9)
    check(store)
    uri = store.opened().uri
    lance.write_dataset(
        store.opened().to_table().slice(0, 4),
        uri,
        mode="overwrite",
        enable_stable_row_ids=True,
        data_storage_version="2.2",
    )
    assert layout_of(lance.dataset(uri)).row_ids.tolist() == [9, 10, 11, 12]


@pytest.mark.parametrize(("first", "then"), [("text", 2.5), (3, "text"), (True, 7)])
def test_a_column_that_came_back_as_another_type_is_not_the_held_one(
    store: DocumentStore, first: object, then: object
) -> None:
    insert(store, 0, 5)
    before = store.opened().version

    def passing(value: object) -> list[str]:
        filters = [{"field": "extra", "filter_type": "exact_match", "condition_value": value}]
        return selected(store, filters).table(["_id"])["_id"].to_pylist()

    for value in (first, then):  # the restored version gives out the number of the field again
        restore(store, before)
        write_documents(store, [{"_id": "d00001", "extra": value}], upsert=True)
        assert passing(value) == ["d00001"]
