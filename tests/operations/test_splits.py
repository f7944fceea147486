"""split_candidates: the cluster that is two comes first, with what its halves hold."""

import re
from pathlib import Path

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.errors import InvalidInputError
from relevanceai.operations.cluster import ClusterOps


@pytest.fixture(scope="module")
def ops(tmp_path_factory: pytest.TempPathFactory) -> ClusterOps:
    """`footwear` is boots and shoes; `hats` is one; `few` has five members."""
    rng = np.random.default_rng(4)
    documents = []
    for group, kind, n, middle in (
        ("footwear", "boots", 150, 0.0),
        ("footwear", "shoes", 100, 8.0),
        ("hats", "hats", 200, 30.0),
        ("few", "gloves", 5, 60.0),
    ):
        for i, row in enumerate(rng.normal(size=(n, 5)) + middle * np.eye(5)[0]):
            documents.append(
                {
                    "_id": f"{kind}-{i}",
                    "v_vector_": row.tolist(),
                    "title": f"fine leather {kind} {i}",
                    "group": group,
                }
            )
    dataset = Client(tmp_path_factory.mktemp("splits") / "home").Dataset("shop")
    dataset.insert_documents(documents)
    return dataset.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="by-hand")


def test_the_cluster_that_is_two_comes_first(ops: ClusterOps) -> None:
    table = ops.split_candidates().set_index("cluster")
    assert list(table.index) == ["footwear", "hats", "few"]
    assert table["verdict"].to_dict() == {"footwear": "two", "hats": "one", "few": "undecided"}
    assert table["suggestion"].to_dict() == {
        "footwear": "Look at the halves of footwear: split it if they mean different things to you.",
        "hats": "Leave hats whole: no valley inside.",
        "few": "Not tested: 5 documents, and 80 are needed.",
    }


def test_the_halves_have_an_exemplar_and_words(ops: ClusterOps) -> None:
    row = ops.split_candidates().iloc[0]
    assert row["share"] == pytest.approx(0.4, abs=0.01)
    assert row["first_exemplar"].startswith("boots-")
    assert row["second_exemplar"].startswith("shoes-")
    assert any("boots" in word for word in row["first_words"])
    assert any("shoes" in word for word in row["second_words"])


def test_words_that_are_common_over_all_clusters_fall_out_of_the_halves(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    documents = []
    for at, kind in enumerate(["cancel", "book", "menu", "music", "weather", "news"]):
        for i, row in enumerate(rng.normal(size=(120, 4)) + max(0, at - 1) * 30 * np.eye(4)[1]):
            row[0] += 9.0 * (at == 1)
            my = (
                "my" if at == 0 or i % 3 == 0 else "a"
            )  # of the halves, the first has it more often
            documents.append(
                {
                    "_id": f"{kind}-{i}",
                    "v_vector_": row.tolist(),
                    "text": f"{my} long {kind} text {i}",
                    "group": "trips" if at < 2 else kind,
                    "shelf": at,  # a number that stands for something is no word
                }
            )
    dataset = Client(tmp_path / "home").Dataset("asked")
    dataset.insert_documents(documents)
    ops = dataset.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="a")
    row = ops.split_candidates(describe=1).iloc[0]
    assert row["cluster"] == "trips"
    found = [*row["first_words"], *row["second_words"]]
    assert {"cancel", "book"} <= {word for one in found for word in one.split()}
    assert not {"my", "a", "0", "1"} & {word for one in found for word in one.split()}


def test_words_are_looked_for_as_often_as_asked(ops: ClusterOps) -> None:
    table = ops.split_candidates(describe=1)
    assert table["first_words"].notna().tolist() == [True, False, False]
    assert ops.split_candidates(describe=0)["second_words"].isna().all()


def test_numbers_are_never_missing(ops: ClusterOps) -> None:
    table = ops.split_candidates().select_dtypes("number")
    assert np.isfinite(table.to_numpy(float)).all()


@pytest.mark.parametrize(
    "vectors", [np.ones((1, 3)), np.zeros((100, 3)), np.ones((2, 3))], ids=["one", "equal", "two"]
)
def test_odd_clusters_have_an_answer(tmp_path: Path, vectors: np.ndarray) -> None:
    dataset = Client(tmp_path / "home").Dataset("odd")
    dataset.insert_documents(
        [{"_id": f"{i}", "v_vector_": row.tolist(), "g": "a"} for i, row in enumerate(vectors)]
    )
    ops = dataset.cluster(byo_cluster_field="g", vector_fields=["v_vector_"], alias="odd")
    row = ops.split_candidates().iloc[0]
    assert (row["verdict"], row["p_value"], row["share"]) == ("undecided", 1.0, 0.0)
    assert row["first_exemplar"] is None


def test_noise_only_is_an_empty_table(tmp_path: Path) -> None:
    dataset = Client(tmp_path / "home").Dataset("noise")
    dataset.insert_documents([{"_id": "a", "v_vector_": [1.0, 2.0], "g": "outlier"}])
    ops = dataset.cluster(byo_cluster_field="g", vector_fields=["v_vector_"], alias="noise")
    assert ops.split_candidates().empty


def test_wrong_arguments_are_told(ops: ClusterOps) -> None:
    with pytest.raises(InvalidInputError, match=re.escape("most")):
        ops.split_candidates(most=10)
