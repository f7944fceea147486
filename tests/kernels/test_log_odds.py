"""Log-odds with priors, and c-TF-IDF: against the formulas, one term at a time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from naive import c_tf_idf as naive_c_tf_idf
from naive import weighted_log_odds as naive_weighted_log_odds
from relevanceai.kernels.c_tf_idf import c_tf_idf
from relevanceai.kernels.log_odds import share_log_odds, weighted_log_odds

TERMS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(0, 50), st.floats(0.01, 20)), min_size=2, max_size=8
)


@given(TERMS)
def test_the_weighted_log_odds_are_monroes(rows: list[tuple[int, int, float]]) -> None:
    counts, others, prior = (list(column) for column in zip(*rows, strict=True))
    found, deviation = weighted_log_odds(np.array(counts), np.array(others), np.array(prior))
    expected = np.array(naive_weighted_log_odds(counts, others, prior))
    np.testing.assert_allclose(found, expected[:, 0], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(deviation, expected[:, 1])


def test_an_informative_prior_ranks_a_rare_term_below_a_common_one() -> None:
    counts, others = np.array([2, 90, 108]), np.array([0, 10, 190])
    total = counts + others
    found, deviation = weighted_log_odds(counts, others, total * 3 / total.sum())
    z = found / deviation
    assert z[0] < z[1]


def test_a_single_term_is_odd_against_nothing() -> None:
    found, deviation = weighted_log_odds(np.array([5]), np.array([9]), np.array([1.0]))
    assert found.tolist() == [0.0]
    assert np.isfinite(deviation).all()


def test_two_of_two_is_bounded_below_ninety_of_a_hundred() -> None:
    few, few_sd = share_log_odds(np.array([2]), 2, np.array([10]), 100)
    many, many_sd = share_log_odds(np.array([90]), 100, np.array([10]), 100)
    assert few[0] - 1.96 * few_sd[0] < many[0] - 1.96 * many_sd[0]
    everything, _ = share_log_odds(np.array([0, 7]), 7, np.array([9, 0]), 9)
    assert np.isfinite(everything).all()


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=4))
def test_c_tf_idf_is_the_formula(counts: list[list[int]]) -> None:
    np.testing.assert_allclose(c_tf_idf(np.array(counts)), naive_c_tf_idf(counts), atol=1e-12)
