"""What differs between two groups in one field: shares of words and values, shifts of numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.facts import Fact, FactKind, shift_sentence
from relevanceai.contrast.fields import Column, Kind
from relevanceai.contrast.terms import TermTable, term_table
from relevanceai.kernels.c_tf_idf import c_tf_idf
from relevanceai.kernels.log_odds import share_log_odds, weighted_log_odds
from relevanceai.kernels.ranks import rank_shift
from relevanceai.kernels.shares import share_differences

WORD_CHARACTERS = 20_000
"""So many characters of a text are read for its words; its length is that of all."""


def field_facts(
    column: Column, groups: NDArray[np.bool_], names: tuple[str, str], level: float
) -> list[Fact]:
    """Compare a field between two groups, as what its kind asks for.

    Parameters
    ----------
    column : the field, with the values of those documents that have one.
    groups : bool array of shape (n_present,), one for each document with a value: whether it is of
        the first group. Both groups have some.
    names : what the groups are called in sentences.
    level : 1 minus the confidence of the intervals.

    Returns
    -------
    A fact for each shift, and for each value whose share some split could have shown to differ at
    `level`; none is left out for being weak. `q_value` is 1.0, and shares have no sentence yet.
    """
    return _FINDERS[column.kind](column, groups, names, level)


def missing_facts(
    name: str,
    present: NDArray[np.bool_],
    groups: NDArray[np.bool_],
    names: tuple[str, str],
    level: float,
) -> list[Fact]:
    """Whether the field itself is there, for the documents of both groups."""
    hits = np.array([int((groups & ~present).sum())]), np.array([int((~groups & ~present).sum())])
    of = int(groups.sum()), int((~groups).sum())
    return list(_share_facts(name, "missing", [""], hits, of, names, level))


def _share_facts(
    name: str,
    kind: FactKind,
    values: Sequence[str],
    hits: tuple[NDArray[np.int64], NDArray[np.int64]],
    of: tuple[int, int],
    names: tuple[str, str],
    level: float,
    odds: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
    weights: NDArray[np.float64] | None = None,
) -> Iterator[Fact]:
    """Facts of the shares of documents that have each value; those that no split could show not."""
    compared = share_differences(hits[0], of[0], hits[1], of[1], level=level)
    log_odds, deviation = odds or share_log_odds(hits[0], of[0], hits[1], of[1])
    half = NormalDist().inv_cdf(1 - level / 2) * deviation
    for place in np.flatnonzero(compared.least_p <= level).tolist():
        value, effect = values[place], float(compared.difference[place])
        counts = (int(hits[0][place]), of[0]), (int(hits[1][place]), of[1])
        is_in_first = effect >= 0
        yield Fact(
            field=name,
            kind=kind,
            value=value or None,
            sentence="",  # said in the end, of what is kept
            higher_in=names[0] if is_in_first else names[1],
            effect=effect,
            effect_low=float(compared.low[place]),
            effect_high=float(compared.high[place]),
            p_value=float(compared.p_value[place]),
            q_value=1.0,
            first=counts[0],
            second=counts[1],
            log_odds=float(log_odds[place]),
            log_odds_low=float(log_odds[place] - half[place]),
            log_odds_high=float(log_odds[place] + half[place]),
            c_tf_idf=(None if weights is None else float(weights[0 if is_in_first else 1, place])),
        )


def _word_facts(
    column: Column, groups: NDArray[np.bool_], names: tuple[str, str], level: float
) -> list[Fact]:
    texts = [str(value) for value in column.values]
    lengths = np.array([float(len(text.strip())) for text in texts])
    found = _shift_facts(column.name, "length", lengths, groups, names, level)
    table = term_table(text[:WORD_CHARACTERS] for text in texts)
    if not table.vocabulary:
        return found
    counts = _group_counts(table, groups)
    total = counts.sum(axis=0)
    prior = total * (len(total) / total.sum())  # as many seen beforehand as there are terms
    return found + list(
        _share_facts(
            column.name,
            "word",
            table.vocabulary,
            (counts[0], counts[1]),
            (int(groups.sum()), int((~groups).sum())),
            names,
            level,
            weighted_log_odds(counts[0], counts[1], prior),
            c_tf_idf(counts),
        )
    )


def _group_counts(table: TermTable, groups: NDArray[np.bool_]) -> NDArray[np.int64]:
    return table.counts(np.where(groups, 0, 1), 2)


def _value_facts(
    column: Column, groups: NDArray[np.bool_], names: tuple[str, str], level: float
) -> list[Fact]:
    """Of categories, tags and booleans."""
    number: dict[str, int] = {}
    document, value_of = [], []
    for place, value in enumerate(column.values):
        items = value if isinstance(value, list) else [str(value)]
        for item in items:
            document.append(place)
            value_of.append(number.setdefault(str(item), len(number)))
    table = TermTable(
        len(column.values), list(number), np.array(document, np.intp), np.array(value_of, np.intp)
    )
    if not number:
        return []
    counts = _group_counts(table, groups)
    kind: FactKind = "tag" if column.kind == "tags" else "category"
    values = list(number)
    if column.kind == "boolean":
        kind, values, counts = "boolean", ["True"], counts[:, [number["True"]]]
    return list(
        _share_facts(
            column.name,
            kind,
            values,
            (counts[0], counts[1]),
            (int(groups.sum()), int((~groups).sum())),
            names,
            level,
        )
    )


def _number_facts(
    column: Column, groups: NDArray[np.bool_], names: tuple[str, str], level: float
) -> list[Fact]:
    kind: FactKind = "date" if column.kind == "date" else "number"
    return _shift_facts(column.name, kind, column.numbers, groups, names, level)


def _shift_facts(
    name: str,
    kind: FactKind,
    numbers: NDArray[np.float64],
    groups: NDArray[np.bool_],
    names: tuple[str, str],
    level: float,
) -> list[Fact]:
    first, second = numbers[groups], numbers[~groups]
    compared = rank_shift(first, second, level=level)
    sentence = shift_sentence(
        name,
        kind,
        effect=compared.effect,
        shift=(compared.shift, compared.shift_low, compared.shift_high),
        medians=(_median(first), _median(second)),
        names=names,
    )
    return [
        Fact(
            field=name,
            kind=kind,
            value=None,
            sentence=sentence,
            higher_in=names[0] if compared.effect >= 0 else names[1],
            effect=compared.effect,
            effect_low=compared.effect_low,
            effect_high=compared.effect_high,
            p_value=compared.p_value,
            q_value=1.0,
            first=(len(first), len(first)),
            second=(len(second), len(second)),
            shift=compared.shift,
            shift_low=compared.shift_low,
            shift_high=compared.shift_high,
        )
    ]


def _median(numbers: NDArray[np.float64]) -> float:
    """The median; half of each of two huge numbers, so that their sum stays finite."""
    rising = np.sort(numbers)
    return float(rising[(len(rising) - 1) // 2] / 2 + rising[len(rising) // 2] / 2)


_FINDERS: Mapping[
    Kind, Callable[[Column, NDArray[np.bool_], tuple[str, str], float], list[Fact]]
] = {
    "text": _word_facts,
    "category": _value_facts,
    "tags": _value_facts,
    "boolean": _value_facts,
    "number": _number_facts,
    "date": _number_facts,
}
