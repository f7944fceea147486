"""RankedRows: equal to the definition, blind to cuts and order, exact about ties."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import naive
from relevanceai.batch import VectorBatch
from relevanceai.kernels import sieve, size, units
from relevanceai.kernels.codes import encoded
from relevanceai.kernels.nearest import METRICS, SIMILARITIES, RankedRows, row_values

metrics = pytest.mark.parametrize("metric", METRICS)


@pytest.fixture(autouse=True, scope="module", params=["numpy", "machine code", "codes"])
def path(request):
    """Every law holds on all paths."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(size, "COMPILED_FROM", 2**62 if request.param == "numpy" else 0)
        patch.setattr(sys.modules[__name__], "HAS_CODES", request.param == "codes")
        yield request.param


HAS_CODES = False


def batch_of(row_ids, vectors, labels):
    vectors = np.asarray(vectors, dtype=np.float32)
    return VectorBatch(
        np.asarray(row_ids, dtype=np.int64),
        vectors,
        np.asarray(labels, dtype=np.int32),
        encoded(vectors) if HAS_CODES else None,
    )


@st.composite
def cases(draw):
    """Rows of small whole numbers: sums are exact, ties and duplicates are common."""
    n_rows, n_dims = draw(st.integers(0, 30)), draw(st.integers(1, 4))
    n_clusters = draw(st.integers(1, 5))
    whole = st.integers(-3, 3)
    vectors = draw(arrays(np.float32, (n_rows, n_dims), elements=whole))
    centroids = draw(arrays(np.float64, (n_clusters, n_dims), elements=whole)) / 2
    labels = draw(arrays(np.int32, n_rows, elements=st.integers(-1, n_clusters - 1)))
    row_ids = draw(st.permutations(range(1000, 1000 + n_rows)))
    return batch_of(row_ids, vectors, labels), centroids


def run(batches, centroids, k, *, metric, furthest=False):
    kernel = RankedRows(centroids, k, metrics=[metric], ends=[furthest])
    for batch in batches:
        kernel.update(batch)
    return kernel.result(metric, furthest=furthest)


def assert_same(result, expected, metric):
    assert len(result) == len(expected)
    for (row_ids, values), (true_ids, true_values) in zip(result, expected, strict=True):
        assert row_ids.dtype == np.int64
        assert values.dtype == np.float64
        np.testing.assert_allclose(values, true_values, rtol=1e-12, atol=1e-12)
        if metric != "cosine":  # whole numbers are exact; a quotient may differ in its last bit
            np.testing.assert_array_equal(row_ids, true_ids)


@metrics
@given(case=cases(), k=st.integers(0, 6), furthest=st.booleans())
def test_one_batch_equals_the_definition(metric, case, k, furthest):
    batch, centroids = case
    result = run([batch], centroids, k, metric=metric, furthest=furthest)
    expected = naive.nearest(
        batch.row_ids,
        batch.vectors,
        batch.labels,
        centroids,
        k,
        metric=metric,
        furthest=furthest,
    )
    assert_same(result, expected, metric)
    vector_of = dict(zip(batch.row_ids.tolist(), batch.vectors, strict=True))
    for cluster, (row_ids, values) in enumerate(result):
        for row_id, value in zip(row_ids.tolist(), values, strict=True):
            true = naive.compared(vector_of[row_id], centroids[cluster], metric)
            assert value == pytest.approx(true, abs=1e-12)


@metrics
@given(case=cases(), k=st.integers(1, 4), furthest=st.booleans(), data=st.data())
def test_cuts_order_and_merges_change_no_bit(metric, case, k, furthest, data):
    batch, centroids = case
    whole = run([batch], centroids, k, metric=metric, furthest=furthest)
    order = np.array(data.draw(st.permutations(range(len(batch)))), dtype=np.intp)
    shuffled = VectorBatch(batch.row_ids[order], batch.vectors[order], batch.labels[order])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(batch)), max_size=3)))
    total = RankedRows(centroids, k, metrics=[metric], ends=[furthest])
    for start, stop in zip([0, *cuts], [*cuts, len(batch)], strict=True):
        part = RankedRows(centroids, k, metrics=[metric], ends=[furthest])
        part.update(shuffled[start:stop])
        total.merge(part)
    result = total.result(metric, furthest=furthest)
    for (row_ids, values), (whole_ids, whole_values) in zip(result, whole, strict=True):
        assert row_ids.tolist() == whole_ids.tolist()
        assert values.tobytes() == whole_values.tobytes()


