"""All pairs of neighbouring clusters, each with a verdict, as a queue of what to look at first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relevanceai.engine.batches import vector_batches
from relevanceai.engine.each import each
from relevanceai.engine.reduce import reduce
from relevanceai.errors import InvalidInputError
from relevanceai.kernels.cluster_rows import ClusterRows, Sampled
from relevanceai.kernels.discoveries import benjamini_hochberg
from relevanceai.kernels.knn_mixing import CrossEdges, cross_edges
from relevanceai.kernels.second_nearest import Neighbours
from relevanceai.kernels.separation import LEAST_DOCUMENTS, enough_documents, separation_test
from relevanceai.kernels.units import row_blocks
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.neighbours import neighbours_of
from relevanceai.operations.separations import separations
from relevanceai.operations.verdict import LEVEL, Evidence, Verdict, judged
from relevanceai.progress import progress
from relevanceai.store.documents import DocumentStore

if TYPE_CHECKING:
    import pandas as pd

LEAST_SHARE = 0.05
"""Of a cluster's documents, those whose nearest other cluster it must be to be called adjacent."""

LOOKED_AT = 400
"""Documents of the larger of two clusters that a pair is tested on, where that is enough."""

MOST_SAMPLED = 2_000
"""Documents of one cluster that are drawn at most."""

_WORKING_BYTES = 512 * 2**20  # of vectors drawn, of all clusters together
_LEAST_SAMPLED = 100  # of one cluster, even so
_LEAST_OF_SMALLER = 60  # documents of the smaller cluster that more of the larger are read for
_PLAIN = 0.5  # a p-value of one split above this will not become small by more splits
_N_SPLITS = 4
_LEAST_UNCERTAIN = 0.01  # so that pairs that are surely apart still have an order


@dataclass(frozen=True, slots=True)
class Pair:
    """What was found about two neighbouring clusters; see `ClusterPairs.pairs` for the fields."""

    cluster: str
    other: str
    verdict: Verdict
    priority: float
    similarity: float
    percentile: float
    overlap: float
    p_value: float
    q_value: float
    separation: float
    confidence: float
    documents: int
    other_documents: int
    looked_at: int
    splits: int
    reasons: tuple[str, ...]
    suggestion: str


@dataclass(frozen=True, slots=True)
class _Tested:
    """The evidence about a pair, before it is known what the other pairs show."""

    first: int
    second: int
    evidence: Evidence
    n_splits: int


def adjacent_pairs(
    found: Neighbours, means: NDArray[np.float64], least_share: float = LEAST_SHARE
) -> NDArray[np.intp]:
    """Return the pairs of clusters that touch.

    Parameters
    ----------
    found : what the members of each cluster are nearest to.
    means : float64 array of shape (n_clusters, n_dims).
    least_share : a cluster touches those that are the nearest other one of at least this share of
        its documents, and in any case the one whose centroid is nearest to its own (Euclidean).

    Returns
    -------
    int array of shape (n_pairs, 2), first < second, in order, each pair once.
    """
    n_clusters = len(means)
    if n_clusters < 2:
        return np.empty((0, 2), np.intp)
    often = found.second >= least_share * found.count[found.own]
    one, other = found.own[often], found.other[often]
    nearest = np.empty(n_clusters, np.intp)
    squares = np.einsum("ij,ij->i", means, means)
    for block in row_blocks(n_clusters, n_clusters):
        distances = squares - 2.0 * (means[block] @ means.T)
        distances[np.arange(block.stop - block.start), np.arange(block.start, block.stop)] = np.inf
        nearest[block] = distances.argmin(axis=1)
    one = np.concatenate([one, np.arange(n_clusters)])
    other = np.concatenate([other, nearest])
    codes = np.unique(np.minimum(one, other) * n_clusters + np.maximum(one, other))
    return np.stack(np.divmod(codes, n_clusters), axis=1).astype(np.intp)


