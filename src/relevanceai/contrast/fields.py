"""What a field holds: words, categories, tags, numbers, dates, booleans, or nothing to compare."""

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from relevanceai.contrast.terms import terms

Kind: TypeAlias = Literal["text", "category", "tags", "boolean", "number", "date"]

KINDS: tuple[Kind, ...] = ("text", "category", "tags", "boolean", "number", "date")
SKIP = "skip"

_MAJORITY = 0.9  # values of one type, from which on the others are counted as unusable
_FEW_VALUES = 12  # so few different values are categories, however often each comes
_REPEATS = 4.0  # documents a value, from which on values are categories
_MOST_CODES = 20  # different whole numbers that may be codes, such as labels or stars
_DOCUMENTS_A_CODE = 10  # from which on they are
_LONG_CATEGORY = 80  # characters; no category's name is longer
_URL = re.compile(r"(?:[a-z][a-z0-9+.-]*://|data:[a-z]+/|www\.|/[^\s/]+/)\S*", re.IGNORECASE)
_FILE = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|svg|bmp|tiff?|avif|mp[34]|pdf)", re.IGNORECASE)
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?")


@dataclass(frozen=True, slots=True)
class Column:
    """The usable values of one field.

    `present` is a bool array of shape (n_documents,): who has one. `values` holds those of the
    present documents, in order: texts, categories or booleans as they are, tags as a list of texts
    each; numbers and dates are in `numbers` instead, float64, dates in days since 1970.
    """

    name: str
    kind: Kind
    present: NDArray[np.bool_]
    values: list[object] = field(default_factory=list)
    numbers: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A field, or some of its values, that took no part, and why."""

    field: str
    reason: str


def settled(
    name: str, values: Sequence[object], kind: str | None = None
) -> tuple[Column | None, NDArray[np.bool_], list[LeftOut]]:
    """Return the values of a field as one kind, who has a value, and what was left out.

    Parameters
    ----------
    name : the field's name.
    values : one a document, plain Python. Missing are None, NaN, infinity and blank text; an empty
        list of tags is a value.
    kind : one of `KINDS`; "skip" leaves the field out; None finds it from the values.

    Returns
    -------
    The column, or None when the field says nothing that two groups can be compared by: it is empty,
    constant, another value in each document, an address, a picture, a vector, an object. A bool
    array of shape (n_documents,), who has any value. And the reasons.

    Notes
    -----
    Text is a category when it has at most 12 different values of which some repeat, or each value
    comes 4 times on average, and none is longer than 80 characters. Text that reads as ISO dates
    throughout is dates. Whole numbers are categories when there are at most 20 different ones in ten
    times as many documents: labels, stars, shelves; `kind="number"` makes them quantities.
    """
    held = [_plain(value) for value in values]
    present = np.array([value is not None for value in held], dtype=bool)
    there = [value for value in held if value is not None]
    if kind == SKIP:
        return None, present, [LeftOut(name, "is left out as asked")]
    if name == "_id":
        return None, present, [LeftOut(name, "is the id of the document")]
    if not there:
        return None, present, [LeftOut(name, "has no value in any of these documents")]
    families = Counter(_family(value) for value in there)
    family, count = families.most_common(1)[0]
    if kind is None and count < _MAJORITY * len(there):
        mix = " and ".join(sorted(families))
        return None, present, [LeftOut(name, f"holds a mixture: {mix}")]
    if kind is None:
        kind, reason = _kind_of(name, family, [one for one in there if _family(one) == family])
        if kind is None:
            return None, present, [LeftOut(name, reason)]
    chosen = cast(Kind, kind)
    usable = [_as(chosen, value) for value in held]
    is_usable = np.array([value is not None for value in usable], dtype=bool)
    n_odd = int(present.sum() - is_usable.sum())
    notes = (
        [
            LeftOut(
                name,
                f"has {n_odd:,} {'value that is' if n_odd == 1 else 'values that are'} no {chosen}",
            )
        ]
        if n_odd
        else []
    )
    found = [value for value in usable if value is not None]
    if not found:
        return None, present, [LeftOut(name, f"has no value that can be read as {chosen}")]
    if chosen in ("number", "date"):
        numbers = np.array(found, dtype=np.float64)
        if (numbers == numbers[0]).all():
            return None, present, [*notes, LeftOut(name, "has the same value everywhere")]
        return Column(name, chosen, is_usable, numbers=numbers), present, notes
    if chosen in ("category", "boolean") and len(set(found)) == 1:
        return None, present, [*notes, LeftOut(name, "has the same value everywhere")]
    return Column(name, chosen, is_usable, values=found), present, notes


def _plain(value: object) -> object:
    """A value without numpy's and pandas' ways to say it; None for what is missing."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _family(value: object) -> str:
    match value:
        case bool():
            return "booleans"
        case str():
            return "text"
        case dt.date():  # datetimes are dates
            return "dates"
        case bytes() | bytearray() | memoryview():
            return "bytes"
        case dict():
            return "objects"
        case list() | tuple() | set() | frozenset():
            return "lists of text" if all(isinstance(one, str) for one in value) else "lists"
    return "numbers" if _number(value) is not None else f"{type(value).__name__} values"


