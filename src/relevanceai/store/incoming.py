"""Incoming documents: checked, gathered field by field, and settled into one Arrow table."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from relevanceai.errors import DuplicateIdError, InvalidInputError, listed
from relevanceai.store.columns import Field, kind_of, normalised, to_arrow, vector_column
from relevanceai.store.labels import LABEL_ROOT, SEARCH_SCORE
from relevanceai.store.names import column_of

VECTOR_SUFFIX = "_vector_"
DERIVED_FIELDS = (LABEL_ROOT, SEARCH_SCORE)


@dataclass(slots=True)
class Incoming:
    """Documents turned on their side: one list of values per field, aligned with `ids`.

    Values are normalised, those of vector fields as they came; None stands for missing. `brought`
    tells, by field, which documents have the field at all, be it as None.
    """

    ids: list[str] = field(default_factory=list)
    values: dict[str, list[object]] = field(default_factory=dict)
    brought: dict[str, set[int]] = field(default_factory=dict)
    made_ids: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


def is_vector_name(name: str) -> bool:
    """Tell whether a field is a vector field by its name.

    Examples
    --------
    >>> is_vector_name("product_image_clip_vector_"), is_vector_name("vector")
    (True, False)
    """
    return name.endswith(VECTOR_SUFFIX)


def gathered(documents: Iterable[Mapping[str, object]], *, keep_last: bool) -> Incoming:
    """Check documents and gather them by field.

    Parameters
    ----------
    documents : dicts; `_id` is made (a random UUID) where it is missing or None.
    keep_last : of two documents with one `_id`, keep the later (else it is an error).

    Raises
    ------
    InvalidInputError : not dicts, a field name that is not text, a value that cannot be kept.
    DuplicateIdError : an `_id` twice, unless `keep_last`.
    """
    if isinstance(documents, Mapping | str | bytes):
        raise InvalidInputError(
            f"Documents come as a list of dicts, but got one {type(documents).__name__}. "
            "Pass [document]."
        )
    by_id: dict[str, Mapping[str, object]] = {}
    twice: dict[str, None] = {}
    made: list[str] = []
    ignored: dict[str, None] = {}
    for position, document in enumerate(documents):
        if not isinstance(document, Mapping):
            raise InvalidInputError(
                f"Documents come as dicts, but number {position:,} is "
                f"{type(document).__name__}: {document!r:.60}."
            )
        document_id = _document_id(document.get("_id"), position)
        if document_id is None:
            document_id = str(uuid.uuid4())
            made.append(document_id)
        if document_id in by_id:
            twice[document_id] = None
            del by_id[document_id]  # the later one also takes the later place
        by_id[document_id] = document
    if twice and not keep_last:
        raise DuplicateIdError(
            f"{len(twice):,} `_id` stand more than once in this call: "
            f"{listed(twice, limit=5)}. Give each document its own, or use upsert_documents, "
            "which keeps the last."
        )
    incoming = Incoming(ids=list(by_id), made_ids=tuple(made))
    for row, (document_id, document) in enumerate(by_id.items()):
        for name, value in document.items():
            if name == "_id":
                continue
            if name in DERIVED_FIELDS:
                ignored[name] = None
                continue
            if name not in incoming.values:
                _check_field_name(name, document_id)
                incoming.values[name] = [None] * len(by_id)
            incoming.values[name][row] = _value(name, value, document_id)
            incoming.brought.setdefault(name, set()).add(row)
    incoming.ignored = tuple(ignored)
    return incoming


def _document_id(value: object, position: int) -> str | None:
    try:
        plain = normalised(value)
    except InvalidInputError as error:
        raise InvalidInputError(f"The `_id` of document number {position:,} {error}.") from error
    if plain is None or plain != plain:  # missing, or pandas' NaN
        return None
    if isinstance(plain, list | dict | bytes) or not str(plain):
        raise InvalidInputError(
            f"The `_id` of document number {position:,} is {value!r:.60}. "
            "Pass text or a number, or leave it out to have one made."
        )
    return str(plain)


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


def _value(name: str, value: object, document_id: str) -> object:
    if is_vector_name(name):
        return None if value is None or value is np.nan else value
    try:
        return normalised(value)
    except InvalidInputError as error:
        raise InvalidInputError(f"{name!r} of document {document_id!r} {error}.") from error


def settled(
    incoming: Incoming, kept: Sequence[Field], kept_values: Callable[[Field], Sequence[object]]
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
        if is_vector_name(name):
            made = vector_column(name, values, incoming.ids, known.width if known else None)
            if made is not None:
                columns.append((known or Field(name, column_of(name), "vector", made[1]), made[0]))
            continue
        kind: str | None = kind_of(values)
        if kind is None:
            continue
        if known is None:
            known = Field(name, column_of(name), kind)
        elif known.kind not in (kind, "json"):
            kind = kind_of([*kept_values(known), *values]) or kind
            if kind != known.kind:
                known = Field(name, next_generation(known.column), kind)
                rewritten[name] = known
        columns.append((known, to_arrow(values, known.kind)))
    schema = pa.schema([one.arrow() for one, _ in columns])
    return pa.Table.from_arrays([array for _, array in columns], schema=schema), rewritten


def next_generation(column: str) -> str:
    """Return the name under which a column is rewritten.

    Examples
    --------
    >>> next_generation("price"), next_generation("price~2")
    ('price~2', 'price~3')
    """
    encoded, _, generation = column.partition("~")
    return f"{encoded}~{int(generation or 1) + 1}"
