"""Figures, the sections they stand in, and benchmarks/RESULTS.md, which keeps a section each.

A section is measured by one function and stands under one heading; measuring it again replaces its
own text and no other. So parts can be measured at different times, on different machines even:
each says when and on what.
"""

import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).with_name("RESULTS.md")
LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "pylance", "scikit-learn")
_WHOLE = ("kB", "MiB", "ns")  # units whose fractions say nothing
_HEADING = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Figure:
    """One line of a table: what was measured, each value found, and what was promised.

    A ratio to a peer has the unit "x". `promise` is the most that the median may be, or the least
    with `at_least`.
    """

    what: str
    values: Sequence[float]
    unit: str = "s"
    promise: float | None = None
    at_least: bool = False

    @property
    def middle(self) -> float:
        return median(self.values)

    @property
    def verdict(self) -> str:
        if self.promise is None:
            return ""
        kept = self.middle >= self.promise if self.at_least else self.middle <= self.promise
        return "kept" if kept else "**broken**"

    def cells(self) -> tuple[str, ...]:
        digits = 0 if self.unit in _WHOLE else 2 if self.unit == "x" else 3
        low, high = min(self.values), max(self.values)
        times = "once" if len(self.values) == 1 else f"{len(self.values)} times"
        spread = times if low == high else f"{low:,.{digits}f} to {high:,.{digits}f}, {times}"
        bound = "at least" if self.at_least else "at most"
        return (
            self.what,
            f"{self.middle:,.{digits}f} {self.unit}",
            spread,
            "" if self.promise is None else f"{bound} {self.promise:g} {self.unit}",
            self.verdict,
        )


Note = str  # a plain line below the table: what was left out, and why
Measure = Callable[[Path, int], Sequence[Figure | Note]]


@dataclass(frozen=True)
class Section:
    """One part of the figures: its heading, what a reader must know, and who measures it.

    `measure(scratch, rounds)` gets an empty folder, deleted afterwards, and how often to measure.
    """

    title: str
    intro: str
    measure: Measure
    libraries: Sequence[str] = ()


def write_section(section: Section, found: Sequence[Figure | Note], order: Sequence[str]) -> None:
    """Put a section into RESULTS.md in place of what stood under its heading.

    `order` has the titles in the order they shall stand; those it does not know come last.
    """
    held = read_sections()
    held[section.title] = _text(section, found)
    titles = [title for title in order if title in held]
    titles += [title for title in held if title not in titles]
    body = "\n\n".join(f"## {title}\n\n{held[title]}" for title in titles)
    RESULTS.write_text(
        "# Figures\n\nMeasured by `make bench`; one section again by "
        f"`make bench BENCH_ARGS='--only NAME'`.\n\n{body}\n",
        encoding="utf-8",
    )


def read_sections() -> dict[str, str]:
    """Return what stands under each heading of RESULTS.md."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    found = list(_HEADING.finditer(text))
    ends = [one.start() for one in found[1:]] + [len(text)]
    return {
        one["title"]: text[one.end() : end].strip() for one, end in zip(found, ends, strict=True)
    }


def missing(packages: Mapping[str, str]) -> dict[str, Note]:
    """Return, for each peer whose package is not installed, the line that says so."""
    lines: dict[str, Note] = {}
    for peer, package in packages.items():
        try:
            version(package)
        except PackageNotFoundError:
            lines[peer] = (
                f"{peer} is not measured: {package} is not installed (pip install '.[bench]')."
            )
    return lines


def _text(section: Section, found: Sequence[Figure | Note]) -> str:
    figures = [one for one in found if isinstance(one, Figure)]
    notes = [f"- {one}" for one in found if isinstance(one, str)]
    parts = [section.intro, _table(figures), "\n".join(notes), f"On: {_facts(section)}"]
    return "\n\n".join(part for part in parts if part)


def _table(figures: Sequence[Figure]) -> str:
    if not figures:
        return ""
    heading = ("What", "Median", "Range", "Promised", "")
    rows = [heading, tuple("---" for _ in heading), *(figure.cells() for figure in figures)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _facts(section: Section) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    unmet = missing({name: name for name in (*LIBRARIES, *section.libraries)})
    names = [name for name in (*LIBRARIES, *section.libraries) if name not in unmet]
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} CPUs, {memory:.0f} GiB of memory, "
        f"{platform.system()} on {platform.machine()}, Python {platform.python_version()}, "
        f"relevanceai {version('relevanceai-local')}; {libraries}."
    )
