"""How two clusters mix: neighbours that cross, and runners-up."""

import numpy as np
import pytest

from relevanceai.kernels.knn_mixing import cross_edges, runner_up_share


def test_edges_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(20, 3)), rng.normal(size=(15, 3)) + 1.0
    rows = np.concatenate([first, second])
    crossing = 0
    for i in range(35):
        distances = sorted(
            (float(np.linalg.norm(rows[i] - rows[j])), j) for j in range(35) if j != i
        )
        crossing += sum((j < 20) != (i < 20) for _, j in distances[:6])
    found = cross_edges(first.astype(np.float32), second.astype(np.float32), k=6)
    assert found.observed == pytest.approx(crossing / (35 * 6))
    assert found.expected == pytest.approx(2 * 20 * 15 / (35 * 34))


def test_labels_dealt_at_random_give_a_ratio_of_one() -> None:
    rows = np.random.default_rng(1).normal(size=(800, 4)).astype(np.float32)
    assert cross_edges(rows[:500], rows[500:]).ratio == pytest.approx(1.0, abs=0.05)


def test_one_row_each_has_one_neighbour() -> None:
    one = np.zeros((1, 2), np.float32)
    assert cross_edges(one, one + 1).k == 1
    assert cross_edges(one, one + 1).ratio == 1.0


def test_runners_up_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(2)
    centroids = rng.normal(size=(6, 4))
    rows = (centroids[2] + rng.normal(size=(50, 4))).astype(np.float32)
    second = [
        min(
            (j for j in range(6) if j != 2), key=lambda j: float(np.linalg.norm(row - centroids[j]))
        )
        for row in rows
    ]
    for other in (0, 1, 3, 4, 5):
        assert runner_up_share(rows, centroids, 2, other) == pytest.approx(second.count(other) / 50)
    assert runner_up_share(rows[:0], centroids, 2, 0) == 0.0
