"""A field as a light series: values, arrays, counts."""

import datetime as dt

import numpy as np
import pytest

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError

V = "look_vector_"
PATH = f"_cluster_.{V}.by-hand"


@pytest.fixture
def mixed(client: Client) -> Dataset:
    dataset = client.Dataset("d")
    dataset.insert_documents(
        [
            {"_id": "1", "n": 1, "f": 0.5, "t": "x", "b": True, "v_vector_": [1, 2], "j": [1]},
            {"_id": "2", "f": float("nan"), "t": "", "d": dt.datetime(2022, 1, 1), "j": {"a": 1}},
            {
                "_id": "3",
                "n": 3,
                "t": "x",
                "b": False,
                "v_vector_": [0, 0],
                "y": dt.date(2022, 1, 1),
            },
        ]
    )
    return dataset


def test_values_and_kinds(mixed: Dataset) -> None:
    assert mixed["n"].values == [1, None, 3]
    assert list(mixed["t"]) == ["x", "", "x"]
    assert mixed["j"].values == [[1], {"a": 1}, None]
    assert mixed["v_vector_"].values == [[1.0, 2.0], None, [0.0, 0.0]]
    assert (mixed["n"].kind, mixed["d"].kind, len(mixed["n"])) == ("integer", "local_date", 3)
    assert repr(mixed["n"]) == "Series('n', integer, 3 documents)"


def test_numpy(mixed: Dataset) -> None:
    np.testing.assert_array_equal(mixed["n"].numpy(), [1, np.nan, 3])
    np.testing.assert_array_equal(mixed["f"].numpy(), [0.5, np.nan, np.nan])
    vectors = mixed["v_vector_"].numpy()
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, [[1, 2], [np.nan, np.nan], [0, 0]])
    moments = mixed["d"].numpy()
    assert moments.dtype == np.dtype("datetime64[us]")
    assert np.isnat(moments).tolist() == [True, False, True]
    assert moments[1] == np.datetime64("2022-01-01")
    assert mixed["y"].numpy()[2] == np.datetime64("2022-01-01", "D")
    assert mixed["b"].numpy().tolist() == [True, None, False]
    assert mixed["t"].numpy().tolist() == ["x", "", "x"]


def test_labels_are_a_series(small: Dataset) -> None:
    assert small[PATH].kind == "label"
    assert small[PATH].value_counts().to_dict() == {
        "cluster-0": 30,
        "cluster-1": 20,
        "cluster-2": 10,
    }
    assert small[PATH].unique() == ["cluster-0", "cluster-1", "cluster-2"]
    assert small["group"].numpy().dtype == np.int64


def test_unique_and_counts(mixed: Dataset) -> None:
    assert mixed["t"].unique() == ["x", ""]
    assert mixed["j"].unique() == [[1], {"a": 1}]
    counts = mixed["n"].value_counts(dropna=False, top=2)
    assert list(counts.index) == [1, 3]
    assert mixed["b"].value_counts(filters=mixed["n"] > 1).to_dict() == {False: 1}


def test_a_series_sees_each_write(client: Client) -> None:
    dataset = client.Dataset("d")
    dataset.insert_documents([{"_id": "1", "n": 1}])
    series = dataset["n"]
    dataset.insert_documents([{"_id": "2", "n": 2.5}])  # rewrites the column
    assert series.values == [1.0, 2.5]
    dataset.upsert_documents([{"_id": "1", "n": 7.0}])
    assert series.values == [7.0, 2.5]


def test_the_errors(mixed: Dataset) -> None:
    with pytest.raises(NotFoundError) as caught:
        mixed["nn"]
    assert str(caught.value).startswith("No field 'nn' in dataset 'd'. It has: 'n', ")
    with pytest.raises(InvalidInputError) as wrong:
        mixed[0]  # type: ignore[index]
    assert str(wrong.value) == "A field is named by text, but got int: 0."
    with pytest.raises(InvalidInputError) as vectors:
        mixed["v_vector_"].unique()
    assert str(vectors.value) == "'v_vector_' holds vectors, which are not counted."
    with pytest.raises(InvalidInputError) as truth:
        bool(mixed["n"])
    assert str(truth.value) == "ds['n'] is neither true nor false. Compare it: ds['n'] == value."
    with pytest.raises(InvalidInputError) as isin:
        mixed["t"].isin("x")
    assert str(isin.value) == "isin takes a list of values, but got 'x'. Pass ['x']."
