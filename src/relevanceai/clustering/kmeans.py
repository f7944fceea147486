"""k-means of any number of vectors: trained on a stated sample, then one pass over all of them."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorBatch, VectorSource
from relevanceai.engine.blas import one_blas_thread
from relevanceai.engine.reduce import reduce
from relevanceai.errors import InvalidInputError, MissingExtraError, listed
from relevanceai.kernels.moments import Moments
from relevanceai.kernels.row_sample import RowSample
from relevanceai.kernels.seeding import plus_plus
from relevanceai.kernels.units import about_one, concatenate_units
from relevanceai.progress import counting, notice, progress
from relevanceai.store.array_source import ArraySource

_LOGGER = logging.getLogger(__name__)

SAMPLED_ABOVE = 100_000
"""Up to so many vectors "kmeans" is scikit-learn's, on all of them; above, it is this file's."""

POINTS_PER_CENTROID = 512
"""Rows of the sample for each centroid. At 256, faiss' limit, inertia is up to 0.4 % above the
best; at 512 up to 0.2 %, of which the last pass, which takes the means of all members, gets back
a part."""

_MOST_SAMPLE_BYTES = 2 * 2**30
_SEEDS_PER_CENTROID = 8
_LEAST_SEEDS = 4_096
_FIRST_PER_CENTROID = 128  # fewer tie the centroids to the noise of the first rows, for good
_LEAST_FIRST = 10_000
_GROWTH = 4  # each stage of the training sees so many times the rows of the one before
_EARLY_TOLERANCE = 1e-2
_STEPS_A_TRY = 3


@dataclass(frozen=True, slots=True)
class KMeansOptions:
    """How `fit_kmeans` goes about it; the further arguments of the model "kmeans".

    `n_init` is how many starts are tried on the first stage of the sample (None: 3 up to 100
    clusters, else 1); `max_iter` bounds the steps of each stage; a stage ends when a step takes
    less than `tol` of the inertia. `spherical` compares directions. `sample` is how many rows it
    trains on, None for the larger of 100,000 and 512 a cluster (and 2 GiB at most); "all" lets the
    last stage run over all rows, streamed. `library` is "relevanceai" or "faiss".
    """

    n_init: int | None = None
    max_iter: int = 50
    tol: float = 1e-3
    spherical: bool = False
    sample: int | str | None = None
    library: str = "relevanceai"

    def __post_init__(self) -> None:
        checks = {
            "n_init": self.n_init is None or _is_count(self.n_init),
            "max_iter": _is_count(self.max_iter),
            "tol": isinstance(self.tol, int | float) and 0 <= self.tol < 1,
            "spherical": isinstance(self.spherical, bool),
            "sample": self.sample in (None, "all") or _is_count(self.sample),
            "library": self.library in ("relevanceai", "faiss"),
        }
        wanted = {
            "n_init": "a whole number from 1, or None",
            "max_iter": "a whole number from 1",
            "tol": "a number from 0 to 1",
            "spherical": "True or False",
            "sample": "a number of rows, 'all' or None",
            "library": "'relevanceai', 'faiss' or 'scikit-learn'",
        }
        for name, is_good in checks.items():
            if not is_good:
                raise InvalidInputError(
                    f"The model 'kmeans' was given {name}={getattr(self, name)!r:.60}. "
                    f"Pass {wanted[name]}."
                )


def _is_count(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= 1


@dataclass(frozen=True, slots=True)
class Fitted:
    """Labels of the rows that took part, in the order of the stream, and what came with them."""

    row_ids: NDArray[np.int64]
    labels: NDArray[np.int32]
    moments: Moments
    params: dict[str, object]
    facts: dict[str, object]


def fit_kmeans(
    source: VectorSource,
    n_clusters: int,
    *,
    random_state: int | None,
    options: KMeansOptions,
) -> Fitted:
    """Cluster rows by k-means, without holding them all.

    Parameters
    ----------
    source : the rows; it is gone through twice (once more for each step of "all").
    n_clusters : at most as many as there are rows.

    Returns
    -------
    Fitted. Each row's label is exactly its nearest trained centroid, ties to the earlier one;
    `moments` has the means of all members. Clusters that no row is nearest to are left out.

    Notes
    -----
    The sample is held (2 GiB at most), the rest streams: O(n_rows * n_clusters * n_dims) for the
    last pass, and for each step of training on the sample. The same seed, rows and order give the
    same labels.
    """
    rng = np.random.default_rng(random_state)
    with progress("Drawing a sample", source.n_rows, delay_s=0.5) as bar:
        sample = _sample(source, n_clusters, options, rng, bar.update)
    n_taking_part = sample.n_rows
    rows = sample.result()
    del sample
    if n_taking_part < n_clusters:
        raise InvalidInputError(
            f"'kmeans' was asked for {n_clusters:,} clusters of {n_taking_part:,} documents with "
            f"vectors. Pass n_clusters={n_taking_part} or fewer."
        )
    n_sample = len(rows)
    if n_sample < n_taking_part:
        also = ", then on all" if options.sample == "all" else ""
        notice(
            f"k-means is trained on a sample of {n_sample:,} of {n_taking_part:,} vectors{also}; "
            "all are assigned"
        )
    # faiss has threads of its own; ours are the engine's, and BLAS gets one in each
    with nullcontext() if options.library == "faiss" else one_blas_thread():
        trained = _trained(rows, n_clusters, options, rng)
    del rows
    if options.sample == "all" and n_sample < n_taking_part:
        trained = _refined(trained, source, options, rng)
    from relevanceai.kernels.lloyd import Assigned  # compiled: reached by large data alone

    n_rows = source.n_rows
    with progress("Assigning", n_rows, delay_s=0.5) as bar:
        assigned = reduce(
            lambda: Assigned(trained.centroids, is_spherical=options.spherical, n_rows=n_rows),
            source,
            on_rows=counting(bar.update),
        )
    row_ids, labels, moments = assigned.settled()
    if not len(moments.count):
        raise InvalidInputError(
            "'kmeans' found no centroid: some vectors hold numbers whose squares float32 cannot hold. "
            "Scale the vectors, or mend those that are broken."
        )
    if len(moments.count) < n_clusters:
        _LOGGER.warning(
            "kmeans was asked for %d clusters and found %d.", n_clusters, len(moments.count)
        )
    params: dict[str, object] = {
        "n_clusters": n_clusters,
        "n_init": trained.tries,
        "max_iter": options.max_iter,
        "tol": options.tol,
        "spherical": options.spherical,
        "sample": options.sample,
        "library": options.library,
    }
    facts: dict[str, object] = {
        "sample": n_sample if n_sample < n_taking_part and options.sample != "all" else None,
        "iterations": trained.steps,
        "converged": trained.has_converged,
    }
    return Fitted(row_ids, labels, moments, params, facts)


def _sample(
    source: VectorSource,
    n_clusters: int,
    options: KMeansOptions,
    rng: np.random.Generator,
    on_rows: Callable[[int], object],
) -> RowSample:
    """A sample of the rows, of the size that the options say."""
    size = options.sample
    if not isinstance(size, int | np.integer):
        most = _MOST_SAMPLE_BYTES // (4 * max(1, source.n_dims))
        size = min(max(SAMPLED_ABOVE, POINTS_PER_CENTROID * n_clusters), most)
    held = RowSample(max(min(int(size), source.n_rows), n_clusters), rng)
    for batch in source.batches(0, source.n_rows):
        there = batch.labels >= 0
        held.update(batch.vectors if there.all() else batch.vectors[there])
        on_rows(len(batch))
    return held


@dataclass(frozen=True, slots=True)
class _Trained:
    centroids: NDArray[np.float64]
    tries: int
    steps: int
    has_converged: bool


def _trained(
    sample: NDArray[np.float32],
    n_clusters: int,
    options: KMeansOptions,
    rng: np.random.Generator,
) -> _Trained:
    """Centroids from a sample: several starts on a small part of it, the best on ever more."""
    shift, before_shift, after_shift = np.zeros(sample.shape[1]), 0, 0
    if options.spherical:
        rows = concatenate_units([sample])
    else:  # about the origin, and about one, float32 keeps what tells rows apart
        scaled, before_shift = about_one(sample)
        shift = scaled.mean(axis=0, dtype=np.float64)
        moved_rows: NDArray[np.float32] = (scaled - shift).astype(np.float32)
        rows, after_shift = about_one(moved_rows)
    rows = rows[rng.permutation(len(rows))]  # so that a part of it is a sample, too
    first = min(len(rows), max(_LEAST_FIRST, _FIRST_PER_CENTROID * n_clusters))
    n_seeds = min(len(rows), max(_LEAST_SEEDS, _SEEDS_PER_CENTROID * n_clusters))
    tries = options.n_init or (3 if n_clusters <= 100 else 1)
    n_trials = 2 + int(np.log(n_clusters)) if n_clusters <= 100 else 1
    steps = 0
    with progress("Training k-means", None, unit="iterations", delay_s=0.5) as bar:

        def step(part: NDArray[np.float32], centroids: NDArray[np.float64]) -> "_Moved":
            nonlocal steps
            steps += 1
            moved = _moved(_in_memory(part), centroids, options, rng)
            bar.update(1)
            return moved

        best: _Moved | None = None
        for _ in range(tries):
            seeds = plus_plus(
                rows[:n_seeds],
                n_clusters,
                rng=rng,
                n_trials=n_trials,
                n_uniform=1 if n_clusters <= 100 else n_clusters // 2,
            )
            moved = step(rows[:first], rows[seeds].astype(np.float64))
            for _ in range(_STEPS_A_TRY - 1 if tries > 1 else 0):
                moved = step(rows[:first], moved.centroids)
            if best is None or moved.inertia < best.inertia:
                best = moved
        assert best is not None
        centroids, has_converged, size = best.centroids, False, first
        while True:
            is_last = size == len(rows)
            tolerance = options.tol if is_last else max(options.tol, _EARLY_TOLERANCE)
            before = np.inf
            has_converged = False
            for _ in range(options.max_iter):
                if options.library == "faiss":
                    moved = _moved_by_faiss(rows[:size], centroids, options, rng)
                    steps += 1
                    bar.update(1)
                else:
                    moved = step(rows[:size], centroids)
                centroids = moved.centroids
                has_converged = before - moved.inertia <= tolerance * moved.inertia
                if has_converged:
                    break
                before = moved.inertia
            if is_last:
                break
            size = min(len(rows), size * _GROWTH)
    centroids = np.ldexp(np.ldexp(centroids, -after_shift) + shift, -before_shift)
    return _Trained(centroids, tries, steps, has_converged)


def _refined(
    trained: _Trained,
    source: VectorSource,
    options: KMeansOptions,
    rng: np.random.Generator,
) -> _Trained:
    """The same centroids, moved by steps over all rows, streamed."""
    rows = Units(source) if options.spherical else source
    centroids, steps, before, has_converged = trained.centroids, trained.steps, np.inf, False
    for number in range(options.max_iter):
        with progress(f"Iteration {number + 1} over all", rows.n_rows, delay_s=0.5) as bar:
            moved = _moved(rows, centroids, options, rng, counting(bar.update))
        centroids, steps = moved.centroids, steps + 1
        has_converged = before - moved.inertia <= options.tol * moved.inertia
        if has_converged:
            break
        before = moved.inertia
    return _Trained(centroids, trained.tries, steps, has_converged)


@dataclass(frozen=True, slots=True)
class _Moved:
    """Where the centroids have moved, and the inertia about where they were."""

    centroids: NDArray[np.float64]
    inertia: float


def _moved(
    rows: VectorSource,
    centroids: NDArray[np.float64],
    options: KMeansOptions,
    rng: np.random.Generator,
    on_rows: Callable[[int], None] | None = None,
) -> _Moved:
    """One step of Lloyd's; a centroid that no row is nearest to halves the largest cluster."""
    from relevanceai.kernels.lloyd import LloydStep

    step = reduce(lambda: LloydStep(centroids), rows, on_rows=on_rows)
    means = np.where(
        step.count[:, None] > 0, step.sums / np.maximum(step.count, 1)[:, None], centroids
    )
    if options.spherical:
        norms = np.linalg.norm(means, axis=1, keepdims=True)
        means = np.where(norms > 0, means / np.where(norms > 0, norms, 1.0), means)
    left = step.inertia.copy()
    for place in np.flatnonzero(step.count == 0):
        largest = int(left.argmax())
        if left[largest] <= 0.0:  # all rows lie on a centroid: there is nothing to halve
            break
        spread = np.sqrt(left[largest] / max(int(step.count[largest]), 1) / means.shape[1])
        aside = 0.5 * spread * rng.standard_normal(means.shape[1])
        means[place], means[largest] = means[largest] + aside, means[largest] - aside
        left[largest] = left[place] = left[largest] / 2
    return _Moved(means, float(step.inertia.sum()))


