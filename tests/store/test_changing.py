"""Fields and documents go for good, whatever an interrupted write left of them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from relevanceai.errors import InvalidInputError
from relevanceai.store import changing
from relevanceai.store.applying import apply_changes, set_values
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labelling import add_clustering
from relevanceai.store.spill import Brought, Part, Spill
from relevanceai.store.workspace import Workspace
from relevanceai.store.writing import write_documents

V, W = "look_vector_", "title_vector_"


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    store = Workspace(tmp_path / "home").store("things")
    documents = [
        {"_id": name, V: [row, 1.0], W: [1.0], "n": row} for row, name in enumerate("abcd")
    ]
    write_documents(store, documents, upsert=False)
    return store


def label(store: DocumentStore, labels: list[int | None], fields: list[str], alias: str) -> None:
    array = np.array([-1 if one is None else one for one in labels], np.int32)
    valid = np.array([one is not None for one in labels])
    ids = [f"cluster-{leaf}" for leaf in range(int(array.max()) + 1)]
    with store.writing():
        add_clustering(store, fields, alias, array, valid, ids, {"model": "brought"})


def everything(store: DocumentStore) -> dict[str, dict[str, object]]:
    return {document["_id"]: document for document in store.read()}


def spare(store: DocumentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change `n` and a vector, and be killed before the columns that were replaced are dropped."""
    import lance

    label(store, [0, 0, 1, None], [V], "main")
    with monkeypatch.context() as patch:

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(lance.LanceDataset, "drop_columns", killed)
        with pytest.raises(KeyboardInterrupt):
            apply_changes(
                store,
                None,
                lambda many: (
                    [{"_id": one["_id"], "n": 10, V: [7.0, 7.0]} for one in many[:1]]
                    + [{"_id": one["_id"], "n": 10} for one in many[1:]]
                ),
                batch_size=10,
            )
    assert len(store.opened().schema.names) == 8


def test_a_change_is_whole_although_what_it_replaced_is_still_there(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    spare(store, monkeypatch)
    assert [one["n"] for one in store.read()] == [10] * 4
    assert ["_cluster_" in one for one in store.read()] == [False, True, True, False]
    set_values(store, None, {"n": 11})
    assert [one["n"] for one in store.read()] == [11] * 4


def test_what_was_replaced_does_not_come_back_when_its_field_goes(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    spare(store, monkeypatch)
    changing.drop(store, "n")
    assert "n" not in [one.name for one in store.fields()]
    changing.rename(store, V, "look")
    assert [one.vector_fields for one in store.clusterings()] == [("look",)]
    assert sorted(one.name for one in store.fields()) == ["_id", "look", W]
    changing.drop(store, "look", drop_clusterings=True)
    assert store.clusterings() == []
    assert sorted(store.opened().schema.names) == ["_id", W]


def test_only_clusterings_of_the_changed_vector_forget_labels(store: DocumentStore) -> None:
    label(store, [0, 1, 0, -1], [V], "one")
    label(store, [0, 0, 0, 0], [W], "two")
    label(store, [0, 1, 1, 0], [V, W], "both")
    report = set_values(
        store,
        [
            {
                "field": "n",
                "filter_type": "numeric",
                "condition": ">",
                "condition_value": 1,
            }
        ],
        {V: [3.0, 1.0]},
    )
    assert report.changed == 1  # d has it already
    assert report.unclustered == {
        f"_cluster_.{V}.one": 1,
        f"_cluster_.{V}.{W}.both": 1,
    }
    valid = {one.alias: store.labels(one)[1].tolist() for one in store.clusterings()}
    assert valid == {
        "one": [True, True, False, True],
        "two": [True] * 4,
        "both": [True, True, False, True],
    }


def test_labels_never_come_to_stand_where_others_are(store: DocumentStore) -> None:
    changing.rename(store, V, "a.b")
    label(store, [0] * 4, ["a.b"], "main")
    write_documents(
        store,
        [{"_id": "a", "a": [1.0]}, {"_id": "b", "a": [1.0]}],
        upsert=True,
        vector_fields=["a"],
    )
    label(store, [0] * 4, ["a", W], "main")
    with pytest.raises(InvalidInputError, match=r"would bring labels to '_cluster_\.a\.b\.main'"):
        changing.rename(store, W, "b")
    assert W in [one.name for one in store.fields()]


def test_a_snapshot_stays_what_it_was(store: DocumentStore) -> None:
    before, pinned = everything(store), store.snapshot()
    set_values(store, None, {"n": "text"})
    changing.rename(store, "n", "m")
    changing.drop(store, W)
    changing.delete_ids(store, ["a"])
    assert everything(pinned) == before


def test_a_deletion_that_does_less_than_it_should_is_taken_back(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DocumentStore, "row_ids", lambda self, ids: dict.fromkeys(ids, 0))
    before = everything(store)
    with pytest.raises(RuntimeError, match="1 of 2 rows were deleted"):
        changing.delete_ids(store, ["a", "who"])
    assert everything(store) == before


def test_many_documents_are_deleted_in_one_commit(tmp_path: Path) -> None:
    store = Workspace(tmp_path / "home").store("many")
    write_documents(store, [{"_id": str(row), "n": row} for row in range(30_000)], upsert=False)
    version = store.version()
    report = changing.delete_ids(store, [str(row) for row in range(0, 30_000, 2)])
    assert (report.deleted, store.version()) == (15_000, version + 1)
    assert sorted(one["n"] for one in store.read()) == list(range(1, 30_000, 2))
    assert store.row_ids(["2", "3"]).keys() == {"3"}


def test_parts_come_back_in_any_window(tmp_path: Path) -> None:
    with Spill(tmp_path) as spill:
        for start in (0, 10, 25):
            places = np.arange(start, start + 9, 2)
            rows = places != 12
            one = Brought("é\U0001f600", "integer", 0, pa.array(places * 10), rows)
            spill.add(Part(places, {one.name: one}))
        spill.add(Part(np.empty(0, np.int64), {}))
        for first in range(35):
            for last in range(first, 36):
                found = [
                    (int(place) + first, value)
                    for part in spill.within(first, last)
                    for place, value, is_brought in zip(
                        part.places,
                        part.fields["é\U0001f600"].values.to_pylist(),
                        part.fields["é\U0001f600"].rows,
                        strict=True,
                    )
                    if is_brought
                ]
                there = [*range(0, 9, 2), *range(10, 19, 2), *range(25, 34, 2)]
                assert found == [
                    (place, place * 10) for place in there if first <= place < last and place != 12
                ]
