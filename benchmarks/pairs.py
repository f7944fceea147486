"""The figure of pairs(): every pair of neighbouring clusters of a large clustering, judged."""

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pyarrow as pa
from results import Figure, Section

N_ROWS, N_DIMS, N_CLUSTERS = 1_000_000, 128, 1_000
LATENT_DIMS = 4
VECTOR = "look_vector_"
BATCH_ROWS = 65_536


def batches() -> Iterator[pa.RecordBatch]:
    """Yield half as many groups as clusters, near each other, each cut in two through its middle.

    The middles lie in few dimensions, so that each group has several neighbours.
    """
    rng = np.random.default_rng(7)
    middles = np.zeros((N_CLUSTERS // 2, N_DIMS), np.float32)
    middles[:, :LATENT_DIMS] = rng.uniform(0.0, 14.0, (N_CLUSTERS // 2, LATENT_DIMS))
    for start in range(0, N_ROWS, BATCH_ROWS):
        size = min(BATCH_ROWS, N_ROWS - start)
        group = rng.integers(0, len(middles), size)
        vectors = rng.standard_normal((size, N_DIMS), np.float32)
        cluster = 2 * group + (vectors[np.arange(size), group % N_DIMS] > 0)
        vectors[np.arange(size), group % N_DIMS] *= 1.5
        vectors += middles[group]
        yield pa.RecordBatch.from_pydict(
            {
                "_id": pa.array([f"d{i}" for i in range(start, start + size)]),
                "cluster": pa.array(cluster),
                VECTOR: pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), N_DIMS),
            }
        )


def measure(scratch: Path, rounds: int) -> list[Figure | str]:
    """Judge the pairs of 1,000 clusters of 1,000,000 documents."""
    from relevanceai.client import Client

    first = next(batches())
    dataset = Client(scratch / "home").Dataset("million")
    dataset.insert_arrow(pa.RecordBatchReader.from_batches(first.schema, batches()))
    ops = dataset.cluster(byo_cluster_field="cluster", vector_fields=[VECTOR], alias="cut")
    ops.list_cluster_ids()  # the centroids are kept: they are another figure
    seconds, busy, table = [], [], None
    for _ in range(max(1, rounds // 3)):
        start, start_busy = perf_counter(), process_time()
        table = ops.pairs()
        seconds.append(perf_counter() - start)
        busy.append(process_time() - start_busy)
    assert table is not None
    halves = table["cluster"].str.split("-").str[-1].astype(int) // 2
    others = table["other"].str.split("-").str[-1].astype(int) // 2
    is_cut = halves == others
    counts = table["verdict"].value_counts().to_dict()
    wrong = int((is_cut & (table["verdict"] == "separate")).sum())
    return [
        Figure(f"pairs(), {len(table):,} pairs judged", seconds, promise=120.0),
        Figure("of that, time of processors, all threads together", busy),
        f"{int(is_cut.sum()):,} of the pairs are halves of one group; of these {wrong} were called "
        f"separate. Verdicts in all: "
        + ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
        + ".",
    ]


SECTION = Section(
    "All pairs of a clustering",
    "1,000,000 vectors of 128 dimensions in 1,000 clusters: 500 groups, each cut in two.",
    measure,
)
