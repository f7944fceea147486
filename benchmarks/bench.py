"""The figures this package promises, measured: `make bench`.

Prints a table a section and writes it to benchmarks/RESULTS.md. Each figure is measured several
times; what is compared takes turns, so that a busy minute of the machine falls on all of it.
Medians, with the fastest and the slowest beside them. A speed is a ratio to a peer or a limit that
was measured in the same run.
"""

import argparse
import importlib
import os
import sys
import tempfile
from pathlib import Path

from results import RESULTS, Figure, Section, write_section

# The name that --only takes, and the module of this folder that has its SECTION, or `module:NAME`;
# in the order in which they stand in RESULTS.md.
SECTIONS = {
    "front-door": "front_door",
    "store": "store",
    "workspace": "store:WORKSPACE",
    "ingest": "store_ingest",
    "ingest-tall": "store_ingest:TALL",
    "passes-memory": "passes:MEMORY",
    "passes-store": "passes:STORE",
    "passes-first": "passes:FIRST",
    "passes-today": "passes:TODAY",
    "passes-size": "passes:SIZE",
    "neighbours": "neighbours",
    "pairs": "pairs",
    "kmeans": "kmeans",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=SECTIONS, action="append", help="this section")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured")
    parser.add_argument("--dry", action="store_true", help="print, and leave RESULTS.md as it is")
    options = parser.parse_args()
    os.environ["MPLBACKEND"] = "Agg"
    sections = {name: _section(place) for name, place in SECTIONS.items()}
    order = [one.title for one in sections.values()]
    is_broken = False
    for name in options.only or sections:
        section = sections[name]
        print(f"\n{section.title}", flush=True)
        with tempfile.TemporaryDirectory() as scratch:
            found = section.measure(Path(scratch), options.rounds)
        for one in found:
            print("  " + ("  ".join(one.cells()) if isinstance(one, Figure) else one), flush=True)
        is_broken |= any("broken" in one.verdict for one in found if isinstance(one, Figure))
        if not options.dry:
            write_section(section, found, order)
            print(f"  Written to {RESULTS.name}, under '{section.title}'.", flush=True)
    return int(is_broken)


def _section(place: str) -> Section:
    module, _, name = place.partition(":")
    found = getattr(importlib.import_module(module), name or "SECTION")
    assert isinstance(found, Section)
    return found


if __name__ == "__main__":
    sys.exit(main())
