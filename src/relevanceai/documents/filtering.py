"""Filter: conditions on documents, made by comparing fields: `ds["price"] > 10`."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Self, TypeAlias, overload

from relevanceai.errors import InvalidInputError

FilterDict: TypeAlias = Mapping[str, object]
Filters: TypeAlias = "Filter | FilterDict | Sequence[FilterDict] | None"
"""What every argument named `filters` takes: a comparison, a dict, a list of dicts, or None."""


class Filter(Sequence[FilterDict]):
    """Conditions that a document passes all of; a sequence of the old SDK's filter dicts.

    Parameters
    ----------
    filters : dicts; see the docs' page "Documents out" for their form.

    `a & b` passes what passes both, `a | b` what passes either, `~a` what does not pass a.
    (`and`, `or` and `not` are Python's own and raise an error.)

    Examples
    --------
    >>> cheap = Filter([{"field": "price", "filter_type": "numeric",
    ...                  "condition": "<", "condition_value": 10}])
    >>> [one["filter_type"] for one in ~cheap]
    ['not']
    """

    def __init__(self, filters: Iterable[FilterDict]) -> None:
        self._filters = tuple(filters)

    def to_dicts(self) -> list[dict[str, object]]:
        """Return the conditions as a list of dicts."""
        return [dict(one) for one in self._filters]

    def __len__(self) -> int:
        return len(self._filters)

    @overload
    def __getitem__(self, place: int) -> FilterDict: ...
    @overload
    def __getitem__(self, place: slice) -> "Filter": ...
    def __getitem__(self, place: int | slice) -> "FilterDict | Filter":
        if isinstance(place, slice):
            return Filter(self._filters[place])
        return self._filters[place]

    def __iter__(self) -> Iterator[FilterDict]:
        return iter(self._filters)

    def __and__(self, other: object) -> Self:
        return type(self)((*self._filters, *_other(other, "&")))

    def __or__(self, other: object) -> Self:
        both = [_as_one(self._filters), _as_one(_other(other, "|"))]
        alternatives: list[FilterDict] = []
        for one in both:  # a | b | c stays flat
            inner = one.get("condition_value") if one["filter_type"] == "or" else None
            alternatives += inner if isinstance(inner, list) else [one]
        return type(self)([{"filter_type": "or", "condition_value": alternatives}])

    def __invert__(self) -> Self:
        return type(self)([{"filter_type": "not", "condition_value": list(self._filters)}])

    def __bool__(self) -> NoReturn:
        raise InvalidInputError(
            "A filter is neither true nor false. Combine filters with & | ~ and brackets: "
            "(ds['a'] > 1) & (ds['b'] == 'x')."
        )

    def __repr__(self) -> str:
        return f"Filter({list(self._filters)!r})"


def as_dicts(filters: object) -> list[dict[str, object]]:
    """Return filters in any form that `filters=` takes as a list of dicts; [] for None.

    Raises
    ------
    InvalidInputError : anything else.
    """
    if filters is None:
        return []
    if isinstance(filters, Mapping):
        return [_settled(filters)]
    if isinstance(filters, str | bytes) or not isinstance(filters, Iterable):
        raise InvalidInputError(
            "filters takes a comparison (ds['price'] > 10), a dict or a list of dicts, but got "
            f"{type(filters).__name__}: {filters!r:.80}."
        )
    found: list[dict[str, object]] = []
    for one in filters:
        if isinstance(one, Filter):
            found += one.to_dicts()
        elif isinstance(one, Mapping):
            found.append(_settled(one))
        else:
            raise InvalidInputError(
                f"A filter is a dict or a comparison (ds['price'] > 10), but got "
                f"{type(one).__name__}: {one!r:.80}."
            )
    return found


def _settled(one: FilterDict) -> dict[str, object]:
    """Return a filter as a dict that can be read more than once."""
    value = one.get("condition_value")
    return {**one, "condition_value": list(value)} if isinstance(value, Iterator) else dict(one)


def compared(field: str, kind: str, condition: str, value: Any) -> Filter:
    """Return the filter that compares a field of a kind with a value, in the kind's own way.

    Numbers compare as numbers, dates as moments (ISO text is understood), the rest as it is.
    """
    if value is None:
        raise InvalidInputError(
            f"A missing value equals nothing. Use ds[{field!r}].isnull() or .notnull()."
        )
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    filter_type = "exact_match"
    if kind in ("integer", "number") and (is_number or hasattr(value, "dtype")):
        filter_type = "numeric"
    elif kind in ("date", "local_date", "day") and isinstance(value, str | dt.date):
        filter_type = "date"
    return Filter(
        [
            {
                "field": field,
                "filter_type": filter_type,
                "condition": condition,
                "condition_value": value,
            }
        ]
    )


def _other(other: object, sign: str) -> tuple[FilterDict, ...]:
    if isinstance(other, Filter):
        return tuple(other)
    if isinstance(other, Mapping):
        return (other,)
    raise InvalidInputError(
        f"A filter is combined with a filter, but the other side of {sign} is "
        f"{type(other).__name__}: {other!r:.60}. Put brackets around each comparison: "
        "(ds['a'] > 1) & (ds['b'] == 'x')."
    )


def _as_one(filters: Sequence[FilterDict]) -> FilterDict:
    if len(filters) == 1:
        return filters[0]
    return {"filter_type": "and", "condition_value": list(filters)}
