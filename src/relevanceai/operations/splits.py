"""Clusters that may secretly be two, with what their halves hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.concepts import Concepts, concepts
from relevanceai.contrast.differences import differences
from relevanceai.contrast.names import usual
from relevanceai.contrast.terms import term_table
from relevanceai.engine.each import each
from relevanceai.kernels.discoveries import benjamini_hochberg
from relevanceai.kernels.two_means import LEAST_TO_SPLIT, SplitTest, split_test
from relevanceai.operations.asked import check_count
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.members import (
    checked_fields,
    clusters_of_rows,
    sampled_rows,
    values_of,
)
from relevanceai.operations.naming_words import TEXT_CHARACTERS
from relevanceai.operations.nearest import Centroids
from relevanceai.operations.samples import all_samples
from relevanceai.operations.verdict import LEVEL
from relevanceai.progress import progress
from relevanceai.store.documents import DocumentStore

if TYPE_CHECKING:
    import pandas as pd

    from relevanceai.kernels.cluster_rows import Sampled

SplitVerdict: TypeAlias = Literal["two", "one", "undecided"]

MOST_LOOKED_AT = 1_000
"""Documents of a cluster that the test looks at, unless it is asked for another number."""

MOST_WORDS = 5
"""Words, categories or tags told of each half."""

_MOST_READ, _FEWEST_READ, _MOST_READ_IN_ALL = 100, 10, 20_000  # documents, for common words
_ENOUGH_POWER = 0.5  # with less, finding no valley says little


@dataclass(frozen=True, slots=True)
class Half:
    """One of the two halves: its share of the documents, an exemplar, and what it has more of.

    `exemplar` is the `_id` of the document looked at that is closest to the half's mean. `words` is
    None where it was not looked for.
    """

    share: float
    exemplar: str
    words: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class SplitCandidate:
    """What was found out about one cluster; see `ClusterSplits.split_candidates`."""

    cluster: str
    documents: int
    looked_at: int
    verdict: SplitVerdict
    priority: float
    p_value: float
    q_value: float
    depth: float
    power: float
    halves: tuple[Half, Half] | None
    suggestion: str


def split_candidates_of(
    store: DocumentStore,
    centroids: Centroids,
    *,
    most: int = MOST_LOOKED_AT,
    describe: int = 10,
    seed: int = 0,
    least: int = 0,
    drawn: "Sampled | None" = None,
) -> list[SplitCandidate]:
    """Test each cluster for being two; see `ClusterSplits.split_candidates`.

    Parameters
    ----------
    store : a snapshot, the one that the centroids are of.
    least : clusters with fewer documents are not cut, and have no halves.
    drawn : samples of it, where they have been made already.
    """
    n_clusters = len(centroids.ids)
    if not n_clusters:
        return []
    samples = all_samples(store, centroids, most=most, seed=seed) if drawn is None else drawn

    def work(cluster: int) -> SplitTest:
        rng = np.random.default_rng((seed, cluster))
        if centroids.count[cluster] < least:
            return SplitTest(False, 1.0, 0.0, 0.0, np.zeros(0, bool), np.zeros((2, 0)))
        return split_test(samples.rows(cluster, most), rng=rng)

    with progress("Looking for splits", n_clusters, unit="clusters", delay_s=1.0) as bar:
        tests = each(work, range(n_clusters), on_done=bar.update)
    q_values = np.ones(n_clusters)
    is_tested = np.array([one.is_tested for one in tests])
    q_values[is_tested] = benjamini_hochberg(np.array([one.p_value for one in tests])[is_tested])
    size = np.log1p(centroids.count) / np.log1p(centroids.count.max())
    priority = size * (1.0 - q_values) * np.array([one.depth for one in tests])
    order = np.lexsort((-priority, q_values > LEVEL))
    common = _Common(store, centroids, seed)
    halves = _halves(store, samples, tests, order[:describe], most, common)
    found = []
    for cluster in order.tolist():
        test, q_value = tests[cluster], float(q_values[cluster])
        verdict, suggestion = _judged(
            test, q_value, centroids.ids[cluster], int(centroids.count[cluster])
        )
        found.append(
            SplitCandidate(
                centroids.ids[cluster],
                int(centroids.count[cluster]),
                min(samples.size(cluster), most),
                verdict,
                float(priority[cluster]),
                test.p_value,
                q_value,
                test.depth,
                test.power,
                halves[cluster],
                suggestion,
            )
        )
    return found


def _judged(
    test: SplitTest, q_value: float, name: str, n_documents: int
) -> tuple[SplitVerdict, str]:
    if not test.is_tested:
        few = n_documents < LEAST_TO_SPLIT
        why = (
            f"{n_documents:,} documents, and {LEAST_TO_SPLIT} are needed"
            if few
            else "nothing to cut"
        )
        return "undecided", f"Not tested: {why}."
    if q_value <= LEVEL:
        return (
            "two",
            f"Look at the halves of {name}: split it if they mean different things to you.",
        )
    if test.power < _ENOUGH_POWER:
        return "undecided", "Too few documents to tell."
    return "one", f"Leave {name} whole: no valley inside."


def _halves(
    store: DocumentStore,
    samples: "Sampled",
    tests: Sequence[SplitTest],
    described: NDArray[np.intp],
    most: int,
    common: "_Common",
) -> list[tuple[Half, Half] | None]:
    """Return the halves of each cluster, with words for those to be described."""
    rows = [_exemplar_rows(samples, cluster, test, most) for cluster, test in enumerate(tests)]
    wanted = [row for pair in rows if pair is not None for row in pair]
    ids = iter([str(one["_id"]) for one in store.read(wanted, select_fields=["_id"])])
    words = {
        int(cluster): _words(
            store, samples.ids(int(cluster), most), tests[cluster].is_second, common
        )
        for cluster in described
        if rows[cluster] is not None
    }
    found: list[tuple[Half, Half] | None] = []
    for cluster, (pair, test) in enumerate(zip(rows, tests, strict=True)):
        if pair is None:
            found.append(None)
            continue
        second = float(test.is_second.mean())
        told = words.get(cluster, (None, None))
        found.append((Half(1.0 - second, next(ids), told[0]), Half(second, next(ids), told[1])))
    return found


def _exemplar_rows(
    samples: "Sampled", cluster: int, test: SplitTest, most: int
) -> tuple[int, int] | None:
    """Return the row ids of the rows closest to the means of the halves; None when there is one."""
    if not test.is_second.any() or test.is_second.all():
        return None
    rows, row_ids = samples.rows(cluster, most), samples.ids(cluster, most)
    found = []
    for side, centre in ((~test.is_second, test.centres[0]), (test.is_second, test.centres[1])):
        squares = np.square(rows[side] - centre).sum(axis=1)
        found.append(int(row_ids[side][int(squares.argmin())]))
    return found[0], found[1]


def _is_worded(values: Sequence[object]) -> bool:
    return any(isinstance(one, (str, list)) for one in values)


def _words(
    store: DocumentStore,
    row_ids: NDArray[np.int64],
    is_second: NDArray[np.bool_],
    common: "_Common",
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words, categories and tags that either half has more of, strongest first.

    Words that say nothing of a cluster, by the rule of names, fall out; usual words come last.
    Numbers that stand for something are no words, as in names.
    """
    fields = checked_fields(store, None, "text_fields")
    if not fields:
        return (), ()
    documents = list(store.read(row_ids.tolist(), select_fields=fields, include_vector=False))
    columns = {name: [one.get(name) for one in documents] for name in fields}
    columns = {name: values for name, values in columns.items() if _is_worded(values)}
    told = differences(columns, ~is_second, names=("first", "second"))
    sides: dict[str, list[str]] = {"first": [], "second": []}
    last: dict[str, list[str]] = {"first": [], "second": []}
    for fact in told.facts:
        if fact.value is None or fact.kind not in ("word", "category", "tag"):
            continue
        value, is_usual = fact.value, False
        if fact.kind == "word":
            n, of = fact.first if fact.higher_in == "first" else fact.second
            value, is_usual = common.without(value, n / of)
        if value:
            (last if is_usual else sides)[fact.higher_in].append(value)
    first, second = (
        tuple(dict.fromkeys([*sides[one], *last[one]]))[:MOST_WORDS] for one in ("first", "second")
    )
    return first, second


