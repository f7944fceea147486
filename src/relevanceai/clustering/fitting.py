"""Fitting a model to a stream of vectors: in memory where it must be, streamed where it can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.batch import VectorSource
from relevanceai.clustering.count import COUNT_RULE, checked_count, is_count_ours
from relevanceai.clustering.ids import NOISE
from relevanceai.clustering.kmeans import SAMPLED_ABOVE, Fitted, fit_kmeans
from relevanceai.clustering.kmeans_options import options_from
from relevanceai.clustering.model_names import model_name
from relevanceai.clustering.models import (
    checked_object,
    checked_seed,
    description,
    fit_labels,
    named_estimator,
    renumbered,
)
from relevanceai.clustering.streaming import fit_minibatch, fit_streamed, streams
from relevanceai.engine.reduce import reduce
from relevanceai.engine.source import Relabelled
from relevanceai.errors import counted
from relevanceai.kernels.moments import Moments
from relevanceai.progress import notice, progress

MOST_IN_MEMORY = 2**30
"""Bytes of vectors above which an object that can learn a batch at a time is streamed."""

_OURS_ONLY = frozenset({"spherical", "sample"})
_SCIKIT_ONLY = frozenset({"init", "algorithm", "copy_x", "verbose"})


@dataclass(frozen=True, slots=True)
class Fit:
    """The labels that a model gave to rows, in the order of the stream, and their moments.

    `described` is what made them, ready for the clustering's record: the facts of `description`,
    and under `run` what the run itself was like.
    """

    row_ids: NDArray[np.int64]
    labels: NDArray[np.int32]
    moments: Moments
    described: dict[str, object]


def fit(
    model: str | object,
    source: VectorSource,
    *,
    n_clusters: int | None = None,
    random_state: int | None = 0,
    model_kwargs: Mapping[str, object] | None = None,
) -> Fit:
    """Cluster the rows of a source.

    Parameters
    ----------
    model, n_clusters, random_state, model_kwargs : as for `Dataset.cluster`.
    source : the rows; those labelled below 0 take no part, and come back in no array.

    Returns
    -------
    Fit; clusters are numbered 0..K-1 without a gap, -1 is noise.

    Raises
    ------
    InvalidInputError : as for `fit_labels`.

    Notes
    -----
    "kmeans" and "minibatchkmeans" above 100,000 rows, unless `init` is centroids of yours, and
    objects with `partial_fit` and `predict` above 1 GiB of vectors or without `fit_predict`, are
    streamed; what else there is holds all vectors.
    """
    started = perf_counter()
    kwargs = dict(model_kwargs or {})
    n_rows = source.n_rows
    name = model_name(model) if isinstance(model, str) else None
    is_large = n_rows > SAMPLED_ABOVE
    if name == "kmeans" and _is_ours(kwargs, is_large=is_large):
        count = checked_count(name, n_clusters, n_rows)
        assert count is not None
        seed = checked_seed(random_state)
        done = fit_kmeans(source, count, random_state=seed, options=options_from(kwargs))
        described = _ours(done.params, seed)
    elif name == "minibatchkmeans" and is_large and not _brings_starts(kwargs):
        count = checked_count(name, n_clusters, n_rows)
        assert count is not None
        seed = checked_seed(random_state)

        def make(seeds: NDArray[np.float32]) -> Any:
            return named_estimator(
                "minibatchkmeans",
                {"n_clusters": count, "random_state": seed},
                {**kwargs, "init": seeds, "n_init": 1},
            )

        estimator, done = fit_minibatch(make, source, count, random_state=seed)
        described = description(estimator)
    elif name is None and streams(model) and _must_stream(model, n_rows, source.n_dims):
        estimator = checked_object(model, n_clusters, kwargs)
        row_ids, found = fit_streamed(estimator, source)
        labels = renumbered(found) if len(found) else found.astype(np.int32)
        described = description(estimator)
        done = _with_moments(row_ids, labels, source)
    else:
        kwargs.pop("library", None)
        row_ids, vectors = _all(source)
        labels, described = fit_labels(
            model, vectors, n_clusters=n_clusters, random_state=random_state, model_kwargs=kwargs
        )
        del vectors
        done = _with_moments(row_ids, labels, source)
    run = {
        **done.facts,
        "seconds": round(perf_counter() - started, 3),
        "inertia": float(done.moments.inertia.sum()),
    }
    if is_count_ours(model, n_clusters):
        made = len(done.moments.count)
        run["chosen"] = COUNT_RULE
        notice(
            f"n_clusters was not given: {counted(made, 'cluster')} of "
            f"{counted(len(done.row_ids), 'document')}, by {COUNT_RULE}. "
            "Pass n_clusters for another number"
        )
    return Fit(done.row_ids, done.labels, done.moments, {**described, "run": run})


def _is_ours(kwargs: Mapping[str, object], *, is_large: bool) -> bool:
    """True where "kmeans" is that of `fit_kmeans`, and not scikit-learn's."""
    library = kwargs.get("library")
    if library is not None:
        return library != "scikit-learn"
    return not _SCIKIT_ONLY & kwargs.keys() and (is_large or bool(_OURS_ONLY & kwargs.keys()))


