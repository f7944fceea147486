"""The table of documents: which columns, escaped texts, pictures, links, and plain text elsewhere."""

import datetime as dt
import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.show import DocumentTable, show_json


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(out, "PNG")
    return out.getvalue()


class Tags(HTMLParser):
    """Every tag of a page with its attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def test_columns_are_pictures_then_all_other_fields_without_vectors() -> None:
    documents = [
        {"_id": "1", "title": "boots", "a_vector_": [1.0]},
        {"_id": "2", "photo": picture(), "price": 4.5},
    ]
    assert show_json(documents).columns == ["photo", "_id", "title", "price"]
    assert show_json(documents, [], ["title"]).columns == ["title"]
    assert show_json(documents, "photo", "title").columns == ["photo", "title"]
    assert show_json(documents, ["photo"], ["title", "_id", "title"]).columns == [
        "photo",
        "title",
        "_id",
    ]


def test_documents_may_come_as_a_generator() -> None:
    table = show_json({"_id": str(i)} for i in range(3))
    assert (len(table), table.columns) == (3, ["_id"])


def test_pictures_are_drawn_at_the_width_asked_for() -> None:
    table = show_json([{"_id": 'a"b', "photo": picture()}], image_width=48)
    (image,) = Tags(table.html).of("img")
    assert image["width"] == "48"
    assert image["alt"] == 'a"b'
    assert str(image["src"]).startswith("data:image/webp;base64,")


def test_a_broken_picture_and_a_missing_one_are_text() -> None:
    table = show_json([{"_id": "1", "photo": b"\x89PNG\r\n\x1a\n broken"}, {"_id": "2"}], ["photo"])
    assert Tags(table.html).of("img") == []
    assert "<td>15 bytes</td><td>1</td>" in table.html
    assert "<td></td><td>2</td>" in table.html


HOSTILE = [
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    "\"onmouseover='alert(1)'",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "https://x.example/'onclick='alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    tags = Tags(show_json([{"_id": text, text: text, "photo": picture()}]).html)
    allowed = {"table", "thead", "tbody", "tr", "th", "td", "img", "a"}
    assert {tag for tag, _ in tags.found} <= allowed
    for _, attributes in tags.found:
        assert not any(name.startswith("on") for name in attributes)
    assert all(str(link["href"]).startswith("https://") for link in tags.of("a"))
    assert "".join(tags.text).count(text) >= 2


def test_links_can_be_followed_and_pictures_on_the_web_are_links() -> None:
    tags = Tags(show_json([{"link": "https://shop.example/a.png?x=1&y=2"}], ["link"]).html)
    assert tags.of("img") == []
    assert tags.of("a") == [
        {"href": "https://shop.example/a.png?x=1&y=2", "rel": "noopener noreferrer nofollow"}
    ]


def test_long_text_is_cut_in_the_table_and_left_whole_in_the_documents() -> None:
    table = show_json([{"text": "x" * 301}, {"text": "y" * 300}])
    assert f">{'x' * 299}…<" in table.html
    assert f">{'y' * 300}<" in table.html
    assert table.documents[0]["text"] == "x" * 301


def test_plain_text_outside_a_notebook() -> None:
    table = show_json(
        [{"_id": "1", "when": dt.datetime(2024, 5, 6, 7, 8, 9, 10), "raw": b"abc", "none": None}],
        [],
    )
    assert repr(table) == (
        "_id  when                 raw      none\n1    2024-05-06 07:08:09  3 bytes"
    )
    assert table._repr_html_() == table.html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("boots\x1b[2J\x9b1m\a", "boots·[2J·1m·"),
        ("one\ntwo\r\t\u2028\u2029", "one·two····"),
        ("abc\u202egnp.exe\u2066\u200f", "abc·gnp.exe··"),
        ("lone \ud800", "lone ·"),
        ("👩‍👧 क्‍ष ⛷️ é", "👩‍👧 क्‍ष ⛷️ é"),
    ],
)
def test_plain_text_steers_no_terminal(text: str, shown: str) -> None:
    table = show_json([{"_id": text, text: 1}])
    assert repr(table) == f"{'_id'.ljust(len(shown))}  {shown}\n{shown}  1"


@pytest.mark.parametrize("wrong", [[{1: 2}], [{"a": 1}, {None: 2}]])
def test_a_field_name_that_is_no_text_is_refused(wrong: list[dict[object, int]]) -> None:
    name = next(iter(wrong[-1]))
    message = f"The name of a field is text, but got {name!r} of type {type(name).__name__}."
    with pytest.raises(InvalidInputError, match=f"^{re.escape(message)}$"):
        show_json(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match=f"^{re.escape(message)}$"):
        show_json([{"a": 1}], [], [name])  # type: ignore[list-item]


def test_fields_that_are_no_list_are_refused() -> None:
    message = "Fields come as a list of their names, but got 5."
    with pytest.raises(InvalidInputError, match=f"^{re.escape(message)}$"):
        show_json([{"a": 1}], 5)  # type: ignore[arg-type]


def test_a_number_too_long_to_write_is_said_to_be() -> None:
    table = show_json([{"n": 10**5_000, "l": {"n": 10**5_000}}])
    assert repr(table).splitlines()[1] == (
        "a value of type int, too long to write  a value of type dict, too long to write"
    )


def test_no_documents_make_an_empty_table() -> None:
    table = show_json([], ["photo"], ["title"])
    assert (len(table), table.columns, repr(table)) == (0, ["photo", "title"], "photo  title")
    assert "<tbody>" in table.html


@pytest.mark.parametrize("wrong", [{"_id": "1"}, "text", b"bytes", None, 3, ["a"], [{"a": 1}, 2]])
def test_what_is_no_list_of_dicts_is_refused(wrong: object) -> None:
    message = "Documents come as a list of dicts. Pass [document] for one."
    with pytest.raises(InvalidInputError, match=f"^{re.escape(message)}$"):
        show_json(wrong)  # type: ignore[arg-type]


def test_an_unknown_field_names_those_there_are() -> None:
    message = "No field 'titel' in these documents. They have: 'title', '_id'."
    with pytest.raises(NotFoundError, match=f"^{re.escape(message)}$"):
        show_json([{"_id": "1", "title": "boots"}], [], ["titel"])


@pytest.mark.parametrize("width", [0, -1, 1.5, True, "60"])
def test_a_width_that_cannot_be_is_refused(width: object) -> None:
    message = f"image_width is a whole number of pixels from 1, but got {width!r}."
    with pytest.raises(InvalidInputError, match=f"^{re.escape(message)}$"):
        DocumentTable([], [], image_width=width)  # type: ignore[arg-type]
