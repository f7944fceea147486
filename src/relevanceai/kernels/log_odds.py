"""Log-odds ratios of two groups that rare events cannot win: with a prior, and with a bound."""

import numpy as np
from numpy.typing import NDArray


def weighted_log_odds(
    counts: NDArray[np.int64], other_counts: NDArray[np.int64], prior: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log-odds ratio of each term between two groups, and its standard deviation.

    Parameters
    ----------
    counts, other_counts : int64 arrays of shape (n_terms,), how often each term is in each group.
    prior : float64 array of shape (n_terms,), above 0: how often each term is taken to have been
        seen in either group beforehand. In proportion to how common terms are in general it is
        Monroe's informative prior: it pulls the odds of rare terms together.

    Returns
    -------
    Two float64 arrays of shape (n_terms,): positive where the term is more usual in the first
    group; and the standard deviation. Their ratio is the z-score by which terms are ranked. Both
    are finite, whatever the counts.

    References
    ----------
    Monroe, Colaresi, Quinn: Fightin' words, 2008, equations 15, 20 and 22.

    Examples
    --------
    Odds of 4 to 1 against 1 to 4, with one more of each: log(16).

    >>> found, deviation = weighted_log_odds(np.array([3, 0]), np.array([0, 3]), np.array([1.0, 1.0]))
    >>> np.exp(found).round(6), (deviation**2).round(6)
    (array([16.    ,  0.0625]), array([1.25, 1.25]))
    """
    here, there = counts + prior, other_counts + prior
    rest, other_rest = here.sum() - here, there.sum() - there
    if len(counts) == 1:  # nothing to be odd against
        return np.zeros(1), np.sqrt(1.0 / here + 1.0 / there)
    log_odds = np.log(here) - np.log(rest) - np.log(there) + np.log(other_rest)
    return log_odds, np.sqrt(1.0 / here + 1.0 / there)


def share_log_odds(
    hits: NDArray[np.int64], of: int, other_hits: NDArray[np.int64], other_of: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log-odds ratio of two shares, and its standard deviation.

    Parameters
    ----------
    hits, other_hits : int64 arrays of shape (n_pairs,), from 0 to `of` and to `other_of`.
    of, other_of : how many there are in all, at least 1.

    Returns
    -------
    Two float64 arrays of shape (n_pairs,), finite whatever the counts: half a count is added to
    each cell, so that 2 of 2 is odds of 5 to 1, not without end.

    References
    ----------
    Haldane, 1956, and Gart: Alternative analyses of contingency tables, 1966.

    Examples
    --------
    >>> found, _ = share_log_odds(np.array([2, 90]), 100, np.array([0, 10]), 100)
    >>> np.exp(found).round(1)
    array([ 5.1, 74.3])
    """
    cells = [hits + 0.5, of - hits + 0.5, other_hits + 0.5, other_of - other_hits + 0.5]
    log_odds = np.log(cells[0]) - np.log(cells[1]) - np.log(cells[2]) + np.log(cells[3])
    return log_odds, np.sqrt(sum(1.0 / cell for cell in cells))
