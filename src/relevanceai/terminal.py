"""What the command line prints of documents: text tables that fit the terminal, and JSON."""

import base64
import json
import math
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from relevanceai.pictures import kind_of_value

Rows = Sequence[Mapping[str, object]]

_CELL = 64
_FIRST = 24
_NARROWEST = 10
_GAP = 2
_MOST_DECIMALS = 4
_MEDIA_TYPES = {0x89: "png", 0xFF: "jpeg", 0x47: "gif", 0x52: "webp", 0x42: "bmp"}  # else TIFF


def room() -> int | None:
    """Return how many columns stdout has; None where it is no terminal: nothing is cut there."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size((80, 24)).columns


def table(rows: Rows, *, width: int | None = None) -> str:
    """Return rows as lines of text, columns in the order in which they first occur.

    Parameters
    ----------
    rows : one mapping a row; a missing value is an empty cell.
    width : how wide a line may be; None for as wide as it takes.

    Returns
    -------
    A heading, a rule and a line for each row. In a width, long cells are cut with an ellipsis,
    numbers and the first column last. Columns that do not fit even so are left out from the right.

    Examples
    --------
    >>> print(table([{"_id": "a", "price": 5.0}, {"_id": "bb", "price": None}], width=40))
    _id  price
    ---  -----
    a        5
    bb
    """
    return tables([rows], width=width)[0][0]


def tables(
    groups: Sequence[Rows], *, width: int | None = None, n_kept: int | None = None
) -> tuple[list[str], list[str]]:
    """Return a table for each group of rows, the same columns in all, and the names left out.

    Parameters
    ----------
    groups, width : as for `table`.
    n_kept : how many of the first columns are cut where there is no room for them. The others are
        shown whole, where there is room, or not at all. None for all columns.
    """
    rows = [row for group in groups for row in group]
    names = list(dict.fromkeys(name for row in rows for name in row))
    numbers = {name for name in names if _are_numbers([row.get(name) for row in rows])}
    longest = None if width is None else 40 * _CELL
    cells = {name: _cells([row.get(name) for row in rows], longest) for name in names}
    natural = {
        name: max(map(_width, (cell(name), *cells[name]))) if rows else _width(name)
        for name in names
    }
    if width is None:
        widths, left_out = natural, list[str]()
    else:
        least = {
            name: max(map(_width, cells[name])) if name in numbers else _NARROWEST for name in names
        } | dict.fromkeys(names[:1], _FIRST)  # mostly an id, to be copied whole
        widths, left_out = _fitted(natural, least, width, len(names) if n_kept is None else n_kept)
    texts, start = [], 0
    for group in groups:
        lines = [
            [_padded(cell(name), size, name in numbers) for name, size in widths.items()],
            ["-" * size for size in widths.values()],
        ]
        for i in range(start, start + len(group)):
            lines.append(
                [_padded(cells[name][i], size, name in numbers) for name, size in widths.items()]
            )
        start += len(group)
        texts.append("\n".join((" " * _GAP).join(line).rstrip() for line in lines))
    return texts, left_out


def cell(value: object, *, longest: int | None = None) -> str:
    """Return a value as one line of printable text; pictures and other bytes are only named.

    Control characters, which could steer the terminal, become a middle dot. Of a number that is not
    whole four decimals are told, or, below 1, four digits. Of a text longer than
    `longest` only the beginning is looked at.

    Examples
    --------
    >>> cell("boots\\x1b[2J\\n"), cell(b"\\xff\\xd8\\xff\\xe0"), cell(b"abc"), cell(7.20427592936)
    ('boots·[2J', '[picture]', '[3 bytes]', '7.2043')
    """
    if value is None:
        return ""
    if isinstance(value, bytes | str) and kind_of_value(value) == "picture":
        return "[picture]"
    if isinstance(value, bytes):
        return f"[{len(value):,} bytes]"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{round(value, 4):.12g}"
    text = value if isinstance(value, str) else _one_line(value)
    text = " ".join(text[:longest].split())
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def as_json(value: object) -> str:
    """Return documents as JSON that any reader takes.

    Bytes become data URIs (pictures with their type), dates and times ISO 8601, arrays lists,
    NaN and infinities null. Text outside ASCII is escaped, so that no terminal or pipe changes it.

    Examples
    --------
    >>> print(as_json({"_id": "a", "raw": b"abc", "price": float("nan")}))
    {
      "_id": "a",
      "raw": "data:application/octet-stream;base64,YWJj",
      "price": null
    }
    """
    return json.dumps(_plain(value), indent=2, allow_nan=False)


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return f"data:{_media_type(value)};base64,{base64.b64encode(value).decode()}"
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    for method in ("isoformat", "tolist"):  # dates and times; numpy's arrays and numbers
        if hasattr(value, method):
            return _plain(getattr(value, method)())
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    return str(value)


def _one_line(value: object) -> str:
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _media_type(value: bytes) -> str:
    if kind_of_value(value) != "picture":
        return "application/octet-stream"
    return f"image/{_MEDIA_TYPES.get(value[0], 'tiff')}"


def _are_numbers(values: Sequence[object]) -> bool:
    kinds = {type(value) for value in values} - {type(None)}
    return bool(kinds) and kinds <= {int, float}


def _cells(values: Sequence[object], longest: int | None) -> list[str]:
    """Return the cells of a column; its fractions share their number of decimals."""
    texts = [cell(value, longest=longest) for value in values]
    decimals = max((len(text.partition(".")[2]) for text in texts), default=0)
    fractions = [value for value in values if isinstance(value, float)]
    if not _are_numbers(values) or decimals > _MOST_DECIMALS or any("e" in one for one in texts):
        return texts
    if len(fractions) < sum(value is not None for value in values):
        return texts
    return [
        f"{value:.{decimals}f}" if isinstance(value, float) and math.isfinite(value) else text
        for value, text in zip(values, texts, strict=True)
    ]


def _fitted(
    natural: Mapping[str, int], least: Mapping[str, int], width: int, n_kept: int
) -> tuple[dict[str, int], list[str]]:
    """Cut the widest of the kept columns until they fit, then add others that fit as they are."""
    names = list(natural)
    start = {name: min(_CELL, natural[name]) for name in names[:n_kept]}
    widths = dict(start)
    while len(widths) > 1 and _line(widths) > width:
        yielding = [name for name in widths if widths[name] > min(least[name], start[name])]
        if yielding:
            widths[max(yielding, key=lambda name: widths[name])] -= 1
        else:
            widths.popitem()
            widths = {name: start[name] for name in widths}
    if len(widths) == 1:
        widths = {name: min(size, width) for name, size in widths.items()}
    if len(widths) == len(start):
        for name in names[n_kept:]:
            wider = {**widths, name: natural[name]}
            widths = wider if natural[name] <= _CELL and _line(wider) <= width else widths
    return widths, [name for name in names if name not in widths]


def _line(widths: Mapping[str, int]) -> int:
    return sum(widths.values()) + _GAP * (len(widths) - 1)


def _letter_width(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _width(text: str) -> int:
    return sum(map(_letter_width, text))


def _padded(text: str, size: int, is_number: bool) -> str:
    if _width(text) > size:
        kept, used = "", 1
        for letter in text:
            used += _letter_width(letter)
            if used > size:
                break
            kept += letter
        text = f"{kept}…"
    blank = " " * (size - _width(text))
    return blank + text if is_number else text + blank
