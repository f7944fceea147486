"""Changes of documents: there whole or not at all, and everything shown afterwards is theirs."""

import copy
import datetime as dt
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import SMALL_ALIAS, SMALL_VECTOR, small_documents
from relevanceai.client import Client
from relevanceai.clustering.info import clustering_info
from relevanceai.dataset import Dataset
from relevanceai.documents.changes import DocumentsChanged
from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.operations.cluster import ClusterOps
from relevanceai.store import applying
from relevanceai.store.changing import DeleteReport
from relevanceai.store.rewriting import ChangeReport

LABEL = f"_cluster_.{SMALL_VECTOR}.{SMALL_ALIAS}"


class Changed(Dataset, DocumentsChanged):
    """A dataset with the methods under test, whether or not it inherits them already."""


@pytest.fixture
def ds(own_small: Dataset) -> Changed:
    return Changed(own_small._workspace, own_small.name)


@pytest.fixture(params=["columns", "documents"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in which a change is written, whatever its size."""
    monkeypatch.setattr(applying, "_FEW", 10**9 if request.param == "columns" else 0)
    return str(request.param)


def everything(ds: Dataset) -> dict[str, dict[str, Any]]:
    return {one["_id"]: one for one in ds.get_all_documents()}


def check_all(ds: Dataset) -> None:
    """Compare what is shown of each clustering with its definition, from the documents alone."""
    store = ds.opened()
    documents = list(everything(ds).values())
    assert len(documents) == store.count()
    for one in store.clusterings():
        (field,) = one.vector_fields
        members: dict[str, list[dict[str, Any]]] = {}
        for document in documents:
            name = document.get("_cluster_", {}).get(field, {}).get(one.alias)
            if name is not None:
                assert field in document
                members.setdefault(name, []).append(document)
        noise = len(members.pop("outlier", []))
        info = clustering_info(store, one)
        n_members = sum(map(len, members.values()))
        assert (info.n_clusters, info.n_documents, info.n_outliers, info.n_unclustered) == (
            len(members),
            n_members,
            noise,
            len(documents) - n_members - noise,
        )
        ops = ClusterOps.from_dataset(ds, alias=one.alias, vector_fields=[field])
        assert ops.list_cluster_ids() == sorted(members)
        shown = ops.closest(page_size=2, similarity_metric="l2", verbose=False)["results"]
        for centroid in ops.centroids():
            rows = members[centroid["_id"]]
            vectors = np.array([row[field] for row in rows], np.float64)
            mean = vectors.mean(axis=0)
            np.testing.assert_allclose(centroid[field], mean, atol=1e-9)
            distances = np.linalg.norm(vectors - mean, axis=1)
            found = shown[centroid["_id"]]["results"]
            assert [doc["_search_score"] for doc in found] == pytest.approx(
                sorted(distances)[:2], abs=1e-6
            )
        for name, rows in members.items():
            wanted = [{"field": one.label_path, "filter_type": "exact_match", "condition": "=="}]
            filters = [{**wanted[0], "condition_value": name}]
            assert len(store.matching_row_ids(filters)) == len(rows)
    ids = list(everything(ds))
    assert {one["_id"] for one in store.read(list(store.row_ids(ids).values()))} == set(ids)


# update_where ------------------------------------------------------------------------------------


def where(field: str, condition: str, value: object) -> dict[str, object]:
    kind = "numeric" if isinstance(value, int | float) else "exact_match"
    return {
        "field": field,
        "filter_type": kind,
        "condition": condition,
        "condition_value": value,
    }


@pytest.mark.parametrize("index", [False, True])
def test_update_where_sets_what_passes_and_nothing_else(ds: Changed, way: str, index: bool) -> None:
    if index:
        ds.opened().opened().create_scalar_index("_id", "BTREE", name="_id_index")
    before = everything(ds)
    report = ds.update_where(where("group", "==", 1), {"brand": "x", "price": None, "a.b": [1]})
    assert report == ChangeReport(20, ("brand", "price", "a.b"))
    for one in before.values():
        if one["group"] == 1:
            del one["price"]
            one |= {"brand": "x", "a.b": [1]}
    assert everything(ds) == before
    check_all(ds)


def test_update_where_takes_a_comparison_and_all_without(ds: Changed) -> None:
    from relevanceai.documents.series import Series

    assert ds.update_where(Series(ds.opened(), "price") >= 20, {"dear": True}).changed == 30
    assert ds.update_where(None, {"seen": 1}).changed == 60
    assert sum(one.get("dear", False) for one in everything(ds).values()) == 30


def test_what_is_set_to_what_it_is_changes_nothing(ds: Changed, way: str) -> None:
    version = ds.version
    assert ds.update_where(where("group", "==", 1), {"group": 1}) == ChangeReport(0)
    assert ds.update_where(where("group", "==", 9), {"group": 1}) == ChangeReport(0)
    assert ds.apply(lambda one: one) == ChangeReport(0)
    assert ds.apply(lambda one: copy.deepcopy(one), include_vector=True) == ChangeReport(0)
    assert ds.version == version


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "update_where takes a dict of new values by field, but got {}."),
        (["a"], "update_where takes a dict of new values by field, but got ['a']."),
        (
            {"_id": "a"},
            "'_id' is not set by update_where: it is what a document is known by. Insert documents "
            "under another.",
        ),
        (
            {"_cluster_": {}},
            "'_cluster_' is not set by update_where: the dataset works it out itself; labels are "
            "set by cluster() or set_cluster_labels().",
        ),
        (
            {SMALL_VECTOR: [1, 2]},
            f"'{SMALL_VECTOR}' of document 'd0-00' has 2 dimensions, but that of the dataset has 8."
            " Insert vectors of one width, or use another field.",
        ),
        ({"a": {1}}, "'a' of document 'd0-00' holds a set, which cannot be kept; turn it into "),
    ],
)
def test_update_where_says_what_it_cannot_take(ds: Changed, values: Any, message: str) -> None:
    version = ds.version
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        ds.update_where(None, values)
    assert ds.version == version


def test_a_vector_that_changes_is_no_longer_clustered(
    ds: Changed, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    filters = where("price", "<", 5)
    report = ds.update_where(filters, {SMALL_VECTOR: [1.0] * 8})
    assert report == ChangeReport(5, (SMALL_VECTOR,), {LABEL: 5})
    assert "5 documents changed a vector and are no longer clustered" in capsys.readouterr().err
    check_all(ds)
    assert sum("_cluster_" in one for one in everything(ds).values()) == 55
    assert ds.update_where(filters, {SMALL_VECTOR: None}).unclustered == {}
    assert sum(SMALL_VECTOR in one for one in everything(ds).values()) == 55
    check_all(ds)


# apply -------------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.text("ab$%", max_size=3),
    st.binary(max_size=2),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(["$float", "k"]), st.text("ab", max_size=1), max_size=2),
    st.sampled_from([dt.date(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)]),
)
FIELDS = st.sampled_from(["price", "title", "group", "new", "a.b", "", "_x", "n~2"])
CHANGES = st.dictionaries(
    st.integers(0, 59), st.dictionaries(FIELDS, VALUES, max_size=3), max_size=60
)


@pytest.fixture(scope="module")
def many_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents in several files, some deleted, some upserted: not in the order of the scan."""
    home = tmp_path_factory.mktemp("files") / "home"
    ds = Changed(Client(home)._workspace, "small")
    documents = small_documents()
    for start in range(0, 60, 17):
        ds.insert_documents(documents[start : start + 17])
    ds.insert_documents([{"_id": "gone-1"}, {"_id": "gone-2"}])
    ds.upsert_documents([{"_id": "d1-03", "title": "late"}, {"_id": "d0-07", "price": 1.5}])
    ds.delete_documents(["gone-1", "gone-2"])
    ds.cluster(byo_cluster_field="group", vector_fields=[SMALL_VECTOR], alias=SMALL_ALIAS)
    return home


@pytest.mark.parametrize("few", [0, 10**9])
@given(calls=st.lists(CHANGES, min_size=1, max_size=2), batch_size=st.sampled_from([1, 7, 100]))
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
def test_apply_equals_changing_the_dicts(
    few: int,
    calls: list[dict[int, dict[str, Any]]],
    batch_size: int,
    many_files: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    home = shutil.copytree(many_files, tmp_path_factory.mktemp("any") / "home")
    ds = Changed(Client(home)._workspace, "small")
    expected = everything(ds)
    names = sorted(expected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(applying, "_FEW", few)
        for call in calls:
            wanted = {names[row]: fields for row, fields in call.items()}
            before = copy.deepcopy(expected)
            for name, fields in wanted.items():
                for key, value in fields.items():
                    expected[name].pop(key, None) if value is None else expected[name].update(
                        {key: value}
                    )
            report = ds.apply(_from(wanted), batch_size=batch_size)
            assert everything(ds) == expected
            n_differ = sum(repr(_plain(before[k])) != repr(_plain(expected[k])) for k in expected)
            assert report.changed >= sum(before[k] != expected[k] for k in expected)
            assert report.changed <= n_differ or few == 0
    check_all(ds)


def _from(wanted: dict[str, dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda one: wanted.get(one["_id"], {})


def _plain(document: dict[str, Any]) -> list[tuple[str, object]]:
    return sorted(document.items())


def test_apply_takes_the_changed_document_though_it_is_the_same_object(
    ds: Changed, way: str
) -> None:
    ds.update_where(None, {"tags": ["a"], "deep": {"k": [1]}})

    def change(document: dict[str, Any]) -> dict[str, Any]:
        document["tags"].append("b")
        document["deep"]["k"][0] = 2
        document["price"] += 1
        return document

    before = everything(ds)
    report = ds.apply(change)
    assert (report.changed, set(report.fields)) == (60, {"tags", "deep", "price"})
    after = everything(ds)
    for name, one in before.items():
        assert after[name] == {
            **one,
            "tags": ["a", "b"],
            "deep": {"k": [2]},
            "price": one["price"] + 1,
        }
    check_all(ds)


def test_apply_writes_one_output_field_from_selected_fields(ds: Changed) -> None:
    given_to: list[dict[str, Any]] = []

    def shout(document: dict[str, Any]) -> str:
        given_to.append(document)
        return str(document["title"]).upper()

    report = ds.apply(
        shout, filters=where("group", "==", 2), select_fields=["title"], output_field="loud"
    )
    assert report == ChangeReport(10, ("loud",))
    assert all(set(one) == {"_id", "title"} for one in given_to)
    assert everything(ds)["d2-00"]["loud"] == "THING 0 OF GROUP 2"
    assert "loud" not in everything(ds)["d1-00"]


def test_a_field_that_is_changed_in_every_document_takes_the_new_kind(ds: Changed) -> None:
    ds.apply(lambda one: {"price": f"{one['price']:.2f}"})
    assert ds.schema["price"] == "text"
    ds.apply(lambda one: {"price": float(one["price"])})
    assert ds.schema["price"] == "numeric"
    report = ds.apply(lambda one: {"price": "dear"} if one["price"] > 10 else {})
    assert ds.schema["price"] == "json"
    assert report.mixed_fields == ("price",)
    check_all(ds)


def test_vectors_are_made_and_changed_by_a_function(ds: Changed, way: str) -> None:
    def embed(document: dict[str, Any]) -> dict[str, Any]:
        return {
            "short": np.asarray(document[SMALL_VECTOR][:2], np.float32),
            "list_vector_": [1, 2, 3],
        }

    ds.apply(embed, include_vector=True, batch_size=9)
    assert ds.schema["short"] == {"vector": 2}
    assert ds.schema["list_vector_"] == {"vector": 3}
    before = everything(ds)
    assert all(one["short"] == one[SMALL_VECTOR][:2] for one in before.values())

    def turn(document: dict[str, Any]) -> dict[str, Any]:
        if document["group"] == 0:
            return {SMALL_VECTOR: document[SMALL_VECTOR]}  # as it was: keeps its label
        return {SMALL_VECTOR: [-x for x in document[SMALL_VECTOR]]}

    report = ds.apply(turn, select_fields=["group", SMALL_VECTOR], batch_size=7)
    assert report == ChangeReport(30, (SMALL_VECTOR,), {LABEL: 30})
    after = everything(ds)
    assert after["d1-00"][SMALL_VECTOR] == [-x for x in before["d1-00"][SMALL_VECTOR]]
    assert [info.n_unclustered for info in ds.clusterings()] == [30]
    check_all(ds)


def test_large_changes_wait_in_a_file_that_leaves_nothing(
    ds: Changed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relevanceai.store import spill

    monkeypatch.setattr(spill, "IN_MEMORY_BYTES", 100)
    files = {one.name for one in ds.opened().folder.iterdir()}
    ds.apply(lambda one: {"long": one["_id"] * 50}, batch_size=7)
    assert all(one["long"] == one["_id"] * 50 for one in everything(ds).values())
    assert {one.name for one in ds.opened().folder.iterdir()} == files


def test_bulk_apply_in_order_and_by_id(ds: Changed) -> None:
    sizes = []

    def in_order(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        sizes.append(len(documents))
        return [{"n": len(one["title"])} for one in documents]

    assert ds.bulk_apply(in_order, batch_size=25).changed == 60
    assert sizes == [25, 25, 10]
    assert all(one["n"] == len(one["title"]) for one in everything(ds).values())

    def some(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{"_id": one["_id"], "n": -1} for one in reversed(documents) if one["group"] == 2]

    assert ds.bulk_apply(some, batch_size=25).changed == 10
    assert sum(one["n"] == -1 for one in everything(ds).values()) == 10
    assert ds.bulk_apply(lambda documents: documents).changed == 0


def boom(document: dict[str, Any]) -> dict[str, Any]:
    if document["_id"] == "d1-03":
        raise KeyError("size")
    return {"title": "x"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda ds: ds.apply(boom, batch_size=8),
            "The function failed on document 'd1-03' with KeyError: 'size'. Nothing was changed.",
        ),
        (
            lambda ds: ds.apply(lambda one: None),
            "The function returned None (NoneType) for document 'd0-00'. Return a dict of the "
            "fields to set, or the document; {} to leave it. Nothing was changed.",
        ),
        (
            lambda ds: ds.apply(lambda one: {**one, "_id": "other"}),
            "The function returned _id='other' for document 'd0-00'. The `_id` stays. Nothing was "
            "changed.",
        ),
        (
            lambda ds: ds.apply(lambda one: {SMALL_VECTOR: [float("nan")] * 8}),
            f"'{SMALL_VECTOR}' of document 'd0-00' holds NaN, infinity or a number beyond float32.",
        ),
        (
            lambda ds: ds.bulk_apply(lambda many: many[:-1] and [{}], batch_size=50),
            "The function returned 1 items for the batch from document 'd0-00' to 'd1-19', which "
            "has 50 documents. Return one for each, or give each its `_id`. Nothing was changed.",
        ),
        (
            lambda ds: ds.bulk_apply(lambda many: [{"_id": "who"}]),
            "The function returned 'who' for the batch from document 'd0-00' to 'd2-09'. Return "
            "each document of the batch at most once. Nothing was changed.",
        ),
        (
            lambda ds: ds.bulk_apply(lambda many: [boom(one) for one in many], batch_size=60),
            "The function failed on the batch from document 'd0-00' to 'd2-09' with KeyError: "
            "'size'. Nothing was changed.",
        ),
        (
            lambda ds: ds.bulk_apply(lambda many: {}),
            "The function returned {} (dict) for the batch from document 'd0-00' to 'd2-09'. "
            "Return a list of dicts. Nothing was changed.",
        ),
        (lambda ds: ds.apply("upper"), "fn is a function of documents, but got 'upper'."),
        (
            lambda ds: ds.apply(dict, batch_size=0),
            "batch_size is a whole number from 1, but got 0.",
        ),
    ],
)
def test_what_goes_wrong_in_a_function_changes_nothing(
    ds: Changed, call: Callable[[Changed], object], message: str
) -> None:
    before, revision = everything(ds), ds.revision
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        call(ds)
    assert (everything(ds), ds.revision) == (before, revision)
    ds.update_where(None, {"after": 1})  # the lock is free


def test_an_interrupt_in_a_function_changes_nothing(ds: Changed) -> None:
    def stop(document: dict[str, Any]) -> dict[str, Any]:
        raise KeyboardInterrupt

    version = ds.version
    with pytest.raises(KeyboardInterrupt):
        ds.apply(stop)
    assert ds.version == version


def test_a_function_that_writes_itself_is_told(ds: Changed) -> None:
    def write(document: dict[str, Any]) -> dict[str, Any]:
        ds.upsert_documents([{"_id": document["_id"], "title": "mine"}])
        return {"title": "returned"}

    with pytest.raises(InvalidInputError, match="The function wrote to dataset 'small' while it"):
        ds.apply(write, filters=where("_id", "==", "d0-00"))
    assert everything(ds)["d0-00"]["title"] == "mine"


@pytest.mark.parametrize("method", ["add_columns", "commit", "merge_insert"])
def test_a_write_that_fails_leaves_everything_as_it_was(
    ds: Changed, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import lance

    before, revision = everything(ds), ds.version

    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(applying, "_FEW", 10**9 if method == "add_columns" else 0)
    with monkeypatch.context() as patch:
        patch.setattr(lance.LanceDataset, method, fail)
        if method != "merge_insert":
            with pytest.raises(OSError, match="the disk is on fire"):
                ds.apply(lambda one: {"price": 0.0, SMALL_VECTOR: [0.0] * 8})
        else:
            with pytest.raises(OSError, match="the disk is on fire"):
                ds.delete_documents(["d0-00"])
    assert everything(ds) == before
    assert ds.version >= revision
    check_all(ds)
    assert ds.apply(lambda one: {"price": 0.5}).changed == 60


# deletion ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", [False, True])
def test_delete_documents_by_id_and_by_filter(ds: Changed, index: bool) -> None:
    if index:
        ds.opened().opened().create_scalar_index("_id", "BTREE", name="_id_index")
    before = everything(ds)
    assert ds.delete_documents(["d0-00", "who", "d0-00", 7]) == DeleteReport(1, ("who", "7"))
    assert ds.delete_documents("d0-01") == DeleteReport(1)
    assert ds.delete_documents(filters=where("group", "==", 2)) == DeleteReport(10)
    expected = {
        name: one
        for name, one in before.items()
        if one["group"] != 2 and name not in ("d0-00", "d0-01")
    }
    assert everything(ds) == expected
    check_all(ds)
    version = ds.version
    assert ds.delete_documents([]) == DeleteReport(0)
    assert ds.delete_documents(filters=where("group", "==", 2)) == DeleteReport(0)
    assert ds.version == version
    ds.insert_documents([{"_id": "d0-00", "title": "again"}])
    assert everything(ds) == {**expected, "d0-00": {"_id": "d0-00", "title": "again"}}
    check_all(ds)


def test_ids_of_any_type_name_what_they_became(ds: Changed) -> None:
    ids: list[object] = [7, 7.0, b"\x07", {"$oid": "5f"}, True]
    ds.insert_documents([{"_id": one} for one in ids])
    assert ds.delete_documents(ids) == DeleteReport(5)
    assert len(everything(ds)) == 60
    with pytest.raises(InvalidInputError, match="ids holds None, which no document has as its"):
        ds.delete_documents(["d0-00", None])
    assert len(everything(ds)) == 60


def test_hostile_ids_delete_themselves_only(ds: Changed) -> None:
    hostile = ["' OR 1=1 --", "d0-00' OR '1'='1", '"', "true", "%", "\u202e", "a;drop"]
    ds.insert_documents([{"_id": one} for one in hostile[::2]])
    report = ds.delete_documents(hostile)
    assert report == DeleteReport(4, tuple(hostile[1::2]))
    assert len(everything(ds)) == 60


def test_deleting_every_document_leaves_an_empty_dataset(ds: Changed) -> None:
    assert ds.delete_documents(filters=where("price", ">=", 0)) == DeleteReport(60)
    assert everything(ds) == {}
    assert ds.shape == (0, 5)
    assert [info.n_clusters for info in ds.clusterings()] == [0]
    ds.insert_documents(small_documents()[:3])
    check_all(ds)


@pytest.mark.parametrize(
    ("arguments", "which"),
    [({}, "neither"), ({"ids": ["a"], "filters": [where("a", "==", 1)]}, "both")],
)
def test_delete_documents_takes_one_of_the_two(
    ds: Changed, arguments: dict[str, Any], which: str
) -> None:
    with pytest.raises(
        InvalidInputError,
        match=f"takes ids or filters, one of the two, but got {which}. To delete the whole dataset",
    ):
        ds.delete_documents(**arguments)
    with pytest.raises(InvalidInputError, match="neither"):
        ds.delete_documents(filters=[])


# fields ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("new", ["cost", "a.b", "", "sp ace", "_label_x", "n~2", "Ä"])
def test_a_renamed_field_keeps_its_values_at_its_place(ds: Changed, new: str) -> None:
    ds.apply(lambda one: {"price": one["price"] + 0.5})  # a second generation of its column
    before, version = everything(ds), ds.version
    ds.rename_field("price", new)
    assert ds.version == version + 1
    assert everything(ds) == {
        name: {new if key == "price" else key: value for key, value in one.items()}
        for name, one in before.items()
    }
    ds.insert_documents([{"_id": "more", "price": "text", new: 3}])
    assert everything(ds)["more"] == {"_id": "more", "price": "text", new: 3}
    check_all(ds)


def test_clusterings_go_with_a_renamed_vector_field(ds: Changed) -> None:
    before = everything(ds)
    version = ds.version
    ds.rename_field(SMALL_VECTOR, "look")
    assert ds.version == version + 1
    for one in before.values():
        one["look"] = one.pop(SMALL_VECTOR)
        one["_cluster_"] = {"look": one["_cluster_"][SMALL_VECTOR]}
    assert everything(ds) == before
    (info,) = ds.clusterings()
    assert (info.vector_fields, info.n_documents) == (("look",), 60)
    check_all(ds)
    with pytest.raises(NotFoundError, match=re.escape(f"No vector field '{SMALL_VECTOR}'")):
        ClusterOps.from_dataset(ds, alias=SMALL_ALIAS, vector_fields=[SMALL_VECTOR])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("price", "title", "Dataset 'small' has a field 'title' already. Drop or rename it first."),
        ("price", "price", "Dataset 'small' has a field 'price' already. Drop or rename it first."),
        ("price", "_id", "Dataset 'small' has a field '_id' already. Drop or rename it first."),
        ("_id", "key", "`_id` is what a document is known by, and stays. Insert the documents "),
        ("price", "_cluster_", "'_cluster_' is worked out by the dataset itself. Pass another"),
        (
            "price",
            "p_vector_",
            "'price' holds number, but a name that ends in '_vector_' is that of a vector field. "
            "Pass another name.",
        ),
        ("price", 3, "A field is named by text, but got int: 3."),
        ("price", "\ud800", "The name '\\ud800' holds text that is not valid Unicode"),
    ],
)
def test_rename_field_says_what_it_cannot_take(
    ds: Changed, old: str, new: Any, message: str
) -> None:
    version = ds.version
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        ds.rename_field(old, new)
    assert ds.version == version


def test_drop_field(ds: Changed) -> None:
    ds.apply(lambda one: {"price": one["price"] + 0.5})
    before, version = everything(ds), ds.version
    ds.drop_field("price")
    assert ds.version == version + 1
    for one in before.values():
        del one["price"]
    assert everything(ds) == before
    check_all(ds)
    with pytest.raises(
        NotFoundError,
        match=re.escape(
            f"No field 'price' in dataset 'small'. It has: 'title', 'group', '{SMALL_VECTOR}'."
        ),
    ):
        ds.drop_field("price")
    with pytest.raises(InvalidInputError, match="`_id` is what a document is known by"):
        ds.drop_field("_id")


def test_a_field_that_clusterings_rest_on_is_dropped_with_them_only(
    ds: Changed, capsys: pytest.CaptureFixture[str]
) -> None:
    version = ds.version
    with pytest.raises(
        InvalidInputError,
        match=re.escape(
            f"Clusterings rest on '{SMALL_VECTOR}' of dataset 'small': '{LABEL}'. "
            "Pass drop_clusterings=True to drop them with it."
        ),
    ):
        ds.drop_field(SMALL_VECTOR)
    assert ds.version == version
    ds.drop_field(SMALL_VECTOR, drop_clusterings=True)
    assert ds.version == version + 1
    assert capsys.readouterr().err == (
        f"relevanceai: dropped '{LABEL}' with '{SMALL_VECTOR}', on which they rested\n"
    )
    assert ds.clusterings() == []
    assert all(set(one) == {"_id", "title", "price", "group"} for one in everything(ds).values())
