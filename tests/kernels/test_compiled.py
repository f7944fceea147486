"""How kernels are compiled: in one place, so that machine code is kept where it can be written."""

import re
from pathlib import Path

import pytest

import relevanceai

PACKAGE = Path(relevanceai.__file__).parent
COMPILES = re.compile(r"\b(?:njit|jit|vectorize|guvectorize|cfunc|stencil)\b")


def compiling_lines(source: str) -> list[int]:
    """The numbers of the lines that call numba's compiler by itself."""
    return [n for n, line in enumerate(source.splitlines(), 1) if COMPILES.search(line)]


def test_nothing_is_compiled_outside_compiled() -> None:
    """A bare `njit(cache=True)` fails in a package folder that cannot be written to."""
    found = [
        f"{path.relative_to(PACKAGE)}:{n}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != PACKAGE / "kernels" / "compiled.py"
        for n in compiling_lines(path.read_text(encoding="utf-8"))
    ]
    assert not found, f"{', '.join(found)}: use kernels.compiled.compiled"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from numba import njit", [1]),
        ("import numba\n@numba.njit(cache=True)\ndef f(): ...", [2]),
        ("import numba\nf = numba.vectorize(f)", [2]),
        ("from relevanceai.kernels.compiled import compiled\n@compiled(x)\ndef f(): ...", []),
    ],
)
def test_the_search_sees_what_it_should(source: str, expected: list[int]) -> None:
    assert compiling_lines(source) == expected
