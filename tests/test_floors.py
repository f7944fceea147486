"""The architecture as a table: which floor may import which, and where each heavy library lives.

The same table stands, with its reasons, in docs/ARCHITECTURE.md. Imports under `TYPE_CHECKING` are
exempt: they are for the type checker and never run.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "relevanceai"
FILES = sorted(ROOT.rglob("*.py"))

# Lowest floor first; a floor may import itself and what its line names.
GROUND = {"errors", "batch", "processors"}
NUMBERS = GROUND | {"kernels", "store", "engine", "clustering", "progress"}
HELP = {"pictures", "show", "samples", "utils", "runtime", "browser", "detached", "launch"}
FLOORS: dict[str, set[str]] = {
    "errors": set(),
    "batch": {"errors"},
    "processors": set(),
    "progress": {"errors"},
    "pictures": {"errors"},
    "show": {"errors", "pictures"},
    "samples": {"errors"},
    "utils": {"errors", "samples"},
    "runtime": {"errors"},
    "browser": {"runtime"},
    "detached": {"errors", "runtime"},
    "launch": {"errors", "runtime", "browser", "detached"},
    "terminal": {"pictures"},
    "kernels": GROUND,
    "store": GROUND,
    "contrast": GROUND | {"kernels"},
    "engine": GROUND | {"kernels", "store"},
    "clustering": GROUND | {"kernels", "store", "engine", "progress"},
    "sample": NUMBERS | {"samples", "utils"},
    "documents": NUMBERS | HELP,
    "operations": NUMBERS | HELP | {"contrast"},
    "dataset": NUMBERS | HELP | {"sample", "contrast", "documents", "operations"},
    "client": NUMBERS | HELP | {"sample", "operations", "dataset"},
    "dashboard": NUMBERS | HELP | {"sample", "operations", "dataset", "client"},
    "typed": NUMBERS | HELP | {"sample", "operations", "dataset", "client"},
    "listing": NUMBERS | HELP | {"terminal", "dataset", "dashboard"},
    "commands": NUMBERS
    | HELP
    | {"terminal", "typed", "listing", "sample", "documents", "operations", "dataset", "client"}
    | {"dashboard"},
    "upkeep": {"errors", "terminal", "typed"},
    "cli": {"errors", "progress", "launch", "clustering", "typed", "commands", "upkeep"},
    "__main__": {"cli"},
    "__init__": set(),  # names its homes as text and loads them on first use
}

# The floors (or files) that may name a library which is slow to import or has one proper home.
HOMES: dict[str, set[str]] = {
    "lance": {"store"},
    "pyarrow": {"store", "documents"},
    "sklearn": {"clustering"},
    "scipy": {"kernels", "samples"},
    "numba": {"kernels"},
    "llvmlite": {"kernels"},
    "diptest": {"kernels"},
    "faiss": {"clustering"},
    "matplotlib": {"operations/viz"},
    "seaborn": set(),  # it imports scipy.stats, which takes longer than the picture
    "PIL": {"pictures", "samples"},
    "starlette": {"dashboard"},
    "uvicorn": {"dashboard"},
    "jinja2": {"dashboard"},
    "threadpoolctl": {"engine"},
    "tqdm": {"progress"},
    "filelock": {"store", "runtime", "launch", "dashboard"},
    "platformdirs": {"runtime", "launch"},
}


def _is_type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def _running(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk the nodes of a file, leaving out what stands under `if TYPE_CHECKING:`."""
    for node in ast.iter_child_nodes(tree):
        if _is_type_checking(node):
            for other in node.orelse:
                yield other
                yield from _running(other)
        else:
            yield node
            yield from _running(node)


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and full dotted name of each import, calls of `import_module("...")` included."""
    for node in _running(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=0) if module:
                for alias in names:
                    yield node.lineno, f"{module}.{alias.name}"
            case ast.ImportFrom():
                yield node.lineno, "." * node.level + (node.module or "")
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def violations(here: str, source: str) -> list[str]:
    """Say what in `source`, standing at `here` below the package's folder, breaks the table."""
    floor = here.split("/")[0].removesuffix(".py")
    found = []
    if floor not in FLOORS:
        return [f"{here} has no floor: put it into a floor that exists, or into the table"]
    for line, name in _imports(ast.parse(source)):
        top, _, rest = name.partition(".")
        if not top:
            found.append(f"{here}:{line}: write the import in full, not {name!r}")
        elif top == "relevanceai":
            other = rest.split(".")[0]
            if other not in FLOORS[floor] | {floor, "__version__"}:
                found.append(f"{here}:{line}: {floor} must not import {name}")
        elif top in HOMES:
            homes = HOMES[top]
            if not any(here == f"{home}.py" or here.startswith(f"{home}/") for home in homes):
                found.append(f"{here}:{line}: {top} lives in {', '.join(sorted(homes))} only")
    return found


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_each_file_imports_only_from_the_floors_below(path: Path) -> None:
    assert violations(_name(path), path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_each_file_says_in_its_first_line_what_lives_there(path: Path) -> None:
    doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert doc, f"{_name(path)} has no docstring"
    assert doc.splitlines()[0].rstrip().endswith((".", ":")), (
        f"{_name(path)}: {doc.splitlines()[0]}"
    )


def test_the_table_has_no_circle() -> None:
    below: set[str] = set()
    for floor, may in FLOORS.items():
        assert may <= below, f"{floor} may import {sorted(may - below)}, which come after it"
        below.add(floor)


def test_what_is_computed_names_what_draws_only_where_it_is_drawn() -> None:
    """A module of operations may import `viz` inside a function, never at its top."""
    computing = sorted((ROOT / "operations").glob("*.py"))
    found = [
        f"{_name(path)}:{node.lineno}"
        for path in computing
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and ".viz" in (node.module or "")
    ]
    assert not found


def test_utils_holds_the_sample_data_and_nothing_else() -> None:
    assert sorted(path.name for path in (ROOT / "utils").glob("*.py")) == [
        "__init__.py",
        "datasets.py",
    ]


@pytest.mark.parametrize(
    ("here", "source", "expected"),
    [
        ("kernels/x.py", "from relevanceai.errors import listed", []),
        (
            "kernels/x.py",
            "from relevanceai.store.documents import read",
            ["kernels/x.py:1: kernels must not import relevanceai.store.documents.read"],
        ),
        (
            "client.py",
            "def f():\n    import matplotlib.pyplot as plt",
            ["client.py:2: matplotlib lives in operations/viz only"],
        ),
        (
            "store/x.py",
            "from . import names",
            ["store/x.py:1: write the import in full, not '.'"],
        ),
        (
            "engine/x.py",
            "from importlib import import_module\nimport_module('relevanceai.client')",
            ["engine/x.py:2: engine must not import relevanceai.client"],
        ),
        (
            "kernels/x.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import relevanceai.client",
            [],
        ),
        ("show.py", "import relevanceai", ["show.py:1: show must not import relevanceai"]),
        (
            "odds.py",
            "",
            ["odds.py has no floor: put it into a floor that exists, or into the table"],
        ),
    ],
)
def test_the_check_sees_what_it_should(here: str, source: str, expected: list[str]) -> None:
    assert violations(here, source) == expected
