"""Pages, cursors, order, samples and selections of documents."""

import math
from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.documents.paging import sort_keys
from relevanceai.errors import InvalidInputError, NotFoundError

PATH = "_cluster_.look_vector_.by-hand"


def pages(dataset: Dataset, **asked: Any) -> list[list[str]]:
    """The ids of every page, cursor by cursor."""
    found, cursor = [], None
    while True:
        page = dataset.get_documents(cursor=cursor, **asked)
        found.append([one["_id"] for one in page["documents"]])
        cursor = page["cursor"]
        if cursor is None:
            return found


def test_pages_cover_everything_once(small: Dataset) -> None:
    ids = [one["_id"] for one in small.get_all_documents()]
    found = pages(small, page_size=25)
    assert [len(page) for page in found] == [25, 25, 10]
    assert list(chain(*found)) == ids
    assert small.get_documents()["count"] == 60
    kept = pages(small, page_size=7, filters=small["price"] >= 20)
    assert list(chain(*kept)) == [
        one["_id"] for one in small.get_all_documents() if one["price"] >= 20
    ]


def test_a_cursor_stays_with_its_version(own_small: Dataset) -> None:
    asked: dict[str, Any] = {"page_size": 20, "sort": {"price": "desc"}}
    before = pages(own_small, **asked)
    first = own_small.get_documents(**asked)
    own_small.upsert_documents([{"_id": "d0-00", "price": 1000.0}, {"_id": "new", "price": 15.0}])
    second = own_small.get_documents(cursor=first["cursor"], **asked)
    third = own_small.get_documents(cursor=second["cursor"], **asked)
    ids = [[one["_id"] for one in page["documents"]] for page in (first, second, third)]
    assert ids == before
    assert third["cursor"] is None
    assert (third["count"], own_small.get_documents()["count"]) == (60, 61)


