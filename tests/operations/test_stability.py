"""stability: clusters that are groups come back, halves of a cloud do not."""

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError
from relevanceai.operations.cluster import ClusterOps


def test_groups_come_back_in_every_refit(small: Dataset) -> None:
    found = ClusterOps.from_dataset(small).stability(n_refits=4, model_kwargs={"n_init": 5})
    assert found["cluster"].tolist() == ["cluster-0", "cluster-1", "cluster-2"]
    assert found["refits"].tolist() == [4, 4, 4]
    assert found["recovered"].tolist() == [4, 4, 4]
    assert (found["jaccard"] > 0.9).all()


def test_labels_dealt_at_random_do_not_come_back(client: Client) -> None:
    rng = np.random.default_rng(0)
    held = client.Dataset("dealt")
    held.insert_documents(
        [
            {"_id": str(i), "v_vector_": rng.normal(size=5).tolist(), "group": int(i % 3)}
            for i in range(120)
        ]
    )
    ops = held.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="a")
    assert ops.stability(n_refits=3)["recovered"].tolist() == [0, 0, 0]


def test_the_same_seed_gives_the_same_answer(small: Dataset) -> None:
    ops = ClusterOps.from_dataset(small)
    one = ops.stability(n_refits=3, seed=5)
    assert one.equals(ops.stability(n_refits=3, seed=5))


def test_other_models_and_other_numbers_of_clusters(small: Dataset) -> None:
    ops = ClusterOps.from_dataset(small)
    two = ops.stability(n_refits=2, n_clusters=2, model_kwargs={"n_init": 5})
    assert two["recovered"].min() == 0
    assert ops.stability(n_refits=2, model="agglomerative")["recovered"].tolist() == [2, 2, 2]


def test_no_refit_is_refused(small: Dataset) -> None:
    with pytest.raises(InvalidInputError, match="n_refits is a whole number from 1, but got 0"):
        ClusterOps.from_dataset(small).stability(n_refits=0)
