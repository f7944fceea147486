"""Real data against reference results: do centroids and documents come out as plain numpy says?

    RELEVANCEAI_BENCH_DATA=<folder> .venv/bin/python benchmarks/reference.py

The folder holds data sets `<name>.parquet` and, beside each, reference results computed
independently of this package: `<name>.<vector field>.<label field>.ref.json`. Each data set is read
with pandas, inserted, and clustered by the labels it brings; then sizes, the closest pairs of
centroids and the closest and furthest documents of each cluster are compared. Where neighbouring
values tie, values are compared and ids are not. Ends with 1 when anything disagrees.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from relevanceai import Client, ClusterVizOps, Dataset

TOLERANCE = 1e-6  # relative to max(1, |value|); the vectors themselves are float32


@dataclass
class Tally:
    """How many values and ids were compared in one check, and what disagreed."""

    what: str
    values: int = 0
    names: int = 0
    tied: int = 0
    worst: float = 0.0
    wrong: list[str] | None = None

    def __post_init__(self) -> None:
        self.wrong = []

    def ranking(
        self,
        where: str,
        ours: Sequence[tuple[str, float]],
        theirs: Sequence[tuple[str, float]],
    ) -> None:
        """Compare two rankings: the value at each rank, and the name where nothing ties with it."""
        if len(ours) != len(theirs):
            self._say(f"{where}: {len(ours)} entries instead of {len(theirs)}")
            return
        for rank, ((our_name, our_value), (name, value)) in enumerate(
            zip(ours, theirs, strict=True)
        ):
            off = abs(our_value - value) / max(1.0, abs(value))
            self.values += 1
            self.worst = max(self.worst, off)
            if not off <= TOLERANCE:
                self._say(f"{where}, rank {rank}: {our_value!r} instead of {value!r}")
            if _is_tied(theirs, rank):
                self.tied += 1
                continue
            self.names += 1
            if our_name != name:
                self._say(f"{where}, rank {rank}: {our_name} instead of {name}")

    def equal(self, where: str, ours: object, theirs: object) -> None:
        self.values += 1
        if ours != theirs:
            self._say(f"{where}: {ours!r} instead of {theirs!r}")

    def _say(self, message: str) -> None:
        assert self.wrong is not None
        self.wrong.append(message)


def _is_tied(ranking: Sequence[tuple[str, float]], rank: int) -> bool:
    """True when a neighbour's value is too near to tell the order; the last may tie with the next."""
    value = ranking[rank][1]
    beside = [ranking[i][1] for i in (rank - 1, rank + 1) if 0 <= i < len(ranking)]
    return any(abs(value - other) <= 2 * TOLERANCE * max(1.0, abs(value)) for other in beside)


def _pair(a: object, b: object) -> str:
    return " & ".join(sorted((_cluster_id(a), _cluster_id(b))))


def _cluster_id(label: object) -> str:
    """Return the id that a brought label gets: numbers become `cluster-3`, text stays."""
    return f"cluster-{label}" if isinstance(label, int) else str(label)


def compare(operations: ClusterVizOps, reference: Mapping[str, Any]) -> list[Tally]:
    """Compare one clustering with its reference results."""
    sizes = Tally("sizes")
    ours = operations.sizes()
    theirs = {_cluster_id(one["cluster"]): one["size"] for one in reference["clusters"]}
    sizes.equal("clusters", sorted(ours), sorted(theirs))
    for cluster, size in theirs.items():
        sizes.equal(cluster, ours.get(cluster), size)
    tallies = [sizes]

    for metric, column in (("cosine", "similarity"), ("l2", "distance")):
        expected = [
            (_pair(one["a"], one["b"]), float(one[metric])) for one in reference[f"pairs_{metric}"]
        ]
        frame = operations.closest_centroids(n=len(expected), metric=metric)
        found = [
            (_pair(a, b), float(value))
            for a, b, value in zip(frame["cluster"], frame["other"], frame[column], strict=True)
        ]
        tally = Tally(f"closest centroids, {metric}")
        tally.ranking("pairs", found, expected)
        tallies.append(tally)

    for end in ("closest", "furthest"):
        for metric in ("cosine", "l2"):
            tally = Tally(f"{end} documents, {metric}")
            wanted = {
                _cluster_id(one["cluster"]): one[f"{end}_{metric}"] for one in reference["clusters"]
            }
            found_documents = getattr(operations, end)(
                page_size=max(map(len, wanted.values())),
                similarity_metric=metric,
                select_fields=["_id"],
                verbose=False,
            )["results"]
            for cluster, expected_documents in wanted.items():
                documents = found_documents.get(cluster, {"results": []})["results"]
                tally.ranking(
                    cluster,
                    [(one["_id"], float(one["_search_score"])) for one in documents],
                    [(name, float(value)) for name, value in expected_documents],
                )
            tallies.append(tally)
    return tallies


def _print_table(tallies: Iterable[Tally]) -> int:
    print(f"  {'':34}{'values':>8}{'ids':>8}{'tied':>6}{'worst':>10}")
    failed = 0
    for tally in tallies:
        wrong = tally.wrong or []
        verdict = "agree" if not wrong else f"{len(wrong)} DISAGREE"
        print(
            f"  {tally.what:34}{tally.values:>8,}{tally.names:>8,}{tally.tied:>6,}"
            f"{tally.worst:>10.1e}  {verdict}"
        )
        for message in wrong[:5]:
            print(f"      {message}")
        failed += len(wrong)
    return failed


def _load(client: Client, data: Path) -> Dataset:
    import pandas as pd

    start = perf_counter()
    frame = pd.read_parquet(data)
    dataset = client.Dataset(data.stem)
    report = dataset.insert_pandas_dataframe(frame)
    print(f"{data.name}: {report.inserted:,} documents inserted in {perf_counter() - start:.1f} s")
    assert dataset.shape[0] == len(frame)
    return dataset


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workspace", type=Path, help="keep the workspace there, to look at it")
    options = parser.parse_args()
    folder = os.environ.get("RELEVANCEAI_BENCH_DATA")
    if not folder:
        print("Set RELEVANCEAI_BENCH_DATA to the folder of data and references.", file=sys.stderr)
        return 2
    references = sorted(Path(folder).glob("*.ref.json"))
    if not references:
        print(f"There is no *.ref.json in {folder}.", file=sys.stderr)
        return 2
    failed = 0
    datasets: dict[str, Dataset] = {}
    with tempfile.TemporaryDirectory() as scratch:
        client = Client(options.workspace or Path(scratch) / "home")
        for path in references:
            name, vector_field, label_field = path.name.removesuffix(".ref.json").split(".")
            if name not in datasets:
                datasets[name] = _load(client, path.with_name(f"{name}.parquet"))
            start = perf_counter()
            operations = datasets[name].cluster(
                byo_cluster_field=label_field, vector_fields=[vector_field], alias=label_field
            )
            tallies = compare(operations, json.loads(path.read_text(encoding="utf-8")))
            print(f"\n{name}, {vector_field} by {label_field} ({perf_counter() - start:.1f} s)")
            failed += _print_table(tallies)
    print(f"\n{'Everything agrees.' if not failed else f'{failed} disagreements.'}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
