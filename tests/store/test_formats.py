"""A workspace of every format that was released opens, or is refused with what to do."""

import json
import zipfile
from pathlib import Path

import pytest

from relevanceai.client import Client
from relevanceai.errors import WorkspaceError

FIXTURES = Path(__file__).parents[1] / "fixtures"
DATASET = "shoes & boots"
VECTOR = "look_vector_"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A workspace that the first code of format 1 wrote."""
    folder = tmp_path / "old"
    with zipfile.ZipFile(FIXTURES / "format-1.zip") as archive:
        archive.extractall(folder)
    return folder


def test_a_workspace_of_format_1_is_read(old: Path) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("make", FIXTURES / "make_format_1.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)

    client = Client(old)
    assert client.list_datasets() == [DATASET]
    dataset = client.Dataset(DATASET)
    there = {one["_id"]: one for one in dataset.get_all_documents()}
    for one in make.documents():
        found = there.pop(one["_id"])
        label = found.pop("_cluster_", {}).get(VECTOR, {}).get("by-group")
        assert label == (f"cluster-{one['group']}" if VECTOR in one else None)
        assert found == one | ({"title": "changed"} if one["_id"] == "d-00" else {})
    assert there == {}
    assert dataset.tags() == {"first": 2}
    assert dataset.verify().ok
    ops = dataset.ClusterOps(alias="by-group")
    assert ops.sizes() == {"cluster-0": 8, "cluster-1": 8, "cluster-2": 7}


def test_a_workspace_of_format_1_is_written_to(old: Path) -> None:
    dataset = Client(old).Dataset(DATASET)
    dataset.insert_documents([{"_id": "new", VECTOR: [0.0, 1.0, 0.0, 0.0]}])
    dataset.cluster("kmeans", 3, alias="again")
    assert dataset.list_cluster_aliases() == ["by-group", "again"]
    dataset.compact()
    dataset.restore("first")
    assert dataset.get_documents_by_ids("d-00")[0]["title"] == "thing 0"
    assert dataset.verify().ok


READS = "but this version of the package reads format 1"


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (99, f"has format 99, {READS}. Install a newer relevanceai-local."),
        (0, f"has format 0, {READS}, and none wrote such a one. Bring {{}} back from a copy "),
        (None, f"has format None, {READS}, and none wrote such a one. Bring {{}} back from a copy"),
        (True, f"has format True, {READS}, and none wrote such a one. Bring {{}} back from a copy"),
    ],
)
def test_another_format_is_refused_with_what_to_do(old: Path, number: object, advice: str) -> None:
    file = next((old / "datasets").glob("*/dataset.json"))
    right = file.read_text()
    file.write_text(json.dumps(json.loads(right) | {"format": number}))
    with pytest.raises(WorkspaceError) as caught:
        Client(old).Dataset(DATASET).head()
    assert f"Dataset {DATASET!r} {advice.format(file)}" in str(caught.value)
    file.write_text(right)
    file = old / "workspace.json"
    file.write_text(json.dumps({"format": number}))
    with pytest.raises(WorkspaceError) as caught:
        Client(old)
    assert f"The workspace {old} {advice.format(file)}" in str(caught.value)


def test_datasets_without_a_format_are_refused(old: Path) -> None:
    (old / "workspace.json").unlink()
    with pytest.raises(WorkspaceError, match=f"The workspace {old} has format None, {READS}"):
        Client(old)
    file = next((old / "datasets").glob("*/dataset.json"))
    described = json.loads(file.read_text())
    del described["format"]
    file.write_text(json.dumps(described))
    (old / "workspace.json").write_text('{"format": 1}')
    with pytest.raises(WorkspaceError, match=f"Dataset {DATASET!r} has format None, {READS}"):
        Client(old).Dataset(DATASET).head()
