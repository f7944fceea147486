"""The passes over the vectors, measured beside the limit of the machine and what people do today."""

import gc
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from results import Figure, Note, Section

N_ROWS, N_DIMS, K = 1_000_000, 512, 1_000
FIELD = "text_vector_"
_BATCH = 8192

INTRO = (
    "1,000,000 x 512 float32, 1,000 clusters, 10 closest and 10 furthest, unless said. The limit is "
    "a parallel sum by numba over the same memory map, mapped afresh and resident; job and limit "
    "take turns, and a figure is the ratio of neighbours. Peers get the same arrays in memory."
)


@numba.njit(parallel=True, fastmath=True, cache=True)  # type: ignore[untyped-decorator]
def _total(vectors):  # type: ignore[no-untyped-def]
    total = 0.0
    for row in numba.prange(vectors.shape[0]):
        part = np.float32(0.0)
        for column in range(vectors.shape[1]):
            part += vectors[row, column]
        total += part
    return total


def _limit(path: Path, runs: Sequence[tuple[int, int]]) -> float:
    """Seconds that a plain parallel read of the rows takes, in a fresh map of their file."""
    whole = np.memmap(path, np.uint8, "r")
    parts = [
        np.frombuffer(whole, np.float32, n_rows * N_DIMS, position).reshape(n_rows, N_DIMS)
        for position, n_rows in runs
    ]
    return _timed(lambda: [_total(part) for part in parts])


def _timed(job: Callable[[], object]) -> float:
    gc.collect()
    start = perf_counter()
    job()
    return perf_counter() - start


def _paired(
    rounds: int,
    limit: Callable[[], float],
    job: Callable[[], object],
    passes: int = 2,
    prepare: Callable[[], object] = lambda: None,
) -> list[float]:
    """The time of a job, in passes of the limit; each between two measures of it."""
    limit()
    job()
    ratios = []
    prepare()
    before = limit()
    for _ in range(rounds):
        prepare()
        took = _timed(job)
        prepare()
        after = limit()
        ratios.append(took / (passes * (before + after) / 2))
        before = after
    return ratios


# the data ---------------------------------------------------------------------------------------


def _vectors(path: Path, n_rows: int, n_dims: int, seed: int = 0) -> NDArray[np.float32]:
    """Rows about a thousand places, in a file, so that they take no anonymous memory."""
    made = np.memmap(path, np.float32, "w+", shape=(n_rows, n_dims))
    rng = np.random.default_rng(seed)
    places = rng.standard_normal((K, n_dims), np.float32)
    labels = _labels(n_rows, K)
    for start in range(0, n_rows, 50_000):
        stop = min(start + 50_000, n_rows)
        made[start:stop] = rng.standard_normal((stop - start, n_dims), np.float32)
        made[start:stop] += places[labels[start:stop]]
    made.flush()
    return np.memmap(path, np.float32, "r", shape=(n_rows, n_dims))


def _labels(n_rows: int, n_clusters: int) -> NDArray[np.int32]:
    return np.random.default_rng(n_clusters).integers(0, n_clusters, n_rows).astype(np.int32)


def _dataset(scratch: Path, vectors: NDArray[np.float32]):  # type: ignore[no-untyped-def]
    """The rows as a dataset, with two columns of labels and no clustering."""
    from relevanceai import Client

    n_rows, n_dims = vectors.shape
    few, many = _labels(n_rows, K), _labels(n_rows, 10 * K)
    schema = pa.schema(
        [
            ("_id", pa.string()),
            (FIELD, pa.list_(pa.float32(), n_dims)),
            ("few", pa.int32()),
            ("many", pa.int32()),
        ]
    )

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, n_rows, _BATCH):
            rows = slice(start, min(start + _BATCH, n_rows))
            flat = pa.array(np.ascontiguousarray(vectors[rows]).ravel())
            ids = pa.array([str(row) for row in range(rows.start, rows.stop)])
            lists = pa.FixedSizeListArray.from_arrays(flat, n_dims)
            yield pa.record_batch(
                [ids, lists, pa.array(few[rows]), pa.array(many[rows])], schema=schema
            )

    dataset = Client(scratch / "home").Dataset("rows")
    dataset.insert_arrow(pa.RecordBatchReader.from_batches(schema, batches()))
    return dataset


