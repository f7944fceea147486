"""The rows of each cluster that are closest to, and furthest from, its centroid; they are kept."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.kept import Kept, keep, kept_of
from relevanceai.engine.batches import vector_source
from relevanceai.engine.reduce import reduce
from relevanceai.engine.source import Relabelled
from relevanceai.kernels.kept import Ranked
from relevanceai.kernels.nearest import Metric, RankedRows
from relevanceai.operations.centroids import Centroids
from relevanceai.store.documents import DocumentStore

LEAST_KEPT = 20
"""Rows that are kept of each cluster and end, so that the first pages need one pass."""

_MOST_SPARE = 2**20  # rows in all that may be kept beyond those asked for


def ranked_rows(
    store: DocumentStore, centroids: Centroids, k: int, metric: Metric, *, furthest: bool
) -> Ranked:
    """Return the k rows of each cluster that are best by a metric, or those there are.

    One pass over the vectors finds both ends, and somewhat more than asked for; they are kept for
    this version of the dataset, so that what was asked for before costs no pass.
    """
    found = _kept(store, centroids, metric, furthest)
    if found is None or int(found["k"]) < k:
        wanted = max(LEAST_KEPT, 1 << (k - 1).bit_length())
        if wanted * len(centroids.ids) > _MOST_SPARE:
            wanted = k
        ranked = _pass(store, centroids, wanted, metric, ends=(False, True))
        for end in (False, True):
            keep(
                store, centroids.clustering, _name(metric, end), _flat(ranked, metric, end, wanted)
            )
        found = _flat(ranked, metric, furthest, wanted)
    row_ids, values = found["row_ids"].astype(np.int64), found["values"].astype(np.float64)
    edges = found["edges"].tolist()
    return [
        (row_ids[start : min(stop, start + k)], values[start : min(stop, start + k)])
        for start, stop in pairwise(edges)
    ]


def competing_rows(
    store: DocumentStore,
    centroids: Centroids,
    k: int,
    metric: Metric,
    *,
    furthest: bool,
    places: Sequence[int],
    kept: NDArray[np.int64] | None,
    min_score: float | None,
) -> Ranked:
    """Return the best k of the rows that may compete: one pass over the vectors, and not kept.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    k : from 1.
    furthest : True for the rows least like their centroid.
    places : the clusters, as places in `centroids.ids`, that are asked for.
    kept : row ids that may compete, ascending; None for all.
    min_score : leave out similarities below it, or distances above it.
    """
    ranked = _pass(
        store, centroids, k, metric, ends=(furthest,), places=places, kept=kept, min_score=min_score
    )
    return ranked.result(metric, furthest=furthest)


def _pass(
    store: DocumentStore,
    centroids: Centroids,
    k: int,
    metric: Metric,
    *,
    ends: Sequence[bool],
    places: Sequence[int] | None = None,
    kept: NDArray[np.int64] | None = None,
    min_score: float | None = None,
) -> RankedRows:
    """One pass over the vectors of the clusters asked for."""
    chosen = np.arange(len(centroids.ids)) if places is None else np.asarray(places, np.intp)
    cluster_of_leaf = np.full(len(centroids.clustering.ids) + 1, -1, np.int32)  # last: noise
    cluster_of_leaf[centroids.leaves[chosen]] = chosen

    def labels_of(labels: NDArray[np.int32], row_ids: NDArray[np.int64]) -> NDArray[np.int32]:
        clusters = cluster_of_leaf[labels]
        if kept is None:
            return clusters
        if not len(kept):
            return np.full(len(labels), -1, np.int32)
        found = np.minimum(np.searchsorted(kept, row_ids), len(kept) - 1)
        return np.where(kept[found] == row_ids, clusters, np.int32(-1))

    source = vector_source(store, centroids.clustering.vector_fields, centroids.clustering)
    kernel = RankedRows(
        centroids.means, k, metrics=(metric,), ends=ends, min_score=min_score, n_rows=source.n_rows
    )
    return reduce(kernel.fresh, Relabelled(source, labels_of))


def _name(metric: Metric, furthest: bool) -> str:
    return f"{'furthest' if furthest else 'closest'}-{metric}"


def _flat(ranked: RankedRows, metric: Metric, furthest: bool, k: int) -> Kept:
    rows = ranked.result(metric, furthest=furthest)
    return {
        "k": np.array(k),
        "edges": np.cumsum([0, *(len(row_ids) for row_ids, _ in rows)]),
        "row_ids": np.concatenate([np.empty(0, np.int64), *(row_ids for row_ids, _ in rows)]),
        "values": np.concatenate([np.empty(0), *(values for _, values in rows)]),
    }


def _kept(
    store: DocumentStore, centroids: Centroids, metric: Metric, furthest: bool
) -> Kept | None:
    found = kept_of(store, centroids.clustering, _name(metric, furthest))
    with suppress(TypeError, KeyError, ValueError):
        if found is not None and len(found["edges"]) == len(centroids.ids) + 1:
            n_rows = int(found["edges"][-1])
            if len(found["row_ids"]) == len(found["values"]) == n_rows and int(found["k"]) > 0:
                return found
    return None
