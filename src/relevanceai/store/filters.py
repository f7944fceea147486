"""Filters: the old SDK's dicts, checked and applied to columns; no query language is spoken."""

import datetime as dt
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError, NotFoundError, listed

Test = Callable[[object], bool]

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TYPES = ("exact_match", "contains", "categories", "exists", "numeric", "date", "ids", "or")


def fields_in(
    filters: Sequence[Mapping[str, object]], there: Sequence[str], *, dataset: str
) -> list[str]:
    """Return the fields that some filters read, after checking the form of each filter.

    Raises
    ------
    InvalidInputError : a filter that is not a dict or has an unknown `filter_type`.
    NotFoundError : a field that does not exist; lists those that do.
    """
    names: dict[str, None] = {}
    for one in _checked(filters):
        if one["filter_type"] == "or":
            for name in fields_in(_alternatives(one), there, dataset=dataset):
                names[name] = None
            continue
        asked = "_id" if one["filter_type"] == "ids" else one.get("field")
        if not isinstance(asked, str):
            raise InvalidInputError(f"A filter names its 'field', but got {one!r:.120}.")
        name = asked
        if name not in there:
            raise NotFoundError(
                f"No field {name!r} in dataset {dataset!r}. It has: {listed(there, like=name)}."
            )
        names[name] = None
    return list(names)


def matching(
    filters: Sequence[Mapping[str, object]], values: Mapping[str, Sequence[object]], n_rows: int
) -> NDArray[np.bool_]:
    """Return which rows pass all filters.

    Parameters
    ----------
    filters : dicts with `field`, `filter_type`, `condition` (default "==") and `condition_value`.
        exact_match compares; contains looks for text within text, letter case counting;
        categories asks for one of several values; exists for any value ("!=" for none); numeric
        and date compare numbers and dates (ISO text or datetimes; UTC where no zone is given);
        ids lists `_id`; or passes rows that pass one of the filters in its `condition_value`.
    values : by field, one value a row, None where there is none.
    n_rows : how many rows there are.

    A row without a value passes "!=" and nothing else.
    """
    kept = np.ones(n_rows, bool)
    for one in _checked(filters):
        if one["filter_type"] == "or":
            passed = np.zeros(n_rows, bool)
            for alternative in _alternatives(one):
                passed |= matching([alternative], values, n_rows)
        else:
            column = values["_id" if one["filter_type"] == "ids" else str(one["field"])]
            test = _test(one)
            passed = np.fromiter((test(value) for value in column), bool, n_rows)
        kept &= passed
    return kept


def _checked(filters: object) -> Iterable[Mapping[str, object]]:
    if isinstance(filters, Mapping) or not isinstance(filters, Sequence):
        raise InvalidInputError(f"Filters come as a list of dicts, but got {filters!r:.80}.")
    for one in filters:
        if not isinstance(one, Mapping) or one.get("filter_type") not in _TYPES:
            raise InvalidInputError(
                f"A filter is a dict with 'field', 'filter_type' (one of {listed(_TYPES)}), "
                f"'condition' and 'condition_value', but got {one!r:.120}."
            )
    return filters


def _alternatives(one: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    value = one.get("condition_value")
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidInputError(f"An 'or' filter holds a list of filters, but got {value!r:.80}.")
    return value


def _test(one: Mapping[str, object]) -> Test:
    condition = str(one.get("condition", "=="))
    if condition not in _COMPARISONS:
        raise InvalidInputError(
            f"Unknown condition {condition!r} in a filter. Use one of {listed(_COMPARISONS)}."
        )
    compare = _COMPARISONS[condition]
    wanted = one.get("condition_value")
    is_negated = condition == "!="
    kind = one["filter_type"]
    if kind == "exists":
        return lambda value: (value is not None) != is_negated
    if wanted is None:
        raise InvalidInputError(f"A filter has a 'condition_value', but got {one!r:.120}.")
    if kind in ("categories", "ids"):
        options = (
            [wanted] if isinstance(wanted, str) or not isinstance(wanted, Iterable) else wanted
        )
        several = list(options)
        return lambda value: (value in several) != is_negated
    if kind == "contains":
        text = str(wanted)
        return lambda value: (value is not None and text in str(value)) != is_negated
    if kind == "numeric":
        if isinstance(wanted, bool) or not isinstance(wanted, int | float | np.number):
            raise InvalidInputError(f"A numeric filter compares with a number, not {wanted!r:.80}.")
        return lambda value: _compared(compare, value, wanted, (int, float), is_negated)
    if kind == "date":
        moment = _moment(wanted)
        if moment is None:
            raise InvalidInputError(
                f"A date filter compares with a date (ISO text or datetime), not {wanted!r:.80}."
            )
        return lambda value: _compared(compare, _moment(value), moment, (dt.datetime,), is_negated)
    return lambda value: _compared(compare, value, wanted, (object,), is_negated)


def _compared(
    compare: Callable[[Any, Any], bool],
    value: object,
    wanted: object,
    types: tuple[type, ...],
    is_negated: bool,
) -> bool:
    if value is None or not isinstance(value, types):
        return is_negated
    try:
        return bool(compare(value, wanted))
    except TypeError:  # text beside a number: neither greater nor smaller
        return is_negated


def _moment(value: object) -> dt.datetime | None:
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    return None
