"""Comparisons of fields become filters, and combine as sets of documents do."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.documents.filtering import Filter, as_dicts
from relevanceai.errors import InvalidInputError, NotFoundError

ROWS: list[dict[str, object]] = [
    {"_id": "a", "price": 10, "title": "red boots", "day": dt.datetime(2022, 1, 1, tzinfo=dt.UTC)},
    {"_id": "b", "price": 20, "title": "blue shoes", "ok": True},
    {"_id": "c", "title": "x' OR 1=1 --", "ok": False},
    {"_id": "d", "price": -1, "day": dt.datetime(2022, 6, 1, tzinfo=dt.UTC)},
]


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    dataset = Client(tmp_path_factory.mktemp("filtering") / "home").Dataset("things")
    dataset.insert_documents(ROWS)
    return dataset


def passing(dataset: Dataset, filters: object) -> str:
    return "".join(one["_id"] for one in dataset.get_all_documents(filters=filters))  # type: ignore[arg-type]


def test_comparisons(things: Dataset) -> None:
    price, title, day, ok = (things[name] for name in ("price", "title", "day", "ok"))
    found = {
        "ab": price > 5,
        "b": price > np.int64(10),
        "abd": price.notnull(),
        "c": price.isnull(),
        "a": price == 10,
        "bcd": price != 10,
        "d": price <= -1,
        "ad": price.isin([10, -1]),
        "": price < -1,
    }
    assert {passing(things, one): one for one in found.values()}.keys() == found.keys()
    assert passing(things, title == "red boots") == "a"
    assert passing(things, title.contains("oo")) == "a"
    assert passing(things, title.contains("' OR 1=1")) == "c"
    assert passing(things, day > "2022-03-01") == "d"
    assert passing(things, day <= dt.date(2022, 1, 1)) == "a"
    assert passing(things, ok == True) == "b"  # noqa: E712


def test_filters_combine(things: Dataset) -> None:
    cheap, boots = things["price"] < 15, things["title"].contains("boots")
    assert passing(things, cheap & boots) == "a"
    assert passing(things, cheap | boots) == "ad"
    assert passing(things, ~cheap) == "bc"
    assert passing(things, ~(cheap & boots)) == "bcd"
    assert passing(things, (cheap & boots) | (things["price"] == 20)) == "ab"
    assert passing(things, [cheap, boots]) == "a"
    assert passing(things, [cheap, {"filter_type": "ids", "condition_value": ["d"]}]) == "d"
    assert passing(things, {"filter_type": "ids", "condition_value": iter(["a", "zz"])}) == "a"
    assert passing(things, None) == passing(things, []) == "abcd"
    assert len((cheap | boots | cheap)[0]["condition_value"]) == 3  # type: ignore[arg-type]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    left=st.integers(-2, 21),
    right=st.integers(-2, 21),
    text=st.sampled_from(["o", "OR", "", "zz"]),
)
def test_combining_filters_combines_sets(things: Dataset, left: int, right: int, text: str) -> None:
    a, b, c = things["price"] > left, things["price"] <= right, things["title"].contains(text)
    sets = [set(passing(things, one)) for one in (a, b, c)]
    every = set("abcd")
    assert set(passing(things, (a & b) | ~c)) == (sets[0] & sets[1]) | (every - sets[2])
    assert set(passing(things, ~(a | b) & c)) == (every - (sets[0] | sets[1])) & sets[2]


def test_labels_filter_too(small: Dataset) -> None:
    path = "_cluster_.look_vector_.by-hand"
    assert len(small.filter(small[path] == "cluster-1")) == 20
    assert len(small.filter(small[path].isin(["cluster-0", "cluster-2"]))) == 40
    closest = small.ClusterOps(alias="by-hand").closest(
        filters=small["price"] > 5, page_size=1, verbose=False
    )
    assert all(one["results"][0]["price"] > 5 for one in closest["results"].values())


HOSTILE = [
    "a.b",
    "",
    " ",
    "x' OR '1'='1",
    'quo"ted',
    "`tick`",
    "naïve ☃",
    "select * from t; --",
    "_rowid_",
    "%41",
    "a~2",
    "true",
    "a\\b",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_field_of_any_name_is_found(client: Client, name: str) -> None:
    dataset = client.Dataset("d")
    dataset.insert_documents(
        [{"_id": "1", name: "v'; drop"}, {"_id": "2", name: "w"}, {"_id": "3"}]
    )
    assert passing(dataset, dataset[name] == "v'; drop") == "1"
    assert passing(dataset, dataset[name].isnull()) == "3"
    assert passing(dataset, ~dataset[name].contains("'")) == "23"
    assert dataset.value_counts(name).to_dict() == {"v'; drop": 1, "w": 1}
    assert dataset.get_documents(sort={name: "desc"})["documents"][0]["_id"] == "2"
    assert dataset.to_pandas_dataframe()[name].tolist()[:2] == ["v'; drop", "w"]
    assert dataset.aggregate(name)["count"].tolist() == [1, 1, 1]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(max_size=5), value=st.text(max_size=5))
def test_hostile_filters_only_compare(things: Dataset, name: str, value: str) -> None:
    titles = {str(row["_id"]): row.get("title") for row in ROWS}
    same = "".join(key for key, title in titles.items() if title == value)
    assert passing(things, things["title"] == value) == same
    if name not in ("_id", "price", "title", "day", "ok"):
        with pytest.raises(NotFoundError, match="No field"):
            things.filter([{"field": name, "filter_type": "contains", "condition_value": value}])


def test_a_filter_has_no_truth(things: Dataset) -> None:
    with pytest.raises(InvalidInputError) as caught:
        bool(things["price"] > 10)
    assert str(caught.value) == (
        "A filter is neither true nor false. Combine filters with & | ~ and brackets: "
        "(ds['a'] > 1) & (ds['b'] == 'x')."
    )


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            "price > 10",
            "filters takes a comparison (ds['price'] > 10), a dict or a list of dicts, but got "
            "str: 'price > 10'.",
        ),
        (
            [1],
            "A filter is a dict or a comparison (ds['price'] > 10), but got int: 1.",
        ),
    ],
)
def test_what_is_no_filter_is_refused(filters: object, message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        as_dicts(filters)
    assert str(caught.value) == message


def test_the_other_side_must_be_a_filter(things: Dataset) -> None:
    with pytest.raises(InvalidInputError) as caught:
        (things["price"] > 1) & 2
    assert str(caught.value) == (
        "A filter is combined with a filter, but the other side of & is int: 2. Put brackets "
        "around each comparison: (ds['a'] > 1) & (ds['b'] == 'x')."
    )


def test_missing_is_asked_for_by_name(things: Dataset) -> None:
    with pytest.raises(InvalidInputError) as caught:
        things["price"] == None  # noqa: B015, E711
    assert str(caught.value) == (
        "A missing value equals nothing. Use ds['price'].isnull() or .notnull()."
    )


def test_filters_within_filters_have_a_bottom(things: Dataset) -> None:
    deep: Filter = things["price"] > 1
    for _ in range(200):
        deep = ~deep
    with pytest.raises(InvalidInputError, match="more than 100 deep"):
        things.filter(deep)
