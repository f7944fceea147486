"""The test of two clusters of a dataset, and of two that do not touch by way of one between them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from relevanceai.kernels.separation import SeparationTest, separation_test
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.facing import Facing, face_between, facing_of, noise_of
from relevanceai.operations.sampling import ClusterSample, cluster_samples
from relevanceai.store.documents import DocumentStore


@dataclass(frozen=True, slots=True)
class PairTest:
    """Samples of two clusters, those documents of them that face each other, and the test of these."""

    samples: tuple[ClusterSample, ClusterSample]
    facing: Facing
    test: SeparationTest


@dataclass(frozen=True, slots=True)
class Between:
    """The cluster between two that do not touch, and whether it is separate from either.

    `p_value` is the larger one of the two tests, 1.0 where either could not be made; `depth` the
    smaller one of the two valleys.
    """

    cluster: str
    p_value: float
    depth: float


def pair_test(
    store: DocumentStore,
    centroids: Centroids,
    first: int,
    second: int,
    *,
    vector_fields: Sequence[str],
    most: int,
    seed: int = 0,
) -> PairTest:
    """Draw documents of two clusters at one rate, and test those that face each other.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    first, second : places in `centroids.ids`.
    vector_fields : judge in these.
    most : documents of the larger cluster to look at.
    seed : of the samples and the folds.
    """
    leaves = int(centroids.leaves[first]), int(centroids.leaves[second])
    drawn = cluster_samples(
        store, centroids.clustering, leaves, most=most, seed=seed, vector_fields=vector_fields
    )
    samples = drawn[leaves[0]], drawn[leaves[1]]
    noise = noise_of(store, centroids, vector_fields=vector_fields, seed=seed)
    face = face_between(store, centroids, first, second, vector_fields=vector_fields, seed=seed)
    facing = facing_of(samples, noise, face, seed=seed)
    rng = np.random.default_rng(seed)
    return PairTest(samples, facing, separation_test(facing.first, facing.second, rng=rng))


def between(
    store: DocumentStore, centroids: Centroids, first: int, second: int, *, most: int, seed: int = 0
) -> Between:
    """Test two clusters that do not touch against the one between them.

    Parameters
    ----------
    store, centroids, first, second, most, seed : as for `pair_test`. There are three clusters at
        least; the one between is that whose centroid is nearest to the middle of the two.

    Notes
    -----
    A group with one peak that reaches from one cluster to the other leaves no valley before the
    cluster between, nor behind it. The larger of the two p-values is so an intersection-union test
    (Berger 1982): it holds the level that each of them holds.
    """
    middle = (centroids.means[first] + centroids.means[second]) / 2.0
    squares = np.square(centroids.means - middle).sum(axis=1)
    squares[[first, second]] = np.inf
    third = int(squares.argmin())
    fields = centroids.clustering.vector_fields
    p_value, depth = 0.0, 1.0
    for one, other in ((first, third), (third, second)):
        found = pair_test(
            store, centroids, one, other, vector_fields=fields, most=most, seed=seed
        ).test
        p_value, depth = max(p_value, found.p_value), min(depth, found.depth)
        if not found.is_tested or p_value > 0.5:
            return Between(centroids.ids[third], p_value if found.is_tested else 1.0, 0.0)
    return Between(centroids.ids[third], p_value, depth)
