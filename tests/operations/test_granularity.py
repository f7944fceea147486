"""ops.granularity(): whether finer clusters tell more of a field, and how that is said."""

import json
import re

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.operations.cluster import ClusterOps


def shop(client: Client, n: int = 200) -> Dataset:
    """Four clusters: two near pairs. `kind` differs between all four, `price` between the pairs."""
    rng = np.random.default_rng(5)
    middles = np.array([[0.0, 9], [1, 9], [9, 0], [9, 1]])
    documents = []
    for i in range(n):
        cluster = i % 4
        documents.append(
            {
                "_id": f"p{i:03}",
                "v_vector_": (middles[cluster] + 0.1 * rng.normal(size=2)).tolist(),
                "cluster": "abcd"[cluster],
                "pair": cluster // 2,
                "kind": ["boot", "shoe", "hat", "bag"][cluster if rng.random() < 0.9 else 0],
                "price": float(50 + 40 * (cluster // 2) + rng.normal()),
                "noise": float(rng.normal()),
                "on_sale": bool(cluster == 0),
                "title": f"title of several words {i}",
                "code": f"code{i}",
                "colour": None if i % 2 else "red",
            }
        )
    dataset = client.Dataset("shop")
    dataset.insert_documents(documents)
    return dataset


def clustered(dataset: Dataset) -> ClusterOps:
    return dataset.cluster(byo_cluster_field="cluster", vector_fields=["v_vector_"], alias="four")


def test_a_field_that_differs_between_all_clusters_needs_them_all(client: Client) -> None:
    found = clustered(shop(client)).granularity("kind")
    assert (found.verdict, found.enough, found.n_clusters) == ("needed", 4, 4)
    assert found.answer.startswith(
        "Yes: 4 clusters predict 'kind' better than 3 clusters: log-loss "
    )
    assert [one.n_clusters for one in found.levels] == [4, 3, 2, 1]
    assert found.levels[0].kept == 1.0
    assert found.levels[1].lost_low > 0
    assert found.levels[0].right is not None
    assert found.levels[0].right > 0.85
    assert set(found.levels[2].merges.split(" + ")) in ({"a", "b"}, {"c", "d"})


def test_a_number_that_differs_between_pairs_needs_two(client: Client) -> None:
    found = clustered(shop(client)).granularity("price")
    assert (found.verdict, found.enough, found.kind) == ("coarser is enough", 2, "number")
    assert found.answer.startswith("No: 2 clusters tell as much of 'price'")
    assert found.levels[-1].loss > 10 * found.levels[0].loss


def test_a_field_of_noise_needs_none(client: Client) -> None:
    found = clustered(shop(client)).granularity("noise")
    assert (found.verdict, found.enough) == ("says nothing", 1)
    assert "tell nothing of 'noise' that could be told from chance on 200 documents" in found.answer


def test_noise_is_said_without_contradicting_itself(client: Client) -> None:
    rng = np.random.default_rng(0)
    dataset = client.Dataset("noise")
    dataset.insert_documents(
        [
            {"_id": f"{i}", "v_vector_": rng.normal(size=2).tolist(), "kind": str(rng.integers(3))}
            | {"fine": int(rng.integers(20)), "coarse": i % 2}
            for i in range(400)
        ]
    )
    for alias in ("coarse", "fine"):
        ops = dataset.cluster(byo_cluster_field=alias, vector_fields=["v_vector_"], alias=alias)
    found = ops.granularity("kind")
    (coarse,) = found.others
    assert coarse.gain_low > 0  # less is lost, as nothing is told by either
    assert not coarse.is_better
    assert "better" not in found.answer
    assert "enough" not in str(found)
    assert " more (0." in found.answer
    last = str(found).splitlines()[-1]
    assert last.endswith("; it tells nothing that could be told from chance")


def test_two_clusters_are_kept_or_merged_by_what_they_tell(client: Client) -> None:
    ops = clustered(shop(client))
    kept = ops.granularity("on_sale", merge=["a", "b"])
    assert (kept.verdict, kept.n_documents) == ("needed", 100)
    assert kept.answer.startswith("Yes: a and b predict 'on_sale' better than merged: log-loss ")
    merged = ops.granularity("price", merge=["a", "b"])
    assert merged.verdict == "coarser is enough"
    assert merged.answer.startswith("No: a and b kept apart tell nothing of 'price'")


def test_other_clusterings_are_compared_on_the_documents_both_have(client: Client) -> None:
    dataset = shop(client)
    dataset.cluster(byo_cluster_field="pair", vector_fields=["v_vector_"], alias="two")
    ops = clustered(dataset)
    (other,) = ops.granularity("kind").others
    assert (other.alias, other.n_clusters, other.n_documents) == ("two", 2, 200)
    assert other.gain_high < 0
    two = dataset.ClusterOps(alias="two").granularity("kind")
    assert "'four' of v_vector_ (4 clusters) predicts it better: " in two.answer


def test_what_took_no_part_is_counted(client: Client) -> None:
    dataset = shop(client)
    ops = clustered(dataset)
    dataset.insert_documents([{"_id": "late", "kind": "boot"}])
    found = ops.granularity("kind", most=120)
    assert (found.n_documents, found.n_left, found.n_unclustered) == (120, 80, 1)
    with pytest.raises(InvalidInputError, match="has the same value everywhere"):
        ops.granularity("colour")
    dataset.insert_documents(
        [{"_id": f"x{i}", "v_vector_": [0.0, 9.0], "cluster": "a"} for i in range(5)]
    )
    again = clustered(dataset).granularity("price")
    assert (again.n_documents, again.n_missing) == (200, 5)


def test_too_few_documents_are_undecided(client: Client) -> None:
    found = clustered(shop(client, n=20)).granularity("price")
    assert (found.verdict, found.levels) == ("undecided", ())
    assert found.answer == (
        "Undecided: 20 documents in these clusters have a value of 'price', and 30 are needed."
    )


def test_it_prints_as_a_table_and_turns_into_plain_values(client: Client) -> None:
    found = clustered(shop(client)).granularity("kind")
    lines = str(found).splitlines()
    assert lines[0] == found.answer
    assert lines[1].startswith("      4 clusters: loss ")
    assert lines[1].endswith(" bits")
    assert re.search(r" {2}\d+% of what all tell: 0\.\d+ more \(0\.\d+ to 0\.\d+\)$", lines[2])
    assert lines[-1].startswith("      1 cluster:  loss ")
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.to_frame()["n_clusters"].tolist() == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("title", "holds text"),
        ("code", "is another single word in each document: an id"),
        ("_id", "is the id of the document"),
    ],
)
def test_a_field_that_cannot_be_predicted_is_refused_with_what_to_do(
    client: Client, field: str, reason: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        clustered(shop(client)).granularity(field)
    assert str(caught.value) == (
        f"Field {field!r} of dataset 'shop' {reason}, so clusters cannot predict it. Pass a field "
        "of categories, numbers, booleans or dates, or kind=... ('category', 'boolean', 'number', "
        "'date'); words are compared by names()."
    )


def test_many_values_are_refused_with_what_to_do(client: Client) -> None:
    ops = clustered(shop(client, n=240))
    with pytest.raises(InvalidInputError) as caught:
        ops.granularity("code", kind="category")
    assert str(caught.value) == (
        "Field 'code' of dataset 'shop' has 240 different values, and 200 can be predicted. "
        "Pass a coarser field, such as a kind or a department."
    )


def test_numbers_too_large_to_average_are_refused(client: Client) -> None:
    dataset = shop(client, n=60)
    dataset.insert_documents(
        [{"_id": "huge", "v_vector_": [0.0, 9.0], "cluster": "a", "price": 1e308}]
    )
    ops = clustered(dataset)
    with pytest.raises(InvalidInputError, match=r"^Field 'price' .* holds numbers up to 1e\+308"):
        ops.granularity("price")


def test_wrong_questions_are_refused(client: Client) -> None:
    ops = clustered(shop(client, n=60))
    with pytest.raises(NotFoundError, match=r"^No field 'prices' in dataset 'shop'"):
        ops.granularity("prices")
    with pytest.raises(InvalidInputError) as caught:
        ops.granularity()
    assert str(caught.value) == (
        "granularity() asks what the clusters tell of one field: a category, a number, a date. Pass "
        "field=. Dataset 'shop' has: 'cluster', 'pair', 'kind', 'price', 'noise', 'on_sale', 'title', "
        "'code', 'colour'."
    )
    with pytest.raises(NotFoundError, match=r"^No cluster 'z' in clustering 'four'"):
        ops.granularity("price", merge=["a", "z"])
    with pytest.raises(InvalidInputError, match=r"^merge is a list of two or more cluster ids"):
        ops.granularity("price", merge=["a"])
    with pytest.raises(InvalidInputError, match=r"^kind is one of 'category'"):
        ops.granularity("price", kind="text")
    with pytest.raises(InvalidInputError, match=r"^field is the name of one field"):
        ops.granularity(["price"])  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="holds vectors"):
        ops.granularity("v_vector_")


def test_many_clusters_are_tried_at_some_levels_and_about_the_smallest_enough(
    client: Client,
) -> None:
    rng = np.random.default_rng(0)
    middles = np.arange(30.0)[:, None] * [10.0, 0.0]
    dataset = client.Dataset("many")
    dataset.insert_documents(
        [
            {
                "_id": f"{i}",
                "v_vector_": [float(middles[i % 30, 0] + (i % 30 % 2)), 1.0],
                "c": i % 30,
                "x": float(i % 30 // 10 + 0.01 * rng.normal()),
            }
            for i in range(600)
        ]
    )
    ops = dataset.cluster(byo_cluster_field="c", vector_fields=["v_vector_"], alias="a")
    found = ops.granularity("x", metric="l2")
    numbers = [one.n_clusters for one in found.levels]
    assert numbers == sorted(set(numbers), reverse=True)
    assert {30, 29, 1} <= set(numbers)
    assert found.enough in numbers
    place = numbers.index(found.enough)
    assert not found.levels[place + 1].is_enough
    assert numbers[place + 1] == found.enough - 1
