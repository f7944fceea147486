"""Communities against the definition, in blocks of any size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from relevanceai.kernels import communities as module
from relevanceai.kernels.communities import communities
from relevanceai.kernels.units import concatenate_units


def directions(seed, n_rows=40, n_dims=3):
    rng = np.random.default_rng(seed)
    return concatenate_units([rng.standard_normal((n_rows, n_dims))])


@given(
    st.integers(0, 2**31),
    st.integers(1, 40),
    st.sampled_from([-0.5, 0.0, 0.5, 0.75, 0.9, 1.0]),
    st.integers(1, 8),
)
def test_communities_are_those_of_the_definition(seed, n_rows, threshold, min_size):
    rows = directions(seed, n_rows)
    found = communities(rows, threshold, min_size)
    np.testing.assert_array_equal(found, naive.communities(rows, threshold, min_size))


@pytest.mark.parametrize("block_bytes", [1, 40 * 4, 3 * 40 * 4])
def test_blocks_change_nothing(block_bytes, monkeypatch):
    rows = directions(3)
    whole = communities(rows, 0.7, 3)
    monkeypatch.setattr(module, "_BLOCK_BYTES", block_bytes)
    np.testing.assert_array_equal(communities(rows, 0.7, 3), whole)
    assert whole.max() >= 1


def test_duplicates_reach_a_threshold_of_one():
    rows = np.repeat(directions(4, n_rows=3, n_dims=50), [2, 4, 3], axis=0)
    assert communities(rows, 1.0, 3).tolist() == [-1, -1, 0, 0, 0, 0, 1, 1, 1]


def test_zero_rows_are_alone_and_no_rows_give_no_labels():
    rows = np.zeros((4, 2), np.float32)
    assert communities(rows, 0.5, 2).tolist() == [-1] * 4
    assert communities(rows, 0.5, 1).tolist() == [0, 1, 2, 3]
    assert communities(rows[:0], 0.5, 1).tolist() == []


def test_the_work_is_told():
    told = []
    communities(directions(5), 0.5, 2, on_rows=told.append)
    assert 40 <= sum(told) <= 80
