"""The moments of a clustering: kept beside it, and taken anew when the dataset has changed."""

import numpy as np

from relevanceai.clustering.kept import Kept, keep, kept_file, kept_of
from relevanceai.engine.batches import n_dims, vector_source
from relevanceai.engine.reduce import reduce
from relevanceai.engine.source import Relabelled
from relevanceai.kernels.halves import half_labels
from relevanceai.kernels.moments import Moments
from relevanceai.progress import slow
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering, kept_arrays

MOMENTS = "moments"
"""The name under which they are kept."""

HALVES = "halves"
"""The name under which those of halves are kept."""


def moments_of(store: DocumentStore, clustering: Clustering) -> Moments:
    """Return count, sum and inertia of every leaf of a clustering, over all its members.

    They are those that the last pass left, if they are of this very version of the dataset; else
    one pass over the vectors makes them. They are not to be updated.
    """
    return _kept_or_taken(store, clustering, MOMENTS)


def half_moments_of(store: DocumentStore, clustering: Clustering) -> Moments:
    """Return the moments of both halves of every leaf: those of leaf i at 2 * i and 2 * i + 1.

    Halves are by a hash of the row id (`kernels.halves`). Only the corrected cosine asks for them,
    so they are not taken with the moments, whose pass they would slow by a third; kept as those are.
    """
    return _kept_or_taken(store, clustering, HALVES)


def _kept_or_taken(store: DocumentStore, clustering: Clustering, name: str) -> Moments:
    pinned = store.snapshot()
    moments = _checked(pinned, clustering, kept_of(pinned, clustering, name), name)
    if moments is None:
        with slow("Adding up the vectors of each cluster"):
            moments = moments_taken(pinned, clustering, name)
        keep(pinned, clustering, name, moments.to_arrays())
    return moments


def moments_taken(
    store: DocumentStore, clustering: Clustering, name: str = MOMENTS, *, is_kept: bool = True
) -> Moments:
    """Return the moments from one pass over the vectors, whatever moments are kept.

    `is_kept` False reads the vectors from the dataset itself, and not from the cache.
    """
    source = vector_source(store, clustering.vector_fields, clustering, is_kept=is_kept)
    n_groups = _n_groups(clustering, name)
    rows = Relabelled(source, half_labels) if name == HALVES else source
    return reduce(lambda: Moments(n_groups, source.n_dims, n_rows=source.n_rows), rows)


def _n_groups(clustering: Clustering, name: str) -> int:
    return len(clustering.ids) * (2 if name == HALVES else 1)


def _checked(
    store: DocumentStore, clustering: Clustering, found: Kept | None, name: str
) -> Moments | None:
    """Return kept arrays as moments, unless they are of other shapes: a file can be anything."""
    n_groups, width = _n_groups(clustering, name), n_dims(store, clustering.vector_fields)
    shapes = {"count": (n_groups,), "sums": (n_groups, width), "inertia": (n_groups,)}
    if found is None or {key: array.shape for key, array in found.items()} != shapes:
        return None
    return Moments.from_arrays(found, is_copied=False)


def moments_problems(store: DocumentStore) -> list[str]:
    """Compare what is kept of each clustering with a pass over the vectors; say what differs."""
    pinned = store.snapshot()
    problems = []
    for one, kind in ((one, kind) for one in pinned.clusterings() for kind in (MOMENTS, HALVES)):
        file = kept_file(pinned, one, kind)
        kept = _checked(pinned, one, kept_arrays(file), kind)
        if kept is None:
            continue
        taken = moments_taken(pinned, one, kind, is_kept=False).to_arrays()
        for name, array in kept.to_arrays().items():
            if array.shape != taken[name].shape or not np.allclose(
                array, taken[name], rtol=1e-9, atol=1e-12, equal_nan=True
            ):
                problems.append(
                    f"The {name} kept for {one.label_path!r} is not that of its members. "
                    f"Delete {file}."
                )
    return problems
