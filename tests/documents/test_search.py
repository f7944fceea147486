"""Vector search is exact: it equals sorting every document by hand."""

from typing import Any

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError

V = "look_vector_"


def by_hand(dataset: Dataset, vector: Any, metric: str, **asked: Any) -> list[tuple[str, float]]:
    found = []
    for document in dataset.get_all_documents(**asked):
        a, b = np.asarray(document[V], np.float64), np.asarray(vector, np.float64)
        value = {
            "cosine": lambda a=a, b=b: a @ b / np.linalg.norm(a) / np.linalg.norm(b),
            "dp": lambda a=a, b=b: a @ b,
            "l2": lambda a=a, b=b: np.linalg.norm(a - b),
            "l1": lambda a=a, b=b: np.abs(a - b).sum(),
        }[metric]()
        found.append((document["_id"], float(value)))
    return sorted(found, key=lambda one: one[1], reverse=metric in ("cosine", "dp"))


@pytest.mark.parametrize("metric", ["cosine", "dp", "l2", "l1"])
def test_search_equals_sorting_by_hand(small: Dataset, metric: Any) -> None:
    vector = np.random.default_rng(3).normal(size=8)
    expected = by_hand(small, vector, metric)
    found = small.vector_search(vector, page_size=7, metric=metric)  # type: ignore[arg-type]
    assert [one["_id"] for one in found] == [one[0] for one in expected[:7]]
    values = [one["_search_score"] for one in found]
    assert values == pytest.approx([one[1] for one in expected[:7]])
    second = small.vector_search(vector, page_size=7, page=2, metric=metric)  # type: ignore[arg-type]
    assert [one["_id"] for one in second] == [one[0] for one in expected[7:14]]
    assert len(small.vector_search(vector, page_size=50, page=2)) == 10  # type: ignore[arg-type]
    assert small.vector_search(vector, page_size=50, page=3) == []  # type: ignore[arg-type]


def test_filters_say_who_competes(small: Dataset) -> None:
    asked = {"filters": small["group"] == 2}
    expected = by_hand(small, [1.0] * 8, "cosine", **asked)
    found = small.vector_search([1.0] * 8, page_size=100, **asked)
    assert [one["_id"] for one in found] == [one[0] for one in expected]


def test_a_document_is_not_among_its_neighbours(small: Dataset) -> None:
    vector = small.get_documents_by_ids("d1-00")[0][V]
    expected = [one for one in by_hand(small, vector, "cosine") if one[0] != "d1-00"]
    found = small.vector_search(id="d1-00", page_size=5)
    assert [one["_id"] for one in found] == [one[0] for one in expected[:5]]


def test_ties_missing_and_zero_vectors(client: Client) -> None:
    dataset = client.Dataset("d")
    dataset.insert_documents(
        [
            {"_id": "a", "x_vector_": [0, 0]},
            {"_id": "b", "x_vector_": [2, 0]},
            {"_id": "c"},
            {"_id": "d", "x_vector_": [1, 0]},
            {"_id": "e", "x_vector_": [-1, 0]},
        ]
    )
    dataset.upsert_documents([{"_id": "b", "name": "moved to the end of the scan"}])
    found = dataset.vector_search([1, 0])
    assert [(one["_id"], one["_search_score"]) for one in found] == [
        ("b", 1.0),
        ("d", 1.0),
        ("a", 0.0),
        ("e", -1.0),
    ]


def test_what_comes_along(small: Dataset) -> None:
    (one,) = small.vector_search(id="d0-00", page_size=1, select_fields=["price"])
    assert one.keys() == {"_id", "price", "_search_score"}
    (whole,) = small.vector_search(id="d0-00", page_size=1)
    assert V not in whole
    assert "_cluster_" in whole
    (vectors,) = small.vector_search(id="d0-00", page_size=1, include_vector=True)
    assert len(vectors[V]) == 8


def test_what_cannot_be_searched(small: Dataset, client: Client) -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"vector": [1.0] * 8, "id": "d0-00"},
        {"vector": [1.0] * 7},
        {"vector": [float("nan")] * 8},
        {"vector": "text"},
        {"vector": [[1.0], [1.0, 2.0]]},
        {"vector": [1.0] * 8, "metric": "cos"},
        {"vector": [1.0] * 8, "page": 0},
        {"vector": [1.0] * 8, "page_size": True},
    ]
    for asked in wrong:
        with pytest.raises(InvalidInputError):
            small.vector_search(**asked)
    for missing in ({"id": "nope"}, {"vector": [1.0] * 8, "field": "price"}):
        with pytest.raises(NotFoundError):
            small.vector_search(**missing)  # type: ignore[arg-type]
