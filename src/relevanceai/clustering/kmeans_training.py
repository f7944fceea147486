"""How k-means finds its centroids: several starts on a little of a sample, the best on ever more."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch, VectorSource
from relevanceai.clustering.kmeans_options import KMeansOptions
from relevanceai.engine.reduce import reduce
from relevanceai.errors import MissingExtraError
from relevanceai.kernels.seeding import plus_plus
from relevanceai.kernels.units import about_one, concatenate_units, row_blocks
from relevanceai.progress import counting, progress
from relevanceai.store.array_source import ArraySource

_SEEDS_PER_CENTROID = 8
_LEAST_SEEDS = 4_096
_FIRST_PER_CENTROID = 128  # fewer tie the centroids to the noise of the first rows, for good
_LEAST_FIRST = 10_000
_GROWTH = 4  # each stage of the training sees so many times the rows of the one before
_EARLY_TOLERANCE = 1e-2
_STEPS_A_TRY = 3
_STRIDE = 1.9
"""How far a centroid that goes on in one direction goes beyond the mean of its members: so many
times the way there. Below 2, no step adds inertia, and it takes a third fewer of them."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What training has found: float64 centroids of shape (n_clusters, n_dims), and how."""

    centroids: NDArray[np.float64]
    tries: int
    steps: int
    has_converged: bool


def trained(
    sample: NDArray[np.float32],
    n_clusters: int,
    options: KMeansOptions,
    rng: np.random.Generator,
) -> Trained:
    """Find centroids of a sample.

    Parameters
    ----------
    sample : float32 array of shape (n_rows, n_dims), finite, at least n_clusters rows.
    rng : draws the starts, and which rows come first.
    """
    rows, back = _ready(sample, options, rng.permutation(len(sample)))
    first = min(len(rows), max(_LEAST_FIRST, _FIRST_PER_CENTROID * n_clusters))
    n_seeds = min(len(rows), max(_LEAST_SEEDS, _SEEDS_PER_CENTROID * n_clusters))
    tries = options.n_init or (3 if n_clusters <= 100 else 1)
    n_trials = 2 + int(np.log(n_clusters)) if n_clusters <= 100 else 1
    plain = rows[:, :-1]
    with progress("Training k-means", None, unit="iterations", delay_s=0.5) as bar:
        walks = []
        for _ in range(tries):
            seeds = plus_plus(
                plain[:n_seeds],
                n_clusters,
                rng=rng,
                n_trials=n_trials,
                n_uniform=1 if n_clusters <= 100 else n_clusters // 2,
            )
            walk = _Walk(plain[seeds].astype(np.float64), options, rng, lambda: bar.update(1))
            for _ in range(_STEPS_A_TRY if tries > 1 else 1):
                walk.step(rows[:first])
            walks.append(walk)
        walk = min(walks, key=lambda walk: walk.inertia)
        has_converged, size = False, first
        while True:
            is_last = size == len(rows)
            tolerance = options.tol if is_last else max(options.tol, _EARLY_TOLERANCE)
            has_converged = walk.settle(
                lambda: walk.step(rows[:size], of_faiss=options.library == "faiss"),  # noqa: B023
                tolerance,
            )
            if is_last:
                break
            size = min(len(rows), size * _GROWTH)
    steps = sum(one.n_steps for one in walks)
    return Trained(back(walk.centroids), tries, steps, has_converged)


def refined(
    found: Trained,
    source: VectorSource,
    options: KMeansOptions,
    rng: np.random.Generator,
) -> Trained:
    """Move the same centroids on, by steps over all rows, streamed."""
    rows = Units(source) if options.spherical else source
    walk = _Walk(found.centroids, options, rng, lambda: None)

    def step() -> None:
        words = f"Iteration {walk.n_steps + 1} over all"
        with progress(words, rows.n_rows, delay_s=0.5) as bar:
            walk.step_over(rows, counting(bar.update))

    has_converged = walk.settle(step, options.tol)
    return Trained(walk.centroids, found.tries, found.steps + walk.n_steps, has_converged)


def _ready(
    sample: NDArray[np.float32], options: KMeansOptions, order: NDArray[np.intp]
) -> tuple[NDArray[np.float32], Callable[[NDArray[np.float64]], NDArray[np.float64]]]:
    """Rows as `LloydStep` wants them, and the way back; in an order that makes a part a sample.

    About the origin, and about one, float32 keeps what tells rows apart.
    """
    n_rows, n_dims = sample.shape
    rows = np.ones((n_rows, n_dims + 1), np.float32)
    shift, before, after = np.zeros(n_dims), 0, 0
    if options.spherical:
        for block in row_blocks(n_rows, n_dims):
            rows[block, :-1] = concatenate_units([sample[order[block]]])
    else:
        scaled, before = about_one(sample)
        shift = _mean(scaled)
        for block in row_blocks(n_rows, n_dims):
            rows[block, :-1] = scaled[order[block]] - shift
        moved, after = about_one(rows[:, :-1])
        if after:
            rows[:, :-1] = moved
    return rows, lambda found: np.ldexp(np.ldexp(found, -after) + shift, -before)


