"""How one value of a document reads on a page: as text, a link, a number, a date or a picture."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import MAX_EMAX, Context
from typing import Literal

from relevanceai.clustering.ids import OUTLIER
from relevanceai.dashboard.security import safe_link

Kind = Literal["picture", "link", "text", "number", "date", "nothing"]

MAX_TEXT = 400
_LONG_WORD = 20
_LONG_TEXT = 60
MAX_LINK_TEXT = 80
_LEAST_DECIMALS = 2
_FEWEST_JUDGED = 20
_SENTENCE_WORDS = 3
_TITLE_WORDS = ("title", "headline", "heading", "subject")
_TEXT_WORDS = (
    "text",
    "sentence",
    "utterance",
    "question",
    "description",
    "caption",
    "summary",
    "body",
    "content",
    "query",
)
_NAME_WORDS = ("name",)
_NO_NAMES = frozenset({"label", "file", "class", "category", "source"})
_PRICE_WORDS = ("price", "cost", "amount", "fee")


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

    @property
    def is_long(self) -> bool:
        """True when the text needs several lines of a column."""
        return self.kind == "text" and len(self.text) > _LONG_TEXT


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
        return Cell("number", str(value) if abs(value) < 10**18 else _rounded(value))
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
    """Return how many decimals the floats of a column can share, None when that is too many.

    Whole numbers need none; when there is a fraction, all get two at least.

    Examples
    --------
    >>> decimals_of([65.2, 90.0, None]), decimals_of([65.0, 90.0]), decimals_of([1 / 3])
    (2, 0, None)
    """
    most = 0
    for value in values:
        if isinstance(value, float) and math.isfinite(value):
            text = repr(value)
            if "e" in text or abs(value) >= 1e9:
                return None
            most = max(most, len(text.partition(".")[2].rstrip("0")))
    if most == 0:
        return 0
    return max(most, _LEAST_DECIMALS) if most <= 3 else None


def cut(text: str, length: int = MAX_TEXT) -> str:
    """Return `text`, or its beginning and an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def is_internal(name: str) -> bool:
    """True for what the package itself adds to a document: labels, and how near it is."""
    return name == "_search_score" or name == "_cluster_" or name.startswith("_cluster_.")


def is_vector_field(name: str, kind: object) -> bool:
    """True for a field whose values are vectors, which no person reads."""
    return name.endswith("_vector_") or (isinstance(kind, Mapping) and "vector" in kind)


def words_of(name: str) -> frozenset[str]:
    """Return the words that a field's name is made of.

    Examples
    --------
    >>> sorted(words_of("productTitle_2")), sorted(words_of("filename"))
    (['product', 'title'], ['filename'])
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return frozenset(word for word in re.split(r"[\W\d_]+", apart) if word)


def is_price(name: str) -> bool:
    """True for a field whose number is understood without its name."""
    return not words_of(name).isdisjoint(_PRICE_WORDS)


def title_field(schema: Mapping[str, object]) -> str | None:
    """Return the text field that names a document best, judged by the words of its own name.

    Examples
    --------
    >>> title_field({"_id": "text", "query": "text", "product_title": "text"})
    'product_title'
    >>> title_field({"label_name": "text", "text": "text"})
    'text'
    >>> title_field({"filename": "text", "label": "text"}) is None
    True
    """
    texts = [
        name
        for name, kind in schema.items()
        if kind == "text" and name != "_id" and not is_internal(name)
    ]
    ranked = (*((word,) for word in _TITLE_WORDS), *((word,) for word in _TEXT_WORDS), _NAME_WORDS)
    for words in ranked:
        for name in texts:
            own = words_of(name)
            if not own.isdisjoint(words) and (words is not _NAME_WORDS or not own & _NO_NAMES):
                return name
    return None


def is_repetitive(values: Iterable[object]) -> bool:
    """True when a text says the same of many documents: at least every second one is a repeat.

    Few texts tell nothing; fewer than 20 are never repetitive.

    Examples
    --------
    >>> is_repetitive(["train", "test"] * 20), is_repetitive(["train", "test"])
    (True, False)
    """
    texts = [value for value in values if isinstance(value, str)]
    return len(texts) >= _FEWEST_JUDGED and 2 * len(set(texts)) <= len(texts)


def wordiest(values: Mapping[str, Sequence[object]]) -> str | None:
    """Return the field whose texts have the most words, None when none reads like a sentence.

    Examples
    --------
    >>> wordiest({"code": ["a-1", "a-2"], "review": ["it fits very well", "too small"]})
    'review'
    """

    def words(name: str) -> float:
        texts = [value for value in values[name] if isinstance(value, str)]
        return sum(len(text.split()) for text in texts) / max(1, len(texts))

    best = max(values, key=words, default=None)
    return best if best is not None and words(best) >= _SENTENCE_WORDS else None


def column_order(
    schema: Mapping[str, object], present: Sequence[str], pictures: Sequence[str], title: str | None
) -> list[str]:
    """Return the fields to show: pictures, the title, the rest as stored, and `_id` at the end."""
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
    """Return a cluster's id as its tab says it: as it is typed; the noise is Outliers.

    Examples
    --------
    >>> cluster_name("cluster-0"), cluster_name("rain boots"), cluster_name("outlier")
    ('cluster-0', 'rain boots', 'Outliers')
    """
    return "Outliers" if cluster_id == OUTLIER else cluster_id


def _text_cell(value: str) -> Cell:
    link = safe_link(value)
    if link is not None:
        shown = link.removeprefix("https://").removeprefix("http://").removeprefix("mailto:")
        return Cell("link", cut(shown.rstrip("/"), MAX_LINK_TEXT), link)
    if value.startswith("data:"):
        return Cell("text", f"data, {len(value):,} characters")
    return Cell("text", cut(value))


def _rounded(value: int) -> str:
    """Return six digits of a whole number that may be too large for a float."""
    context = Context(prec=6, Emax=MAX_EMAX)
    return str(context.normalize(context.create_decimal(value))).lower()


def _number(value: float, decimals: int | None) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.6g}" if decimals is None else f"{value:.{decimals}f}"


def _as_json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return f"a value of type {type(value).__name__}"
