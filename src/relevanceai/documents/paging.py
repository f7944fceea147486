"""Pages of documents: what they are sorted by, and the cursors that lead from one to the next."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from relevanceai.errors import InvalidInputError
from relevanceai.store.digest import digest
from relevanceai.store.documents import DocumentStore
from relevanceai.store.ordering import SortKey, first_row_ids
from relevanceai.store.selecting import selected, snapshot_of

Sort: TypeAlias = str | Mapping[str, str] | Sequence[str | Mapping[str, str]] | None
"""A field (rising), `{"price": "desc"}`, or a list of these, the first counting most."""

_CURSOR_FORM = 1


def page_of(
    store: DocumentStore,
    *,
    page_size: int,
    cursor: str | None,
    filters: Sequence[Mapping[str, object]],
    sort: Sort,
    select_fields: Sequence[str] | None,
    include_vector: bool,
) -> dict[str, Any]:
    """Return one page of documents and the cursor of the next; see `Dataset.get_documents`."""
    keys = sort_keys(sort)
    asked = digest([filters, [[key.field, key.is_falling] for key in keys]])
    start = 0
    if cursor is not None:
        revision, start = _read_cursor(cursor, asked, store.name)
        older = snapshot_of(store, revision)
        if older is None:
            raise InvalidInputError(
                "The cursor is of another dataset, or of a version of dataset "
                f"{store.name!r} that is no longer there. Ask for the first page again."
            )
        store = older
    rows = selected(store, filters)
    stop = min(start + page_size, rows.count)
    if keys:
        row_ids = first_row_ids(rows, keys, stop)[start:]
    else:
        row_ids = rows.page_row_ids(start, page_size)
    documents = rows.store.read(
        row_ids.tolist(), select_fields=select_fields, include_vector=include_vector
    )
    following = _cursor(rows.store.revision(), stop, asked) if stop < rows.count else None
    return {"documents": list(documents), "cursor": following, "count": rows.count}


def sort_keys(sort: object) -> list[SortKey]:
    """Return what `sort=` asks for, or raise InvalidInputError."""
    if sort is None:
        return []
    entries = [sort] if isinstance(sort, str | Mapping) else sort
    keys: list[SortKey] = []
    for entry in entries if isinstance(entries, Iterable) else [entries]:
        pairs: list[tuple[Any, Any]] = [(entry, "asc")] if isinstance(entry, str) else []
        if isinstance(entry, Mapping):
            pairs = list(entry.items())
        for field, order in pairs or [(None, None)]:
            if not isinstance(field, str) or order not in ("asc", "desc"):
                raise InvalidInputError(
                    "sort takes a field, {'field': 'asc' | 'desc'} or a list of these, but got "
                    f"{sort!r:.80}."
                )
            keys.append(SortKey(field, order == "desc"))
    return keys


def _cursor(revision: str, position: int, asked: str) -> str:
    content = json.dumps([_CURSOR_FORM, revision, position, asked]).encode()
    sealed = hashlib.sha256(content).digest()[:6] + content
    return base64.urlsafe_b64encode(sealed).decode("ascii").rstrip("=")


def _read_cursor(cursor: object, asked: str, dataset: str) -> tuple[str, int]:
    content = b""
    if isinstance(cursor, str):
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            sealed = base64.b64decode(padded, altchars=b"-_", validate=True)
            if hashlib.sha256(sealed[6:]).digest()[:6] == sealed[:6]:
                content = sealed[6:]
        except (UnicodeEncodeError, binascii.Error):
            content = b""
    if not content:
        raise InvalidInputError(
            f"This is no cursor: {cursor!r:.60}. Pass the 'cursor' of the page before, as it is, "
            "or None for the first page."
        )
    form, revision, position, was_asked = json.loads(content)
    if form != _CURSOR_FORM:
        raise InvalidInputError(
            "The cursor is of another version of the package. Ask for the first page again."
        )
    if was_asked != asked:
        raise InvalidInputError(
            f"The cursor belongs to other filters or another sort of dataset {dataset!r}. Pass "
            "those of the first page, or None as cursor for a first page of these."
        )
    return str(revision), int(position)
