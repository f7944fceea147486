"""Versions, tags, going back, compaction, the cache, and a folder that moves."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import SMALL_VECTOR, small_documents
from relevanceai.client import Client
from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.store import history
from relevanceai.store.cache import cached_files, trim

if TYPE_CHECKING:
    from relevanceai.dataset import Dataset

PATH = f"_cluster_.{SMALL_VECTOR}.by-hand"


def everything(dataset: "Dataset") -> list[dict]:
    return sorted(dataset.get_all_documents(), key=lambda one: one["_id"])


def test_each_version_tells_what_made_it(client: Client) -> None:
    began = datetime.now(UTC) - timedelta(seconds=1)
    dataset = client.Dataset("x")
    dataset.insert_documents(small_documents())
    dataset.insert_documents([{"_id": "one more"}])
    dataset.cluster(byo_cluster_field="group", alias="a")
    dataset.cluster(byo_cluster_field="group", alias="a")
    dataset.upsert_documents([{"_id": "one more", "title": "x"}, {"_id": "new"}])
    dataset.upsert_documents([{"_id": "new", "colour": "red"}])
    dataset.tag("here")
    dataset.restore(1)
    found = dataset.versions()
    assert [(one.what, one.documents) for one in found] == [
        ("created with 60 documents", 60),
        ("inserted 1 document", 61),
        ("clustered as 'a'", 61),
        ("clustered as 'a'", 61),
        ("removed a replaced clustering", 61),
        ("upserted, 1 document of them new", 62),
        ("added field 'colour'", 62),
        ("updated documents", 62),
        ("restored version 1", 60),
    ]
    assert [one.version for one in found] == list(range(1, 10))
    assert found[7].tags == ("before-restore-1", "here")
    assert began < found[0].when <= found[-1].when <= datetime.now(UTC) + timedelta(seconds=1)
    assert dataset.versions(limit=2) == found[-2:]
    assert dataset.versions(limit=100) == found


def test_a_restore_brings_back_documents_and_nothing_vanishes(own_small: "Dataset") -> None:
    before = everything(own_small)
    start = own_small.version
    own_small.upsert_documents([{"_id": "d0-00", SMALL_VECTOR: [1.0] * 8}, {"_id": "later"}])
    own_small.cluster("kmeans", 2, alias="later")
    changed = everything(own_small)
    report = own_small.restore(start)
    assert (report.restored, report.documents, report.tag) == (start, 60, "before-restore-1")
    assert report.set_aside == (f"_cluster_.{SMALL_VECTOR}.later",)
    assert report.version == own_small.version
    assert everything(own_small) == before
    assert own_small.list_cluster_aliases() == ["by-hand"]
    again = own_small.restore("before-restore-1")
    assert (again.set_aside, again.tag) == ((), "before-restore-2")
    assert everything(own_small) == changed
    assert own_small.list_cluster_aliases() == ["by-hand", "later"]
    assert own_small.verify().ok


def test_a_clustering_that_was_replaced_comes_back_with_its_version(own_small: "Dataset") -> None:
    first = own_small.ClusterOps(alias="by-hand").centroids()
    start = own_small.version
    own_small.set_cluster_labels(SMALL_VECTOR, "by-hand", ["one"] * 60)
    assert list(own_small.ClusterOps(alias="by-hand").sizes()) == ["one"]
    assert own_small.restore(start).set_aside == (PATH,)
    ops = own_small.ClusterOps(alias="by-hand")
    assert ops.sizes() == {"cluster-0": 30, "cluster-1": 20, "cluster-2": 10}
    assert ops.centroids() == first


def test_restoring_the_latest_version_does_nothing(own_small: "Dataset") -> None:
    version = own_small.version
    report = own_small.restore(version)
    assert (report.version, report.tag, report.set_aside) == (version, None, ())
    assert (own_small.version, own_small.tags()) == (version, {})


def test_writing_goes_on_after_a_restore(own_small: "Dataset") -> None:
    own_small.insert_documents([{"_id": "a"}, {"_id": "b"}])
    own_small.restore(1)
    own_small.insert_documents([{"_id": "b", SMALL_VECTOR: [0.5] * 8}, {"_id": "c"}])
    assert own_small.shape[0] == 62
    own_small.cluster("kmeans", 3, alias="again")
    own_small.upsert_documents([{"_id": "d0-00", "title": "x"}])
    assert own_small.verify().ok


def test_tags_name_versions(own_small: "Dataset") -> None:
    latest = own_small.version
    assert own_small.tag("now") == latest
    assert own_small.tag("v1.0_first-one", 1) == 1
    assert own_small.tag("same", "v1.0_first-one") == 1
    assert own_small.tags() == {"now": latest, "same": 1, "v1.0_first-one": 1}
    assert own_small.untag("same") == 1
    with pytest.raises(NotFoundError) as caught:
        own_small.untag("same")
    assert str(caught.value) == "No tag 'same' in dataset 'small'. It has: 'v1.0_first-one', 'now'."
    with pytest.raises(InvalidInputError) as refused:
        own_small.tag("now")
    assert str(refused.value) == (
        f"Tag 'now' of dataset 'small' names version {latest} already. "
        "Remove it first: untag('now')."
    )


@pytest.mark.parametrize(
    "name", ["", "12", "a b", "../x", "a/b", ".a", "a.", "a..b", "ä", "x.lock", "a" * 101, 3, "a\n"]
)
def test_a_tag_that_cannot_be_is_refused(own_small: "Dataset", name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        own_small.tag(name)
    assert str(caught.value) == (
        "A tag is made of letters, digits, '-', '_' and single dots, is no mere number and "
        f"does not end in '.lock', but got {name!r}."
    )


def test_a_version_that_is_not_there_is_named(own_small: "Dataset") -> None:
    latest = own_small.version
    with pytest.raises(NotFoundError, match=rf"from 1 to {latest}, and no tags\.$"):
        own_small.restore(99)
    own_small.tag("first", 1)
    reach = f"It has {latest} versions, from 1 to {latest}, and the tags: 'first'."
    for one, said in ((99, "version 99"), ("frist", "tag 'frist'"), (True, "tag True")):
        for method in (own_small.restore, lambda version: own_small.tag("t", version)):
            with pytest.raises(NotFoundError) as caught:
                method(one)
            assert str(caught.value) == f"No {said} of dataset 'small'. {reach}"
    for limit in (0, -1, 1.5, True):
        with pytest.raises(InvalidInputError, match="limit is a whole number from 1"):
            own_small.versions(limit=limit)


def test_compaction_joins_files_and_changes_nothing_else(own_small: "Dataset") -> None:
    for i in range(5):
        own_small.insert_documents([{"_id": f"x{i}", SMALL_VECTOR: [float(i)] * 8}])
        own_small.upsert_documents([{"_id": f"d1-0{i}", "title": "new"}])
    before = list(own_small.get_all_documents())
    centroids = own_small.ClusterOps(alias="by-hand").centroids()
    n_versions = len(own_small.versions())
    report = own_small.compact()
    assert report.files_after < report.files_before
    assert (report.versions_removed, report.bytes_removed) == (0, 0)
    assert list(own_small.get_all_documents()) == before
    assert own_small.ClusterOps(alias="by-hand").centroids() == centroids
    assert len(own_small.versions()) > n_versions
    assert own_small.restore(1).documents == 60
    assert own_small.verify().ok


def test_old_versions_go_only_when_asked_and_never_tagged_ones(own_small: "Dataset") -> None:
    own_small.tag("first", 1)
    for i in range(4):
        own_small.insert_documents([{"_id": f"x{i}"}])
    before = everything(own_small)
    assert own_small.compact(older_than=timedelta(days=1)).versions_removed == 0
    report = own_small.compact(older_than=timedelta(0))
    assert report.versions_removed >= 4
    assert [one.version for one in own_small.versions()] == [1, own_small.version]
    assert everything(own_small) == before
    with pytest.raises(NotFoundError, match="No version 2 of dataset 'small'"):
        own_small.restore(2)
    assert own_small.verify().ok
    assert own_small.restore("first").documents == 60


@pytest.mark.parametrize("given", [30, timedelta(days=-1), "30 days"])
def test_an_age_that_is_none_is_refused(own_small: "Dataset", given: timedelta) -> None:
    with pytest.raises(InvalidInputError, match="older_than is a timedelta of 0 or more, but got"):
        own_small.compact(older_than=given)


def test_a_workspace_works_where_it_is_copied_or_moved_to(
    own_small: "Dataset", tmp_path: Path
) -> None:
    own_small.ClusterOps(alias="by-hand").centroids()
    own_small.tag("first", 1)
    expected = everything(own_small)
    shutil.copytree(own_small.workspace, tmp_path / "copy")
    (tmp_path / "far").mkdir()
    shutil.move(own_small.workspace, tmp_path / "far" / "moved äö")
    for home in (tmp_path / "copy", tmp_path / "far" / "moved äö"):
        there = Client(home).Dataset("small")
        assert everything(there) == expected
        assert there.verify().ok
        there.insert_documents([{"_id": home.name}])
        there.cluster("kmeans", 2, alias="new")
        assert there.restore("first").documents == 60
        assert there.verify().ok
    assert not own_small.workspace.exists()


def test_the_cache_can_be_deleted_and_is_bounded(own_small: "Dataset") -> None:
    folder = own_small._store.folder
    client = Client(own_small.workspace)
    for alias in ("a", "b", "c"):
        own_small.cluster("kmeans", 2, alias=alias)
    for alias in ("a", "b", "c"):
        own_small.ClusterOps(alias=alias).centroids()
    sizes = {path: path.stat().st_size for path in cached_files(folder)}
    assert len(sizes) >= 3
    assert client.cache_sizes() == {"small": sum(sizes.values())}
    last = list(sizes)[-1]
    assert trim(folder, sizes[last]) == sum(sizes.values()) - sizes[last]
    assert cached_files(folder) == [last]
    assert client.clear_cache() == sizes[last]
    assert client.cache_sizes() == {"small": 0}
    shutil.rmtree(folder / "cache")
    assert client.clear_cache() == 0
    assert own_small.ClusterOps(alias="a").sizes()
    assert own_small.verify().ok


def test_compact_tells_how_far_it_is(own_small: "Dataset") -> None:
    for i in range(3):
        own_small.insert_documents([{"_id": f"more-{i}"}])
    rows: list[int] = []
    history.compact(own_small.opened(), on_rows=rows.append)
    assert sum(rows) == len(own_small.opened().ids())
    rows.clear()
    history.compact(own_small.opened(), on_rows=rows.append)
    assert rows == []
