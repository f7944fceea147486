"""A command that must fail, and what it says."""

import pytest

from relevanceai.cli import main


def error_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must fail; return its error without what all errors begin with."""
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("relevanceai: error: ")
    return said.err.removeprefix("relevanceai: error: ").removesuffix("\n")
