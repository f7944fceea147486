"""c-TF-IDF: how much a term is a class's own, among several classes of documents."""

import numpy as np
from numpy.typing import NDArray


def c_tf_idf(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the class-based TF-IDF of each term in each class.

    Parameters
    ----------
    counts : int64 array of shape (n_classes, n_terms): how often each term is in each class.

    Returns
    -------
    float64 array of the same shape, not negative: the term's share of the class's terms, times
    log(1 + A / f), where f is the term's count in all classes and A the mean number of terms a
    class. 0 for terms that the class, or any class, does not have.

    References
    ----------
    Grootendorst: BERTopic, neural topic modeling with a class-based TF-IDF procedure, 2022.

    Examples
    --------
    2 of the first class's 3 terms, 2 of them in all, and 2 terms a class on average: 2/3 log(2).

    >>> c_tf_idf(np.array([[2, 1], [0, 1]])).round(3)
    array([[0.462, 0.231],
           [0.   , 0.693]])
    """
    sizes = counts.sum(axis=1, keepdims=True)
    total = counts.sum(axis=0)
    mean = sizes.sum() / max(len(counts), 1)
    weight = np.where(total > 0, np.log1p(mean / np.maximum(total, 1)), 0.0)
    result: NDArray[np.float64] = counts / np.maximum(sizes, 1) * weight
    return result
