"""Vectors where Lance has them: those rows and no copy of them, or a copy where they lie otherwise."""

import json
import zlib
from datetime import timedelta

import numpy as np
import pytest
from tests.store.test_stored_vectors import expected_rows, is_map, rows_of
from tests.store.test_vector_codes import assert_right

from relevanceai import Client
from relevanceai.kernels.codes import encoded
from relevanceai.store import cached_map, in_place, stored_vectors
from relevanceai.store.cache import vectors_folder
from relevanceai.store.in_place import Run
from relevanceai.store.raw_vectors import Part, RawVectors

FIELD = "text_vector_"
N_DIMS = 64  # from which Lance lays rows one after another


@pytest.fixture(autouse=True)
def keeps_all(monkeypatch):
    monkeypatch.setattr(stored_vectors, "KEEP_FROM", 0)


def documents(numbers, seed=0, n_dims=N_DIMS):
    rng = np.random.default_rng(seed)
    return [{"_id": str(number), FIELD: rng.standard_normal(n_dims)} for number in numbers]


@pytest.fixture
def dataset():
    """Several fragments; rows were deleted and changed, none lacks a vector."""
    dataset = Client().Dataset("rows")
    dataset.insert_documents(documents(range(40)))
    dataset.insert_documents(documents(range(40, 90), seed=1))
    dataset.delete_documents(["1", "41", "42"])
    dataset.upsert_documents(documents(range(5, 9), seed=3))
    return dataset


def kept(dataset, suffix):
    return sorted(vectors_folder(dataset._store.folder).glob(f"*{suffix}"))


def record(path):
    return json.loads(path.read_bytes().rpartition(b"\n")[0])


def lie_in_place(dataset):
    store = dataset._store.snapshot()
    source = store.vector_source(FIELD)
    assert rows_of(source) == expected_rows(store)
    assert is_map(source)
    return not kept(dataset, ".f32")


def test_rows_are_those_of_the_store_and_no_copy_is_made(dataset):
    for _ in range(2):  # found, then remembered
        assert lie_in_place(dataset)
    told = [record(path) for path in kept(dataset, ".runs")]
    assert [one["runs"][0][:2] for one in told] == [[0, one["rows"]] for one in told]
    assert sorted(one["rows"] for one in told) == [4, 40, 50]


def test_rows_cannot_be_written_to(dataset):
    first = next(dataset._store.snapshot().vector_source(FIELD).batches(0, 20))
    with pytest.raises(ValueError, match="read-only"):
        first.vectors[0, 0] = 1.0


def test_their_codes_are_kept_beside(dataset):
    store = dataset._store.snapshot()
    for _ in range(2):
        source = store.vector_source(FIELD, encode=encoded)
        batches = list(source.batches(0, source.n_rows))
        assert len(batches) == 3
        assert_right(batches)
    assert len(kept(dataset, ".i8")) == 3
    assert not kept(dataset, ".f32")


@pytest.mark.parametrize(
    "others",
    [
        [{"_id": "100"}],  # without a vector
        documents([100]),
    ],
)
def test_a_file_with_a_row_that_lacks_its_vector_is_copied(dataset, others):
    dataset.insert_documents(documents(range(110, 120)) + others)
    assert lie_in_place(dataset) == (FIELD in others[0])
    assert len(kept(dataset, ".f32")) == (FIELD not in others[0])


def test_few_dimensions_lie_otherwise_and_are_copied():
    dataset = Client().Dataset("narrow")
    dataset.insert_documents(documents(range(50), n_dims=3))
    assert not lie_in_place(dataset)
    (told,) = kept(dataset, ".runs")
    assert record(told)["runs"] is None
    assert not lie_in_place(dataset)


@pytest.mark.parametrize(
    "harm",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        lambda told: told | {"rows": 7},
        lambda told: told | {"file": "another"},
        lambda told: told | {"bytes": 7},
        lambda told: told | {"runs": [[0, told["rows"], 10**12]]},
        lambda told: told | {"runs": [[0, told["rows"] - 1, 0]]},
        lambda told: told | {"runs": [[0, told["rows"], 2]]},
        lambda told: told | {"runs": [["x"]]},
        lambda told: told | {"runs": []},
        lambda told: told | {"runs": [[0, told["rows"], 4]]},
        b"%b\n7",
    ],
)
def test_a_damaged_record_is_made_anew(dataset, harm):
    assert lie_in_place(dataset)
    whole = {path: path.read_bytes() for path in kept(dataset, ".runs")}
    for path, content in whole.items():
        told, _, checksum = content.rpartition(b"\n")
        if callable(harm):
            path.write_bytes(json.dumps(harm(json.loads(told))).encode() + b"\n" + checksum)
        else:
            path.write_bytes(harm.replace(b"%b", told))
    assert lie_in_place(dataset)
    assert {path: path.read_bytes() for path in kept(dataset, ".runs")} == whole


