"""P-values that depend on each other, combined into one."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_SMALLEST = 1e-15
_LARGEST = 0.99


def cauchy_combination(p_values: ArrayLike) -> float:
    """Return one p-value for several of the same question, whatever their dependence.

    Each p-value becomes a Cauchy variable; their mean is again nearly Cauchy in its tail, however
    they depend on each other, so that its tail probability is a p-value.

    Parameters
    ----------
    p_values : float array of shape (n_tests,), in [0, 1]. Values above 0.99 count as 0.99, so that
        one test that could see nothing does not silence the others.

    Returns
    -------
    A float in (0, 1]; 1.0 when there are no p-values.

    References
    ----------
    Liu and Xie (2020), Cauchy combination test, JASA 115, eq. 1; the cap is that of Fang et al.
    (2023), Heavy-tailed distribution for combining dependent p-values, Statistica Sinica 33.

    Examples
    --------
    >>> round(cauchy_combination([0.03, 0.03, 0.03]), 6)  # the same test three times says no more
    0.03
    >>> round(cauchy_combination([0.5, 0.5]), 6)
    0.5
    """
    p: NDArray[np.float64] = np.asarray(p_values, dtype=np.float64)
    if not p.size:
        return 1.0
    places = np.tan((0.5 - np.clip(p, _SMALLEST, _LARGEST)) * np.pi)
    statistic = float(places @ np.full(p.size, 1.0 / p.size))
    if statistic > 1e6:  # 0.5 - arctan would lose the digits
        return float(1.0 / (np.pi * statistic))
    return float(0.5 - np.arctan(statistic) / np.pi)
