"""common_face: by the definition, convex, all of one label pair, and blind to place and scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from relevanceai.kernels import common_face as module
from relevanceai.kernels.common_face import common_face, facing_each_other

seeds = st.integers(0, 10_000)


def case(seed: int, n_rows: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n_clusters, n_dims = rng.integers(2, 9), rng.integers(1, 5)
    return rng.normal(size=(n_rows, n_dims)) * 2, rng.normal(size=(n_clusters, n_dims))


def squares(rows: np.ndarray, means: np.ndarray) -> np.ndarray:
    return np.square(rows[:, None] - means[None]).sum(axis=2)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_it_is_the_definition(seed: int) -> None:
    rows, means = case(seed)
    assert common_face(means, 0, 1).holds(rows).tolist() == naive.facing(rows, means, 0, 1)


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_what_lies_between_two_rows_that_face_does_too(seed: int) -> None:
    rows, means = case(seed, 300)
    face = common_face(means, 0, 1)
    held = rows[face.holds(rows)]
    if len(held) < 2:
        return
    rng = np.random.default_rng(seed)
    one, other = held[rng.integers(len(held), size=(2, 200))]
    share = rng.random((200, 1))
    assert face.holds(share * one + (1 - share) * other).all()


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_what_faces_is_nearest_to_one_of_the_two(seed: int) -> None:
    rows, means = case(seed)
    apart = squares(rows[common_face(means, 0, 1).holds(rows)], means)
    assert (apart[:, :2].min(axis=1) <= apart.min(axis=1) + 1e-4).all()  # but for ties


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_order_place_turn_and_scale_do_not_matter(seed: int) -> None:
    rows, means = case(seed)
    held = common_face(means, 0, 1).holds(rows)
    assert (common_face(means, 1, 0).holds(rows) == held).all()
    order = np.r_[0, 1, 2 + np.random.default_rng(seed).permutation(len(means) - 2)]
    assert (common_face(means[order], 0, 1).holds(rows) == held).all()
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(rows.shape[1],) * 2))[0]

    def moved(points: np.ndarray) -> np.ndarray:
        return 1e-3 * points @ turn + 50.0

    assert (common_face(moved(means), 0, 1).holds(moved(rows)) == held).all()


def test_without_others_all_face_each_other() -> None:
    rows, means = np.random.default_rng(0).normal(size=(50, 3)), np.eye(3)[:2]
    assert common_face(means, 0, 1).holds(rows).all()
    assert common_face(means, 0, 1).holds(rows[:0]).shape == (0,)


def test_ties_and_centroids_that_are_the_same_hold() -> None:
    means = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    rows = np.array([[-0.5, 0.75], [0.5, 0.75], [0.0, 0.76]])
    assert common_face(means, 0, 1).holds(rows).tolist() == [True, True, False]
    assert common_face(means[[0, 0, 2]], 0, 1).holds(rows).all()  # one point: nothing is between
    twice = np.array([[0.1, 0.3], [5.1, 0.3], [0.1, 0.3]])  # a third is where the first is
    assert common_face(twice, 0, 1).holds(np.array([[0.0, 7.0], [9.0, 0.0]])).all()


def test_blocks_and_far_from_the_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, means = case(7, 100)
    held = common_face(means, 0, 1).holds(rows)
    monkeypatch.setattr(module, "_BLOCK", 7)
    assert (common_face(means, 0, 1).holds(rows) == held).all()
    assert (common_face(means + 1e6, 0, 1).holds(rows + 1e6) == held).all()


def test_only_the_nearest_others_count_beyond_the_limit() -> None:
    means = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 2.0], [0.0, -30.0]])
    rows = np.array([[0.0, -20.0]])
    assert not common_face(means, 0, 1).holds(rows)[0]
    assert common_face(means, 0, 1, most_thirds=1).holds(rows)[0]


def test_each_row_is_nearer_to_one_of_the_two() -> None:
    face = common_face(np.array([[0.0, 0.0], [2.0, 0.0], [9.0, 9.0]]), 0, 1)
    assert face.nearer_second(np.array([[0.9, 5.0], [1.1, -5.0], [1.0, 0.0]])).tolist() == [
        False,
        True,
        False,
    ]


def test_noise_is_taken_within_a_cylinder_and_without_it_nothing_is_left_out() -> None:
    face = common_face(np.array([[-3.0, 0.0], [3.0, 0.0]]), 0, 1)
    first = np.array([[-3.0, at] for at in range(-5, 6)], np.float32)
    second = first + np.float32([6, 0])
    assert face.aside(first).tolist() == [5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5]
    for side in facing_each_other(face, first, second, first[:0]):
        assert side.own.all()
        assert len(side.noise) == 0
        assert side.of(first, first[:0]).tobytes() == first.tobytes()
    noise = np.array([[0.0, 7.4], [0.0, 7.6], [40.0, 0.0]], np.float32)  # 1.5 times 5 is the limit
    left, right = facing_each_other(face, first, second, noise)
    assert left.own.all()
    assert right.own.all()
    assert (left.noise.tolist(), right.noise.tolist()) == ([0], [2])  # a tie is the first's
    assert right.of(second, noise).tolist() == [*second.tolist(), [40.0, 0.0]]
    nearest = [one.noise.tolist() for one in facing_each_other(face, first[:0], second[:0], noise)]
    assert nearest == [[], [2]]
