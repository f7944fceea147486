"""ClusterOps against the definitions: centroids, similarities, hard data, and documents that change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import naive
from clustered import FIELD, METRICS, assert_same, expected, of_small, raises, shown, stored
from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError, RelevanceAIError
from relevanceai.operations.cluster import ClusterOps
from relevanceai.operations.viz.cluster import ClusterVizOps


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
