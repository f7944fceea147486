"""ClusterOps against the definitions: centroids, similarities, closest documents, and every mistake."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import naive
from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError, RelevanceAIError
from relevanceai.operations.cluster import ClusterOps
from relevanceai.operations.viz.cluster import ClusterVizOps

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


@pytest.fixture
def ops(small: Dataset) -> ClusterOps:
    return ClusterOps.from_dataset(small, alias="by-hand", vector_fields=[FIELD])


# opening -----------------------------------------------------------------------------------------


def test_every_door_opens_the_same_clustering(small: Dataset) -> None:
    client = Client(small.workspace)
    opened = [
        ClusterOps.from_dataset(small, alias="by-hand", vector_fields=[FIELD]),
        ClusterVizOps.from_dataset(small, alias="by-hand", vector_fields=FIELD),
        ClusterOps.from_dataset(small),
        small.ClusterOps(alias="by-hand"),
        client.ClusterOps("small", vector_fields=(FIELD,)),
        client.ClusterVizOps(small),
    ]
    for one in opened:
        assert (one.alias, one.vector_fields, one.dataset_name) == ("by-hand", (FIELD,), "small")
        assert one.media_folder == small.media_folder
        assert one.revision == opened[0].revision
    assert repr(opened[0]) == (
        "ClusterOps(dataset='small', vector_fields=['look_vector_'], alias='by-hand')"
    )
    assert repr(opened[1]).startswith("ClusterVizOps(")
    with pytest.raises(AttributeError) as caught:
        getattr(opened[0], "centroid_heatmap")  # noqa: B009
    assert str(caught.value) == (
        "'ClusterOps' object has no attribute 'centroid_heatmap'. ClusterVizOps draws: "
        "dataset.ClusterVizOps(alias='by-hand').centroid_heatmap()"
    )


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (
            {"alias": "by-hnd"},
            NotFoundError,
            "No clustering 'by-hnd' in dataset 'small'. It has: 'by-hand'. Pass alias='by-hand'.",
        ),
        (
            {"alias": "By-Hand", "vector_fields": [FIELD]},
            NotFoundError,
            "No clustering 'By-Hand' of 'look_vector_' in dataset 'small'. It has: 'by-hand'. "
            "Pass alias='by-hand'.",
        ),
        (
            {"vector_fields": ["lok_vector_"]},
            NotFoundError,
            "No vector field 'lok_vector_' in dataset 'small'. It has: 'look_vector_'. "
            "A vector field's name ends in '_vector_', or vector_fields=[...] names it at insert.",
        ),
        (
            {"vector_fields": []},
            InvalidInputError,
            "vector_fields is a list of at least one name, but got []. Pass one, or leave it out.",
        ),
        (
            {"vector_fields": 5},
            InvalidInputError,
            "vector_fields is a list of at least one name, but got 5. Pass one, or leave it out.",
        ),
        (
            {"alias": 5},
            NotFoundError,
            "No clustering 5 in dataset 'small'. It has: 'by-hand'. Pass alias='by-hand'.",
        ),
    ],
)
def test_a_clustering_that_is_not_there(
    small: Dataset, arguments: dict[str, Any], kind: type[RelevanceAIError], message: str
) -> None:
    with raises(kind, message):
        ClusterOps.from_dataset(small, **arguments)


def test_a_dataset_that_is_not_there_or_not_clustered(client: Client) -> None:
    with raises(
        NotFoundError,
        f"No dataset 'shoes' in {client.workspace}. It has: nothing yet. "
        "Insert documents to make it, or pass one of these names. There is also the sample 'ecommerce'.",
    ):
        client.ClusterOps("shoes", alias="x")
    client.Dataset("shoes").insert_documents([{"_id": "1", "a_vector_": [1.0]}])
    with raises(
        NotFoundError,
        "No clustering 'x' in dataset 'shoes'. It has: nothing yet. "
        "Make one: ds.cluster(vector_fields=[...], alias=...).",
    ):
        client.ClusterOps("shoes", alias="x")


def test_a_name_is_no_dataset() -> None:
    with raises(
        InvalidInputError,
        "from_dataset takes a Dataset, but got 'small'. Pass client.Dataset('<name>').",
    ):
        ClusterOps.from_dataset("small")  # type: ignore[arg-type]


def test_an_alias_with_commas_is_offered_whole(own_small: Dataset) -> None:
    own_small.set_cluster_labels(FIELD, "red, green and blue", [0] * 60)
    with raises(
        NotFoundError,
        "No clustering 'red' of 'look_vector_' in dataset 'small'. "
        "It has: 'red, green and blue', 'by-hand'. Pass alias='red, green and blue'.",
    ):
        own_small.ClusterOps(alias="red", vector_fields=FIELD)


def test_several_clusterings_must_be_told_apart(own_small: Dataset) -> None:
    own_small.set_cluster_labels(FIELD, "other", [0] * 60)
    with raises(
        InvalidInputError,
        "Dataset 'small' has several clusterings that fit: 'by-hand of look_vector_', "
        "'other of look_vector_'. Pass alias=... and vector_fields=[...].",
    ):
        own_small.ClusterOps()


def test_the_same_fields_in_another_order_are_found_and_told_apart(client: Client) -> None:
    dataset = client.Dataset("two")
    dataset.insert_documents(
        [{"_id": str(i), "a_vector_": [1.0, i], "b_vector_": [i, 2.0]} for i in range(4)]
    )
    ab, ba = ["a_vector_", "b_vector_"], ["b_vector_", "a_vector_"]
    dataset.set_cluster_labels(ab, "x", [0, 0, 1, 1])
    assert dataset.ClusterOps(alias="x", vector_fields=ba).vector_fields == tuple(ab)
    made = dataset.set_cluster_labels(ba, "x", [0, 1, 2, 3])
    assert made.list_cluster_ids() == [f"cluster-{i}" for i in range(4)]
    assert dataset.ClusterOps(alias="x", vector_fields=ab).list_cluster_ids() == [
        "cluster-0",
        "cluster-1",
    ]


# the clusters ------------------------------------------------------------------------------------


def test_centroids_are_the_means_of_all_members(ops: ClusterOps, small: Dataset) -> None:
    _, vectors, labels = of_small(small)
    found = ops.centroids()
    assert [one["_id"] for one in found] == ["cluster-0", "cluster-1", "cluster-2"]
    assert [sorted(one) for one in found] == [["_id", FIELD]] * 3
    np.testing.assert_allclose(
        [one[FIELD] for one in found], naive.centroids(vectors, labels, 3), rtol=1e-13
    )


@pytest.mark.parametrize("metric", METRICS)
def test_centroid_similarity_is_labelled_and_by_definition(
    ops: ClusterOps, small: Dataset, metric: Any
) -> None:
    _, vectors, labels = of_small(small)
    frame = ops.centroid_similarity(metric)
    wanted = naive.similarity(naive.centroids(vectors, labels, 3), metric)
    assert list(frame.index) == list(frame.columns) == ops.list_cluster_ids()
    assert frame.to_numpy().dtype == np.float64
    np.testing.assert_allclose(frame.to_numpy(), wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(frame.to_numpy(), frame.to_numpy().T)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("n", [0, 1, 2, 3, 99])
def test_closest_centroids_name_the_later_cluster_first(
    ops: ClusterOps, metric: Any, n: int
) -> None:
    matrix = ops.centroid_similarity(metric).to_numpy()
    is_similarity = naive.is_similarity(metric)
    frame = ops.closest_centroids(n, metric)
    value = "similarity" if is_similarity else "distance"
    assert list(frame.columns) == ["cluster", "other", value]
    assert list(frame.itertuples(index=False, name=None)) == [
        (f"cluster-{j}", f"cluster-{i}", pytest.approx(number))
        for i, j, number in naive.pairs(matrix, n, largest_first=is_similarity)
    ]


def test_ids_stand_in_natural_order_and_noise_last(client: Client) -> None:
    labels = ["b-10", "b-2", "outlier", "A", "b-10", None]
    dataset = stored(client.workspace, [[float(i), 1.0] for i in range(6)], labels)
    ops = dataset.ClusterOps()
    assert ops.list_cluster_ids() == ["A", "b-2", "b-10"]
    assert list(ops.sizes().items()) == [("A", 1), ("b-2", 1), ("b-10", 2), ("outlier", 1)]
    assert [one["_id"] for one in ops.centroids()] == ["A", "b-2", "b-10"]
    assert ops.centroids()[2]["v_vector_"] == [2.0, 1.0]
    pairs = ops.closest_centroids()
    assert list(zip(pairs["cluster"], pairs["other"], strict=True)) == [
        ("b-10", "A"),
        ("b-10", "b-2"),
        ("b-2", "A"),
    ]


def test_without_noise_sizes_do_not_name_it(ops: ClusterOps) -> None:
    assert ops.sizes() == {"cluster-0": 30, "cluster-1": 20, "cluster-2": 10}


def test_linkage_order_puts_close_clusters_side_by_side(client: Client) -> None:
    angles = np.radians([0, 80, 10, 90])
    dataset = stored(
        client.workspace, np.stack([np.cos(angles), np.sin(angles)], 1).tolist(), [0, 1, 2, 3]
    )
    ops = dataset.ClusterOps()
    for metric in METRICS:
        order = ops.linkage_order(metric)  # type: ignore[arg-type]
        assert order in (
            [f"cluster-{i}" for i in (0, 2, 1, 3)],
            [f"cluster-{i}" for i in (3, 1, 2, 0)],
        )


def test_ties_of_pairs_stand_in_natural_order(client: Client) -> None:
    dataset = stored(client.workspace, np.eye(4).tolist(), [0, 1, 2, 3])
    frame = dataset.ClusterOps().closest_centroids(4)
    assert list(zip(frame["cluster"], frame["other"], strict=True)) == [
        ("cluster-1", "cluster-0"),
        ("cluster-2", "cluster-0"),
        ("cluster-3", "cluster-0"),
        ("cluster-2", "cluster-1"),
    ]


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


def test_the_questions_about_centroids_check_their_arguments_too(ops: ClusterOps) -> None:
    wrong: Any = "euclidean"
    message = (
        "Unknown metric 'euclidean'. Use one of 'corrected', 'l2_similarity', 'centred', 'l2', "
        "'l1', 'dp', 'cosine'."
    )
    asks: list[Callable[[], object]] = [
        lambda: ops.centroid_similarity(wrong),
        lambda: ops.closest_centroids(metric=wrong),
        lambda: ops.linkage_order(wrong),
    ]
    for ask in asks:
        with raises(InvalidInputError, message):
            ask()
    for n in (-1, 1.0, None, True):
        with raises(InvalidInputError, f"n is a whole number from 0, but got {n!r}."):
            ops.closest_centroids(n)  # type: ignore[arg-type]


# hard data ---------------------------------------------------------------------------------------

numbers = st.integers(-3, 3).map(float)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[list[float] | None], list[object], int]:
    n = draw(st.integers(1, 14))
    width = draw(st.integers(1, 3))
    vector = st.lists(numbers, min_size=width, max_size=width)
    vectors = draw(st.lists(st.none() | vector, min_size=n, max_size=n))
    labels = draw(st.lists(st.none() | st.integers(-1, 3), min_size=n, max_size=n))
    vectors[0] = vectors[0] or [0.0] * width
    labels[0] = labels[0] or 0
    return vectors, list(labels), draw(st.integers(1, 4))


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases())
def test_any_small_dataset_follows_the_definitions(
    tmp_path: Path, case: tuple[list[list[float] | None], list[object], int]
) -> None:
    vectors, labels, page_size = case
    ops = stored(tmp_path, vectors, labels).ClusterOps()
    rows = [i for i, (v, g) in enumerate(zip(vectors, labels, strict=True)) if v and g is not None]
    matrix = np.array([vectors[i] for i in rows], np.float32)
    groups = np.array([labels[i] for i in rows])
    there = sorted(set(groups[groups >= 0].tolist()))
    sizes = {f"cluster-{g}": int((groups == g).sum()) for g in there}
    noise = {"outlier": int((groups == -1).sum())} if (groups == -1).any() else {}
    assert ops.sizes() == sizes | noise
    codes = np.array([there.index(g) if g >= 0 else -1 for g in groups], np.int64)
    means = naive.centroids(matrix, codes, len(there))
    assert [one["_id"] for one in ops.centroids()] == list(sizes)
    for metric in METRICS:
        np.testing.assert_allclose(
            ops.centroid_similarity(metric).to_numpy(),  # type: ignore[arg-type]
            naive.similarity(means, metric),
            atol=1e-12,
        )
        found = shown(ops.closest(page_size=page_size, similarity_metric=metric, verbose=False))  # type: ignore[arg-type]
        assert list(found) == list(sizes)
        wanted = naive.nearest(np.array(rows), matrix, codes, means, page_size, metric=metric)
        for cluster, (row_ids, values) in zip(found.values(), wanted, strict=True):
            # values that differ in the last bit only may rank either way: compare the values
            assert [value for _, value in cluster] == pytest.approx(values.tolist(), abs=1e-9)
            assert len({one for one, _ in cluster}) == len(row_ids)


def test_one_document_is_a_cluster_like_any_other(client: Client) -> None:
    ops = stored(client.workspace, [[3.0, 4.0]], [7]).ClusterOps()
    assert ops.centroids() == [{"_id": "cluster-7", "v_vector_": [3.0, 4.0]}]
    assert ops.centroid_similarity().to_numpy().tolist() == [[1.0]]
    assert len(ops.closest_centroids()) == 0
    assert ops.linkage_order() == ["cluster-7"]
    for metric, value in (("cosine", 1.0), ("dp", 25.0), ("l2", 0.0), ("l1", 0.0)):
        found = shown(ops.closest(similarity_metric=metric, verbose=False))  # type: ignore[arg-type]
        assert found == {"cluster-7": [("d0", pytest.approx(value))]}


def test_identical_vectors_stand_in_the_order_of_insertion(client: Client) -> None:
    ops = stored(client.workspace, [[0.1, 0.7, 0.3]] * 9, [0] * 9).ClusterOps()
    for metric in METRICS:
        for ask in (ops.closest, ops.furthest):
            found = shown(ask(page_size=4, similarity_metric=metric, verbose=False))["cluster-0"]  # type: ignore[arg-type]
            assert [one for one, _ in found] == ["d0", "d1", "d2", "d3"]


def test_zero_vectors_have_cosine_zero(client: Client) -> None:
    ops = stored(client.workspace, [[0.0, 0.0], [2.0, 0.0], [1.0, 0.0]], [0, 0, 1]).ClusterOps()
    found = shown(ops.closest(verbose=False))
    assert found == {"cluster-0": [("d1", 1.0), ("d0", 0.0)], "cluster-1": [("d2", 1.0)]}
    zero = stored(client.workspace, [[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]], [0, 0, 1]).ClusterOps()
    assert zero.centroid_similarity().to_numpy().tolist() == [[0.0, 0.0], [0.0, 1.0]]
    assert shown(zero.closest(verbose=False))["cluster-0"] == [("d0", 0.0), ("d1", 0.0)]


def test_a_clustering_of_noise_only_has_no_clusters(client: Client) -> None:
    ops = stored(client.workspace, [[1.0], [2.0]], [-1, None]).ClusterOps()
    assert ops.list_cluster_ids() == []
    assert ops.centroids() == []
    assert ops.sizes() == {"outlier": 1}
    assert ops.centroid_similarity().shape == (0, 0)
    assert len(ops.closest_centroids()) == 0
    assert ops.linkage_order() == []
    assert ops.closest(verbose=False) == {"results": {}}
    assert len(ops.show_closest()) == 0


def test_several_vector_fields_have_the_same_say(client: Client) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(12, 3)).astype(np.float32), 50 * rng.normal(size=(12, 2))
    b = b.astype(np.float32)
    a[3] = 0
    dataset = client.Dataset("two")
    ids = [f"d{i:02}" for i in range(12)]
    dataset.insert_documents(
        [
            {"_id": one, "a_vector_": x.tolist(), "b_vector_": y.tolist()}
            for one, x, y in zip(ids, a, b, strict=True)
        ]
        + [{"_id": "half", "a_vector_": [1.0, 0.0, 0.0]}]
    )
    labels = np.arange(12) % 3
    ops = dataset.set_cluster_labels(["a_vector_", "b_vector_"], "x", [*labels.tolist(), 0])
    units = naive.units([a, b])
    found = ops.centroids()
    assert list(found[0]) == ["_id", "a_vector_.b_vector_"]
    np.testing.assert_allclose(
        [one["a_vector_.b_vector_"] for one in found],
        naive.centroids(units, labels, 3),
        atol=1e-7,
    )
    assert ops.sizes() == {"cluster-0": 4, "cluster-1": 4, "cluster-2": 4}
    for metric in METRICS:
        rows = expected(ids, units, labels, 4, metric)
        answer = shown(ops.closest(page_size=4, similarity_metric=metric, verbose=False))  # type: ignore[arg-type]
        for cluster, wanted in zip(answer.values(), rows, strict=True):
            assert [one for one, _ in cluster] == [one for one, _ in wanted]
            assert [v for _, v in cluster] == pytest.approx([v for _, v in wanted], abs=1e-6)
    (document,) = ops.closest("cluster-0", page_size=1, verbose=False)["results"]["cluster-0"][
        "results"
    ]
    assert document["_cluster_"] == {"a_vector_.b_vector_": {"x": "cluster-0"}}


# when documents change ---------------------------------------------------------------------------


def test_a_document_whose_vector_moves_leaves_its_cluster(own_small: Dataset) -> None:
    ops = own_small.ClusterOps()
    before, revision = ops.centroids(), ops.revision
    own_small.upsert_documents([{"_id": "d0-00", FIELD: [100.0] * 8}])
    assert ops.revision != revision
    assert ops.sizes() == {"cluster-0": 29, "cluster-1": 20, "cluster-2": 10}
    after = ops.centroids()
    assert after[0] != before[0]
    assert after[1:] == before[1:]
    found = shown(ops.furthest(page_size=99, verbose=False))["cluster-0"]
    assert "d0-00" not in [one for one, _ in found]
    ids, vectors, labels = of_small(own_small)
    kept = np.array([one != "d0-00" for one in ids])
    means = naive.centroids(vectors[kept], labels[kept], 3)
    np.testing.assert_allclose([one[FIELD] for one in after], means, rtol=1e-12)


def test_an_upsert_that_leaves_the_vector_keeps_the_label(own_small: Dataset) -> None:
    ops = own_small.ClusterOps()
    before = shown(ops.closest(page_size=99, verbose=False))
    own_small.upsert_documents([{"_id": "d0-00", "price": 9.0}])
    after = shown(ops.closest(page_size=99, verbose=False))
    for cluster, rows in before.items():
        assert_same(after[cluster], rows)


def test_an_emptied_cluster_is_gone_and_the_others_keep_their_ids(own_small: Dataset) -> None:
    ops = own_small.ClusterOps()
    own_small.upsert_documents([{"_id": f"d1-{i:02}", FIELD: [float(i)] * 8} for i in range(20)])
    assert ops.list_cluster_ids() == ["cluster-0", "cluster-2"]
    assert ops.sizes() == {"cluster-0": 30, "cluster-2": 10}
    assert list(ops.closest(verbose=False)["results"]) == ["cluster-0", "cluster-2"]
    found = shown(ops.closest("cluster-2", page_size=99, verbose=False))["cluster-2"]
    assert {one[:3] for one, _ in found} == {"d2-"}
    assert list(ops.closest_centroids()["cluster"]) == ["cluster-2"]
    with raises(
        NotFoundError,
        "No cluster 'cluster-1' in clustering 'by-hand' of dataset 'small'. "
        "It has: 'cluster-0', 'cluster-2'.",
    ):
        ops.closest("cluster-1", verbose=False)


def test_new_documents_wait_until_they_are_clustered(own_small: Dataset) -> None:
    ops = own_small.ClusterOps()
    before = ops.centroids()
    own_small.insert_documents([{"_id": "new", FIELD: [9.0] * 8, "group": 0}])
    assert ops.centroids() == before
    assert "new" not in {
        one for one, _ in shown(ops.closest(page_size=99, verbose=False))["cluster-0"]
    }
    own_small.cluster(byo_cluster_field="group", alias="by-hand")
    assert ops.sizes()["cluster-0"] == 31


def test_a_dataset_that_was_deleted_is_told(own_small: Dataset) -> None:
    ops = own_small.ClusterOps()
    own_small.delete()
    with raises(NotFoundError, "Dataset 'small' is not there: insert documents to make it."):
        ops.centroids()


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
