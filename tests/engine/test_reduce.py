"""reduce: one fixed tree of merges, whatever the batches, the threads and their luck."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.batch import VectorBatch
from relevanceai.engine import reduce as reduce_module
from relevanceai.engine.reduce import FAN_IN, reduce
from relevanceai.errors import InvalidInputError
from relevanceai.kernels.moments import Moments
from relevanceai.kernels.nearest import RankedRows
from relevanceai.store.array_source import ArraySource

CHUNK = 16
N_DIMS = 3


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(reduce_module, "CHUNK_ROWS", CHUNK)


def rows(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    return VectorBatch(
        np.arange(n_rows),
        rng.standard_normal((n_rows, N_DIMS)).astype(np.float32),
        rng.integers(-1, 4, n_rows).astype(np.int32),
    )


def cut(batch, size):
    return (batch[start : start + size] for start in range(0, len(batch), size))


def moments():
    return Moments(4, N_DIMS)


def bits(kernel):
    return [array.tobytes() for array in kernel.to_arrays().values()]


class Trace:
    """A kernel that keeps the story of its rows: (first row, rows) joined as a nested tuple."""

    def __init__(self):
        self.story = None

    def update(self, batch):
        assert self.story is None, "each chunk has a kernel of its own"
        self.story = (int(batch.row_ids[0]), len(batch))

    def merge(self, other):
        self.story = (self.story, other.story)


def expected_story(n_rows):
    """Fold neighbours by eight, level by level, until one is left."""
    stories = [(start, min(CHUNK, n_rows - start)) for start in range(0, n_rows, CHUNK)]
    while len(stories) > 1:
        groups = [stories[i : i + FAN_IN] for i in range(0, len(stories), FAN_IN)]
        stories = []
        for first, *others in groups:
            story = first
            for other in others:
                story = (story, other)
            stories.append(story)
    return stories[0] if stories else None


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("n_chunks", [0, 1, 2, 7, 8, 9, 63, 64, 65, 200, 513])
def test_the_tree_is_the_fixed_one_of_fan_in_eight(n_chunks, workers):
    n_rows = max(n_chunks * CHUNK - 3, 0)
    result = reduce(Trace, cut(rows(n_rows), 50), workers=workers)
    assert result.story == expected_story(n_rows)


@given(
    n_rows=st.integers(0, 200),
    size=st.integers(1, 70),
    workers=st.integers(1, 4),
)
def test_answers_are_bit_equal_for_any_batch_size_and_number_of_workers(n_rows, size, workers):
    batch = rows(n_rows)
    reference = reduce(moments, [batch], workers=1)
    assert bits(reduce(moments, cut(batch, size), workers=workers)) == bits(reference)


@pytest.mark.parametrize("furthest", [False, True])
def test_nearest_rows_survive_the_engine(furthest):
    batch = rows(500)
    centroids = np.random.default_rng(1).standard_normal((4, N_DIMS))

    def nearest():
        return RankedRows(centroids, 5, ends=[furthest])

    whole = nearest()
    whole.update(batch)
    result = reduce(nearest, cut(batch, 37), workers=3).result("cosine", furthest=furthest)
    expected = whole.result("cosine", furthest=furthest)
    for (row_ids, values), (true_ids, true_values) in zip(result, expected, strict=True):
        assert row_ids.tolist() == true_ids.tolist()
        assert values.tobytes() == true_values.tobytes()


def test_no_rows_give_an_empty_kernel():
    empty = rows(0)
    for batches in ([], [empty], [empty, empty]):
        assert reduce(moments, batches).count.tolist() == [0, 0, 0, 0]


def test_empty_batches_between_change_nothing():
    batch, empty = rows(60), rows(0)
    assert bits(reduce(moments, [empty, batch[:20], empty, batch[20:], empty])) == bits(
        reduce(moments, [batch])
    )


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_progress_is_told_chunk_by_chunk_from_the_calling_thread(workers):
    seen = []

    def on_rows(n_rows):
        seen.append((n_rows, threading.current_thread() is threading.main_thread()))

    reduce(moments, cut(rows(3 * CHUNK + 5), 9), workers=workers, on_rows=on_rows)
    assert seen == [(CHUNK, True), (CHUNK, True), (CHUNK, True), (5, True)]


def test_chunks_inside_a_batch_are_not_copied():
    batch = rows(2 * CHUNK)
    shared = []

    class Spy(Trace):
        def update(self, batch_):
            super().update(batch_)
            shared.append(np.shares_memory(batch_.vectors, batch.vectors))

    reduce(Spy, [batch], workers=1)
    assert shared == [True, True]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_stream_is_read_only_a_little_ahead(workers):
    state = {"read": 0, "done": 0, "ahead": 0}

    def batches():
        for batch in cut(rows(40 * CHUNK), CHUNK):
            state["read"] += 1
            state["ahead"] = max(state["ahead"], state["read"] - state["done"])
            yield batch

    def on_rows(_):
        state["done"] += 1

    reduce(moments, batches(), workers=workers, on_rows=on_rows)
    assert state["done"] == 40
    assert state["ahead"] <= workers + 2


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_run_at_the_same_time(workers):
    together = threading.Barrier(workers, timeout=30)

    class Meeting(Trace):
        def update(self, batch):
            super().update(batch)
            together.wait()

    result = reduce(Meeting, cut(rows(workers * CHUNK), CHUNK), workers=workers)
    assert result.story == expected_story(workers * CHUNK)


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_of_a_kernel_comes_out_and_no_thread_is_left(workers):
    class Broken(Trace):
        def update(self, batch):
            if batch.row_ids[0] == 4 * CHUNK:
                raise ArithmeticError("chunk 4")
            super().update(batch)

    with pytest.raises(ArithmeticError, match=r"^chunk 4$"):
        reduce(Broken, cut(rows(50 * CHUNK), CHUNK), workers=workers)
    assert not [t for t in threading.enumerate() if t.name.startswith("relevanceai-reduce")]


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_of_the_stream_comes_out_and_no_thread_is_left(workers):
    def batches():
        yield rows(3 * CHUNK)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match=r"^the disk is gone$"):
        reduce(moments, batches(), workers=workers)
    assert not [t for t in threading.enumerate() if t.name.startswith("relevanceai-reduce")]


def test_fewer_than_one_worker_is_refused():
    with pytest.raises(InvalidInputError) as caught:
        reduce(moments, [], workers=0)
    assert str(caught.value) == (
        "A reduction was asked to run on 0 workers. Pass workers=1 or more."
    )


class Stepping:
    """A kernel whose threads need but one, with two last steps that write down when they ran."""

    is_cut_blind = True

    def __init__(self, told, fails=False):
        self.told, self.fails, self.n_rows = told, fails, 0

    def update(self, batch):
        self.n_rows += len(batch)
        self.told.append("rows")

    def merge(self, other):
        self.n_rows += other.n_rows

    @property
    def last_steps(self):
        return (self.first, lambda: self.told.append("second"))

    def first(self):
        self.told.append("first")
        if self.fails:
            raise RuntimeError("a step failed")


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_last_steps_begin_when_all_kernels_have_done_what_is_before(workers):
    told = []
    batch = rows(200_000)
    source = ArraySource(batch.vectors, batch.labels)
    assert reduce(lambda: Stepping(told), source, workers=workers).n_rows == 200_000
    names = list(dict.fromkeys(told))
    assert names == ["rows", "first", "second"]
    assert told == sorted(told, key=names.index)
    assert told.count("second") == told.count("first") <= workers


@pytest.mark.parametrize(("workers", "failing"), [(1, 1), (2, 1), (2, 2), (3, 3)])
def test_a_last_step_that_fails_ends_the_pass(workers, failing):
    made = []

    def make():  # the first made is asked what it needs, and sees no row
        made.append(Stepping([], fails=len(made) == failing))
        return made[-1]

    batch = rows(200_000)
    with pytest.raises(RuntimeError, match="a step failed"):
        reduce(make, ArraySource(batch.vectors, batch.labels), workers=workers)


def test_a_kernel_that_cannot_be_made_ends_the_pass():
    made = []

    def make():  # the first is asked what it needs; the last of the threads' own fails
        made.append(Stepping([]))
        if len(made) == 3:
            raise MemoryError("no room")
        return made[-1]

    batch = rows(200_000)
    with pytest.raises(MemoryError, match="no room"):
        reduce(make, ArraySource(batch.vectors, batch.labels), workers=2)


def test_threads_do_not_wait_for_one_that_never_began(monkeypatch):
    is_waiting, begun = threading.Event(), []
    submit, wait = ThreadPoolExecutor.submit, threading.Barrier.wait

    def submitting(pool, *work):
        begun.append(work)
        if len(begun) == 2:
            assert is_waiting.wait(30)
            raise RuntimeError("can't start new thread")
        return submit(pool, *work)

    def waiting(barrier, timeout=None):
        is_waiting.set()
        return wait(barrier, 30)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submitting)
    monkeypatch.setattr(threading.Barrier, "wait", waiting)
    batch = rows(200_000)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        reduce(lambda: Stepping([]), ArraySource(batch.vectors, batch.labels), workers=2)
    assert not [one for one in threading.enumerate() if one.name.startswith("relevanceai")]


@pytest.mark.parametrize("is_cut_blind", [False, True])
def test_when_one_thread_fails_the_others_stop_and_its_error_is_raised(is_cut_blind):
    begun = threading.Event()
    n_updates = []

    class Fragile:
        def __init__(self):
            self.is_cut_blind = is_cut_blind
            self.state_bytes = 1

        def update(self, batch):
            if batch.row_ids[0] == 0:  # the first share goes on until it is told to stop
                begun.set()
                n_updates.append(len(batch))
            else:
                assert begun.wait(60)
                raise OSError("the disk is gone")

        def merge(self, other):
            raise AssertionError("nothing is merged after a failure")

    class Endless:
        n_rows, n_dims = 65_536, 1

        def batches(self, start, stop):
            while True:
                yield VectorBatch(
                    np.full(1, start), np.zeros((1, 1), np.float32), np.zeros(1, np.int32)
                )

    with pytest.raises(OSError, match="the disk is gone"):
        reduce(Fragile, Endless(), workers=2)
    assert n_updates
