"""Moments: equal to the definition, blind to cuts, right far from the origin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from relevanceai.batch import VectorBatch
from relevanceai.kernels import size, units
from relevanceai.kernels.moments import Moments


@pytest.fixture(autouse=True, scope="module", params=["numpy", "machine code"])
def path(request):
    """Every law holds on both paths."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(size, "COMPILED_FROM", 0 if request.param == "machine code" else 2**62)
        yield request.param


def batch_of(vectors, labels):
    vectors = np.asarray(vectors, dtype=np.float32)
    return VectorBatch(np.arange(len(vectors)), vectors, np.asarray(labels, dtype=np.int32))


@st.composite
def labelled(draw):
    """Up to 40 rows, up to 5 dimensions, up to 6 clusters of which some are empty, some noise."""
    n_rows, n_dims = draw(st.integers(0, 40)), draw(st.integers(1, 5))
    n_clusters = draw(st.integers(1, 6))
    values = st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, 1.0, 1e6])
    vectors = draw(arrays(np.float32, (n_rows, n_dims), elements=values))
    labels = draw(arrays(np.int32, n_rows, elements=st.integers(-1, n_clusters - 1)))
    return batch_of(vectors, labels), n_clusters


def one_pass(batch, n_clusters):
    moments = Moments(n_clusters, batch.vectors.shape[1])
    moments.update(batch)
    return moments


def assert_same(moments, batch, n_clusters):
    count, sums, inertia = naive.moments(batch.vectors, batch.labels, n_clusters)
    np.testing.assert_array_equal(moments.count, count)
    size = np.abs(batch.vectors).max(initial=0.0).astype(np.float64) * max(len(batch), 1)
    np.testing.assert_allclose(moments.sums, sums, rtol=1e-12, atol=1e-12 * size)
    # The means carry errors of some 1e-16 of their size, which enter the inertia squared.
    np.testing.assert_allclose(moments.inertia, inertia, rtol=1e-9, atol=1e-24 * size**2)


@given(labelled())
def test_one_pass_equals_the_definition(case):
    batch, n_clusters = case
    assert_same(one_pass(batch, n_clusters), batch, n_clusters)


@given(labelled(), st.data())
def test_batches_cut_anywhere_in_any_order_give_the_same(case, data):
    batch, n_clusters = case
    cuts = sorted(data.draw(st.lists(st.integers(0, len(batch)), max_size=4)))
    pieces = [batch[a:b] for a, b in zip([0, *cuts], [*cuts, len(batch)], strict=True)]
    moments = Moments(n_clusters, batch.vectors.shape[1])
    for piece in data.draw(st.permutations(pieces)):
        moments.update(piece)
    assert_same(moments, batch, n_clusters)


@given(labelled(), st.integers(0, 40))
def test_merging_two_parts_equals_one_pass_either_way_round(case, cut):
    batch, n_clusters = case
    head, tail = batch[:cut], batch[cut:]
    for first, second in ((head, tail), (tail, head)):
        moments = one_pass(first, n_clusters)
        moments.merge(one_pass(second, n_clusters))
        assert_same(moments, batch, n_clusters)


def test_merging_leaves_the_other_as_it_is():
    other = one_pass(batch_of([[1], [5]], [0, 0]), 1)
    moments = one_pass(batch_of([[2]], [0]), 1)
    moments.merge(other)
    moments.merge(moments.from_arrays(other.to_arrays()))
    assert (other.count[0], other.sums[0, 0], other.inertia[0]) == (2, 6.0, 8.0)
    assert moments.count[0] == 5


def test_two_rows_by_hand():
    moments = one_pass(batch_of([[0, 0], [6, 8]], [0, 0]), 1)
    assert moments.centroids().tolist() == [[3.0, 4.0]]
    assert moments.inertia.tolist() == [50.0]  # 5 squared, twice


@pytest.mark.parametrize("n_batches", [1, 7, 1000])
def test_inertia_keeps_its_digits_a_million_from_the_origin(n_batches):
    rng = np.random.default_rng(0)
    vectors = (1e6 + rng.standard_normal((4000, 3))).astype(np.float32)
    labels = rng.integers(0, 2, len(vectors)).astype(np.int32)
    moments = Moments(2, 3)
    for rows in np.array_split(np.arange(len(vectors)), n_batches):
        moments.update(batch_of(vectors[rows], labels[rows]))
    _, sums, inertia = naive.moments(vectors, labels, 2)
    np.testing.assert_allclose(moments.inertia, inertia, rtol=1e-9)
    np.testing.assert_allclose(moments.sums, sums, rtol=1e-14)


def test_duplicates_one_row_and_empty_clusters_have_an_inertia_of_exactly_zero():
    row = np.float32([[1e6 / 3, -0.1, 1e-30]])
    vectors = np.concatenate([np.repeat(row, 1000, axis=0), row])
    moments = Moments(3, 3)
    for start in range(0, 1001, 13):
        moments.update(
            batch_of(vectors[start : start + 13], ([0] * 1000 + [1])[start : start + 13])
        )
    assert moments.inertia.tolist() == [0.0, 0.0, 0.0]
    assert moments.count.tolist() == [1000, 1, 0]
    centroids = moments.centroids()
    np.testing.assert_array_equal(centroids[:2], np.repeat(row, 2, axis=0).astype(np.float64))
    assert np.isnan(centroids[2]).all()


