"""Arrays straight from a notebook: the answers of a dataset, nothing copied, and every mistake."""

import re
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.sparse import csr_array

from relevanceai.client import Client
from relevanceai.errors import DuplicateIdError, InvalidInputError, NotFoundError
from relevanceai.operations.cluster import ClusterOps
from relevanceai.operations.viz.cluster import ClusterVizOps

FIELD = "look_vector_"
N = 90


def parts():
    """Vectors, labels with noise and gaps, and what stands beside them."""
    rng = np.random.default_rng(11)
    true = rng.integers(0, 4, N)
    vectors = (2.0 * np.eye(4, 6)[true] + rng.normal(size=(N, 6))).astype(np.float32)
    vectors[5] = vectors[9] = vectors[20]  # ties
    vectors[7] = 0.0
    labels = [
        None if row % 17 == 3 else -1 if row % 13 == 1 else int(true[row]) for row in range(N)
    ]
    frame = pd.DataFrame(
        {
            "title": [f"thing {row}" for row in range(N)],
            "price": rng.integers(0, 40, N) / 4,
            "stock": rng.integers(0, 5, N),
            "kind": rng.choice(["boot", "shoe"], N),
            "seen": pd.date_range("2024-01-01", periods=N, freq="h", tz="UTC"),
            "note": [None if row % 3 else {"n": row} for row in range(N)],
        }
    )
    frame.loc[4, "price"] = np.nan
    return vectors, labels, frame


def as_arrays(home, cls=ClusterVizOps):
    vectors, labels, frame = parts()
    return cls.from_arrays(vectors, labels, documents=frame, vector_field=FIELD, alias="a")


def as_dicts(home, cls=ClusterVizOps):
    vectors, labels, frame = parts()
    documents = [
        {name: cell for name, cell in row.items() if cell == cell}
        for row in frame.to_dict("records")
    ]
    return cls.from_arrays(vectors, labels, documents=documents, vector_field=FIELD, alias="a")


def as_doubles(home, cls=ClusterVizOps):
    vectors, labels, frame = parts()
    turned = np.asfortranarray(vectors.astype(np.float64))
    return cls.from_arrays(turned, labels, documents=frame, vector_field=FIELD, alias="a")


def as_dataset(home, cls=ClusterVizOps):
    vectors, labels, frame = parts()
    dataset = Client(home).Dataset("d")
    frame = frame.assign(_id=[str(row) for row in range(N)])
    frame[FIELD] = list(vectors)
    dataset.insert_pandas_dataframe(frame)
    dataset.set_cluster_labels([FIELD], "a", labels)
    return cls.from_dataset(dataset, alias="a")


@pytest.fixture(scope="module")
def wanted(tmp_path_factory):
    """The operations of the dataset, against which those of arrays are held."""
    return as_dataset(tmp_path_factory.mktemp("arrays") / "home")


@pytest.fixture(params=[as_arrays, as_dicts, as_doubles], ids=["frame", "dicts", "float64"])
def ops(request, capsys):
    return request.param(None)


def same(found, other):
    np.testing.assert_array_equal(found.to_numpy(), other.to_numpy())
    assert list(found.index) == list(other.index)
    assert list(found.columns) == list(other.columns)


def test_clusters_sizes_and_centroids_are_those_of_a_dataset(ops, wanted):
    assert ops.list_cluster_ids() == wanted.list_cluster_ids()
    assert ops.sizes() == wanted.sizes()
    assert ops.centroids() == wanted.centroids()


@pytest.mark.parametrize("metric", ["cosine", "l2", "l1", "dp", "centred", "corrected"])
def test_similarity_order_and_pairs_are_those_of_a_dataset(ops, wanted, metric):
    same(ops.centroid_similarity(metric), wanted.centroid_similarity(metric))
    same(ops.closest_centroids(5, metric), wanted.closest_centroids(5, metric))
    assert ops.linkage_order(metric) == wanted.linkage_order(metric)


