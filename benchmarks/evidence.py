"""The figures of the evidence: `make bench-evidence`.

    python benchmarks/evidence.py --quick                  a look, in minutes: few runs, nothing kept
    python benchmarks/evidence.py --only nulls --minutes 4 a slice of the long run; again for more
    python benchmarks/evidence.py --only real,splits,names,time  figures 3 to 6
    python benchmarks/evidence.py --only pieces,groups     figure 7
    python benchmarks/evidence.py --only page              write the page from what is kept

The long run of nulls and power takes about 45 minutes on one processor, pieces and groups 40, time one; slices add to
evidence.json, cells that have their runs are left alone, and `--cells TEXT` runs those whose name
holds the text. Figures 3 to 5 read data sets from the folder RELEVANCEAI_BENCH_DATA, and figures 3
and 4 scikit-learn's digits.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from time import perf_counter

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
PARTS = ("nulls", "power", "real", "splits", "names", "time", "pieces", "groups", "page")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--cells", default="", help="cells whose name holds this text")
    parser.add_argument("--runs", type=int, help="runs a cell; 400 for nulls, 200 for power")
    parser.add_argument(
        "--minutes", type=float, default=1e9, help="stop after the cell then running"
    )
    parser.add_argument(
        "--quick", action="store_true", help="every seventh cell, 40 runs, in a scratch"
    )
    options = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # before numpy is loaded
        command = [sys.executable, __file__, *sys.argv[1:]]
        return subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=False).returncode
    parts = options.only.split(",")
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no {unknown[0]!r}; --only takes {', '.join(PARTS)}")
    if options.quick:
        _use_scratch()
    stop = perf_counter() + 60 * options.minutes
    if "nulls" in parts:
        from evidence_made import null_cells, run_null

        _run("nulls", null_cells(), run_null, options.runs or 400, stop, options)
    if "power" in parts:
        from evidence_made import power_cells, run_power

        _run("power", power_cells(), run_power, options.runs or 200, stop, options)
    if "real" in parts:
        from evidence_real import measure_real

        measure_real(quick=options.quick)
    if "splits" in parts:
        from evidence_splits import measure_splits

        measure_splits(quick=options.quick)
    if "names" in parts:
        from names import measure_names

        measure_names(quick=options.quick)
    if "time" in parts:
        from evidence_time import measure_time

        measure_time(quick=options.quick)
    if "pieces" in parts:
        from evidence_pieces import MOST_RUNS, piece_cells, run_pieces

        _run("pieces", piece_cells(), run_pieces, options.runs or MOST_RUNS, stop, options)
    if "groups" in parts:
        from evidence_pieces import GROUP_RUNS, group_cells, run_groups

        _run("groups", group_cells(), run_groups, options.runs or GROUP_RUNS, stop, options)
    from evidence_made import write_nulls, write_power
    from evidence_pieces import write_pieces

    write_pieces()
    write_nulls()
    write_power()
    from evidence_page import PAGE

    if options.quick:
        print(PAGE.read_text("utf-8"))
    else:
        print(f"Written: {PAGE}")
    return 0


def _run(
    section: str,
    cells: Sequence[str],
    run: Callable[[str, int], None],
    runs: int,
    stop: float,
    options: argparse.Namespace,
) -> None:
    """Run the cells that have not had their runs, until the time is up."""
    from evidence_page import counts

    if options.quick:
        cells, runs = cells[::7], 40
    held = counts().get(section, {})
    due = [one for one in cells if options.cells in one and not _is_done(held.get(one), runs)]
    for place, cell in enumerate(due):
        if perf_counter() > stop:
            print(f"{section}: {len(due) - place} cells left")
            return
        start = perf_counter()
        run(cell, runs)
        done = counts()[section][cell]
        of = done.get("pairs", done.get("two_pairs", done["runs"]))
        print(
            f"{section}: {cell}: {done['rejected']} of {of} ({perf_counter() - start:.0f} s)",
            flush=True,
        )


def _is_done(held: dict[str, int] | None, runs: int) -> bool:
    """Tell whether a cell has had its runs, or has the pairs that it stops at."""
    from evidence_pieces import is_enough

    if held is None:
        return False
    return held["runs"] >= runs or ("pairs" in held and is_enough(held))


def _use_scratch() -> None:
    """Keep nothing of a quick run."""
    import tempfile
    from pathlib import Path

    import evidence_page

    folder = Path(tempfile.mkdtemp())
    evidence_page.PAGE, evidence_page.COUNTS = folder / "EVIDENCE.md", folder / "evidence.json"


if __name__ == "__main__":
    sys.exit(main())
