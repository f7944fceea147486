"""The moments of a clustering: kept beside it, and taken anew when the dataset has changed."""

from contextlib import suppress
from pathlib import Path

import numpy as np

from relevanceai.engine.batches import n_dims, vector_batches
from relevanceai.engine.reduce import reduce
from relevanceai.kernels.moments import Moments
from relevanceai.store.cache import cache_folder, trim
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering, keep_arrays, kept_arrays


def moments_of(store: DocumentStore, clustering: Clustering) -> Moments:
    """Return count, sum and inertia of every leaf of a clustering, over all its members.

    They are read from the file that the last pass left, if it is of this very version of the
    dataset; else one pass over the vectors makes them. The file can be deleted at any time, and
    where it cannot be written the pass is simply made again.
    """
    version = store.version()
    kept = kept_moments(store, clustering, version)
    if kept is not None:
        return kept
    moments = moments_taken(store, clustering)
    if store.version() == version:  # else a write came in between and these are of neither
        keep_moments(store, clustering, moments, version)
    return moments


def keep_moments(
    store: DocumentStore, clustering: Clustering, moments: Moments, version: int
) -> None:
    """Keep moments that are of this version of the dataset; the caller knows that they are."""
    with suppress(OSError):  # a workspace that is read only, or a full disk
        arrays = {**moments.to_arrays(), "version": np.array(version)}
        keep_arrays(_path(store, clustering), arrays)
        trim(store.folder)


def moments_taken(store: DocumentStore, clustering: Clustering) -> Moments:
    """Return the moments from one pass over the vectors, whatever is kept."""
    width = n_dims(store, clustering.vector_fields)
    return reduce(
        lambda: Moments(len(clustering.ids), width),
        vector_batches(store, clustering.vector_fields, clustering),
    )


def kept_moments(store: DocumentStore, clustering: Clustering, version: int) -> Moments | None:
    """Return the moments kept for a version of the dataset, or None when there are none."""
    kept = kept_arrays(_path(store, clustering))
    n_clusters, width = len(clustering.ids), n_dims(store, clustering.vector_fields)
    shapes = {
        "version": (),
        "count": (n_clusters,),
        "sums": (n_clusters, width),
        "inertia": (n_clusters,),
    }
    if kept is None or {name: array.shape for name, array in kept.items()} != shapes:
        return None
    return Moments.from_arrays(kept) if int(kept["version"]) == version else None


def moments_problems(store: DocumentStore) -> list[str]:
    """Compare what is kept of each clustering with a pass over the vectors; say what differs."""
    pinned = store.snapshot()
    version = pinned.version()
    problems = []
    for one in pinned.clusterings():
        kept = kept_moments(pinned, one, version)
        if kept is None:
            continue
        taken = moments_taken(pinned, one).to_arrays()
        for name, array in kept.to_arrays().items():
            if array.shape != taken[name].shape or not np.allclose(
                array, taken[name], rtol=1e-9, atol=1e-12, equal_nan=True
            ):
                problems.append(
                    f"The {name} kept for {one.label_path!r} is not that of its members. "
                    f"Delete {_path(store, one)}."
                )
    return problems


def _path(store: DocumentStore, clustering: Clustering) -> Path:
    return cache_folder(store.folder) / f"{clustering.token}.moments.npz"