@metrics
def test_duplicates_tie_exactly_wherever_they_stand_and_the_smaller_row_id_wins(metric):
    rng = np.random.default_rng(0)
    for n_dims in (1, 2, 3, 7, 8, 17, 129, 513):
        row = rng.standard_normal(n_dims).astype(np.float32)
        vectors = rng.standard_normal((101, n_dims)).astype(np.float32)
        copies = [0, 1, 50, 99, 100]
        vectors[copies] = row
        values = row_values(
            vectors, np.zeros(101, np.int32), rng.standard_normal((1, n_dims)), metric
        )
        assert len(set(values[copies].tolist())) == 1
        same = batch_of([9, 4, 7], np.repeat(row[None], 3, axis=0), [0, 0, 0])
        assert run([same], np.ones((1, n_dims)), 2, metric=metric)[0][0].tolist() == [4, 7]


@metrics
def test_values_by_hand(metric):
    by_hand = {
        "cosine": [24 / 25, 0.0, -1.0],
        "dp": [24.0, 0.0, -25.0],
        "l2": [np.sqrt(2.0), 5.0, 10.0],
        "l1": [2.0, 7.0, 14.0],
    }
    vectors = [[4, 3], [0, 0], [-3, -4]]
    ((row_ids, values),) = run(
        [batch_of([5, 6, 7], vectors, [0, 0, 0])], np.array([[3.0, 4.0]]), 3, metric=metric
    )
    assert row_ids.tolist() == [5, 6, 7]
    np.testing.assert_allclose(values, by_hand[metric], rtol=1e-15)
    ((row_ids, _),) = run(
        [batch_of([5, 6, 7], vectors, [0, 0, 0])],
        np.array([[3.0, 4.0]]),
        3,
        metric=metric,
        furthest=True,
    )
    assert row_ids.tolist() == [7, 6, 5]


def test_the_cosine_with_a_zero_row_or_a_zero_centroid_is_zero():
    centroids = np.array([[0.0, 0.0], [1.0, 0.0]])
    result = run(
        [batch_of([1, 2, 3], [[1, 1], [0, 0], [-1, 0]], [0, 1, 1])], centroids, 9, metric="cosine"
    )
    assert [(ids.tolist(), values.tolist()) for ids, values in result] == [
        ([1], [0.0]),
        ([2, 3], [0.0, -1.0]),
    ]


def test_the_cosine_never_leaves_its_range():
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((200, 33)).astype(np.float32)
    centroids = vectors.astype(np.float64) * rng.uniform(0.1, 9.0, (200, 1))
    own = np.arange(200, dtype=np.int32)
    values = row_values(vectors, own, centroids, "cosine")
    assert values.max() <= 1.0
    np.testing.assert_allclose(values, 1.0, rtol=1e-15)
    opposite = row_values(vectors, own, -centroids, "cosine")
    assert opposite.min() >= -1.0
    np.testing.assert_allclose(opposite, -1.0, rtol=1e-15)


@pytest.mark.parametrize("metric", ["l2", "l1"])
def test_near_ties_a_million_from_the_origin_are_told_apart(metric):
    step = 0.0625  # one step of float32 at a million
    vectors = 1e6 + step * np.array([[3, 0], [0, 2], [1, 0], [0, 0]])
    ((row_ids, values),) = run(
        [batch_of([10, 11, 12, 13], vectors, [0] * 4)],
        np.array([[1e6, 1e6]]),
        4,
        metric=metric,
    )
    assert row_ids.tolist() == [13, 12, 11, 10]
    assert values.tolist() == [0.0, step, 2 * step, 3 * step]