PRICE = {"field": "price", "filter_type": "numeric", "condition": ">", "condition_value": 4}
BOOT = {"field": "kind", "filter_type": "exact_match", "condition_value": "boot"}


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"page_size": 7, "page": 3},
        {"select_fields": ["title", "price"]},
        {"select_fields": ["_cluster_"], "cluster_ids": ["cluster-2", "cluster-0"]},
        {"filters": [PRICE]},
        {"filters": [BOOT], "page_size": 30},
        {"include_vector": True, "page_size": 1},
        {"min_score": 1.5},
    ],
    ids=["plain", "page", "select", "label", "number", "text", "vector", "score"],
)
def test_documents_are_those_of_a_dataset(ops, wanted, asked, capsys):
    for metric in ("cosine", "l2", "l1", "dp"):
        for which in ("closest", "furthest"):
            found = getattr(ops, which)(similarity_metric=metric, **asked)
            assert capsys.readouterr().out == ""
            other = getattr(wanted, which)(similarity_metric=metric, verbose=False, **asked)
            assert plain(found) == plain(other), (metric, which)


def plain(found):
    """The same with lists in place of arrays, which == cannot compare."""
    return {
        cluster: [
            {name: np.asarray(v).tolist() if name == FIELD else v for name, v in one.items()}
            for one in held["results"]
        ]
        for cluster, held in found["results"].items()
    }


def test_the_heat_map_is_that_of_a_dataset(ops, wanted, capsys):
    drawn = [one.centroid_heatmap(order="linkage", annotate=True)[0].axes for one in (ops, wanted)]
    values = [axes.collections[0].get_array() for axes in drawn]
    np.testing.assert_array_equal(*values)
    first, second = capsys.readouterr().out.split("Your closest centroids are:\n")[1:]
    assert first == second


def test_tables_neighbours_and_comparisons_are_those_of_a_dataset(ops, wanted):
    table = ops.show_closest(["cluster-1"], text_fields=["title"])
    assert (
        table._repr_html_()
        == wanted.show_closest(["cluster-1"], text_fields=["title"])._repr_html_()
    )
    same(ops.overlap(), wanted.overlap())
    assert ops.boundary("cluster-0", "cluster-1") == wanted.boundary("cluster-0", "cluster-1")
    one, other = (x.compare("cluster-0", "cluster-1") for x in (ops, wanted))
    assert one.verdict == other.verdict
    same(ops.pairs(), wanted.pairs())
    same(ops.names(text_fields=["title", "kind"]), wanted.names(text_fields=["title", "kind"]))


def test_labels_stand_beside_the_rows_whatever_the_index():
    vectors, labels, frame = parts()
    shuffled = frame.sample(frac=1.0, random_state=3)
    shuffled.index = [f"row {i % 40}" for i in range(N)]  # and not even unique
    ops = ClusterOps.from_arrays(vectors, labels, documents=shuffled)
    shuffled["cluster"] = ops.labels()
    expected = [
        None if one is None else "outlier" if one == -1 else f"cluster-{one}" for one in labels
    ]
    assert [None if one != one else one for one in shuffled["cluster"]] == expected
    assert "cluster" not in ops.closest()["results"]["cluster-0"]["results"][0]


def test_labels_take_the_index_of_a_series_of_labels_or_count():
    vectors, labels, _ = parts()
    series = pd.Series(labels, index=range(1000, 1000 + N), dtype=object)
    assert ClusterOps.from_arrays(vectors, series).labels().index.tolist() == series.index.tolist()
    assert ClusterOps.from_arrays(vectors, labels).labels().index.tolist() == list(range(N))


def test_labels_of_a_dataset_come_by_id_in_the_order_of_insertion(own_small):
    own_small.upsert_documents([{"_id": "d0-03", "title": "moved to the end of the scan"}])
    found = own_small.ClusterOps().labels()
    assert found.index.name == "_id"
    assert found.name == "cluster"
    documents = list(own_small.get_all_documents(select_fields=["group"]))
    assert found.index.tolist() == [one["_id"] for one in documents]
    assert found.tolist() == [f"cluster-{one['group']}" for one in documents]


def test_prediction_is_the_nearest_centroid_with_its_margin(ops, wanted):
    rng = np.random.default_rng(2)
    new = rng.normal(size=(40, 6)).astype(np.float32)
    found = ops.predict(new)
    same(found, wanted.predict(new))
    means = np.array([one[FIELD] for one in ops.centroids()])
    distances = np.sqrt(((new[:, None].astype(np.float64) - means) ** 2).sum(axis=2))
    ids = np.array(ops.list_cluster_ids())
    order = np.argsort(distances, axis=1, kind="stable")
    assert found["cluster"].tolist() == ids[order[:, 0]].tolist()
    assert found["other"].tolist() == ids[order[:, 1]].tolist()
    np.testing.assert_allclose(found["distance"], distances.min(axis=1))
    np.testing.assert_allclose(found["margin"], found["other_distance"] - found["distance"])
    assert (found["margin"] >= 0).all()