def test_noise_alone_and_no_rows_change_nothing():
    moments = Moments(2, 1)
    moments.update(batch_of([[5], [6]], [-1, -1]))
    moments.update(batch_of(np.empty((0, 1)), []))
    moments.merge(Moments(2, 1))
    assert moments.count.tolist() == [0, 0]
    assert moments.sums.tolist() == [[0.0], [0.0]]


def test_blocks_smaller_than_a_cluster_change_only_the_last_digits(monkeypatch):
    rng = np.random.default_rng(1)
    batch = batch_of(rng.standard_normal((300, 4)), rng.integers(-1, 5, 300))
    monkeypatch.setattr(units, "BLOCK_BYTES", 7 * 8 * 4)
    assert_same(one_pass(batch, 5), batch, 5)


def test_the_same_rows_give_bit_equal_moments():
    rng = np.random.default_rng(2)
    batch = batch_of(rng.standard_normal((500, 6)), rng.integers(0, 9, 500))
    first, second = one_pass(batch, 9), one_pass(batch, 9)
    assert first.sums.tobytes() == second.sums.tobytes()
    assert first.inertia.tobytes() == second.inertia.tobytes()


def test_arrays_bring_the_state_back_and_are_not_shared():
    moments = one_pass(batch_of([[1, 2], [3, 4]], [0, 1]), 3)
    arrays_ = moments.to_arrays()
    back = Moments.from_arrays(arrays_)
    back.update(batch_of([[9, 9]], [2]))
    assert {name: (a.dtype.str[1:], a.shape) for name, a in arrays_.items()} == {
        "count": ("i8", (3,)),
        "sums": ("f8", (3, 2)),
        "inertia": ("f8", (3,)),
    }
    assert moments.count.tolist() == [1, 1, 0]
    assert back.count.tolist() == [1, 1, 1]


def test_a_read_only_and_a_strided_batch_are_read_and_left_alone():
    vectors = np.arange(12, dtype=np.float32).reshape(6, 2)
    vectors.flags.writeable = False
    labels = np.array([1, 0, 1, -1, 0, 1], dtype=np.int32)
    labels.flags.writeable = False
    whole = VectorBatch(np.arange(6), vectors, labels)
    half = VectorBatch(whole.row_ids[::2], vectors[::2], labels[::2])
    assert_same(one_pass(whole, 2), whole, 2)
    assert_same(one_pass(half, 2), half, 2)


@pytest.mark.slow
def test_ten_thousand_clusters_are_not_quadratic():
    rng = np.random.default_rng(3)
    batch = batch_of(rng.standard_normal((20_000, 8)), rng.integers(0, 10_000, 20_000))
    moments = one_pass(batch, 10_000)
    expected = np.zeros((10_000, 8))
    np.add.at(expected, batch.labels, batch.vectors.astype(np.float64))
    np.testing.assert_allclose(moments.sums, expected, rtol=1e-12, atol=1e-12)


def far_and_near(rng, n_rows, spread):
    """Clusters at the origin, a million away, of equal rows, and half here, half a million away."""
    labels = rng.integers(0, 4, n_rows).astype(np.int32)
    place = np.array([0.0, 1e6, 3.7, 0.0])[labels] + 1e6 * (
        (labels == 3) & (rng.random(n_rows) < 0.5)
    )
    noise = spread * rng.standard_normal((n_rows, 6)) * (labels != 2)[:, None]
    return batch_of(place[:, None] + noise, labels)


@pytest.mark.parametrize("spread", [1.0, 1e-3, 0.0])
@pytest.mark.parametrize("n_parts", [1, 2, 5, 600])
def test_parts_that_measure_from_different_places_are_joined_without_a_lost_digit(spread, n_parts):
    batch = far_and_near(np.random.default_rng(2), 1500, spread)
    parts = np.array_split(np.arange(len(batch)), n_parts)
    moments = Moments(4, 6)
    for rows in parts:
        moments.merge(one_pass(batch[rows[0] : rows[-1] + 1], 4))
    _, _, inertia = naive.moments(batch.vectors, batch.labels, 4)
    np.testing.assert_allclose(moments.inertia, inertia, rtol=1e-9, atol=1e-6 if spread == 0 else 0)
    assert moments.inertia[2] == 0.0


def test_a_stray_row_first_does_not_hide_the_spread_of_those_after_it():
    vectors = np.full((5000, 3), 1e6) + np.random.default_rng(3).standard_normal((5000, 3))
    vectors[0] = 0.0
    assert_same(one_pass(batch_of(vectors, [0] * 5000), 1), batch_of(vectors, [0] * 5000), 1)
    vectors[0] = vectors[1] + 1000.0
    batch = batch_of(vectors, [0] * 5000)
    _, _, inertia = naive.moments(batch.vectors, batch.labels, 1)
    np.testing.assert_allclose(one_pass(batch, 1).inertia, inertia, rtol=1e-9)


def test_rows_put_in_order_of_their_labels_are_summed_to_the_same_bits(monkeypatch):
    from relevanceai.kernels import windows

    batch = far_and_near(np.random.default_rng(4), 900, 1.0)
    as_they_stand = one_pass(batch, 4)
    monkeypatch.setattr(windows, "_CACHED_BYTES", 0)
    monkeypatch.setattr(windows, "ROWS", 1024)
    in_order = one_pass(batch, 4)
    assert in_order.sums.tobytes() == as_they_stand.sums.tobytes()
    assert in_order.inertia.tobytes() == as_they_stand.inertia.tobytes()
