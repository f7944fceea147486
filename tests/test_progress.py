"""What is said while work goes on: once, when it takes long, and not over a bar."""

import gc
from collections.abc import Iterator
from contextvars import copy_context
from threading import Event

import pytest

from relevanceai import progress


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], Event]:
    """What was said, and a sign that something was; it takes a hundredth of a second."""
    lines: list[str] = []
    sign = Event()

    def note(message: str) -> None:
        lines.append(message)
        sign.set()

    monkeypatch.setattr(progress, "notice", note)
    monkeypatch.setattr(progress, "SLOW_S", 0.01)
    return lines, sign


def test_what_takes_long_is_said_once(said: tuple[list[str], Event]) -> None:
    lines, sign = said
    with progress.slow("Clustering"), progress.progress("Assigning") as bar:
        assert sign.wait(10)
        bar.update(1)
    assert lines == ["clustering ..."]


def test_a_bar_that_is_not_drawn_is_said(said: tuple[list[str], Event]) -> None:
    lines, sign = said
    with progress.progress("Drawing the sample catalogue"):
        assert sign.wait(10)
    assert lines == ["drawing the sample catalogue ..."]


def test_nothing_is_said_of_what_is_done_soon_or_over_a_bar(
    said: tuple[list[str], Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, _ = said
    bar = Event()
    progress._drawn.add(bar)
    progress._say("clustering ...")
    progress._drawn.discard(bar)
    monkeypatch.setattr(progress, "SLOW_S", 3600.0)
    with progress.slow("Clustering"):
        pass
    with pytest.raises(ValueError, match="inside"), progress.slow("Clustering"):
        raise ValueError("inside")
    assert lines == []


def left_inside() -> Iterator[None]:
    with progress.slow("Left"):
        yield


def interrupted(_: object) -> None:
    raise KeyboardInterrupt


def test_what_was_left_in_the_middle_keeps_nobody_else_silent(
    said: tuple[list[str], Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, sign = said
    left = left_inside()
    copy_context().run(next, left)  # whose end another context reaches
    next(abandoned := left_inside())
    del left, abandoned
    with monkeypatch.context() as patch:
        patch.setattr(progress.Timer, "start", interrupted)
        with pytest.raises(KeyboardInterrupt), progress.slow("Interrupted"):
            pass
    with progress.slow("Clustering"):
        assert sign.wait(10)
    assert lines == ["clustering ..."]


def test_a_bar_that_was_left_in_the_middle_keeps_nobody_silent(
    said: tuple[list[str], Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_is_shown", lambda: True)
    block = progress.progress("Assigning", 10, delay_s=3600.0)
    block.__enter__()
    progress._say("clustering ...")
    assert said[0] == []
    del block
    gc.collect()
    progress._say("clustering ...")
    assert said[0] == ["clustering ..."]
