"""Two shares compared: Fisher's test against plain counting, intervals that are never empty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive import benjamini_hochberg as naive_benjamini_hochberg
from naive import fisher
from relevanceai.kernels import shares
from relevanceai.kernels.discoveries import benjamini_hochberg
from relevanceai.kernels.shares import share_differences

TABLES = st.tuples(st.integers(1, 30), st.integers(1, 30)).flatmap(
    lambda of: st.tuples(
        st.just(of),
        st.lists(st.tuples(st.integers(0, of[0]), st.integers(0, of[1])), min_size=1, max_size=6),
    )
)


@given(TABLES)
def test_the_p_values_are_fishers(table: tuple[tuple[int, int], list[tuple[int, int]]]) -> None:
    (of, other_of), rows = table
    hits, other_hits = np.array(rows).T
    found = share_differences(hits, of, other_hits, other_of)
    expected = [fisher(a, of, b, other_of) for a, b in rows]
    np.testing.assert_allclose(found.p_value, expected, rtol=1e-9)
    for place, (a, b) in enumerate(rows):
        total = a + b
        splits = range(max(0, total - other_of), min(of, total) + 1)
        least = min(fisher(k, of, total - k, other_of) for k in splits)
        assert found.least_p[place] == pytest.approx(least)


@given(TABLES)
def test_the_interval_holds_the_difference_and_is_never_empty(
    table: tuple[tuple[int, int], list[tuple[int, int]]],
) -> None:
    (of, other_of), rows = table
    hits, other_hits = np.array(rows).T
    found = share_differences(hits, of, other_hits, other_of)
    assert (found.low <= found.difference).all()
    assert (found.difference <= found.high).all()
    assert (found.high - found.low > 0.01).all()
    assert (np.abs([found.low, found.high]) <= 1).all()


def test_two_of_two_is_less_evidence_than_ninety_of_a_hundred() -> None:
    few = share_differences(np.array([2]), 2, np.array([10]), 100)
    many = share_differences(np.array([90]), 100, np.array([10]), 100)
    assert few.difference[0] > many.difference[0]
    assert few.low[0] < many.low[0]


def test_cutting_the_work_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    hits, other_hits = rng.integers(0, 50, 200), rng.integers(0, 70, 200)
    whole = share_differences(hits, 50, other_hits, 70)
    monkeypatch.setattr(shares, "_TERMS_AT_ONCE", 30)
    cut = share_differences(hits, 50, other_hits, 70)
    np.testing.assert_array_equal(whole.p_value, cut.p_value)
    np.testing.assert_array_equal(whole.least_p, cut.least_p)


def test_no_pairs_give_no_differences() -> None:
    none = np.empty(0, np.int64)
    assert len(share_differences(none, 3, none, 4).p_value) == 0


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.01, 0.5))
def test_q_values_keep_what_benjamini_and_hochberg_keep(p: list[float], level: float) -> None:
    q_values = benjamini_hochberg(np.array(p, dtype=np.float64))
    assert ((q_values >= p) & (q_values <= 1)).all()
    is_kept = np.array(naive_benjamini_hochberg(p, level), dtype=bool)
    on_the_edge = np.isclose(q_values, level, rtol=1e-9)
    assert ((q_values <= level) == is_kept)[~on_the_edge].all()
