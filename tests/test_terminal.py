"""Text tables that fit the terminal, whatever is in them; JSON that any reader takes."""

import datetime as dt
import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.terminal import _width, as_json, cell, room, table, tables

PNG = b"\x89PNG\r\n\x1a\n rest"


def test_a_table_has_a_heading_a_rule_and_a_line_a_row() -> None:
    rows = [{"_id": "a", "price": 5}, {"_id": "long one", "price": 12.5, "kind": "boots"}]
    assert table(rows, width=80).splitlines() == [
        "_id       price  kind",
        "--------  -----  -----",
        "a             5",
        "long one   12.5  boots",
    ]


def test_long_cells_are_cut_widest_column_first() -> None:
    lines = table([{"_id": "a1", "title": "boots of brown leather"}], width=16).splitlines()
    assert lines == ["_id  title", "---  -----------", "a1   boots of b…"]


def test_columns_that_cannot_fit_are_named_below() -> None:
    row: dict[str, object] = dict.fromkeys(("first", "second", "third"), "x" * 20)
    assert table([row], width=34).splitlines() == [
        "first                 second",
        "--------------------  ------------",
        "xxxxxxxxxxxxxxxxxxxx  xxxxxxxxxxx…",
    ]
    assert table([row], width=12).splitlines() == [
        "first",
        "------------",
        "xxxxxxxxxxx…",
    ]
    assert tables([[row]], width=34)[1] == ["third"]
    assert tables([[row]], width=12)[1] == ["second", "third"]


def test_the_first_columns_are_cut_and_others_shown_whole_or_not_at_all() -> None:
    row: dict[str, object] = {"_id": "a1", "title": "t" * 30, "link": "l" * 20, "n": 5}
    texts, left_out = tables([[row], []], width=30, n_kept=2)
    assert texts[0].splitlines()[2] == f"a1   {'t' * 24}…"
    assert texts[1].splitlines() == texts[0].splitlines()[:2]
    assert left_out == ["link", "n"]
    texts, left_out = tables([[row]], width=41, n_kept=2)
    assert texts[0].splitlines()[2] == f"a1   {'t' * 30}  5"
    assert left_out == ["link"]


def test_without_a_width_nothing_is_cut() -> None:
    row: dict[str, object] = {"_id": "i" * 300, "text": "word " * 900 + "end", "list": [1] * 99}
    line = table([row]).splitlines()[2]
    assert line == f"{'i' * 300}  {row['text']}  {row['list']}"


def test_fractions_of_a_column_share_their_decimals() -> None:
    rows = [{"n": 44.0}, {"n": 59.95}, {"n": None}, {"n": float("nan")}]
    assert table(rows).splitlines()[2:] == ["44.00", "59.95", "", "  nan"]
    assert table([{"n": 1.5}, {"n": 2}]).splitlines()[2:] == ["1.5", "  2"]
    assert table([{"n": 0.5}, {"n": 1e-9}]).splitlines()[2:] == ["  0.5", "1e-09"]


def test_the_room_is_that_of_a_terminal_and_none_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "77")
    assert room() is None
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert room() == 77
    monkeypatch.setattr(sys, "stdout", None)
    assert room() is None


def test_numbers_are_cut_last() -> None:
    row = {"_id": "a", "a_long_name": 0.5, "title": "t" * 30}
    assert table([row], width=20).splitlines() == [
        "_id  a_…  title",
        "---  ---  ----------",
        "a    0.5  ttttttttt…",
    ]


def test_wide_letters_count_two_columns() -> None:
    heading, rule, line = table([{"name": "靴靴靴", "n": 1}], width=40).splitlines()
    assert (heading, rule, line) == ("name    n", "------  -", "靴靴靴  1")


def test_no_rows_and_no_columns_are_no_error() -> None:
    assert table([]) == "\n"
    assert table([{}]) == "\n\n"


@given(
    st.lists(
        st.dictionaries(
            st.text(min_size=1, max_size=12),
            st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.binary()),
            max_size=6,
        ),
        max_size=5,
    ),
    st.integers(min_value=10, max_value=200),
)
def test_no_line_is_wider_than_the_terminal(rows: list[dict[str, object]], width: int) -> None:
    lines = table(rows, width=width).splitlines()
    assert len(lines) <= len(rows) + 2
    for line in lines:
        assert line.isprintable()
        assert _width(line) <= width


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (PNG, "[picture]"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "[picture]"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "[16 bytes]"),
        (b"BM" + bytes(8), "[picture]"),
        ("data:image/png;base64,AAAA", "[picture]"),
        (b"ab", "[2 bytes]"),
        (None, ""),
        (True, "true"),
        (3, "3"),
        (1234567.5, "1234567.5"),
        (0.73456789, "0.7346"),
        (float("nan"), "nan"),
        ("two\nlines\t and  blanks", "two lines and blanks"),
        ("red\x1b[31m\u202e", "red·[31m·"),
        ({"a": [1, 2]}, '{"a": [1, 2]}'),
        (dt.datetime(2024, 5, 6, 7, 8), "2024-05-06T07:08:00"),
        (np.float32(2.5), "2.5"),
    ],
)
def test_a_cell_is_one_printable_line(value: object, shown: str) -> None:
    assert cell(value) == shown


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"BM" + bytes(8), "image/bmp"),
        (b"II*\x00", "image/tiff"),
        (b"MM\x00*", "image/tiff"),
        (b"", "application/octet-stream"),
    ],
)
def test_json_says_of_which_type_a_picture_is(content: bytes, kind: str) -> None:
    assert json.loads(as_json(content)).partition(";")[0] == f"data:{kind}"


def test_json_holds_bytes_dates_arrays_and_no_nan() -> None:
    document = {
        "picture": PNG,
        "when": dt.datetime(2024, 5, 6, tzinfo=dt.UTC),
        "day": dt.date(2024, 5, 6),
        "vector": np.array([1.5, np.nan], dtype=np.float32),
        "count": np.int64(3),
        "tags": ("a", "b"),
        "gone": float("inf"),
        "title": "靴\x9b",
        1: {"deep": [b"x"]},
    }
    text = as_json(document)
    assert text.isascii()
    assert json.loads(text) == {
        "picture": "data:image/png;base64,iVBORw0KGgogcmVzdA==",
        "when": "2024-05-06T00:00:00+00:00",
        "day": "2024-05-06",
        "vector": [1.5, None],
        "count": 3,
        "tags": ["a", "b"],
        "gone": None,
        "title": "靴\x9b",
        "1": {"deep": ["data:application/octet-stream;base64,eA=="]},
    }
