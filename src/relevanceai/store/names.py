"""Names that people give, turned into names that files, URLs and Lance columns can bear."""

import hashlib
import re
import unicodedata
from urllib.parse import quote, unquote

from relevanceai.errors import InvalidInputError

MAX_NAME_LENGTH = 1000
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])")
_PLAIN_COLUMN = re.compile(r"(?!_label_|_row|_score$|_distance$)[A-Za-z0-9_]{1,200}")


def checked_name(name: object, what: str) -> str:
    """Return a name that is safe to keep and to print, composed (NFC), or say why it is not.

    Parameters
    ----------
    name : what the user gave.
    what : what it names, for the message: "dataset", "alias".

    Raises
    ------
    InvalidInputError : no text, empty or blank, longer than 1,000 characters, or holding control
        characters or halves of surrogate pairs, which no file and no terminal can show.
    """
    some = f"An {what}" if what[0] in "aeiou" else f"A {what}"
    if not isinstance(name, str):
        raise InvalidInputError(
            f"{some} name must be text, but got {type(name).__name__}: {name!r:.80}."
        )
    composed = unicodedata.normalize("NFC", name)
    if not composed.strip():
        raise InvalidInputError(f"{some} name must not be empty or blank, but got {name!r:.80}.")
    if len(composed) > MAX_NAME_LENGTH:
        raise InvalidInputError(
            f"{some} name may have {MAX_NAME_LENGTH:,} characters, but got {len(composed):,}. "
            "Pass a shorter one."
        )
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in composed):
        raise InvalidInputError(
            f"The {what} name {name!r:.80} holds a control character. Pass it without."
        )
    return composed


def slug(name: str) -> str:
    """Return the file- and URL-safe form of a name; the same name always gives the same slug.

    A plain name (lower-case ASCII letters, digits, `_`, `-`, up to 64) is its own slug. Any other
    becomes what is plain of it, `~` and twenty hexadecimal digits of its SHA-256, so that two names
    never share a slug and none of them means anything to a file system.

    Examples
    --------
    >>> slug("main-cluster")
    'main-cluster'
    >>> slug("../Ecommerce")
    'ecommerce~dec055e71937d68188db'
    """
    if _PLAIN.fullmatch(name) and not _RESERVED.fullmatch(name):
        return name
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    digest = hashlib.sha256(name.encode("utf-8")).hexdigest()[:20]
    return f"{plain or 'x'}~{digest}"


def column_of(field: str) -> str:
    """Return the Lance column that keeps a field; plain names are their own.

    Lance refuses dots and a few reserved names at the top level and cannot read an empty one back,
    so whatever is not plain is percent-encoded.

    Examples
    --------
    >>> column_of("product_title"), column_of("a.b"), column_of("")
    ('product_title', 'a%2Eb', '%')
    """
    if _PLAIN_COLUMN.fullmatch(field):
        return field
    if not field:
        return "%"
    first = f"%{ord(field[0]):02X}" if field[0] == "_" else ""
    rest = field[1:] if first else field
    return first + quote(rest, safe="_").replace(".", "%2E").replace("-", "%2D").replace("~", "%7E")


def field_of(column: str) -> str:
    """Return the field that a column keeps: the inverse of `column_of`, whatever its generation.

    Examples
    --------
    >>> field_of("a%2Eb"), field_of("price~2"), field_of("%")
    ('a.b', 'price', '')
    """
    encoded = column.partition("~")[0]
    return "" if encoded == "%" else unquote(encoded)