def _kind_of(name: str, family: str, there: Sequence[object]) -> tuple[Kind | None, str]:
    """The kind that values of one family are compared as, or None and why not."""
    match family:
        case "booleans":
            return "boolean", ""
        case "dates":
            return "date", ""
        case "lists of text":
            return "tags", ""
        case "numbers":
            return _kind_of_numbers(name, there)
        case "text":
            return _kind_of_texts([str(one) for one in there])
        case "bytes":
            return None, "holds bytes, such as pictures"
        case "objects":
            return None, "holds objects: hand in the field inside that matters"
        case "lists":
            return None, "holds lists of something else than text, such as vectors"
    return None, f"holds {family}"


def _kind_of_numbers(name: str, there: Sequence[object]) -> tuple[Kind | None, str]:
    whole = [one for one in there if isinstance(one, int)]
    if len(whole) == len(there) > 2 and len(set(whole)) == len(whole):
        is_run = max(whole) - min(whole) < 2 * len(whole)
        if is_run or re.search(r"(?:^|[_\W])id$|(?<=[a-z])I[dD]$", name):
            return None, "is a whole number of its own in each document: an id"
    n_different = len(set(whole))
    if len(whole) == len(there) >= _DOCUMENTS_A_CODE * n_different and (
        1 < n_different <= _MOST_CODES
    ):
        return "category", ""
    return "number", ""


def _kind_of_texts(there: Sequence[str]) -> tuple[Kind | None, str]:
    texts = [one.strip() for one in there]
    n_different = len(set(texts))
    if sum(bool(_URL.fullmatch(one) or _FILE.fullmatch(one)) for one in texts) > 0.5 * len(texts):
        return None, "holds addresses or names of files"
    if all(_ISO_DATE.fullmatch(one) and _date(one) is not None for one in texts):
        return "date", ""
    if n_different == 1:
        return "category", ""
    is_short = max(map(len, texts)) <= _LONG_CATEGORY
    repeats = n_different < len(texts)
    if is_short and repeats:
        if n_different <= _FEW_VALUES or len(texts) >= _REPEATS * n_different:
            return "category", ""
        if sum(len(one.split()) > 1 for one in texts) < 0.2 * len(texts) and not _runs(texts):
            return "category", ""
    n_words = [len(terms(one[:200], longest=1)) for one in texts[:200]]
    if sum(n > 1 for n in n_words) >= 0.5 * len(n_words):
        return "text", ""
    if repeats:
        return ("category", "") if is_short else ("text", "")
    return None, "is another single word in each document: an id"


def _runs(texts: Sequence[str]) -> bool:
    """True when some texts without spaces have several terms: scripts that need no spaces."""
    some = [one for one in texts[:200] if not one.isascii()]
    return sum(len(terms(one[:200], longest=1)) > 1 for one in some) > 0.5 * len(texts[:200])


def _as(kind: Kind, value: object) -> object:
    """The value as a kind needs it, or None when it is none of it."""
    if value is None:
        return None
    match kind:
        case "number":
            return _number(value)
        case "date":
            return _date(value)
        case "text":
            return value if isinstance(value, str) else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "tags":
            items = [value] if isinstance(value, str) else value
            if isinstance(items, list | tuple | set | frozenset):
                texts = [one.strip() for one in items if isinstance(one, str) and one.strip()]
                return sorted(set(texts)) if len(texts) or not items else None
            return None
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, bool | int | float | dt.date) else None


def _number(value: object) -> float | None:
    """A finite number as a float, or None."""
    if isinstance(value, str | bytes | bytearray | bool) or not hasattr(value, "__float__"):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _date(value: object) -> float | None:
    """A date or a moment as days since 1970, or None; without a zone it is taken as UTC."""
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(days=1)
    if isinstance(value, dt.date):
        return float((value - dt.date(1970, 1, 1)).days)
    return None
