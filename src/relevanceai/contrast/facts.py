"""Fact: one thing that differs between two groups, its evidence, and the sentence that says it."""

import math
import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

FactKind: TypeAlias = Literal[
    "word", "category", "tag", "boolean", "number", "date", "length", "missing"
]

_SHOWN = 60  # characters of a value in a sentence


@dataclass(frozen=True, slots=True)
class Fact:
    """One difference between two groups of documents.

    Attributes
    ----------
    field, kind, value : where it is, what kind it is, and the word, category or tag (None for
        numbers, dates, lengths and missing values).
    sentence : the fact in words.
    higher_in : the group that has more of it.
    effect, effect_low, effect_high : Cliff's delta, first group minus second, in [-1, 1], with its
        interval: for what documents have or have not, the difference of the shares; for numbers,
        the share of pairs in which the first is larger minus the share in which it is smaller. One
        scale for all kinds: 1 tells the groups apart without fail, 0 tells nothing.
    evidence : the end of that interval that is nearer to 0; facts are ranked by it.
    p_value, q_value : of the test that nothing differs; q after Benjamini and Hochberg over
        everything that was tested.
    first, second : (how many documents have it, of how many). For numbers (how many have one, of
        how many).
    shift, shift_low, shift_high : the typical difference of a number, of a length in characters, of
        a date in days, with its interval; None for other kinds, or too few values.
    log_odds, log_odds_low, log_odds_high : of words (with an informative prior), categories, tags,
        booleans and missing values, first against second, with its interval; else None.
    c_tf_idf : of words, in the group that has more of it; else None.
    """

    field: str
    kind: FactKind
    value: str | None
    sentence: str
    higher_in: str
    effect: float
    effect_low: float
    effect_high: float
    p_value: float
    q_value: float
    first: tuple[int, int]
    second: tuple[int, int]
    shift: float | None = None
    shift_low: float | None = None
    shift_high: float | None = None
    log_odds: float | None = None
    log_odds_low: float | None = None
    log_odds_high: float | None = None
    c_tf_idf: float | None = None

    @property
    def evidence(self) -> float:
        """The least effect that the documents leave possible; 0 when it may be none."""
        return max(self.effect_low, -self.effect_high, 0.0)

    def to_dict(self) -> dict[str, object]:
        """Return the fact as plain JSON values."""
        found = asdict(self)
        return {
            **found,
            "first": list(self.first),
            "second": list(self.second),
            "evidence": self.evidence,
        }


def shown(value: str) -> str:
    """Return a value in quotes as it stands in a sentence: on one line, cut at 60 characters.

    Signs that are invisible or turn the direction of writing are left out.

    Examples
    --------
    >>> shown("ankle\\nboots")
    "'ankle boots'"
    """
    kept = "".join(
        sign if sign == "\u200d" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs") else " "
        for sign in value[: 4 * _SHOWN]
    )
    line = " ".join(kept.split())
    is_cut = len(line) > _SHOWN or len(value) > 4 * _SHOWN
    return f"'{line[: _SHOWN - 1]}…'" if is_cut else f"'{line}'"


def amount(number: float) -> str:
    """Return a number as a person writes it, with 4 digits that count.

    Examples
    --------
    >>> [amount(one) for one in (0.5, 36.99, 1234567.8, 0.000123456, -0.0)]
    ['0.5', '36.99', '1,234,568', '0.0001235', '0']
    """
    if number == 0:
        return "0"
    if 1000 <= abs(number) < 1e15:
        return f"{number:,.0f}"
    return f"{number:.4g}"


def day(days: float) -> str:
    """Return the date that is so many days after 1970, or the number where no calendar reaches.

    Examples
    --------
    >>> day(19_000.5)
    '2022-01-08'
    """
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days)).date().isoformat()
    except OverflowError:
        return f"day {amount(days)}"


def share_sentence(
    what: str, counts: tuple[tuple[int, int], tuple[int, int]], names: tuple[str, str]
) -> str:
    """Say in how many documents of each group something is; the group with the higher share first.

    Examples
    --------
    >>> share_sentence("title has 'boot'", ((1, 95), (62, 80)), ("c-5", "c-1"))
    "title has 'boot' in 62 of 80 documents of c-1 and 1 of 95 of c-5."
    """
    (a, n), (b, m) = counts
    one, other = f"{a:,} of {n:,}", f"{b:,} of {m:,}"
    first, second = names
    if b * n > a * m:
        one, other, first, second = other, one, second, first
    return f"{what} in {one} documents of {first} and {other} of {second}."


def shift_sentence(
    field: str,
    kind: FactKind,
    *,
    effect: float,
    shift: tuple[float, float | None, float | None],
    medians: tuple[float, float],
    names: tuple[str, str],
) -> str:
    """Say where a number is higher, typically by how much, and the medians.

    Examples
    --------
    >>> shift_sentence("price", "number", effect=0.9, shift=(30.5, 20.0, 40.0),
    ...                medians=(84.0, 50.0), names=("c-1", "c-5"))
    'price is higher in c-1, typically by 30.5 (20 to 40): median 84 against 50.'
    """
    more = {"date": "later", "length": "longer"}.get(kind, "higher")
    unit = {"date": " days", "length": " characters"}.get(kind, "")
    first, second = names if effect >= 0 else names[::-1]
    sign = 1.0 if effect >= 0 else -1.0
    middle, other = medians if effect >= 0 else medians[::-1]
    median = f"median {day(middle)} against {day(other)}"
    if kind != "date":
        median = f"median {amount(middle)} against {amount(other)}"
    by, low, high = shift
    if sign * by <= 0 or not math.isfinite(by):
        return f"{field} tends to be {more} in {first} than in {second}: {median}."
    bounds = ""
    if low is not None and high is not None:
        low, high = sorted((sign * low, sign * high))
        bounds = f" ({amount(low)} to {amount(high)})"
    number = amount(sign * by)
    unit = unit.removesuffix("s") if number == "1" else unit
    return f"{field} is {more} in {first}, typically by {number}{unit}{bounds}: {median}."
