"""Columns: Python values of one field settled into one Arrow array, and read back as they were."""

import base64
import datetime as dt
import json
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import NoneType
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from relevanceai.errors import InvalidInputError

Kind = Literal["text", "integer", "number", "bool", "date", "local_date", "day", "bytes", "json"]

_INT64 = range(-(2**63), 2**63)
EXACT_IN_FLOAT = 2**53
KIND_KEY = b"relevanceai.kind"
WIDTH_KEY = b"relevanceai.width"  # of vectors whose type does not tell it
MAX_DEPTH = 100
LARGEST = 10**4000  # Python itself refuses to read back many more digits

_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.timestamp("us", tz="UTC"),
    "local_date": pa.timestamp("us"),
    "day": pa.date32(),
    "bytes": pa.binary(),
    "json": pa.string(),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a dataset: its name, the Lance column that keeps it, and what it holds.

    `kind` is a `Kind` or "vector"; `width` is the number of dimensions of a vector, else 0.
    """

    name: str
    column: str
    kind: str
    width: int = 0

    def arrow(self) -> pa.Field:
        """Return the Arrow field, which carries the kind in its metadata."""
        held = pa.list_(pa.float32(), self.width) if self.kind == "vector" else _TYPES[self.kind]
        return pa.field(self.column, held, metadata={KIND_KEY: self.kind.encode()})


_ALWAYS_KEPT = (float, bool)


def normalised(value: object, depth: int = 0) -> object:
    """Return a value as the store keeps it: plain Python, None for every kind of missing.

    numpy scalars become Python's, enums their value, UUIDs and paths text, pandas NA and NaT None,
    tuples and arrays lists, datetimes with a zone UTC.

    Raises
    ------
    InvalidInputError : a type that cannot be kept exactly; the message names it.
    """
    if type(value) in _ALWAYS_KEPT or (type(value) is str and value.isascii()):
        return value
    if value is None or value is np.ma.masked or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if depth > MAX_DEPTH:
        raise InvalidInputError(f"is nested more than {MAX_DEPTH} deep")
    if isinstance(value, Enum):
        return normalised(value.value, depth + 1)
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            return None
        micro = value.astype("datetime64[us]")
        if micro.astype(value.dtype) != value:
            raise InvalidInputError(f"holds {value}, which is not exact to the microsecond")
        moment = micro.item()
        if not isinstance(moment, dt.datetime):
            raise InvalidInputError(f"holds {value}, beyond the years 1 to 9999")
        return moment
    if isinstance(value, np.timedelta64):
        return None if np.isnat(value) else _span(value)
    if isinstance(value, np.longdouble):
        if np.isfinite(value) and np.longdouble(float(value)) != value:
            raise InvalidInputError(f"holds {value!r}, which is not exact in float64")
        return float(value)
    if isinstance(value, np.generic) and not isinstance(value.item(), np.generic):
        return normalised(value.item(), depth + 1)
    if isinstance(value, str):
        return _checked_text(str(value))
    if isinstance(value, int) and abs(value) >= LARGEST:
        raise InvalidInputError("holds an integer of more than 4,000 digits")
    if isinstance(value, Decimal) and value.is_snan():
        raise InvalidInputError("holds a signalling NaN")
    if isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, dt.datetime):
        if getattr(value, "nanosecond", 0):
            raise InvalidInputError("holds nanoseconds, but dates are kept to the microsecond")
        plain = value.to_pydatetime() if hasattr(value, "to_pydatetime") else value
        try:
            return plain if plain.tzinfo is None else plain.astimezone(dt.UTC)
        except OverflowError as error:
            raise InvalidInputError(f"holds {plain}, which is before the year 1 in UTC") from error
    if isinstance(value, dt.date):
        return value
    if isinstance(value, dt.timedelta):
        if getattr(value, "nanoseconds", 0):
            raise InvalidInputError("holds nanoseconds, but spans are kept to the microsecond")
        return dt.timedelta(value.days, value.seconds, value.microseconds)
    if isinstance(value, dt.time):
        if value.tzinfo is not None and value.utcoffset() is None:
            raise InvalidInputError(f"holds {value!r:.80}, whose zone tells nothing without a day")
        return dt.time.fromisoformat(value.isoformat())
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, uuid.UUID | PurePath):
        return str(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return normalised(value.item(), depth + 1)
    if isinstance(value, np.ndarray | list | tuple):
        return [normalised(item, depth + 1) for item in value]
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise InvalidInputError(f"holds a dict with a key that is not text: {key!r:.80}")
        return {_checked_text(key): normalised(item, depth + 1) for key, item in value.items()}
    raise InvalidInputError(
        f"holds a {type(value).__name__}, which cannot be kept; turn it into text, a number, "
        "a date, bytes, a list or a dict"
    )


def _span(value: "np.timedelta64[Any]") -> dt.timedelta:
    if np.datetime_data(value.dtype)[0] in ("Y", "M", "generic"):
        raise InvalidInputError(f"holds {value!r}, which has no fixed length; turn it into days")
    micro = value.astype("timedelta64[us]")
    span = micro.item()
    if micro.astype(value.dtype) != value or not isinstance(span, dt.timedelta):
        raise InvalidInputError(f"holds {value!r}, which is not exact to the microsecond")
    return span


def _checked_text(text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"holds text that is not valid Unicode (half of a surrogate pair): {text!r:.80}"
        ) from error
    return text


_SIMPLE: dict[type, Kind] = {
    str: "text",
    float: "number",
    bool: "bool",
    dt.date: "day",
    bytes: "bytes",
}  # types whose values are all of one kind


def kind_of(values: Sequence[object]) -> Kind | None:
    """Return the one kind that holds all these normalised values, or None when all are missing.

    Whole numbers beside fractions are numbers, as long as each is exact in float64. Whatever does
    not share a kind (text beside numbers, say), and whatever has none of its own (lists, dicts,
    decimals, times, spans, integers beyond 64 bits), is kept as JSON text, from which it comes
    back as it was.
    """
    types = set(map(type, values)) - {NoneType}
    if types <= _SIMPLE.keys():
        kinds = {_SIMPLE[one] for one in types}
    else:
        kinds = {_kind(value) for value in values if value is not None}
    if not kinds:
        return None
    if kinds == {"integer", "number"}:
        whole = (value for value in values if isinstance(value, int))
        exact = all(abs(value) <= EXACT_IN_FLOAT for value in whole)
        return "number" if exact else "json"
    return kinds.pop() if len(kinds) == 1 else "json"


def _kind(value: object) -> Kind:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "integer" if int(value) in _INT64 else "json"
    if isinstance(value, dt.datetime):
        return "local_date" if value.tzinfo is None else "date"
    return _SIMPLE.get(type(value), "json")


def to_arrow(values: Sequence[object], kind: str) -> pa.Array:
    """Return normalised values of one kind as an Arrow array of that kind's type."""
    if kind == "json":
        texts = [None if value is None else to_json(value) for value in values]
        return pa.array(texts, type=pa.string())
    if kind == "number":
        values = [float(value) if isinstance(value, int) else value for value in values]
    return pa.array(values, type=_TYPES[kind], from_pandas=False)


