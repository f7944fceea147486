"""Comparing two clusters: are they two, how do they differ, and which documents lie between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.ids import OUTLIER
from relevanceai.engine.blas import one_blas_thread
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.kernels.knn_mixing import CrossEdges, cross_edges, runner_up_share
from relevanceai.kernels.recovery import pair_recovery
from relevanceai.kernels.separation import SeparationTest, enough_documents
from relevanceai.operations.asked import check_count
from relevanceai.operations.centroids import Centroids
from relevanceai.operations.comparison import Comparison
from relevanceai.operations.differing import cluster_differences
from relevanceai.operations.facing import Facing
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.pair_test import Between, between, pair_test
from relevanceai.operations.placed import Placed
from relevanceai.operations.sampling import MOST_DOCUMENTS
from relevanceai.operations.separations import separations
from relevanceai.operations.verdict import evidence_of, judged, judged_across, separation_number
from relevanceai.progress import slow
from relevanceai.store.documents import DocumentStore

_STRIP = 9  # documents in even steps along the axis
_MOST_CROSSING = 1_000  # rows of one cluster among which neighbours are looked for


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a comparison; see `ClusterOps.compare`."""

    most: int = MOST_DOCUMENTS
    boundary: int = 6
    draws: int = 0
    seed: int = 0
    media_folder: Path | None = None


def checked_pair(centroids: Centroids, first: str, second: str, *, dataset: str) -> None:
    """Raise an error that lists the clusters there are unless two different ones are named."""
    for name in (first, second):
        if name not in centroids.ids:
            why = " Noise is no cluster." if name == OUTLIER else ""
            raise NotFoundError(
                f"No cluster {name!r} in clustering {centroids.clustering.alias!r} of dataset "
                f"{dataset!r}.{why} It has: {listed(centroids.ids, like=str(name))}."
            )
    if first == second:
        others = [name for name in centroids.ids if name != first]
        raise InvalidInputError(
            f"A comparison takes two clusters, but got {first!r} twice. The others are: "
            f"{listed(others)}."
        )


