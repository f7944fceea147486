"""Which documents of two clusters face each other, in the clustered vectors or in other ones."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.graph import sampled_places
from relevanceai.kernels.common_face import CommonFace, common_face
from relevanceai.kernels.units import concatenate_units
from relevanceai.operations.centroids import Centroids
from relevanceai.store.documents import DocumentStore
from relevanceai.store.sampling import labelled_rows, vectors_at

MOST_FOR_MEANS = 10_000
"""Documents of all clusters together that centroids in other vector fields are estimated from."""


def face_between(
    store: DocumentStore,
    centroids: Centroids,
    first: int,
    second: int,
    *,
    vector_fields: Sequence[str],
    seed: int = 0,
) -> CommonFace:
    """Return the border of two clusters among all, in some vector fields.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    first, second : places in `centroids.ids`.
    vector_fields : those of the clustering, where the centroids are known; or others, where they are
        estimated from a sample: `MOST_FOR_MEANS` documents, and at least 10 of each cluster.
        Clusters none of which has such a vector take no part.
    seed : of that sample.
    """
    if len(centroids.ids) < 3:  # nothing can lie between
        width = centroids.means.shape[1]
        return CommonFace(np.zeros(width), np.zeros(width), 0.0, np.empty((0, width)))
    if tuple(vector_fields) == centroids.clustering.vector_fields:
        return common_face(centroids.means, first, second)
    means = _sampled_means(store, centroids, vector_fields, seed)
    there = ~np.isnan(means[:, 0])
    if not there[first] or not there[second]:
        width = means.shape[1]
        return CommonFace(np.zeros(width), np.zeros(width), 0.0, np.empty((0, width)))
    number = np.cumsum(there) - 1
    return common_face(means[there], int(number[first]), int(number[second]))


def _sampled_means(
    store: DocumentStore, centroids: Centroids, vector_fields: Sequence[str], seed: int
) -> NDArray[np.float64]:
    """Return the mean of a sample of each cluster; NaN where no document of it has the vectors."""
    row_ids, leaves = labelled_rows(store, centroids.clustering)
    row_ids, leaves = row_ids[leaves >= 0], leaves[leaves >= 0]
    places = sampled_places(leaves, MOST_FOR_MEANS, np.random.default_rng(seed))
    parts, has_all = vectors_at(store, vector_fields, row_ids[places])
    rows = parts[0] if len(parts) == 1 else concatenate_units(parts)
    leaves = leaves[places][has_all]
    means = np.full((len(centroids.ids), rows.shape[1]), np.nan)
    for place, leaf in enumerate(centroids.leaves):
        own = rows[leaves == leaf]
        if len(own):
            means[place] = own.mean(axis=0, dtype=np.float64)
    return means
