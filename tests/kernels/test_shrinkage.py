"""The axis between two clusters: equal to the plain definition, in both of its forms."""

import numpy as np
import pytest
from numpy.typing import NDArray

import naive
from relevanceai.kernels.crossfit import held_out_places, stratified_folds
from relevanceai.kernels.shrinkage import FoldAxes, oas_shrinkage


def _two(n_first: int, n_second: int, n_dims: int, seed: int = 0) -> tuple[NDArray, NDArray]:
    rng = np.random.default_rng(seed)
    scales = np.linspace(0.5, 2.0, n_dims)
    first = rng.normal(size=(n_first, n_dims)) * scales
    second = rng.normal(size=(n_second, n_dims)) * scales + 1.5
    return first.astype(np.float32), second.astype(np.float32)


@pytest.mark.parametrize(("sizes", "n_dims"), [((30, 50), 5), ((12, 9), 40), ((20, 20), 40)])
def test_places_are_those_of_the_definition(sizes: tuple[int, int], n_dims: int) -> None:
    first, second = _two(*sizes, n_dims)
    axes = FoldAxes(first, second)
    folds = stratified_folds(axes.is_second, 3, np.random.default_rng(1))
    expected = naive.held_out_places(np.concatenate([first, second]), axes.is_second, folds)
    assert np.allclose(axes.projected(folds, 3), expected, rtol=1e-4, atol=1e-4)


def test_shrinkage_is_that_of_scikit_learn() -> None:
    from sklearn.covariance import oas

    rows = np.random.default_rng(2).normal(size=(40, 6)) * np.arange(1, 7)
    rows -= rows.mean(axis=0)
    covariance = rows.T @ rows / len(rows)
    ours = oas_shrinkage(40, 6, float(np.trace(covariance)), float((covariance**2).sum()))
    assert ours == pytest.approx(oas(rows, assume_centered=True)[1], rel=1e-6)


@pytest.mark.parametrize("n_dims", [4, 60])
def test_a_row_is_placed_without_a_look_at_its_label_or_itself(n_dims: int) -> None:
    first, second = _two(20, 20, n_dims)
    axes = FoldAxes(first, second)
    folds = stratified_folds(axes.is_second, 4, np.random.default_rng(3))
    before = axes.projected(folds, 4)
    moved = FoldAxes(first, second)
    moved.is_second = np.where(folds == 2, ~axes.is_second, axes.is_second)
    assert np.allclose(moved.projected(folds, 4)[folds == 2], before[folds == 2])


@pytest.mark.parametrize("n_dims", [5, 80])
def test_places_do_not_depend_on_shift_and_turn_and_follow_scale(n_dims: int) -> None:
    first, second = _two(30, 20, n_dims)
    turn = np.linalg.qr(np.random.default_rng(4).normal(size=(n_dims, n_dims)))[0]
    places = held_out_places(FoldAxes(first, second), 5, np.random.default_rng(0)).places
    far = [100.0 + 3.0 * rows.astype(np.float64) @ turn for rows in (first, second)]
    others = held_out_places(FoldAxes(*far), 5, np.random.default_rng(0)).places
    assert np.allclose(others, 3.0 * places, rtol=1e-3, atol=1e-3)


def test_identical_clusters_have_no_axis() -> None:
    axes = FoldAxes(np.ones((8, 3), np.float32), np.ones((9, 3), np.float32))
    assert not held_out_places(axes, 4, np.random.default_rng(0)).places.any()
    assert axes.stretch(np.random.default_rng(0)) == 1.0


def test_a_cluster_that_the_other_folds_lack_gives_no_axis() -> None:
    axes = FoldAxes(np.zeros((3, 2), np.float32), np.ones((1, 2), np.float32))
    places = axes.projected(np.array([0, 1, 0, 1]), 2)
    assert not places[[1, 3]].any()
    assert places[[0, 2]].any()


def test_effective_dims_count_equal_dimensions_and_ignore_narrow_ones() -> None:
    rng = np.random.default_rng(6)
    rows = rng.normal(size=(400, 20)).astype(np.float32)
    assert FoldAxes(rows[:200], rows[200:]).effective_dims() == pytest.approx(20, rel=0.1)
    rows[:, 5:] *= 0.01
    assert FoldAxes(rows[:200], rows[200:]).effective_dims() == pytest.approx(5, rel=0.1)


def test_a_long_union_is_stretched_and_a_round_one_is_not() -> None:
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(600, 6)).astype(np.float32)
    rows = rows[np.argsort(rows[:, 0])]
    assert FoldAxes(rows[:300], rows[300:]).stretch(rng) < 1.3
    rows[:, 0] *= 6
    assert FoldAxes(rows[:300], rows[300:]).stretch(rng) == pytest.approx(6, rel=0.15)
