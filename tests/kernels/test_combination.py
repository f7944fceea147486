"""P-values combined: valid however they depend on each other."""

import numpy as np
import pytest

from relevanceai.kernels.combination import cauchy_combination


def test_the_same_test_many_times_says_what_it_says_once() -> None:
    assert cauchy_combination([0.04] * 7) == pytest.approx(0.04)


def test_no_p_value_is_no_evidence() -> None:
    assert cauchy_combination([]) == 1.0


def test_a_tiny_p_value_keeps_its_digits() -> None:
    assert cauchy_combination([1e-12, 1e-12]) == pytest.approx(1e-12, rel=1e-3)


def test_one_blind_test_does_not_silence_the_others() -> None:
    assert cauchy_combination([0.001, 0.001, 1.0]) < 0.01


def test_independent_uniform_p_values_keep_the_level() -> None:
    p = np.random.default_rng(5).random((4_000, 4))
    share = np.mean([cauchy_combination(row) <= 0.05 for row in p])
    assert 0.035 < share < 0.065
