"""Concepts: terms counted by cluster, singular and plural as one, for names and keywords."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.terms import TermTable

_SHORTEST = 4  # letters of a plural: shorter words end in s for other reasons


def _singular(word: str, words: set[str]) -> str:
    """The word without a final s or es, when the texts have that word too."""
    if len(word) >= _SHORTEST and word.isalpha():
        for ending in ("es", "s"):
            if word.endswith(ending) and word[: -len(ending)] in words:
                return word[: -len(ending)]
    return word


def folded(table: TermTable) -> tuple[TermTable, NDArray[np.intp]]:
    """Return a table in which a plural in s counts as its singular, and the new number of each term.

    Only where both stand in the texts; pairs of words are folded word by word. It serves English,
    French, Spanish, Portuguese and Dutch, and does nothing to other endings. Pairs that stand in one
    document only are left out, with the number -1: there are many, and they name nothing.

    Examples
    --------
    >>> from relevanceai.contrast.terms import term_table
    >>> table, number = folded(term_table(["a boot", "red boots", "red boots too"]))
    >>> table.vocabulary
    ['a', 'boot', 'red', 'red boot', 'too']
    """
    words = {term for term in table.vocabulary if " " not in term}
    roots: dict[str, str] = {word: _singular(word, words) for word in words}
    is_single = (np.bincount(table.term, minlength=len(table.vocabulary)) == 1).tolist()
    numbers: dict[str, int] = {}
    number = np.full(len(table.vocabulary), -1, np.intp)
    for place, term in enumerate(table.vocabulary):
        if " " not in term:
            number[place] = numbers.setdefault(roots[term], len(numbers))
        elif not is_single[place]:
            root = " ".join(roots.get(word, word) for word in term.split(" "))
            number[place] = numbers.setdefault(root, len(numbers))
    found = number[table.term]
    kept = found >= 0
    entries = np.unique(table.document[kept] * len(numbers) + found[kept])
    document, term_of = np.divmod(entries, max(len(numbers), 1))
    return TermTable(table.n_documents, list(numbers), document, term_of), number


@dataclass(frozen=True, slots=True)
class Concepts:
    """In how many documents of each cluster each term is, kept sparse.

    `of` holds the number of documents of each cluster, `total` of each term over all clusters.
    """

    vocabulary: list[str]
    of: NDArray[np.int64]
    total: NDArray[np.int64]
    _keys: NDArray[np.int64]  # cluster * n_terms + term, ascending
    _counts: NDArray[np.int64]
    _ranked: NDArray[np.float64]  # term + half its share in a cluster, ascending

    @property
    def n_clusters(self) -> int:
        """The number of clusters."""
        return len(self.of)

    def terms_of(self, cluster: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the terms that a cluster has, ascending, and in how many documents each is."""
        n_terms = len(self.vocabulary)
        start, stop = np.searchsorted(self._keys, [cluster * n_terms, (cluster + 1) * n_terms])
        return self._keys[start:stop] - cluster * n_terms, self._counts[start:stop]

    def counts(self, clusters: Sequence[int], terms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return in how many documents of some clusters together each of some terms is."""
        found = np.zeros(len(terms), np.int64)
        for cluster in clusters:
            keys = cluster * len(self.vocabulary) + terms
            place = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
            found += np.where(self._keys[place] == keys, self._counts[place], 0)
        return found

    def spread(self, terms: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return in which part of the clusters each term is in at least such a share of documents."""
        above = np.searchsorted(self._ranked, terms + share / 2 - 1e-12, side="left")
        ends = np.searchsorted(self._ranked, terms + 0.75, side="left")
        result: NDArray[np.float64] = (ends - above) / max(self.n_clusters, 1)
        return result


def concepts(table: TermTable, clusters: NDArray[np.integer], n_clusters: int) -> Concepts:
    """Count the terms of the documents of each cluster.

    Parameters
    ----------
    table : one term an entry.
    clusters : int array of shape (n_documents,), below 0 for documents that take no part.
    n_clusters : how many there are; one may be empty.
    """
    n_terms = len(table.vocabulary)
    cluster = clusters[table.document].astype(np.int64)
    inside = cluster >= 0
    keys, counts = np.unique(cluster[inside] * n_terms + table.term[inside], return_counts=True)
    of = np.bincount(clusters[clusters >= 0], minlength=n_clusters).astype(np.int64)
    owner, term = np.divmod(keys, max(n_terms, 1))
    total = np.bincount(term, weights=counts, minlength=n_terms).astype(np.int64)
    ranked = np.sort(term + counts / np.maximum(of[owner], 1) / 2)
    return Concepts(table.vocabulary, of, total, keys, counts.astype(np.int64), ranked)