def from_arrow(array: pa.Array | pa.ChunkedArray, field: Field) -> list[object]:
    """Return the values of a column as Python values, None where there is none."""
    if field.kind == "vector":
        matrix, valid = vectors_of(array)
        rows = matrix.tolist()
        return [row if held else None for row, held in zip(rows, valid, strict=True)]
    values: list[object] = array.to_pylist()
    if field.kind == "json":
        return [None if text is None else from_json(str(text)) for text in values]
    if field.kind == "date":
        moments = (value if isinstance(value, dt.datetime) else None for value in values)
        return [None if moment is None else moment.replace(tzinfo=dt.UTC) for moment in moments]
    return values


def vectors_of(
    array: pa.Array | pa.ChunkedArray,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return a vector column as float32 (n_rows, n_dims) and the mask of rows that have one.

    The values of missing rows are undefined. `flatten()` would drop them and misalign the rest, so
    the child array is cut by hand.
    """
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    width = array.type.list_size
    parts = []
    for chunk in chunks:
        start = chunk.offset * width
        values = chunk.values.slice(start, len(chunk) * width)
        parts.append(values.to_numpy(zero_copy_only=False).reshape(len(chunk), width))
    matrix = np.concatenate(parts) if parts else np.empty((0, width), np.float32)
    valid = np.asarray(array.is_valid()).astype(bool)
    return np.ascontiguousarray(matrix, dtype=np.float32), valid


def to_json(value: object) -> str:
    """Return the JSON text under which a normalised value is kept."""
    return json.dumps(_tagged(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _tagged(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, dt.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, dt.date):
        return {"$day": value.isoformat()}
    if isinstance(value, dt.time):
        return {"$time": value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {"$microseconds": value // dt.timedelta(microseconds=1)}
    if isinstance(value, list):
        return [_tagged(item) for item in value]
    if isinstance(value, dict):
        tagged = {key: _tagged(item) for key, item in value.items()}
        looks_tagged = len(tagged) == 1 and next(iter(tagged)).startswith("$")
        return {"$dict": tagged} if looks_tagged else tagged
    return value


def from_json(text: str) -> object:
    """Return the value that a JSON text of the store keeps."""
    return _untagged(json.loads(text))


def _untagged(value: object) -> object:
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (tag, held) = next(iter(value.items()))
        match tag:
            case "$float":
                return float(held)
            case "$bytes":
                return base64.b64decode(held)
            case "$decimal":
                return Decimal(held)
            case "$datetime":
                return dt.datetime.fromisoformat(held)
            case "$day":
                return dt.date.fromisoformat(held)
            case "$time":
                return dt.time.fromisoformat(held)
            case "$microseconds":
                return dt.timedelta(microseconds=held)
            case "$dict":
                return {key: _untagged(item) for key, item in held.items()}
    return {key: _untagged(item) for key, item in value.items()}