def test_prediction_of_one_vector_by_direction_and_of_a_single_cluster():
    ops = ClusterOps.from_arrays([[1.0, 0.0], [0.0, 9.0]], ["east", "north"])
    found = ops.predict([0.0, 0.5], metric="cosine")
    assert found.iloc[0].to_dict() == {
        "cluster": "north",
        "distance": 0.0,
        "other": "east",
        "other_distance": 1.0,
        "margin": 1.0,
    }
    alone = ClusterOps.from_arrays([[1.0]], ["only"]).predict([[3.0]]).iloc[0]
    assert (alone["cluster"], alone["distance"]) == ("only", 2.0)
    assert alone["other"] is None
    assert alone["margin"] == np.inf


def test_prediction_for_several_vector_fields(client):
    rng = np.random.default_rng(0)
    documents = [
        {"_id": str(i), "a_vector_": [1.0 + i % 2, i % 2], "b_vector_": rng.normal(size=3).tolist()}
        for i in range(20)
    ]
    dataset = client.Dataset("two")
    dataset.insert_documents(documents)
    ops = dataset.cluster(n_clusters=2, vector_fields=["a_vector_", "b_vector_"])
    new = {name: np.array([one[name] for one in documents]) for name in ("a_vector_", "b_vector_")}
    found = ops.predict(new)
    assert found["cluster"].tolist() == ops.labels().tolist()
    side_by_side = np.hstack([new["a_vector_"], new["b_vector_"]])
    same(ops.predict(side_by_side), found)
    with pytest.raises(InvalidInputError) as caught:
        ops.predict({"a_vector_": new["a_vector_"]})
    assert str(caught.value) == (
        "predict was given vectors of 'a_vector_', but the clustering is of 'a_vector_', "
        "'b_vector_'."
    )


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (
            np.zeros((2, 5)),
            "predict was given an array of shape (2, 5), but the vectors of 'look_vector_' have 6 "
            "dimensions. Pass an array of shape (n, 6).",
        ),
        (
            np.full((1, 6), np.nan),
            "The vector at index 0 holds NaN, infinity or a number beyond float32.",
        ),
    ],
)
def test_new_vectors_that_cannot_be(vectors, message):
    with pytest.raises(InvalidInputError, match=f"^{re.escape(message)}$"):
        as_arrays(None).predict(vectors)


