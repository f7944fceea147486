"""Ingest, measured: a Parquet file into a dataset, and into what else could keep it.

    python benchmarks/store_ingest.py PEER FILE FOLDER

does one of them, in a process of its own, and prints how long it took and the most memory it held.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from results import Figure, Note, Section, missing
from store_data import write_products

PACKAGES = {"LanceDB": "lancedb", "DuckDB": "duckdb"}
OURS, BARE = "relevanceai", "pyarrow and Lance"
MEMORY_MIB = 1536


def relevanceai(file: Path, folder: Path) -> float:
    from relevanceai import Client

    dataset = Client(folder).Dataset("products")
    start = perf_counter()
    dataset.insert_parquet(file)
    return perf_counter() - start


def bare(file: Path, folder: Path) -> float:
    """Read the file with pyarrow, write it with Lance, check nothing."""
    import lance
    import pyarrow.dataset as ds

    start = perf_counter()
    reader = ds.dataset(file).scanner().to_reader()
    lance.write_dataset(reader, str(folder / "bare.lance"))
    return perf_counter() - start


def lancedb(file: Path, folder: Path) -> float:
    import lancedb as peer
    import pyarrow.dataset as ds

    start = perf_counter()
    table = peer.connect(folder).create_table("products", ds.dataset(file).scanner().to_reader())
    table.create_scalar_index("_id")
    return perf_counter() - start


def duckdb(file: Path, folder: Path) -> float:
    import duckdb as peer

    start = perf_counter()
    with peer.connect(folder / "products.duckdb") as to:
        to.execute("CREATE TABLE products AS SELECT * FROM read_parquet(?)", [str(file)])
        to.execute("CREATE UNIQUE INDEX by_id ON products (_id)")
    return perf_counter() - start


def pandas(file: Path, folder: Path) -> float:
    import pandas as pd

    start = perf_counter()
    pd.read_parquet(file).to_parquet(folder / "products.parquet")
    return perf_counter() - start


PEERS: dict[str, Callable[[Path, Path], float]] = {
    BARE: bare,
    OURS: relevanceai,
    "LanceDB": lancedb,
    "DuckDB": duckdb,
    "Parquet with pandas": pandas,
}


def measured(
    scratch: Path, rounds: int, n_rows: int, n_dims: int, peers: list[str]
) -> list[Figure]:
    """Let the peers take turns, each in a fresh process and folder."""
    file = write_products(scratch / "products.parquet", n_rows, n_dims)
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    memory: dict[str, list[float]] = {name: [] for name in peers}
    for turn in range(rounds):
        for name in peers:
            if turn and name not in (BARE, OURS):  # once is enough to see where they stand
                continue
            folder = scratch / "home"
            folder.mkdir()
            words = [sys.executable, __file__, name, str(file), str(folder)]
            said = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
            shutil.rmtree(folder)
            seconds[name].append(said["seconds"])
            memory[name].append(said["peak_mib"])
    file.unlink()
    ratios = [a / b for a, b in zip(seconds[OURS], seconds[BARE], strict=True)]
    figures = [Figure(f"insert_parquet, times {BARE}", ratios, "x", 2.0)]
    for name in peers:
        promise = MEMORY_MIB if name == OURS else None
        figures.append(Figure(f"{name}", seconds[name]))
        figures.append(Figure(f"{name}, peak memory", memory[name], "MiB", promise))
    return figures


def one_million(scratch: Path, rounds: int) -> list[Figure | Note]:
    """Measure 1,000,000 x 512: all peers."""
    lacking = missing(PACKAGES)
    peers = [name for name in PEERS if name not in lacking]
    return [*measured(scratch, min(rounds, 3), 1_000_000, 512, peers), *lacking.values()]


def ten_million(scratch: Path, rounds: int) -> list[Figure | Note]:
    """Measure 10,000,000 x 64: ours and the bare write."""
    return [*measured(scratch, min(rounds, 2), 10_000_000, 64, [BARE, OURS])]


HOW = (
    "From a Parquet file of ten fields and a vector, drawn from a seed; each peer in a process of "
    f"its own, taking turns; imports are not counted. *{BARE}* reads the file and writes it, checks "
    "nothing and keeps no index; LanceDB and DuckDB make their index on `_id`. Peak memory is the "
    "process's, libraries and mapped files included."
)
SECTION = Section("Ingest of 1,000,000 x 512", HOW, one_million, tuple(PACKAGES.values()))
TALL = Section("Ingest of 10,000,000 x 64", HOW, ten_million)


def peak_mib() -> float:
    """Return the most memory that this process held."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    taken = PEERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
    print(json.dumps({"seconds": taken, "peak_mib": peak_mib()}))