@pytest.mark.parametrize("change", [{"file": "another"}, {"bytes": 7}, {"runs": [[0, 3, 0]]}])
def test_a_record_of_something_else_is_made_anew(dataset, change):
    assert lie_in_place(dataset)
    whole = {path: path.read_bytes() for path in kept(dataset, ".runs")}
    for path in whole:
        content = json.dumps(record(path) | change).encode()
        path.write_bytes(content + b"\n%d" % zlib.crc32(content))
    assert lie_in_place(dataset)
    assert {path: path.read_bytes() for path in kept(dataset, ".runs")} == whole


def test_a_record_that_cannot_be_written_changes_no_answer(dataset):
    (dataset._store.folder / "cache").write_text("a file in the way")
    assert lie_in_place(dataset)


@pytest.mark.parametrize("off", [4, 4 * N_DIMS])
def test_what_the_description_gets_wrong_is_noticed_by_the_rows(dataset, monkeypatch, off):
    joined = in_place._joined

    def wrong(pages, width):
        return [Run(one.first, one.n_rows, one.position + off) for one in joined(pages, width)]

    monkeypatch.setattr(in_place, "_joined", wrong)
    assert not lie_in_place(dataset)
    assert len(kept(dataset, ".f32")) == 3


@pytest.mark.parametrize("encoding", ["", "PageLayout { layout: None }", None])
def test_a_page_that_is_described_otherwise_is_no_raw_one(encoding):
    raw = RAW if encoding is None else encoding
    assert in_place._raw_rows(raw, 512) == (7710 if encoding is None else None)
    assert in_place._raw_rows(raw, 511) is None
    for this, that in (
        ("bits_def: 0", "bits_def: 1"),
        ("bits_rep: 0", "bits_rep: 1"),
        ("bits_per_value: 32", "bits_per_value: 16"),
        ("has_validity: false", "has_validity: true"),
        ("data: None", "data: Some(General)"),
        ("num_visible_items: 7710", "num_visible_items: 7709"),
        ("16384", "16392"),
        ("RepdefAllValidItem", "RepdefNullableItem"),
    ):
        assert in_place._raw_rows(RAW.replace(this, that), 512) is None


def test_a_copy_from_before_goes(dataset, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(in_place, "_raw_rows", lambda encoding, width: None)
        assert not lie_in_place(dataset)
    for path in kept(dataset, ".runs"):
        path.unlink()
    assert lie_in_place(dataset)


def test_maps_of_files_that_are_gone_are_let_go_of(dataset):
    assert lie_in_place(dataset)
    folder = dataset._store.folder
    before = {path for path in cached_map._held if path.is_relative_to(folder)}
    assert len(before) == 3
    dataset.compact(older_than=timedelta(0))
    assert not before & set(cached_map._held)
    assert not kept(dataset, ".runs")
    assert lie_in_place(dataset)


def test_a_failure_while_codes_are_made_leaves_none(dataset):
    def failing(vectors, like):
        if like is not None:
            raise RuntimeError("no")
        return encoded(vectors, like)

    dataset.insert_documents(documents(range(1000, 2100)))  # more than are encoded at a time
    store = dataset._store.snapshot()
    source = store.vector_source(FIELD, encode=failing)
    with pytest.raises(RuntimeError, match="no"):
        list(source.batches(0, source.n_rows))
    left = [path.name for path in vectors_folder(store.folder).iterdir()]
    assert not [name for name in left if name.startswith(".")]
    assert len([name for name in left if name.endswith(".i8")]) == 3
    assert_right(list(store.vector_source(FIELD, encode=encoded).batches(0, source.n_rows)))


def test_rows_that_lie_in_several_runs_are_given_out_in_order():
    whole = np.arange(40.0, dtype=np.float32).reshape(20, 2)
    raw = RawVectors((Part(0, whole[:7]), Part(7, whole[7:8]), Part(8, whole[8:])), None, None)
    assert raw.n_rows == 20
    for start in range(20):
        for stop in range(start, 21):
            for most in (1, 3, 50):
                pieces = list(raw.pieces(start, stop, most))
                assert [row for one in pieces for row in range(one.first, one.stop)] == list(
                    range(start, stop)
                )
                assert all(len(one.vectors) <= most for one in pieces)
                assert all(
                    np.array_equal(one.vectors, whole[one.first : one.stop]) for one in pieces
                )


RAW = """PageLayout {
    layout: Some(
        FullZipLayout(
            FullZipLayout {
                bits_rep: 0,
                bits_def: 0,
                num_items: 7710,
                num_visible_items: 7710,
                value_compression: Some(
                    CompressiveEncoding {
                        compression: Some(
                            FixedSizeList(
                                FixedSizeList {
                                    items_per_value: 512,
                                    has_validity: false,
                                    values: Some(
                                        CompressiveEncoding {
                                            compression: Some(
                                                Flat(
                                                    Flat {
                                                        bits_per_value: 32,
                                                        data: None,
                                                    },
                                                ),
                                            ),
                                        },
                                    ),
                                },
                            ),
                        ),
                    },
                ),
                layers: [
                    RepdefAllValidItem,
                ],
                details: Some(
                    BitsPerValue(
                        16384,
                    ),
                ),
            },
        ),
    ),
}"""
