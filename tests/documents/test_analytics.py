"""Counts, facets, groups and gaps equal plain Python's."""

import datetime as dt
import math
import statistics
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError

PATH = "_cluster_.look_vector_.by-hand"


@pytest.fixture
def mixed(client: Client) -> Dataset:
    dataset = client.Dataset("d")
    dataset.insert_documents(
        [
            {"_id": "1", "n": 1, "f": 0.5, "t": "x", "b": True, "v_vector_": [1, 2], "j": []},
            {"_id": "2", "f": math.nan, "t": " ", "d": dt.datetime(2022, 1, 1), "j": {"a": 1}},
            {"_id": "3", "n": 2**62, "t": "x", "b": False, "v_vector_": [0, 0]},
            {"_id": "4", "n": 2**62, "t": "y", "d": dt.datetime(2022, 3, 1)},
        ]
    )
    return dataset


def test_value_counts(mixed: Dataset, small: Dataset) -> None:
    assert mixed.value_counts("t").to_dict() == {"x": 2, " ": 1, "y": 1}
    assert list(mixed.value_counts("t").index) == ["x", " ", "y"]
    assert mixed.value_counts("t", top=1).to_dict() == {"x": 2}
    counts = mixed.value_counts("j", dropna=False)
    assert (list(counts.index), counts.tolist()) == ([None, [], {"a": 1}], [2, 1, 1])
    assert small.value_counts(PATH, filters=small["price"] >= 20).to_dict() == {
        "cluster-0": 10,
        "cluster-1": 10,
        "cluster-2": 10,
    }
    with pytest.raises(InvalidInputError) as caught:
        mixed.value_counts("v_vector_")
    assert str(caught.value) == (
        "'v_vector_' holds vectors, which are not counted. Count a field of text or numbers, or a "
        "label."
    )


def test_facets(mixed: Dataset, small: Dataset) -> None:
    facets = mixed.facets()
    assert list(facets) == ["_id", "n", "f", "t", "b", "v_vector_", "j", "d"]
    assert (facets["n"]["min"], facets["n"]["max"], facets["n"]["missing"]) == (1, 2**62, 1)
    assert (facets["f"]["min"], facets["f"]["mean"], facets["f"]["std"]) == (0.5, 0.5, None)
    assert facets["t"]["values"] == {"x": 2, " ": 1, "y": 1}
    assert facets["d"]["min"] == dt.datetime(2022, 1, 1)
    assert facets["d"]["max"] == dt.datetime(2022, 3, 1)
    price = small.facets(["price"], filters=small["group"] == 0)["price"]
    assert (price["min"], price["max"], price["mean"]) == (0.0, 29.0, 14.5)
    assert price["quantiles"][0.5] == 14.5
    assert small.facets([PATH], top=1)[PATH]["values"] == {"cluster-0": 30}


def test_health(mixed: Dataset) -> None:
    health = mixed.health()
    assert health.loc["n", "missing"] == 1
    assert health.loc["n", "missing_share"] == 0.25
    assert health.loc["v_vector_", ["present", "missing", "empty"]].tolist() == [2, 2, 1]
    assert health["empty"].to_dict() == {
        "_id": 0,
        "n": 0,
        "f": 1,
        "t": 1,
        "b": 0,
        "v_vector_": 1,
        "j": 1,
        "d": 0,
    }
    assert mixed.health(filters=mixed["n"] > 10**9).loc["t", "empty"] == 0


def test_describe(small: Dataset) -> None:
    described = small.describe()
    assert described.loc["price", "count"] == 60
    assert described.loc["price", "max"] == 29.0


