"""Digest: what was asked, filters say, as a short text that is the same in every process."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from relevanceai.errors import InvalidInputError


def digest(asked: object) -> str:
    """Return a text that two questions share only when they are the same.

    Each level is a digest of its own: text of JSON within text would double with every level.

    Raises
    ------
    InvalidInputError : lists within lists deeper than Python follows.
    """
    try:
        text = json.dumps(_canonical(asked))
    except RecursionError as error:
        raise InvalidInputError("Lists or dicts stand within each other too deep.") from error
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def _canonical(value: object) -> object:
    """Return a value as JSON can tell it from any other, the same in every process."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return [
            "dict",
            sorted((str(key), digest(item)) for key, item in value.items()),
        ]
    if isinstance(value, set | frozenset):
        return ["set", sorted(digest(item) for item in value)]
    if isinstance(value, list | tuple | Sequence) and not isinstance(value, str | bytes):
        return [_canonical(item) for item in value]
    if value is None or isinstance(value, str):
        return value
    return [type(value).__name__, repr(value)]
