"""Labels that a user brought, read into leaves: codes, and the ids they stand for."""

from collections.abc import Iterable, Mapping, Set
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relevanceai.clustering.ids import NOISE, OUTLIER, cluster_id, natural_order
from relevanceai.errors import InvalidInputError

_MISSING_TYPES = frozenset({"NAType", "NaTType"})  # pandas' NA and NaT, without importing pandas
_LARGEST = 2**63 - 1


def leaves_from(
    values: Iterable[object],
) -> tuple[NDArray[np.int32], NDArray[np.bool_], list[str]]:
    """Read labels into leaves.

    Integers, and floats that are whole, become ids such as "cluster-3"; text stays as it is.
    None, NaN, NaT and pandas' NA mean that the row is not clustered. -1, -1.0 and the text
    "outlier" mean noise.

    Parameters
    ----------
    values : one label a row: a list, a numpy array, a pandas Series, Categorical or Index, a
        pyarrow array or column, or anything alike that can be gone through in order.

    Returns
    -------
    codes : int32 array of shape (n_rows,); the place of the row's id in `ids`, -1 for noise and for
        rows that are not clustered.
    is_clustered : bool array of shape (n_rows,); False where the label was missing. Noise is True.
    ids : the cluster ids in natural order ("cluster-2" before "cluster-10"), without "outlier".

    Raises
    ------
    InvalidInputError : a label below -1, infinite, not whole, blank, or of another type (bool,
        bytes, dates, lists, enumerations: turn them into text); a number and a text that are the
        same id (3 and "cluster-3") or both mean noise (-1 and "outlier"); `values` is one text, a
        mapping, or an array that is not one-dimensional. The message names the first such row.

    Notes
    -----
    O(n_rows): one look-up a row, and for integer and float arrays one sort.

    Examples
    --------
    >>> codes, is_clustered, ids = leaves_from([10, 2, -1, None, 2.0])
    >>> codes, is_clustered, ids
    (array([ 1,  0, -1, -1,  0], dtype=int32), array([ True,  True,  True, False,  True]), ['cluster-2', 'cluster-10'])
    """
    kind = getattr(values, "type", None)  # of an Arrow column
    if hasattr(values, "dictionary_encode") and not hasattr(kind, "index_type"):
        distinct, first_rows, places = _distinct_of_column(values)
    else:
        distinct, first_rows, places = _distinct(_one_dimensional(values))
    spelt: dict[str, int] = {}  # id -> the place in `distinct` that it was first read from
    names: list[str | None] = [None] * len(distinct)
    for place in sorted(range(len(distinct)), key=first_rows.__getitem__):
        value = distinct[place]
        if value is None:
            continue
        name = names[place] = _read(value, first_rows[place])
        other = spelt.setdefault(name, place)
        if isinstance(distinct[other], str) != isinstance(value, str):
            raise _two_spellings(name, distinct[other], first_rows[other], value, first_rows[place])
    ids = natural_order(name for name in spelt if name != OUTLIER)
    code_of = {name: code for code, name in enumerate(ids)}
    codes = np.array([code_of.get(name or OUTLIER, NOISE) for name in names], dtype=np.int32)
    is_clustered = np.array([name is not None for name in names], dtype=np.bool_)
    return codes[places], is_clustered[places], ids


def _one_dimensional(values: Any) -> "list[object] | NDArray[Any]":
    """The labels as a numpy array of numbers, or as a list of anything."""
    if isinstance(values, (str, bytes, Mapping, Set)) or not hasattr(values, "__iter__"):
        raise InvalidInputError(
            f"Labels were asked from {_short(values)}, of type {type(values).__name__}. "
            "Pass a list, an array or a column with one label a row."
        )
    for method in ("to_pylist", "to_list"):  # pyarrow; polars and pandas
        if hasattr(values, method) and not _is_number_column(values):
            return list(getattr(values, method)())
    if not hasattr(values, "__array__") or isinstance(values, np.ma.MaskedArray):
        return list(values.tolist() if isinstance(values, np.ma.MaskedArray) else values)
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidInputError(
            f"Labels were asked from an array of shape {array.shape}. "
            "Pass a one-dimensional array with one label a row."
        )
    return array if array.dtype.kind in "iuf" else list(array)


def _is_number_column(values: Any) -> bool:
    """True for a pandas column whose values are plain numpy numbers."""
    dtype = getattr(values, "dtype", None)
    return isinstance(dtype, np.dtype) and dtype.kind in "iuf"


