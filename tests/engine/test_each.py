"""One thing done to many items: in order, on threads, with errors handed on."""

import time

import pytest

from relevanceai.engine.each import each


@pytest.mark.parametrize("workers", [1, 3, None])
def test_answers_come_in_the_order_of_the_items(workers: int | None) -> None:
    done: list[int] = []
    found = each(lambda item: item * item, range(50), workers=workers, on_done=done.append)
    assert found == [item * item for item in range(50)]
    assert done == [1] * 50


def test_nothing_is_no_work() -> None:
    assert each(lambda item: item, [], workers=2) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_raised_and_the_rest_is_dropped(workers: int) -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError("three")
        time.sleep(0)
        return item

    with pytest.raises(ValueError, match="three"):
        each(work, range(1_000), workers=workers)
    assert len(begun) < 1_000
