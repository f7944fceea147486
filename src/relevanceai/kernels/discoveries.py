"""Benjamini-Hochberg: which of many tests count as found, when many were made."""

import numpy as np
from numpy.typing import NDArray


def benjamini_hochberg(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the q-value of each test: the least false discovery rate at which it counts as found.

    Parameters
    ----------
    p_values : float64 array of shape (n_tests,), each in [0, 1]; may be empty.

    Returns
    -------
    float64 array of shape (n_tests,), each at least its p-value and at most 1. Keeping the tests
    whose q-value is at most 0.05 keeps the expected share of false ones among them at 5 %, for
    tests that are independent or depend positively. Equal p-values get equal q-values.

    References
    ----------
    Benjamini, Hochberg: Controlling the false discovery rate, 1995.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5]))
    array([0.04      , 0.05333333, 0.05333333, 0.5       ])
    """
    n_tests = len(p_values)
    order = np.argsort(p_values, kind="stable")[::-1]  # the largest first
    ranks = np.arange(n_tests, 0, -1)
    q_values = np.empty(n_tests)
    q_values[order] = np.minimum.accumulate(p_values[order] * (n_tests / ranks))
    return np.clip(q_values, p_values, 1.0)
