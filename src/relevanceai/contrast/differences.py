"""What differs between two groups of documents, over all their fields, strongest evidence first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.facts import Fact, share_sentence, shown
from relevanceai.contrast.field_facts import WORD_CHARACTERS, field_facts, missing_facts
from relevanceai.contrast.fields import KINDS, SKIP, Kind, LeftOut, settled
from relevanceai.contrast.terms import as_written
from relevanceai.errors import InvalidInputError, listed
from relevanceai.kernels.discoveries import benjamini_hochberg

_SAME_DOCUMENTS = 0.8  # of a pair's word, when the pair has them all, the word is not said again

_LEANS = 0.5  # of the half width of its interval that a word's log-odds must be away from 0
_SPELT = 40  # facts whose words are looked up in the texts, to spell them alike
_TEXTS = 500  # texts that are looked at for it


@dataclass(frozen=True, slots=True, repr=False)
class Differences:
    """What differs between two groups of documents.

    Attributes
    ----------
    names, n : the two groups, and how many documents of each were looked at.
    facts : what was found, strongest evidence first, over all fields and kinds.
    fields : what each field that took part was compared as.
    left_out : fields, or values of them, that took no part, with the reason.
    missing : for each field, how many documents of each group have no value in it.
    tested : how many differences were looked for; each fact's q-value accounts for all of them.
    level : the false discovery rate that is kept, and 1 minus the confidence of the intervals.
    method : how all this was decided, in words.
    """

    names: tuple[str, str]
    n: tuple[int, int]
    facts: list[Fact]
    fields: dict[str, Kind]
    left_out: list[LeftOut]
    missing: dict[str, tuple[int, int]]
    tested: int
    level: float
    method: str

    def sentences(self, limit: int | None = 8) -> list[str]:
        """Return the facts in words, the strongest `limit` of them; None for all."""
        return [fact.sentence for fact in self.facts[:limit]]

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain JSON values."""
        return {
            "names": list(self.names),
            "n": list(self.n),
            "facts": [fact.to_dict() for fact in self.facts],
            "fields": dict(self.fields),
            "left_out": [{"field": one.field, "reason": one.reason} for one in self.left_out],
            "missing": {name: list(counts) for name, counts in self.missing.items()},
            "tested": self.tested,
            "level": self.level,
            "method": self.method,
        }

    def __repr__(self) -> str:
        return str(self)  # in a notebook the sentences, not every figure

    def __str__(self) -> str:
        (first, second), (n, m) = self.names, self.n
        lines = [f"What differs between {first} ({n:,} documents) and {second} ({m:,}):"]
        lines += [f"  {sentence}" for sentence in self.sentences()]
        n_more = len(self.facts) - 8
        if n_more > 0:
            lines.append(f"  ... and {n_more:,} more in .facts.")
        if not self.facts:
            lines.append(f"  Nothing that {self.tested:,} tests could tell from chance.")
        lines += [f"  Left out: {one.field} {one.reason}." for one in self.left_out]
        return "\n".join(lines)


