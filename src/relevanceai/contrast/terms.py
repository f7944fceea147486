"""The terms of texts in any language: words, pairs of words, pieces of scripts without spaces."""

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# Scripts whose words stand without spaces between them. Katakana is not among them: there a run is
# mostly one word.
_UNSPACED = (
    "\u0e00-\u0e4f\u0e5a-\u0eff\u1000-\u109f\u1780-\u17ff\uaa60-\uaa7f"  # Thai, Lao, Burmese, Khmer
    "\u3005-\u3007\u3041-\u309f"  # Hiragana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
)
_KATAKANA = "\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_PICTURE = (
    "\u203c\u2049\u2122\u2139\u231a-\u23ff\u2600-\u27bf\u2934-\u2935\u2b00-\u2bff"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001faff"
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|-->|<![a-zA-Z][^<>]*>")
_JOINS = ("", "-", "‐", "‑", "_", "/", "&", " & ")  # between the words of a pair
_IGNORED = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@cache
def _marks() -> str:
    """Every combining mark, as the inside of a character class; joiners belong to words too."""
    found: list[list[int]] = []
    for code in (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)):
        if unicodedata.category(chr(code)) in ("Mn", "Mc", "Me"):
            if found and found[-1][1] == code - 1:
                found[-1][1] = code
            else:
                found.append([code, code])
    return "\u200c\u200d" + "".join(f"{chr(low)}-{chr(high)}" for low, high in found)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds tokens, and what cuts a run without spaces into its characters."""
    marks = _marks()
    picture = f"[{_PICTURE}][\ufe0f\U0001f3fb-\U0001f3ff]*"
    letter = f"[^\\W_{_UNSPACED}{_KATAKANA}]"
    word = f"{letter}(?:{letter}|[{marks}]|(?<=[^\\W\\d_])['\u2019](?=[^\\W\\d_]))*"
    token = re.compile(
        f"({picture}(?:\u200d{picture})*|[\U0001f1e6-\U0001f1ff]{{2}})"  # group 1: a pictograph
        f"|([{_UNSPACED}][{_UNSPACED}{marks}]*)"  # group 2: a run without spaces
        f"|[{_KATAKANA}][{_KATAKANA}{marks}]*"
        f"|{word}"
    )
    return token, re.compile(f"(?s:.)[{marks}]*")


def plain(text: str) -> str:
    """Return a text without markup, invisible signs and variants of the same letter.

    Tags go, entities become characters, compatibility forms become the usual ones (NFKC), the case
    is folded. Diacritics stay: they tell words apart.

    Examples
    --------
    >>> plain("<b>Caf\\u0065\\u0301</b> &amp; Ｂｏｏｔｓ")
    ' café  & boots'
    """
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = _IGNORED.sub("", unicodedata.normalize("NFKC", text))
    return text.casefold()


def terms(text: str, *, longest: int = 2) -> list[str]:
    """Return the terms of a text, in order, those that stand twice twice.

    Parameters
    ----------
    text : any text; markup is left out.
    longest : 1 for words, 2 for pairs of neighbouring words as well.

    Returns
    -------
    Words as the script has them, case folded, inner apostrophes kept; hyphens part words. Where
    words stand without spaces (Chinese, Japanese but for Katakana, Thai, Lao, Khmer, Burmese) each
    two neighbouring characters, and with `longest` 2 each three. A pictograph is a word. Signs and
    punctuation are none, and part pairs; a word that stands twice is none with itself.

    Examples
    --------
    >>> terms("Ankle-Boots, women's")
    ['ankle', 'boots', "women's", 'ankle boots']
    >>> terms("连衣裙")
    ['连衣', '衣裙', '连衣裙']
    """
    token, character = _patterns()
    words: list[str] = []
    longer: list[str] = []
    is_open = False  # whether the last word can begin a pair
    text, end = plain(text), 0
    for match in token.finditer(text):
        run, gap, end = match[2], text[end : match.start()], match.end()
        if run is None:
            word = match[0].replace("\u2019", "'")
            if match[1]:
                word = word.replace("\ufe0f", "")
            is_new = is_open and word != words[-1]  # a word with itself is no pair
            if is_new and longest > 1 and (gap.isspace() or gap in _JOINS):
                longer.append(f"{words[-1]} {word}")
            words.append(word)
            is_open = True
        else:
            signs = character.findall(run)
            words += [a + b for a, b in pairwise(signs)] or signs
            if longest > 1:
                longer += ["".join(signs[at : at + 3]) for at in range(len(signs) - 2)]
            is_open = False
    return words + longer


@dataclass(frozen=True, slots=True)
class TermTable:
    """Which terms each of some texts has: one entry a text and term, however often it stands there.

    Entry e says that text `document[e]` has term `vocabulary[term[e]]`; intp arrays of shape
    (n_entries,), in the order of the texts. Terms are numbered as they come.
    """

    n_documents: int
    vocabulary: list[str]
    document: NDArray[np.intp]
    term: NDArray[np.intp]

    def counts(self, groups: NDArray[np.integer], n_groups: int) -> NDArray[np.int64]:
        """Return how many texts of each group have each term.

        Parameters
        ----------
        groups : int array of shape (n_documents,), the group of each text; below 0 for none.

        Returns
        -------
        int64 array of shape (n_groups, n_terms).
        """
        group = groups[self.document]
        inside = group >= 0
        flat = group[inside].astype(np.intp) * len(self.vocabulary) + self.term[inside]
        n_cells = n_groups * len(self.vocabulary)
        return np.bincount(flat, minlength=n_cells).reshape(n_groups, len(self.vocabulary))


def term_table(texts: Iterable[str], *, longest: int = 2) -> TermTable:
    """Return which terms each text has; a pass over the texts, in Python.

    Parameters
    ----------
    texts : an empty one has no terms.
    longest : as for `terms`.
    """
    number: dict[str, int] = {}
    document: list[int] = []
    term: list[int] = []
    n_documents = 0
    for text in texts:
        found = dict.fromkeys(terms(text, longest=longest))  # in order, so that runs are alike
        term += [number.setdefault(one, len(number)) for one in found]
        document += [n_documents] * len(found)
        n_documents += 1
    return TermTable(
        n_documents, list(number), np.array(document, dtype=np.intp), np.array(term, dtype=np.intp)
    )


def as_written(term: str, texts: Sequence[str]) -> str:
    """Return the spelling in which a term stands most often in some texts, the first of equals.

    Parameters
    ----------
    term : as `terms` returns it.
    texts : where to look.

    Returns
    -------
    A spelling on one line, without markup; the term itself where it is not found.

    Examples
    --------
    >>> as_written("t shirt", ["A T-Shirt", "T-shirts", "two T-Shirt bags"])
    'T-Shirt'
    """
    words = [re.escape(word).replace("'", "['\u2019]") for word in term.split(" ")]
    edge = "\\w" if term.isascii() else "(?!)"  # other scripts may have neither space nor edge
    pattern = re.compile(f"(?<!{edge}){'[^0-9A-Za-z]{1,3}?'.join(words)}(?!{edge})", re.IGNORECASE)
    counts: dict[str, int] = {}
    for text in texts:
        shown = html.unescape(_TAG.sub(" ", text))
        shown = shown if shown.isascii() else unicodedata.normalize("NFKC", shown)
        for match in pattern.finditer(shown):
            spelt = " ".join(match[0].split())
            counts[spelt] = counts.get(spelt, 0) + 1
    return max(counts, key=counts.__getitem__) if counts else term
