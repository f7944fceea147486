"""leaves_from: labels of every kind, and every way in which they can be wrong."""

import datetime
import decimal
import enum

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from relevanceai.clustering.labels import leaves_from
from relevanceai.errors import InvalidInputError


def shown(values):
    """What each row is shown as, from codes, mask and ids."""
    codes, is_clustered, ids = leaves_from(values)
    assert codes.dtype == np.int32
    assert is_clustered.dtype == np.bool_
    assert codes.shape == is_clustered.shape
    assert ids == naive.natural_order(ids)
    assert sorted(set(codes[codes >= 0].tolist())) == list(range(len(ids)))
    return [
        None if not known else "outlier" if code < 0 else ids[code]
        for code, known in zip(codes.tolist(), is_clustered.tolist(), strict=True)
    ]


numbers = st.lists(st.none() | st.integers(-1, 12), max_size=20)
texts = st.lists(
    st.none() | st.sampled_from(["boots", "rain boots", "outlier", "10", "cluster-7", " x "]),
    max_size=20,
)


@given(numbers | texts)
def test_labels_equal_the_definition(values):
    assert shown(values) == naive.shown_ids(values)


@given(numbers)
def test_every_container_of_numbers_reads_alike(values):
    wanted = naive.shown_ids(values)
    gaps = [float("nan") if value is None else value for value in values]
    containers = {
        "tuple": tuple(values),
        "objects": np.array([*values, None], dtype=object)[:-1],
        "floats": np.array(gaps, dtype=np.float32),
        "masked": np.ma.MaskedArray(
            [0 if value is None else value for value in values],
            mask=[value is None for value in values],
            dtype=np.int64,
        ),
        "series of floats": pd.Series(gaps, dtype="float64"),
        "series of Int64": pd.Series(values, dtype="Int64"),
        "series of objects": pd.Series(values, dtype=object, index=np.arange(len(values)) + 5),
        "array of Int64": pd.array(values, dtype="Int64"),
        "categorical": pd.Categorical(values),
        "series of categories": pd.Series(pd.Categorical(values)),
        "index": pd.Index(values, dtype="Int64"),
        "arrow": pa.array(values, pa.int32()),
        "arrow column": pa.chunked_array([pa.array(values, pa.int64())]),
        "arrow scalars": list(pa.array(values, pa.int64())),
        "scalars": [None if value is None else np.int8(value) for value in values],
    }
    for name, container in containers.items():
        assert shown(container) == wanted, name


@given(texts)
def test_every_container_of_texts_reads_alike(values):
    wanted = naive.shown_ids(values)
    containers = {
        "objects": np.array([*values, None], dtype=object)[:-1],
        "series": pd.Series(values, dtype="str"),
        "series of objects": pd.Series(values, dtype=object),
        "categorical": pd.Categorical(values),
        "arrow": pa.array(values, pa.string()),
        "dictionary": pa.array(values, pa.string()).dictionary_encode(),
    }
    for name, container in containers.items():
        assert shown(container) == wanted, name


def test_arrays_of_text_and_of_small_integers():
    assert shown(np.array(["b", "outlier", "a"])) == ["b", "outlier", "a"]
    assert shown(np.array([3, 255], dtype=np.uint8)) == ["cluster-3", "cluster-255"]


