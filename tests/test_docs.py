"""The README and the pages under docs: their Python runs, their links lead somewhere."""

import argparse
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from relevanceai import launch
from relevanceai.cli import _parser

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
ADDRESS = re.compile(r"\bhttps?://([^\s/\"'`)>]+)")
OWN_HOST = re.compile(
    r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?|([\w-]+\.)*example(\.(com|org|net))?"
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, and the line on which its text begins."""

    page: Path
    line: int
    language: str
    text: str


def _blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, match.start(2)) + 1, match[1], match[2])
        for match in FENCE.finditer(text)
    ]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture
def products(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reader's own `products.parquet`, in the folder in which the reader works."""
    import pandas as pd

    rng = np.random.default_rng(3)
    kinds = ["boots", "hats", "socks", "bags", "belts", "scarves"]
    middles = rng.normal(size=(len(kinds), 16)) * 3
    rows = [(i, kind) for i in range(20) for kind in range(len(kinds))]
    frame = pd.DataFrame(
        {
            "_id": [f"p-{i:02}{kind}" for i, kind in rows],
            "image_vector_": [(middles[kind] + rng.normal(size=16)).tolist() for _, kind in rows],
            "title_vector_": [rng.normal(size=8).tolist() for _ in rows],
            "title": [f"{kinds[kind]}, number {i}" for i, kind in rows],
            "kind": [kinds[kind] for _, kind in rows],
        }
    )
    work = tmp_path / "work"
    work.mkdir()
    frame.to_parquet(work / "products.parquet")
    monkeypatch.chdir(work)
    return work


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(b.language == "python" for b in _blocks(page))],
    ids=_name,
)
def test_the_python_of_a_page_runs_from_top_to_bottom(
    page: Path,
    products: Path,
    sample_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from matplotlib import pyplot

    home = shutil.copytree(sample_home, products.parent / "home")
    monkeypatch.setenv("RELEVANCEAI_HOME", str(home))
    names: dict[str, object] = {"__name__": "__main__"}
    try:
        for block in _blocks(page):
            if block.language == "python":
                source = "\n" * (block.line - 1) + block.text  # so that errors name the page's line
                exec(compile(source, _name(page), "exec"), names)
    finally:
        pyplot.close("all")
        launch.stop(home)
    assert "Traceback" not in capsys.readouterr().err


def _commands() -> dict[str, argparse.ArgumentParser]:
    (found,) = [
        action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)
    ]
    return dict(found.choices)


def test_every_shell_line_is_a_command_that_exists() -> None:
    parser = _parser()
    found = 0
    for page in PAGES:
        for block in _blocks(page):
            for line in block.text.splitlines() if block.language == "bash" else []:
                words = shlex.split(line, comments=True)
                if words[:1] == ["relevanceai"] and words[1:] != ["--version"]:
                    parser.parse_args(words[1:])  # exits, and fails the test, if it does not parse
                    found += 1
    assert found >= 10


def test_every_command_and_every_option_is_documented() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    _, *parts = re.split(r"^## ", page, flags=re.MULTILINE)
    sections = {part.splitlines()[0]: part for part in parts}
    commands = _commands()
    assert sorted(sections) == sorted(commands)
    missing = [
        f"{name} {option}"
        for name, command in commands.items()
        for action in command._actions
        for option in action.option_strings
        if option not in {"-h", "--help", "--workspace"}
        and not re.search(rf"{option}(?![\w-])", sections[name])
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_each_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.is_file(), f"{_name(page)} links to {target}, which is not there"
        if anchor:
            assert anchor in _anchors(there), f"{_name(page)} links to {target}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_page_names_no_foreign_host(page: Path) -> None:
    for host in ADDRESS.findall(page.read_text(encoding="utf-8")):
        assert OWN_HOST.fullmatch(host), f"{_name(page)} names {host}"


SHIPPED = [
    path
    for path in sorted((ROOT / "src").rglob("*"))
    if path.suffix in {".py", ".js", ".css", ".html", ".svg", ".json"}
]
NAMESPACES = {"www.w3.org"}


def test_no_file_that_ships_names_a_foreign_host() -> None:
    foreign = {
        f"{path.relative_to(ROOT)}: {host}"
        for path in SHIPPED
        for host in ADDRESS.findall(path.read_text(encoding="utf-8"))
        if not OWN_HOST.fullmatch(host) and host not in NAMESPACES and not host.startswith("{")
    }
    assert foreign == set()


def test_the_readme_begins_with_how_to_install_and_then_the_demo() -> None:
    first = next(block for block in _blocks(ROOT / "README.md") if block.language == "bash")
    install, demo = first.text.splitlines()
    assert install.startswith("pip install relevanceai-local")
    assert "uvx --from relevanceai-local relevanceai demo" in install
    assert demo == "relevanceai demo"
