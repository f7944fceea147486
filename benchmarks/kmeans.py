"""k-means to the same inertia, measured: ours from a dataset to written labels, peers from memory.

A mixture of 400 groups that overlap, so that k-means has something to find and much to decide. Ours
is `dataset.cluster("kmeans")`: it reads the vectors from the dataset, writes the labels, and keeps
the moments. A peer gets the vectors in memory as float32, and is timed until it has the labels;
how many iterations it needs is found first: the fewest, of a few, that reach our inertia within
0.1 % (its inertia is that of its labels, about their own means). Start to end, all by turns.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from results import Figure, Note, Section

SCALE = float(os.environ.get("RELEVANCEAI_BENCH_SCALE", "1"))
N_ROWS = {64: int(1_000_000 * SCALE), 1000: int(200_000 * SCALE)}
"""By the number of clusters: as many rows as leave a run of each peer under half a minute."""
N_DIMS = 64
N_GROUPS = 400
WITHIN = 1.001
STEPS = (4, 6, 8, 10, 12, 18)
MOST_S = 15.0  # a peer that takes longer is not given more iterations

Labels = NDArray[np.integer]
Peer = Callable[[NDArray[np.float32], int, int], Labels]


def measure(scratch: Path, rounds: int) -> Sequence[Figure | Note]:
    from relevanceai.client import Client

    client = Client(scratch / "home")
    lines: list[Figure | Note] = []
    for n_clusters, n_rows in N_ROWS.items():
        vectors = _vectors(n_rows)
        dataset = client.Dataset(f"mixture-{n_clusters}")
        dataset.insert_numpy(vectors, field="x_vector_")
        repeats = rounds if n_clusters < 1000 else max(1, rounds // 2)
        lines += _of(dataset, vectors, n_clusters, repeats)
    if find_spec("fastkmeans") is None:
        lines.append(
            "fastkmeans is not measured: it is not installed (pip install fastkmeans, with torch)."
        )
    return lines


def _vectors(n_rows: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    middles = 0.6 * rng.standard_normal((N_GROUPS, N_DIMS), dtype=np.float32)
    vectors = rng.standard_normal((n_rows, N_DIMS), dtype=np.float32)
    vectors += middles[rng.integers(0, N_GROUPS, n_rows)]
    return vectors


@dataclass(frozen=True)
class _Run:
    seconds: float
    inertia: float


def _of(
    dataset: Any, vectors: NDArray[np.float32], n_clusters: int, repeats: int
) -> list[Figure | Note]:
    """The lines of one number of clusters."""
    ours = _ours(dataset, n_clusters)  # the first compiles, and says what is to be reached
    target = WITHIN * ours.inertia
    lines: list[Figure | Note] = []
    steps: dict[str, int] = {}
    for name, peer in _peers().items():
        untried = list(STEPS)
        n_steps = 0
        while untried:  # halved each time: more iterations never end higher
            n_steps = untried[(len(untried) - 1) // 2]
            run = _peer(peer, vectors, n_clusters, n_steps)
            print(f"  {name}, {n_steps}: {run.seconds:.1f} s", file=sys.stderr, flush=True)
            if run.inertia <= target:
                steps[name] = n_steps
                untried = [fewer for fewer in untried if fewer < n_steps]
                continue
            if run.seconds > MOST_S:
                break
            untried = [more for more in untried if more > n_steps]
        if name not in steps:
            above = 100 * (run.inertia / ours.inertia - 1)
            lines.append(
                f"{name}, K = {n_clusters:,}: {above:.1f} % above our inertia after {n_steps} "
                f"iterations and {run.seconds:.0f} s; not measured further."
            )
    times: dict[str, list[float]] = {name: [] for name in ("relevanceai", *steps)}
    for _ in range(repeats):
        times["relevanceai"].append(_ours(dataset, n_clusters).seconds)
        for name, n_steps in steps.items():
            times[name].append(_peer(_peers()[name], vectors, n_clusters, n_steps).seconds)
    shape = f"{len(vectors):,} x {N_DIMS}, K = {n_clusters:,}"
    figures = [Figure(f"{shape}: relevanceai, labels and moments written", times["relevanceai"])]
    for name, n_steps in steps.items():
        figures.append(Figure(f"{shape}: {name}, {n_steps} iterations", times[name]))
    if steps:
        quickest = min(steps, key=lambda name: float(np.median(times[name])))
        ratios = [
            one / other for one, other in zip(times["relevanceai"], times[quickest], strict=True)
        ]
        what = f"{shape}: relevanceai / {quickest}, the fastest peer"
        figures.append(Figure(what, ratios, "x", promise=1.1))
    return [*figures, *lines]


def _ours(dataset: Any, n_clusters: int) -> _Run:
    start = perf_counter()
    ops = dataset.cluster("kmeans", n_clusters=n_clusters, alias=f"ours-{n_clusters}")
    seconds = perf_counter() - start
    inertia = ops.run_report().inertia
    assert inertia is not None
    return _Run(seconds, inertia)


def _peer(peer: Peer, vectors: NDArray[np.float32], n_clusters: int, n_steps: int) -> _Run:
    start = perf_counter()
    labels = peer(vectors, n_clusters, n_steps)
    seconds = perf_counter() - start
    return _Run(seconds, _inertia(vectors, labels, n_clusters))


def _inertia(vectors: NDArray[np.float32], labels: Labels, n_clusters: int) -> float:
    """The squared distances to the means of the labels, in float64; the data is about the origin."""
    from scipy.sparse import csr_array

    n_rows = len(vectors)
    place = (labels.astype(np.int64), np.arange(n_rows))
    members = csr_array((np.ones(n_rows), place), shape=(n_clusters, n_rows))
    sums = members @ vectors.astype(np.float64)
    count = np.maximum(np.bincount(labels, minlength=n_clusters), 1)
    squares = np.einsum("ij,ij->", vectors, vectors, dtype=np.float64)
    return float(squares - (sums**2 / count[:, None]).sum())


def _peers() -> dict[str, Peer]:
    peers: dict[str, Peer] = {
        "scikit-learn lloyd": _scikit("lloyd"),
        "scikit-learn elkan": _scikit("elkan"),
        "scikit-learn MiniBatchKMeans": _minibatch,
    }
    if find_spec("faiss") is not None:
        peers["faiss, its 256 points a centroid"] = _faiss(256)
        peers["faiss, 1,024 points a centroid"] = _faiss(1024)
    if find_spec("fastkmeans") is not None:
        peers["fastkmeans"] = _fastkmeans
    return peers


def _scikit(algorithm: str) -> Peer:
    def run(vectors: NDArray[np.float32], n_clusters: int, n_steps: int) -> Labels:
        from sklearn.cluster import KMeans

        model = KMeans(
            n_clusters,
            init="random",  # k-means++ alone takes longer than all the rest at K = 1,000
            n_init=1,
            max_iter=n_steps,
            tol=0,
            algorithm=algorithm,
            random_state=0,
        )
        return _quiet(model, vectors)

    return run


def _minibatch(vectors: NDArray[np.float32], n_clusters: int, n_steps: int) -> Labels:
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(
        n_clusters,
        init="random",
        n_init=1,
        batch_size=8192,
        max_iter=max(1, n_steps // 8),  # each goes through all rows
        max_no_improvement=None,
        random_state=0,
    )
    return _quiet(model, vectors)


def _quiet(model: Any, vectors: NDArray[np.float32]) -> Labels:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged is the point
        labels: Labels = model.fit_predict(vectors)
    return labels


def _faiss(most_points: int) -> Peer:
    def run(vectors: NDArray[np.float32], n_clusters: int, n_steps: int) -> Labels:
        import faiss

        model = faiss.Kmeans(
            vectors.shape[1],
            n_clusters,
            niter=n_steps,
            seed=0,
            max_points_per_centroid=most_points,
        )
        model.train(vectors)
        labels: Labels = model.index.search(vectors, 1)[1].ravel()
        return labels

    return run


def _fastkmeans(vectors: NDArray[np.float32], n_clusters: int, n_steps: int) -> Labels:
    from fastkmeans import FastKMeans

    model = FastKMeans(
        vectors.shape[1], n_clusters, niter=n_steps, max_points_per_centroid=None, gpu=False
    )
    model.train(vectors)
    labels: Labels = model.predict(vectors)
    return labels


SECTION = Section(
    "k-means",
    "Time to the same inertia (peers: within 0.1 % of ours) of a mixture of 400 overlapping groups; "
    "ours reads a dataset, whose vectors are in its cache, and writes labels and moments.",
    measure,
    ("faiss-cpu", "fastkmeans", "torch"),
)
