"""Pictures inside documents: recognised, opened safely and shrunk to thumbnails, by Pillow.

A picture is bytes (PNG, JPEG, WebP, GIF, BMP, TIFF), a `data:image/...` URI, or the path of a file
inside the dataset's own media folder. Nothing is ever fetched: an address on the web is a link.
"""

import base64
import binascii
import io
import os
import re
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SCANS = 100
MAX_SCANNED_PIXELS = 16 * MAX_PIXELS
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
_SIGNATURES = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
)
_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]{1,40}(?:;[a-z0-9=.+-]{1,80})*?(;base64)?,", re.I)
FILE_NAME = re.compile(r"[^\x00-\x1f]{1,400}\.(png|jpe?g|webp|gif|bmp|tiff?)", re.I)
_DECODING = threading.Lock()  # what silences warnings holds for the whole process
_LINK = re.compile(r"(https?://|mailto:)[^\s<>\"\x00-\x1f]+", re.I)


def kind_of_value(
    value: object, media_folder: Path | None = None
) -> Literal["picture", "link"] | None:
    """Tell whether a value is a picture, a link that can be followed, or neither.

    Only the first bytes are looked at: what passes here may still turn out to be broken.

    Examples
    --------
    >>> kind_of_value("https://shop.example/boots"), kind_of_value("javascript:alert(1)")
    ('link', None)
    """
    if isinstance(value, bytes):
        return "picture" if _is_picture(value) else None
    if not isinstance(value, str):
        return None
    if _DATA_URI.match(value):
        return "picture"
    if _LINK.fullmatch(value):
        return "link"
    if media_folder is not None and FILE_NAME.fullmatch(value):
        return "picture" if _inside(value, media_folder) is not None else None
    return None


def picture_fields(
    documents: Iterable[Mapping[str, object]], media_folder: Path | None = None
) -> list[str]:
    """Return the fields that hold a picture in at least one of the documents, in field order."""
    found: dict[str, bool] = {}
    for document in documents:
        for name, value in document.items():
            if not found.get(name):
                found[name] = kind_of_value(value, media_folder) == "picture"
    return [name for name, holds_pictures in found.items() if holds_pictures]


def named_outside(
    documents: Iterable[Mapping[str, object]], media_folder: Path | None = None
) -> list[str]:
    """Return the fields that name files of pictures, none of which may be opened, in field order.

    Only files in the media folder are opened. A field with anything else in it names no files.
    """
    found: dict[str, bool] = {}
    for document in documents:
        for name, value in document.items():
            if value is not None and found.get(name, True):
                is_named = isinstance(value, str) and FILE_NAME.fullmatch(value) is not None
                is_link = isinstance(value, str) and _LINK.fullmatch(value) is not None
                found[name] = (
                    is_named and not is_link and kind_of_value(value, media_folder) is None
                )
    return [name for name, is_outside in found.items() if is_outside]


def outside_is_closed(field: str, media_folder: Path | None) -> str:
    """Say why the pictures that a field names are not shown, and what to do."""
    if media_folder is None:
        return f"{field!r} names files of pictures, and there is no media folder to open them from"
    return (
        f"{field!r} names files of pictures that are not in the media folder, {media_folder}, the "
        "only one they are opened from. Copy them there"
    )


