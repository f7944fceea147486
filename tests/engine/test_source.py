"""Passes over sources: bit-equal for any number of threads and any cut, stopped when told to."""

import threading

import numpy as np
import pytest

import naive
from relevanceai.batch import VectorBatch
from relevanceai.engine import reduce as reduce_module
from relevanceai.engine import shares as shares_module
from relevanceai.engine.reduce import Cancelled, reduce
from relevanceai.engine.shares import shares
from relevanceai.engine.source import Relabelled
from relevanceai.kernels import size, windows
from relevanceai.kernels.halves import half_labels
from relevanceai.kernels.moments import Moments
from relevanceai.kernels.nearest import METRICS, RankedRows
from relevanceai.store.array_source import ArraySource

N_ROWS, N_DIMS, K = 3000, 5, 7


@pytest.fixture(autouse=True, params=["numpy", "machine code"])
def path(request, monkeypatch):
    monkeypatch.setattr(size, "COMPILED_FROM", 0 if request.param == "machine code" else 2**62)
    monkeypatch.setattr(shares_module, "LEAST_ROWS", 100)
    monkeypatch.setattr(shares_module, "PIECE_ROWS", 130)
    monkeypatch.setattr(windows, "ROWS", 90)
    return request.param


def arrays(seed=0):
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-4, 5, (N_ROWS, N_DIMS)).astype(np.float32)
    return vectors, rng.integers(-1, K, N_ROWS).astype(np.int32)


class Cut:
    """A source whose batches end anywhere."""

    def __init__(self, source, step):
        self._source, self._step = source, step
        self.n_rows, self.n_dims = source.n_rows, source.n_dims

    def batches(self, start, stop):
        for first in range(start, stop, self._step):
            yield from self._source.batches(first, min(first + self._step, stop))


def moments():
    return Moments(K, N_DIMS, n_rows=N_ROWS)


def bits(kernel):
    return [array.tobytes() for array in kernel.to_arrays().values()]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_moments_are_bit_equal_for_any_number_of_threads(workers):
    source = ArraySource(*arrays())
    assert bits(reduce(moments, source, workers=workers)) == bits(reduce(moments, source))