def test_a_wrong_cursor_is_refused(own_small: Dataset, client: Client) -> None:
    cursor = own_small.get_documents(page_size=5, filters=own_small["price"] > 3)["cursor"]
    with pytest.raises(InvalidInputError) as other_filters:
        own_small.get_documents(cursor=cursor)
    assert str(other_filters.value) == (
        "The cursor belongs to other filters or another sort of dataset 'small'. Pass those of "
        "the first page, or None as cursor for a first page of these."
    )
    for wrong in ("", "abc", "é", cursor[:-3], cursor + "A", 7):
        with pytest.raises(InvalidInputError) as none:
            own_small.get_documents(cursor=wrong)  # type: ignore[arg-type]
        assert str(none.value) == (
            f"This is no cursor: {wrong!r:.60}. Pass the 'cursor' of the page before, as it is, or "
            "None for the first page."
        )
    client.Dataset("other").insert_documents([{"_id": "1"}, {"_id": "2"}])
    foreign = client.Dataset("other").get_documents(page_size=1)["cursor"]
    with pytest.raises(InvalidInputError) as elsewhere:
        own_small.get_documents(page_size=1, cursor=foreign)
    assert str(elsewhere.value) == (
        "The cursor is of another dataset, or of a version of dataset 'small' that is no longer "
        "there. Ask for the first page again."
    )


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "n": st.integers(-2, 2) | st.sampled_from([-(2**63), 2**63 - 1]),
    "f": st.sampled_from([0.5, -1.0, math.nan, math.inf, -math.inf, 2.0]),
    "t": st.sampled_from(["", "a", "b", "Z", "é", "z"]),
    "b": st.booleans(),
}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_sorting_equals_pythons(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    drawn = data.draw(st.lists(st.fixed_dictionaries({}, optional=VALUES), min_size=1, max_size=12))
    rows = [{"_id": f"{i:02}", "always": 1, **one} for i, one in enumerate(drawn)]
    there = sorted({name for row in rows for name in row} & VALUES.keys())
    dataset = Client(tmp_path_factory.mktemp("sort")).Dataset("d")
    dataset.insert_documents(rows)
    names = data.draw(st.lists(st.sampled_from(there), unique=True, max_size=2)) if there else []
    sort = [{name: data.draw(st.sampled_from(["asc", "desc"]))} for name in names]
    expected = list(rows)
    for one in reversed(sort):
        ((name, order),) = one.items()
        plain = [r for r in expected if r.get(name) is not None and r[name] == r[name]]
        nans = [r for r in expected if r.get(name) is not None and r[name] != r[name]]
        missing = [r for r in expected if r.get(name) is None]
        plain.sort(key=lambda r: r[name], reverse=order == "desc")  # stable both ways
        expected = plain + nans + missing
    found = pages(dataset, page_size=data.draw(st.integers(1, 5)), sort=sort)
    assert list(chain(*found)) == [row["_id"] for row in expected]


def test_labels_sort_in_the_order_of_the_clusters(own_small: Dataset) -> None:
    own_small.insert_documents([{"_id": "late", "price": 0.0}])
    page = own_small.get_documents(100, sort=[{PATH: "desc"}, "price"], include_vector=False)
    ids = [one["_id"] for one in page["documents"]]
    assert (ids[0], ids[10], ids[-1]) == ("d2-00", "d1-00", "late")


@pytest.mark.parametrize("sort", [5, {"price": "up"}, [["price"]], {}, [{1: "asc"}]])
def test_a_wrong_sort_is_refused(sort: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        sort_keys(sort)
    assert str(caught.value) == (
        f"sort takes a field, {{'field': 'asc' | 'desc'}} or a list of these, but got {sort!r}."
    )


def test_vectors_have_no_order(small: Dataset) -> None:
    with pytest.raises(InvalidInputError) as caught:
        small.get_documents(sort="look_vector_")
    assert str(caught.value) == (
        "Cannot sort by 'look_vector_': it holds vector. Sort by text, numbers, bools, dates or "
        "labels."
    )
    with pytest.raises(InvalidInputError, match=r"from 1, but got 0\."):
        small.get_documents(0)


def test_selecting_fields(small: Dataset) -> None:
    page = small.get_documents(1, select_fields=["price", PATH])
    assert page["documents"] == [
        {"_id": "d0-00", "price": 0.0, "_cluster_": {"look_vector_": {"by-hand": "cluster-0"}}}
    ]
    assert "look_vector_" not in small.get_documents(1, include_vector=False)["documents"][0]
    with pytest.raises(NotFoundError, match="No field 'pric'"):
        small.get_documents(1, select_fields=["pric"])


def test_an_iterator_stays_with_its_version(own_small: Dataset) -> None:
    documents = own_small.get_all_documents(filters=own_small["price"] < 5)
    own_small.upsert_documents([{"_id": "d0-00", "price": 99.0}])
    assert [one["_id"] for one in documents] == [f"d0-{i:02}" for i in range(5)]
    with pytest.raises(NotFoundError):  # at once, not when it is read
        own_small.get_all_documents(select_fields=["nope"])


def test_a_selection_is_a_list_of_documents(small: Dataset) -> None:
    cheap = small.filter(small["price"] < 3)
    assert len(cheap) == 3
    assert [one["_id"] for one in cheap] == ["d0-00", "d0-01", "d0-02"]
    assert cheap[-1]["_id"] == "d0-02"
    assert [one["_id"] for one in cheap[1:]] == ["d0-01", "d0-02"]
    assert cheap[5:9] == []
    with pytest.raises(IndexError):
        cheap[3]
    frame = cheap.to_pandas_dataframe()
    assert frame["price"].tolist() == [0.0, 1.0, 2.0]
    assert frame[PATH].tolist() == ["cluster-0"] * 3
    assert len(small.filter(small["price"] > 1e9)) == 0
    assert list(small.filter(small["price"] > 1e9)) == []


def test_samples_are_of_what_passes(small: Dataset) -> None:
    drawn = small.sample(5, random_state=1, filters=small["group"] == 2)
    assert len(drawn) == 5
    assert {one["group"] for one in drawn} == {2}
    assert drawn == small.sample(5, random_state=1, filters=small["group"] == 2)
    assert len(small.sample(100)) == 60


def test_the_head_is_a_table(small: Dataset) -> None:
    table = small.head(2)
    assert len(table) == 2
    assert "thing 1 of group 0" in table.html
    assert "look_vector_" not in table.columns
    assert len(small.head(0)) == 0


def test_the_order_is_that_of_insertion_after_a_change(own_small: Dataset) -> None:
    ids = [one["_id"] for one in own_small.get_all_documents()]
    own_small.upsert_documents([{"_id": "d0-03", "price": -5.0}])
    assert list(chain(*pages(own_small, page_size=13))) == ids
    assert [one["_id"] for one in own_small.filter(own_small["price"] < 4)] == ids[:4]
    assert own_small["_id"].values == ids
    assert own_small.to_pandas_dataframe()["_id"].tolist() == ids