def differences(
    fields: Mapping[str, Sequence[object]],
    is_first: NDArray[np.bool_],
    *,
    names: tuple[str, str] = ("the first", "the second"),
    kinds: Mapping[str, str] | None = None,
    level: float = 0.05,
) -> Differences:
    """Find what differs between two groups of documents.

    Parameters
    ----------
    fields : the values of each field, one a document, as plain Python values; None is missing.
    is_first : bool array of shape (n_documents,): which documents are of the first group. The
        others are the second: another group, or all the siblings together.
    names : what the groups are called in sentences.
    kinds : for some fields, what to compare them as: "text", "category", "tags", "boolean",
        "number", "date", or "skip". The others are settled from their values.
    level : keep the rate of false discoveries at this; intervals hold with 1 - level.

    Returns
    -------
    Differences. Words, categories, tags and booleans are compared by the share of documents that
    have them, among those that have a value in the field; numbers, dates and lengths of texts by
    rank, so that outliers count once. Missing values are a fact of their own where they differ.

    Raises
    ------
    InvalidInputError : columns of several lengths, a kind there is not, a level out of (0, 1).

    Notes
    -----
    A word is compared once a document, however often it stands there. It counts as found when the
    shares differ (Fisher's exact test) and its log-odds ratio against all other words leans the
    same way, by half the width to the end of its interval, so that longer texts do not make every
    common word a fact. A difference which not even the most lopsided split could have shown is not
    tested (Tarone). What is left is kept by Benjamini and Hochberg's rule over all fields together,
    and ranked by the least effect that its interval leaves possible. Facts say how the groups
    differ, not that they are two: clusters that were cut from one cloud of texts differ in words as
    well.

    References
    ----------
    Monroe, Colaresi, Quinn: Fightin' words, 2008. Tarone: A modified Bonferroni method for discrete
    data, 1990.

    Examples
    --------
    >>> titles = ["red boot", "blue boot", "boot", "old boot", "a boot", "hat", "red hat",
    ...           "blue hat", "old hat", "a hat"]
    >>> found = differences({"title": titles}, np.arange(10) < 5, names=("left", "right"))
    >>> for sentence in found.sentences():
    ...     print(sentence)
    title has 'boot' in 5 of 5 documents of left and 0 of 5 of right.
    title has 'hat' in 5 of 5 documents of right and 0 of 5 of left.
    """
    groups = _checked(fields, is_first, kinds, level)
    n = (int(groups.sum()), int((~groups).sum()))
    held: dict[str, Kind] = {}
    left_out: list[LeftOut] = []
    missing: dict[str, tuple[int, int]] = {}
    found: list[Fact] = []
    for name, values in fields.items():
        column, present, notes = settled(name, values, (kinds or {}).get(name))
        left_out += notes
        missing[name] = (int((groups & ~present).sum()), int((~groups & ~present).sum()))
        if 0 in n:
            continue
        if (
            name != "_id"
            and present.any()
            and not present.all()
            and (kinds or {}).get(name) != SKIP
        ):
            found += missing_facts(name, present, groups, names, level)
        if column is not None:
            held[name] = column.kind
            within = groups[column.present]
            if within.all() or not within.any():
                left_out.append(LeftOut(name, "has values in one of the two groups only"))
                continue
            found += field_facts(column, within, names, level)
            n_long = sum(len(str(value)) > WORD_CHARACTERS for value in column.values)
            if column.kind == "text" and n_long:
                left_out.append(
                    LeftOut(
                        name,
                        f"has {n_long:,} {'text' if n_long == 1 else 'texts'} of more than "
                        f"{WORD_CHARACTERS:,} characters, whose words were read up to there",
                    )
                )
    if 0 in n:
        empty = names[0] if not n[0] else names[1]
        left_out.append(LeftOut("every field", f"cannot be compared: {empty} has no documents"))
    q_values = benjamini_hochberg(np.array([fact.p_value for fact in found]))
    kept = [
        replace(fact, q_value=float(q))
        for fact, q in zip(found, q_values, strict=True)
        if q <= level and fact.evidence > 0 and _agrees(fact)
    ]
    kept.sort(key=_rank)
    facts = _said(_without_echoes(kept), fields, groups, names)
    method = (
        f"{len(found):,} differences tested; false discovery rate kept at {level:.0%} over all of "
        "them (Benjamini-Hochberg); ranked by the least effect that the "
        f"{1 - level:.0%} interval leaves possible."
    )
    return Differences(names, n, facts, held, left_out, missing, len(found), level, method)


