"""How one value of a document reads on a page: as text, a link, a number, a date or a picture."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from relevanceai.dashboard.security import safe_link

Kind = Literal["picture", "link", "text", "number", "date", "nothing"]

MAX_TEXT = 400
_LONG_WORD = 20
MAX_LINK_TEXT = 80
_TITLE_WORDS = ("title", "headline", "heading", "subject")
_TEXT_WORDS = (
    "text",
    "sentence",
    "utterance",
    "question",
    "caption",
    "description",
    "body",
    "content",
    "query",
)
_NAME_WORDS = ("name", "label")


@dataclass(frozen=True)
class Cell:
    """One value, ready for a template, which escapes it."""

    kind: Kind
    text: str = ""
    link: str = ""

    @property
    def has_long_word(self) -> bool:
        """True when a word has to be broken to fit a column."""
        return any(len(word) > _LONG_WORD for word in self.text.split())


def cell(value: object, *, is_picture: bool = False, decimals: int | None = None) -> Cell:
    """Return how a value reads; `decimals` is how many a fraction gets, None for what it needs.

    Examples
    --------
    >>> cell(12.5), cell(None).kind, cell("javascript:alert(1)").kind
    (Cell(kind='number', text='12.5', link=''), 'nothing', 'text')
    """
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return Cell("nothing")
    if is_picture:
        return Cell("picture")
    if isinstance(value, bool):
        return Cell("text", "yes" if value else "no")
    if isinstance(value, int):
        return Cell("number", str(value) if abs(value) < 10**18 else f"{Decimal(value):.6g}")
    if isinstance(value, float):
        return Cell("number", _number(value, decimals))
    if isinstance(value, (datetime, date)):
        return Cell("date", value.isoformat())
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Cell("text", f"{len(value):,} bytes")
    if isinstance(value, str):
        return _text_cell(value)
    return Cell("text", cut(_as_json(value)))


def decimal(value: float, decimals: int) -> str:
    """Return a number with so many decimals; what rounds to nothing has no sign.

    Examples
    --------
    >>> decimal(-0.0001, 2), decimal(0.876, 2), decimal(float("nan"), 2)
    ('0.00', '0.88', 'not a number')
    """
    if not math.isfinite(value):
        return "not a number"
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text


def decimals_of(values: Iterable[object]) -> int | None:
    """Return how many decimals all fractions of a column can share, None when that is too many.

    Examples
    --------
    >>> decimals_of([65.2, 91.83, None]), decimals_of([1 / 3])
    (2, None)
    """
    most = 0
    for value in values:
        if isinstance(value, float) and math.isfinite(value):
            text = repr(value)
            if "e" in text or abs(value) >= 1e9:
                return None
            most = max(most, len(text.partition(".")[2]))
    return most if most <= 3 else None


def cut(text: str, length: int = MAX_TEXT) -> str:
    """Return `text`, or its beginning and an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def is_internal(name: str) -> bool:
    """True for what the package itself adds to a document: labels, and how near it is."""
    return name == "_search_score" or name == "_cluster_" or name.startswith("_cluster_.")


def is_vector_field(name: str, kind: object) -> bool:
    """True for a field whose values are vectors, which no person reads."""
    return name.endswith("_vector_") or (isinstance(kind, Mapping) and "vector" in kind)


def title_field(schema: Mapping[str, object], pictures: Iterable[str] = ()) -> str | None:
    """Return the text field that names a document best, judged by its own name.

    Examples
    --------
    >>> title_field({"_id": "text", "query": "text", "product_title": "text"})
    'product_title'
    >>> title_field({"label_name": "text", "text": "text"})
    'text'
    """
    taken = {*pictures, "_id"}
    texts = [
        name
        for name, kind in schema.items()
        if kind == "text" and name not in taken and not is_internal(name)
    ]
    for words in (_TITLE_WORDS, _TEXT_WORDS, _NAME_WORDS):
        for name in texts:
            if not {*re.split(r"[^a-z]+", name.lower())}.isdisjoint(words):
                return name
    return None


def column_order(
    schema: Mapping[str, object], present: Sequence[str], pictures: Sequence[str]
) -> list[str]:
    """Return the fields to show: pictures, the title, the rest as stored, and `_id` at the end."""
    title = title_field(schema, pictures)
    shown = [
        name
        for name in [*(name for name in schema if name in set(present)), *present]
        if not is_internal(name) and not is_vector_field(name, schema.get(name))
    ]
    unique = list(dict.fromkeys(shown))

    def rank(name: str) -> int:
        if name in pictures:
            return 0
        if name == title:
            return 1
        return 3 if name == "_id" else 2

    return sorted(unique, key=rank)


def cluster_name(cluster_id: str) -> str:
    """Return a cluster's id as its tab says it: `cluster-0` is Cluster-0, other ids stay.

    Examples
    --------
    >>> cluster_name("cluster-0"), cluster_name("rain boots")
    ('Cluster-0', 'rain boots')
    """
    prefix, _, number = cluster_id.partition("-")
    return f"Cluster-{number}" if prefix == "cluster" and number.isdigit() else cluster_id


def _text_cell(value: str) -> Cell:
    link = safe_link(value)
    if link is not None:
        shown = link.removeprefix("https://").removeprefix("http://").removeprefix("mailto:")
        return Cell("link", cut(shown.rstrip("/"), MAX_LINK_TEXT), link)
    if value.startswith("data:"):
        return Cell("text", f"data, {len(value):,} characters")
    return Cell("text", cut(value))


def _number(value: float, decimals: int | None) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.6g}" if decimals is None else f"{value:.{decimals}f}"


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return f"a value of type {type(value).__name__}"
