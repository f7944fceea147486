"""JSON Lines: what a line may hold, what is said of one that cannot be taken, and streaming."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relevanceai import Client
from relevanceai.documents import jsonl_source
from relevanceai.documents.jsonl_source import JsonLines
from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.store.report import InsertReport


def read(file: Path, failed: dict[str, str] | None = None) -> list[dict[str, object]]:
    rows = JsonLines(file, (), failed).reader().read_all().to_pylist()
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


def test_json_lines_are_read_with_blank_lines_and_a_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes('\ufeff{"a": 1}\r\n\n  \n{"b": [null, "é"]}'.encode())
    assert read(file) == [{"a": 1}, {"b": '[null,"é"]'}]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "is no JSON: Expecting property name enclosed in double quotes: line 2 column 1 (char 2)"),
        (b"[1]", "is no JSON object: [1]"),
        (b'"\xff"', "is no JSON: 'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"),
        (b"{} {}", "is no JSON: Extra data: line 1 column 4 (char 3)"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "has a key more than once: 'c'"),
        (b'{"a": "\\ud800"}', "has 'a', which holds text that is not valid Unicode (half of a surrogate pair): '\\ud800'"),
        (b'{"v_vector_": []}', "has 'v_vector_', which is empty; make it null instead"),
        (b'{"v_vector_": [1, "2"]}', "has 'v_vector_', which is a vector field and holds no flat list of numbers, but [1, '2']"),
        (b'{"v_vector_": [[1], [1, 2]]}', "has 'v_vector_', which is a vector field and holds no flat list of numbers, but [[1], [1, 2]]"),
        (b'{"_id": ""}', "is empty. Pass text or a number, or leave it out to have one made"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_taken_is_named_or_skipped(
    tmp_path: Path, line: bytes, why: str
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'{"a": 1}\n' + line + b'\n{"a": 2}\n')
    with pytest.raises(InvalidInputError) as caught:
        read(file)
    assert str(caught.value) == (
        f"Line 2 of {str(file)!r} {why}. Mend it, or pass on_error='skip'."
    )
    failed: dict[str, str] = {}
    assert read(file, failed) == [{"a": 1}, {"a": 2}]
    assert failed == {"line 2": why}


def test_json_nested_too_deep_to_be_read_is_no_crash(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("[" * 200_000)
    failed: dict[str, str] = {}
    assert read(file, failed) == []
    assert list(failed) == ["line 1"]


def test_a_row_knows_its_line_among_lines_that_bring_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('\n{"a": 0}\n\n[]\n{"a": 1}\n{"a": 2}\n\n\n{"a": 3}\n\n')
    lines = JsonLines(file, (), {})
    assert lines.count == 4
    assert [lines.line_of(row) for row in range(4)] == [2, 5, 6, 9]


def test_a_document_without_id_that_fails_late_is_named_by_its_line(
    client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        '\n{"v_vector_": [1, 2]}\n\n{"v_vector_": [1]}\n{"_id": "z", "v_vector_": [1]}\n'
    )
    things = client.Dataset("things")
    with pytest.raises(InvalidInputError) as caught:
        things.insert_jsonl(file)
    why = "'v_vector_' has 1 dimension in place of 2"
    assert str(caught.value) == f"Line 4: {why}. Mend it, or pass on_error='skip'."
    assert things.insert_jsonl(file, on_error="skip").failed == {"line 4": why, "z": why}


def test_what_later_lines_bring_settles_the_kind_of_a_field(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents: list[dict[str, object]] = [
        {"_id": "a", "n": 1, "m": 1, "big": 2**53 + 1, "_cluster_": {}},
        {"_id": "b", "n": 1.5, "m": "one", "big": 0.5, "late": True, "huge": 2**70},
    ]
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(json.dumps(one) for one in documents))
    things = client.Dataset("things")
    report = things.insert_jsonl(file)
    assert report == InsertReport(
        2, ignored_fields=("_cluster_",), mixed_fields=("big", "huge", "m")
    )
    assert things.get_documents()["documents"] == [
        {"_id": "a", "n": 1.0, "m": 1, "big": 2**53 + 1},
        documents[1],
    ]
    assert "'big', 'huge', 'm' hold values of several kinds" in capsys.readouterr().err


def test_a_field_that_is_a_vector_in_the_dataset_is_one_in_the_file(
    client: Client, tmp_path: Path
) -> None:
    things = client.Dataset("things")
    things.insert_documents([{"_id": "a", "v": [1.0, 2.0]}], vector_fields=["v"])
    file = tmp_path / "a.jsonl"
    file.write_text('{"_id": "b", "v": [3, 4]}')
    things.insert_jsonl(file)
    assert things.schema["v"] == {"vector": 2}


def test_a_file_that_is_not_there_or_empty(client: Client, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        JsonLines(tmp_path / "none.jsonl", (), None)
    (tmp_path / "a.jsonl").write_text("\n\n")
    assert client.Dataset("things").insert_jsonl(tmp_path / "a.jsonl") == InsertReport(0)


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab$", max_size=3), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(["a", "b.c", "", "ü", "_x", "look_vector_"])


@st.composite
def lines(draw: st.DrawFn) -> list[dict[str, object]]:
    made = []
    for row in range(draw(st.integers(1, 7))):
        one = draw(st.dictionaries(NAMES, VALUES, max_size=4))
        if "look_vector_" in one:
            one["look_vector_"] = draw(st.lists(st.integers(-9, 9), min_size=2, max_size=2))
        made.append({"_id": f"row-{row}"} | one)
    return made


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(documents=lines(), block=st.integers(1, 3))
def test_a_file_of_documents_is_kept_as_the_documents_would_be(
    documents: list[dict[str, object]], block: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl_source, "_BLOCK_LINES", block)
        file = Path(folder) / "a.jsonl"
        file.write_text("\n".join(json.dumps(one) for one in documents), encoding="utf-8")
        client = Client(Path(folder) / "home")
        plain, streamed = client.Dataset("plain"), client.Dataset("streamed")
        assert plain.insert_documents(documents) == streamed.insert_jsonl(file)
        assert list(plain.get_all_documents()) == list(streamed.get_all_documents())
        assert {k: v for k, v in plain.schema.items() if v != "json"} == {
            k: v for k, v in streamed.schema.items() if v != "json"
        }
