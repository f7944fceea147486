"""show_json: documents as an HTML table with pictures, for notebooks."""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.pictures import kind_of_value, picture_fields, thumbnail_uri

MAX_TEXT = 300


def printable(text: str) -> str:
    """Return text that steers no terminal: what would is a middle dot.

    That is control characters, line breaks among them, those that turn the direction of writing,
    and lone surrogates, which cannot be written. Joiners, which emoji and some scripts need, stay.

    Examples
    --------
    >>> printable("boots\\x1b[2J")
    'boots·[2J'
    """
    return "".join("·" if _steers(letter) else letter for letter in text)


def _steers(letter: str) -> bool:
    turns = letter in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return turns or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


class DocumentTable:
    """Documents as a table: HTML in a notebook, plain text elsewhere.

    Parameters
    ----------
    documents : one dict a row.
    columns : the fields to show, in order.
    image_fields : those of them whose values are shown as pictures, `image_width` pixels wide.
    media_folder : where pictures named by path may lie; None for nowhere.

    Texts beyond 300 characters are cut with an ellipsis, here only; the documents are left whole.
    """

    def __init__(
        self,
        documents: Sequence[Mapping[str, object]],
        columns: Sequence[str],
        *,
        image_fields: Sequence[str] = (),
        image_width: int = 60,
        media_folder: Path | None = None,
    ) -> None:
        if isinstance(image_width, bool) or not isinstance(image_width, int) or image_width < 1:
            raise InvalidInputError(
                f"image_width is a whole number of pixels from 1, but got {image_width!r:.60}."
            )
        self.documents = list(documents)
        self.columns = list(columns)
        self._image_fields = frozenset(image_fields)
        self._image_width = image_width
        self._media_folder = media_folder

    @property
    def html(self) -> str:
        """The table as HTML, every text of a document escaped."""
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        rows = []
        for document in self.documents:
            cells = "".join(f"<td>{self._cell(document, name)}</td>" for name in self.columns)
            rows.append(f"<tr>{cells}</tr>")
        body = "\n".join(rows)
        return (
            '<table class="relevanceai-documents" style="border-collapse:collapse">\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
        )

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        lines = [[printable(name) for name in self.columns]]
        for document in self.documents:
            lines.append([printable(_plain(document.get(name))) for name in self.columns])
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        return "\n".join("  ".join(map(str.ljust, cells, widths)).rstrip() for cells in lines)

    def __len__(self) -> int:
        return len(self.documents)

    def _cell(self, document: Mapping[str, object], name: str) -> str:
        value = document.get(name)
        if name in self._image_fields:
            uri = thumbnail_uri(value, 2 * self._image_width, self._media_folder)
            if uri is not None:
                alt = escape(_plain(document.get("_id")))
                return f'<img src="{uri}" width="{self._image_width}" alt="{alt}">'
        if kind_of_value(value) == "link":
            link = escape(str(value), quote=True)
            return (
                f'<a href="{link}" rel="noopener noreferrer nofollow">{escape(_plain(value))}</a>'
            )
        return escape(_plain(value))


def show_json(
    documents: Iterable[Mapping[str, object]],
    image_fields: Sequence[str] | str | None = None,
    text_fields: Sequence[str] | str | None = None,
    *,
    image_width: int = 60,
    media_folder: Path | None = None,
) -> DocumentTable:
    """Return documents as a table that a notebook shows as HTML.

    Parameters
    ----------
    documents : dicts, in a list or as they come.
    image_fields : fields shown as pictures; None finds them.
    text_fields : fields shown as text, after the pictures; None takes all that are left, without
        vectors.
    image_width : the width of a picture in pixels.
    media_folder : where pictures named by path may lie; None for nowhere.

    Raises
    ------
    InvalidInputError : `documents` is no list of dicts, or a field name is no text.
    NotFoundError : a field that none of the documents has.

    Examples
    --------
    >>> table = show_json([{"_id": "1", "title": "<b>boots</b>"}])
    >>> "&lt;b&gt;boots&lt;/b&gt;" in table.html
    True
    """
    documents = _checked(documents)
    image_fields = None if image_fields is None else names_of(image_fields)
    text_fields = None if text_fields is None else names_of(text_fields)
    there = list(dict.fromkeys(name for document in documents for name in document))
    for name in [*(image_fields or ()), *(text_fields or ())]:
        if documents and name not in there:
            raise NotFoundError(
                f"No field {name!r} in these documents. They have: {listed(there, like=name)}."
            )
    pictures = (
        picture_fields(documents, media_folder) if image_fields is None else list(image_fields)
    )
    if text_fields is None:
        text_fields = [
            name for name in there if name not in pictures and not name.endswith("_vector_")
        ]
    return DocumentTable(
        documents,
        [*pictures, *text_fields],
        image_fields=pictures,
        image_width=image_width,
        media_folder=media_folder,
    )


def names_of(fields: Sequence[str] | str | None) -> list[str]:
    """Return field names as a list, each once; one text is one name.

    Examples
    --------
    >>> names_of("title"), names_of(("title", "price", "title")), names_of(None)
    (['title'], ['title', 'price'], [])
    """
    if fields is not None and not isinstance(fields, Iterable):
        raise InvalidInputError(f"Fields come as a list of their names, but got {fields!r:.60}.")
    names = [fields] if isinstance(fields, str) else list(fields or ())
    _check_names(names)
    return list(dict.fromkeys(names))


def _checked(documents: object) -> list[Mapping[str, object]]:
    wrong = "Documents come as a list of dicts. Pass [document] for one."
    if isinstance(documents, Mapping | str | bytes) or not isinstance(documents, Iterable):
        raise InvalidInputError(wrong)
    found = list(documents)
    if not all(isinstance(document, Mapping) for document in found):
        raise InvalidInputError(wrong)
    _check_names(name for document in found for name in document)
    return found


def _check_names(names: Iterable[object]) -> None:
    for name in names:
        if not isinstance(name, str):
            raise InvalidInputError(
                f"The name of a field is text, but got {name!r:.60} of type {type(name).__name__}."
            )


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    try:
        text = str(value)
    except ValueError:  # Python writes no integer of more than some thousand digits
        return f"a value of type {type(value).__name__}, too long to write"
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
