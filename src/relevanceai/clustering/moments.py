"""The moments of a clustering: kept beside it, and taken anew when the dataset has changed."""

import numpy as np

from relevanceai.clustering.kept import Kept, keep, kept_file, kept_of
from relevanceai.engine.batches import n_dims, vector_source
from relevanceai.engine.reduce import reduce
from relevanceai.kernels.moments import Moments
from relevanceai.progress import slow
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering, kept_arrays

MOMENTS = "moments"
"""The name under which they are kept."""


def moments_of(store: DocumentStore, clustering: Clustering) -> Moments:
    """Return count, sum and inertia of every leaf of a clustering, over all its members.

    They are those that the last pass left, if they are of this very version of the dataset; else
    one pass over the vectors makes them. They are not to be updated.
    """
    pinned = store.snapshot()
    moments = kept_moments(pinned, clustering)
    if moments is None:
        with slow("Adding up the vectors of each cluster"):
            moments = moments_taken(pinned, clustering)
        keep(pinned, clustering, MOMENTS, moments.to_arrays())
    return moments


def moments_taken(store: DocumentStore, clustering: Clustering, *, is_kept: bool = True) -> Moments:
    """Return the moments from one pass over the vectors, whatever moments are kept.

    `is_kept` False reads the vectors from the dataset itself, and not from the cache.
    """
    source = vector_source(store, clustering.vector_fields, clustering, is_kept=is_kept)
    n_clusters = len(clustering.ids)
    return reduce(lambda: Moments(n_clusters, source.n_dims, n_rows=source.n_rows), source)


def kept_moments(store: DocumentStore, clustering: Clustering) -> Moments | None:
    """Return the moments kept for this version of the dataset, or None when there are none."""
    return _checked(store, clustering, kept_of(store, clustering, MOMENTS))


def _checked(store: DocumentStore, clustering: Clustering, found: Kept | None) -> Moments | None:
    """Return kept arrays as moments, unless they are of other shapes: a file can be anything."""
    n_clusters, width = len(clustering.ids), n_dims(store, clustering.vector_fields)
    shapes = {
        "count": (n_clusters,),
        "sums": (n_clusters, width),
        "inertia": (n_clusters,),
        "half_count": (n_clusters,),
        "half_sums": (n_clusters, width),
    }
    if found is None or {name: array.shape for name, array in found.items()} != shapes:
        return None
    return Moments.from_arrays(found, is_copied=False)


def moments_problems(store: DocumentStore) -> list[str]:
    """Compare what is kept of each clustering with a pass over the vectors; say what differs."""
    pinned = store.snapshot()
    problems = []
    for one in pinned.clusterings():
        file = kept_file(pinned, one, MOMENTS)
        kept = _checked(pinned, one, kept_arrays(file))
        if kept is None:
            continue
        taken = moments_taken(pinned, one, is_kept=False).to_arrays()
        for name, array in kept.to_arrays().items():
            if array.shape != taken[name].shape or not np.allclose(
                array, taken[name], rtol=1e-9, atol=1e-12, equal_nan=True
            ):
                problems.append(
                    f"The {name} kept for {one.label_path!r} is not that of its members. "
                    f"Delete {file}."
                )
    return problems
