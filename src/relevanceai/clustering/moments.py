"""The moments of a clustering: kept beside it, and taken anew when the dataset has changed."""

from contextlib import suppress

import numpy as np

from relevanceai.engine.batches import n_dims, vector_batches
from relevanceai.engine.reduce import reduce
from relevanceai.kernels.moments import Moments
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering, keep_arrays, kept_arrays


def moments_of(store: DocumentStore, clustering: Clustering) -> Moments:
    """Return count, sum and inertia of every leaf of a clustering, over all its members.

    They are read from the file that the last pass left, if it is of this very version of the
    dataset; else one pass over the vectors makes them. The file can be deleted at any time, and
    where it cannot be written the pass is simply made again.
    """
    path = store.folder / "clusterings" / f"{clustering.token}.moments.npz"
    version = store.version()
    kept = kept_arrays(path)
    if kept is not None and int(kept.pop("version", np.array(-1))) == version:
        return Moments.from_arrays(kept)
    width = n_dims(store, clustering.vector_fields)
    moments = reduce(
        lambda: Moments(len(clustering.ids), width),
        vector_batches(store, clustering.vector_fields, clustering),
    )
    if store.version() == version:  # else a write came in between and these are of neither
        with suppress(OSError):  # a workspace that is read only
            keep_arrays(path, {**moments.to_arrays(), "version": np.array(version)})
    return moments
