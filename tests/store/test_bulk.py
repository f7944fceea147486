"""Documents of any number: what comes in chunks ends as what comes at once, in one commit."""

import datetime as dt
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from relevanceai.errors import DuplicateIdError, InvalidInputError
from relevanceai.store import bulk, writing
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labelling import add_clustering
from relevanceai.store.verify import verified
from relevanceai.store.workspace import Workspace
from relevanceai.store.writing import write_documents

VALUES: list[object] = [
    *(None, 1, 2.5, 2**60, 2**80, True, "text", "é", b"bytes", [1, "a"], {"a": {"b": None}}),
    *(dt.datetime(2024, 1, 2, tzinfo=dt.UTC), dt.date(2024, 1, 2), -0.0, 7),
]


def made(folder: Path) -> DocumentStore:
    workspace = Workspace(folder)
    workspace.write_format()
    return workspace.store("many")


def drawn(rng: random.Random, n: int, span: int) -> list[dict[str, object]]:
    """Documents of which some share an `_id`; some fields are of one kind, some of several."""
    documents = []
    for i in range(n):
        one: dict[str, object] = {
            "_id": f"d{rng.randrange(span)}",
            "n": i,
            "some": rng.choice(VALUES),
        }
        if rng.random() < 0.8:
            one["x_vector_"] = [float(rng.randrange(3)), 1.0]
        if rng.random() < 0.5:
            one["joined"] = rng.choice([1, 2, 3.5]) if i > n // 2 else i
        if i > n - 3:
            one["late"] = rng.choice(["a", None])
        documents.append(one)
    return documents


def outcome(store: DocumentStore, documents: list, chunk: int, monkeypatch, **how) -> tuple:
    monkeypatch.setattr(bulk, "CHUNK", chunk)
    monkeypatch.setattr(writing, "CHUNK", chunk)
    try:
        report = write_documents(store, iter(documents), **how)
    except (DuplicateIdError, InvalidInputError) as error:
        return type(error), list(store.read()) if store.exists() else []
    told = (report.inserted, report.updated, sorted(report.failed), report.mixed_fields)
    return (
        told,
        list(store.read()),
        [(type(one.get("some")), one.get("some")) for one in store.read()],
    )


@pytest.mark.parametrize("seed", range(12))
def test_chunks_end_as_one_call_does(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = made(tmp_path / "chunks"), made(tmp_path / "whole")
    for turn in range(3):
        upsert = (seed + turn) % 3 != 0
        rng = random.Random(1000 * seed + turn)
        documents = drawn(rng, 23, 30 if upsert else 10_000)
        how = {"upsert": upsert, "on_error": rng.choice(["raise", "skip"])}
        cut, whole = (
            outcome(store, documents, chunk, monkeypatch, **how)
            for store, chunk in zip(stores, (4, 1000), strict=True)
        )
        assert cut == whole
        if turn == 0 and all(store.exists() for store in stores):
            for store in stores:
                n = store.count()
                labels = (np.arange(n) % 2).astype(np.int32)
                valid = store.has_vectors(["x_vector_"])
                with store.writing():
                    add_clustering(store, ["x_vector_"], "a", labels, valid, ["c0", "c1"], {})
    assert verified(stores[0]).problems == []


def test_a_bad_document_late_in_the_call_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 10)
    monkeypatch.setattr(writing, "CHUNK", 10)
    store = made(tmp_path)

    def documents() -> Iterator[dict[str, object]]:
        for i in range(95):
            yield {"_id": f"d{i}", "x_vector_": [1.0] * (3 if i == 93 else 2)}

    with pytest.raises(InvalidInputError, match="'x_vector_' of document 'd93' has 3 dimensions"):
        write_documents(store, documents(), upsert=False)
    assert not store.exists()
    report = write_documents(store, documents(), upsert=False, on_error="skip")
    assert (report.inserted, list(report.failed)) == (94, ["d93"])
    version = store.version()
    with pytest.raises(InvalidInputError, match="'d93'"):
        write_documents(store, documents(), upsert=True)
    assert (store.version(), store.count()) == (version, 94)
    assert [one.name for one in store.lock_file.parent.iterdir()] == [store.lock_file.name]


def test_arrays_then_lists_are_vectors_and_lists_then_arrays_are_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 2)
    monkeypatch.setattr(writing, "CHUNK", 2)
    store = made(tmp_path)
    arrays, lists = [np.ones(2)] * 3, [[1.0, 1.0]] * 3
    both = zip([*arrays, *lists], [*lists, *arrays], strict=True)
    write_documents(
        store, [{"_id": str(i), "a": a, "b": b} for i, (a, b) in enumerate(both)], upsert=False
    )
    assert {one.name: one.kind for one in store.fields()} == {
        "_id": "text",
        "a": "vector",
        "b": "json",
    }
    assert all(one["a"] == one["b"] == [1.0, 1.0] for one in store.read())


WRITER = """
import sys
from relevanceai import Client
data = Client(sys.argv[1]).Dataset("shared")
for turn in range(6):
    ids = [f"d{i}" for i in range(turn, turn + 40)]
    data.upsert_documents([{"_id": one, sys.argv[2]: turn} for one in ids])
    data.upsert_documents([{"_id": f"{sys.argv[2]}-{turn}", "n": turn}])
"""


@pytest.mark.slow
def test_two_processes_that_upsert_the_same_ids_lose_and_double_nothing(tmp_path: Path) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name])
        for name in ("first", "second")
    ]
    assert [one.wait(60) for one in started] == [0, 0]
    store = Workspace(tmp_path).store("shared")
    there = {one["_id"]: one for one in store.read()}
    assert store.count() == len(there) == 45 + 12
    for name in ("first", "second"):
        assert all(f"{name}-{turn}" in there for turn in range(6))
        for i in range(45):  # the last turn that brought the document holds
            assert there[f"d{i}"][name] == min(i, 5)
    assert verified(store).problems == []
