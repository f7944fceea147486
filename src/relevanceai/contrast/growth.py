"""How a name grows: the best term, widened to a pair, and those that tell it from its sibling."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.kernels.ranks import auroc

N_TERMS = 3
"""A name has at most so many terms."""

_ENOUGH = 0.9  # a name that tells its cluster so well from the sibling needs no more terms
_GAIN = 0.02  # what a further term must add to that
_PART = 0.2  # of the documents have a value, from which on it may stand beside the most usual one
_WHOLE = 0.8  # of a word's documents that have a pair with it: then the pair is the name


@dataclass(frozen=True, slots=True)
class Candidates:
    """The terms that are looked at closely, the best first; arrays of shape (n_candidates,)."""

    terms: list[int]
    words: list[str]
    counts: NDArray[np.int64]
    usable: NDArray[np.bool_]
    tells: NDArray[np.float64]
    weights: NDArray[np.float64]


def grown(
    candidates: Candidates, here: NDArray[np.float64], there: NDArray[np.float64]
) -> list[int]:
    """The places of the name's terms: the best, and those that help to tell it from the sibling."""
    name = [_widened(candidates, 0)]
    weight = candidates.weights
    told = _told(here, there, name, weight)
    while len(name) < N_TERMS and told < _ENOUGH:
        used = {word for place in name for word in candidates.words[place].split(" ")}
        best, step = told + _GAIN, -1
        for place, words in enumerate(candidates.words):
            if candidates.tells[place] > 0 and used.isdisjoint(words.split(" ")):
                value = _told(here, there, [*name, place], weight)
                if value > best:
                    best, step = value, place
        if step < 0:
            break
        told = best
        name.append(_widened(candidates, step, used))
    return name


def grown_of_values(
    says: NDArray[np.float64],
    counts: NDArray[np.int64],
    fields: NDArray[np.intp],
    here: NDArray[np.float64],
    there: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> list[int]:
    """The places of the values in a name: of each field the most usual ones, and none before them.

    `fields` has the field of each value; a tag, of which a document may have several, has its own.
    """
    order = np.lexsort((-says, -counts))
    name: list[int] = []
    told = 0.0
    while len(name) < N_TERMS and told < _ENOUGH:
        left = order[~np.isin(order, name)]
        _, first = np.unique(fields[left], return_index=True)
        options = left[np.sort(first)]  # of each field the most usual value that is left
        if not name:
            name = [int(options[np.argmax(says[options])])]
            told = _told(here, there, name, weight)
            continue
        options = options[(counts[options] >= _PART * len(here)) & (says[options] > 0)]
        gains = [_told(here, there, [*name, int(one)], weight) for one in options]
        if not gains or max(gains) <= told + _GAIN:
            break
        told = max(gains)
        name.append(int(options[int(np.argmax(gains))]))
    return name


def _told(
    here: NDArray[np.float64],
    there: NDArray[np.float64],
    name: list[int],
    weight: NDArray[np.float64],
) -> float:
    return auroc(here[:, name] @ weight[name], there[:, name] @ weight[name])


def _widened(candidates: Candidates, place: int, used: Set[str] = frozenset()) -> int:
    """The pair of words that most documents with a word have, when there is one."""
    word = candidates.words[place]
    if " " in word:
        return place
    best = place
    for other, words in enumerate(candidates.words):
        is_wider = (
            word in words.split(" ")
            if " " in words
            else not word.isascii() and len(words) > len(word) and word in words
        )
        if is_wider and candidates.usable[other] and used.isdisjoint(words.split(" ")):
            least = _WHOLE * candidates.counts[place]
            if candidates.counts[other] >= (
                least if best == place else candidates.counts[best] + 1
            ):
                best = other
    return best


def without_echoes(places: Sequence[int], words: Sequence[str]) -> list[int]:
    """The places in order, without terms that share a word with an earlier one."""
    kept: list[int] = []
    used: set[str] = set()
    for place in dict.fromkeys(places):
        mine = set(words[place].split(" "))
        if not mine & used and not any(
            not words[place].isascii()
            and (words[place] in words[one] or words[one] in words[place])
            for one in kept
        ):
            kept.append(place)
            used |= mine
    return kept