class _Common:
    """How usual words are over all clusters; a sample of their documents is read when first asked."""

    def __init__(self, store: DocumentStore, centroids: Centroids, seed: int) -> None:
        self._store, self._centroids, self._seed = store, centroids, seed

    def without(self, term: str, share: float) -> tuple[str, bool]:
        """Return the words of a term that say something of a cluster, and whether one is usual.

        `share` is that of the documents that have the term; "" when no word is left.
        """
        number, held = self._held
        words = [word for word in term.split(" ") if word in number]
        if held.n_clusters < 2 or not words:
            return term, False
        places = np.array([number[word] for word in words], np.int64)
        is_common, is_usual = usual(held, places, np.full(len(words), share))
        common = {word for word, is_bad in zip(words, is_common, strict=True) if is_bad}
        kept = [word for word in term.split(" ") if word not in common]
        return " ".join(kept), bool((is_usual & ~is_common).any())

    @cached_property
    def _held(self) -> tuple[dict[str, int], Concepts]:
        n_clusters = len(self._centroids.ids)
        most = max(_FEWEST_READ, min(_MOST_READ, _MOST_READ_IN_ALL // n_clusters))
        fields = checked_fields(self._store, None, "text_fields")
        members = clusters_of_rows(self._store, self._centroids)
        row_ids, clusters = sampled_rows(*members, most, seed=self._seed)
        table = term_table(
            "\n\n".join(one[:TEXT_CHARACTERS] for one in document.values() if isinstance(one, str))
            for document in values_of(self._store, row_ids, fields)
        )
        held = concepts(table, clusters, n_clusters)
        return {term: place for place, term in enumerate(table.vocabulary)}, held


class ClusterSplits(HoldsClustering):
    """The question whether clusters are secretly two."""

    def split_candidates(
        self, *, most: int = MOST_LOOKED_AT, describe: int = 10, seed: int = 0
    ) -> "pd.DataFrame":
        """Tell for each cluster whether it is secretly two, and what its halves hold.

        2-means cuts one half of a cluster's documents in two; the other half is put to the nearer of
        the two means and tested for a valley, as `compare` tests, without a look at how it was put.
        Then the halves change places, and all is dealt anew.

        Parameters
        ----------
        most : documents of a cluster to look at, drawn with `seed`.
        describe : for how many clusters, from the top, to look for words that tell the halves apart.
        seed : the same seed gives the same answer.

        Returns
        -------
        DataFrame, a row a cluster, those to split first on top, with the columns `cluster`,
        `documents`, `looked_at`;
        `verdict` : "two", where the false discovery rate over the clusters is at most 5 %; "one", no
            valley was found and a clear one would have been; "undecided", too few documents.
        `priority` : log(1 + documents) / log(1 + documents of the largest cluster) x (1 - `q_value`)
            x `depth`.
        `p_value`, `q_value` : of the test, and after Benjamini and Hochberg over the clusters tested.
        `depth` : how far the density falls between the halves, as a share of the lower peak.
        `power` : how often a clear gap would have been found in so many documents.
        `share` : of the documents looked at, those in the smaller half.
        `first_exemplar`, `second_exemplar` : the `_id` of the document closest to each half's mean;
            the larger half is the first.
        `first_words`, `second_words` : words, categories and tags that a half has more of, at most
            5; None below the clusters described. Words that half of the other clusters have at a
            quarter of the share fall out, as in `names`; usual words come last.
        `suggestion` : what to do, in words.

        A cluster that cannot be cut (one document, or all vectors equal) has no halves: its share is
        0.0 and its exemplars are None.

        Raises
        ------
        InvalidInputError : `most` is below 80; `describe` or `seed` is below 0.

        Notes
        -----
        2-means finds the widest cut only: a cluster of three groups shows as two, and a small group
        inside a long cloud may not be found. One pass over the vectors, then 50 to 100 ms a cluster
        of 1,000 documents and 128 dimensions, on threads.
        """
        from relevanceai.operations.wide_table import wide_table

        check_count("most", most, least=LEAST_TO_SPLIT)
        check_count("describe", describe, least=0)
        check_count("seed", seed, least=0)
        store, centroids = self._pinned()
        found = split_candidates_of(store, centroids, most=most, describe=describe, seed=seed)
        halves = [_larger_first(one.halves) for one in found]
        plain = [
            "cluster",
            "documents",
            "looked_at",
            "verdict",
            "priority",
            "p_value",
            "q_value",
            "depth",
            "power",
        ]
        table = {name: [getattr(one, name) for one in found] for name in plain}
        table["share"] = [0.0 if one is None else one[1].share for one in halves]
        for place, name in enumerate(("first", "second")):
            table[f"{name}_exemplar"] = [
                None if one is None else one[place].exemplar for one in halves
            ]
            table[f"{name}_words"] = [
                None if one is None or one[place].words is None else list(one[place].words or ())
                for one in halves
            ]
        table["suggestion"] = [one.suggestion for one in found]
        return wide_table(table)


def _larger_first(halves: tuple[Half, Half] | None) -> tuple[Half, Half] | None:
    if halves is None or halves[0].share >= halves[1].share:
        return halves
    return halves[1], halves[0]
