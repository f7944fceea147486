"""Small clusterings, and the documents closest to their centroids by the definitions."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import naive
from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import RelevanceAIError

METRICS = ("cosine", "dp", "l2", "l1")
EVERY_DATASET = iter(range(1_000_000))
FIELD = "look_vector_"


def stored(
    home: Path,
    vectors: Sequence[Sequence[float] | None],
    labels: Sequence[object],
    **more: Sequence[object],
) -> Dataset:
    """A dataset of documents d0, d1, ... whose `group` is clustered as `by-hand`."""
    dataset = Client(home).Dataset(f"case {next(EVERY_DATASET)}")
    documents: list[dict[str, object]] = []
    for i, (vector, label) in enumerate(zip(vectors, labels, strict=True)):
        document: dict[str, object] = {"_id": f"d{i}", "n": i}
        if vector is not None:
            document["v_vector_"] = list(vector)
        if label is not None:
            document["group"] = label
        documents.append(document | {name: values[i] for name, values in more.items()})
    dataset.insert_documents(documents)
    dataset.cluster(byo_cluster_field="group", vector_fields=["v_vector_"], alias="by-hand")
    return dataset


def of_small(dataset: Dataset) -> tuple[list[str], NDArray[np.float32], NDArray[np.int64]]:
    """The ids, vectors and groups of the `small` fixture."""
    documents = list(dataset.get_all_documents())
    return (
        [str(one["_id"]) for one in documents],
        np.array([one[FIELD] for one in documents], np.float32),
        np.array([one["group"] for one in documents]),
    )


def shown(results: dict[str, Any]) -> dict[str, list[tuple[str, float]]]:
    """Each cluster's `_id` and `_search_score`, in order."""
    return {
        cluster: [(one["_id"], one["_search_score"]) for one in found["results"]]
        for cluster, found in results["results"].items()
    }


def expected(
    ids: Sequence[str],
    vectors: NDArray[np.floating],
    labels: NDArray[np.integer],
    k: int,
    metric: str,
    *,
    furthest: bool = False,
    keep: NDArray[np.bool_] | None = None,
) -> list[list[tuple[str, float]]]:
    """The same by the definitions; with `keep`, only those documents compete."""
    n_clusters = int(labels.max()) + 1
    centroids = naive.centroids(vectors, labels, n_clusters)
    competing = labels if keep is None else np.where(keep, labels, -1)
    rows = naive.nearest(
        np.arange(len(ids)), vectors, competing, centroids, k, metric=metric, furthest=furthest
    )
    return [
        [(ids[row], float(value)) for row, value in zip(row_ids, values, strict=True)]
        for row_ids, values in rows
    ]


def assert_same(found: list[tuple[str, float]], wanted: list[tuple[str, float]]) -> None:
    assert [one for one, _ in found] == [one for one, _ in wanted]
    assert [value for _, value in found] == pytest.approx([value for _, value in wanted], abs=1e-9)


def raises(kind: type[RelevanceAIError], message: str) -> Any:
    return pytest.raises(kind, match=f"^{re.escape(message)}$")
