"""closest(), furthest() and show_closest(): by the definition, pages, filters, and every mistake."""

from typing import Any

import numpy as np
import pytest

import naive
from clustered import FIELD, METRICS, assert_same, expected, of_small, raises, shown
from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError, RelevanceAIError
from relevanceai.operations.cluster import ClusterOps


@pytest.fixture
def ops(small: Dataset) -> ClusterOps:
    return ClusterOps.from_dataset(small, alias="by-hand", vector_fields=[FIELD])


# the documents -----------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("furthest", [False, True])
def test_closest_and_furthest_follow_the_definition(
    ops: ClusterOps, small: Dataset, metric: Any, furthest: bool
) -> None:
    ask = ops.furthest if furthest else ops.closest
    found = shown(ask(page_size=7, similarity_metric=metric, verbose=False))
    wanted = expected(*of_small(small), 7, metric, furthest=furthest)
    assert list(found) == ["cluster-0", "cluster-1", "cluster-2"]
    for cluster, rows in zip(found.values(), wanted, strict=True):
        assert_same(cluster, rows)


def test_the_aliases_are_the_same_functions() -> None:
    assert ClusterOps.list_closest is ClusterOps.closest
    assert ClusterOps.list_furthest is ClusterOps.furthest


def test_pages_cut_the_whole_order_into_pieces(ops: ClusterOps) -> None:
    whole = shown(ops.closest(page_size=100, verbose=False))
    assert [len(one) for one in whole.values()] == [30, 20, 10]
    pages = [shown(ops.closest(page_size=9, page=page, verbose=False)) for page in range(1, 6)]
    for cluster, rows in whole.items():
        assert [row for page in pages for row in page[cluster]] == rows
    assert pages[4] == {cluster: [] for cluster in whole}
    assert ops.closest(page_size=3, page=10**12, verbose=False) == {
        "results": {cluster: {"results": []} for cluster in whole}
    }


def test_documents_come_without_vectors_and_with_labels(ops: ClusterOps, small: Dataset) -> None:
    (document,) = ops.closest("cluster-1", page_size=1, verbose=False)["results"]["cluster-1"][
        "results"
    ]
    assert set(document) == {"_id", "title", "price", "group", "_cluster_", "_search_score"}
    assert document["_cluster_"] == {FIELD: {"by-hand": "cluster-1"}}
    (whole,) = small.get_documents_by_ids([document["_id"]])
    assert {**whole, "_search_score": document["_search_score"]} == {
        **document,
        FIELD: whole[FIELD],
    }


def test_selected_fields_and_vectors(ops: ClusterOps) -> None:
    def keys(**arguments: Any) -> list[set[str]]:
        found = ops.closest(page_size=1, verbose=False, **arguments)["results"]
        return [set(document) for one in found.values() for document in one["results"]]

    always = {"_id", "_search_score"}
    assert keys(select_fields=["title"]) == [always | {"title"}] * 3
    assert keys(select_fields="title") == [always | {"title"}] * 3
    assert keys(select_fields=[]) == [always] * 3
    assert keys(select_fields=[FIELD]) == [always | {FIELD}] * 3
    assert keys(select_fields=[f"_cluster_.{FIELD}.by-hand"]) == [always | {"_cluster_"}] * 3
    assert all(FIELD in one for one in keys(include_vector=True))


def test_chosen_clusters_come_in_the_order_asked_each_once(ops: ClusterOps) -> None:
    def asked(cluster_ids: Any) -> list[str]:
        return list(ops.closest(cluster_ids, verbose=False)["results"])

    assert asked(["cluster-2", "cluster-0", "cluster-2"]) == ["cluster-2", "cluster-0"]
    assert asked("cluster-1") == ["cluster-1"]
    assert asked(np.array(["cluster-1"])) == ["cluster-1"]
    assert asked(iter(["cluster-1"])) == ["cluster-1"]
    assert asked([]) == []
    every = shown(ops.closest(verbose=False))
    assert shown(ops.closest(["cluster-2"], verbose=False))["cluster-2"] == every["cluster-2"]


@pytest.mark.parametrize("metric", METRICS)
def test_min_score_is_a_least_similarity_or_a_largest_distance(
    ops: ClusterOps, metric: Any
) -> None:
    whole = shown(ops.closest(page_size=100, similarity_metric=metric, verbose=False))
    limit = whole["cluster-0"][12][1]
    kept = shown(
        ops.closest(page_size=100, similarity_metric=metric, min_score=limit, verbose=False)
    )
    assert len(kept["cluster-0"]) == 13
    for cluster, rows in whole.items():
        assert kept[cluster] == [
            (one, value)
            for one, value in rows
            if (value >= limit if naive.is_similarity(metric) else value <= limit)
        ]