@metrics
def test_only_members_compete_and_empty_clusters_stay_empty(metric):
    centroids = np.array([[0.0], [np.nan], [5.0]])
    result = run([batch_of([1, 2, 3], [[5], [0], [7]], [0, 2, -1])], centroids, 2, metric=metric)
    assert [row_ids.tolist() for row_ids, _ in result] == [[1], [], [2]]


@metrics
def test_no_clusters_no_rows_and_k_of_zero(metric):
    none = np.empty((0, 2))
    assert run([batch_of([1], [[1, 1]], [-1])], none, 3, metric=metric) == []
    nothing = run([batch_of([], np.empty((0, 2)), [])], np.ones((2, 2)), 3, metric=metric)
    assert [row_ids.tolist() for row_ids, _ in nothing] == [[], []]
    zero = run([batch_of([1], [[1, 1]], [0])], np.ones((2, 2)), 0, metric=metric)
    assert [row_ids.tolist() for row_ids, _ in zero] == [[], []]


@metrics
def test_blocks_change_no_bit(metric, monkeypatch):
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((100, 5)).astype(np.float32)
    labels = rng.integers(0, 3, 100).astype(np.int32)
    centroids = rng.standard_normal((3, 5))
    whole = row_values(vectors, labels, centroids, metric)
    monkeypatch.setattr(units, "BLOCK_BYTES", 3 * 8 * 5)
    assert row_values(vectors, labels, centroids, metric).tobytes() == whole.tobytes()


def test_similarities_are_the_metrics_that_grow_with_likeness():
    assert METRICS == ("cosine", "l2", "l1", "dp")
    assert {metric for metric in METRICS if naive.is_similarity(metric)} == SIMILARITIES


@pytest.mark.slow
def test_ten_thousand_clusters_are_not_quadratic():
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((30_000, 4)).astype(np.float32)
    labels = rng.integers(0, 10_000, 30_000).astype(np.int32)
    centroids = rng.standard_normal((10_000, 4))
    result = run([batch_of(np.arange(30_000), vectors, labels)], centroids, 3, metric="l2")
    for cluster in (0, 1, 5_000, 9_999):
        members = np.flatnonzero(labels == cluster)
        true = np.linalg.norm(vectors[members] - centroids[cluster], axis=1)
        assert result[cluster][0].tolist() == members[np.argsort(true)][:3].tolist()


@metrics
@pytest.mark.parametrize("n_rows", [0, 1])
def test_kernels_of_one_pass_may_leave_out_what_another_has_beaten(metric, n_rows):
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((3000, 9)).astype(np.float32)
    batch = VectorBatch(rng.permutation(3000), vectors, rng.integers(-1, 3, 3000).astype(np.int32))
    centroids = rng.standard_normal((3, 9))
    whole = RankedRows(centroids, 4, metrics=[metric])
    whole.update(batch)
    kernel = RankedRows(centroids, 4, metrics=[metric], n_rows=n_rows)  # with a first look, without
    parts = [kernel.fresh() for _ in range(3)]
    for place, start in enumerate(range(0, 3000, 100)):
        parts[place % 3].update(batch[start : start + 100])
    for part in parts[1:]:
        parts[0].merge(part)
    for furthest in (False, True):
        for cluster in range(3):
            ids, values = parts[0].result(metric, furthest=furthest)[cluster]
            true_ids, true_values = whole.result(metric, furthest=furthest)[cluster]
            assert ids.tolist() == true_ids.tolist()
            assert values.tobytes() == true_values.tobytes()


@metrics
@pytest.mark.parametrize("size", [1e-30, 1e-10, 1.0, 1e10, 1e30])
def test_the_first_look_in_float32_misses_nothing_at_any_size(metric, size):
    rng = np.random.default_rng(6)
    vectors = (size * rng.standard_normal((2000, 17))).astype(np.float32)
    vectors[::7] = vectors[0]
    labels = rng.integers(0, 2, 2000).astype(np.int32)
    batch = VectorBatch(np.arange(2000), vectors, labels)
    centroids = np.stack([vectors[labels == c].mean(axis=0, dtype=np.float64) for c in (0, 1)])
    for furthest in (False, True):
        result = run([batch[:900], batch[900:]], centroids, 5, metric=metric, furthest=furthest)
        expected = naive.nearest(
            batch.row_ids, vectors, labels, centroids, 5, metric=metric, furthest=furthest
        )
        for (_, values), (_, true_values) in zip(result, expected, strict=True):
            np.testing.assert_allclose(values, true_values, rtol=1e-11)