def percentiles(means: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each cosine similarity how many of all pairs of centroids are no more alike.

    Parameters
    ----------
    means : float64 array of shape (n_clusters, n_dims).
    values : float64 array of shape (n_values,), similarities of some pairs.

    Returns
    -------
    float64 array of shape (n_values,), in (0, 100]; the pair itself counts. 100 is the most alike.

    Notes
    -----
    O(n_clusters**2 * n_dims), in blocks. Similarities within 1e-12 count as equal.

    Examples
    --------
    >>> corners = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> percentiles(corners, np.array([0.0, 2**-0.5])).round(1)
    array([ 33.3, 100. ])
    """
    n_clusters = len(means)
    n_pairs = n_clusters * (n_clusters - 1) // 2
    order = np.argsort(values, kind="stable")
    limits = values[order] + 1e-12
    norms = np.sqrt(np.einsum("ij,ij->i", means, means))
    units = means / np.where(norms > 0, norms, 1.0)[:, None]
    counts = np.zeros(len(values) + 1, np.int64)
    for block in row_blocks(n_clusters, n_clusters):
        products = units[block] @ units.T
        later = np.arange(n_clusters)[None, :] > np.arange(block.start, block.stop)[:, None]
        counts += np.bincount(np.searchsorted(limits, products[later]), minlength=len(counts))
    result = np.empty(len(values))
    result[order] = 100.0 * np.cumsum(counts[:-1]) / max(1, n_pairs)
    return result


def all_samples(
    store: DocumentStore, centroids: Centroids, *, most: int = MOST_SAMPLED, seed: int = 0
) -> Sampled:
    """Draw documents of every cluster in one pass; clusters are numbered as in `centroids.ids`.

    At most `most` of each, and fewer where the vectors of all together would take more than 512 MiB:
    then as many as fit, but not below 100 of each.
    """
    n_clusters, n_dims = centroids.means.shape
    room = _WORKING_BYTES // max(1, 4 * n_dims * n_clusters)
    most = min(most, max(_LEAST_SAMPLED, room))
    leaves = centroids.leaves
    number = np.full(len(centroids.clustering.ids) + 1, -1, np.int32)  # last: noise
    number[leaves] = np.arange(n_clusters)
    by_leaf = np.zeros(len(centroids.clustering.ids), np.int64)
    by_leaf[leaves] = centroids.count
    kernel = reduce(
        lambda: ClusterRows(by_leaf, most, n_dims, seed=seed),
        vector_batches(store, centroids.clustering.vector_fields, centroids.clustering),
    )
    drawn = kernel.result()
    starts = np.append(drawn.starts[leaves], drawn.starts[-1])  # clusters without members are empty
    return Sampled(starts, drawn.row_ids, drawn.vectors)


def pair_sizes(n_first: int, n_second: int, drawn: int, least: int = LOOKED_AT) -> tuple[int, int]:
    """Return how many documents of each of two clusters to look at: both at one rate.

    Parameters
    ----------
    n_first, n_second : their members.
    drawn : how many of one cluster were drawn at most.
    least : of the larger; more, up to `drawn`, where the smaller would give fewer than 60.

    Examples
    --------
    >>> pair_sizes(1_000, 500, 2_000)
    (400, 200)
    >>> pair_sizes(10_000, 400, 2_000), pair_sizes(30, 20, 2_000)
    ((1500, 60), (30, 20))
    """
    larger, smaller = max(n_first, n_second), min(n_first, n_second)
    wanted = max(least, int(np.ceil(larger * _LEAST_OF_SMALLER / max(1, smaller))))
    rate = min(1.0, min(wanted, drawn) / max(1, larger))
    return int(np.ceil(rate * n_first - 1e-9)), int(np.ceil(rate * n_second - 1e-9))


def pair_evidence(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    runner_up: tuple[float, float],
    seed: Sequence[int],
) -> tuple[Evidence, int]:
    """Return the evidence about two clusters from samples of them, and how many splits it took.

    One split is made first. Where its p-value is above 0.5 it stands: a combination over more splits
    is not looked at, which can only keep a pair from being called separate.
    """
    is_enough = enough_documents(len(first), len(second))
    n_splits = 1 if is_enough else 0
    test = separation_test(first, second, rng=np.random.default_rng(seed), n_splits=1)
    if is_enough and test.p_value <= _PLAIN:
        n_splits = _N_SPLITS
        test = separation_test(first, second, rng=np.random.default_rng(seed), n_splits=n_splits)
    there = min(len(first), len(second)) > 0
    edges = cross_edges(first, second) if there else CrossEdges(0.0, 0.0, 0.0, 0)
    return (
        Evidence(
            n_first=len(first),
            n_second=len(second),
            is_tested=test.is_tested,
            p_value=test.p_value,
            gap=test.gap,
            depth=test.depth,
            power=test.power,
            stretch=test.stretch,
            cross_ratio=edges.ratio,
            runner_up_first=runner_up[0],
            runner_up_second=runner_up[1],
        ),
        n_splits,
    )


def pairs_of(
    store: DocumentStore,
    centroids: Centroids,
    *,
    least_share: float = LEAST_SHARE,
    looked_at: int = LOOKED_AT,
    seed: int = 0,
    found: Neighbours | None = None,
    drawn: Sampled | None = None,
) -> list[Pair]:
    """Judge every adjacent pair of a clustering; see `ClusterPairs.pairs`.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    found, drawn : neighbours and samples of it, where they have been made already.
    """
    if len(centroids.ids) < 2:
        return []
    found = neighbours_of(store, centroids) if found is None else found
    places = adjacent_pairs(found, centroids.means, least_share)
    drawn = all_samples(store, centroids, seed=seed) if drawn is None else drawn
    samples, n_drawn = drawn, int(np.diff(drawn.starts).max(initial=0))
    n_clusters = len(centroids.ids)
    codes = found.own * n_clusters + found.other

    def share(own: int, other: int) -> tuple[int, float]:
        at = int(np.searchsorted(codes, own * n_clusters + other))
        there = at < len(codes) and codes[at] == own * n_clusters + other
        documents = int(found.second[at]) if there else 0
        return documents, documents / max(1, int(found.count[own]))

    def work(place: NDArray[np.intp]) -> _Tested:
        first, second = int(place[0]), int(place[1])
        sizes = pair_sizes(
            int(centroids.count[first]), int(centroids.count[second]), n_drawn, looked_at
        )
        evidence, n_splits = pair_evidence(
            samples.rows(first, sizes[0]),
            samples.rows(second, sizes[1]),
            (share(first, second)[1], share(second, first)[1]),
            (seed, first, second),
        )
        return _Tested(first, second, evidence, n_splits)

    with progress("Comparing neighbouring clusters", len(places), unit="pairs", delay_s=1.0) as bar:
        tests = each(work, places, on_done=bar.update)
    documents = np.array(
        [share(one.first, one.second)[0] + share(one.second, one.first)[0] for one in tests]
    )
    overlap = documents / centroids.count[places].sum(axis=1)
    apart = separations(store, centroids, places[:, 0], places[:, 1])
    return _queued(centroids, tests, overlap, apart)


def _queued(
    centroids: Centroids,
    tests: list[_Tested],
    overlap: NDArray[np.float64],
    separations: NDArray[np.float64],
) -> list[Pair]:
    """Put verdicts on the pairs, all tests considered, and order them by priority."""
    p_values = np.array([one.evidence.p_value for one in tests])
    is_tested = np.array([one.evidence.is_tested for one in tests])
    q_values = np.ones(len(tests))
    q_values[is_tested] = benjamini_hochberg(p_values[is_tested])
    first = np.array([one.first for one in tests], np.intp)
    second = np.array([one.second for one in tests], np.intp)
    similarity = _cosines(centroids.means, first, second)
    percentile = percentiles(centroids.means, similarity)
    priority = priorities(centroids.count, first, second, q_values, separations)
    judged_pairs = []
    for place, one in enumerate(tests):
        name, other = centroids.ids[one.second], centroids.ids[one.first]
        verdict, reasons, confidence, suggestion = _verdict(
            one.evidence, float(q_values[place]), other, name
        )
        judged_pairs.append(
            Pair(
                cluster=name,
                other=other,
                verdict=verdict,
                priority=float(priority[place]),
                similarity=float(similarity[place]),
                percentile=float(percentile[place]),
                overlap=float(overlap[place]),
                p_value=float(p_values[place]),
                q_value=float(q_values[place]),
                separation=float(separations[place]),
                confidence=confidence,
                documents=int(centroids.count[one.second]),
                other_documents=int(centroids.count[one.first]),
                looked_at=one.evidence.n_first + one.evidence.n_second,
                splits=one.n_splits,
                reasons=reasons,
                suggestion=suggestion,
            )
        )
    order = np.argsort(-priority, kind="stable")
    return [judged_pairs[place] for place in order]


def _verdict(
    evidence: Evidence, q_value: float, first: str, second: str
) -> tuple[Verdict, tuple[str, ...], float, str]:
    """Return verdict, reasons, confidence and suggestion; "separate" only if q says so, too."""
    found = judged(evidence, first, second)
    if found.verdict == "separate" and q_value > LEVEL:
        return (
            "undecided",
            (
                *found.reasons,
                f"Among so many pairs that may be chance: the false discovery rate is {q_value:.2f}.",
            ),
            0.0,
            f"Undecided. compare({first!r}, {second!r}) looks at more documents.",
        )
    return found.verdict, found.reasons, found.confidence, found.suggestion


def priorities(
    count: NDArray[np.int64],
    first: NDArray[np.intp],
    second: NDArray[np.intp],
    q_values: NDArray[np.float64],
    separations: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how soon each pair should be looked at: size x uncertainty x evidence for merging.

    Parameters
    ----------
    count : int64 array of shape (n_clusters,).
    first, second : int arrays of shape (n_pairs,).
    q_values, separations : float64 arrays of shape (n_pairs,).

    Returns
    -------
    float64 array of shape (n_pairs,), in [0, 1], the product of
    size, log(1 + documents of the smaller) / log(1 + documents of the largest cluster);
    uncertainty, the q-value: how unsure it is that the two are apart, as they now stand; 0.01 at least;
    evidence for merging, the share of these pairs whose separation is larger, half for its own.

    Examples
    --------
    >>> pairs = np.array([0, 1]), np.array([1, 2])
    >>> priorities(np.array([99, 99, 9]), *pairs, np.array([1.0, 0.5]), np.array([0.0, 1.0]))
    array([0.75  , 0.0625])
    """
    if not len(first):
        return np.empty(0)
    smaller = np.minimum(count[first], count[second])
    size = np.log1p(smaller) / np.log1p(count.max())
    order = np.sort(separations)
    larger = len(order) - np.searchsorted(order, separations, side="right")
    equal = len(order) - larger - np.searchsorted(order, separations, side="left")
    merging = (larger + equal / 2.0) / len(order)
    result: NDArray[np.float64] = size * np.maximum(q_values, _LEAST_UNCERTAIN) * merging
    return result


def _cosines(
    means: NDArray[np.float64], first: NDArray[np.intp], second: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Cosine of pairs of rows; 0 with a zero row, as everywhere."""
    norms = np.sqrt(np.einsum("ij,ij->i", means, means))
    units = means / np.where(norms > 0, norms, 1.0)[:, None]
    cosines: NDArray[np.float64] = np.einsum("ij,ij->i", units[first], units[second])
    return cosines.clip(-1.0, 1.0)


class ClusterPairs(HoldsClustering):
    """The question about all pairs of neighbouring clusters."""

    def pairs(
        self, *, least_share: float = LEAST_SHARE, most: int = LOOKED_AT, seed: int = 0
    ) -> "pd.DataFrame":
        """Judge every pair of neighbouring clusters, and order them by what to look at first.

        Two clusters are neighbours when one is the nearest other cluster of at least `least_share`
        of the other's documents, or has the nearest centroid. Each pair of neighbours is tested as
        `compare` does it, on a smaller sample. All other pairs have no border in common, and are not
        tested: they are not in the table.

        Parameters
        ----------
        least_share : in [0, 1]; less finds more neighbours, and costs a test each.
        most : documents of the larger cluster to look at in one pair, and of the smaller as many as
            fall to it at the same rate. Up to 2,000 where the smaller would give fewer than 60.
        seed : of samples and splits; the same seed gives the same answer.

        Returns
        -------
        DataFrame, a row a pair, highest `priority` first, with the columns
        `cluster`, `other` : the later of the two in natural order stands first.
        `verdict` : "separate", "continuum", "same" or "undecided", as for `compare`; "separate" only
            where the false discovery rate over the pairs tested, `q_value`, is at most 5 %.
        `priority` : in [0, 1], size x uncertainty x evidence for merging: log(1 + documents of the
            smaller) / log(1 + documents of the largest cluster) x `q_value` (0.01 at least) x the
            share of the pairs of this table whose `separation` is larger.
        `suggestion` : what to do, in words.
        `similarity`, `percentile` : cosine of the centroids, and the share of all pairs of clusters,
            in percent, that are no more similar.
        `overlap` : of the documents of both, the share whose nearest other cluster is the other one.
        `p_value`, `q_value` : of the test, and after Benjamini and Hochberg over all pairs tested.
        `separation` : orders pairs, the higher the more likely two; no unit.
        `documents`, `other_documents` : the sizes of the two.
        `looked_at`, `splits` : documents that the test saw, and how often they were split: 0, not
            tested, for there are fewer than 10 of one or 40 in all; 1, the first split showed
            nothing (p above 0.5), so that no more were made; else 4.

        With fewer than two clusters there is no pair. There is no NaN: an untested pair has the
        p-value 1 and is "undecided".

        Raises
        ------
        InvalidInputError : `least_share` is not in [0, 1]; `most` is below 20.

        Notes
        -----
        Two passes over the vectors, then a test a pair, on threads: 20 to 40 ms for clusters of 400
        and 128 dimensions. Memory: the sample of all clusters, at most 512 MiB (but at least 100
        documents of each). Progress is on stderr.
        """
        import pandas as pd

        check_count("most", most, least=2 * LEAST_DOCUMENTS)
        check_count("seed", seed, least=0)
        if not isinstance(least_share, int | float) or not 0 <= least_share <= 1:
            raise InvalidInputError(
                f"least_share is a share of documents in [0, 1], but got {least_share!r:.60}. "
                f"Pass one, or leave it out for {LEAST_SHARE}."
            )
        store, centroids = self._pinned()
        found = pairs_of(store, centroids, least_share=least_share, looked_at=most, seed=seed)
        names = [
            "cluster",
            "other",
            "verdict",
            "priority",
            "suggestion",
            "similarity",
            "percentile",
            "overlap",
            "p_value",
            "q_value",
            "separation",
            "documents",
            "other_documents",
            "looked_at",
            "splits",
        ]
        return pd.DataFrame({name: [getattr(one, name) for one in found] for name in names})
