"""quality: a row a cluster, each number by hand, None for what does not apply."""

from pathlib import Path

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError
from relevanceai.operations.cluster import ClusterOps


def test_each_number_is_that_of_its_definition(small: Dataset) -> None:
    ops = ClusterOps.from_dataset(small)
    table = ops.quality()
    assert list(table["cluster"]) == ops.list_cluster_ids()
    assert list(table["documents"]) == list(ops.sizes().values())
    silhouettes = ops.silhouettes()
    np.testing.assert_allclose(
        table["simplified_silhouette"].astype(float), silhouettes["simplified_silhouette"]
    )
    np.testing.assert_allclose(table["closer_elsewhere"], silhouettes["closer_elsewhere"])
    store, centroids = ops._pinned()
    distances = ops.centroid_similarity("l2").to_numpy().copy()
    np.fill_diagonal(distances, np.inf)
    assert list(table["nearest"]) == [centroids.ids[row.argmin()] for row in distances]
    shares = ops.overlap()
    for row in table.itertuples():
        assert row.overlap == shares.loc[row.cluster, row.nearest]
    np.testing.assert_allclose(table["spread"], np.sqrt(centroids.inertia / centroids.count))
    closest = ops.closest(page_size=1, similarity_metric="l2", verbose=False)["results"]
    assert list(table["exemplar"]) == [closest[one]["results"][0]["_id"] for one in centroids.ids]
    assert list(table["name"]) == list(ops.names()["name"])
    assert table["recovered"].isna().all()
    assert store.name == "small"


def test_clear_clusters_come_back_and_halves_of_one_do_not(client: Client) -> None:
    rng = np.random.default_rng(2)
    dataset = client.Dataset("clouds")
    dataset.insert_documents(
        [
            {"_id": f"{name}-{i}", "v_vector_": row.tolist(), "g": name}
            for name, middle in (("far", 40.0), ("left", 0.0), ("right", 0.0))
            for i, row in enumerate(rng.normal(size=(60, 3)) + middle)
        ]
    )
    ops = dataset.cluster(byo_cluster_field="g", vector_fields=["v_vector_"], alias="by-hand")
    table = ops.quality(stability=5, names=False).set_index("cluster")
    assert table.loc["far", "recovered"] == "5 of 5"
    assert table.loc["far", "jaccard"] == 1.0
    assert table.loc["left", "recovered"] == "0 of 5"
    assert table["name"].isna().all()


@pytest.mark.parametrize("n", [1, 3])
def test_one_cluster_has_no_neighbour(tmp_path: Path, n: int) -> None:
    dataset = Client(tmp_path / "home").Dataset("one")
    dataset.insert_documents(
        [{"_id": f"{i}", "v_vector_": [1.0, 2.0], "g": "only"} for i in range(n)]
    )
    ops = dataset.cluster(byo_cluster_field="g", vector_fields=["v_vector_"], alias="one")
    row = ops.quality(stability=2).iloc[0]
    assert (row["simplified_silhouette"], row["nearest"]) == (None, None)
    assert (row["spread"], row["overlap"], row["recovered"]) == (0.0, 0.0, "2 of 2")


def test_noise_only_is_an_empty_table_with_columns(client: Client) -> None:
    dataset = client.Dataset("noise")
    dataset.insert_documents([{"_id": "a", "v_vector_": [1.0, 2.0], "g": "outlier"}])
    ops = dataset.cluster(byo_cluster_field="g", vector_fields=["v_vector_"], alias="noise")
    table = ops.quality(stability=3)
    assert table.empty
    assert "recovered" in table.columns


def test_wrong_arguments_are_told(small: Dataset) -> None:
    with pytest.raises(InvalidInputError, match="stability"):
        ClusterOps.from_dataset(small).quality(stability=0)