def _raw_vectors(dataset):  # type: ignore[no-untyped-def]
    """The file in which the vectors lie row after row: its path, and position and rows of each run."""
    from relevanceai.store.in_place import data_file, runs_of

    handle = dataset._store.opened()
    (fragment,) = handle.get_fragments()
    column = dataset._store.vector_field(FIELD).column
    file = data_file(handle, fragment, column)
    runs = runs_of(file, N_ROWS, N_DIMS, dataset._store.folder / "none")
    return file.path, [(run.position, run.n_rows) for run in runs]


# the jobs ---------------------------------------------------------------------------------------


def _moments(source, n_clusters: int):  # type: ignore[no-untyped-def]
    from relevanceai.engine.reduce import reduce
    from relevanceai.kernels.moments import Moments

    return reduce(lambda: Moments(n_clusters, source.n_dims, n_rows=source.n_rows), source)


def _ranked(source, centroids, metrics=("cosine",), k: int = 10):  # type: ignore[no-untyped-def]
    from relevanceai.engine.reduce import reduce
    from relevanceai.kernels.nearest import RankedRows

    kernel = RankedRows(centroids, k, metrics=metrics, n_rows=source.n_rows)
    return reduce(kernel.fresh, source)


def _two_passes(dataset, clustering):  # type: ignore[no-untyped-def]
    """Centroids, then closest and furthest, from the store; nothing kept is used but raw vectors."""
    from relevanceai.engine.batches import vector_source

    source = vector_source(dataset._store.snapshot(), clustering.vector_fields, clustering)
    centroids = _moments(source, len(clustering.ids)).centroids()
    return _ranked(source, centroids)


def _first_look(dataset, alias: str) -> None:  # type: ignore[no-untyped-def]
    """A new clustering of a column of labels, the heat map's numbers, and the closest documents."""
    ops = dataset.cluster(byo_cluster_field="few", alias=alias)
    ops.centroid_similarity()
    ops.closest_centroids()
    ops.closest(page_size=10, verbose=False)


# the figures ------------------------------------------------------------------------------------


def measure_memory(scratch: Path, rounds: int) -> Sequence[Figure | Note]:
    """Figure 1: arrays in memory."""
    from relevanceai.store.array_source import ArraySource

    path = scratch / "vectors"
    vectors = _vectors(path, N_ROWS, N_DIMS)
    source = ArraySource(vectors, _labels(N_ROWS, K))
    centroids = _moments(source, K).centroids()

    def limit() -> float:
        return _timed(lambda: _total(vectors))

    found: list[Figure | Note] = []
    jobs: dict[str, Callable[[], object]] = {"moments": lambda: _moments(source, K)}
    for metric in ("cosine", "l2", "l1", "dp"):
        jobs[f"closest and furthest, {metric}"] = lambda metric=metric: _ranked(  # type: ignore[misc]
            source, centroids, (metric,)
        )
    for name, job in jobs.items():
        shares = [1 / ratio for ratio in _paired(rounds, limit, job, passes=1)]
        promise = 0.75 if name == "moments" else 0.65
        found.append(
            Figure(f"{name}, share of the limit's bandwidth", shares, "x", promise, at_least=True)
        )
    return found


