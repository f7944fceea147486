"""Cluster ids: spelling and natural order."""

from hypothesis import example, given
from hypothesis import strategies as st

import naive
from relevanceai.clustering.ids import OUTLIER, cluster_id, natural_key, natural_order

names = st.text(alphabet="abAB01 29-_ß²٣é", max_size=8) | st.sampled_from(
    [OUTLIER, "cluster-2", "cluster-10", "Outlier"]
)


@given(st.lists(names, max_size=12))
@example(["a1", "1a", "", "1", "a"])
def test_order_equals_the_definition(ids):
    assert natural_order(ids) == naive.natural_order(ids)


@given(st.lists(names, max_size=12), st.randoms())
def test_order_does_not_depend_on_where_one_began(ids, random):
    shuffled = ids.copy()
    random.shuffle(shuffled)
    assert natural_order(shuffled) == natural_order(ids)


@given(names, names)
def test_only_equal_ids_have_equal_keys(one, other):
    assert (natural_key(one) == natural_key(other)) == (one == other)


def test_numbers_in_ids_are_compared_as_numbers_and_outlier_is_last():
    wanted = ["boots 2", "Boots 10", "cluster-2", "cluster-10", "zebra", "outlier"]
    assert natural_order(reversed(wanted)) == wanted


def test_spellings_that_differ_only_in_case_or_zeros_keep_one_order():
    assert natural_order(["a-01", "b", "a-1", "B"]) == ["a-01", "a-1", "B", "b"]


def test_numbers_of_any_length_are_ordered():
    long = "9" * 10_000
    assert natural_order([f"c-1{long}", f"c-{long}", "c-5"]) == ["c-5", f"c-{long}", f"c-1{long}"]


def test_numbers_become_ids():
    assert [cluster_id(number) for number in (0, 12)] == ["cluster-0", "cluster-12"]
