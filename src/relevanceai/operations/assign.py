"""Assigning: documents that came after a clustering get the cluster whose centroid is nearest."""

from dataclasses import dataclass

import numpy as np

from relevanceai.errors import InvalidInputError
from relevanceai.kernels.assign import nearest_centroids
from relevanceai.kernels.units import concatenate_units
from relevanceai.operations.centroids import centroids_of
from relevanceai.progress import progress
from relevanceai.store.changing import add_labels, unclustered_vectors
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import Clustering


@dataclass(frozen=True, slots=True)
class AssignReport:
    """What an assignment did.

    `assigned` counts the documents that got a label, `clusters` how many of them each cluster took,
    in natural order, those that took none left out. `left` counts the documents that still have no
    label, because they lack a vector.
    """

    assigned: int
    clusters: dict[str, int]
    left: int


def assign_new(store: DocumentStore, clustering: Clustering) -> AssignReport:
    """Put every document that has the vectors and no label into the cluster nearest to it.

    Nearest is by Euclidean distance to the centroid, as k-means assigns, whatever model made the
    clustering and whatever metric is shown elsewhere. Centroids are those of before: they do not
    move while documents are assigned. Equal distances go to the cluster that comes first. Documents
    that have a label, noise among them, keep it; none becomes noise.

    Parameters
    ----------
    store : the dataset.
    clustering : one of its clusterings, as it is now; the caller may hold `store.writing()`.

    Raises
    ------
    InvalidInputError : no cluster has a member, so that there is no centroid.

    Notes
    -----
    One pass over the vectors that have no label, and one over all where the moments are not kept.
    4 bytes a document are written, in one commit.
    """
    with store.writing():
        n_rows = store.count()
        _, valid = store.labels(clustering)
        n_open = int((~valid).sum())
        if not n_open:
            return AssignReport(0, {}, 0)
        centroids = centroids_of(store, clustering)
        if not centroids.ids:
            raise InvalidInputError(
                f"No cluster of {clustering.label_path!r} has a member, so there is no centroid to "
                f"be near to, for {n_open:,} of {n_rows:,} documents. Cluster the dataset again."
            )
        row_ids, places = [np.empty(0, np.int64)], [np.empty(0, np.intp)]
        with progress("Assigning", n_open, delay_s=0.5) as bar:
            for rows in unclustered_vectors(store, clustering):
                vectors = rows.parts[0] if len(rows.parts) == 1 else concatenate_units(rows.parts)
                places.append(nearest_centroids(vectors, centroids.means))
                row_ids.append(rows.row_ids)
                bar.update(len(rows.row_ids))
        taken, found = np.concatenate(row_ids), np.concatenate(places)
        if not len(taken):
            return AssignReport(0, {}, n_open)
        add_labels(store, clustering, taken, centroids.leaves[found].astype(np.int32))
    count = np.bincount(found, minlength=len(centroids.ids)).tolist()
    clusters = {one: n for one, n in zip(centroids.ids, count, strict=True) if n}
    return AssignReport(len(taken), clusters, n_open - len(taken))
