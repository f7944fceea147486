"""Files to be mapped: whole or not there, the last maps kept open, and let go of when told."""

import pytest

from relevanceai.store import cached_map
from relevanceai.store.cached_map import forget, mapped, seal, write_all, written

CONTENT = bytes(range(256)) * 40
DESCRIBED = {"format": 1, "bytes": len(CONTENT)}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "one.f32"
    write(path, CONTENT)
    return path


def write(path, content):
    with written(path) as file:
        write_all(file, memoryview(content))
        seal(file, DESCRIBED, len(content))


def test_a_map_is_made_once_and_has_the_content(path):
    first = mapped(path, DESCRIBED)
    assert first[: len(CONTENT)] == CONTENT
    assert mapped(path, DESCRIBED) is first
    assert mapped(path, {**DESCRIBED, "format": 2}) is None


def test_a_file_written_anew_is_mapped_anew(path):
    first = mapped(path, DESCRIBED)
    write(path, CONTENT[::-1])
    assert mapped(path, DESCRIBED)[: len(CONTENT)] == CONTENT[::-1]
    assert first[: len(CONTENT)] == CONTENT  # who has the old one keeps it


def test_a_file_that_is_gone_is_not_there_and_a_forgotten_map_is_made_anew(path):
    first = mapped(path, DESCRIBED)
    forget(path.parent)
    assert mapped(path, DESCRIBED) is not first
    path.unlink()
    assert mapped(path, DESCRIBED) is None
    forget(path)
    assert not [one for one in cached_map._held if one.is_relative_to(path.parent)]


def test_no_more_maps_are_held_than_the_limit(path, monkeypatch):
    monkeypatch.setattr(cached_map, "_MOST_HELD", 2)
    for name in "abc":
        write(path.with_name(name), CONTENT)
        assert mapped(path.with_name(name), DESCRIBED)
    assert [one.name for one in cached_map._held] == ["b", "c"]


def test_a_write_that_fails_leaves_what_was_there(path):
    def fail():
        with written(path) as file:
            write_all(file, memoryview(b"half"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert mapped(path, DESCRIBED)[: len(CONTENT)] == CONTENT
    assert [one.name for one in path.parent.iterdir()] == [path.name]
