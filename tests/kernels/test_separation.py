"""Two or one: what the cross-fitted test must never depend on, and the plain cases."""

import numpy as np
import pytest
from numpy.typing import NDArray

from relevanceai.kernels.separation import enough_documents, separation_test


def _cut(n: int, n_dims: int, seed: int) -> tuple[NDArray, NDArray]:
    """One round cloud, cut at a plane."""
    rows = np.random.default_rng(seed).normal(size=(n, n_dims)).astype(np.float32)
    is_second = rows[:, 0] > 0
    return rows[~is_second], rows[is_second]


def _apart(n: int, n_dims: int, gap: float, seed: int) -> tuple[NDArray, NDArray]:
    rows = np.random.default_rng(seed).normal(size=(n, n_dims)).astype(np.float32)
    rows[n // 2 :, 0] += gap
    return rows[: n // 2], rows[n // 2 :]


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_two_groups_are_two_and_a_cut_cloud_is_one() -> None:
    assert separation_test(*_apart(300, 16, 6.0, 1), rng=_rng()).p_value < 1e-3
    found = separation_test(*_cut(300, 16, 1), rng=_rng())
    assert found.p_value > 0.2
    assert found.gap > 2.0  # as a cut does: which is why the gap does not decide


def test_the_seed_settles_the_answer() -> None:
    pair = _apart(120, 8, 3.0, 2)
    one, other = separation_test(*pair, rng=_rng()), separation_test(*pair, rng=_rng())
    assert one.p_value == other.p_value
    assert np.array_equal(one.held_out_first, other.held_out_first)


def test_swapping_the_clusters_mirrors_the_axis() -> None:
    first, second = _apart(400, 8, 3.5, 3)
    one = separation_test(first, second, rng=_rng())
    other = separation_test(second, first, rng=_rng())
    assert other.gap == pytest.approx(one.gap, rel=0.05)
    assert np.corrcoef(one.held_out_first, -other.held_out_second)[0, 1] > 0.99
    assert (one.p_value < 0.05) == (other.p_value < 0.05)


@pytest.mark.parametrize("n_dims", [6, 150])
def test_shift_turn_and_scale_change_nothing(n_dims: int) -> None:
    first, second = _apart(120, n_dims, 4.0, 4)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(n_dims, n_dims)))[0]
    one = separation_test(first, second, rng=_rng())
    moved = [7.0 + 5.0 * rows.astype(np.float64) @ turn for rows in (first, second)]
    other = separation_test(*moved, rng=_rng())
    assert other.p_value == pytest.approx(one.p_value, rel=0.05)
    assert np.allclose(other.held_out_second, one.held_out_second, atol=0.02)


def test_too_few_documents_are_not_tested() -> None:
    first, second = _apart(30, 3, 9.0, 6)
    found = separation_test(first, second, rng=_rng())
    assert not found.is_tested
    assert found.p_value == 1.0
    assert not separation_test(first[:0], second, rng=_rng()).is_tested
    assert not enough_documents(9, 1_000)
    assert enough_documents(10, 30)


def test_nothing_is_ever_nan() -> None:
    same = np.ones((30, 4), np.float32)
    for first, second in [(same, same), (same, 2 * same), (0 * same, 0 * same)]:
        found = separation_test(first, second, rng=_rng())
        values = [found.p_value, found.p_dip, found.gap, found.depth, found.power, found.stretch]
        assert np.isfinite(values).all()
        assert np.isfinite(found.held_out_first).all()
    assert separation_test(same, 2 * same, rng=_rng()).p_value < 0.05
    assert separation_test(same, same, rng=_rng()).p_value > 0.5


def test_stopping_early_only_ever_says_less() -> None:
    for seed in range(6):
        for pair in (_cut(160, 6, seed), _apart(160, 6, 3.0, seed), _apart(160, 6, 7.0, seed)):
            found = separation_test(*pair, rng=_rng(), plain_above=0.5)
            assert found.n_splits == (1 if found.p_value > 0.5 else 3)
            if found.n_splits == 1:
                assert found.n_folds == 5
    never = separation_test(*_cut(160, 6, 0), rng=_rng(), plain_above=1.0)
    assert never.n_splits == 3