FIGURES: dict[str, Any] = {
    "count": len,
    "nunique": lambda there: len(set(there)),
    "min": lambda there: min(there, default=None),
    "max": lambda there: max(there, default=None),
    "sum": sum,
    "mean": lambda there: statistics.fmean(there) if there else None,
    "median": lambda there: statistics.median(there) if there else None,
    "std": lambda there: statistics.stdev(there) if len(there) > 1 else None,
    "var": lambda there: statistics.variance(there) if len(there) > 1 else None,
}


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "g": st.sampled_from(["b", "a", "", "é"]),
                "n": st.integers(-5, 5),
                "f": st.sampled_from([0.5, -1.0, 3.25, math.nan]),
                "t": st.sampled_from(["x", "y"]),
            },
        ),
        min_size=1,
        max_size=15,
    )
)
def test_groups_equal_plain_python(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    all_fields = {"g": "b", "n": 1, "f": 0.5, "t": "x"}
    rows = [all_fields, *rows]
    dataset = Client(tmp_path_factory.mktemp("groups")).Dataset("d")
    dataset.insert_documents(rows)
    metrics = [{"field": "n", "agg": agg} for agg in FIGURES]
    metrics += [{"field": "f", "agg": agg} for agg in FIGURES]
    metrics += [{"field": "t", "agg": agg} for agg in ("count", "nunique", "min", "max")]
    frame = dataset.aggregate(["g"], metrics)
    keys = sorted({row["g"] for row in rows if "g" in row})
    keys += [None] if any("g" not in row for row in rows) else []
    assert [None if pd.isna(one) else one for one in frame["g"]] == keys
    for place, key in enumerate(keys):
        members = [row for row in rows if row.get("g") == key]
        assert frame["count"][place] == len(members)
        for metric in metrics:
            field, agg = metric["field"], metric["agg"]
            there = [row[field] for row in members if field in row and row[field] == row[field]]
            expected = FIGURES[agg](there)
            found = frame[f"{agg}_{field}"][place]
            if expected is None:
                assert pd.isna(found)
            else:
                assert found == pytest.approx(expected) if field != "t" else found == expected


def test_groups_of_labels_and_of_everything(own_small: Dataset) -> None:
    own_small.insert_documents([{"_id": "late"}])
    frame = own_small.aggregate(
        [PATH],
        [{"field": "price", "agg": "mean", "name": "m"}, {"field": "look_vector_", "agg": "count"}],
    )
    assert frame[PATH].tolist()[:3] == ["cluster-0", "cluster-1", "cluster-2"]
    assert frame["count"].tolist() == [30, 20, 10, 1]
    assert frame["m"].tolist()[:3] == [14.5, 19.5, 24.5]
    assert frame["count_look_vector_"].tolist() == [30, 20, 10, 0]
    both = own_small.aggregate(["group", PATH])
    assert both["count"].tolist() == [30, 20, 10, 1]
    assert own_small.aggregate([], [{"field": "price", "agg": "sum"}])["count"].tolist() == [61]
    none = own_small.aggregate(
        [], [{"field": "price", "agg": "max"}], filters=own_small["price"] > 1e9
    )
    assert none["count"].tolist() == [0]


def test_large_sums_are_exact(mixed: Dataset) -> None:
    frame = mixed.aggregate([], [{"field": "n", "agg": "sum"}, {"field": "n", "agg": "mean"}])
    assert frame["sum_n"][0] == 2**63 + 1
    assert frame["mean_n"][0] == pytest.approx((2**63 + 1) / 3)


@pytest.mark.parametrize(
    ("by", "metrics", "error", "message"),
    [
        (["nope"], [], NotFoundError, "No field 'nope' in dataset 'd'. It has: "),
        (["v_vector_"], [], InvalidInputError, "Cannot group by 'v_vector_': it holds vectors."),
        (
            ["t"],
            [{"field": "t", "agg": "mean"}],
            InvalidInputError,
            "Cannot take the mean of 't': it holds text. Sums, means, medians and deviations are "
            "of numbers and bools; minimum and maximum of what has an order; vectors are only "
            "counted.",
        ),
    ],
)
def test_what_cannot_be_grouped(
    mixed: Dataset,
    by: list[str],
    metrics: list[dict[str, str]],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error) as caught:
        mixed.aggregate(by, metrics)
    assert str(caught.value).startswith(message)


def test_a_wrong_metric_is_refused(mixed: Dataset) -> None:
    for metrics in ([{"field": "n", "agg": "avg"}], [{"field": "n"}], ["n"]):
        with pytest.raises(InvalidInputError):
            mixed.aggregate(["t"], metrics)  # type: ignore[arg-type]
    twice = [{"field": "n", "agg": "sum"}, {"field": "n", "agg": "sum"}]
    with pytest.raises(InvalidInputError):
        mixed.aggregate(["t"], twice)