@metrics
def test_rows_put_in_order_of_their_labels_change_no_bit(metric, monkeypatch):
    from relevanceai.kernels import windows

    rng = np.random.default_rng(7)
    labels = rng.integers(-1, 20, 3000).astype(np.int32)
    batch = VectorBatch(np.arange(3000), rng.standard_normal((3000, 5)).astype(np.float32), labels)
    centroids = rng.standard_normal((20, 5))
    as_they_stand = run([batch], centroids, 3, metric=metric)
    monkeypatch.setattr(windows, "_CACHED_BYTES", 0)
    monkeypatch.setattr(windows, "ROWS", 1024)
    for (ids, values), (true_ids, true_values) in zip(
        run([batch], centroids, 3, metric=metric), as_they_stand, strict=True
    ):
        assert ids.tolist() == true_ids.tolist()
        assert values.tobytes() == true_values.tobytes()


@pytest.mark.parametrize("most_waiting", [0, 50, 10**6])
@pytest.mark.parametrize("metric", ["cosine", "dp", "l2"])
def test_what_codes_leave_out_changes_nothing(metric, most_waiting, monkeypatch):
    monkeypatch.setattr(sieve, "_MOST_WAITING", most_waiting)
    monkeypatch.setattr(size, "COMPILED_FROM", 0)
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((3000, 24)).astype(np.float32) + 2
    vectors[::50] = vectors[0]  # equal rows: ties
    vectors[7] = 0
    labels = rng.integers(-1, 6, 3000).astype(np.int32)
    centroids = np.stack([vectors[labels == one].mean(axis=0, dtype=float) for one in range(6)])
    plain = VectorBatch(rng.permutation(3000), vectors, labels)
    pieces = [plain[start : start + 700] for start in range(0, 3000, 700)]
    coded = [
        VectorBatch(one.row_ids, one.vectors, one.labels, encoded(one.vectors)) for one in pieces
    ]  # each with a shift and scale of its own
    kernels = [RankedRows(centroids, 12, metrics=[metric], n_rows=10**6)]
    kernels += [kernels[0].fresh() for _ in range(2)]
    for place, piece in enumerate(coded):
        kernels[place % 3].update(piece)
    if most_waiting:  # as an engine has it: step by step, all kernels in each
        for steps in zip(*(kernel.last_steps for kernel in kernels), strict=True):
            for step in steps:
                step()
    for other in kernels[1:]:
        kernels[0].merge(other)
    alone = RankedRows(centroids, 12, metrics=[metric], n_rows=10**6)
    alone.update(plain)
    for furthest in (False, True):
        for (rows, values), (true_rows, true_values) in zip(
            kernels[0].result(metric, furthest=furthest),
            alone.result(metric, furthest=furthest),
            strict=True,
        ):
            np.testing.assert_array_equal(rows, true_rows)
            np.testing.assert_array_equal(values, true_values)


def test_most_rows_are_never_read_where_there_are_codes(monkeypatch):
    monkeypatch.setattr(size, "COMPILED_FROM", 0)
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((20_000, 64)).astype(np.float32)
    batch = VectorBatch(np.arange(20_000), vectors, np.zeros(20_000, np.int32), encoded(vectors))
    kernel = RankedRows(np.ones((1, 64)), 10, n_rows=20_000)
    read = []
    compete = RankedRows._compete

    def counted(self, part, order, *args, **options):
        read.append(len(order))
        compete(self, part, order, *args, **options)

    monkeypatch.setattr(RankedRows, "_compete", counted)
    kernel.update(batch)
    kernel.result("cosine")
    assert 20 <= sum(read) < 500