def _moved_by_faiss(
    rows: NDArray[np.float32],
    centroids: NDArray[np.float64],
    options: KMeansOptions,
    rng: np.random.Generator,
) -> _Moved:
    """One step of Lloyd's by faiss."""
    faiss: Any = faiss_library()
    one = faiss.Kmeans(
        rows.shape[1],
        len(centroids),
        niter=1,
        spherical=options.spherical,
        seed=int(rng.integers(2**31 - 1)),
        min_points_per_centroid=1,
        max_points_per_centroid=len(rows),  # times the centroids: never fewer than there are
    )
    one.train(rows, init_centroids=centroids.astype(np.float32))
    inertia = float(one.obj[-1])
    if options.spherical:  # then faiss sums products, which grow
        inertia = 2.0 * (len(rows) - inertia)
    return _Moved(one.centroids.astype(np.float64), inertia)


def faiss_library() -> Any:
    """Return faiss, or raise MissingExtraError naming the extra."""
    try:
        return import_module("faiss")
    except ImportError as error:
        raise MissingExtraError(
            "library='faiss' needs faiss, which is not installed. "
            'Install it: pip install "relevanceai-local[faiss]", or leave library out.'
        ) from error


def _in_memory(rows: NDArray[np.float32]) -> VectorSource:
    return ArraySource(rows, np.zeros(len(rows), np.int32))


class Units:
    """The rows of another source, scaled to unit norm."""

    def __init__(self, source: VectorSource) -> None:
        self._source = source
        self.n_rows, self.n_dims = source.n_rows, source.n_dims

    def batches(self, start: int, stop: int) -> Iterator[VectorBatch]:
        """Yield the rows of a stretch, in order."""
        for batch in self._source.batches(start, stop):
            yield VectorBatch(batch.row_ids, concatenate_units([batch.vectors]), batch.labels)


def options_from(kwargs: Mapping[str, object]) -> KMeansOptions:
    """Return the options that were passed as further arguments of the model."""
    names = tuple(KMeansOptions.__slots__)
    for name in kwargs:
        if name not in names:
            raise InvalidInputError(
                f"The model 'kmeans' takes no argument {name!r}. "
                f"It takes: {listed(names, like=name)}; and with library='scikit-learn' those of "
                "scikit-learn's KMeans."
            )
    return KMeansOptions(**kwargs)  # type: ignore[arg-type]
