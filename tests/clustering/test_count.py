"""How many clusters there are where nobody says."""

from hypothesis import given
from hypothesis import strategies as st

from relevanceai.clustering.count import COUNT_RULE, default_n_clusters


@given(st.integers(1, 10**9))
def test_the_default_number_of_clusters_is_never_more_than_there_are_documents(n_documents):
    count = default_n_clusters(n_documents)
    assert 1 <= count <= min(50, n_documents)
    assert count <= default_n_clusters(n_documents + 1)


def test_the_default_number_of_clusters_by_hand():
    assert [default_n_clusters(n) for n in (1, 3, 4, 8, 32, 1000, 5000, 10**6)] == [
        1, 1, 2, 2, 4, 22, 50, 50,
    ]  # fmt: skip


def test_the_rule_that_is_told_is_the_one_that_is_followed():
    assert COUNT_RULE == "round(sqrt(documents / 2)), from 2 to 50"
    assert [default_n_clusters(n) for n in (4, 162, 5_000, 5_101)] == [2, 9, 50, 50]
