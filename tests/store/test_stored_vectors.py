"""StoredVectors: the rows of the store, through the cache or without it, whatever was done to them."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from relevanceai import Client
from relevanceai.store import residency, stored_vectors, vector_cache
from relevanceai.store.cache import vectors_folder

FIELD = "text_vector_"


@pytest.fixture(autouse=True)
def keeps_all(monkeypatch):
    monkeypatch.setattr(stored_vectors, "KEEP_FROM", 0)
    monkeypatch.setattr(stored_vectors, "_STRETCH_ROWS", 50)


def documents(numbers, seed=0):
    rng = np.random.default_rng(seed)
    return [
        {"_id": str(number)} | ({} if number % 7 == 3 else {FIELD: rng.standard_normal(4)})
        for number in numbers
    ]


@pytest.fixture
def dataset():
    """Several fragments, rows without a vector, deleted and changed ones."""
    dataset = Client().Dataset("rows")
    dataset.insert_documents(documents(range(40)))
    dataset.insert_documents(documents(range(40, 90), seed=1))
    labels = {str(number): [-1, 0, 1, None][number % 4] for number in range(90)}
    dataset.set_cluster_labels([FIELD], "by-hand", labels)
    dataset.insert_documents(documents(range(90, 100), seed=2))
    dataset.delete_documents(["1", "41", "42", "95"])
    dataset.upsert_documents(documents(range(5, 9), seed=3))
    shutil.rmtree(vectors_folder(dataset._store.folder))  # what the labels have asked for
    return dataset


def rows_of(source, cuts=()):
    """Row id, label and vector of every row that takes part."""
    edges = [0, *cuts, source.n_rows]
    found = []
    for start, stop in pairwise(edges):
        n_rows = 0
        for batch in source.batches(start, stop):
            assert batch.vectors.dtype == np.float32
            assert batch.labels.dtype == np.int32
            assert batch.row_ids.dtype == np.int64
            n_rows += len(batch)
            found += [
                (int(row_id), int(label), tuple(vector))
                for row_id, vector, label in zip(
                    batch.row_ids, batch.vectors.tolist(), batch.labels, strict=True
                )
                if label >= 0
            ]
        assert n_rows == stop - start
    return found


def is_map(source):
    first, again = next(source.batches(0, 20)), next(source.batches(0, 20))
    return np.shares_memory(first.vectors, again.vectors)


def expected_rows(store, clustering=None):
    return [
        (int(row_id), int(label), tuple(vector))
        for rows in store.vectors([FIELD], clustering)
        for row_id, vector, label in zip(
            rows.row_ids, rows.parts[0].tolist(), rows.labels, strict=True
        )
        if label >= 0
    ]


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("cuts", [(), (1, 39, 40, 41, 77)])
def test_the_rows_are_those_of_the_store(dataset, is_kept, cuts):
    store = dataset._store.snapshot()
    (clustering,) = store.clusterings()
    for one in (None, clustering):
        expected = expected_rows(store, one)
        assert len(expected) > 20
        for _ in range(2):  # written, then read
            source = store.vector_source(FIELD, one, is_kept=is_kept)
            assert rows_of(source, cuts) == expected
            assert is_map(source) == is_kept
    assert bool(files_of(dataset)) == is_kept


def test_a_later_version_does_not_disturb_an_earlier_one(dataset):
    earlier = dataset._store.snapshot()
    expected = expected_rows(earlier)
    source = earlier.vector_source(FIELD)
    dataset.delete_documents([str(number) for number in range(10, 30)])
    dataset.upsert_documents(documents([0, 2, 200], seed=9))
    assert rows_of(source) == expected
    now = dataset._store.snapshot()
    assert rows_of(now.vector_source(FIELD)) == expected_rows(now)
    assert len(expected_rows(now)) < len(expected)


def files_of(dataset):
    return sorted(vectors_folder(dataset._store.folder).glob("*.f32"))


@pytest.mark.parametrize("harm", ["cut", "empty", "longer", "holes", "tail", "gone", "folder"])
def test_a_damaged_file_is_noticed_and_written_anew(dataset, harm):
    store = dataset._store.snapshot()
    expected = rows_of(store.vector_source(FIELD))
    whole = {path: path.read_bytes() for path in files_of(dataset)}
    assert len(whole) == 4
    for path, content in whole.items():
        path.unlink()
        if harm == "folder":
            path.mkdir()
        elif harm != "gone":
            harmed = {
                "cut": content[:-1],
                "empty": b"",
                "longer": content + b"x",
                "holes": bytes(64) + content[64:],
                "tail": content[:-100] + b"{" * 100,
            }
            path.write_bytes(harmed[harm])
    again = store.vector_source(FIELD)
    assert rows_of(again) == expected
    assert is_map(again) == (harm != "folder")
    if harm != "folder":
        assert {path: path.read_bytes() for path in files_of(dataset)} == whole


def test_files_of_data_that_is_gone_and_of_killed_writers_go(dataset):
    store = dataset._store.snapshot()
    rows_of(store.vector_source(FIELD))
    before = files_of(dataset)
    stray = before[0].with_name(".0123-1-89abcdef")
    stray.write_bytes(b"half")
    dataset.compact(older_than=timedelta(0))
    now = dataset._store.snapshot()
    assert rows_of(now.vector_source(FIELD)) == expected_rows(now)
    left = {path.stem for path in vectors_folder(now.folder).iterdir()}
    assert stray.name not in left
    assert not {path.stem for path in before} & left


def test_what_a_killed_writer_left_beside_data_that_is_there_goes_after_a_while(dataset):
    store = dataset._store.snapshot()
    rows_of(store.vector_source(FIELD))
    beside = files_of(dataset)[0]
    old, fresh = (beside.with_name(f".{beside.stem}-{one}") for one in ("01234567", "89abcdef"))
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    beside.unlink()
    assert rows_of(store.vector_source(FIELD)) == expected_rows(store)
    assert not old.exists()
    assert fresh.exists()


def test_without_room_nothing_is_kept_and_the_rows_are_the_same(dataset, monkeypatch):
    monkeypatch.setenv(vector_cache.LIMIT_VARIABLE, "0")
    store = dataset._store.snapshot()
    assert rows_of(store.vector_source(FIELD)) == expected_rows(store)
    assert not files_of(dataset)


def test_a_cache_that_cannot_be_written_changes_no_answer(dataset):
    store = dataset._store.snapshot()
    folder = store.folder / "cache"
    folder.rename(folder.with_name("gone")) if folder.exists() else None
    folder.write_text("a file in the way")
    assert rows_of(store.vector_source(FIELD)) == expected_rows(store)


def test_a_map_stays_readable_when_its_file_is_deleted(dataset):
    store = dataset._store.snapshot()
    source = store.vector_source(FIELD)
    expected = rows_of(source)
    for path in files_of(dataset):
        path.unlink()
    assert rows_of(source) == expected


def test_the_vectors_of_the_map_are_not_copied_and_cannot_be_written_to(dataset):
    source = dataset._store.snapshot().vector_source(FIELD)
    first = next(source.batches(0, 20))
    assert is_map(source)
    with pytest.raises(ValueError, match="read-only"):
        first.vectors[0, 0] = 1.0


def test_what_is_not_in_memory_is_asked_for(monkeypatch, tmp_path):
    asked = []

    class Held:
        def madvise(self, how, start, length):
            asked.append((start, length))

    monkeypatch.setattr(residency, "_mincore", lambda: None)  # the system does not say
    residency.ask_for(Held(), 0, 5000, 9000)
    assert not asked
    monkeypatch.setattr(residency, "_mincore", lambda: lambda place, length, found: 0)
    residency.ask_for(Held(), 0, 5000, 9000)
    page = residency.mmap.PAGESIZE
    assert asked == [(5000 - 5000 % page, 9000 - (5000 - 5000 % page))]
    asked.clear()
    step = residency._ASKED_BYTES  # the system does no more than so much for one request
    residency.ask_for(Held(), 0, 5 * page, 2 * step + 9)
    starts = [start for start, _ in asked]
    assert starts == [5 * page, 5 * page + step]
    assert sum(length for _, length in asked) == 2 * step + 9 - 5 * page


def test_two_processes_may_write_the_same_files_at_once(dataset, tmp_path):
    program = (
        "import sys; from relevanceai import Client; from relevanceai.store import stored_vectors\n"
        "stored_vectors.KEEP_FROM = 0\n"
        "store = Client(sys.argv[1]).Dataset('rows').opened()\n"
        "source = store.vector_source('text_vector_')\n"
        "print(sum(float(b.vectors[b.labels >= 0].sum()) for b in source.batches(0, source.n_rows)))"
    )
    home = dataset._store.folder.parent.parent
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [one.communicate(timeout=60)[0] for one in running]
    assert [one.returncode for one in running] == [0, 0]
    assert told[0] == told[1]
    assert not [path for path in files_of(dataset) if path.name.startswith(".")]
    store = dataset._store.snapshot()
    assert rows_of(store.vector_source(FIELD)) == expected_rows(store)


def test_a_vector_field_that_only_later_documents_have_is_clustered(dataset):
    later = np.random.default_rng(5).standard_normal((12, 3))
    dataset.upsert_documents(
        [{"_id": str(90 + i % 10 if i < 5 else i), "x_vector_": row} for i, row in enumerate(later)]
    )
    dataset.cluster("kmeans", 2, vector_fields="x_vector_", alias="later")
    labels = dataset["_cluster_.x_vector_.later"].values
    there = [value is not None for value in dataset["x_vector_"].values]
    assert [label is not None for label in labels] == there
    dataset.upsert_documents([{"_id": "20", "x_vector_": [1.0, 2.0, 3.0]}])
    operations = dataset.ClusterOps(alias="later", vector_fields="x_vector_")
    assert operations.assign_new().assigned == 1
    assert dataset.verify().ok