def measure_store(scratch: Path, rounds: int) -> Sequence[Figure | Note]:
    """Figures 2 and 4: from the store."""
    from relevanceai.store.cache import vectors_folder
    from relevanceai.store.cached_map import forget

    dataset = _dataset(scratch, _vectors(scratch / "vectors", N_ROWS, N_DIMS))
    (scratch / "vectors").unlink()
    dataset.cluster(byo_cluster_field="few", alias="few")
    dataset.cluster(byo_cluster_field="many", alias="many")
    of = {one.alias: one for one in dataset._store.snapshot().clusterings()}
    raw, runs = _raw_vectors(dataset)
    codes = list(vectors_folder(dataset._store.folder).glob("*.i8"))

    def limit() -> float:
        return _limit(raw, runs)

    def forget_maps() -> None:  # as the limit has it: a map is made anew each time
        forget(dataset._store.folder)
        for path in (raw, *codes):
            _have_resident(path)

    found: list[Figure | Note] = []
    ratios = _paired(rounds, limit, lambda: _two_passes(dataset, of["few"]), prepare=forget_maps)
    found.append(Figure("two passes from the store, warm", ratios, "x", 2.0))
    ratios = _paired(rounds, limit, lambda: _two_passes(dataset, of["many"]), prepare=forget_maps)
    found.append(Figure("the same, 10,000 clusters", ratios, "x", 3.5))
    busy = multiprocessing.get_context("spawn").Process(target=_spin, daemon=True)
    busy.start()
    try:
        ratios = _paired(
            rounds, limit, lambda: _two_passes(dataset, of["few"]), prepare=forget_maps
        )
    finally:
        busy.terminate()
        busy.join()
    found.append(Figure("the same beside one busy core (the limit too)", ratios, "x", 2.5))
    ratios = _paired(rounds, limit, lambda: _first_look(dataset, "look"), prepare=forget_maps)
    found.append(Figure("the whole first look", ratios, "x", 2.2))
    found += _again(dataset, rounds)
    found += _cold(dataset, of["few"], raw, limit, min(rounds, 5))
    return found


def _again(dataset, rounds: int) -> list[Figure | Note]:  # type: ignore[no-untyped-def]
    ops = dataset.ClusterOps(alias="few")
    heat, closest, few = [], [], []
    for _ in range(rounds + 1):
        heat.append(_timed(lambda: (ops.centroid_similarity(), ops.closest_centroids())))
        closest.append(_timed(lambda: ops.closest(page_size=10, verbose=False)))
        ids = ops.list_cluster_ids()[:8]
        few.append(_timed(lambda ids=ids: ops.closest(ids, page_size=10, verbose=False)))  # type: ignore[misc]
    return [
        Figure("second call: the heat map's numbers", heat[1:], "s", 0.05),
        Figure("second call: closest, 8 clusters and their 80 documents", few[1:], "s", 0.05),
        Figure("second call: closest, 1,000 clusters and 10,000 documents", closest[1:], "s", 0.05),
    ]


def _cold(  # type: ignore[no-untyped-def]
    dataset, clustering, raw: Path, limit: Callable[[], float], rounds: int
) -> list[Figure | Note]:
    """With the file's pages dropped first, which the system may do or not."""
    from relevanceai.store.cache import vectors_folder
    from relevanceai.store.cached_map import forget

    codes = list(vectors_folder(dataset._store.folder).glob("*.i8"))
    cold_limit, cold_job = [], []
    for _ in range(rounds):
        forget(dataset._store.folder)  # what is mapped is not dropped
        _drop(raw)
        cold_limit.append(limit())
        for path in (raw, *codes):
            _drop(path)
        cold_job.append(_timed(lambda: _two_passes(dataset, clustering)))
    ratios = [job / read for job, read in zip(cold_job, cold_limit, strict=True)]
    read = N_ROWS * N_DIMS * 4 / np.median(cold_limit) / 1e9
    return [
        Figure("cold: two passes over one cold mapped read", ratios, "x", 1.5),
        f"The cold mapped read ran at {read:.1f} GB/s.",
    ]


