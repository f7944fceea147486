"""Row norms, blocks and concatenated unit vectors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from relevanceai.kernels import units
from relevanceai.kernels.units import concatenate_units, row_blocks, row_norms


@st.composite
def parts(draw):
    n_rows = draw(st.integers(0, 8))
    elements = st.floats(-(2.0**127), 2.0**127, width=32) | st.just(0.0)
    return [
        draw(arrays(np.float32, (n_rows, n_dims), elements=elements))
        for n_dims in draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    ]


@given(parts())
def test_concatenating_equals_the_definition(fields):
    before = [field.copy() for field in fields]
    result = concatenate_units(fields)
    assert result.dtype == np.float32
    assert result.flags.c_contiguous
    np.testing.assert_allclose(result, naive.units(fields), rtol=1e-6, atol=1e-44)
    for field, copy in zip(fields, before, strict=True):
        np.testing.assert_array_equal(field, copy)


@given(parts())
def test_each_part_of_each_row_has_norm_one_or_zero(fields):
    result = concatenate_units(fields).astype(np.float64)
    start = 0
    for field in fields:
        lengths = np.linalg.norm(result[:, start : start + field.shape[1]], axis=1)
        start += field.shape[1]
        np.testing.assert_allclose(lengths, field.any(axis=1).astype(float), atol=1e-6)


def test_the_cosine_of_the_whole_is_the_mean_of_the_cosines_of_the_parts():
    rng = np.random.default_rng(0)
    fields = [rng.standard_normal((2, 5)), 1e6 * rng.standard_normal((2, 3))]
    one, other = concatenate_units(fields)
    mean = np.mean([naive.compared(field[0], field[1], "cosine") for field in fields])
    assert naive.compared(one, other, "cosine") == pytest.approx(mean, abs=1e-6)


def test_doubles_are_scaled_before_they_are_rounded():
    result = concatenate_units([np.array([[3e200, 4e200]]), np.array([[5e-324]])])
    np.testing.assert_array_equal(result, np.float32([[0.6, 0.8, 1.0]]))


@given(arrays(np.float64, (5, 3), elements=st.floats(-1e300, 1e300)))
def test_norms_equal_hypot_over_the_whole_range(rows):
    expected = [math.hypot(*row) for row in rows]
    np.testing.assert_allclose(row_norms(rows), expected, rtol=1e-14)


def test_norms_of_no_rows_no_columns_and_nan():
    assert row_norms(np.empty((0, 3))).shape == (0,)
    assert row_norms(np.empty((2, 0))).tolist() == [0.0, 0.0]
    assert np.isnan(row_norms(np.array([[np.nan, 1.0]]))).all()


@given(st.integers(0, 5000), st.integers(0, 600))
def test_blocks_cover_the_rows_once_and_in_order(n_rows, n_dims):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(units, "BLOCK_BYTES", 8 * 1000)
        blocks = list(row_blocks(n_rows, n_dims))
    assert [row for block in blocks for row in range(block.start, block.stop)] == list(
        range(n_rows)
    )
