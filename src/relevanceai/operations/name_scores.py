"""How well a name tells its cluster: scored on documents that took no part in choosing it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.concepts import Concepts
from relevanceai.contrast.names import Contains, weights
from relevanceai.contrast.terms import terms
from relevanceai.kernels.ranks import rank_shift
from relevanceai.operations.naming_words import NamingWords

LEAST_HELD_OUT = 5
"""A name is scored from so many held-out documents on, in the cluster and in its sibling."""


class NameScorer:
    """Score names on the documents held out: their cluster's against the nearest sibling's."""

    def __init__(
        self,
        words: NamingWords,
        held: Concepts,
        clusters: NDArray[np.int32],
        is_held_out: NDArray[np.bool_],
        siblings: Sequence[Sequence[int]],
    ) -> None:
        self._held, self._siblings = held, siblings
        self._contains = Contains(words.table)
        self._number = {term: place for place, term in enumerate(words.table.vocabulary)}
        groups = np.where(is_held_out, clusters, -1)
        self._order = np.argsort(groups, kind="stable")
        self._starts = np.searchsorted(groups[self._order], np.arange(len(siblings) + 1))

    def score(
        self, cluster: int, terms: Sequence[int]
    ) -> tuple[tuple[float, float, float] | None, str]:
        """Return the AUROC with its bounds, or None, and why not."""
        if not self._siblings[cluster]:
            return None, "not scored: there is no other cluster to tell it from"
        other = self._siblings[cluster][0]
        here, there = self._members(cluster), self._members(other)
        if min(len(here), len(there)) < LEAST_HELD_OUT:
            fewest = min(len(here), len(there))
            return (
                None,
                f"not scored: {fewest} documents could be held out, {LEAST_HELD_OUT} are needed",
            )
        if not len(terms):
            return None, "not scored: none of its words is in these documents"
        weight = weights(self._held, cluster, other, terms)
        found = rank_shift(
            self._contains.matrix(here, terms) @ weight,
            self._contains.matrix(there, terms) @ weight,
        )
        values = (found.effect, found.effect_low, found.effect_high)
        return tuple((1 + value) / 2 for value in values), ""  # type: ignore[return-value]

    def known(self, name: str) -> list[int]:
        """Return the terms of a name that the documents have, pairs of words before their words."""
        found: list[int] = []
        used: set[str] = set()
        for term in reversed(terms(name)):
            number = self._number.get(term, self._number.get(term.removesuffix("s")))
            if number is not None and not used.intersection(term.split(" ")):
                found.append(number)
                used.update(term.split(" "))
        return list(dict.fromkeys(reversed(found)))

    def _members(self, cluster: int) -> NDArray[np.intp]:
        return self._order[self._starts[cluster] : self._starts[cluster + 1]]
