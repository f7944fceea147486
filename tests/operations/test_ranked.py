"""Rows that are kept: the second call makes no pass, and nothing stale is ever shown."""

import numpy as np
import pytest

import naive
from relevanceai import Client
from relevanceai.clustering import kept
from relevanceai.kernels import size
from relevanceai.operations import ranked
from relevanceai.store import stored_vectors

FIELD = "text_vector_"


@pytest.fixture(autouse=True)
def forgotten():
    kept.forget()


@pytest.fixture(params=["numpy", "machine code over a map"])
def dataset(request, monkeypatch):
    if request.param != "numpy":
        monkeypatch.setattr(size, "COMPILED_FROM", 0)
        monkeypatch.setattr(stored_vectors, "KEEP_FROM", 0)
    dataset = Client().Dataset("rows")
    rng = np.random.default_rng(0)
    dataset.insert_documents(
        [
            {"_id": str(number), FIELD: rng.standard_normal(6).round(1), "price": number}
            for number in range(200)
        ]
    )
    dataset.set_cluster_labels([FIELD], "three", [number % 4 - 1 for number in range(200)])
    return dataset


def expected(dataset, metric, k, furthest=False, passes=lambda document: True):
    """The ids that the definition gives, from the documents themselves."""
    documents = sorted(dataset.get_all_documents(), key=lambda one: int(one["_id"]))
    labels = [
        (one.get("_cluster_") or {}).get(FIELD, {}).get("three", "outlier") for one in documents
    ]
    names = sorted({label for label in labels if label not in (None, "outlier")})
    found = {}
    for name in names:
        members = [one for one, label in zip(documents, labels, strict=True) if label == name]
        vectors = np.array([one[FIELD] for one in members], np.float32)
        centroid = vectors.astype(np.float64).mean(axis=0)
        left = np.array([place for place, one in enumerate(members) if passes(one)], np.int64)
        ((places, _),) = naive.nearest(
            left,
            vectors[left],
            np.zeros(len(left), int),
            centroid[None],
            k,
            metric=metric,
            furthest=furthest,
        )
        found[name] = [members[place]["_id"] for place in places]
    return found


def ids_of(answer):
    return {
        name: [document["_id"] for document in one["results"]]
        for name, one in answer["results"].items()
    }


@pytest.mark.parametrize("metric", ["cosine", "l2", "l1", "dp"])
def test_closest_and_furthest_are_those_of_the_definition(dataset, metric):
    ops = dataset.ClusterOps(alias="three")
    for furthest, ask in ((False, ops.closest), (True, ops.furthest)):
        answer = ids_of(ask(similarity_metric=metric, page_size=7, verbose=False))
        assert answer == expected(dataset, metric, 7, furthest)


def test_the_second_call_and_the_other_end_and_another_process_make_no_pass(dataset, monkeypatch):
    ops = dataset.ClusterOps(alias="three")
    first = ops.closest(verbose=False)
    last = ops.furthest(verbose=False)

    def no_pass(*given, **named):
        raise AssertionError("a pass was made")

    monkeypatch.setattr(ranked, "reduce", no_pass)
    assert ops.closest(verbose=False) == first
    assert ops.furthest(verbose=False) == last
    assert ids_of(ops.closest(page=4, page_size=5, verbose=False))  # 20 are kept at least
    kept.forget()  # as in another process: the files are left
    assert ops.closest(verbose=False) == first
    with pytest.raises(AssertionError, match="a pass was made"):
        ops.closest(page=5, page_size=5, verbose=False)


def test_pages_are_cut_from_one_order(dataset):
    ops = dataset.ClusterOps(alias="three")
    whole = ids_of(ops.closest(page_size=50, verbose=False))
    for name, ids in whole.items():
        pages = [
            ids_of(ops.closest(page=page, page_size=7, verbose=False))[name] for page in range(1, 9)
        ]
        assert [one for page in pages for one in page] == ids


def test_what_is_returned_can_be_changed_by_the_caller(dataset):
    ops = dataset.ClusterOps(alias="three")
    first = ops.closest(verbose=False)
    first["results"]["cluster-0"]["results"][0]["price"] = "changed"
    again = ops.closest(verbose=False)["results"]["cluster-0"]["results"][0]
    assert again["price"] != "changed"
    frame = ops.centroid_similarity()
    frame.iloc[0, 0] = 7.0
    assert ops.centroid_similarity().iloc[0, 0] == 1.0


@pytest.mark.parametrize("furthest", [False, True])
def test_every_write_is_seen(dataset, furthest):
    ops = dataset.ClusterOps(alias="three")
    ask = ops.furthest if furthest else ops.closest
    best = ids_of(ask(verbose=False))["cluster-1"][0]
    dataset.delete_documents([best])
    assert ids_of(ask(verbose=False)) == expected(dataset, "cosine", 3, furthest)
    best = ids_of(ask(verbose=False))["cluster-1"][0]
    dataset.upsert_documents([{"_id": best, FIELD: np.ones(6)}])
    assert ids_of(ask(verbose=False)) == expected(dataset, "cosine", 3, furthest)
    dataset.set_cluster_labels([FIELD], "three", [number % 3 for number in range(199)])
    assert ids_of(ask(verbose=False)) == expected(dataset, "cosine", 3, furthest)
    dataset.update_where([], {"price": 1}) if hasattr(dataset, "update_where") else None
    answer = ask(verbose=False)["results"]["cluster-0"]["results"]
    assert {one["price"] for one in answer} == {1}


def test_filters_and_scores_leave_out_rows_before_pages_are_cut(dataset):
    ops = dataset.ClusterOps(alias="three")
    cheap = [{"field": "price", "filter_type": "numeric", "condition": "<", "condition_value": 80}]
    for furthest, ask in ((False, ops.closest), (True, ops.furthest)):
        answer = ids_of(ask(filters=cheap, page_size=4, verbose=False))
        assert answer == expected(dataset, "cosine", 4, furthest, lambda one: one["price"] < 80)
    scores = [
        one["_search_score"]
        for one in ops.furthest(["cluster-0"], page_size=3, min_score=0.2, verbose=False)[
            "results"
        ]["cluster-0"]["results"]
    ]
    assert len(scores) == 3
    assert 0.2 <= scores[0] <= scores[1] <= scores[2]


def test_a_cluster_that_lost_all_its_documents_is_gone(dataset):
    ops = dataset.ClusterOps(alias="three")
    ops.closest(verbose=False)
    dataset.delete_documents([str(number) for number in range(200) if number % 4 == 1])
    assert list(ops.closest(verbose=False)["results"]) == ["cluster-1", "cluster-2"]
