"""k-means of any number of vectors: trained on a stated sample, then one pass over all of them."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorSource
from relevanceai.clustering.kmeans_options import KMeansOptions
from relevanceai.clustering.kmeans_training import refined, trained
from relevanceai.engine.blas import one_blas_thread
from relevanceai.engine.reduce import reduce
from relevanceai.errors import InvalidInputError
from relevanceai.kernels.moments import Moments
from relevanceai.kernels.row_sample import RowSample
from relevanceai.progress import counting, notice, progress

_LOGGER = logging.getLogger(__name__)

SAMPLED_ABOVE = 100_000
"""Up to so many vectors "kmeans" is scikit-learn's, on all of them; above, it is this file's."""

POINTS_PER_CENTROID = 512
"""Rows of the sample for each centroid. At 256, faiss' limit, inertia is up to 0.4 % above the
best; at 512 up to 0.2 %, of which the last pass, which takes the means of all members, gets back
a part."""

_MOST_SAMPLE_BYTES = 2 * 2**30


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
        found = trained(rows, n_clusters, options, rng)
    del rows
    if options.sample == "all" and n_sample < n_taking_part:
        found = refined(found, source, options, rng)
    from relevanceai.kernels.lloyd import Assigned  # compiled: reached by large data alone

    n_rows = source.n_rows
    with progress("Assigning", n_rows, delay_s=0.5) as bar:
        assigned = reduce(
            lambda: Assigned(found.centroids, is_spherical=options.spherical, n_rows=n_rows),
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
        "n_init": found.tries,
        "max_iter": options.max_iter,
        "tol": options.tol,
        "spherical": options.spherical,
        "sample": options.sample,
        "library": options.library,
    }
    facts: dict[str, object] = {
        "sample": n_sample if n_sample < n_taking_part and options.sample != "all" else None,
        "iterations": found.steps,
        "converged": found.has_converged,
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
    size = max(min(int(size), source.n_rows), n_clusters)
    expected = source.n_rows
    while True:
        held = RowSample(size, rng, n_expected=expected)
        for batch in source.batches(0, source.n_rows):
            there = batch.labels >= 0
            held.update(batch.vectors if there.all() else batch.vectors[there])
            on_rows(len(batch))
        if not held.is_short:
            break
        expected = held.n_rows  # many rows take no part: now it is known how many do
    return held