def compared(
    store: DocumentStore,
    centroids: Centroids,
    first: str,
    second: str,
    asked: "Asked",
    *,
    vector_fields: Sequence[str] | None = None,
) -> Comparison:
    """Compare two clusters in some vector fields; see `ClusterOps.compare`.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    first, second : clusters that exist and differ.
    asked : how many documents, draws and boundary documents; checked already.
    vector_fields : compare in these; None for those that were clustered.
    """
    clustering, seed = centroids.clustering, asked.seed
    places_of = {name: index for index, name in enumerate(centroids.ids)}
    place, other_place = places_of[first], places_of[second]
    fields = clustering.vector_fields if vector_fields is None else tuple(vector_fields)
    with one_blas_thread(solves=True):
        found = pair_test(
            store,
            centroids,
            place,
            other_place,
            vector_fields=fields,
            most=asked.most,
            seed=seed,
        )
        samples, tested, test = found.samples, found.facing, found.test
        members = (samples[0].members, samples[1].members)
        rows = (samples[0].vectors, samples[1].vectors)
        edges = _crossing(rows, seed)
        recovery = None
        if asked.draws and test.is_tested:
            rng = np.random.default_rng(seed)
            recovery = pair_recovery(*rows, rng=rng, n_draws=asked.draws)
    runner_up: tuple[float, float] | None
    if fields == clustering.vector_fields:
        runner_up = (
            runner_up_share(rows[0], centroids.means, place, other_place),
            runner_up_share(rows[1], centroids.means, other_place, place),
        )
        both = np.array([place]), np.array([other_place])
        separation = float(separations(store, centroids, *both)[0])
    else:  # only these two are known in the other field
        runner_up = None
        separation = separation_number(min(1.0, max(edges.ratio, 1e-3)), -1.0)
    evidence = evidence_of(
        test,
        (len(rows[0]), len(rows[1])),
        (len(tested.first), len(tested.second)),
        cross_ratio=edges.ratio,
        runner_up=runner_up or (0.0, 0.0),
    )
    judgement = judged(evidence, first, second)
    third: Between | None = None
    p_value, depth = test.p_value, test.depth
    if not test.is_tested and enough_documents(len(rows[0]), len(rows[1])):
        if fields == clustering.vector_fields:  # where it is known what lies between
            with one_blas_thread(solves=True):
                third = between(store, centroids, place, other_place, most=asked.most, seed=seed)
            p_value, depth = third.p_value, third.depth
            judgement = judged_across(evidence, first, second, third.cluster, p_value)
    elif not test.is_tested and any(one.is_drawn for one in samples):
        hint = (
            f"{asked.most:,} of {max(members):,} documents were drawn, and of the other cluster as "
            "many as fall to it at that rate: pass a larger most= to look at more."
        )
        judgement = replace(judgement, suggestion=hint)
    boundary, strip = _between(store, test, tested, (first, second), asked.boundary, _STRIP)
    return Comparison(
        first=first,
        second=second,
        vector_fields=tuple(fields),
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        confidence=judgement.confidence,
        suggestion=judgement.suggestion,
        separation=separation,
        members=members,
        compared=(len(rows[0]), len(rows[1])),
        facing=(len(tested.first), len(tested.second)),
        lacking=(samples[0].lacking, samples[1].lacking),
        p_value=p_value,
        p_dip=test.p_dip,
        gap=test.gap,
        depth=depth,
        power=test.power,
        stretch=test.stretch,
        runner_up=runner_up,
        cross_edges=edges.observed,
        cross_expected=edges.expected,
        cross_ratio=edges.ratio,
        boundary=boundary,
        strip=strip,
        recovery=recovery,
        between=None if third is None else third.cluster,
        places=(test.held_out_first, test.held_out_second),
        media_folder=asked.media_folder,
    )


def _crossing(rows: tuple[NDArray[np.float32], NDArray[np.float32]], seed: int) -> CrossEdges:
    """Return the crossing edges of two samples, of at most `_MOST_CROSSING` rows of the larger."""
    if not len(rows[0]) or not len(rows[1]):
        return CrossEdges(0.0, 0.0, 0.0, 0)
    rate = min(1.0, _MOST_CROSSING / max(len(rows[0]), len(rows[1])))
    rng = np.random.default_rng(seed)
    thinned = [
        one if rate == 1.0 else one[rng.permutation(len(one))[: int(np.ceil(rate * len(one)))]]
        for one in rows
    ]
    return cross_edges(thinned[0], thinned[1])


def _between(
    store: DocumentStore,
    test: SeparationTest,
    tested: Facing,
    names: tuple[str, str],
    n_boundary: int,
    n_strip: int,
) -> tuple[tuple[Placed, ...], tuple[Placed, ...]]:
    """Return the documents at the boundary, and those in even steps along the axis."""
    if not test.is_tested:
        return (), ()
    places = np.concatenate([test.held_out_first, test.held_out_second])
    is_second = np.arange(len(places)) >= len(test.held_out_first)
    margins = np.where(is_second, places, -places)
    nearest = [
        rows[np.argsort(margins[rows], kind="stable")[:n_boundary]]
        for rows in (np.flatnonzero(~is_second), np.flatnonzero(is_second))
    ]
    chosen = np.concatenate(nearest)
    chosen = chosen[np.argsort(places[chosen], kind="stable")]
    stepped = _even_steps(places, n_strip, is_second)
    documents = store.read(
        [int(row) for row in tested.row_ids[np.concatenate([chosen, stepped])]],
        include_vector=False,
    )
    placed = [
        Placed(
            OUTLIER if tested.is_noise[row] else names[int(is_second[row])],
            float(places[row]),
            float(margins[row]),
            document,
        )
        for row, document in zip(np.concatenate([chosen, stepped]), documents, strict=True)
    ]
    return tuple(placed[: len(chosen)]), tuple(placed[len(chosen) :])


