"""A dataset takes documents in, gives them out, and is clustered."""

import datetime as dt
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import DuplicateIdError, InvalidInputError, NotFoundError
from relevanceai.operations.viz.cluster import ClusterVizOps

V = "look_vector_"


def put(client: Client, vectors: list[list[float] | None], **fields: list[object]) -> Dataset:
    """A dataset named `d` of documents 0, 1, ... with these vectors and fields."""
    dataset = client.Dataset("d")
    documents: list[dict[str, object]] = []
    for row, vector in enumerate(vectors):
        document: dict[str, object] = {"_id": str(row), V: vector}
        document |= {name: values[row] for name, values in fields.items()}
        documents.append(document)
    dataset.insert_documents(documents)
    return dataset


def labels_of(dataset: Dataset, alias: str) -> list[str | None]:
    return [
        document.get("_cluster_", {}).get(V, {}).get(alias)
        for document in dataset.get_all_documents()
    ]


# ---------------------------------------------------------------------------- what it is


def test_a_dataset_describes_itself(small: Dataset) -> None:
    assert small.shape == (60, 5)
    assert small.columns == ["_id", V, "title", "price", "group", f"_cluster_.{V}.by-hand"]
    assert small.schema == {
        "_id": "text",
        V: {"vector": 8},
        "title": "text",
        "price": "numeric",
        "group": "numeric",
        f"_cluster_.{V}.by-hand": "text",
    }
    assert small.list_vector_fields() == [V]
    assert small.list_cluster_aliases() == ["by-hand"]
    assert (small.name, small.slug, repr(small)) == ("small", "small", "Dataset('small')")
    (info,) = small.clusterings()
    assert (info.n_clusters, info.n_documents, info.n_outliers, info.n_unclustered) == (3, 60, 0, 0)
    assert (info.field_slug, info.alias_slug, info.model) == (V, "by-hand", "brought")


def test_the_kinds_of_the_schema(client: Client) -> None:
    client.Dataset("d").insert_documents(
        [
            {
                "a": dt.datetime(2022, 1, 1),
                "b": b"x",
                "c": True,
                "d": {"e": 1},
                "f": dt.date(2022, 1, 1),
            }
        ]
    )
    assert client.Dataset("d").schema == {
        "_id": "text",
        "a": "date",
        "b": "bytes",
        "c": "bool",
        "d": "json",
        "f": "date",
    }


def test_what_does_not_exist_lists_what_does(client: Client) -> None:
    put(client, [[1.0]])
    for read in (
        lambda dataset: dataset.shape,
        lambda dataset: dataset.columns,
        lambda dataset: dataset.get_all_documents(),
        lambda dataset: dataset.cluster(),
        lambda dataset: dataset.head(),
    ):
        with pytest.raises(NotFoundError) as caught:
            read(client.Dataset("dd"))
        assert str(caught.value) == (
            f"No dataset 'dd' in {client.workspace}. It has: 'd'. "
            "Insert documents to make it, or pass one of these names. There is also the sample 'ecommerce'."
        )
    assert client.list_datasets() == ["d"]


# ---------------------------------------------------------------------------- documents


def test_documents_by_id_come_in_the_order_asked(small: Dataset) -> None:
    found = small.get_documents_by_ids(["d1-03", "d0-00"], select_fields=["price"])
    assert found == [{"_id": "d1-03", "price": 13.0}, {"_id": "d0-00", "price": 0.0}]
    whole = small.get_documents_by_ids("d1-03")[0]
    assert set(whole) == {"_id", V, "title", "price", "group", "_cluster_"}
    assert len(whole[V]) == 8
    assert V not in small.get_documents_by_ids("d1-03", include_vector=False)[0]


def test_an_id_that_is_not_there_is_named(small: Dataset) -> None:
    with pytest.raises(NotFoundError) as caught:
        small.get_documents_by_ids(["d0-00", "nobody"])
    assert str(caught.value) == "1 of 2 `_id`s are not in dataset 'small': 'nobody'."