def test_filters_choose_documents_and_leave_the_centroids_alone(
    ops: ClusterOps, small: Dataset
) -> None:
    ids, vectors, labels = of_small(small)
    prices = np.array([one["price"] for one in small.get_all_documents()])
    filters = [
        {"field": "price", "filter_type": "numeric", "condition": ">=", "condition_value": 12},
        {"field": "price", "filter_type": "numeric", "condition": "<", "condition_value": 25},
    ]
    found = shown(ops.closest(page_size=5, filters=filters, verbose=False))
    wanted = expected(ids, vectors, labels, 5, "cosine", keep=(prices >= 12) & (prices < 25))
    for cluster, rows in zip(found.values(), wanted, strict=True):
        assert_same(cluster, rows)
    assert shown(ops.closest(filters=[], verbose=False)) == shown(ops.closest(verbose=False))


def test_filters_may_ask_for_a_cluster_of_this_or_another_clustering(own_small: Dataset) -> None:
    halves = own_small.set_cluster_labels(FIELD, "halves", ["left", "right"] * 30)
    filters = [
        {
            "field": f"_cluster_.{FIELD}.by-hand",
            "filter_type": "exact_match",
            "condition_value": "cluster-2",
        }
    ]
    found = shown(halves.closest(page_size=50, filters=filters, verbose=False))
    assert [len(one) for one in found.values()] == [5, 5]
    assert all(one.startswith("d2-") for rows in found.values() for one, _ in rows)


def test_a_filter_nothing_passes_gives_empty_clusters(ops: ClusterOps) -> None:
    filters = [{"filter_type": "ids", "condition_value": ["nobody"]}]
    assert shown(ops.closest(filters=filters, verbose=False)) == {
        "cluster-0": [],
        "cluster-1": [],
        "cluster-2": [],
    }


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (
            {"cluster_ids": ["cluster-0", "cluster-9"]},
            NotFoundError,
            "No cluster 'cluster-9' in clustering 'by-hand' of dataset 'small'. "
            "It has: 'cluster-0', 'cluster-1', 'cluster-2'.",
        ),
        (
            {"cluster_ids": [2]},
            NotFoundError,
            "No cluster 2 in clustering 'by-hand' of dataset 'small'. "
            "It has: 'cluster-2', 'cluster-0', 'cluster-1'.",
        ),
        (
            {"cluster_ids": [["cluster-0"]]},
            NotFoundError,
            "No cluster ['cluster-0'] in clustering 'by-hand' of dataset 'small'. "
            "It has: 'cluster-0', 'cluster-1', 'cluster-2'.",
        ),
        (
            {"cluster_ids": 1},
            InvalidInputError,
            "cluster_ids is a list of cluster ids, but got 1. "
            "There are: 'cluster-1', 'cluster-0', 'cluster-2'.",
        ),
        (
            {"cluster_ids": "outlier"},
            NotFoundError,
            "No cluster 'outlier' in clustering 'by-hand' of dataset 'small'. "
            "Noise has no centroid. It has: 'cluster-0', 'cluster-1', 'cluster-2'.",
        ),
        (
            {"similarity_metric": "cosin"},
            InvalidInputError,
            "Unknown metric 'cosin'. Use one of 'cosine', 'l2', 'l1', 'dp'.",
        ),
        ({"page": 0}, InvalidInputError, "page is a whole number from 1, but got 0."),
        ({"page_size": 0}, InvalidInputError, "page_size is a whole number from 1, but got 0."),
        ({"page_size": 2.0}, InvalidInputError, "page_size is a whole number from 1, but got 2.0."),
        ({"page": True}, InvalidInputError, "page is a whole number from 1, but got True."),
        ({"min_score": "0.5"}, InvalidInputError, "min_score is a number or None, but got '0.5'."),
        (
            {"min_score": float("nan")},
            InvalidInputError,
            "min_score is a number or None, but got nan.",
        ),
        (
            {"select_fields": ["tilte"]},
            NotFoundError,
            "No field 'tilte' in dataset 'small'. It has: 'title', 'price', '_id', "
            "'_cluster_.look_vector_.by-hand', 'look_vector_', 'group'.",
        ),
        (
            {"select_fields": 7},
            InvalidInputError,
            "select_fields is a list of names, but got 7.",
        ),
        (
            {"filters": {"field": "price"}},
            InvalidInputError,
            "Filters come as a list of dicts, but got {'field': 'price'}.",
        ),
    ],
)
def test_mistakes_are_told(
    ops: ClusterOps, arguments: dict[str, Any], kind: type[RelevanceAIError], message: str
) -> None:
    for ask in (ops.closest, ops.furthest):
        with raises(kind, message):
            ask(**{"verbose": False, **arguments})