def _checked(
    fields: Mapping[str, Sequence[object]],
    is_first: NDArray[np.bool_],
    kinds: Mapping[str, str] | None,
    level: float,
) -> NDArray[np.bool_]:
    groups = np.asarray(is_first, dtype=bool)
    lengths = {name: len(values) for name, values in fields.items()}
    wrong = {name: n for name, n in lengths.items() if n != len(groups)}
    if wrong:
        name, n = next(iter(wrong.items()))
        raise InvalidInputError(
            f"Field {name!r} has {n:,} values for {len(groups):,} documents. Pass one a document."
        )
    if not 0 < level < 1:
        raise InvalidInputError(f"level lies between 0 and 1, such as 0.05, but got {level!r:.60}.")
    for name, kind in (kinds or {}).items():
        if name not in fields:
            raise InvalidInputError(
                f"kinds has a field {name!r} that is not compared. "
                f"There are: {listed(fields, like=str(name))}."
            )
        if kind not in (*KINDS, SKIP):
            raise InvalidInputError(
                f"Field {name!r} cannot be compared as {kind!r:.60}. "
                f"Use one of {listed((*KINDS, SKIP))}."
            )
    return groups


# what is said of it ------------------------------------------------------------------------------


def _agrees(fact: Fact) -> bool:
    """Whether the log-odds of a word bear out its shares; always for other kinds."""
    if fact.kind != "word" or fact.log_odds is None or fact.log_odds_high is None:
        return True
    half = fact.log_odds_high - fact.log_odds
    leaning = fact.log_odds if fact.effect > 0 else -fact.log_odds
    return leaning >= _LEANS * half


def _rank(fact: Fact) -> tuple[float, float, str, int, str]:
    """Strongest evidence first; of equal terms the longest, which says what the others say."""
    value = fact.value or ""
    return -round(fact.evidence, 9), -round(abs(fact.effect), 9), fact.field, -len(value), value


def _without_echoes(facts: Sequence[Fact]) -> list[Fact]:
    """Leave out words that a stronger pair said, and pairs that share a word with a stronger term."""
    kept: list[Fact] = []
    by_word: dict[tuple[str, str, str], list[Fact]] = {}  # only a shared word makes an echo
    unspaced: dict[tuple[str, str], list[Fact]] = {}  # or a shared piece, without spaces
    for fact in facts:
        if fact.kind != "word" or fact.value is None:
            kept.append(fact)
            continue
        place = (fact.field, fact.higher_in)
        shelves = [by_word.setdefault((*place, word), []) for word in fact.value.split(" ")]
        if not fact.value.isascii():
            shelves.append(unspaced.setdefault(place, []))
        if any(_echoes(fact, other) for shelf in shelves for other in shelf):
            continue
        for shelf in shelves:
            shelf.append(fact)
        kept.append(fact)
    return kept


def _echoes(fact: Fact, stronger: Fact) -> bool:
    """Whether a term has a word of a stronger one, or is a part of it in much the same documents."""
    one, other = fact.value or "", stronger.value or ""
    words, others = set(one.split(" ")), set(other.split(" "))
    if len(words) == 2:  # with the shared word alone said, the pair says no more than its other
        return bool(words & others)
    is_part = words < others or (not one.isascii() and len(one) < len(other) and one in other)
    if not is_part:
        return not one.isascii() and len(one) > len(other) > 1 and other in one
    place = 0 if fact.effect > 0 else 1
    has, held = (fact.first, fact.second)[place][0], (stronger.first, stronger.second)[place][0]
    return held >= _SAME_DOCUMENTS * has


def _said(
    facts: Sequence[Fact],
    fields: Mapping[str, Sequence[object]],
    groups: NDArray[np.bool_],
    names: tuple[str, str],
) -> list[Fact]:
    """Give each fact its sentence; the strongest words stand there as the texts spell them."""
    result = []
    for place, fact in enumerate(facts):
        if not fact.sentence:
            value = fact.value or ""
            if fact.kind == "word" and place < _SPELT:
                is_here = groups if fact.higher_in == names[0] else ~groups
                values = fields[fact.field]
                texts = (values[row] for row in np.flatnonzero(is_here)[:_TEXTS])
                value = as_written(value, [text for text in texts if isinstance(text, str)])
            what = {
                "missing": f"{fact.field} is missing",
                "boolean": f"{fact.field} is true",
                "category": f"{fact.field} is {shown(value)}",
            }.get(fact.kind, f"{fact.field} has {shown(value)}")
            counts = (fact.first, fact.second)
            fact = replace(fact, sentence=share_sentence(what, counts, names))
        result.append(fact)
    return result
