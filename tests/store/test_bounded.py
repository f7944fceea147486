"""What is remembered stays below its bound, and what was used last stays longest."""

from relevanceai.store.bounded import Bounded


def test_what_was_used_longest_ago_goes_first() -> None:
    held = Bounded[bytes](10, len)
    held.keep("a", b"1234")
    held.keep("b", b"1234")
    assert held.get("a") == b"1234"
    held.keep("c", b"1234")
    assert [held.get(name) for name in "abc"] == [b"1234", None, b"1234"]


def test_a_value_replaced_makes_room_and_one_too_large_is_not_kept() -> None:
    held = Bounded[bytes](10, len)
    for _ in range(5):
        held.keep("a", b"123456")
    held.keep("b", b"1234")
    held.keep("c", b"12345678901")
    assert [held.get(name) for name in "abc"] == [b"123456", b"1234", None]