def _have_resident(path: Path) -> None:
    """Read a file, so that all of it is in memory: a system may give up pages when it likes."""
    room = bytearray(2**23)
    with path.open("rb", buffering=0) as file:
        while file.readinto(room):
            pass


def _drop(path: Path) -> None:
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _spin() -> None:
    while True:
        pass


def measure_first(scratch: Path, rounds: int) -> Sequence[Figure | Note]:
    """Figure 2, the first time, when nothing is kept yet."""
    from relevanceai.store.cache import vectors_folder
    from relevanceai.store.cached_map import forget

    dataset = _dataset(scratch, _vectors(scratch / "vectors", N_ROWS, N_DIMS))
    (scratch / "vectors").unlink()
    dataset.cluster(byo_cluster_field="few", alias="few")
    (clustering,) = dataset._store.snapshot().clusterings()
    handle = dataset._store.opened()
    column = dataset._store.vector_field(FIELD).column
    raw, runs = _raw_vectors(dataset)
    _limit(raw, runs)
    ratios = []
    for _ in range(min(rounds, 3)):
        limit = _limit(raw, runs)

        def scan() -> None:
            for _ in handle.scanner(columns=[column], batch_size=1024).to_batches():
                pass

        scanned = _timed(scan)
        forget(dataset._store.folder)
        shutil.rmtree(vectors_folder(dataset._store.folder))
        took = _timed(lambda: _two_passes(dataset, clustering))
        ratios.append(took / (scanned + 2 * limit))
    what = "first time, nothing kept, over one bare Lance scan + two limit passes"
    return [Figure(what, ratios, "x", 1.3)]


def measure_today(scratch: Path, rounds: int) -> Sequence[Figure | Note]:
    """Figure 3: pandas and scikit-learn, and a dict a document."""
    import pandas as pd
    from sklearn.metrics.pairwise import cosine_similarity

    from relevanceai.store.array_source import ArraySource

    found: list[Figure | Note] = []
    for n_rows in (200_000, N_ROWS):
        vectors = _vectors(scratch / f"vectors-{n_rows}", n_rows, N_DIMS)
        labels = _labels(n_rows, K)
        source = ArraySource(vectors, labels)

        def ours(source: ArraySource = source) -> object:
            return _ranked(source, _moments(source, K).centroids())

        def theirs(
            vectors: NDArray[np.float32] = vectors, labels: NDArray[np.int32] = labels
        ) -> object:
            frame = pd.DataFrame(vectors)
            means = frame.groupby(labels).mean().to_numpy()
            best = {}
            for cluster in range(K):
                members = np.flatnonzero(labels == cluster)
                found = cosine_similarity(vectors[members], means[cluster : cluster + 1])[:, 0]
                order = np.argsort(-found)
                best[cluster] = members[order[:10]], members[order[-10:]]
            return best

        ours()
        mine = [_timed(ours) for _ in range(rounds)]
        other = [_timed(theirs) for _ in range(3 if n_rows < N_ROWS else 1)]
        what = f"pandas group-by + scikit-learn, {n_rows:,}: their time over ours"
        found.append(Figure(what, [one / np.median(mine) for one in other], "x", 20, at_least=True))
        if n_rows < N_ROWS:
            documents = [
                {"_id": str(row), "label": int(labels[row]), FIELD: vectors[row].tolist()}
                for row in range(n_rows)
            ]
            took = _timed(lambda documents=documents: _by_documents(documents))  # type: ignore[misc]
            del documents
            what = f"a dict a document, {n_rows:,}: its time over ours"
            found.append(Figure(what, [took / np.median(mine)], "x"))
    return found


def _by_documents(documents: list[dict[str, object]]) -> object:
    """The way of an SDK that holds documents as dicts: lists of floats, cluster by cluster."""
    members: dict[int, list[dict[str, object]]] = {}
    for document in documents:
        members.setdefault(document["label"], []).append(document)  # type: ignore[arg-type]
    best = {}
    for label, held in members.items():
        rows = np.array([one[FIELD] for one in held])
        mean = rows.mean(axis=0)
        found = rows @ mean / np.linalg.norm(rows, axis=1) / np.linalg.norm(mean)
        best[label] = [held[place]["_id"] for place in np.argsort(-found)[:10]]
    return best