def _distinct(
    items: "list[object] | NDArray[Any]",
) -> tuple[list[object], list[int], NDArray[np.intp]]:
    """Distinct labels (None for all that are missing), the row each came first, each row's place."""
    if isinstance(items, np.ndarray):
        found, first, inverse = np.unique(items, return_index=True, return_inverse=True)
        plain = [None if value != value else value for value in found.tolist()]
        return plain, first.tolist(), inverse
    distinct: list[object] = []
    first_rows: list[int] = []
    places: list[int] = []
    seen: dict[tuple[type, object], int] = {}  # by type too: 1, 1.0 and True are equal
    for row, item in enumerate(items):
        try:
            place = seen.get((type(item), item))
        except TypeError as error:  # a list or a dict
            raise _wrong_type(item, row) from error
        if place is None:
            value = _plain(item)
            place = seen.setdefault((type(value), value), len(distinct))
            if place == len(distinct):
                distinct.append(value)
                first_rows.append(row)
            if value is not None:  # every NaN may be another object: do not collect them
                seen[type(item), item] = place
        places.append(place)
    return distinct, first_rows, np.array(places, dtype=np.intp)


def _distinct_of_column(
    column: Any,
) -> tuple[list[object], list[int], NDArray[np.intp]]:
    """What `_distinct` returns, of an Arrow array or column; its codes are Arrow's work."""
    if hasattr(column, "combine_chunks"):
        column = column.combine_chunks()
    encoded = column.dictionary_encode()
    distinct = [*(_plain(value) for value in encoded.dictionary.to_pylist()), None]
    codes = encoded.indices.fill_null(len(distinct) - 1)
    places = codes.to_numpy(zero_copy_only=False).astype(np.intp)
    return distinct, _first_rows(places, len(distinct)).tolist(), places


def _first_rows(places: NDArray[np.intp], n_distinct: int) -> NDArray[np.intp]:
    """The row at which each place comes first; 0 for one that never comes.

    Of few distinct labels the first rows have all, as a rule.
    """
    first_rows = np.zeros(n_distinct, np.intp)
    n_rows, is_found = 16 * n_distinct, np.zeros(n_distinct, bool)
    for looked_at in (places[:n_rows], places):
        first_rows[looked_at[::-1]] = np.arange(len(looked_at))[::-1]  # the last written is first
        is_found[looked_at] = True
        if is_found[:-1].all():  # the last is that of missing labels: see below
            break
    if not is_found[-1]:
        missing = np.flatnonzero(places == n_distinct - 1)
        first_rows[-1] = missing[0] if len(missing) else 0
    return first_rows


def _plain(item: object) -> object:
    """A label as a Python value; None when it is missing."""
    if hasattr(item, "as_py"):  # a pyarrow scalar
        item = item.as_py()
    if isinstance(item, (np.bool_, np.integer, np.floating, np.str_)):
        item = item.item()
    if type(item).__name__ in _MISSING_TYPES:
        return None
    if isinstance(item, (float, np.datetime64, np.timedelta64)) and item != item:
        return None
    return item


def _read(value: object, row: int) -> str:
    """The id that a label stands for."""
    if isinstance(value, (bool, Enum)):
        raise _wrong_type(value, row)
    if isinstance(value, str):
        if not value.strip():
            raise _wrong_value(
                value, row, "is blank", "Give the cluster a name, or use None for not clustered"
            )
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise _wrong_value(
                value, row, "is no valid text", "Replace the characters that UTF-8 cannot hold"
            ) from error
        return str(value)
    if not isinstance(value, (int, float)):
        raise _wrong_type(value, row)
    if value in (float("inf"), float("-inf")) or value != int(value):
        raise _wrong_value(
            value, row, "is not a whole number", "Use whole numbers, or text for ids of your own"
        )
    number = int(value)
    if number < NOISE:
        raise _wrong_value(
            value,
            row,
            "is negative",
            "Use 0 or more for clusters, -1 for noise and None for not clustered",
        )
    if number > _LARGEST:
        raise _wrong_value(value, row, "is too large", f"Use numbers up to {_LARGEST}, or text")
    return OUTLIER if number == NOISE else cluster_id(number)


def _short(value: object) -> str:
    """The repr of a label, cut to what a message can carry."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:28]}...{text[-28:]}"


def _wrong_value(value: object, row: int, what: str, advice: str) -> InvalidInputError:
    return InvalidInputError(f"Label {_short(value)} at index {row} {what}. {advice}.")


def _wrong_type(value: object, row: int) -> InvalidInputError:
    return InvalidInputError(
        f"Label {_short(value)} at index {row} is of type {type(value).__name__}. "
        "Labels are whole numbers, text, or None for not clustered: turn it into text first."
    )


def _two_spellings(
    name: str, value: object, row: int, other: object, other_row: int
) -> InvalidInputError:
    meaning = "both mean noise" if name == OUTLIER else "are the same cluster id"
    return InvalidInputError(
        f"Labels {_short(value)} at index {row} and {_short(other)} at index {other_row} "
        f"{meaning}. Write all labels as numbers, or all as text."
    )
