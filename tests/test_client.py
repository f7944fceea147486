"""A client opens a workspace and needs no account."""

from pathlib import Path

import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError


def test_a_client_opens_the_workspace_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELEVANCEAI_HOME", str(tmp_path / "home"))
    client = Client()
    assert client.workspace == tmp_path / "home"
    assert repr(client) == f"Client({str(tmp_path / 'home')!r})"
    assert client.list_datasets() == []
    assert not client.workspace.exists()


def test_a_token_is_ignored_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Client(tmp_path, token="secret")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"relevanceai: token ignored: no account is needed, the workspace is {tmp_path}\n"
    )


def test_two_clients_see_each_others_writes(tmp_path: Path) -> None:
    one, other = Client(tmp_path), Client(tmp_path)
    one.Dataset("d").insert_documents([{"_id": "a"}])
    assert other.list_datasets() == ["d"]
    other.Dataset("d").insert_documents([{"_id": "b"}])
    assert one.Dataset("d").shape == (2, 1)
    one.delete_dataset("d")
    assert other.list_datasets() == []


def test_a_dataset_is_found_by_its_slug(client: Client) -> None:
    client.Dataset("Ünï/..").insert_documents([{"_id": "a"}])
    slug = client.Dataset("Ünï/..").slug
    assert client.dataset_by_slug(slug).name == "Ünï/.."
    with pytest.raises(NotFoundError) as caught:
        client.dataset_by_slug("nobody")
    assert str(caught.value) == f"No dataset 'nobody' in {client.workspace}. It has: 'Ünï/..'."


def test_operations_open_by_name_or_dataset(small: Dataset) -> None:
    client = Client(small.workspace)
    for dataset in ("small", small):
        for open_ops in (client.ClusterOps, client.ClusterVizOps):
            ops = open_ops(dataset, alias="by-hand", vector_fields=["look_vector_"])
            assert ops.list_cluster_ids() == ["cluster-0", "cluster-1", "cluster-2"]


def test_a_name_that_cannot_be_kept_is_refused(client: Client) -> None:
    with pytest.raises(InvalidInputError, match="must not be empty or blank"):
        client.Dataset(" ")


def test_there_is_one_sample(client: Client) -> None:
    with pytest.raises(NotFoundError) as caught:
        client.load_sample("ecomerce")
    assert str(caught.value) == "No sample 'ecomerce'. There is: 'ecommerce'."


@pytest.mark.slow
def test_reading_the_sample_builds_it_first_and_says_so(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = client.Dataset("ecommerce")
    assert client.list_datasets() == []
    assert dataset.shape[0] == 1000
    assert capsys.readouterr().err == (
        "relevanceai: building the sample dataset 'ecommerce', clustered as 'main-cluster', in "
        f"{client.workspace} (once, some ten seconds)\n"
    )
    assert dataset.list_cluster_aliases() == ["main-cluster"]
    assert client.Dataset("ecommerce").ClusterOps().list_cluster_ids() == [
        f"cluster-{number}" for number in range(8)
    ]
    dataset.delete()
    assert client.load_sample().shape[0] == 1000
    assert capsys.readouterr().err == ""
