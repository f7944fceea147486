"""Vectors as they come with documents: checked one by one, and put into one column of float32."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError, counted


def vector_problems(
    name: str, values: Sequence[object], ids: Sequence[str], width: int | None
) -> dict[int, str]:
    """Return what is wrong with single vectors of one field, by row.

    Parameters
    ----------
    name : the field, for messages.
    values : a list, tuple or array of numbers per document; None where there is none.
    ids : the `_id` of each document, for messages.
    width : the width that the dataset keeps already, or None: the first vector's.
    """
    problems: dict[int, str] = {}
    if _are_plain(values, width):
        return problems
    first: int | None = None
    wanted = width
    for index, value in enumerate(values):
        if value is None:
            continue
        try:
            row = _row(name, value, ids[index])
        except InvalidInputError as error:
            problems[index] = str(error)
            continue
        if not len(row):
            problems[index] = (
                f"{name!r} of document {ids[index]!r} is empty. Leave the field out instead."
            )
            continue
        if wanted is None:
            first, wanted = index, len(row)
        if len(row) != wanted:
            kept = "the dataset" if first is None else f"document {ids[first]!r}"
            problems[index] = (
                f"{name!r} of document {ids[index]!r} has {counted(len(row), 'dimension')}, but that of "
                f"{kept} has {wanted:,}. Insert vectors of one width, or use another field."
            )
            continue
        with np.errstate(over="ignore"):
            finite = bool(np.isfinite(row.astype(np.float32)).all())
        if not finite:
            problems[index] = (
                f"{name!r} of document {ids[index]!r} holds NaN, infinity or a number beyond "
                "float32. Leave the field out, or clean the vector."
            )
    return problems


def _are_plain(values: Sequence[object], width: int | None) -> bool:
    """Tell at once that nothing is wrong, as is usual: lists of numbers, of one width, finite."""
    lists = [one for one in values if one is not None]
    widths = {len(one) if type(one) is list and one else 0 for one in lists}
    if len(widths) != 1 or 0 in widths or width not in (None, *widths):
        return False
    if any(type(number) not in (float, int) for one in lists for number in one[:1]):  # type: ignore[index]
        return False  # a list of bools, which the rest would hide
    try:
        matrix = np.array(lists)
    except (ValueError, OverflowError):
        return False
    if matrix.ndim != 2 or matrix.dtype.kind not in "fi":
        return False
    with np.errstate(over="ignore"):
        return bool(np.isfinite(matrix.astype(np.float32)).all())


def vector_column(values: Sequence[object]) -> tuple[pa.Array, int] | None:
    """Return vectors without problems as one Arrow fixed-size list of float32, and their width.

    Returns None when no document has a vector.
    """
    here = [index for index, value in enumerate(values) if value is not None]
    if not here:
        return None
    matrix = _plain_matrix([values[index] for index in here])
    if matrix is None:
        matrix = np.stack([np.asarray(values[index]).astype(np.float32) for index in here])
    width = matrix.shape[1]
    valid = np.zeros(len(values), bool)
    valid[here] = True
    filled = np.zeros((len(values), width), np.float32)
    filled[here] = matrix
    mask = None if valid.all() else pa.array(~valid)
    return pa.FixedSizeListArray.from_arrays(pa.array(filled.ravel()), width, mask=mask), width


def _plain_matrix(values: Sequence[object]) -> NDArray[np.float32] | None:
    """Return lists of floats as a matrix at once; None where any may be something else."""
    if any(type(one) is not list or type(one[0]) is not float for one in values):
        return None
    with np.errstate(over="ignore"):
        return np.array(values, np.float32)


def _row(name: str, value: object, document_id: str) -> NDArray[np.generic]:
    ragged = False
    row: NDArray[np.generic] = np.empty(0)
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise InvalidInputError(
            f"{name!r} of document {document_id!r} has masked numbers. Fill them, or leave the "
            "field out."
        )
    try:
        row = np.asarray(value)
    except ValueError:
        ragged = True
    if not ragged and row.size == 0 and row.ndim == 1:
        return row
    if ragged or row.ndim != 1 or row.dtype.kind not in "fiu":
        is_list_as_text = isinstance(value, str) and value.lstrip().startswith("[")
        way = (
            "Turn the text into lists (json.loads)"
            if is_list_as_text
            else "Insert a list of numbers"
        )
        raise InvalidInputError(
            f"{name!r} of document {document_id!r} is not a flat list of numbers "
            f"(a name that ends in '_vector_' is a vector field), but {type(value).__name__}: "
            f"{value!r:.60}. {way}, or rename the field."
        )
    return row
