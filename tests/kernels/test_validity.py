"""Davies-Bouldin and Calinski-Harabasz: as defined, as scikit-learn has them, and where undefined."""

import numpy as np
import pytest

import naive
from relevanceai.kernels import units
from relevanceai.kernels.validity import calinski_harabasz, davies_bouldin


def clusters(seed, n_clusters=7, shift=0.0):
    rng = np.random.default_rng(seed)
    labels = np.r_[np.arange(n_clusters), rng.integers(0, n_clusters, 90)]
    vectors = (
        rng.standard_normal((len(labels), 4)) + 3 * rng.standard_normal((n_clusters, 4))[labels]
    )
    return vectors + shift, labels


def measured(vectors, labels):
    n_clusters = labels.max() + 1
    count, sums, inertia = naive.moments(vectors, labels, n_clusters)
    means = sums / count[:, None]
    distance = np.array(
        [
            np.linalg.norm(vectors[labels == cluster] - means[cluster], axis=1).mean()
            for cluster in range(n_clusters)
        ]
    )
    return count, means, inertia, distance


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_both_are_what_scikit_learn_says(shift, monkeypatch):
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

    monkeypatch.setattr(units, "BLOCK_BYTES", 3 * 8 * 7)
    vectors, labels = clusters(0, shift=shift)
    count, means, inertia, distance = measured(vectors, labels)
    if not shift:  # where scikit-learn loses digits
        assert davies_bouldin(means, distance) == pytest.approx(
            davies_bouldin_score(vectors, labels), rel=1e-12
        )
    assert davies_bouldin(means, distance) == pytest.approx(
        naive.davies_bouldin(vectors, labels, 7), rel=1e-6 if shift else 1e-12
    )
    assert calinski_harabasz(count, means, inertia) == pytest.approx(
        calinski_harabasz_score(vectors, labels), rel=1e-6 if shift else 1e-12
    )


def test_where_they_are_undefined_they_are_none():
    one, two = np.ones((1, 2)), np.array([[0.0], [1.0]])
    assert davies_bouldin(one, np.ones(1)) is None
    assert davies_bouldin(np.empty((0, 2)), np.empty(0)) is None
    assert calinski_harabasz(np.array([3]), one, np.array([2.0])) is None
    assert (
        calinski_harabasz(np.array([1, 1]), two, np.zeros(2)) is None
    )  # no more rows than clusters
    assert calinski_harabasz(np.array([2, 2]), two, np.zeros(2)) is None  # no spread


def test_two_clusters_with_one_centroid():
    means = np.array([[1.0, 2.0], [1.0, 2.0], [5.0, 5.0]])
    assert davies_bouldin(means, np.array([1.0, 0.0, 1.0])) == np.inf
    assert davies_bouldin(means, np.zeros(3)) == 0.0
