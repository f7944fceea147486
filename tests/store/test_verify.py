"""Verify says what is wrong, each kind of damage in words of its own, and leaves alone what is not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import lance
import numpy as np
import pyarrow as pa
import pytest

from conftest import SMALL_VECTOR
from relevanceai.clustering.kept import forget, kept_file
from relevanceai.clustering.moments import MOMENTS
from relevanceai.errors import WorkspaceError
from relevanceai.store.labels import keep_arrays, kept_arrays

if TYPE_CHECKING:
    from relevanceai.dataset import Dataset

PATH = f"_cluster_.{SMALL_VECTOR}.by-hand"


def moments_file(dataset: "Dataset") -> Path:
    """Where the moments of "by-hand" are kept."""
    store = dataset._store.snapshot()
    (one,) = (one for one in store.clusterings() if one.alias == "by-hand")
    return kept_file(store, one, MOMENTS)


def handle(dataset: "Dataset") -> lance.LanceDataset:
    return lance.dataset(str(dataset._store.folder / "documents.lance"))


def label_column(dataset: "Dataset") -> str:
    return next(name for name in handle(dataset).schema.names if name.startswith("_label_"))


def test_a_sound_dataset_has_no_problems_and_no_notes(own_small: "Dataset") -> None:
    own_small.ClusterOps(alias="by-hand").centroids()
    report = own_small.verify()
    assert report.ok
    assert (report.documents, report.problems, report.notes) == (60, (), ())


def twice(dataset: "Dataset") -> None:
    rows = handle(dataset).to_table(limit=2)
    lance.write_dataset(rows, handle(dataset).uri, mode="append")


def empty_id(dataset: "Dataset") -> None:
    handle(dataset).update({"_id": "''"}, where="_id = 'd0-03'")


def foreign_label(dataset: "Dataset") -> None:
    handle(dataset).update({label_column(dataset): "7"}, where="_id = 'd0-03'")


def label_below_noise(dataset: "Dataset") -> None:
    handle(dataset).update({label_column(dataset): "-2"}, where="_id = 'd0-03'")


def label_without_vector(dataset: "Dataset") -> None:
    table = handle(dataset).to_table(filter="_id = 'd0-03'")
    place = table.schema.get_field_index(SMALL_VECTOR)
    field = table.schema.field(place)
    table = table.set_column(place, field, pa.nulls(1, field.type))
    merge = handle(dataset).merge_insert("_id")
    merge.when_matched_update_all().execute(table)


def infinite(dataset: "Dataset") -> None:
    table = handle(dataset).to_table(filter="_id = 'd0-03'")
    place = table.schema.get_field_index(SMALL_VECTOR)
    field = table.schema.field(place)
    bad = pa.FixedSizeListArray.from_arrays(pa.array(np.full(8, np.nan, np.float32)), 8)
    table = table.set_column(place, field, bad.cast(field.type))
    handle(dataset).merge_insert("_id").when_matched_update_all().execute(table)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (twice, "2 `_id` are there more than once: 'd0-00', 'd0-01'."),
        (empty_id, "The `_id` is empty: 1 documents, ''."),
        (foreign_label, f"The label in {PATH!r} is none of its 3: 1 documents, 'd0-03'."),
        (label_below_noise, f"The label in {PATH!r} is none of its 3: 1 documents, 'd0-03'."),
        (
            label_without_vector,
            f"There is a label in {PATH!r} but no {SMALL_VECTOR!r}: 1 documents, 'd0-03'.",
        ),
        (infinite, f"{SMALL_VECTOR!r} holds NaN or infinity: 1 documents, 'd0-03'."),
    ],
)
def test_damage_is_named(
    own_small: "Dataset", damage: Callable[["Dataset"], None], problem: str
) -> None:
    damage(own_small)
    report = own_small.verify()
    assert not report.ok
    assert report.problems == (problem,)


def test_json_that_is_none_is_named(own_small: "Dataset") -> None:
    own_small.upsert_documents([{"_id": "d0-03", "tags": ["a"]}, {"_id": "d0-04", "tags": ["b"]}])
    handle(own_small).update({"tags": "'[1'"}, where="_id = 'd0-03'")
    assert own_small.verify().problems == (
        "'tags' holds text that is not the JSON it should be: 1 documents, 'd0-03'.",
    )


def test_a_record_that_is_gone_is_a_problem(own_small: "Dataset") -> None:
    record = next((own_small._store.folder / "clusterings").glob("*.json"))
    record.unlink()
    (problem,) = own_small.verify().problems
    assert problem.startswith(f"The record of a clustering cannot be read: {record} (")
    assert problem.endswith("Bring the file back from a copy of the workspace.")


def test_a_data_file_that_is_cut_is_a_problem(own_small: "Dataset") -> None:
    for file in (own_small._store.folder / "documents.lance" / "data").iterdir():
        file.write_bytes(file.read_bytes()[:-40])
    (problem,) = own_small.verify().problems
    assert problem.startswith(("The documents of 'small' cannot be read: ", "Dataset 'small'"))


def test_a_tagged_version_that_is_gone_is_a_problem(own_small: "Dataset") -> None:
    own_small.tag("first", 1)
    shutil.copytree(own_small._store.folder, own_small._store.folder.with_name(".kept"))
    manifests = sorted((own_small._store.folder / "documents.lance" / "_versions").glob("*.man*"))
    manifests[-1].unlink()  # they are named so that the newest comes first
    (problem,) = own_small.verify().problems
    assert problem.startswith("Version 1, which tag 'first' names, cannot be read: ")


def test_kept_moments_that_differ_are_a_problem(own_small: "Dataset") -> None:
    own_small.ClusterOps(alias="by-hand").centroids()
    file = moments_file(own_small)
    kept = kept_arrays(file)
    assert kept is not None
    kept["sums"][1, 3] += 0.001
    keep_arrays(file, kept)
    assert own_small.verify().problems == (
        f"The sums kept for {PATH!r} is not that of its members. Delete {file}.",
    )


def test_what_is_left_over_is_noted_and_no_problem(own_small: "Dataset") -> None:
    folder = own_small._store.folder / "clusterings"
    record = next(folder.glob("*.json"))
    shutil.copy(record, folder / "0123456789abcdef.json")
    (folder / ".draft.json.01234567").write_bytes(b"{")
    (own_small._store.folder / "changing.json").write_text(
        json.dumps({"version": own_small.version})
    )
    report = own_small.verify()
    assert report.ok
    assert set(report.notes) == {
        "A write is going on, or was cut off: the next one takes it back first.",
        ".draft.json.01234567 was left by a write that was cut off.",
        "0123456789abcdef.json records a clustering that no version has.",
    }


@pytest.mark.parametrize("cut", [0, 1, 30, 200, -1, -22, -100])
def test_a_cut_cache_file_changes_no_answer(own_small: "Dataset", cut: int) -> None:
    ops = own_small.ClusterOps(alias="by-hand")
    expected = ops.centroids()
    file = moments_file(own_small)
    whole = file.read_bytes()
    file.write_bytes(whole[:cut])
    forget()
    report = own_small.verify()
    assert report.ok
    assert report.notes == (f"{file.name} is not whole; it is made anew when it is needed.",)
    assert own_small.ClusterOps(alias="by-hand").centroids() == expected
    assert file.read_bytes() == whole


def test_a_cache_file_of_noise_changes_no_answer(own_small: "Dataset") -> None:
    ops = own_small.ClusterOps(alias="by-hand")
    expected = ops.centroids()
    file = moments_file(own_small)
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        noisy = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            noisy[int(place)] ^= 1 << int(rng.integers(8))
        file.write_bytes(bytes(noisy))
        assert own_small.ClusterOps(alias="by-hand").centroids() == expected


def test_a_dataset_that_was_renamed_by_hand_is_refused(own_small: "Dataset") -> None:
    folder: Path = own_small._store.folder
    folder.rename(folder.with_name("other"))
    from relevanceai.client import Client

    with pytest.raises(WorkspaceError, match="holds 'small'"):
        Client(own_small.workspace).Dataset("other").head()


def test_a_record_that_only_a_tagged_version_needs_is_checked_too(own_small: "Dataset") -> None:
    (record,) = (own_small._store.folder / "clusterings").glob("*.json")
    own_small.tag("kept")
    own_small.set_cluster_labels(SMALL_VECTOR, "by-hand", ["one"] * 60)
    assert own_small.verify().ok
    record.unlink()
    (problem,) = own_small.verify().problems
    assert problem.startswith(f"The record of a clustering cannot be read: {record} (")
