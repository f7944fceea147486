"""Likeness of centroids by the metrics beyond the four of rows, and the table of merges."""

from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.hierarchy import leaves_list

import naive
from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.kernels.halves import half_of
from relevanceai.operations.viz.cluster import ClusterVizOps

FIELD = "look_vector_"


def clustered(home: Path, places: dict[str, list[list[float]]]) -> ClusterVizOps:
    dataset = Client(home).Dataset("places")
    dataset.insert_documents(
        [
            {"_id": f"{group}-{i}", "at_vector_": place, "group": group}
            for group, some in places.items()
            for i, place in enumerate(some)
        ]
    )
    return dataset.cluster(byo_cluster_field="group", vector_fields=["at_vector_"], alias="by-hand")


def test_corrected_is_as_defined_over_halves_of_the_rows(small: Dataset) -> None:
    operations = small.ClusterOps(alias="by-hand")
    documents = list(small.get_all_documents())
    vectors = np.array([one[FIELD] for one in documents], np.float32)
    labels = np.array([one["group"] for one in documents])
    heads = half_of(np.arange(60)) == 0  # row ids count from 0 in a dataset of one insert
    count, sums, _ = naive.moments(vectors, labels, 3)
    half_count, half_sums, _ = naive.moments(vectors, np.where(heads, labels, -1), 3)
    expected = naive.corrected(count, sums, half_count, half_sums)
    found = operations.centroid_similarity("corrected")
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-9)
    assert found.attrs["uncorrected"] == []
    pairs = operations.closest_centroids(3, "corrected")
    ranked = naive.pairs(expected, 3, largest_first=True)
    assert pairs["similarity"].tolist() == pytest.approx([one[2] for one in ranked])
    assert operations.linkage("corrected").shape == (2, 4)


def test_clusters_that_cannot_be_corrected_are_named(tmp_path: Path) -> None:
    operations = clustered(tmp_path / "few", {"one": [[1, 0]], "two": [[3, 4]]})
    found = operations.centroid_similarity("corrected")
    assert found.to_numpy().tolist() == pytest.approx(np.array([[1, 0.6], [0.6, 1]]))
    assert found.attrs["uncorrected"] == ["one", "two"]
    assert operations.closest_centroids(1, "corrected").attrs["uncorrected"] == ["one", "two"]
    assert "uncorrected" not in operations.centroid_similarity().attrs


def test_centred_counts_each_cluster_once(tmp_path: Path) -> None:
    places = {"a": [[9.0, 1.0]] * 5, "b": [[9.0, -1.0]], "c": [[12.0, 0.0]], "d": [[10.0, 0.0]]}
    found = clustered(tmp_path / "centred", places).centroid_similarity("centred")
    assert found.loc["d"].tolist() == [0, 0, 0, 0]  # the mean of the four
    assert found.loc["a", "b"] == pytest.approx(0.0, abs=1e-12)
    assert found.loc["c", "a"] == pytest.approx(-np.sqrt(0.5))
    assert np.diag(found).tolist() == [1, 1, 1, 0]


def test_distances_as_similarities(tmp_path: Path) -> None:
    operations = clustered(tmp_path / "line", {"a": [[0.0]], "b": [[3.0]], "c": [[4.0]]})
    pairs = operations.closest_centroids(metric="l2_similarity")
    assert pairs.to_numpy().tolist() == [["c", "b", 0.5], ["b", "a", 0.25], ["c", "a", 0.2]]
    assert operations.linkage("l2_similarity")[:, 2] == pytest.approx([1, 3.5])


@pytest.mark.parametrize("metric", ["cosine", "centred", "corrected", "l2_similarity", "l2"])
@pytest.mark.parametrize("n_clusters", [1, 2, 3, 4])
def test_few_clusters_are_printed_and_drawn(
    metric: str, n_clusters: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import matplotlib.pyplot as plt

    vectors = [[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0], [0.0, 2.0]][:n_clusters]
    places = {f"c{i}": [vector, vector] for i, vector in enumerate(vectors)}
    operations = clustered(tmp_path / "few", places)
    (title,) = operations.centroid_heatmap(metric)  # type: ignore[arg-type]
    plt.close("all")
    assert title.get_text() == f"{metric} plot"
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Your closest centroids are:"
    assert len(lines) == 1 + n_clusters * (n_clusters - 1) // 2
    assert not any("nan" in line for line in lines)
    if metric == "cosine" and n_clusters == 4:
        assert lines[-1] == "-1.0 c1, c0"


def test_the_table_of_merges_has_the_order_as_its_leaves(small: Dataset) -> None:
    operations = small.ClusterOps(alias="by-hand")
    ids = operations.list_cluster_ids()
    leaves = leaves_list(operations.linkage())
    assert [ids[leaf] for leaf in leaves] == operations.linkage_order()