def _even_steps(
    places: NDArray[np.float64], n_steps: int, is_second: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the rows nearest to even steps from deep in the first cluster to deep in the second."""
    if not n_steps:
        return np.empty(0, np.intp)
    start = float(np.quantile(places[~is_second], 0.25))
    stop = float(np.quantile(places[is_second], 0.75))
    found: list[int] = []
    for step in np.linspace(start, stop, n_steps):
        order = np.argsort(np.abs(places - step), kind="stable")
        row = next((int(one) for one in order[: n_steps + 1] if int(one) not in found), None)
        if row is not None:
            found.append(row)
    return np.array(sorted(found, key=lambda row: float(places[row])), np.intp)


class Compares(HoldsClustering):
    """The question about two clusters."""

    def compare(
        self,
        first: str,
        second: str,
        *,
        vector_fields: Sequence[str] | str | None = None,
        most: int = MOST_DOCUMENTS,
        boundary: int = 6,
        describe: bool = True,
        draws: int = 0,
        seed: int = 0,
    ) -> Comparison:
        """Tell whether two clusters are two or one, by evidence that was not used to make them.

        An axis that tells the clusters apart is learned on some documents; the others are placed
        on it, and their labels are not looked at again: is there a valley? Only documents in front
        of the border that the two have in common take part. So a cut that k-means made through one
        cloud, in two or in many, is not called separate, however well it separates the documents it
        was made from. Neighbours, runners-up and the documents at the boundary are reported beside.

        Parameters
        ----------
        first, second : the ids of two clusters.
        vector_fields : other vector fields, each to be judged on its own; the answers are in
            `Comparison.fields`. None for the clustering's own only.
        most : documents of the larger cluster to look at. Of the smaller as many as fall to it at
            the same rate: thinning the larger alone would leave a step that looks like a valley.
        boundary : documents of each cluster to return from where the two meet.
        describe : tell what differs in the documents' other fields: words, categories, numbers,
            dates; see `differences`, which takes more arguments.
        draws : how often to draw the documents and cut them in two anew, to see whether the two come
            back (`Comparison.recovery`); 20 take about as long as the rest. See `stability`, too.
        seed : of the sample and of the splits; the same seed gives the same answer.

        Returns
        -------
        Comparison: `verdict` ("separate", "continuum", "same" or "undecided"), `reasons`,
        `suggestion`, all numbers, `plot()` and `to_dict()`. Two clusters of fewer than 10 documents
        each, or 40 in all, are "undecided".

        Raises
        ------
        NotFoundError : no such cluster; the message lists those there are. No such vector field.
        InvalidInputError : one cluster named twice.

        Notes
        -----
        Cost: one pass over the labels, then that of the sample: half a second for 2 x 2,000
        documents of 512 dimensions, and a second or two more for the graph of all clusters, once.
        """
        check_count("most", most, least=2)
        check_count("boundary", boundary, least=0)
        check_count("draws", draws, least=0)
        check_count("seed", seed, least=0)
        with slow("Comparing the two clusters"):
            store, centroids = self._pinned()
            others = (
                [vector_fields] if isinstance(vector_fields, str) else list(vector_fields or ())
            )
            for name in others:
                store.vector_field(name)
            checked_pair(centroids, first, second, dataset=store.name)
            asked = Asked(most, boundary, draws, seed, self._store.media_folder)
            own = compared(store, centroids, first, second, asked)
            differing = None
            if describe:
                differing = cluster_differences(
                    store, centroids, first, [second], most=most, seed=seed
                )
            return replace(
                own,
                differences=differing,
                fields={
                    name: compared(store, centroids, first, second, asked, vector_fields=[name])
                    for name in others
                },
            )