@pytest.mark.parametrize("step", [1, 17, 1000])
def test_compiled_moments_do_not_rest_on_where_batches_end(step, path):
    source = ArraySource(*arrays())
    whole, cut = reduce(moments, source), reduce(moments, Cut(source, step))
    if path == "machine code":
        assert bits(cut) == bits(whole)
    for one, other in zip(cut.to_arrays().values(), whole.to_arrays().values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_moments_and_their_halves_are_those_of_the_definition():
    vectors, labels = arrays()
    row_ids = np.random.default_rng(1).permutation(10 * N_ROWS)[:N_ROWS].astype(np.int64)
    found = reduce(moments, ArraySource(vectors, labels, row_ids))
    count, sums, inertia = naive.moments(vectors, labels, K)
    np.testing.assert_array_equal(found.count, count)
    np.testing.assert_array_equal(found.sums, sums)
    np.testing.assert_allclose(found.inertia, inertia, rtol=1e-12)
    halved = Relabelled(ArraySource(vectors, labels, row_ids), half_labels)
    parts = reduce(lambda: Moments(2 * K, vectors.shape[1], n_rows=N_ROWS), halved)
    halves = naive.moments(vectors, half_labels(labels, row_ids), 2 * K)
    np.testing.assert_array_equal(parts.count, halves[0])
    np.testing.assert_array_equal(parts.sums, halves[1])
    np.testing.assert_array_equal(parts.count[::2] + parts.count[1::2], found.count)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("k", [1, 10, 1000])
def test_closest_and_furthest_by_every_metric_in_one_pass(workers, k):
    vectors, labels = arrays()
    row_ids = np.arange(N_ROWS)[::-1].copy()
    centroids = naive.centroids(vectors, labels, K)

    def ranked():
        return RankedRows(centroids, k, metrics=METRICS, n_rows=N_ROWS)

    found = reduce(ranked, ArraySource(vectors, labels, row_ids), workers=workers)
    for metric in METRICS:
        for furthest in (False, True):
            result = found.result(metric, furthest=furthest)
            for cluster in (0, K - 1):
                ids, values = result[cluster]
                members = np.flatnonzero(labels == cluster)
                true = np.array(
                    [naive.compared(vectors[row], centroids[cluster], metric) for row in members]
                )
                sign = -1.0 if naive.is_similarity(metric) != furthest else 1.0
                order = np.lexsort((row_ids[members], np.round(sign * true, 10)))[:k]
                np.testing.assert_allclose(values, true[order], rtol=1e-12, atol=1e-12)
                if metric in ("l1", "l2") and k < 1000:  # others tie but for the last digit
                    assert len(set(ids.tolist())) == min(k, len(members))


@pytest.mark.parametrize("dtype", [np.float16, np.float64, ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_floats_in_any_layout_give_the_same(dtype, order):
    vectors, labels = arrays()
    other = ArraySource(np.asarray(vectors, dtype=dtype, order=order), labels.astype(np.int64))
    assert bits(reduce(moments, other)) == bits(reduce(moments, ArraySource(vectors, labels)))


def test_float32_rows_are_not_copied_and_not_written_to():
    vectors, labels = arrays()
    vectors.flags.writeable = False
    source = ArraySource(vectors, labels)
    assert all(np.shares_memory(one.vectors, vectors) for one in source.batches(10, 2000))
    reduce(moments, source)


def test_rows_can_be_given_other_labels():
    vectors, labels = arrays()
    source = Relabelled(
        ArraySource(vectors, labels), lambda held, ids: np.where(ids < 100, held, np.int32(-1))
    )
    found = reduce(moments, source)
    assert found.count.sum() == (labels[:100] >= 0).sum()


@pytest.mark.parametrize("workers", [1, 3])
def test_a_pass_that_is_told_to_stops(workers):
    stop = threading.Event()
    seen = []

    class Slow(Moments):
        def update(self, batch):
            seen.append(len(batch))
            stop.set()
            super().update(batch)

    with pytest.raises(Cancelled):
        reduce(lambda: Slow(K, N_DIMS), ArraySource(*arrays()), workers=workers, cancel=stop)
    assert sum(seen) < N_ROWS
    assert not [t for t in threading.enumerate() if t.name.startswith("relevanceai-reduce")]


@pytest.mark.parametrize("workers", [1, 3])
def test_ctrl_c_stops_a_pass_and_leaves_no_thread(workers):
    def interrupted(n_rows):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reduce(moments, ArraySource(*arrays()), workers=workers, on_rows=interrupted)
    assert not [t for t in threading.enumerate() if t.name.startswith("relevanceai-reduce")]


@pytest.mark.parametrize("workers", [1, 3])
def test_progress_adds_up_from_the_calling_thread(workers):
    told = []

    def on_rows(n_rows):
        assert threading.current_thread() is threading.main_thread()
        told.append(n_rows)

    reduce(moments, ArraySource(*arrays()), workers=workers, on_rows=on_rows)
    assert sum(told) == N_ROWS
    assert max(told) <= 130


def test_kernels_that_hold_much_run_on_fewer_threads(monkeypatch):
    alive = {"now": 0, "most": 0}
    lock = threading.Lock()

    class Large(Moments):
        def __init__(self):
            super().__init__(K, N_DIMS)
            self.state_bytes = 1000

        def update(self, batch):
            with lock:
                alive["now"] += 1
                alive["most"] = max(alive["most"], alive["now"])
            super().update(batch)
            with lock:
                alive["now"] -= 1

    reduce(Large, ArraySource(*arrays()), workers=8, memory_bytes=2500)
    assert alive["most"] <= 2


def test_shares_cover_the_rows_and_rest_on_sizes_alone():
    for n_rows in (0, 1, 99, 100, 1000, 12_345):
        for state in (0, 10_000, 10**9):
            cut = shares(n_rows, 8, state)
            assert [start for start, _ in cut[1:]] == [stop for _, stop in cut[:-1]]
            assert sum(stop - start for start, stop in cut) == n_rows
    assert len(shares(10**6, 512, 10**12)) == 2


def test_hundreds_of_thousands_of_rows_a_million_from_the_origin_give_the_true_inertia():
    rng = np.random.default_rng(5)
    vectors = (1e6 + rng.standard_normal((200_000, 8))).astype(np.float32)
    source = ArraySource(vectors, np.zeros(len(vectors), np.int32))
    found = reduce(lambda: Moments(1, 8, n_rows=len(vectors)), source)
    rows = vectors.astype(np.float64) - 1e6
    true = ((rows - rows.mean(axis=0)) ** 2).sum()
    assert found.inertia[0] == pytest.approx(true, rel=1e-9)


def test_no_rows_and_denormals_and_huge_numbers_give_no_nan():
    empty = ArraySource(np.empty((0, 3), np.float32), np.empty(0, np.int32))
    assert reduce(moments_of_three, empty).count.tolist() == [0, 0]
    odd = np.array([[1e-45, 0, 0], [3e38, -3e38, 3e38], [0, 0, 0], [1e-45, 1e-45, 0]], np.float32)
    source = ArraySource(odd, np.array([0, 0, 1, 1], np.int32))
    found = reduce(moments_of_three, source)
    assert np.isfinite(found.inertia).all()
    ranked = reduce(
        lambda: RankedRows(found.centroids(), 4, metrics=METRICS, n_rows=len(odd)), source
    )
    for metric in METRICS:
        for ids, values in ranked.result(metric):
            assert np.isfinite(values).all()
            assert len(ids) == 2


def moments_of_three():
    return Moments(2, 3, n_rows=4)


def test_a_chunk_of_a_stream_and_a_share_agree():
    vectors, labels = arrays()
    stream = [VectorBatch(np.arange(N_ROWS), vectors, labels)]
    assert reduce_module.CHUNK_ROWS > N_ROWS
    found, other = reduce(moments, stream), reduce(moments, ArraySource(vectors, labels))
    np.testing.assert_array_equal(found.sums, other.sums)
    np.testing.assert_allclose(found.inertia, other.inertia, rtol=1e-12)