def decode(
    value: object, media_folder: Path | None = None, *, for_size: int | None = None
) -> "Image | None":
    """Return a picture opened whole, as RGB or RGBA, upright; None when the value is not one.

    Refused are more than 20 MiB or 40 million pixels, a progressive JPEG of more than 100 scans or
    of more than 640 million pixels over all its scans, other formats (SVG among them), and paths
    outside the media folder, through links too. Of an animation the first frame is taken.

    `for_size` says that it will be shrunk to fit so many pixels: a JPEG, which can be opened at a
    half, a quarter or an eighth of its size, is opened no larger than that needs.
    """
    content = _content(value, media_folder)
    if content is None or len(content) > MAX_BYTES or not _is_picture(content):
        return None
    # A JPEG goes over all its pixels with every scan: a small file could take hours.
    n_scans = content.count(b"\xff\xda") if content.startswith(b"\xff\xd8\xff") else 1
    if n_scans > MAX_SCANS:
        return None
    from PIL import Image

    try:
        with _DECODING, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks about files that are not ours
            with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
                n_pixels = opened.width * opened.height
                if n_pixels > MAX_PIXELS or n_pixels * n_scans > MAX_SCANNED_PIXELS:
                    return None
                if for_size is not None:
                    opened.draft(None, (2 * for_size, 2 * for_size))
                return _upright(opened)
    except (
        Image.DecompressionBombError,
        ArithmeticError,  # these are what Pillow's decoders raise on broken and hostile files
        AttributeError,
        EOFError,
        LookupError,
        MemoryError,
        OSError,
        SyntaxError,
        TypeError,
        ValueError,
        struct.error,
        zlib.error,
    ):
        return None


def _upright(opened: "Image") -> "Image":
    """Return a picture as RGB or RGBA, turned as its EXIF says."""
    from PIL import ImageOps

    opened.load()
    if opened.mode.startswith("I;16"):  # 16 bits a pixel: keep the upper 8
        opened = opened.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    upright = ImageOps.exif_transpose(opened)
    has_alpha = "A" in upright.getbands() or "transparency" in upright.info
    return upright.convert("RGBA" if has_alpha else "RGB")


def thumbnail(value: object, size: int, media_folder: Path | None = None) -> bytes | None:
    """Return a picture as WebP, shrunk to fit `size` x `size` pixels; None when it is not one.

    The picture is always drawn anew, so neither metadata nor anything hidden in the file passes.
    """
    image = decode(value, media_folder, for_size=size)
    return None if image is None else webp(image, size)


def webp(image: "Image", size: int) -> bytes:
    """Return an opened picture as WebP, shrunk to fit `size` x `size` pixels."""
    from PIL import Image

    small = image.copy()
    small.thumbnail((size, size), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=86, method=4)
    return out.getvalue()


def thumbnail_uri(value: object, size: int, media_folder: Path | None = None) -> str | None:
    """Return a thumbnail as a `data:` URI for a page that must stand alone."""
    content = thumbnail(value, size, media_folder)
    if content is None:
        return None
    return "data:image/webp;base64," + base64.b64encode(content).decode("ascii")


def _is_picture(content: bytes) -> bool:
    if content.startswith(b"RIFF"):
        return content[8:12] == b"WEBP"
    if content.startswith(b"BM"):  # as many texts do: the reserved bytes must be zero too
        return content[6:10] == bytes(4)
    return content.startswith(_SIGNATURES)


def _content(value: object, media_folder: Path | None) -> bytes | None:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        return None
    head = _DATA_URI.match(value)
    if head is not None:
        if len(value) > MAX_BYTES * 3:
            return None
        body = value[head.end() :]
        try:
            plain = unquote_to_bytes(body)  # base64 too may come percent-encoded
            return base64.b64decode(plain + b"==") if head[1] else plain
        except (binascii.Error, ValueError):
            return None
    path = _inside(value, media_folder) if media_folder is not None else None
    return None if path is None else _file_content(path)


def _inside(name: str, media_folder: Path) -> Path | None:
    """Return the file that a name means, if it lies in the media folder, links followed."""
    if not FILE_NAME.fullmatch(name) or name.startswith(("\\\\", "//")):
        return None
    try:
        folder = media_folder.resolve(strict=True)
        path = (folder / name).resolve(strict=True)
        if path.is_relative_to(folder) and path.is_file():
            return path
    except (OSError, ValueError, RuntimeError):
        return None
    return None


def _file_content(path: Path) -> bytes | None:
    """Read a resolved regular file, not following a link that took its place meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_BYTES:
                return None
            return file.read(MAX_BYTES + 1)
    except OSError:
        return None
