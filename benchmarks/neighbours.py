"""Neighbours of clusters, measured: second-nearest pass, closest pairs, order, drawing the heat map."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from results import Figure, Note, Section

N_DIMS = 512
_BLOCK = 2048

INTRO = (
    "512 dimensions, float32 rows and float64 centroids. A second-nearest pass is the whole of "
    "`reduce(SecondNearest)` on the engine's threads, with overlap, margins and silhouette; bare sgemm "
    "is `numpy.matmul` of the same rows and centroids in blocks of 2,048 rows, on as many BLAS "
    "threads, with nothing done to the products. They take turns. Rows are many enough for a share "
    "of 16,384 for each thread; a smaller pass goes on fewer threads."
)


def measure(_scratch: Path, rounds: int) -> Sequence[Figure | Note]:
    found: list[Figure | Note] = []
    for n_clusters, n_rows in ((1_000, 98_304), (10_000, 65_536)):
        found += _second_nearest(n_clusters, n_rows, rounds)
    found += _closest_pairs(rounds)
    found += _order(rounds)
    found += _drawing(rounds)
    return found


def _centroids(n_clusters: int, seed: int = 0) -> NDArray[np.float64]:
    """Centroids in groups of twenty, about a shift."""
    rng = np.random.default_rng(seed)
    groups = rng.standard_normal((-(-n_clusters // 20), N_DIMS))
    groups = np.repeat(groups, 20, axis=0)[:n_clusters]
    return 0.7 * groups + rng.standard_normal((n_clusters, N_DIMS)) + 0.5


def _second_nearest(n_clusters: int, n_rows: int, rounds: int) -> list[Figure | Note]:
    from relevanceai.engine.reduce import reduce
    from relevanceai.kernels.nearest_other import targets
    from relevanceai.kernels.second_nearest import SecondNearest
    from relevanceai.store.array_source import ArraySource

    rng = np.random.default_rng(1)
    centroids = _centroids(n_clusters)
    labels = rng.integers(0, n_clusters, n_rows).astype(np.int32)
    vectors = centroids[labels].astype(np.float32)
    vectors += rng.standard_normal(vectors.shape, np.float32)
    source = ArraySource(vectors, labels)
    plain = centroids.astype(np.float32).T.copy().T
    product = np.empty((_BLOCK, n_clusters), np.float32)

    def bare() -> None:
        for start in range(0, n_rows, _BLOCK):
            np.matmul(vectors[start : start + _BLOCK], plain.T, out=product)

    def whole() -> None:
        among = targets(centroids)
        reduce(lambda: SecondNearest(among), source).result()

    limit, job = _in_turns([bare, whole], rounds)
    shape = f"{n_rows:,} rows, {n_clusters:,} clusters"
    return [
        Figure(f"second nearest, {shape}: the pass", job),
        Figure(f"second nearest, {shape}: bare sgemm", limit),
        Figure(
            f"second nearest, {shape}: speed of the pass over that of bare sgemm",
            [one / other for one, other in zip(limit, job, strict=True)],
            "x",
            0.7,
            at_least=True,
        ),
    ]


def _closest_pairs(rounds: int) -> list[Figure | Note]:
    from relevanceai.kernels.pairs import closest_centroid_pairs

    ten, thirty = _centroids(10_000), _centroids(30_000)
    (small,) = _in_turns([lambda: closest_centroid_pairs(ten, 1_000)], rounds)
    (distances,) = _in_turns([lambda: closest_centroid_pairs(ten, 1_000, "l2")], min(rounds, 3))
    (large,) = _in_turns([lambda: closest_centroid_pairs(thirty, 1_000)], min(rounds, 3))
    memory = [_peak_mib("pairs", n_clusters) for n_clusters in (10_000, 30_000)]
    return [
        Figure("closest 1,000 pairs of 10,000 centroids, cosine", small, "s", 2.0),
        Figure("closest 1,000 pairs of 10,000 centroids, l2", distances, "s", 2.0),
        Figure("closest 1,000 pairs of 30,000 centroids, cosine", large, "s", 10.0),
        Figure("the same of 10,000: memory above the centroids", memory[:1], "MiB", 300),
        Figure("the same of 30,000: memory above the centroids", memory[1:], "MiB"),
    ]


def _order(rounds: int) -> list[Figure | Note]:
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    from relevanceai.kernels.order import centroid_order, linkage_order
    from relevanceai.kernels.similarity import as_distances, centroid_similarity

    many, few = _centroids(10_000), _centroids(1_000)
    few_distances = as_distances(centroid_similarity(few), "cosine")
    condensed = squareform(few_distances, checks=False)
    orders: dict[str, NDArray[np.intp]] = {}

    def ours() -> None:
        orders["ours"] = linkage_order(few_distances)[0]

    def scipys() -> None:
        tree = optimal_leaf_ordering(linkage(condensed, "average"), condensed)
        orders["scipy"] = leaves_list(tree)

    own, peer = _in_turns([ours, scipys], min(rounds, 3))
    (large,) = _in_turns([lambda: centroid_order(many)], min(rounds, 3))
    steps = {name: few_distances[order[:-1], order[1:]].sum() for name, order in orders.items()}
    return [
        Figure("order of 10,000 centroids by average linkage", large, "s", 8.0),
        Figure(
            "the same: memory above the centroids, its distances included",
            [_peak_mib("order", 10_000)],
            "MiB",
        ),
        Figure("optimal order of 1,000, distances given", own),
        Figure("scipy's optimal_leaf_ordering of the same", peer),
        Figure("length of scipy's order over that of ours", [steps["scipy"] / steps["ours"]], "x"),
        "The distances of 10,000 clusters, float32, are 381 MiB of that; they are exempt from the "
        "budget of 512 MiB.",
    ]


def _drawing(rounds: int) -> list[Figure | Note]:
    import matplotlib.pyplot as plt
    import pandas as pd

    from relevanceai.kernels.similarity import centroid_similarity
    from relevanceai.operations.viz.heatmap import draw_heatmap

    frames = {}
    for n_clusters in (8, 60, 300, 1_000):
        ids = [f"cluster-{i}" for i in range(n_clusters)]
        values = centroid_similarity(_centroids(n_clusters))
        frames[n_clusters] = pd.DataFrame(values, index=ids, columns=ids)

    def drawn(frame: "pd.DataFrame") -> None:
        draw_heatmap(frame, "cosine")
        plt.close("all")

    drawn(frames[8])
    jobs = [lambda frame=frame: drawn(frame) for frame in frames.values()]
    times = _in_turns(jobs, rounds)
    promises = {1_000: 0.3}
    return [
        *(
            Figure(
                f"heat map of {n_clusters:,} clusters, drawn", one, "s", promises.get(n_clusters)
            )
            for n_clusters, one in zip(frames, times, strict=True)
        ),
        Figure(
            "time for 1,000 clusters over that for 8",
            [one / other for one, other in zip(times[-1], times[0], strict=True)],
            "x",
        ),
    ]


def _in_turns(jobs: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Time each job once a round, after a round that does not count (it compiles)."""
    times: list[list[float]] = [[] for _ in jobs]
    for counts in [False] + [True] * rounds:
        for job, kept in zip(jobs, times, strict=True):
            start = perf_counter()
            job()
            if counts:
                kept.append(perf_counter() - start)
    return times


def _peak_mib(job: str, n_clusters: int) -> float:
    """Return how far a job in a process of its own goes above the memory of its centroids."""
    command = [sys.executable, __file__, job, str(n_clusters)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(json.loads(answer))


def _child(job: str, n_clusters: int) -> None:
    from relevanceai.kernels.order import centroid_order
    from relevanceai.kernels.pairs import closest_centroid_pairs

    centroids = _centroids(n_clusters)
    run: Callable[[NDArray[np.float64]], object] = (
        centroid_order if job == "order" else lambda rows: closest_centroid_pairs(rows, 1_000)
    )
    run(centroids[:1_100])  # loads and compiles
    status = Path("/proc/self/status").read_text(encoding="ascii")
    held_kib = int(status.split("VmRSS:")[1].split()[0])
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    run(centroids)
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak_kib = int(status.split("VmHWM:")[1].split()[0])
    print(json.dumps((peak_kib - held_kib) / 1024))


SECTION = Section("Neighbours of clusters", INTRO, measure, ("numba", "matplotlib"))

if __name__ == "__main__":
    _child(sys.argv[1], int(sys.argv[2]))
