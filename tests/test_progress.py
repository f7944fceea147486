"""What is said while work goes on: once, when it takes long, and not over a bar."""

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

    progress._is_told.set(False)  # whatever was left half done before, as a generator may be
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
    monkeypatch.setattr(progress, "_n_bars", 1)
    progress._say("clustering ...")
    monkeypatch.setattr(progress, "SLOW_S", 3600.0)
    with progress.slow("Clustering"):
        pass
    with pytest.raises(ValueError, match="inside"), progress.slow("Clustering"):
        raise ValueError("inside")
    assert lines == []
    assert not progress._is_told.get()