def measure_size(scratch: Path, _rounds: int) -> Sequence[Figure | Note]:
    """Figures 5 and 9: anonymous memory, and cost against the number of rows."""
    found: list[Figure | Note] = []
    seconds = {}
    shapes = [(n_rows, 64) for n_rows in _TALL] + [(1_000_000, 512)]
    for n_rows, n_dims in shapes:
        path = scratch / "vectors"
        _vectors(path, n_rows, n_dims)
        done = subprocess.run(
            [sys.executable, __file__, str(path), str(n_rows), str(n_dims)],
            check=True,
            capture_output=True,
            text=True,
        )
        told = json.loads(done.stdout)
        seconds[n_rows, n_dims] = told["seconds"]
        if n_rows * n_dims >= 512_000_000:
            what = f"peak anonymous memory above the import, {n_rows:,} x {n_dims}"
            found.append(Figure(what, [told["mib"]], "MiB", 512))
    path.unlink()
    return found + _line({n_rows: float(np.median(seconds[n_rows, 64])) for n_rows in _TALL})


_TALL = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)


def _line(seconds: dict[int, float]) -> list[Figure | Note]:
    """The straight line through the cost of two passes over rows of 64 dimensions."""
    n_rows, took = np.array(list(seconds)), np.array(list(seconds.values()))
    slope, fixed = np.polyfit(n_rows, took, 1)
    off = took - (fixed + slope * n_rows)
    explained = 1 - off @ off / ((took - took.mean()) @ (took - took.mean()))
    each = ", ".join(f"{s / n * 1e9:.0f} ns of {n:,}" for n, s in seconds.items())
    return [
        Figure("two passes over n x 64, by least squares: a row more", [slope * 1e9], "ns"),
        Figure("the same: what does not grow with the rows", [fixed * 1e3], "ms"),
        Figure("the same: share of the differences that the line explains", [explained], "x"),
        f"Two passes over n x 64, all of their time over n: {each}. The fewest are left to numpy, "
        "which needs no machine code to be loaded. Medians of five, after one that is not timed.",
    ]


def _anonymous_mib() -> float:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _alone(path: str, n_rows: int, n_dims: int) -> None:
    """Two passes in a process of its own: its times and its highest anonymous memory."""
    import threading

    from relevanceai.store.array_source import ArraySource

    small = ArraySource(np.zeros((400_000, 64), np.float32), np.zeros(400_000, np.int32))
    _ranked(small, _moments(small, 1).centroids())
    del small
    vectors = np.memmap(path, np.float32, "r", shape=(n_rows, n_dims))
    labels = _labels(n_rows, K)
    before, peak, ended = _anonymous_mib() - labels.nbytes / 2**20, [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.002):
            peak[0] = max(peak[0], _anonymous_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    source = ArraySource(vectors, labels)

    def passes() -> object:
        return _ranked(source, _moments(source, K).centroids())

    passes()  # loads what is loaded once, and is not timed: the watcher wants the GIL
    ended.set()
    watcher.join()
    seconds = [_timed(passes) for _ in range(5)]
    print(json.dumps({"seconds": seconds, "mib": peak[0] - before}))


MEMORY = Section("Passes over arrays in memory", INTRO, measure_memory, ["numba"])
STORE = Section("Passes from the store", INTRO, measure_store, ["numba"])
FIRST = Section("Passes the first time", INTRO, measure_first, ["numba"])
TODAY = Section("Passes beside what people do today", INTRO, measure_today, ["numba"])
SIZE = Section("Passes, memory and cost against size", INTRO, measure_size, ["numba"])

if __name__ == "__main__":
    _alone(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
