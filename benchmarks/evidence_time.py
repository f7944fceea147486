"""Figure 6 of the evidence: what a comparison costs, and what it does not depend on."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pyarrow as pa
from evidence_page import counts, keep, table, write_section

from relevanceai import Client
from relevanceai.kernels.separation import separation_test

SIZES = ((200_000, 512, 100), (1_000_000, 512, 100))  # documents, dimensions, clusters
TIMES = 7
BATCH_ROWS = 50_000
FIELD = "x_vector_"


def measure_time(*, quick: bool) -> None:
    """Time compare() at two sizes, and the test by itself, and write the section."""
    for n, d in ((500, 128), (2_000, 512)):
        rows = np.random.default_rng(0).standard_normal((2 * n, d)).astype(np.float32)
        seconds = []
        for _ in range(TIMES + 1):
            start = perf_counter()
            separation_test(rows[:n], rows[n:], rng=np.random.default_rng(0))
            seconds.append(perf_counter() - start)
        keep("time", f"separation_test, 2 x {n:,} x {d}", {"s": _spread(seconds[1:])})
    for n, d, k in ((20_000, 512, 20),) if quick else SIZES:
        with tempfile.TemporaryDirectory() as scratch:
            keep("time", f"compare, {n:,} x {d}, {k} clusters", _compared(Path(scratch), n, d, k))
    write_time()


def _batches(n: int, d: int, k: int) -> Iterator[pa.RecordBatch]:
    """Yield documents of k round groups that overlap a little."""
    rng = np.random.default_rng(1)
    middles = 2.0 * rng.standard_normal((k, d), dtype=np.float32)
    for start in range(0, n, BATCH_ROWS):
        size = min(BATCH_ROWS, n - start)
        labels = rng.integers(0, k, size)
        vectors = 4.0 * rng.standard_normal((size, d), dtype=np.float32)
        vectors += middles[labels]
        yield pa.RecordBatch.from_pydict(
            {
                "_id": pa.array([str(one) for one in range(start, start + size)]),
                "label": pa.array(labels),
                FIELD: pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), d),
            }
        )


def _compared(folder: Path, n: int, d: int, k: int) -> dict[str, list[float]]:
    start = perf_counter()
    dataset = Client(folder / "home").Dataset("large")
    schema = next(_batches(1, d, k)).schema
    dataset.insert_arrow(pa.RecordBatchReader.from_batches(schema, _batches(n, d, k)))
    inserted = perf_counter()
    ops = dataset.cluster(byo_cluster_field="label", vector_fields=[FIELD], alias="made")
    ops.list_cluster_ids()  # the centroids, which everything rests on
    ready = perf_counter()
    ops.compare("cluster-0", "cluster-1")
    first = perf_counter() - ready
    warm = []
    for other in range(2, 2 + TIMES):
        begun = perf_counter()
        ops.compare("cluster-0", f"cluster-{other}")
        warm.append(perf_counter() - begun)
    print(
        f"time: {n:,} x {d}: inserted in {inserted - start:.0f} s, centroids in "
        f"{ready - inserted:.0f} s, first compare in {first:.1f} s, then {median(warm):.2f} s",
        flush=True,
    )
    return {"first": [round(first, 2)], "s": _spread(warm)}


def _spread(seconds: list[float]) -> list[float]:
    return [round(one, 4) for one in (median(seconds), min(seconds), max(seconds))]


def write_time() -> None:
    """Write figure 6 from what is kept."""
    rows: list[list[object]] = [["what", "first call, s", "median, s", "range, s"]]
    for cell, one in counts().get("time", {}).items():
        middle, low, high = one["s"]
        rows.append([cell, *one.get("first", [""]), f"{middle:.3f}", f"{low:.3f} to {high:.3f}"])
    write_section(
        "6. Time",
        "Promised: `compare` under 1.5 s at 1,000,000 x 512, warm, without refits, and independent of N "
        "beyond the sample. A sample of 2,000 documents a cluster is compared at both sizes; at the "
        "larger one the labels of all documents are read, 4 bytes each. The first call loads what is "
        "needed and draws the sample for the graph of all clusters, which is kept; centroids are there "
        f"already. BLAS on one thread. {TIMES} times each, each time another pair.\n\n{table(rows)}",
    )
