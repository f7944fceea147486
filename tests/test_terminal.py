"""Text tables that fit the terminal, whatever is in them; JSON that any reader takes."""

import datetime as dt
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.terminal import _width, as_json, cell, table

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
        "(not shown: third)",
    ]
    assert table([row], width=12).splitlines() == [
        "first",
        "------------",
        "xxxxxxxxxxx…",
        "(not shown: second, third)",
    ]


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
    assert len(lines) <= len(rows) + 3
    for line in lines:
        assert line.isprintable()
        assert _width(line) <= width or line.startswith("(not shown: ")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (PNG, "[picture]"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "[picture]"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "[16 bytes]"),
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
