"""All pairs of neighbouring clusters, each with a verdict, as a queue of what to look at first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relevanceai.engine.each import each
from relevanceai.errors import InvalidInputError
from relevanceai.kernels.adjacency import (
    LEAST_SHARE,
    adjacent_pairs,
    pair_cosines,
    percentiles,
    priorities,
)
from relevanceai.kernels.assign import nearest_centroids
from relevanceai.kernels.cluster_rows import Sampled
from relevanceai.kernels.common_face import CommonFace, common_face, facing_each_other
from relevanceai.kernels.discoveries import benjamini_hochberg
from relevanceai.kernels.knn_mixing import CrossEdges, cross_edges
from relevanceai.kernels.recovery import pair_recovery
from relevanceai.kernels.separation import LEAST_DOCUMENTS, separation_test
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.facing import noise_of
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.neighbours import neighbours_of
from relevanceai.operations.samples import LOOKED_AT, all_samples, pair_sizes
from relevanceai.operations.separations import separations
from relevanceai.operations.verdict import LEVEL, Evidence, Verdict, evidence_of, judged
from relevanceai.progress import progress, slow
from relevanceai.store.documents import DocumentStore

if TYPE_CHECKING:
    import pandas as pd

_EDGES_AT = 200  # documents of the larger cluster that the graph of neighbours is made of
_PLAIN = 0.5  # a p-value of one split above this will not become small by more splits


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
    recovered: float | None
    reasons: tuple[str, ...]
    suggestion: str


@dataclass(frozen=True, slots=True)
class _Tested:
    """The evidence about a pair, before it is known what the other pairs show."""

    first: int
    second: int
    evidence: Evidence
    n_splits: int
    recovered: float | None


def pair_evidence(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    runner_up: tuple[float, float],
    seed: Sequence[int],
    *,
    face: CommonFace | None = None,
    looked_at: int | None = None,
    noise: NDArray[np.float32] | None = None,
) -> tuple[Evidence, int]:
    """Return the evidence about two clusters from samples of them, and how many splits it took.

    One coarse split is made first. Where its p-value is above 0.5 it stands: the test that `compare`
    would make is left out, which can only keep a pair from being called separate.

    Parameters
    ----------
    first, second : rows of the two, drawn at one rate, in random order.
    runner_up : see `evidence_of`.
    seed : of the folds.
    face : the border of the two, where there are other clusters.
    looked_at : of the rows that face each other in the larger cluster only so many are tested, and
        of the smaller as many as fall to it; see `pair_sizes`. None for all.
    noise : rows of noise at the same rate, those nearest to either of the two.
    """
    n = (len(first), len(second))
    few = pair_sizes(*n, max(n), _EDGES_AT)
    edged = first[: few[0]], second[: few[1]]
    rng = np.random.default_rng(seed)
    if face is not None:
        noise = first[:0] if noise is None else noise
        near_first, near_second = facing_each_other(face, first, second, noise)
        first, second = near_first.of(first, noise), near_second.of(second, noise)
        if len(near_first.noise) + len(near_second.noise):  # a first part must be a sample again
            first, second = rng.permutation(first), rng.permutation(second)
    if looked_at is not None:
        sizes = pair_sizes(len(first), len(second), max(len(first), len(second)), looked_at)
        first, second = first[: sizes[0]], second[: sizes[1]]
    test = separation_test(first, second, rng=rng, plain_above=_PLAIN)
    edges = CrossEdges(0.0, 0.0, 0.0, 0)
    if test.is_tested:  # else no verdict asks for them
        edges = cross_edges(*edged)
    evidence = evidence_of(
        test, n, (len(first), len(second)), cross_ratio=edges.ratio, runner_up=runner_up
    )
    return evidence, test.n_splits


def pairs_of(
    store: DocumentStore,
    centroids: Centroids,
    *,
    least_share: float = LEAST_SHARE,
    looked_at: int = LOOKED_AT,
    draws: int = 0,
    seed: int = 0,
    drawn: Sampled | None = None,
) -> list[Pair]:
    """Judge every adjacent pair of a clustering; see `ClusterPairs.pairs`.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    least_share : of a cluster's documents whose second choice is the other, for a pair to be judged.
    looked_at : documents of the larger cluster that are compared where there are more.
    draws : how often to draw the documents of a tested pair and cut them in two anew.
    seed : of the samples and of the folds.
    drawn : samples of all clusters, where they have been made already.
    """
    if len(centroids.ids) < 2:
        return []
    found = neighbours_of(store, centroids)
    places = adjacent_pairs(found, centroids.means, least_share)
    samples = all_samples(store, centroids, seed=seed) if drawn is None else drawn
    n_drawn = int(np.diff(samples.starts).max(initial=0))
    noise = noise_of(store, centroids, vector_fields=centroids.clustering.vector_fields, seed=seed)
    nearest = None
    if len(noise.row_ids):
        nearest = nearest_centroids(noise.vectors, centroids.means)
    n_clusters = len(centroids.ids)
    codes = found.own * n_clusters + found.other

    def share(own: int, other: int) -> tuple[int, float]:
        at = int(np.searchsorted(codes, own * n_clusters + other))
        there = at < len(codes) and codes[at] == own * n_clusters + other
        documents = int(found.second[at]) if there else 0
        return documents, documents / max(1, int(found.count[own]))

    def work(place: NDArray[np.intp]) -> _Tested:
        first, second = int(place[0]), int(place[1])
        counts = int(centroids.count[first]), int(centroids.count[second])
        sizes = pair_sizes(*counts, n_drawn, n_drawn)
        between = None
        if nearest is not None:
            rate = min(noise.rate, max(sizes) / max(counts))
            sizes = (int(np.ceil(rate * counts[0] - 1e-9)), int(np.ceil(rate * counts[1] - 1e-9)))
            n = len(noise.at_rate(rate).row_ids)
            is_near = (nearest[:n] == first) | (nearest[:n] == second)
            between = noise.vectors[:n][is_near]
        rows = samples.rows(first, sizes[0]), samples.rows(second, sizes[1])
        evidence, n_splits = pair_evidence(
            *rows,
            (share(first, second)[1], share(second, first)[1]),
            (seed, first, second),
            face=common_face(centroids.means, first, second),
            looked_at=looked_at,
            noise=between,
        )
        recovered = None
        if draws and evidence.is_tested:
            rng = np.random.default_rng((seed, first, second))
            few = pair_sizes(*counts, n_drawn, looked_at)
            drawn_again = pair_recovery(
                rows[0][: few[0]], rows[1][: few[1]], rng=rng, n_draws=draws
            )
            recovered = drawn_again.both / draws
        return _Tested(first, second, evidence, n_splits, recovered)

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
    similarity = pair_cosines(centroids.means, first, second)
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
                looked_at=one.evidence.facing_first + one.evidence.facing_second,
                splits=one.n_splits,
                recovered=one.recovered,
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


class ClusterPairs(HoldsClustering):
    """The question about all pairs of neighbouring clusters."""

    def pairs(
        self,
        *,
        least_share: float = LEAST_SHARE,
        most: int = LOOKED_AT,
        draws: int = 0,
        seed: int = 0,
    ) -> "pd.DataFrame":
        """Judge every pair of neighbouring clusters, and order them by what to look at first.

        Two clusters are neighbours when one is the nearest other cluster of at least `least_share`
        of the other's documents, or has the nearest centroid. Each pair of neighbours is tested as
        `compare` does it, on a smaller sample. All other pairs have no border in common, and are not
        tested: they are not in the table.

        Parameters
        ----------
        least_share : in [0, 1]; less finds more neighbours, and costs a test each.
        most : documents of the larger cluster to test in one pair, of those that face the other (see
            `Comparison.facing`), and of the smaller as many as fall to it at the same rate. Up to
            2,000 where the smaller would give fewer than 60.
        draws : how often to draw the documents of each tested pair and cut them in two anew (pairwise
            bootstrap), for the column `recovered`; 20 multiply the cost by about 5.
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
        `looked_at`, `splits` : documents that the test saw, which are in front of the border of the
            two, and how often they were split: 0, not tested, for there are fewer than 10 of one or
            40 in all; 1, the first split showed nothing (p above 0.5), so that no more were made; 2
            or 3, tested as `compare` does it.
        `recovered` : with `draws`, the share of them in which both clusters came back (Jaccard
            similarity of 0.75 at least); 0.0 for a pair that is not tested. A cut through one long
            cloud comes back, too: this tells how much the border depends on chance.

        With fewer than two clusters there is no pair. There is no NaN: an untested pair has the
        p-value 1 and is "undecided".

        Raises
        ------
        InvalidInputError : `least_share` is not in [0, 1]; `most` is below 20.

        Notes
        -----
        Two passes over the vectors, then a test a pair, on threads: 20 ms for clusters of 300 and
        128 dimensions. Memory: the sample of all clusters, at most 512 MiB (but at least 100
        documents of each). Progress is on stderr.
        """
        from relevanceai.operations.wide_table import wide_table

        check_count("most", most, least=2 * LEAST_DOCUMENTS)
        check_count("draws", draws, least=0)
        check_count("seed", seed, least=0)
        if not isinstance(least_share, int | float) or not 0 <= least_share <= 1:
            raise InvalidInputError(
                f"least_share is a share of documents in [0, 1], but got {least_share!r:.60}. "
                f"Pass one, or leave it out for {LEAST_SHARE}."
            )
        with slow("Comparing neighbouring clusters"):
            store, centroids = self._pinned()
            found = pairs_of(
                store, centroids, least_share=least_share, looked_at=most, draws=draws, seed=seed
            )
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
        table = {name: [getattr(one, name) for one in found] for name in names}
        if draws:
            table["recovered"] = [one.recovered or 0.0 for one in found]
        return wide_table(table)
