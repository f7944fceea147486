"""Models that learn a batch at a time: any object with `partial_fit` and `predict`, streamed."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorSource
from relevanceai.clustering.kmeans import Fitted
from relevanceai.clustering.models import checked_labels, quietly
from relevanceai.engine.reduce import reduce
from relevanceai.errors import InvalidInputError
from relevanceai.kernels.row_sample import RowSample
from relevanceai.kernels.seeding import plus_plus
from relevanceai.kernels.units import about_one
from relevanceai.progress import counting, progress

BATCH_ROWS = 16_384
"""Rows that `partial_fit` sees at once."""

_SEEDS_PER_CLUSTER = 32
_LEAST_SEEDS = 10_000


def streams(model: object) -> bool:
    """Tell whether an object can learn and answer a batch at a time."""
    return all(callable(getattr(model, name, None)) for name in ("partial_fit", "predict"))


def fit_streamed(model: Any, source: VectorSource) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Show an object all rows, a batch at a time, then ask it for the label of each.

    Returns
    -------
    row_ids : int64 array of shape (n_taking_part,), in the order of the stream.
    labels : int64 array of the same shape, -1 or more.

    Raises
    ------
    InvalidInputError : what `predict` returned is not one whole number of -1 or more a row.
    """
    who = type(model).__name__
    with progress(f"Fitting {who}", source.n_rows, delay_s=0.5) as bar:
        for _, rows in in_batches(source, BATCH_ROWS):
            quietly(model.partial_fit, rows)
            bar.update(len(rows))
    row_ids, labels = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    with progress(f"Asking {who}", source.n_rows, delay_s=0.5) as bar:
        for of_rows, rows in in_batches(source, BATCH_ROWS):
            found = quietly(model.predict, rows)
            row_ids.append(of_rows)
            labels.append(checked_labels(found, f"predict of {who}", len(rows)))
            bar.update(len(rows))
    return np.concatenate(row_ids), np.concatenate(labels)


def fit_minibatch(
    make: Callable[[NDArray[np.float32]], Any],
    source: VectorSource,
    n_clusters: int,
    *,
    random_state: int | None,
) -> tuple[Any, Fitted]:
    """Run scikit-learn's MiniBatchKMeans over a source: seeds, one pass to learn, one to assign.

    Parameters
    ----------
    make : makes the estimator from the centroids it starts from.

    Returns
    -------
    The estimator, and what came out; each row's label is exactly its nearest centroid.
    """
    from relevanceai.kernels.lloyd import Assigned  # compiled: reached by large data alone

    rng = np.random.default_rng(random_state)
    sample = RowSample(max(_LEAST_SEEDS, _SEEDS_PER_CLUSTER * n_clusters), rng)
    with progress("Drawing a sample", source.n_rows, delay_s=0.5) as bar:
        for _, rows in in_batches(source, BATCH_ROWS):
            sample.update(rows)
            bar.update(len(rows))
    drawn = sample.result()
    if len(drawn) < n_clusters:
        raise InvalidInputError(
            f"'minibatchkmeans' was asked for {n_clusters:,} clusters of {len(drawn):,} documents "
            f"with vectors. Pass n_clusters={len(drawn)} or fewer."
        )
    # About the origin, and about one, float32 keeps what tells rows apart.
    drawn, before_shift = about_one(drawn)
    shift: NDArray[np.float32] = drawn.mean(axis=0, dtype=np.float64).astype(np.float32)
    drawn, after_shift = about_one(drawn - shift)
    n_trials = 2 + int(np.log(n_clusters)) if n_clusters <= 100 else 1
    estimator = make(drawn[plus_plus(drawn, n_clusters, rng=rng, n_trials=n_trials)])
    quietly(estimator.partial_fit, drawn)
    with progress("Fitting MiniBatchKMeans", source.n_rows, delay_s=0.5) as bar:
        for _, rows in in_batches(source, BATCH_ROWS):
            moved = np.ldexp(np.ldexp(rows, before_shift) - shift, after_shift)
            quietly(estimator.partial_fit, moved)
            bar.update(len(rows))
    centroids = np.ldexp(estimator.cluster_centers_.astype(np.float64), -after_shift) + shift
    centroids = np.ldexp(centroids, -before_shift)
    with progress("Assigning", source.n_rows, delay_s=0.5) as bar:
        assigned = reduce(
            lambda: Assigned(centroids, n_rows=source.n_rows),
            source,
            on_rows=counting(bar.update),
        )
    row_ids, labels, moments = assigned.settled()
    facts: dict[str, object] = {"sample": None, "iterations": int(estimator.n_steps_)}
    return estimator, Fitted(row_ids, labels, moments, {}, facts)


def in_batches(
    source: VectorSource, n_rows: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Cut the rows that take part into batches of `n_rows`; the last may be smaller."""
    ids: list[NDArray[np.int64]] = []
    parts: list[NDArray[np.float32]] = []
    held = 0
    for batch in source.batches(0, source.n_rows):
        there = batch.labels >= 0
        row_ids, vectors = batch.row_ids, batch.vectors
        if not there.all():
            row_ids, vectors = row_ids[there], vectors[there]
        start = 0
        while start < len(row_ids):
            stop = min(len(row_ids), start + n_rows - held)
            ids.append(row_ids[start:stop])
            parts.append(vectors[start:stop])
            held += stop - start
            start = stop
            if held == n_rows:
                yield np.concatenate(ids), np.concatenate(parts)
                ids, parts, held = [], [], 0
    if held:
        yield np.concatenate(ids), np.concatenate(parts)
