"""Does a cluster come back: the best Jaccard, by hand and against the plainest numpy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.kernels.stability import best_jaccard


@given(st.integers(0, 2**32 - 1))
def test_it_is_the_largest_overlap_over_union(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, 30).astype(np.int32)
    again = rng.integers(-1, 5, 30).astype(np.int32)
    expected = []
    for cluster in range(5):
        one = labels == cluster
        found = [
            (one & (again == other)).sum() / (one | (again == other)).sum()
            for other in set(again.tolist()) - {-1}
        ]
        expected.append(max(found, default=0.0) if one.any() else -1.0)
    np.testing.assert_allclose(best_jaccard(labels, 5, again), expected)


def test_the_same_clusters_come_back_whole_whatever_their_numbers() -> None:
    labels = np.array([0, 0, 1, 2, 2], np.int32)
    np.testing.assert_array_equal(best_jaccard(labels, 3, (7 - labels).astype(np.int32)), 1.0)


def test_noise_matches_nothing() -> None:
    labels = np.zeros(4, np.int32)
    np.testing.assert_array_equal(best_jaccard(labels, 1, np.full(4, -1, np.int32)), [0.0])
