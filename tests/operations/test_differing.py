"""ops.differences(): two clusters, or one and its siblings, compared field by field."""

import json

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.operations.cluster import ClusterOps


def test_two_clusters_differ_in_what_their_documents_say(small: Dataset) -> None:
    found = small.ClusterOps().differences("cluster-0", "cluster-2")
    assert (found.names, found.n) == (("cluster-0", "cluster-2"), (30, 10))
    assert {fact.field for fact in found.facts} <= {"title", "price", "group"}
    assert any(
        one == "title has 'of group 0' in 30 of 30 documents of cluster-0 and 0 of 10 of cluster-2."
        or "group 0" in one
        for one in found.sentences(None)
    )
    assert ("look_vector_", "holds vectors") in {(one.field, one.reason) for one in found.left_out}
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_cluster_is_compared_with_its_siblings_together(small: Dataset) -> None:
    ops = small.ClusterOps()
    found = ops.differences("cluster-1", fields=["price"])
    assert found.names == ("cluster-1", "its 2 nearest siblings")
    assert found.n == (20, 40)
    assert list(found.missing) == ["price"]
    assert "documents were looked at" not in found.method
    some = ops.differences("cluster-1", ["cluster-0", "cluster-2"], fields="price", most=15)
    assert some.n == (15, 25)
    assert some.method.endswith(" 40 of 60 documents were looked at (15 a cluster).")


def test_what_cannot_be_compared_is_refused(small: Dataset) -> None:
    ops = small.ClusterOps()
    lone = ClusterOps.from_arrays(np.eye(3, dtype=np.float32), [0, 0, 0])
    with pytest.raises(InvalidInputError) as caught:
        lone.differences("cluster-0")
    assert str(caught.value) == (
        "There is nothing to compare 'cluster-0' with: clustering 'labels' has one cluster. "
        "Cluster with more."
    )
    with pytest.raises(InvalidInputError) as caught:
        ops.differences("cluster-1", "cluster-1")
    assert str(caught.value) == "'cluster-1' does not differ from itself. Name another cluster."
    with pytest.raises(NotFoundError, match="No cluster 'cluster-9' in clustering 'by-hand'"):
        ops.differences("cluster-9")
    with pytest.raises(NotFoundError, match="No field 'prise' in dataset 'small'"):
        ops.differences("cluster-1", fields="prise")
    with pytest.raises(InvalidInputError, match="cannot be compared as 'word'"):
        ops.differences("cluster-1", kinds={"title": "word"})
    with pytest.raises(InvalidInputError, match=r"^others has no cluster in it"):
        ops.differences("cluster-1", [])


def test_the_field_that_brought_the_labels_is_left_out_unless_it_is_asked_for(
    client: Client,
) -> None:
    dataset = client.Dataset("brought")
    dataset.insert_documents(
        [
            {"v_vector_": [float(i % 2), 1.0], "group": "ab"[i % 2], "size": float(i % 2 + i)}
            for i in range(40)
        ]
    )
    ops = dataset.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="a")
    found = ops.differences("a", "b")
    assert "group" not in {fact.field for fact in found.facts}
    assert ("group", "is what the clustering was made from") in {
        (one.field, one.reason) for one in found.left_out
    }
    assert list(ops.differences("a", "b", fields=["group"]).missing) == ["group"]