def test_an_unknown_field_is_told_even_where_no_document_is_found(ops: ClusterOps) -> None:
    with pytest.raises(NotFoundError, match=r"^No field 'tilte' in dataset 'small'\. "):
        ops.closest([], ["tilte"], verbose=False)


def test_the_metric_goes_by_either_name_but_not_by_two(small: Dataset) -> None:
    ops = small.ClusterOps()
    by_one = ops.closest(similarity_metric="l2", verbose=False)
    assert ops.closest(metric="l2", verbose=False) == by_one
    assert ops.closest(similarity_metric="l2", metric="l2", verbose=False) == by_one
    assert ops.furthest(metric="dp", verbose=False) == ops.furthest(
        similarity_metric="dp", verbose=False
    )
    assert len(ops.show_closest(metric="l2")) == 9
    with pytest.raises(InvalidInputError) as caught:
        ops.closest(similarity_metric="dp", metric="l2", verbose=False)
    assert str(caught.value) == (
        "similarity_metric is 'dp' and metric is 'l2', which are two names of one argument. "
        "Pass one of them."
    )


def test_pictures_outside_the_media_folder_are_told(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = client.Dataset("shop")
    dataset.insert_documents(
        [
            {"_id": f"{i}", "v_vector_": [float(i), 1.0], "photo": f"/pictures/{i}.png"}
            | {"link": "https://shop.example/a.png"}
            for i in range(4)
        ]
    )
    ops = dataset.set_cluster_labels("v_vector_", "x", [0, 0, 1, 1])
    capsys.readouterr()
    ops.show_closest(text_fields=["photo", "link"])
    assert capsys.readouterr().err == (
        "relevanceai: 'photo' names files of pictures that are not in the media folder, "
        f"{ops.media_folder}, the only one they are opened from. Copy them there\n"
    )


# show_closest ------------------------------------------------------------------------------------


@pytest.fixture
def pictured(client: Client) -> ClusterOps:
    from PIL import Image

    dataset = client.Dataset("pictures")
    media = client.Dataset("pictures")
    dataset.insert_documents(
        [
            {
                "_id": f"d{i}",
                "v_vector_": [float(i % 2), 1.0],
                "photo": f"p{i}.png",
                **({"rare": "yes"} if i == 3 else {}),
            }
            for i in range(4)
        ]
    )
    media.media_folder.mkdir(exist_ok=True)
    for i in range(4):
        Image.new("RGB", (90, 30 + i), "navy").save(media.media_folder / f"p{i}.png")
    return dataset.set_cluster_labels("v_vector_", "x", [0, 1, 0, 1])


def test_show_closest_shows_picture_cluster_and_id(pictured: ClusterOps) -> None:
    for table in (
        pictured.show_closest(["cluster-1"], ["photo"], page_size=1),
        pictured.show_closest("cluster-1", "photo", page_size=1),
        pictured.show_closest("cluster-1", page_size=1),
        pictured.show_closest("cluster-1", ["photo"], ["cluster_id", "_id"], page_size=1),
    ):
        assert table.columns == ["photo", "cluster_id", "_id"]
        assert repr(table) == "photo   cluster_id  _id\np1.png  cluster-1   d1"
        assert table.html.count('width="60"') == 1


def test_show_closest_with_a_field_that_these_documents_lack(pictured: ClusterOps) -> None:
    for image_fields in (None, [], ["photo"]):
        table = pictured.show_closest("cluster-0", image_fields, "rare")
        assert table.columns[-1] == "rare"
        assert len(table) == 2


def test_show_closest_pages_and_metrics_are_those_of_closest(pictured: ClusterOps) -> None:
    table = pictured.show_closest(
        image_fields=[], page_size=1, page=2, similarity_metric="l1", image_width=10
    )
    assert [one["_id"] for one in table.documents] == ["d2", "d3"]


def test_show_closest_tells_an_unknown_field(pictured: ClusterOps) -> None:
    for arguments in ({"text_fields": ["foto"]}, {"image_fields": ["foto"]}):
        with raises(
            NotFoundError,
            "No field 'foto' in dataset 'pictures'. "
            "It has: 'photo', 'v_vector_', '_cluster_.v_vector_.x', '_id', 'rare'.",
        ):
            pictured.show_closest(**arguments)  # type: ignore[arg-type]
