"""Names of clusters: the few terms that say what is in one, and tell it from its nearest siblings."""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.concepts import Concepts, concepts
from relevanceai.contrast.growth import (
    N_TERMS,
    Candidates,
    grown,
    grown_of_values,
    without_echoes,
)
from relevanceai.contrast.terms import TermTable
from relevanceai.kernels.shares import share_bounds

_KEYWORDS = 8  # of a cluster; more where its name alone has more
_SIBLINGS = 3  # of which the nearest counts alone, the others together
_CANDIDATES = 40  # terms that are looked at closely, each for what they say and what they tell
_COMMON = 0.5  # of the other clusters have a term nearly as often: then it says nothing of one
_SOME = 0.05  # of its documents have a term, from which on a cluster counts as having it
_MANY, _USUAL = 4, 0.25  # other clusters that have it, and their part: then it is a usual word
_STRICT, _LEANING = 0.1, 0.3173  # levels of the bounds: 1.64 and 1 standard deviations


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for one cluster, as numbers of terms: the name, the keywords, the weights.

    `weights` are those of the name's terms: the log of how much more usual each is here than in the
    sibling, by which the name is scored. `others` are further terms that a name may be told apart
    from the same name by.
    """

    name: list[int]
    keywords: list[int]
    others: list[int] = field(default_factory=list)


def held_out(clusters: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return a mask of the documents to score names on: a third of each cluster, at random.

    Parameters
    ----------
    clusters : int array of shape (n_documents,), the cluster of each document.

    Examples
    --------
    >>> mask = held_out(np.array([0] * 9 + [1] * 2), np.random.default_rng(0))
    >>> int(mask[:9].sum()), int(mask[9:].sum())
    (3, 0)
    """
    order = rng.permutation(len(clusters))
    order = order[np.argsort(clusters[order], kind="stable")]
    _, starts, sizes = np.unique(clusters[order], return_index=True, return_counts=True)
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    mask = np.zeros(len(clusters), bool)
    mask[order] = place < np.repeat(sizes // 3, sizes)
    return mask


class Contains:
    """Which documents contain which terms."""

    def __init__(self, table: TermTable) -> None:
        self._term = table.term
        self._starts = np.searchsorted(table.document, np.arange(table.n_documents + 1))
        self._place = np.full(max(len(table.vocabulary), 1), -1, np.intp)

    def matrix(self, documents: NDArray[np.intp], terms: Sequence[int]) -> NDArray[np.float64]:
        """Return a float64 array of shape (n_documents, n_terms): 1 where one contains the other."""
        found = np.zeros((len(documents), len(terms)))
        if not len(terms) or not len(documents):
            return found
        self._place[list(terms)] = np.arange(len(terms))
        starts = self._starts[documents]
        sizes = self._starts[documents + 1] - starts
        row = np.repeat(np.arange(len(documents)), sizes)
        entry = np.arange(len(row)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + starts[row]
        place = self._place[self._term[entry]]
        found[row[place >= 0], place[place >= 0]] = 1.0
        self._place[list(terms)] = -1
        return found


def weights(held: Concepts, cluster: int, other: int, terms: Sequence[int]) -> NDArray[np.float64]:
    """Return the log of how much more usual each term is in a cluster than in another.

    Half a document is added to both, so that it is finite: float64 array of shape (n_terms,).
    """
    chosen = np.array(terms, np.int64)
    here = (held.counts([cluster], chosen) + 0.5) / (held.of[cluster] + 1)
    there = (held.counts([other], chosen) + 0.5) / (held.of[other] + 1)
    result: NDArray[np.float64] = np.log(here) - np.log(there)
    return result


def usual(
    held: Concepts, terms: NDArray[np.int64], share: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which terms of a cluster say nothing of it, and which are usual words.

    Parameters
    ----------
    terms : int64 array of shape (n_terms,).
    share : float64 array of shape (n_terms,), of the cluster's documents that have each.

    Returns
    -------
    Two bool arrays of shape (n_terms,): half of the other clusters have the term at a quarter of the
    share; a quarter of them, 4 at least, have it in a twentieth of their documents.
    """
    n_others = max(held.n_clusters - 1, 1)
    is_common = (held.spread(terms, share / 4) * held.n_clusters - 1) / n_others > _COMMON
    n_having = held.spread(terms, np.full(len(terms), _SOME)) * held.n_clusters - 1
    return is_common, n_having >= max(_MANY, _USUAL * n_others) - 1e-9


def choices(
    table: TermTable,
    clusters: NDArray[np.integer],
    siblings: Sequence[Sequence[int]],
    *,
    field_of: NDArray[np.intp] | None = None,
    asked: Set[int] | None = None,
    on_cluster: Callable[[], object] = lambda: None,
) -> tuple[list[Choice], Concepts]:
    """Choose name and keywords of each cluster.

    Parameters
    ----------
    table : the terms of each document.
    clusters : int array of shape (n_documents,), the cluster of each document, below 0 for those
        that take no part: the held-out ones.
    siblings : for each cluster the others, nearest first; those without documents are passed over.
    field_of : where terms are values, an intp array of shape (n_terms,): the category field whose
        value a term is, -1 for a tag. Numbers and single letters name a cluster, too, then.
    asked : the clusters to choose for; None for all. The others get no terms.
    on_cluster : called after each cluster.

    Returns
    -------
    A choice a cluster, without terms for a cluster whose documents have none; and the counts that
    they rest on. No two names of words have the same terms, as long as there are others to add;
    names of values may: a rarer value is no better name.

    Notes
    -----
    The first term says what is in the cluster: the best by the least difference (90 % bound) of the
    share of documents that have it, half of it from all other clusters, a quarter from the nearest
    sibling, a quarter from the next two. Further terms are added while they help to tell its
    documents from those of the nearest sibling. Terms that half of the other clusters have at a
    quarter of the share here are passed over, and those that a quarter of them (4 at least) have in
    a twentieth of their documents come last: common words need no list to fall out.

    Of a category the most usual value in the cluster comes first, however usual it is elsewhere; a
    further one must help to tell the cluster, be in a fifth of its documents, and come after all
    values of its field that more documents have.
    """
    held = concepts(table, clusters, len(siblings))
    contains = Contains(table)
    order = np.argsort(clusters, kind="stable")
    starts = np.searchsorted(clusters[order], np.arange(len(siblings) + 1))
    members = [order[starts[one] : starts[one + 1]] for one in range(len(siblings))]
    found = []
    for cluster, others in enumerate(siblings):
        if asked is not None and cluster not in asked:
            found.append(Choice([], []))
            continue
        near = [other for other in others if held.of[other]][:_SIBLINGS]
        found.append(_chosen(held, contains, members, cluster, near, field_of))
        on_cluster()
    if field_of is None:
        _make_unique(found)
    return found, held


def _chosen(
    held: Concepts,
    contains: Contains,
    members: Sequence[NDArray[np.intp]],
    cluster: int,
    near: Sequence[int],
    field_of: NDArray[np.intp] | None,
) -> Choice:
    terms, counts = held.terms_of(cluster)
    often = counts >= max(2, 0.03 * held.of[cluster])
    if often.any():
        terms, counts = terms[often], counts[often]
    if not len(terms):
        return Choice([], [])
    if not near:  # nothing to be told from
        best = [int(term) for term in terms[np.argsort(-counts, kind="stable")[:_KEYWORDS]]]
        return Choice(best[:1], best)
    usable, special = _usable(held, cluster, terms, counts, field_of is not None)
    says, tells = _evidence(held, cluster, near, terms, counts)
    says = says - np.where(usable, np.where(special, 0.0, 1.0), 2.0)
    if field_of is not None:
        fields = np.where(field_of[terms] < 0, -1 - np.arange(len(terms)), field_of[terms])
        here = contains.matrix(members[cluster], terms.tolist())
        there = contains.matrix(members[near[0]], terms.tolist())
        weight = weights(held, cluster, near[0], terms.tolist())
        values = grown_of_values(says, counts, fields, here, there, weight)
        best = terms[values].tolist()
        rest = [
            one for one in terms[np.argsort(-counts, kind="stable")].tolist() if one not in best
        ]
        return Choice(best, [*best, *rest][:_KEYWORDS])
    tells = np.where(usable & special, tells, tells - 2)
    saying = np.argsort(-says, kind="stable")[:_CANDIDATES].tolist()
    telling = np.argsort(-tells, kind="stable")[:_CANDIDATES].tolist()
    places = np.array(list(dict.fromkeys([*saying, *telling])))
    candidates = Candidates(
        [int(term) for term in terms[places]],
        [held.vocabulary[term] for term in terms[places]],
        counts[places],
        usable[places],
        tells[places],
        weights(held, cluster, near[0], terms[places].tolist()),
    )
    here = contains.matrix(members[cluster], candidates.terms)
    there = contains.matrix(members[near[0]], candidates.terms)
    name = grown(candidates, here, there)
    ranked = [at for at, place in enumerate(saying) if says[place] > 0 and special[place]]
    keywords = without_echoes([*name, *ranked], candidates.words)[: max(_KEYWORDS, len(name))]
    chosen = candidates.terms
    others = [place for place in keywords if place not in name]
    return Choice(
        [chosen[place] for place in name],
        [chosen[place] for place in keywords],
        [chosen[place] for place in others],
    )


def _usable(
    held: Concepts,
    cluster: int,
    terms: NDArray[np.int64],
    counts: NDArray[np.int64],
    any_term: bool,
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which terms may name a cluster, and which of them are special enough to come second.

    No numbers and single letters, nothing that most clusters have nearly as often, no pair with it.
    Special is what is not among the usual words, which many clusters have in some documents.
    """
    is_common, everywhere = usual(held, terms, counts / held.of[cluster])
    words = [held.vocabulary[term] for term in terms]
    common = {word for word, bad in zip(words, is_common | everywhere, strict=True) if bad}
    is_word = [
        any_term
        or (
            not (common.intersection(word.split(" ")) if " " in word else word.isdigit())
            and len(set(word.split(" "))) == word.count(" ") + 1  # "boot boots", folded
            and (len(word) > 1 or not word.isascii())
        )
        for word in words
    ]
    return np.array(is_word) & ~is_common, ~everywhere


def _evidence(
    held: Concepts,
    cluster: int,
    near: Sequence[int],
    terms: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How well each term says what is in a cluster, and how well it tells it from the nearest."""
    of = int(held.of[cluster])

    def least(clusters: Sequence[int], level: float) -> NDArray[np.float64]:
        other_of = int(held.of[list(clusters)].sum())
        other = held.counts(clusters, terms)
        return share_bounds(counts, of, other, other_of, level=level)[1]

    _, rest, _ = share_bounds(
        counts, of, held.total[terms] - counts, int(held.of.sum()) - of, level=_STRICT
    )
    nearest = np.maximum(least(near[:1], _STRICT), -0.05)  # what a sibling has too may still say it
    next_ones = np.maximum(least(near[1:], _STRICT), -0.05) if len(near) > 1 else nearest
    return 0.5 * rest + 0.25 * nearest + 0.25 * next_ones, least(near[:1], _LEANING)


def _make_unique(found: list[Choice]) -> None:
    """Add a keyword to each of several equal names, until no two are equal or none is left."""
    for _ in range(N_TERMS):
        seen: dict[frozenset[int], list[Choice]] = {}
        for choice in found:
            if choice.name:
                seen.setdefault(frozenset(choice.name), []).append(choice)
        doubles = [one for same in seen.values() if len(same) > 1 for one in same if one.others]
        if not doubles:
            return
        for choice in doubles:
            choice.name.append(choice.others.pop(0))
