"""Readers that are open while a dataset is written, compacted, cleaned or deleted."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import SMALL_VECTOR
from relevanceai.client import Client
from relevanceai.errors import NotFoundError
from relevanceai.store.leftovers import hidden_folder, leftovers

if TYPE_CHECKING:
    from relevanceai.dataset import Dataset


def many(dataset: "Dataset") -> list[dict]:
    """Fill a dataset with several files of some thousand documents; return them."""
    for part in range(4):
        made = [{"_id": f"{part}-{i}", SMALL_VECTOR: [float(i)] * 8} for i in range(1500)]
        dataset.insert_documents(made)
    return list(dataset.get_all_documents())


def test_a_reader_that_is_open_sees_its_version_through_a_compaction(own_small: "Dataset") -> None:
    expected = many(own_small)
    reader = own_small.get_all_documents()
    pinned = own_small._store.snapshot()
    read = [next(reader) for _ in range(5)]
    own_small.upsert_documents([{"_id": "0-0", "title": "changed"}])
    own_small.compact()
    own_small.insert_documents([{"_id": "later"}])
    own_small.compact()
    assert [*read, *reader] == expected
    assert list(pinned.read()) == expected
    assert own_small.shape[0] == len(expected) + 1
    assert own_small.verify().ok


def test_a_reader_of_another_process_goes_on_through_a_compaction(own_small: "Dataset") -> None:
    n_documents = len(many(own_small))
    code = (
        "import sys; from relevanceai.client import Client\n"
        "reader = Client(sys.argv[1]).Dataset('small').get_all_documents()\n"
        "next(reader); print('open', flush=True); sys.stdin.readline()\n"
        "print(1 + sum(1 for _ in reader))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(own_small.workspace)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        own_small.compact(older_than=timedelta(hours=1))
        assert process.communicate("go\n")[0] == f"{n_documents}\n"


def test_a_reader_of_a_deleted_dataset_ends_or_says_so(own_small: "Dataset") -> None:
    expected = many(own_small)
    pinned = own_small._store.snapshot()
    reader = own_small.get_all_documents()
    read = [next(reader)]
    own_small.delete()
    gone = (
        "Dataset 'small' was deleted, or this version of it cleaned up, while it was being read. "
        "Read it again."
    )
    try:
        read += reader
    except NotFoundError as error:
        ending = str(error)
    else:  # it had all it needs
        ending = gone
        assert read == expected
    assert ending == gone
    for again in (pinned.read, lambda: pinned.vectors([SMALL_VECTOR])):
        with pytest.raises(NotFoundError) as caught:
            list(again())
        assert str(caught.value) == gone
    own_small.insert_documents([{"_id": "anew", SMALL_VECTOR: [1.0] * 8}])
    assert [one["_id"] for one in own_small.get_all_documents()] == ["anew"]
    assert own_small.verify().ok


def test_a_dataset_made_anew_shows_nothing_of_the_one_before(client: Client) -> None:
    dataset = client.Dataset("x")
    for value in range(3):
        dataset.insert_documents([{"_id": "a", "value": value, "v_vector_": [value, 1.0]}])
        dataset.set_cluster_labels("v_vector_", "one", ["left" if value % 2 else "right"])
        (found,) = dataset.get_all_documents()
        assert found["value"] == value
        assert found["_cluster_"] == {"v_vector_": {"one": "left" if value % 2 else "right"}}
        (centroid,) = dataset.ClusterOps(alias="one").centroids()
        assert centroid["v_vector_"] == [value, 1.0]
        assert dataset.verify().ok
        dataset.delete()


def test_what_killed_writers_left_is_removed_and_what_living_ones_make_stays(
    own_small: "Dataset", client: Client
) -> None:
    datasets = Path(own_small.workspace) / "datasets"
    small = datasets / "small"
    for kind in ("new", "build", "gone"):
        (hidden_folder(small, kind) / "part").mkdir(parents=True)
        (hidden_folder(datasets / "other", kind)).mkdir()
    (datasets / ".deleted").mkdir(exist_ok=True)
    assert len(leftovers(datasets)) == 6
    there = Client(own_small.workspace)
    code = (
        "import sys; from relevanceai.client import Client\n"
        "store = Client(sys.argv[1]).Dataset('other')._store\n"
        "with store.writing():\n"
        "    print('held', flush=True); sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(own_small.workspace)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        there.clear_cache()
        assert len(leftovers(datasets)) == 3
        assert all("-other-" in one.name for one in leftovers(datasets))
        process.communicate("go\n")
    there.clear_cache()
    assert leftovers(datasets) == []
    assert (datasets / ".deleted").is_dir()
    assert own_small.shape[0] == 60
