"""What the command line prints of documents: text tables that fit the terminal, and JSON."""

import base64
import json
import math
import shutil
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

_CELL = 48
_FIRST = 24
_NARROWEST = 10
_GAP = 2
_MAGIC = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def table(rows: Sequence[Mapping[str, object]], *, width: int | None = None) -> str:
    """Return rows as lines of text, columns in the order in which they first occur.

    Parameters
    ----------
    rows : one mapping a row; a missing value is an empty cell.
    width : columns of the terminal; None asks the terminal (120 when there is none).

    Returns
    -------
    A heading, a rule and a line for each row. Long cells are cut with an ellipsis, numbers and the
    first column last. Columns that do not fit even so are left out from the right, and a last line
    names them.

    Examples
    --------
    >>> print(table([{"_id": "a", "price": 5.0}, {"_id": "bb", "price": None}], width=40))
    _id  price
    ---  -----
    a        5
    bb
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = {name: [cell(row.get(name)) for row in rows] for name in names}
    is_number = {
        name: {type(row.get(name)) for row in rows} - {type(None)} <= {int, float}
        and any(cells[name])
        for name in names
    }
    room = shutil.get_terminal_size((120, 24)).columns if width is None else width
    natural = {
        name: min(_CELL, max(map(_width, (cell(name), *cells[name])), default=0)) for name in names
    }
    least = {
        name: min(natural[name], max(map(_width, cells[name])) if is_number[name] else _NARROWEST)
        for name in names
    }
    for name in names[:1]:  # mostly an id, to be copied whole
        least[name] = min(natural[name], _FIRST)
    widths, left_out = _fitted(natural, least, room)
    lines = [
        [_padded(cell(name), size, is_number[name]) for name, size in widths.items()],
        ["-" * size for size in widths.values()],
    ]
    for i in range(len(rows)):
        lines.append(
            [_padded(cells[name][i], size, is_number[name]) for name, size in widths.items()]
        )
    text = [(" " * _GAP).join(line).rstrip() for line in lines]
    if left_out:
        text.append(f"(not shown: {', '.join(map(cell, left_out))})")
    return "\n".join(text)


def cell(value: object) -> str:
    """Return a value as one line of printable text; pictures and other bytes are only named.

    Control characters, which could steer the terminal, become a middle dot.

    Examples
    --------
    >>> cell("boots\\x1b[2J\\n"), cell(b"\\xff\\xd8\\xff\\xe0"), cell(b"abc"), cell(0.12345678)
    ('boots·[2J', '[picture]', '[3 bytes]', '0.1235')
    """
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"[{len(value):,} bytes]" if _picture_type(value) is None else "[picture]"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1 else f"{value:.12g}"
    text = value if isinstance(value, str) else _one_line(value)
    if text.startswith("data:image/"):
        return "[picture]"
    text = " ".join(text[: 40 * _CELL].split())
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
        kind = _picture_type(value) or "application/octet-stream"
        return f"data:{kind};base64,{base64.b64encode(value).decode()}"
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


def _picture_type(value: bytes) -> str | None:
    if value[:4] == b"RIFF" and value[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in _MAGIC.items() if value.startswith(magic)), None)


def _fitted(
    natural: dict[str, int], least: dict[str, int], room: int
) -> tuple[dict[str, int], list[str]]:
    """Cut the widest columns until the line fits; when none can give more, drop the last one."""
    widths, left_out = dict(natural), list[str]()
    while len(widths) > 1 and sum(widths.values()) + _GAP * (len(widths) - 1) > room:
        yielding = [name for name in widths if widths[name] > least[name]]
        if yielding:
            widths[max(yielding, key=lambda name: widths[name])] -= 1
        else:
            left_out.insert(0, widths.popitem()[0])
            widths = {name: natural[name] for name in widths}
    if len(widths) == 1:
        widths = {name: min(size, room) for name, size in widths.items()}
    return widths, left_out


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
