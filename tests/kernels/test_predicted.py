"""What groups predict of a value, judged by other folds: against one row at a time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from naive import predicted_categories, predicted_numbers
from relevanceai.kernels.order import linkage_order
from relevanceai.kernels.predicted import PRIOR, category_losses, folds, merged, number_losses

ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=20
)


@given(ROWS)
def test_losses_of_categories_are_those_of_one_row_at_a_time(
    rows: list[tuple[int, int, int]],
) -> None:
    groups, codes, fold = (np.array(column) for column in zip(*rows, strict=True))
    losses, is_right = category_losses(groups, codes, fold)
    expected = predicted_categories(groups.tolist(), codes.tolist(), fold.tolist(), PRIOR)
    np.testing.assert_allclose(losses, expected, rtol=1e-9)
    assert is_right.dtype == bool


@given(ROWS)
def test_losses_of_numbers_are_those_of_one_row_at_a_time(
    rows: list[tuple[int, int, int]],
) -> None:
    groups, numbers, fold = (np.array(column) for column in zip(*rows, strict=True))
    losses = number_losses(groups, numbers.astype(np.float64), fold)
    expected = predicted_numbers(groups.tolist(), numbers.tolist(), fold.tolist())
    np.testing.assert_allclose(losses, expected)


def test_the_likeliest_category_is_right_where_groups_are_pure() -> None:
    groups = np.repeat([0, 1], 20)
    fold = np.arange(40) % 5
    assert category_losses(groups, groups, fold)[1].all()
    assert not category_losses(np.zeros(40, int), groups, np.repeat([0, 1], 20))[1].any()


def test_folds_are_even_and_alike_each_time() -> None:
    one = folds(103, 10, np.random.default_rng(4))
    assert sorted(np.bincount(one).tolist()) == [10] * 7 + [11] * 3
    assert (one == folds(103, 10, np.random.default_rng(4))).all()


def test_merging_along_a_linkage_is_nested() -> None:
    rng = np.random.default_rng(2)
    points = rng.normal(size=(15, 3))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    _, linkage = linkage_order(distances)
    finer = np.arange(15)
    for n_groups in range(15, 0, -1):
        groups = merged(linkage, 15, n_groups)
        assert groups.max() + 1 == n_groups
        for group in range(finer.max() + 1):
            assert len(np.unique(groups[finer == group])) == 1
        finer = groups
