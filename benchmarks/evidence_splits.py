"""Figure 4 of the evidence: clusters that hold two classes or more, are they proposed to be split?

Each vector field is clustered by k-means into half as many clusters as it has classes. A cluster
holds two classes when its second largest class has at least a fifth of its documents. Proposed is
what `split_candidates` calls "two": a false discovery rate of 5 % over the clusters. A cluster of
one class may have a valley all the same (two ways to write a digit), so precision has a ceiling that
is not known; beside it stands what proposing every cluster would give.
"""

import tempfile
from pathlib import Path

import numpy as np
from evidence_page import counts, keep, table, write_section
from evidence_real import sets
from numpy.typing import NDArray

from relevanceai import Client, ClusterOps

SECOND = 0.2


def holds_two(clusters: NDArray[np.intp], classes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell of each cluster whether its second largest class has at least `SECOND` of it."""
    counted = np.zeros((clusters.max() + 1, classes.max() + 1), np.int64)
    np.add.at(counted, (clusters, classes), 1)
    counted = np.sort(counted, axis=1)
    second: NDArray[np.bool_] = counted[:, -2] >= SECOND * counted.sum(axis=1)
    return second


def scored(vectors: NDArray[np.float32], classes: NDArray[np.intp]) -> dict[str, float | int]:
    """Score one vector field."""
    n_clusters = max(2, (int(classes.max()) + 1) // 2)
    with tempfile.TemporaryDirectory() as scratch:
        dataset = Client(Path(scratch) / "home").Dataset("set")
        dataset.insert_numpy(
            vectors, [{"_id": str(i), "place": i} for i in range(len(vectors))], field="a_vector_"
        )
        ops = dataset.cluster(n_clusters=n_clusters, vector_fields=["a_vector_"], alias="half")
        found = ops.split_candidates(describe=0).set_index("cluster")
        clusters, names = _clusters(ops, len(vectors))
    truth = holds_two(clusters, classes)
    verdicts = found["verdict"].reindex(names)
    proposed = (verdicts == "two").to_numpy()
    depth = found["depth"].reindex(names).to_numpy()
    return {
        "clusters": len(truth),
        "mixed": int(truth.sum()),
        "proposed": int(proposed.sum()),
        "right": int((proposed & truth).sum()),
        "undecided": int((verdicts == "undecided").sum()),
        "undecided_mixed": int(((verdicts == "undecided").to_numpy() & truth).sum()),
        "auc_depth": _auc(depth, truth),
    }


def _clusters(ops: ClusterOps, n_rows: int) -> tuple[NDArray[np.intp], list[str]]:
    """The cluster of each vector, as a place in the list of ids."""
    names = ops.list_cluster_ids()
    place = {name: index for index, name in enumerate(names)}
    label = ops._clustering().label_path
    clusters = np.empty(n_rows, np.intp)
    store = ops._store.snapshot()
    for one in store.read(store.all_row_ids().tolist(), select_fields=["place", label]):
        value: object = one
        for part in label.split("."):
            value = value[part]  # type: ignore[index]
        clusters[one["place"]] = place[str(value)]
    return clusters, names


def _auc(values: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    pairs = [
        float(np.mean((one > values[~truth]) + 0.5 * (one == values[~truth])))
        for one in values[truth]
        if (~truth).any()
    ]
    return float(np.mean(pairs)) if pairs else 0.5


def measure_splits(*, quick: bool) -> None:
    """Score every field that is not kept yet, and write the section."""
    held = {} if quick else counts().get("splits", {})
    for name, vectors, classes in sets():
        if name not in held:
            keep("splits", name, scored(vectors, classes))
            print(f"  splits: {name}", flush=True)
    write_section("4. Split proposals", _text(counts()["splits"]))


def _text(cells: dict[str, dict[str, float]]) -> str:
    head = ["Data", "clusters", "of two classes", "proposed", "precision", "recall", "by chance"]
    rows: list[list[object]] = [[*head, "undecided"]]
    rows += [_row(name, one) for name, one in sorted(cells.items())]
    total = {key: sum(one[key] for one in cells.values()) for key in next(iter(cells.values()))}
    rows.append(_row("all", total))
    return "\n\n".join([__doc__.split("\n", 2)[2].strip(), table(rows)])


def _row(name: str, one: dict[str, float]) -> list[object]:
    precision = f"{one['right'] / one['proposed']:.2f}" if one["proposed"] else "-"
    recall = f"{one['right'] / one['mixed']:.2f}" if one["mixed"] else "-"
    chance = f"{one['mixed'] / one['clusters']:.2f}"
    plain = [int(one[key]) for key in ("clusters", "mixed", "proposed")]
    return [name, *plain, precision, recall, chance, int(one["undecided"])]
