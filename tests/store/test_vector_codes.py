"""Codes beside the raw vectors: written with them, those of the same rows, or none at all."""

import numpy as np
import pytest

from relevanceai import Client
from relevanceai.kernels.codes import encoded
from relevanceai.store import raw_vectors, stored_vectors, vector_cache
from relevanceai.store.cache import vectors_folder

FIELD = "text_vector_"
N_DIMS = 5


@pytest.fixture(autouse=True)
def keeps_all(monkeypatch):
    monkeypatch.setattr(stored_vectors, "KEEP_FROM", 0)


@pytest.fixture
def store():
    """Two fragments, with rows that have no vector or were deleted."""
    rng = np.random.default_rng(0)
    dataset = Client().Dataset("rows")
    for first in (0, 60):
        dataset.insert_documents(
            {"_id": str(number)} | ({} if number % 7 == 3 else {FIELD: rng.standard_normal(N_DIMS)})
            for number in range(first, first + 60)
        )
    dataset.delete_documents(["1", "61"])
    return dataset._store.snapshot()


def files_of(store):
    return {path: path.read_bytes() for path in vectors_folder(store.folder).glob("*.i8")}


def coded_batches(store, encode=encoded):
    source = store.vector_source(FIELD, encode=encode)
    return list(source.batches(0, source.n_rows))


def assert_right(batches):
    for batch in batches:
        codes = batch.codes
        assert len(codes.codes) == len(batch)
        stands_for = codes.shift + codes.scale * (codes.of_rows[:, :1] * codes.codes)
        rest = np.linalg.norm((batch.vectors - stands_for) / codes.scale, axis=1)
        assert (rest <= codes.of_rows[:, 1] * 1.001).all()


def test_codes_are_those_of_the_rows(store):
    for _ in range(2):  # written, then read
        batches = coded_batches(store)
        assert len(batches) == 2
        assert_right(batches)
    assert len(files_of(store)) == 2
    piece = coded_batches(store)[1][7:20]
    assert_right([piece])
    assert len(piece.codes.codes) == 13


def test_nobody_who_does_not_ask_gets_codes(store):
    assert all(batch.codes is None for batch in coded_batches(store, None))
    assert not files_of(store)


def test_raw_vectors_that_are_there_get_their_codes_later(store):
    coded_batches(store, None)
    assert_right(coded_batches(store))


@pytest.mark.parametrize("harm", ["cut", "empty", "longer", "holes", "tail", "gone"])
def test_damaged_codes_are_noticed_and_written_anew(store, harm):
    coded_batches(store)
    whole = files_of(store)
    for path, content in whole.items():
        path.unlink()
        harmed = {
            "cut": content[:-1],
            "empty": b"",
            "longer": content + b"x",
            "holes": bytes(64) + content[64:],
            "tail": content[:-100] + b"{" * 100,
        }
        if harm in harmed:
            path.write_bytes(harmed[harm])
    assert_right(coded_batches(store))
    assert files_of(store) == whole


def test_without_room_for_codes_the_vectors_are_kept_alone(store, monkeypatch):
    monkeypatch.setattr(vector_cache, "codes_bytes", lambda n_rows, width: 2**60)
    assert all(batch.codes is None for batch in coded_batches(store))
    assert len(list(vectors_folder(store.folder).glob("*.f32"))) == 2


def test_a_failure_while_encoding_leaves_no_file(store):
    def failing(vectors, like):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        coded_batches(store, failing)
    assert {path.suffix for path in vectors_folder(store.folder).iterdir()} == {".runs"}


def test_codes_that_are_not_in_memory_are_not_waited_for(store, monkeypatch):
    coded_batches(store)
    asked = []
    monkeypatch.setattr(raw_vectors, "ask_for", lambda *args: asked.append(args))
    answers = iter([1.0, 0.5, 1.0, 0.5])  # the vectors, their codes
    monkeypatch.setattr(raw_vectors, "resident_share", lambda address, n_bytes: next(answers))
    assert all(batch.codes is None for batch in coded_batches(store))
    assert len(asked) == 4  # for each piece the vectors, and the codes for the next time
    monkeypatch.setattr(raw_vectors, "resident_share", lambda address, n_bytes: 0.0)
    assert all(batch.codes is None for batch in coded_batches(store))


def test_compaction_drops_the_codes_of_files_that_are_gone(store):
    coded_batches(store)
    before = set(files_of(store))
    dataset = Client().Dataset("rows")
    dataset.compact()
    now = dataset._store.snapshot()
    assert_right(coded_batches(now))
    assert set(files_of(now)) - before
