"""What the test of two clusters sees: documents that face each other, and noise between them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.graph import sampled_places
from relevanceai.engine.batches import n_dims
from relevanceai.kernels.common_face import CommonFace, common_face, facing_each_other
from relevanceai.kernels.units import concatenate_units
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.sampling import ClusterSample
from relevanceai.store.documents import DocumentStore
from relevanceai.store.sampling import labelled_rows, vectors_at

MOST_FOR_MEANS = 10_000
"""Documents of all clusters together that centroids in other vector fields are estimated from."""


MOST_NOISE = 10_000
"""Documents of noise that are drawn. Where there are more, of two clusters only as large a share of
their documents is tested, too: noise and clusters must be seen at one rate."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Documents that are in no cluster, in random order; a first part of them is a sample again.

    Parameters
    ----------
    row_ids : int64 array of shape (n_rows,).
    vectors : float32 array of shape (n_rows, n_dims); several fields side by side, as units.
    rate : the share of all noise that was drawn, in (0, 1]; 1.0 when there is none.
    """

    row_ids: NDArray[np.int64]
    vectors: NDArray[np.float32]
    rate: float

    def at_rate(self, rate: float) -> "Noise":
        """Return as many of it as fall to a rate, which is no higher than its own."""
        n = int(np.ceil(len(self.row_ids) * rate / self.rate - 1e-9))
        return Noise(self.row_ids[:n], self.vectors[:n], rate)


def noise_of(
    store: DocumentStore, centroids: Centroids, *, vector_fields: Sequence[str], seed: int = 0
) -> Noise:
    """Draw documents of noise, at most `MOST_NOISE`, with their vectors in some fields.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    centroids : of the clustering whose noise is meant.
    vector_fields : the fields whose vectors to read. Documents that lack one are left out, but count
        for the rate.
    seed : of the draw and of the order.

    Returns
    -------
    `Noise` with arrays of shape (n_rows,) and (n_rows, n_dims), n_dims that of the fields together;
    n_rows is 0, and the rate 1.0, where there is no noise.

    Notes
    -----
    Two passes over the label column, then the rows drawn; without noise one pass and no vector.
    """
    stored, is_labelled = store.labels(centroids.clustering)
    if not (is_labelled & (stored < 0)).any():
        return Noise(
            np.empty(0, np.int64), np.empty((0, n_dims(store, vector_fields)), np.float32), 1.0
        )
    row_ids, leaves = labelled_rows(store, centroids.clustering)
    row_ids = row_ids[leaves < 0]
    n_all = len(row_ids)
    order = np.random.default_rng([seed, n_all]).permutation(n_all)[:MOST_NOISE]
    row_ids = row_ids[np.sort(order)]
    parts, has_all = vectors_at(store, vector_fields, row_ids)
    rows = parts[0] if len(parts) == 1 else concatenate_units(parts)
    shuffled = np.argsort(np.argsort(order, kind="stable")[has_all], kind="stable")
    return Noise(row_ids[has_all][shuffled], rows[shuffled], len(order) / n_all)


@dataclass(frozen=True, slots=True)
class Facing:
    """The documents that the test of two clusters sees, those nearer to the first one first.

    Parameters
    ----------
    first, second : float32 arrays of shape (n_first, n_dims) and (n_second, n_dims).
    row_ids : int64 array of shape (n_first + n_second,).
    is_noise : bool array of the same shape: documents in no cluster, put to the nearer of the two.
    """

    first: NDArray[np.float32]
    second: NDArray[np.float32]
    row_ids: NDArray[np.int64]
    is_noise: NDArray[np.bool_]


def facing_of(
    samples: tuple[ClusterSample, ClusterSample], noise: Noise, face: CommonFace, *, seed: int = 0
) -> Facing:
    """Return those documents of two samples, and of noise, that face each other.

    Noise and clusters are looked at at one rate. Where noise was drawn at a lower one, documents of
    the samples are left out at random.
    """
    rates = [(len(one.row_ids) + one.lacking) / max(1, one.members) for one in samples]
    rate = max(rates)
    if len(noise.row_ids):
        rate = min(rate, noise.rate)
        noise = noise.at_rate(rate)
    rng = np.random.default_rng(seed)
    sides = []
    for place, one in enumerate(samples):
        rows, ids = one.vectors, one.row_ids
        if rate < rates[place]:
            n = int(np.ceil(len(ids) * rate / rates[place] - 1e-9))
            kept = np.sort(rng.permutation(len(ids))[:n])
            rows, ids = rows[kept], ids[kept]
        sides.append((rows, ids))
    (first, first_ids), (second, second_ids) = sides
    near_first, near_second = facing_each_other(face, first, second, noise.vectors)
    is_noise = np.ones(len(noise.row_ids), bool)
    return Facing(
        near_first.of(first, noise.vectors),
        near_second.of(second, noise.vectors),
        np.concatenate(
            [near_first.of(first_ids, noise.row_ids), near_second.of(second_ids, noise.row_ids)]
        ),
        np.concatenate(
            [
                near_first.of(np.zeros(len(first), bool), is_noise),
                near_second.of(np.zeros(len(second), bool), is_noise),
            ]
        ),
    )


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
    if tuple(vector_fields) == centroids.clustering.vector_fields:
        return common_face(centroids.means, first, second)
    means = _sampled_means(store, centroids, vector_fields, seed)
    there = ~np.isnan(means[:, 0])
    if not there[first] or not there[second]:  # then there is nothing to test
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