def test_a_field_that_is_not_there_lists_those_that_are(small: Dataset) -> None:
    with pytest.raises(NotFoundError) as caught:
        list(small.get_all_documents(select_fields=["prise"]))
    assert str(caught.value) == (
        "No field 'prise' in dataset 'small'. It has: 'price', 'title', '_id', 'group', "
        f"'{V}', '_cluster_.{V}.by-hand'."
    )


def test_a_label_is_selected_by_its_path_or_with_all_labels(small: Dataset) -> None:
    for name in ("_cluster_", f"_cluster_.{V}.by-hand"):
        first = next(small.get_all_documents(select_fields=[name]))
        assert first == {"_id": "d0-00", "_cluster_": {V: {"by-hand": "cluster-0"}}}


def test_a_sample_is_repeatable_without_replacement(small: Dataset) -> None:
    one, other = small.sample(20, random_state=3), small.sample(20, random_state=3)
    assert one == other
    assert len({document["_id"] for document in one}) == 20
    assert small.sample(20, random_state=4) != one
    assert len(small.sample(1000)) == 60
    with pytest.raises(InvalidInputError, match=r"n is a whole number from 0, but got -1\."):
        small.sample(-1)


def test_head_is_a_table_without_vectors(small: Dataset) -> None:
    table = small.head(2)
    assert len(table) == 2
    assert "thing 1 of group 0" in table._repr_html_()
    assert V not in table.columns
    assert len(small.head(0)) == 0
    for wrong in (-1, 1.5, True, "5", None):
        message = f"n is a whole number from 0, but got {wrong!r}."
        with pytest.raises(InvalidInputError, match=f"^{re.escape(message)}$"):
            small.head(wrong)