def test_all_kinds_of_missing_are_not_clustered_and_not_noise():
    missing = [None, float("nan"), np.nan, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT")]
    assert shown([*missing, -1, 0]) == [None] * 7 + ["outlier", "cluster-0"]
    assert shown(missing) == [None] * 7


def test_many_separate_nans_read_like_one():
    assert shown([float("nan") for _ in range(1000)]) == [None] * 1000


def test_no_labels():
    codes, is_clustered, ids = leaves_from([])
    assert (codes.shape, is_clustered.shape, ids) == ((0,), (0,), [])
    assert leaves_from(np.empty(0))[2] == []


def test_noise_alone_has_no_clusters():
    assert leaves_from([-1, -1.0])[2] == []
    assert shown(["outlier"]) == ["outlier"]


def test_numbers_keep_their_gaps_and_codes_follow_the_natural_order():
    codes, _, ids = leaves_from([10, 2, 10.0, np.float64(7), -0.0])
    assert ids == ["cluster-0", "cluster-2", "cluster-7", "cluster-10"]
    assert codes.tolist() == [3, 1, 3, 2, 0]


def test_text_stays_as_it_is():
    wanted = ["Outlier", "-1", "3", "1.5", "nan", " a", "a", "Ä", "<script>", "\U0001f97e"]
    assert shown(wanted) == wanted


def test_numbers_and_text_may_stand_together_when_no_two_are_the_same():
    assert shown([3, "boots", -1, "cluster-4"]) == ["cluster-3", "boots", "outlier", "cluster-4"]


class Kind(enum.Enum):
    BOOTS = 1


class Number(enum.IntEnum):
    ONE = 1


TYPE = "Labels are whole numbers, text, or None for not clustered: turn it into text first."
WHOLE = "is not a whole number. Use whole numbers, or text for ids of your own."
BLANK = "is blank. Give the cluster a name, or use None for not clustered."
NEGATIVE = "is negative. Use 0 or more for clusters, -1 for noise and None for not clustered."


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, -2], f"Label -2 at index 1 {NEGATIVE}"),
        (np.array([4, 0, -7]), f"Label -7 at index 2 {NEGATIVE}"),
        ([0, 1.5], f"Label 1.5 at index 1 {WHOLE}"),
        (np.array([1.0, np.nan, 0.25]), f"Label 0.25 at index 2 {WHOLE}"),
        ([float("inf")], f"Label inf at index 0 {WHOLE}"),
        (pd.Series([1.0, -np.inf]), f"Label -inf at index 1 {WHOLE}"),
        (["a", ""], f"Label '' at index 1 {BLANK}"),
        ([" \t\n"], f"Label ' \\t\\n' at index 0 {BLANK}"),
        (
            ["\ud800"],
            "Label '\\ud800' at index 0 is no valid text. "
            "Replace the characters that UTF-8 cannot hold.",
        ),
        (
            [2**63],
            "Label 9223372036854775808 at index 0 is too large. "
            "Use numbers up to 9223372036854775807, or text.",
        ),
        ([0, True], f"Label True at index 1 is of type bool. {TYPE}"),
        (np.array([True, False]), f"Label True at index 0 is of type bool. {TYPE}"),
        (pd.Series([1, 0], dtype="bool"), f"Label True at index 0 is of type bool. {TYPE}"),
        ([1, [2]], f"Label [2] at index 1 is of type list. {TYPE}"),
        ([{}], f"Label {{}} at index 0 is of type dict. {TYPE}"),
        ([b"boots"], f"Label b'boots' at index 0 is of type bytes. {TYPE}"),
        ([(1, 2)], f"Label (1, 2) at index 0 is of type tuple. {TYPE}"),
        ([1j], f"Label 1j at index 0 is of type complex. {TYPE}"),
        (
            [decimal.Decimal(3)],
            f"Label Decimal('3') at index 0 is of type Decimal. {TYPE}",
        ),
        (
            [datetime.date(2024, 1, 2)],
            f"Label datetime.date(2024, 1, 2) at index 0 is of type date. {TYPE}",
        ),
        (
            np.array(["2024-01-02"], dtype="M8[ns]"),
            "Label np.datetime64('2024-01-02T00:00:00.000000000') at index 0 "
            f"is of type datetime64. {TYPE}",
        ),
        ([Kind.BOOTS], f"Label <Kind.BOOTS: 1> at index 0 is of type Kind. {TYPE}"),
        ([Number.ONE], f"Label <Number.ONE: 1> at index 0 is of type Number. {TYPE}"),
        (
            [None, 3, "a", "cluster-3"],
            "Labels 3 at index 1 and 'cluster-3' at index 3 are the same cluster id. "
            "Write all labels as numbers, or all as text.",
        ),
        (
            ["cluster-0", 0.0],
            "Labels 'cluster-0' at index 0 and 0.0 at index 1 are the same cluster id. "
            "Write all labels as numbers, or all as text.",
        ),
        (
            ["outlier", 2, -1],
            "Labels 'outlier' at index 0 and -1 at index 2 both mean noise. "
            "Write all labels as numbers, or all as text.",
        ),
        (
            "abc",
            "Labels were asked from 'abc', of type str. "
            "Pass a list, an array or a column with one label a row.",
        ),
        (
            {"a": 1},
            "Labels were asked from {'a': 1}, of type dict. "
            "Pass a list, an array or a column with one label a row.",
        ),
        (
            5,
            "Labels were asked from 5, of type int. "
            "Pass a list, an array or a column with one label a row.",
        ),
        (
            {1, 2},
            "Labels were asked from {1, 2}, of type set. "
            "Pass a list, an array or a column with one label a row.",
        ),
        (
            np.zeros((2, 3)),
            "Labels were asked from an array of shape (2, 3). "
            "Pass a one-dimensional array with one label a row.",
        ),
        (
            np.array(3),
            "Labels were asked from an array of shape (). "
            "Pass a one-dimensional array with one label a row.",
        ),
        (
            pd.DataFrame({"a": [1]}),
            "Labels were asked from an array of shape (1, 1). "
            "Pass a one-dimensional array with one label a row.",
        ),
    ],
)
def test_wrong_labels_are_named_with_what_to_do(values, message):
    with pytest.raises(InvalidInputError) as caught:
        leaves_from(values)
    assert str(caught.value) == message


def test_the_first_wrong_label_is_the_one_named():
    with pytest.raises(InvalidInputError, match=r"^Label -5 at index 1 is negative"):
        leaves_from(np.array([3, -5, 7, -9]))


def test_a_long_label_is_cut_in_the_message():
    with pytest.raises(InvalidInputError) as caught:
        leaves_from([b"x" * 1000])
    assert len(str(caught.value)) < 220


@pytest.mark.slow
def test_a_million_labels_of_each_kind():
    codes = np.random.default_rng(0).integers(-1, 5000, 1_000_000)
    for values in (codes, codes.astype(np.float32), [f"c{code}" for code in codes]):
        result, _, ids = leaves_from(values)
        assert len(ids) in (5000, 5001)
        assert len(result) == len(codes)


@pytest.mark.parametrize("late", [1, 30, 500])
def test_of_a_column_too_the_message_names_the_first_row(late):
    values = ["a", "b"] * 300
    values[late:] = [" "] * (600 - late)
    with pytest.raises(InvalidInputError, match=rf"at index {late} "):
        leaves_from(pa.chunked_array([values]))
