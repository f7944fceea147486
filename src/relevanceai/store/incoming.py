"""Incoming documents: checked, gathered field by field, and settled into one Arrow table."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Literal

import numpy as np
import pyarrow as pa

from relevanceai.errors import DuplicateIdError, InvalidInputError, listed
from relevanceai.store.columns import (
    Field,
    kind_of,
    normalised,
    to_arrow,
)
from relevanceai.store.labels import LABEL_ROOT, SEARCH_SCORE
from relevanceai.store.names import column_of
from relevanceai.store.vector_columns import vector_column, vector_problems

VECTOR_SUFFIX = "_vector_"
_AS_THEY_ARE = (float, bool)
DERIVED_FIELDS = (LABEL_ROOT, SEARCH_SCORE)


@dataclass(slots=True)
class Incoming:
    """Documents turned on their side: one list of values per field, aligned with `ids`.

    Values are normalised, those of the vector fields named in `vectors` as they came; None stands
    for missing. `brought` tells, by field, which documents have the field at all, be it as None.
    `failed` tells why a document was not taken, `mixed` which fields turned out to hold several
    kinds and are kept as JSON for that. `made_at` tells the number of a document whose `_id` was
    made: it is known by that where it fails.
    """

    ids: list[str] = field(default_factory=list)
    values: dict[str, list[object]] = field(default_factory=dict)
    brought: dict[str, set[int]] = field(default_factory=dict)
    vectors: set[str] = field(default_factory=set)
    made_ids: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    mixed: set[str] = field(default_factory=set)
    made_at: dict[str, int] = field(default_factory=dict)

    def leave_out(self, problems: Mapping[int, str]) -> None:
        """Take documents out, by row, and remember why."""
        if not problems:
            return
        kept = [row for row in range(len(self.ids)) if row not in problems]
        place = {row: new for new, row in enumerate(kept)}
        for row, why in sorted(problems.items()):
            name = self.ids[row]
            self.failed[f"#{self.made_at[name]}" if name in self.made_at else name] = why
        self.values = {name: [values[row] for row in kept] for name, values in self.values.items()}
        self.brought = {
            name: {place[row] for row in rows if row in place}
            for name, rows in self.brought.items()
        }
        gone = {self.ids[row] for row in problems}
        self.made_ids = tuple(one for one in self.made_ids if one not in gone)
        self.ids = [self.ids[row] for row in kept]


def is_derived(name: object) -> bool:
    """Tell whether a field is one that the dataset works out itself: labels, or a search's score.

    Examples
    --------
    >>> is_derived("_cluster_.look_vector_.main"), is_derived("_cluster")
    (True, False)
    """
    return name in DERIVED_FIELDS or (isinstance(name, str) and name.startswith(f"{LABEL_ROOT}."))


def is_vector_name(name: str) -> bool:
    """Tell whether a field is a vector field by its name.

    Examples
    --------
    >>> is_vector_name("product_image_clip_vector_"), is_vector_name("vector")
    (True, False)
    """
    return name.endswith(VECTOR_SUFFIX)


def gathered(
    documents: Iterable[Mapping[str, object]],
    *,
    keep_last: bool,
    on_error: Literal["raise", "skip"] = "raise",
    vector_fields: Iterable[str] = (),
    first: int = 0,
) -> Incoming:
    """Check documents and gather them by field.

    Parameters
    ----------
    documents : dicts; `_id` is made (a random UUID) where it is missing or None.
    keep_last : of two documents with one `_id`, keep the later (else it is an error).
    on_error : "raise", or "skip" documents that cannot be kept and remember why.
    vector_fields : fields that hold vectors though their names do not say so. So does a field
        whose values are all one-dimensional float arrays of one width.
    first : the number of the first document in its call, for messages.

    Raises
    ------
    InvalidInputError : not dicts, a field name that is not text, a value that cannot be kept.
    DuplicateIdError : an `_id` twice, unless `keep_last`.
    """
    documents = checked_form(documents)
    incoming = Incoming()
    by_id, twice = _by_id(documents, incoming, keep_last=keep_last, on_error=on_error, first=first)
    if twice and not keep_last and on_error == "raise":
        raise DuplicateIdError(
            f"{len(twice):,} `_id` stand more than once in this call: "
            f"{listed(twice, limit=5)}. Give each document its own, or use upsert_documents, "
            "which keeps the last."
        )
    incoming.ids = list(by_id)
    named = frozenset(vector_fields)
    ignored: dict[str, None] = {}
    problems: dict[int, str] = {}
    places: dict[str, tuple[list[object], set[int], bool]] = {}
    for row, (document_id, document) in enumerate(by_id.items()):
        try:
            for name, value in document.items():
                place = places.get(name)
                if place is None:
                    if name == "_id":
                        continue
                    if is_derived(name):
                        ignored[name] = None
                        continue
                    _check_field_name(name, document_id)
                    is_vector = name in named or is_vector_name(name)
                    place = places[name] = ([None] * len(by_id), set(), is_vector)
                    incoming.values[name], incoming.brought[name], _ = place
                values, rows, is_vector = place
                if type(value) in _AS_THEY_ARE or (
                    type(value) is str and not is_vector and value.isascii()
                ):  # as nearly all are: no call for each
                    values[row] = value
                else:
                    values[row] = _value(name, value, document_id, is_vector=is_vector)
                rows.add(row)
        except InvalidInputError as error:
            if on_error == "raise":
                raise
            problems[row] = str(error)
    incoming.leave_out(problems)
    incoming.ignored = tuple(ignored)
    for name, values in incoming.values.items():
        if name in named or is_vector_name(name) or _are_arrays(values):
            incoming.vectors.add(name)
        else:
            values[:] = [
                normalised(value) if isinstance(value, np.ndarray) else value for value in values
            ]
    return incoming


def checked_form(documents: Iterable[Mapping[str, object]]) -> Iterable[Mapping[str, object]]:
    """Return documents that come as several dicts, or raise InvalidInputError."""
    if hasattr(documents, "iloc"):
        raise InvalidInputError(
            "Documents come as a list of dicts, but got a DataFrame. Pass it to "
            "insert_pandas_dataframe or upsert_pandas_dataframe."
        )
    if isinstance(documents, Mapping | str | bytes):
        raise InvalidInputError(
            f"Documents come as a list of dicts, but got one {type(documents).__name__}. "
            "Pass [document]."
        )
    return documents


def _by_id(
    documents: Iterable[Mapping[str, object]],
    incoming: Incoming,
    *,
    keep_last: bool,
    on_error: Literal["raise", "skip"],
    first: int,
) -> tuple[dict[str, Mapping[str, object]], dict[str, None]]:
    """Return the documents by `_id`, made where there is none, and the ids that came twice."""
    by_id: dict[str, Mapping[str, object]] = {}
    twice: dict[str, None] = {}
    made: list[str] = []
    for position, document in enumerate(documents, first):
        try:
            if not isinstance(document, Mapping):
                raise InvalidInputError(
                    f"Documents come as dicts, but number {position:,} is "
                    f"{type(document).__name__}: {document!r:.60}."
                )
            document_id = _document_id(document.get("_id"), position)
        except InvalidInputError as error:
            if on_error == "raise":
                raise
            incoming.failed[f"#{position}"] = str(error)
            continue
        if document_id is None:
            document_id = str(uuid.uuid4())
            made.append(document_id)
            incoming.made_at[document_id] = position
        if document_id in by_id:
            twice[document_id] = None
            if not keep_last:
                why = "stands more than once in this call; the first was taken"
                incoming.failed[document_id] = why
                continue
            del by_id[document_id]  # the later one also takes the later place
        by_id[document_id] = document
    incoming.made_ids = tuple(made)
    return by_id, twice


def _are_arrays(values: Sequence[object]) -> bool:
    """Tell whether every value there is is a float array, all of one width."""
    widths = {len(one) if isinstance(one, np.ndarray) else -1 for one in values if one is not None}
    return len(widths) == 1 and widths.pop() > 0


def id_text(value: object) -> str | None:
    """Return an `_id` of any type as text, or None when it is missing.

    Text stays; numbers, bools, dates, decimals and UUIDs are written as Python's `str` does, bytes
    in hexadecimal, lists and dicts as JSON. None, NaN, NaT and NA are missing.

    Raises
    ------
    InvalidInputError : a type that cannot be kept, or empty text; the message begins with a verb.

    Examples
    --------
    >>> id_text(7), id_text(7.0), id_text(True), id_text(b"\\x07"), id_text({"$oid": "5f"})
    ('7', '7.0', 'True', '07', '{"$oid":"5f"}')
    """
    if type(value) is str and value and value.isascii():
        return value
    plain = normalised(value)
    if plain is None or plain != plain:
        return None
    text = plain.hex() if isinstance(plain, bytes) else str(plain)
    if isinstance(plain, list | dict):
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=str)
    if not text:
        raise InvalidInputError("is empty. Pass text or a number, or leave it out to have one made")
    return text


def _document_id(value: object, position: int) -> str | None:
    try:
        return id_text(value)
    except InvalidInputError as error:
        raise InvalidInputError(f"The `_id` of document number {position:,} {error}.") from error


def _check_field_name(name: object, document_id: str) -> None:
    if not isinstance(name, str):
        raise InvalidInputError(
            f"A field of document {document_id!r} is named {name!r:.60} "
            f"({type(name).__name__}). Field names are text."
        )
    try:
        normalised(name)
    except InvalidInputError as error:
        raise InvalidInputError(
            f"The name of a field of document {document_id!r} {error}."
        ) from error


def _value(name: str, value: object, document_id: str, *, is_vector: bool) -> object:
    if is_vector:
        return None if value is None or value is np.nan else value
    if isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind == "f":
        return value  # a vector by its type, if all of its field are
    try:
        return normalised(value)
    except InvalidInputError as error:
        raise InvalidInputError(f"{name!r} of document {document_id!r} {error}.") from error


def settled(
    incoming: Incoming,
    kept: Sequence[Field],
    kept_values: Callable[[Field], Sequence[object]],
) -> tuple[pa.Table, dict[str, Field]]:
    """Return the documents as an Arrow table, and the kept fields that must change their kind.

    Parameters
    ----------
    incoming : the documents.
    kept : the fields that the dataset has already.
    kept_values : reads all values of a kept field; called only where new values do not fit its
        kind, so that the kind that holds both can be found.

    Returns
    -------
    The table, `_id` first, one column per field that has a value; and, by field name, the new
    form of each kept field whose column has to be rewritten.
    """
    by_name = {one.name: one for one in kept}
    columns: list[tuple[Field, pa.Array]] = [
        (Field("_id", "_id", "text"), pa.array(incoming.ids, pa.string()))
    ]
    rewritten: dict[str, Field] = {}
    for name, values in incoming.values.items():
        known = by_name.get(name)
        if name in incoming.vectors:
            made = vector_column(values)
            if made is not None:
                columns.append((known or Field(name, column_of(name), "vector", made[1]), made[0]))
            continue
        kind: str | None = kind_of(values)
        if kind is None:
            continue
        if kind == "json" and any(not isinstance(one, list | dict | NoneType) for one in values):
            incoming.mixed.add(name)
        if known is None:
            known = Field(name, column_of(name), kind)
        elif known.kind not in (kind, "json"):
            kind = kind_of([*kept_values(known), *values]) or kind
            if kind != known.kind:
                known = Field(name, next_generation(known.column), kind)
                rewritten[name] = known
                if kind == "json":
                    incoming.mixed.add(name)
        columns.append((known, to_arrow(values, known.kind)))
    schema = pa.schema([one.arrow() for one, _ in columns])
    return pa.Table.from_arrays([array for _, array in columns], schema=schema), rewritten


def check_vectors(
    incoming: Incoming, kept: Sequence[Field], on_error: Literal["raise", "skip"]
) -> None:
    """Check all vectors against the fields that are kept; `settled` trusts them then.

    Raises
    ------
    InvalidInputError : a vector that cannot be kept, unless `on_error` is "skip": then its document
        is left out; or a field named like a vector that holds something else already.
    """
    by_name = {one.name: one for one in kept}
    problems: dict[int, str] = {}
    for name in sorted(incoming.vectors):
        known = by_name.get(name)
        if known is not None and known.kind != "vector":
            if not is_vector_name(name):  # arrays beside what is kept already: lists like those
                incoming.vectors.discard(name)
                values = incoming.values[name]
                values[:] = [normalised(value) for value in values]
                continue
            raise InvalidInputError(f"{name!r} holds {known.kind}. Bring vectors in another field.")
        width = known.width if known is not None else None
        found = vector_problems(name, incoming.values[name], incoming.ids, width)
        if found and on_error == "raise":
            raise InvalidInputError(found[min(found)])
        problems |= found
    incoming.leave_out(problems)


def make_vectors(name: str) -> str:
    """Return what to do so that a field which is kept as JSON holds vectors."""
    return (
        "To make vectors of them: documents = list(dataset.get_all_documents()), which have their "
        f"`_id`; dataset.drop_field({name!r}); "
        f"dataset.upsert_documents(documents, vector_fields=[{name!r}])."
    )


def next_generation(column: str) -> str:
    """Return the name under which a column is rewritten.

    Examples
    --------
    >>> next_generation("price"), next_generation("price~2")
    ('price~2', 'price~3')
    """
    encoded, _, generation = column.partition("~")
    return f"{encoded}~{int(generation or 1) + 1}"