def _mean(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean of rows, in float64, by blocks that a product adds up."""
    total = np.zeros(rows.shape[1])
    for block in row_blocks(len(rows), rows.shape[1]):
        total += rows[block].sum(axis=0, dtype=np.float64)
    return total / len(rows)


class _Walk:
    """Centroids on their way, and what the last step has found of the rows about them.

    A centroid that goes on as it went before goes further than to the mean of its members.
    """

    def __init__(
        self,
        centroids: NDArray[np.float64],
        options: KMeansOptions,
        rng: np.random.Generator,
        on_step: Callable[[], object],
    ) -> None:
        self.centroids = centroids
        self.inertia = np.inf
        self.n_steps = 0
        self._options, self._rng, self._on_step = options, rng, on_step
        self._before = np.zeros_like(centroids)  # where each went in the last step

    def settle(self, step: Callable[[], None], tolerance: float) -> bool:
        """Take steps until one takes little of the inertia; True if that came to pass."""
        before = np.inf
        for _ in range(self._options.max_iter):
            step()
            if before - self.inertia <= tolerance * self.inertia:
                return True
            before = self.inertia
        return False

    def step(self, rows: NDArray[np.float32], *, of_faiss: bool = False) -> None:
        """One step over rows in memory, which have ones."""
        if of_faiss:
            self._move(*_by_faiss(rows, self.centroids, self._options, self._rng))
        else:
            self.step_over(ArraySource(rows, np.zeros(len(rows), np.int32)), has_ones=True)

    def step_over(
        self,
        rows: VectorSource,
        on_rows: Callable[[int], None] | None = None,
        *,
        has_ones: bool = False,
    ) -> None:
        """One step of Lloyd's; a centroid that no row is nearest to halves the largest cluster."""
        from relevanceai.kernels.lloyd import LloydStep  # compiled: reached by large data alone

        centroids = self.centroids
        step = reduce(lambda: LloydStep(centroids, has_ones=has_ones), rows, on_rows=on_rows)
        means = np.where(
            step.count[:, None] > 0, step.sums / np.maximum(step.count, 1)[:, None], centroids
        )
        left = step.inertia.copy()
        jumped: list[int] = []
        for place in np.flatnonzero(step.count == 0):
            largest = int(left.argmax())
            if left[largest] <= 0.0:  # all rows lie on a centroid: there is nothing to halve
                break
            spread = np.sqrt(left[largest] / max(int(step.count[largest]), 1) / means.shape[1])
            aside = 0.5 * spread * self._rng.standard_normal(means.shape[1])
            means[place], means[largest] = means[largest] + aside, means[largest] - aside
            left[largest] = left[place] = left[largest] / 2
            jumped += [int(place), largest]
        self._move(means, float(step.inertia.sum()), jumped)

    def _move(
        self, means: NDArray[np.float64], inertia: float, jumped: list[int] | None = None
    ) -> None:
        """Go to the means, or beyond them."""
        way = means - self.centroids
        way[jumped or []] = 0.0
        goes_on = np.einsum("ij,ij->i", way, self._before) > 0
        self.centroids = means + (_STRIDE - 1.0) * np.where(goes_on[:, None], way, 0.0)
        if self._options.spherical:
            norms = np.linalg.norm(self.centroids, axis=1, keepdims=True)
            self.centroids /= np.where(norms > 0, norms, 1.0)
        self._before = way
        self.inertia = inertia
        self.n_steps += 1
        self._on_step()


def _by_faiss(
    rows: NDArray[np.float32],
    centroids: NDArray[np.float64],
    options: KMeansOptions,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], float]:
    """One step of Lloyd's by faiss, over rows that have ones: the means, and the inertia before."""
    faiss: Any = faiss_library()
    one = faiss.Kmeans(
        centroids.shape[1],
        len(centroids),
        niter=1,
        spherical=options.spherical,
        seed=int(rng.integers(2**31 - 1)),
        min_points_per_centroid=1,
        max_points_per_centroid=len(rows),  # times the centroids: never fewer than there are
    )
    one.train(np.ascontiguousarray(rows[:, :-1]), init_centroids=centroids.astype(np.float32))
    inertia = float(one.obj[-1])
    if options.spherical:  # then faiss sums products, which grow
        inertia = 2.0 * (len(rows) - inertia)
    return one.centroids.astype(np.float64), inertia


def faiss_library() -> Any:
    """Return faiss, or raise MissingExtraError naming the extra."""
    try:
        return import_module("faiss")
    except ImportError as error:
        raise MissingExtraError(
            "library='faiss' needs faiss, which is not installed. "
            'Install it: pip install "relevanceai-local[faiss]", or leave library out.'
        ) from error


class Units:
    """The rows of another source, scaled to unit norm."""

    def __init__(self, source: VectorSource) -> None:
        self._source = source
        self.n_rows, self.n_dims = source.n_rows, source.n_dims

    def batches(self, start: int, stop: int) -> Iterator[VectorBatch]:
        """Yield the rows of a stretch, in order."""
        for batch in self._source.batches(start, stop):
            yield VectorBatch(batch.row_ids, concatenate_units([batch.vectors]), batch.labels)