def test_float32_is_read_where_it_lies(capsys):
    vectors = np.random.default_rng(0).normal(size=(40_000, 64)).astype(np.float32)
    labels = np.arange(40_000) % 8
    vectors.flags.writeable = False
    ClusterOps.from_arrays(vectors, labels).closest()  # what is loaded is loaded
    tracemalloc.start()
    ops = ClusterOps.from_arrays(vectors, labels)
    source = ops._store.vector_source("array_vector_", ops._store.clusterings()[0])
    batch = next(iter(source.batches(5, 30_000)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.shares_memory(batch.vectors, vectors)
    assert peak < vectors.nbytes / 2
    assert capsys.readouterr().err == ""


def test_what_is_not_float32_is_said(capsys):
    vectors = np.random.default_rng(0).normal(size=(30, 4))
    end = (
        " a part at a time. "
        "Quicker for large ones: np.ascontiguousarray(vectors, dtype=np.float32)\n"
    )
    for array, said in {
        "float64": (vectors, "vectors are float64; every pass turns them into float32, rounded,"),
        "float16": (vectors.astype(np.float16), "vectors are float16; every pass turns them into float32"),
        "strided": (vectors.astype(np.float32)[:, ::2], "vectors are not C-contiguous; every pass turns them into float32"),
    }.values():  # fmt: skip
        ops = ClusterOps.from_arrays(array, [0, 1] * 15)
        assert capsys.readouterr().err == f"relevanceai: {said}{end}"
        rows = np.asarray(array, np.float32).astype(np.float64)
        np.testing.assert_allclose(ops.centroids()[1]["array_vector_"], rows[1::2].mean(axis=0))


def test_ids_come_from_the_documents_the_call_or_the_rows():
    vectors = [[0.0], [1.0], [5.0]]

    def ids(**arguments):
        ops = ClusterOps.from_arrays(vectors, ["x", "x", "y"], **arguments)
        found = ops.closest(page_size=9)["results"]
        return [one["_id"] for cluster in found.values() for one in cluster["results"]]

    assert ids() == ["1", "0", "2"]  # cosine with a zero vector is 0
    assert ids(ids=["p", "q", "r"]) == ["q", "p", "r"]
    assert ids(documents=[{"_id": 7}, {"_id": 8}, {"_id": 9}]) == ["8", "7", "9"]
    assert ids(documents=pd.DataFrame({"_id": ["a", "b", "c"]})) == ["b", "a", "c"]
    by_index = pd.DataFrame({"n": [1, 2, 3]}, index=pd.Index(["a", "b", "c"], name="_id"))
    assert ids(documents=by_index) == ["b", "a", "c"]
    assert ids(documents=by_index, ids=[1, 2, 3]) == ["2", "1", "3"]


@pytest.mark.parametrize(
    "column",
    [
        [1, 2, 3],
        [True, False, True],
        [0.5, np.nan, np.inf],
        np.float32([0.1, 0.2, 0.3]),
        np.uint64([1, 2, 2**63]),
        ["a", None, "ü"],
        pd.array(["a", None, "b"], dtype="string"),
        pd.array([1, None, 3], dtype="Int64"),
        [None, None, None],
        [np.nan, np.nan, np.nan],
        ["a", 2, [3]],
        pd.Categorical(["a", "b", None]),
        pd.to_datetime(["2024-01-01", None, "2024-01-03"]),
        [np.float32([1, 2]), None, np.float32([3, 4])],
    ],
    ids=lambda column: f"{getattr(column, 'dtype', type(column).__name__)}",
)  # fmt: skip
def test_a_column_of_any_kind_comes_back_as_from_a_dataset(client, column):
    frame = pd.DataFrame({"first": ["x", "y", "z"], "column": column, "last": [1, 2, 3]})
    vectors = np.eye(3, dtype=np.float32)
    dataset = client.Dataset("kinds")
    dataset.insert_pandas_dataframe(frame.assign(_id=["0", "1", "2"], **{FIELD: list(vectors)}))
    dataset.set_cluster_labels([FIELD], "a", [0, 0, 0])
    ops = ClusterOps.from_arrays(vectors, [0, 0, 0], documents=frame, vector_field=FIELD, alias="a")
    assert [(one.name, one.kind) for one in ops._store.fields()] == [
        (one.name, one.kind) for one in dataset.opened().fields()
    ]
    found, other = (
        repr(one.closest(verbose=False, include_vector=True)) for one in (ops, dataset.ClusterOps())
    )
    assert found == other


def wrong(kind=InvalidInputError, vectors=((1.0,), (2.0,)), labels=(0, 1), **arguments):
    with pytest.raises(kind) as caught:
        ClusterOps.from_arrays(np.array(vectors), labels, **arguments)
    return str(caught.value)


def test_arrays_that_cannot_be_say_what_to_pass():
    assert wrong(labels=[0]) == (
        "There is 1 label for 2 vectors. Pass one a vector, None for those that are not clustered."
    )
    assert wrong(vectors=[1.0, 2.0]) == (
        "vectors has the shape (2,). Pass a two-dimensional array, with at least one row and one "
        "column."
    )
    with pytest.raises(InvalidInputError) as caught:
        ClusterOps.from_arrays("X.npy", [0])
    assert str(caught.value) == (
        "vectors is the name of a file, 'X.npy'. Pass what it holds: "
        "np.load('X.npy', mmap_mode='r')."
    )
    assert wrong(vectors=[["a"], ["b"]]) == (
        "vectors holds <U1. Pass an array of numbers, best float32."
    )
    assert wrong(vectors=[[1.0], [np.nan]]) == (
        "The vector at index 1 holds NaN, infinity or a number beyond float32. Leave such rows "
        "out, or clean them."
    )
    assert wrong(vectors=[[1e300], [1.0]]).startswith("The vector at index 0 holds NaN")
    assert wrong(documents=[{}]) == (
        "Got 1 documents for 2 vectors. Pass one a vector, in the same order."
    )
    assert wrong(documents="ab") == (
        "documents is a pandas DataFrame, a list of dicts or None, but got str."
    )
    assert wrong(ids=["a"]) == "Got 1 ids for 2 vectors. Pass one a vector."
    assert wrong(ids=["a", None]) == ("The `_id` of row 1 is missing. Give every row one, or none.")
    assert wrong(DuplicateIdError, ids=["a", "a"]) == (
        "1 `_id` stand more than once: 'a'. Give each row its own, or leave ids out."
    )
    assert wrong(labels=[3, "cluster-3"]).startswith("Labels 3 at index 0 and 'cluster-3'")


def test_what_is_not_there_is_named_and_nothing_can_be_written():
    ops = as_arrays(None)
    with pytest.raises(NotFoundError) as caught:
        ops.closest(["cluster-9"])
    assert str(caught.value).startswith(
        "No cluster 'cluster-9' in clustering 'a' of dataset 'arrays'. It has:"
    )
    with pytest.raises(NotFoundError, match="No field 'titel' in dataset 'arrays'"):
        ops.closest(select_fields=["titel"])
    with pytest.raises(InvalidInputError) as refused:
        ops.assign_new()
    assert str(refused.value) == (
        "These clusters came from arrays, so there is no dataset to write to. Insert the vectors "
        "and documents into one: client.Dataset('<name>').insert_numpy(...)."
    )


def test_the_report_tells_where_labels_came_from():
    report = as_arrays(None).run_report()
    assert report.model == "brought"
    assert report.sizes == as_arrays(None).sizes()
    assert report.n_unclustered == sum(1 for row in range(N) if row % 17 == 3)


def test_vectors_in_columns_of_other_kinds_are_read_as_their_rows() -> None:
    rows = np.array([[1, 0], [2, 0], [0, 5]], np.float32)
    labels = [0, 0, 1]
    expected = ClusterOps.from_arrays(rows, labels).predict(rows).to_dict("list")
    flat = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), 2)
    for held in (
        pd.Series(list(rows)),
        pd.DataFrame(rows).astype("Float32"),
        rows.astype(object),
        flat,
        pa.chunked_array([flat[:1], flat[1:]]),
        np.ma.MaskedArray(rows),
    ):
        found = ClusterOps.from_arrays(held, labels).predict(held)
        assert found.to_dict("list") == expected


