"""Filters: the old SDK's dicts, checked, and what each says of one value; no query language."""

import datetime as dt
import operator
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError, NotFoundError, listed

Test = Callable[[object], bool]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_OF_A_FIELD = ("exact_match", "contains", "categories", "exists", "numeric", "date", "ids")
_OF_FILTERS = ("or", "and", "not")
_TYPES = _OF_A_FIELD + _OF_FILTERS
_MAX_DEPTH = 100


def fields_in(
    filters: Sequence[Mapping[str, object]], there: Sequence[str], *, dataset: str, depth: int = 0
) -> list[str]:
    """Return the fields that some filters read, after checking the form of each filter.

    Raises
    ------
    InvalidInputError : a filter that is not a dict or has an unknown `filter_type`, or filters
        within filters more than 100 deep.
    NotFoundError : a field that does not exist; lists those that do.
    """
    if depth > _MAX_DEPTH:
        raise InvalidInputError(
            f"Filters stand in filters more than {_MAX_DEPTH} deep. Write them flatter: "
            "'categories' asks for one of many values."
        )
    names: dict[str, None] = {}
    for one in checked(filters):
        if one["filter_type"] in _OF_FILTERS:
            for name in fields_in(inner(one), there, dataset=dataset, depth=depth + 1):
                names[name] = None
            continue
        asked = field_asked(one)
        if not isinstance(asked, str):
            raise InvalidInputError(f"A filter names its 'field', but got {one!r:.120}.")
        if asked not in there:
            raise NotFoundError(
                f"No field {asked!r} in dataset {dataset!r}. It has: {listed(there, like=asked)}."
            )
        names[asked] = None
    return list(names)


def matching(
    filters: Sequence[Mapping[str, object]], values: Mapping[str, Sequence[object]], n_rows: int
) -> NDArray[np.bool_]:
    """Return which rows pass all filters, value by value: what `store.masks` must agree with.

    Parameters
    ----------
    filters : dicts with `field`, `filter_type`, `condition` (default "==") and `condition_value`.
        exact_match compares; contains looks for text within text, letter case counting;
        categories asks for one of several values; exists for any value ("!=" for none); numeric
        and date compare numbers and dates (ISO text or datetimes; UTC where no zone is given);
        ids lists `_id`. Three hold a list of filters in their `condition_value`: or passes rows
        that pass one of them, and those that pass all, not those that do not pass all.
    values : by field, one value a row, None where there is none.
    n_rows : how many rows there are.

    A row without a value passes "!=" and nothing else (and therefore "not" of anything else).
    """

    def passed(one: Mapping[str, object]) -> NDArray[np.bool_]:
        test = row_test(one)
        return np.fromiter((test(value) for value in values[str(field_asked(one))]), bool, n_rows)

    return combined(filters, passed, n_rows)


def combined(
    filters: Sequence[Mapping[str, object]],
    passed: Callable[[Mapping[str, object]], NDArray[np.bool_]],
    n_rows: int,
) -> NDArray[np.bool_]:
    """Return which rows pass all filters, when `passed` says it of a filter on one field."""
    kept = np.ones(n_rows, bool)
    for one in checked(filters):
        if one["filter_type"] == "or":
            some = np.zeros(n_rows, bool)
            for alternative in inner(one):
                some |= combined([alternative], passed, n_rows)
            kept &= some
        elif one["filter_type"] == "and":
            kept &= combined(inner(one), passed, n_rows)
        elif one["filter_type"] == "not":
            kept &= ~combined(inner(one), passed, n_rows)
        else:
            kept &= passed(one)
    return kept


def checked(filters: object) -> Sequence[Mapping[str, object]]:
    """Return filters whose outer form is right, or raise InvalidInputError."""
    if isinstance(filters, Mapping | str | bytes) or not isinstance(filters, Sequence):
        raise InvalidInputError(f"Filters come as a list of dicts, but got {filters!r:.80}.")
    for one in filters:
        if not isinstance(one, Mapping) or one.get("filter_type") not in _TYPES:
            raise InvalidInputError(
                f"A filter is a dict with 'field', 'filter_type' (one of {listed(_TYPES)}), "
                f"'condition' and 'condition_value', but got {one!r:.120}."
            )
    return filters


def inner(one: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """Return the filters within an "or", "and" or "not"."""
    value = one.get("condition_value")
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        kind = one["filter_type"]
        some = "An" if kind in ("or", "and") else "A"
        raise InvalidInputError(
            f"{some} {kind!r} filter holds a list of filters, but got {value!r:.80}."
        )
    return value


def field_asked(one: Mapping[str, object]) -> object:
    """Return the field that a filter reads."""
    return "_id" if one["filter_type"] == "ids" else one.get("field")


def condition_of(one: Mapping[str, object]) -> str:
    """Return the comparison of a filter, "==" by default."""
    condition = str(one.get("condition", "=="))
    if condition not in COMPARISONS:
        raise InvalidInputError(
            f"Unknown condition {condition!r} in a filter. Use one of {listed(COMPARISONS)}."
        )
    return condition


def wanted_of(one: Mapping[str, object]) -> object:
    """Return what a filter compares with: plain Python, or a list of it for several values."""
    wanted = one.get("condition_value")
    if one["filter_type"] not in ("categories", "ids"):
        return _plain(wanted)
    if isinstance(wanted, str | bytes) or not isinstance(wanted, Iterable):
        wanted = [wanted]
    return [_plain(option) for option in wanted]


def row_test(one: Mapping[str, object]) -> Test:
    """Return what a filter on one field says of a value, None being no value.

    Raises
    ------
    InvalidInputError : an unknown condition, or a `condition_value` that cannot be compared.
    """
    condition = condition_of(one)
    compare = COMPARISONS[condition]
    is_negated = condition == "!="
    kind = one["filter_type"]
    if kind == "exists":
        return lambda value: (value is not None) != is_negated
    if one.get("condition_value") is None:
        raise InvalidInputError(f"A filter has a 'condition_value', but got {one!r:.120}.")
    wanted = wanted_of(one)
    if isinstance(wanted, list) and kind in ("categories", "ids"):
        several = [option for option in wanted if option == option]  # NaN, by "in", is itself
        return lambda value: (value is not None and value in several) != is_negated
    if kind == "contains":
        text = str(wanted)
        return lambda value: (value is not None and text in str(value)) != is_negated
    if kind == "numeric":
        if isinstance(wanted, bool) or not isinstance(wanted, int | float | np.floating):
            raise InvalidInputError(f"A numeric filter compares with a number, not {wanted!r:.80}.")
        return lambda value: _compared(compare, value, wanted, (int, float), is_negated)
    if kind == "date":
        moment = moment_of(wanted)
        if moment is None:
            raise InvalidInputError(
                f"A date filter compares with a date (ISO text or datetime), not {wanted!r:.80}."
            )
        return lambda value: _compared(
            compare, moment_of(value), moment, (dt.datetime,), is_negated
        )
    return lambda value: _compared(compare, value, wanted, (object,), is_negated)


def moment_of(value: object) -> dt.datetime | None:
    """Return a date or ISO text as a moment, UTC where it names no zone; None for anything else."""
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


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else value.astype("datetime64[us]").item()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return str(value) if isinstance(value, uuid.UUID | PurePath) else value


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
    except (TypeError, ArithmeticError):  # text beside a number, a decimal NaN: no order
        return is_negated