def test_an_upsert_of_what_was_read_changes_nothing_but_tells(
    own_small: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    before = list(own_small.get_all_documents())
    report = own_small.upsert_documents(before)
    assert (report.inserted, report.updated) == (0, 60)
    assert list(own_small.get_all_documents()) == before
    assert capsys.readouterr().err == (
        "relevanceai: did not take '_cluster_' from the documents: the dataset works these out "
        "itself; labels are set by cluster() or set_cluster_labels()\n"
    )


def test_a_dataframe_comes_in_row_by_row(client: Client) -> None:
    frame = pd.DataFrame(
        {
            "_id": [1, 2, 3],
            "title": pd.array(["a", None, "c"], dtype="str"),
            "price": [1.5, float("nan"), 3.0],
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "seen": pd.to_datetime(["2022-01-01", None, "2022-01-03"]),
            "kind": pd.Categorical(["x", "y", None]),
            V: [np.array([1.0, 2.0]), None, [3, 4]],
        },
        index=[10, 10, 12],
    )
    dataset = client.Dataset("d")
    assert dataset.insert_pandas_dataframe(frame).inserted == 3
    assert list(dataset.get_all_documents()) == [
        {
            "_id": "1",
            "title": "a",
            "price": 1.5,
            "whole": 1,
            "seen": dt.datetime(2022, 1, 1),
            "kind": "x",
            V: [1.0, 2.0],
        },
        {"_id": "2", "kind": "y"},
        {
            "_id": "3",
            "title": "c",
            "price": 3.0,
            "whole": 3,
            "seen": dt.datetime(2022, 1, 3),
            V: [3.0, 4.0],
        },
    ]


def test_a_frame_that_cannot_be_read_is_refused(client: Client) -> None:
    dataset = client.Dataset("d")
    with pytest.raises(InvalidInputError) as caught:
        dataset.insert_pandas_dataframe([{"_id": "a"}])  # type: ignore[arg-type]
    assert str(caught.value) == (
        "insert_pandas_dataframe was given list. Pass a pandas DataFrame, or use "
        "insert_documents for a list of dicts."
    )
    with pytest.raises(InvalidInputError) as caught:
        dataset.insert_pandas_dataframe(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    assert str(caught.value) == (
        "The DataFrame has columns of the same name: 'a'. Give each its own."
    )
    with pytest.raises(InvalidInputError, match=r"is named 0 \(int\). Field names are text."):
        dataset.insert_pandas_dataframe(pd.DataFrame([[1, 2]]))


def test_documents_that_are_no_list_are_refused(client: Client) -> None:
    with pytest.raises(InvalidInputError) as caught:
        client.Dataset("d").insert_documents(7)  # type: ignore[arg-type]
    assert str(caught.value) == "Documents come as a list of dicts, but got int."
    with pytest.raises(InvalidInputError) as caught:
        client.Dataset("d").insert_documents({"_id": "a"})  # type: ignore[arg-type]
    assert str(caught.value) == (
        "Documents come as a list of dicts, but got one dict. Pass [document]."
    )


def test_documents_may_come_from_a_generator(client: Client) -> None:
    dataset = client.Dataset("d")
    assert dataset.insert_documents({"_id": str(one)} for one in range(5)).inserted == 5


# ---------------------------------------------------------------------------- clustering


def test_a_named_model_finds_the_groups(own_small: Dataset) -> None:
    ops = own_small.cluster("kmeans", n_clusters=3, alias="found")
    assert isinstance(ops, ClusterVizOps)
    assert sorted(ops.sizes().values()) == [10, 20, 30]
    assert own_small.list_cluster_aliases() == ["by-hand", "found"]
    assert sorted(own_small.cluster("kmeans", n_clusters=3).sizes().values()) == [10, 20, 30]
    assert own_small.list_cluster_aliases() == ["by-hand", "found", "kmeans-3"]


def test_an_object_with_fit_predict_is_a_model(client: Client) -> None:
    from sklearn.cluster import DBSCAN

    dataset = put(client, [[0.0, 0], [0, 1], [9, 9], [9, 8], [50, -50]])
    ops = dataset.cluster(DBSCAN(eps=2, min_samples=2), alias="db")
    assert labels_of(dataset, "db") == ["cluster-0"] * 2 + ["cluster-1"] * 2 + ["outlier"]
    assert ops.sizes() == {"cluster-0": 2, "cluster-1": 2, "outlier": 1}
    assert ops.list_cluster_ids() == ["cluster-0", "cluster-1"]
    assert dataset.clusterings()[0].n_outliers == 1


@pytest.mark.parametrize("alias", ["", " ", "a\x00b"])
def test_a_name_that_cannot_be_is_refused_before_the_model_runs(
    own_small: Dataset, alias: str
) -> None:
    class Unwanted:
        def fit_predict(self, vectors: object) -> object:
            raise AssertionError("the model has run")

    before = own_small.list_cluster_aliases()
    for how in ({"model": Unwanted()}, {"byo_cluster_field": "_id"}):
        with pytest.raises(InvalidInputError, match="alias"):
            own_small.cluster(**how, alias=alias)  # type: ignore[arg-type]
    assert own_small.list_cluster_aliases() == before


def test_clustering_the_same_alias_again_replaces_it(client: Client) -> None:
    dataset = put(client, [[0.0, 0], [0, 1], [9, 9]])
    dataset.cluster(n_clusters=2, alias="a")
    ops = dataset.cluster(n_clusters=1, alias="a")
    assert ops.list_cluster_ids() == ["cluster-0"]
    assert dataset.list_cluster_aliases() == ["a"]


def test_documents_without_the_vector_are_skipped_and_counted(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = put(client, [None, [0.0, 0], None, [9.0, 9]])
    dataset.cluster(n_clusters=2, alias="a")
    assert [one is None for one in labels_of(dataset, "a")] == [True, False, True, False]
    assert capsys.readouterr().err == (
        f"relevanceai: 2 of 4 documents of 'd' have no {V} and are not clustered in 'a'\n"
    )
    assert dataset.clusterings()[0].n_unclustered == 2


def test_brought_labels_become_ids(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    vectors = [[float(row), 1.0] for row in range(6)]
    dataset = put(client, vectors, mine=[3, 3.0, "boots", -1, None, 10])
    ops = dataset.cluster(byo_cluster_field="mine", alias="brought")
    assert labels_of(dataset, "brought") == [
        "cluster-3",
        "cluster-3",
        "boots",
        "outlier",
        None,
        "cluster-10",
    ]
    assert ops.list_cluster_ids() == ["boots", "cluster-3", "cluster-10"]
    assert "1 of 6 documents of 'd' have no look_vector_ or no label" in capsys.readouterr().err
    assert dataset.cluster(byo_cluster_field="mine").alias == "mine"


def test_labels_come_aligned_or_by_id(client: Client) -> None:
    dataset = put(client, [[1.0], [2.0], [3.0]])
    by_row = [0, 1, 0]
    by_id = {"2": 0, "0": 0, "1": 1}
    for labels in (
        by_row,
        np.array(by_row),
        pd.Series(by_row),
        by_id,
        pd.Series(by_id),
        pd.Series([0, 1, 0], index=[2, 1, 0]),
    ):
        ops = dataset.set_cluster_labels([V], "given", labels)
        assert ops.sizes() == {"cluster-0": 2, "cluster-1": 1}
        assert labels_of(dataset, "given") == ["cluster-0", "cluster-1", "cluster-0"]
    dataset.set_cluster_labels(V, "some", {"1": "only"})
    assert labels_of(dataset, "some") == [None, "only", None]


def test_labels_in_order_hold_after_a_document_was_changed(client: Client) -> None:
    dataset = put(client, [[1.0], [2.0], [3.0]])
    dataset.upsert_documents([{"_id": "0", "title": "edited"}])
    assert [one["_id"] for one in dataset.get_all_documents()] == ["0", "1", "2"]
    dataset.set_cluster_labels([V], "given", ["a", "b", "c"])
    assert labels_of(dataset, "given") == ["a", "b", "c"]
    dataset.cluster(byo_cluster_field="_id", alias="own")
    assert labels_of(dataset, "own") == ["0", "1", "2"]


def test_the_text_minus_one_is_told_from_noise(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = put(client, [[1.0], [2.0]])
    assert dataset.set_cluster_labels([V], "a", ["-1", "x"]).sizes() == {"-1": 1, "x": 1}
    assert capsys.readouterr().err == (
        "relevanceai: the label '-1' is text, so it is a cluster; noise is the number -1 or "
        "'outlier'\n"
    )


def test_a_frame_indexed_by_id_keeps_its_ids(client: Client) -> None:
    frame = pd.DataFrame({"_id": ["a", "b"], "n": [1, 2]}).set_index("_id")
    dataset = client.Dataset("d")
    dataset.insert_pandas_dataframe(frame)
    dataset.upsert_pandas_dataframe(frame + 1)
    assert list(dataset.get_all_documents()) == [{"_id": "a", "n": 2}, {"_id": "b", "n": 3}]


def test_made_ids_and_mixed_fields_are_told(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    report = client.Dataset("d").insert_documents([{"n": 1}, {"n": "one"}, {"n": [1]}])
    assert (len(report.made_ids), report.mixed_fields) == (3, ("n",))
    assert capsys.readouterr().err == (
        "relevanceai: 'n' hold values of several kinds and are kept as JSON: they come back as "
        "they are, but do not compare as numbers or dates\n"
        "relevanceai: 3 documents came without `_id` and got one; what is inserted again is added "
        "again\n"
    )


def test_skipped_documents_are_reported(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    documents = [
        {"_id": "a", V: [1, 2]},
        {"_id": "b", V: [1]},
        {"_id": "c", "f": {1}},
        {"_id": "a"},
        "no document",
    ]
    report = client.Dataset("d").insert_documents(documents, on_error="skip")  # type: ignore[arg-type]
    assert report.inserted == 1
    assert set(report.failed) == {"a", "b", "c", "#4"}
    assert "4 documents could not be taken" in capsys.readouterr().err
    again = client.Dataset("d").insert_documents([{"_id": "a"}, {"_id": "e"}], on_error="skip")
    assert (again.inserted, again.failed) == (1, {"a": "is in the dataset already"})


def test_arrays_and_named_lists_are_vectors(client: Client) -> None:
    dataset = client.Dataset("d")
    dataset.insert_documents([{"_id": "a", "emb": np.array([1.0, 2.0]), "ragged": np.ones(2)}])
    dataset.insert_documents(
        [{"_id": "b", "emb": [3, 4], "other": [5, 6]}], vector_fields=["other"]
    )
    assert dataset.list_vector_fields() == ["emb", "ragged", "other"]
    assert dataset.cluster(n_clusters=2, vector_fields=["emb"]).list_cluster_ids() == [
        "cluster-0",
        "cluster-1",
    ]


def test_labels_that_do_not_fit_are_refused(client: Client) -> None:
    dataset = put(client, [[1.0], [2.0]])
    with pytest.raises(InvalidInputError) as caught:
        dataset.set_cluster_labels([V], "a", [1, 2, 3])
    assert str(caught.value) == (
        "There are 3 labels for 2 documents of 'd'. Pass one per document in the order of "
        "get_all_documents(), or a dict by `_id`."
    )
    with pytest.raises(NotFoundError) as not_there:
        dataset.set_cluster_labels([V], "a", {"0": 1, "x": 2})
    assert str(not_there.value) == (
        "1 of 2 labels are for an `_id` that is not in dataset 'd': 'x'."
    )
    with pytest.raises(InvalidInputError, match="cluster-3"):
        dataset.set_cluster_labels([V], "a", [3, "cluster-3"])
    with pytest.raises(InvalidInputError, match="Labels come as a list"):
        dataset.set_cluster_labels([V], "a", "xy")
    with pytest.raises(InvalidInputError, match="An alias name must not be empty"):
        dataset.set_cluster_labels([V], " ", [1, 2])
    assert dataset.list_cluster_aliases() == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"vector_fields": ["lok_vector_"]},
            NotFoundError,
            "No vector field 'lok_vector_' in dataset 'd'. It has: 'look_vector_'. "
            "A vector field's name ends in '_vector_', or vector_fields=[...] names it at insert.",
        ),
        (
            {"vector_fields": []},
            InvalidInputError,
            "vector_fields names []. Pass at least one vector field, each once.",
        ),
        (
            {"byo_cluster_field": "lable"},
            NotFoundError,
            "No field 'lable' in dataset 'd'. It has: 'label', 'look_vector_', '_id'.",
        ),
        (
            {"byo_cluster_field": "label", "n_clusters": 3},
            InvalidInputError,
            "byo_cluster_field brings the labels, so there is no model to run. Pass either "
            "byo_cluster_field, or model, n_clusters and model_kwargs.",
        ),
    ],
)
def test_a_clustering_that_cannot_be_is_refused(
    client: Client, arguments: dict[str, object], error: type[Exception], message: str
) -> None:
    dataset = put(client, [[1.0], [2.0]], label=[0, 1])
    with pytest.raises(error) as caught:
        dataset.cluster(**arguments)  # type: ignore[arg-type]
    assert str(caught.value) == message
    assert dataset.list_cluster_aliases() == []


def test_no_vectors_or_several_ask_which(client: Client) -> None:
    bare = client.Dataset("bare")
    bare.insert_documents([{"_id": "a"}])
    with pytest.raises(InvalidInputError) as caught:
        bare.cluster()
    assert str(caught.value) == (
        "Dataset 'bare' has no vector field. Insert documents with vectors: in a field whose name "
        "ends in '_vector_', or named in vector_fields=[...]."
    )
    two = client.Dataset("two")
    two.insert_documents([{"_id": "a", "a_vector_": [1], "b_vector_": [2]}])
    with pytest.raises(InvalidInputError) as caught:
        two.cluster()
    assert str(caught.value) == (
        "Dataset 'two' has 2 vector fields: 'a_vector_', 'b_vector_'. "
        "Pass one of them, or several to join them: vector_fields=['a_vector_']."
    )


def test_vectors_that_were_all_taken_away_say_so(client: Client) -> None:
    dataset = put(client, [[1.0], [2.0]])
    dataset.upsert_documents([{"_id": "0", V: None}, {"_id": "1", V: None}])
    with pytest.raises(InvalidInputError) as caught:
        dataset.cluster()
    assert str(caught.value) == (
        f"None of the 2 documents of 'd' has '{V}'. Insert vectors, or pass other vector_fields."
    )


def test_a_new_document_reads_as_not_clustered(own_small: Dataset) -> None:
    own_small.insert_documents([{"_id": "new", V: [0.0] * 8}])
    assert "_cluster_" not in own_small.get_documents_by_ids("new")[0]
    assert own_small.clusterings()[0].n_unclustered == 1
    assert own_small.ClusterOps().sizes() == {"cluster-0": 30, "cluster-1": 20, "cluster-2": 10}


@pytest.mark.parametrize("n_documents", [1, 2, 3, 4])
def test_few_documents_and_identical_ones_cluster(client: Client, n_documents: int) -> None:
    dataset = put(client, [[1.0, 2.0]] * n_documents)
    ops = dataset.cluster(n_clusters=n_documents, alias="same")
    assert sum(ops.sizes().values()) == n_documents
    assert np.isfinite(ops.centroid_similarity().to_numpy()).all()


# ---------------------------------------------------------------------------- samples


def test_a_deleted_sample_stays_deleted_until_it_is_loaded(
    own_sample: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Client(own_sample.workspace)
    own_sample.delete()
    assert client.list_datasets() == []
    with pytest.raises(NotFoundError) as caught:
        _ = client.Dataset("ecommerce").shape
    assert str(caught.value) == (
        f"No dataset 'ecommerce' in {client.workspace}. It has: nothing yet. It is a sample that "
        "was deleted: client.load_sample('ecommerce') brings it back."
    )
    assert capsys.readouterr().err == ""


def test_inserting_into_a_sample_name_never_builds_it(client: Client) -> None:
    client.Dataset("ecommerce").insert_documents([{"_id": "mine"}])
    assert client.Dataset("ecommerce").shape == (1, 1)


def test_media_lies_in_the_dataset_folder(small: Dataset, small_home: Path) -> None:
    assert small.media_folder == small_home / "datasets" / "small" / "media"
    assert small.media_folder.is_dir()


def test_an_id_that_is_there_is_refused(own_small: Dataset) -> None:
    with pytest.raises(DuplicateIdError, match="Use upsert_documents"):
        own_small.insert_documents([{"_id": "d0-00"}])


def test_a_field_kept_as_lists_is_not_silently_left_so(client: Client) -> None:
    lists = client.Dataset("lists")
    lists.insert_documents([{"embedding": [float(i), 1.0]} for i in range(4)])
    documents = list(lists.get_all_documents())
    way = (
        "To make vectors of them: documents = list(dataset.get_all_documents()), which have their "
        "`_id`; dataset.drop_field('embedding'); "
        "dataset.upsert_documents(documents, vector_fields=['embedding'])."
    )
    for call, problem in (
        (lists.cluster, "Dataset 'lists' has no vector field. 'embedding' holds lists or dicts."),
        (
            lambda: lists.upsert_documents(documents, vector_fields=["embedding"]),
            "vector_fields names 'embedding', which is kept as json in dataset 'lists'.",
        ),
    ):
        with pytest.raises(InvalidInputError) as caught:
            call()
        assert str(caught.value) == f"{problem} {way}"
    lists.drop_field("embedding")
    lists.upsert_documents(documents, vector_fields=["embedding"])
    assert lists.schema["embedding"] == {"vector": 2}
    assert lists.shape[0] == 4


def test_an_argument_of_the_model_is_sent_to_model_kwargs(client: Client) -> None:
    dataset = client.Dataset("d")
    with pytest.raises(InvalidInputError) as caught:
        dataset.cluster("hdbscan", min_cluster_size=5)
    assert str(caught.value) == (
        "cluster() takes no argument 'min_cluster_size'. It takes: 'n_clusters', "
        "'byo_cluster_field', 'random_state', 'vector_fields', 'model_kwargs', 'model', 'alias'. "
        "Arguments of the model go into model_kwargs={'min_cluster_size': 5}."
    )


def test_a_number_in_the_place_of_the_model_is_sent_to_n_clusters(client: Client) -> None:
    with pytest.raises(InvalidInputError) as caught:
        client.Dataset("d").cluster(10, ["v_vector_"])  # type: ignore[arg-type]
    assert str(caught.value) == (
        "cluster() takes the model first, but got the number 10. Pass it as n_clusters=10, and the "
        "vector field as vector_fields=[...]."
    )