def test_what_are_no_vectors_is_refused_by_name() -> None:
    rows = np.array([[1, 0], [2, 0], [0, 5]], np.float32)
    ops = ClusterOps.from_arrays(rows, [0, 0, 1])
    for ask in (lambda held: ClusterOps.from_arrays(held, [0, 0, 1]), ops.predict):
        for held, message in (
            (csr_array(rows), "vectors is sparse. Pass vectors.toarray()."),
            (
                np.ma.MaskedArray(rows, mask=rows > 4),
                "vectors has masked numbers. Fill them first.",
            ),
            (rows * 1j, "vectors holds complex64. Pass an array of numbers, best float32."),
            (
                np.array([["1", None]], object),
                "vectors cannot be read as rows of numbers of one width: '1' is of type str. "
                "Pass a two-dimensional array.",
            ),
            (
                [[10**400, 1]] * 3,
                "vectors cannot be read as rows of numbers of one width: int too large to convert "
                "to float. Pass a two-dimensional array.",
            ),
        ):
            with pytest.raises(InvalidInputError) as error:
                ask(held)
            assert str(error.value) == message
    with pytest.raises(InvalidInputError, match="The vector at index 1 holds NaN"):
        ops.predict(pd.DataFrame([[1.0, 2.0], [None, 3.0]]).astype("Float64"))
    with pytest.raises(InvalidInputError) as error:
        ClusterOps.from_arrays(rows, [0, 0, 1], documents=pa.table({"n": [1, 2, 3]}))
    assert str(error.value) == (
        "documents is a pandas DataFrame, a list of dicts or None, but got pyarrow.Table. "
        "Pass documents.to_pandas()."
    )
