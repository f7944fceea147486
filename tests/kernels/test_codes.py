"""Codes: what they stand for is never further from the row than they say, and no bound is wrong."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from relevanceai.kernels.codes import code_table, encoded
from relevanceai.kernels.encoding import coded_bounds
from relevanceai.kernels.nearest import row_values
from relevanceai.kernels.own_centroid import METRIC_NUMBERS

FLOATS = st.floats(-1e3, 1e3, width=32) | st.sampled_from(
    [0.0, 1e-38, -1e-30, 1e-12, 1e6, -1e18, 3e38, 16777217.0]
)


def rows_of(n_rows, n_dims, seed=0):
    return np.random.default_rng(seed).standard_normal((n_rows, n_dims)).astype(np.float32)


def errors_of(codes, vectors):
    """How far each row is from what its code stands for, in scales; float64 throughout."""
    shift, scale = codes.shift.astype(float), codes.scale.astype(float)
    step = codes.of_rows[:, :1].astype(float)
    return np.linalg.norm((vectors - shift) / scale - step * codes.codes, axis=1)


def bounds_of(codes, labels, centroids, metric):
    table = code_table(centroids, codes, metric)
    n_rows = len(labels)
    lows, highs = np.empty(n_rows), np.empty(n_rows)
    coded_bounds(
        codes.codes, codes.of_rows, labels, np.arange(n_rows, dtype=np.int32), 0, n_rows,
        table.numbers, table.about, METRIC_NUMBERS[metric], lows, highs,
    )  # fmt: skip
    return lows, highs


@given(arrays(np.float32, st.tuples(st.integers(0, 6), st.integers(1, 9)), elements=FLOATS))
@example(np.array([[3e38, -3e38]], np.float32))
@example(np.array([[1e-45, 0.0]], np.float32))
def test_a_row_is_as_near_to_its_code_as_is_said(vectors):
    with np.errstate(over="ignore"):
        codes = encoded(vectors)
    assert codes.codes.dtype == np.int8
    assert codes.codes.shape == vectors.shape
    assert (codes.codes >= -127).all()
    assert (errors_of(codes, vectors) <= codes.of_rows[:, 1].astype(float)).all()


@pytest.mark.parametrize("metric", ["cosine", "dp", "l2"])
@given(data=st.data())
def test_values_lie_between_their_bounds(metric, data):
    n_rows, n_dims = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 9))
    vectors = data.draw(arrays(np.float32, (n_rows, n_dims), elements=FLOATS))
    centroids = data.draw(arrays(np.float64, (3, n_dims), elements=FLOATS))
    labels = data.draw(arrays(np.int32, n_rows, elements=st.integers(0, 2)))
    like = data.draw(st.none() | st.just(encoded(rows_of(5, n_dims))))
    with np.errstate(over="ignore"):
        lows, highs = bounds_of(encoded(vectors, like), labels, centroids, metric)
        values = row_values(vectors, labels, centroids, metric)
    # a bound that is NaN says nothing, and leaves the row in
    assert not (values < lows).any()
    assert not (values > highs).any()


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("metric", ["cosine", "dp", "l2"])
def test_bounds_are_narrow(metric, offset):
    vectors = rows_of(2000, 128) + np.float32(offset)
    centroids = vectors[:4].astype(float)
    labels = (np.arange(2000) % 4).astype(np.int32)
    codes = encoded(vectors)
    lows, highs = bounds_of(codes, labels, centroids, metric)
    values = row_values(vectors, labels, centroids, metric)
    assert ((lows <= values) & (values <= highs)).all()
    if metric == "l2":  # about the shift, so that it does not matter where the rows lie
        assert np.median(highs - lows) < 0.4 * values.std()
    elif not offset:
        assert np.median(highs - lows) < 0.3 * values.std()


def test_columns_of_very_different_size_do_not_spoil_each_other():
    vectors = rows_of(500, 32) * np.geomspace(1e-2, 1e2, 32).astype(np.float32)
    codes = encoded(vectors)
    assert np.median(codes.of_rows[:, 1]) < 0.01 * np.sqrt(32)


def test_rows_beyond_all_measure_are_left_in():
    vectors = np.array([[1e30, 0.0], [1.0, 1.0], [1e-30, 0.0]], np.float32)
    like = encoded(rows_of(50, 2))
    lows, highs = bounds_of(
        encoded(vectors, like), np.zeros(3, np.int32), np.ones((1, 2)), "cosine"
    )
    assert not np.isfinite(lows[0])
    assert np.isfinite(lows[1])
    assert highs[2] == np.inf


def test_an_empty_cluster_has_no_bounds():
    codes = encoded(rows_of(3, 4))
    centroids = np.full((1, 4), np.nan)
    for metric in ("cosine", "dp", "l2"):
        lows, highs = bounds_of(codes, np.zeros(3, np.int32), centroids, metric)
        assert not np.isfinite(lows).any()
        assert not np.isfinite(highs).any()


@pytest.mark.parametrize("size", [1e-44, 1e-40, 1e-38, 1e37, 1e38])
def test_columns_too_small_or_large_to_divide_by_are_coded_without_a_warning(size):
    vectors = (rows_of(20, 3) * size).astype(np.float32)
    codes = encoded(vectors)
    assert ((codes.scale > 1e-37) & (codes.scale < 1e37)).all()
    assert np.isfinite(codes.shift).all()
    assert (errors_of(codes, vectors) <= codes.of_rows[:, 1].astype(float)).all()
