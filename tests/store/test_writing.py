"""Documents are written whole or not at all, and labels that no longer hold are forgotten."""

import subprocess
import sys
import threading
from pathlib import Path

import lance
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevanceai.errors import DuplicateIdError, InvalidInputError, NotFoundError, WorkspaceError
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labelling import add_clustering
from relevanceai.store.report import InsertReport
from relevanceai.store.workspace import Workspace
from relevanceai.store.writing import write_documents

V = "look_vector_"


@pytest.fixture
def store(tmp_path: Path) -> DocumentStore:
    return Workspace(tmp_path / "home").store("things")


def everything(store: DocumentStore) -> dict[str, dict[str, object]]:
    return {document["_id"]: document for document in store.read()}


def label(store: DocumentStore, labels: list[int | None], fields: list[str] | None = None) -> None:
    array = np.array([-1 if one is None else one for one in labels], np.int32)
    valid = np.array([one is not None for one in labels])
    ids = [f"cluster-{leaf}" for leaf in range(int(array.max()) + 1)]
    with store.writing():
        add_clustering(store, fields or [V], "main", array, valid, ids, {"model": "brought"})


FIELDS = st.sampled_from(["a", "b.c", "", "_id2", "sp ace", "%41", "~", "A", 'quo"te', "_label_x"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCALARS = st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.binary(max_size=4)
DOCUMENTS = st.lists(
    st.dictionaries(FIELDS, SCALARS | st.lists(SCALARS, max_size=2), max_size=5), max_size=5
)


@given(calls=st.lists(DOCUMENTS, max_size=3))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_documents_of_any_shape_come_back_equal(
    calls: list[list[dict[str, object]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = Workspace(tmp_path_factory.mktemp("any") / "home").store("any")
    went: dict[str, dict[str, object]] = {}
    for number, documents in enumerate(calls):
        named = [{**one, "_id": f"{number}-{row}"} for row, one in enumerate(documents)]
        write_documents(store, named, upsert=False)
        went |= {str(one["_id"]): one for one in named}
    assert (everything(store) if store.exists() else {}) == went


def test_a_report_counts_and_names_made_ids(store: DocumentStore) -> None:
    report = write_documents(
        store, [{"_id": 7, "a": 1}, {"a": 1}, {"_id": None, "a": 1}], upsert=False
    )
    assert report == InsertReport(3, made_ids=report.made_ids)
    assert len(set(report.made_ids)) == 2
    assert set(everything(store)) == {"7", *report.made_ids}


def test_nothing_inserted_makes_nothing(store: DocumentStore) -> None:
    assert write_documents(store, [], upsert=False) == InsertReport(0)
    assert not store.exists()
    with pytest.raises(
        NotFoundError, match=r"Dataset 'things' is not there: insert documents to make it\."
    ):
        store.count()


def test_an_id_twice_in_one_insert_is_refused(store: DocumentStore) -> None:
    with pytest.raises(DuplicateIdError) as caught:
        write_documents(store, [{"_id": "a"}, {"_id": "b"}, {"_id": "a"}], upsert=False)
    assert str(caught.value) == (
        "1 `_id` stand more than once in this call: 'a'. Give each document its own, or use "
        "upsert_documents, which keeps the last."
    )
    assert not store.exists()


def test_an_id_that_is_there_is_refused_and_nothing_is_written(store: DocumentStore) -> None:
    write_documents(store, [{"_id": "a", "n": 1}], upsert=False)
    version = store.version()
    with pytest.raises(DuplicateIdError) as caught:
        write_documents(store, [{"_id": "b"}, {"_id": "a", "other": 2}], upsert=False)
    assert str(caught.value) == (
        "1 of 2 documents have an `_id` that is in dataset 'things' already: 'a'. "
        "Use upsert_documents to change them, or give them another `_id`."
    )
    assert (store.version(), everything(store)) == (version, {"a": {"_id": "a", "n": 1}})


def test_an_upsert_changes_what_it_brings_and_keeps_the_rest(store: DocumentStore) -> None:
    write_documents(
        store, [{"_id": "a", "n": 1, "t": "x", V: [1, 2]}, {"_id": "b", "n": 2}], upsert=False
    )
    report = write_documents(
        store,
        [{"_id": "a", "n": 5}, {"_id": "c", "u": [1]}, {"_id": "a", "n": None, "w": b"z"}],
        upsert=True,
    )
    assert (report.inserted, report.updated) == (1, 1)
    assert everything(store) == {
        "b": {"_id": "b", "n": 2},
        "c": {"_id": "c", "u": [1]},
        "a": {"_id": "a", "t": "x", V: [1.0, 2.0], "w": b"z"},
    }


def test_a_field_that_changes_its_kind_keeps_every_value(store: DocumentStore) -> None:
    write_documents(store, [{"_id": "a", "n": 1}], upsert=False)
    write_documents(store, [{"_id": "b", "n": 2.5}], upsert=False)
    assert [one.kind for one in store.fields()] == ["text", "number"]
    write_documents(store, [{"_id": "c", "n": "three"}, {"_id": "d"}], upsert=False)
    write_documents(store, [{"_id": "e", "n": 2**70}, {"_id": "b", "n": b"b"}], upsert=True)
    assert {key: one.get("n") for key, one in everything(store).items()} == {
        "a": 1,
        "b": b"b",
        "c": "three",
        "d": None,
        "e": 2**70,
    }


def test_integers_too_large_for_float64_are_not_rounded(store: DocumentStore) -> None:
    write_documents(store, [{"_id": "a", "n": 2**53 + 1}], upsert=False)
    write_documents(store, [{"_id": "b", "n": 0.5}], upsert=False)
    assert [one["n"] for one in store.read()] == [2**53 + 1, 0.5]


def test_a_failure_in_the_middle_leaves_no_trace(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_documents(store, [{"_id": "a", "n": 1}], upsert=False)
    before = everything(store), store.fields()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(lance, "write_dataset", full)
        with pytest.raises(WorkspaceError, match="The disk is full"):
            write_documents(store, [{"_id": "b", "n": "text", "new": 1}], upsert=False)
        fresh = DocumentStore(store.folder.with_name("fresh"), "fresh", store.folder / "l")
        with pytest.raises(WorkspaceError, match="The disk is full"):
            write_documents(fresh, [{"_id": "b"}], upsert=False)
    assert (everything(store), store.fields()) == before
    assert sorted(one.name for one in store.folder.parent.iterdir()) == ["things"]
    write_documents(store, [{"_id": "b", "n": "text", "new": 1}], upsert=False)
    assert everything(store)["b"] == {"_id": "b", "n": "text", "new": 1}


def test_a_bad_vector_leaves_no_trace(store: DocumentStore) -> None:
    write_documents(store, [{"_id": "a", V: [1, 2]}], upsert=False)
    version = store.version()
    with pytest.raises(InvalidInputError, match="'c' has 3 dimensions"):
        write_documents(store, [{"_id": "b", "new": 1}, {"_id": "c", V: [1, 2, 3]}], upsert=False)
    assert store.version() == version


def test_labels_appear_in_documents_and_follow_what_they_rest_on(store: DocumentStore) -> None:
    documents = [{"_id": name, V: [row, 1.0], "t": 1} for row, name in enumerate("abcde")]
    write_documents(store, documents, upsert=False)
    label(store, [0, 1, -1, None, 1])
    write_documents(
        store,
        [
            {"_id": "a", "t": 2},  # keeps its label: the vector is the same
            {"_id": "b", V: [9, 9]},  # another vector
            {"_id": "c", V: [2.0, 1.0], "t": 3},  # the same vector brought again
            {"_id": "e", V: None},  # no vector any more
            {"_id": "f", V: [1, 1]},  # new
        ],
        upsert=True,
    )
    labels = {key: one.get("_cluster_") for key, one in everything(store).items()}
    assert labels == {
        "a": {V: {"main": "cluster-0"}},
        "b": None,
        "c": {V: {"main": "outlier"}},
        "d": None,
        "e": None,
        "f": None,
    }
    rows = list(store.vectors([V], store.clusterings()[0]))
    assert sorted(int(one) for batch in rows for one in batch.labels) == [-1, 0]


def test_a_clustering_of_the_same_alias_replaces_the_first(store: DocumentStore) -> None:
    write_documents(store, [{"_id": "a", V: [1, 2]}, {"_id": "b", V: [1, 2]}], upsert=False)
    label(store, [0, 1])
    label(store, [0, 0])
    assert len(store.clusterings()) == 1
    assert store.clusterings()[0].ids == ("cluster-0",)


def test_derived_fields_of_a_document_are_ignored_and_told(store: DocumentStore) -> None:
    report = write_documents(
        store, [{"_id": "a", "_cluster_": {}, "_search_score": 1, "n": 1}], upsert=False
    )
    assert report.ignored_fields == ("_cluster_", "_search_score")
    assert everything(store) == {"a": {"_id": "a", "n": 1}}


def test_documents_come_in_the_order_of_the_row_ids_asked(store: DocumentStore) -> None:
    write_documents(store, [{"_id": name} for name in "abc"], upsert=False)
    rows = store.row_ids(["c", "zzz", "a"])
    assert list(rows) == ["c", "a"]
    assert [one["_id"] for one in store.read(list(rows.values()))] == ["c", "a"]


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ({"_id": "a"}, "Documents come as a list of dicts, but got one dict. Pass [document]."),
        (["a"], "Documents come as dicts, but number 0 is str: 'a'."),
        ([{1: 2, "_id": "a"}], "A field of document 'a' is named 1 (int). Field names are text."),
        (
            [{"_id": ""}],
            "The `_id` of document number 0 is empty. "
            "Pass text or a number, or leave it out to have one made.",
        ),
        (
            [{"_id": "a", "f": {1}}],
            "'f' of document 'a' holds a set, which cannot be kept; turn it into text, a number, "
            "a date, bytes, a list or a dict.",
        ),
    ],
)
def test_what_is_no_document_is_refused(
    store: DocumentStore, documents: list[dict[str, object]], message: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        write_documents(store, documents, upsert=True)
    assert str(caught.value) == message


def test_a_dataset_of_a_newer_format_is_refused(store: DocumentStore) -> None:
    write_documents(store, [{"_id": "a"}], upsert=False)
    (store.folder / "dataset.json").write_text('{"name": "things", "format": 99}')
    with pytest.raises(WorkspaceError) as caught:
        store.count()
    assert str(caught.value) == (
        "Dataset 'things' has format 99, but this version of the package reads format 1. "
        "Install a newer relevanceai-local."
    )


def test_pictures_put_there_first_stay(store: DocumentStore) -> None:
    store.media_folder.mkdir(parents=True)
    (store.media_folder / "a.png").write_bytes(b"x")
    write_documents(store, [{"_id": "a"}], upsert=False)
    assert (store.media_folder / "a.png").read_bytes() == b"x"


def test_a_dataset_without_its_description_is_not_written_over(store: DocumentStore) -> None:
    write_documents(store, [{"_id": "a"}], upsert=False)
    (store.folder / "dataset.json").unlink()
    with pytest.raises(WorkspaceError, match=r"is not empty, and it has no dataset\.json"):
        write_documents(store, [{"_id": "b"}], upsert=False)
    assert (store.folder / "documents.lance").is_dir()


def test_a_folder_of_another_dataset_is_not_opened(store: DocumentStore) -> None:
    write_documents(store, [{"_id": "a"}], upsert=False)
    other = DocumentStore(store.folder, "other", store.folder / "lock")
    with pytest.raises(WorkspaceError, match=r"The folder of dataset 'other', .*, holds 'things'"):
        other.count()


def test_a_damaged_record_costs_its_clustering_only(store: DocumentStore) -> None:
    write_documents(store, [{"_id": "a", V: [1, 2]}], upsert=False)
    label(store, [0])
    record = store.folder / "clusterings" / f"{store.clusterings()[0].token}.json"
    for content in ("", "[]", '{"ids": null}'):
        record.write_text(content)
        assert everything(store)["a"][V] == [1.0, 2.0]
        assert store.clusterings() == []


def test_two_clusterings_never_share_a_path(store: DocumentStore) -> None:
    a, b = "a_vector_", "b_vector_"
    write_documents(store, [{"_id": "a", a: [1], b: [2], f"{a}.{b}": [3]}], upsert=False)
    label(store, [0], [a, b])
    with pytest.raises(InvalidInputError) as caught:
        label(store, [0], [f"{a}.{b}"])
    assert str(caught.value) == (
        "Labels at '_cluster_.a_vector_.b_vector_.main' are those of 'a_vector_', 'b_vector_'. "
        "Pass another alias."
    )


def test_threads_that_insert_one_id_insert_it_once(store: DocumentStore) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def insert() -> None:
        start.wait()
        try:
            write_documents(store, [{"_id": "same"}], upsert=False)
            outcomes.append("in")
        except DuplicateIdError:
            outcomes.append("refused")

    threads = [threading.Thread(target=insert) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", "refused", "refused", "refused"]
    assert store.count() == 1


WRITER = """
import sys
from relevanceai.client import Client
from relevanceai.errors import DuplicateIdError
dataset, mine = Client(sys.argv[1]).Dataset("things"), 0
for number in range(12):
    try:
        mine += dataset.insert_documents([{"_id": number}]).inserted
    except DuplicateIdError:
        pass
print(mine)
"""


@pytest.mark.slow
def test_processes_that_insert_the_same_ids_insert_each_once(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    inserted = [int(writer.communicate(timeout=60)[0]) for writer in writers]
    assert sum(inserted) == 12
    assert sorted(Workspace(tmp_path).store("things").ids(), key=int) == list(map(str, range(12)))