def _brings_starts(kwargs: Mapping[str, object]) -> bool:
    """True where the user says where to start from; a name says how to find it, as we do."""
    return not isinstance(kwargs.get("init", "k-means++"), str)


def _must_stream(model: object, n_rows: int, n_dims: int) -> bool:
    """True for an object that cannot fit at once, and where all vectors are too many to hold."""
    if not callable(getattr(model, "fit_predict", None)):
        return True
    n_bytes = 4 * n_rows * n_dims
    if n_bytes <= MOST_IN_MEMORY:
        return False
    notice(
        f"the {n_bytes / 2**30:,.1f} GiB of vectors go through {type(model).__name__} in batches, "
        "by partial_fit and then predict"
    )
    return True


def _all(source: VectorSource) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """All rows that take part, in one array that is filled as they come."""
    row_ids = np.empty(source.n_rows, np.int64)
    vectors = np.empty((source.n_rows, source.n_dims), np.float32)
    held = 0
    with progress("Reading vectors", source.n_rows, delay_s=0.5) as bar:
        for batch in source.batches(0, source.n_rows):
            there = batch.labels >= 0
            stop = held + int(there.sum())
            row_ids[held:stop] = batch.row_ids[there]
            vectors[held:stop] = batch.vectors if there.all() else batch.vectors[there]
            held = stop
            bar.update(len(batch))
    return row_ids[:held], vectors[:held]


def _with_moments(
    row_ids: NDArray[np.int64], labels: NDArray[np.int32], source: VectorSource
) -> Fitted:
    """What a model found, with the moments from one pass."""
    order = np.argsort(row_ids)
    ascending, label_of = row_ids[order], labels[order]

    def labels_of(before: NDArray[np.int32], of_rows: NDArray[np.int64]) -> NDArray[np.int32]:
        place = np.minimum(np.searchsorted(ascending, of_rows), len(ascending) - 1)
        return np.where(before < 0, np.int32(NOISE), label_of[place])

    n_clusters = int(labels.max(initial=NOISE)) + 1
    moments = Moments(n_clusters, source.n_dims)
    if len(row_ids):
        moments = reduce(
            lambda: Moments(n_clusters, source.n_dims, n_rows=source.n_rows),
            Relabelled(source, labels_of),
        )
    return Fitted(row_ids, labels, moments, {}, {})


def _ours(params: dict[str, object], seed: int | None) -> dict[str, object]:
    """What `fit_kmeans` is described as in a record."""
    versions = {"numpy": np.__version__}
    for library in ("numba", *(["faiss"] if params["library"] == "faiss" else [])):
        versions[library] = version("faiss-cpu" if library == "faiss" else library)
    return {
        "model": "relevanceai.kmeans",
        "params": params,
        "versions": versions,
        "random_state": seed,
    }
