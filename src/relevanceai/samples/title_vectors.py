"""Title vectors: 512 numbers that describe the words of a title; hashed, not learned, not CLIP's.

Each word adds itself and its pieces of three to five letters; what a word adds is weighted by how
rare it is among the titles. Pieces find their place among the 512 by a hash that is the same on
every machine and in every session.

References
----------
Weinberger et al., Feature hashing for large scale multitask learning, 2009 (signed hashing).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

N_DIMS = 512
"""Length of a title vector."""

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def words(title: str) -> list[str]:
    """Return the words of a title, in lower case.

    Examples
    --------
    >>> words("Slip-On Trainers, Red")
    ['slip-on', 'trainers', 'red']
    """
    return _WORD.findall(title.casefold())


def rarity(titles: Sequence[str]) -> dict[str, float]:
    """Return for each word how rare it is: log((1 + n titles) / (1 + titles with it)) + 1.

    Examples
    --------
    >>> rarity(["red hat", "red sock"])["red"]
    1.0
    """
    found = Counter(word for title in titles for word in set(words(title)))
    return {word: log((1 + len(titles)) / (1 + n)) + 1 for word, n in found.items()}


def _word_vector(word: str) -> NDArray[np.float64]:
    vector = np.zeros(N_DIMS)
    framed = f"<{word}>"
    pieces = [
        framed[start : start + size]
        for size in (3, 4, 5)
        for start in range(len(framed) - size + 1)
    ]
    for piece, weight in [
        (f"={word}", 1.0),
        *((piece, 0.6 / len(pieces) ** 0.5) for piece in pieces),
    ]:
        code = crc32(piece.encode())
        vector[code % N_DIMS] += weight if code & 0x80000000 else -weight
    return vector


def title_vectors(titles: Sequence[str], rarities: Mapping[str, float]) -> NDArray[np.float32]:
    """Describe titles.

    Parameters
    ----------
    titles : the titles.
    rarities : weight of each word (see `rarity`); a word that is not there weighs as the rarest.

    Returns
    -------
    float32 array of shape (n_titles, 512), rows of unit norm; zeros for a title without words.
    """
    rarest = max(rarities.values(), default=1.0)
    known: dict[str, NDArray[np.float64]] = {}
    vectors = np.zeros((len(titles), N_DIMS))
    for row, title in zip(vectors, titles, strict=True):
        for word in words(title):
            if word not in known:
                known[word] = _word_vector(word) * rarities.get(word, rarest)
            row += known[word]
    norms = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)
