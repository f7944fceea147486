"""Pictures in documents: what is recognised, what is refused, and that nothing hostile gets through."""

import base64
import io
import os
import random
import struct
import zlib
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image

from relevanceai import pictures
from relevanceai.pictures import decode, kind_of_value, picture_fields, thumbnail, thumbnail_uri


def photo(width: int = 31, height: int = 23, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def saved(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A tiny PNG file whose header claims a size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A media folder with one picture, and a secret picture beside the folder."""
    folder = tmp_path / "media"
    (folder / "inner").mkdir(parents=True)
    (folder / "boot.png").write_bytes(saved(photo()))
    (folder / "inner" / "shoe.JPG").write_bytes(saved(photo(), "JPEG"))
    (tmp_path / "secret.png").write_bytes(saved(photo()))
    return folder


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("PNG", "RGB"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("PNG", "L"),
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("WEBP", "RGB"),
        ("GIF", "P"),
        ("BMP", "RGB"),
        ("TIFF", "RGB"),
    ],
)
def test_each_format_is_recognised_and_opened(form: str, mode: str) -> None:
    content = saved(photo(mode=mode), form)
    assert kind_of_value(content) == "picture"
    image = decode(content)
    assert image is not None
    assert (image.mode, image.size) == ("RGB", (31, 23))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_kept(mode: str) -> None:
    image = photo(mode=mode)
    image.putalpha(Image.new("L", image.size, 77))
    opened = decode(saved(image))
    assert opened is not None
    assert opened.mode == "RGBA"
    assert opened.getchannel("A").getextrema() == (77, 77)


def test_a_palette_with_transparency_becomes_rgba_without_a_warning() -> None:
    image = photo(mode="P")
    opened = decode(saved(image, transparency=bytes([0] * 128 + [255] * 128)))
    assert opened is not None
    assert opened.mode == "RGBA"
    assert opened.getchannel("A").getextrema() == (0, 255)


def test_sixteen_bits_a_pixel_keep_their_shades() -> None:
    ramp = np.linspace(0, 65535, 600).astype(np.uint16).reshape(20, 30)
    opened = decode(saved(Image.fromarray(ramp)))
    assert opened is not None
    assert np.abs(np.asarray(opened)[..., 0].astype(int) - ramp // 256).max() <= 1


def test_exif_rotation_is_applied_and_the_exif_is_gone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "where I live"
    content = saved(photo(), "JPEG", exif=exif)
    opened = decode(content)
    small = thumbnail(content, 60)
    assert opened is not None
    assert opened.size == (23, 31)
    assert small is not None
    assert b"where I live" in content
    assert b"where I live" not in small
    assert not Image.open(io.BytesIO(small)).getexif()


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue", "lime")]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    opened = decode(content)
    assert opened is not None
    assert opened.getpixel((4, 4)) == (255, 0, 0)
    assert getattr(Image.open(io.BytesIO(thumbnail(content, 9) or b"")), "n_frames", 1) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"plain text",
        b"BMW and BMX: text that starts like a bitmap",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"%PDF-1.7",
        b"\x00\x00\x01\x00",
    ],
)
def test_other_bytes_are_no_picture(content: bytes) -> None:
    assert kind_of_value(content) is None
    assert decode(content) is None
    assert thumbnail(content, 60) is None


@pytest.mark.parametrize("cut", [8, 20, 40, 200, -40])
def test_a_truncated_picture_is_refused(cut: int) -> None:
    assert decode(saved(photo())[:cut]) is None


@pytest.mark.parametrize(
    ("width", "height"),
    [(6_400, 6_400), (10_000, 10_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1), (40_000_001, 1)],
)
def test_a_picture_of_too_many_pixels_is_refused_without_a_warning(width: int, height: int) -> None:
    assert decode(png_claiming(width, height)) is None


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch, media: Path) -> None:
    content = saved(photo())
    monkeypatch.setattr(pictures, "MAX_BYTES", len(content) - 1)
    uri = "data:image/png;base64," + base64.b64encode(content).decode()
    assert [decode(content), decode(uri), decode("boot.png", media)] == [None, None, None]
    monkeypatch.setattr(pictures, "MAX_BYTES", len(content))
    assert None not in [decode(content), decode(uri), decode("boot.png", media)]


def test_a_polyglot_comes_out_drawn_anew() -> None:
    script = b"<script>alert(document.cookie)</script>"
    for content in (
        saved(photo()) + script,
        saved(photo(), "JPEG", comment=script),
        saved(photo(), "GIF", comment=script),
        saved(photo()) + b"PK\x03\x04" + script,
    ):
        assert script in content
        small = thumbnail(content, 20)
        assert small is not None
        assert small[:4] == b"RIFF"
        assert b"script" not in small


def test_random_damage_never_raises() -> None:
    rng = random.Random(5)
    files = [saved(photo(), form) for form in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")]
    for _ in range(600):
        content = bytearray(rng.choice(files))
        for _ in range(rng.choice([1, 3, 9])):
            content[rng.randrange(min(len(content), 120))] = rng.randrange(256)
        small = thumbnail(bytes(content), 8)
        assert small is None or small[:4] == b"RIFF"


# data URIs ---------------------------------------------------------------------------------------


def test_data_uris_of_odd_but_legal_forms_are_opened() -> None:
    content = saved(photo())
    text = base64.b64encode(content).decode()
    wrapped = "\r\n".join(text[i : i + 76] for i in range(0, len(text), 76))
    for uri in (
        f"data:image/png;base64,{text}",
        f"DATA:IMAGE/PNG;BASE64,{text}",
        f"data:image/png;charset=utf-8;name=a.png;base64,{text}",
        f"data:image/png;base64,{wrapped}",
        f"data:image/png;base64,{text.rstrip('=')}",
        f"data:image/png;base64,{quote(text, safe='')}",
        f"data:image/jpeg;base64,{text}",
        f"data:image/png,{quote(content)}",
    ):
        assert kind_of_value(uri) == "picture", uri[:40]
        image = decode(uri)
        assert image is not None, uri[:40]
        assert image.size == (31, 23)


@pytest.mark.parametrize(
    "uri",
    [
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:image/png;base64,",
        "data:image/png;base64,A",
        "data:image/png;base64,\u00fcber",
        "data:image/png;base64",
        "data:image/png",
        "data:,iVBORw0KGgo",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:text/html,<script>alert(1)</script>",
        "data:image/png;" + "a=b;" * 5_000,
    ],
)
def test_data_uris_that_hold_no_picture_are_refused(uri: str) -> None:
    assert decode(uri) is None
    assert thumbnail_uri(uri, 60) is None


# links and paths ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("https://shop.example/boots.png", "link"),
        ("HTTP://shop.example/", "link"),
        ("mailto:a@b.example", "link"),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ('https://shop.example/"onmouseover="alert(1)', None),
        ("https://shop.example/ and more", None),
        ("//shop.example/a.png", None),
        ("file:///etc/passwd", None),
        ("ftp://shop.example/a.png", None),
        ("boot.png", "picture"),
        ("inner/shoe.JPG", "picture"),
        ("nothing.png", None),
        (None, None),
        (7, None),
        (["boot.png"], None),
    ],
)
def test_links_pictures_and_neither(value: object, kind: str | None, media: Path) -> None:
    assert kind_of_value(value, media) == kind


def test_nothing_is_ever_fetched(media: Path) -> None:
    assert decode("https://shop.example/boots.png", media) is None


def test_a_path_is_opened_inside_the_media_folder_only(media: Path) -> None:
    assert decode("boot.png", media) is not None
    assert decode("inner/../boot.png", media) is not None
    assert decode(str(media / "boot.png"), media) is not None
    assert decode("boot.png") is None
    assert decode("boot.png", media / "missing") is None


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png",
        "inner/../../secret.png",
        "./../secret.png",
        "%2e%2e/secret.png",
        "..%2fsecret.png",
        "..\\secret.png",
        "//secret.png",
        "\\\\host\\secret.png",
        "boot.png\x00.png",
        "secret.png",
        "inner",
        "inner/.png",
        "a" * 5_000 + ".png",
    ],
)
def test_traversal_is_refused(name: str, media: Path) -> None:
    assert kind_of_value(name, media) is None
    assert decode(name, media) is None


def test_absolute_paths_out_of_the_folder_are_refused(media: Path) -> None:
    assert decode(str(media.parent / "secret.png"), media) is None
    sibling = media.with_name("media-too")
    sibling.mkdir()
    (sibling / "boot.png").write_bytes(saved(photo()))
    assert decode(str(sibling / "boot.png"), media) is None
    assert decode("../media-too/boot.png", media) is None


@pytest.mark.skipif(os.name == "nt", reason="links and pipes need rights there")
def test_links_are_followed_within_the_folder_only(media: Path) -> None:
    (media / "out.png").symlink_to(media.parent / "secret.png")
    (media / "folder").symlink_to(media.parent)
    (media / "in.png").symlink_to(media / "boot.png")
    (media / "loop.png").symlink_to(media / "loop.png")
    os.mkfifo(media / "pipe.png")
    (media / "inner" / "folder.png").mkdir()
    for name in ("out.png", "folder/secret.png", "loop.png", "pipe.png", "inner/folder.png"):
        assert kind_of_value(name, media) is None, name
        assert decode(name, media) is None, name
    assert decode("in.png", media) is not None


def test_a_file_that_is_no_picture_is_refused_whatever_its_name(media: Path) -> None:
    (media / "page.png").write_bytes(b"<script>alert(1)</script>")
    assert decode("page.png", media) is None


def progressive(width: int, height: int, n_scans: int) -> bytes:
    """A progressive JPEG whose last scan stands there again and again."""
    content = saved(photo(width, height), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    more = n_scans - content.count(b"\xff\xda")
    assert more >= 0
    return content[:-2] + content[last:-2] * more + content[-2:]


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    assert decode(progressive(31, 23, pictures.MAX_SCANS)) is not None
    assert decode(progressive(31, 23, pictures.MAX_SCANS + 1)) is None
    assert thumbnail(progressive(31, 23, pictures.MAX_SCANS + 1), 60) is None


def test_a_large_jpeg_may_have_fewer_scans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_SCANNED_PIXELS", 31 * 23 * 20)
    assert decode(progressive(31, 23, 20)) is not None
    assert decode(progressive(31, 23, 21)) is None


def test_a_thumbnail_opens_a_jpeg_no_larger_than_it_needs() -> None:
    gradient = Image.linear_gradient("L").resize((1600, 800)).convert("RGB")
    content = saved(gradient, "JPEG", quality=95)
    image = decode(content, for_size=96)
    assert image is not None
    assert image.size == (400, 200)
    small = thumbnail(content, 96)
    assert small is not None
    shown = np.asarray(Image.open(io.BytesIO(small)).convert("L"), float)
    wanted = np.asarray(gradient.resize((96, 48), Image.Resampling.LANCZOS).convert("L"), float)
    assert np.abs(shown - wanted).mean() < 3


# thumbnails and fields ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "expected"), [((200, 100), (60, 30)), ((20, 10), (20, 10)), ((3000, 1), (60, 1))]
)
def test_a_thumbnail_fits_keeps_its_shape_and_is_never_enlarged(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    content = thumbnail(saved(photo(*size)), 60)
    assert content is not None
    opened = Image.open(io.BytesIO(content))
    assert (opened.format, opened.size) == ("WEBP", expected)


def test_a_thumbnail_uri_is_the_thumbnail() -> None:
    content = saved(photo())
    uri = thumbnail_uri(content, 60)
    assert uri is not None
    head, _, body = uri.partition(",")
    assert head == "data:image/webp;base64"
    assert base64.b64decode(body) == thumbnail(content, 60)


def test_picture_fields_need_one_document_with_a_picture(media: Path) -> None:
    documents = [
        {"_id": "1", "file": "gone.png", "title": "boots", "photo": None},
        {"_id": "2", "photo": saved(photo()), "file": "boot.png", "late": saved(photo())},
    ]
    assert picture_fields(documents, media) == ["file", "photo", "late"]
    assert picture_fields(documents) == ["photo", "late"]
    assert picture_fields([]) == []
