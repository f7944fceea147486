"""Names of clusters: do their words tell a cluster from its nearest sibling on held-out documents?

    RELEVANCEAI_BENCH_DATA=<folder> .venv/bin/python benchmarks/names.py

Every `<name>.parquet` of the folder that has texts, vectors and a `label_name` is clustered by
k-means into as many clusters as it has labels, into twice and into half as many, and by the labels
themselves; the sample catalogue into 8 by its pictures and into 16 and 32 by its titles. Then each
cluster's name is scored (AUROC against the cluster whose centroid is nearest) on a third of its
documents that took no part in choosing it; beside it, on the same documents, the best word of plain
c-TF-IDF, and its three best. The constants of `contrast/names.py` were chosen on other sets; its
rule for usual words was added after clinc150's names had been read.

`measured(folder, scratch)` yields the rows, `table(rows)` makes a table of them, and
`measure_names()` writes section 5 of EVIDENCE.md, as `evidence.py --only names` does.
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relevanceai import Client, ClusterOps, Dataset
from relevanceai.contrast.concepts import folded
from relevanceai.contrast.names import Contains, choices, held_out, weights
from relevanceai.contrast.terms import TermTable, term_table
from relevanceai.kernels.c_tf_idf import c_tf_idf
from relevanceai.kernels.ranks import auroc
from relevanceai.operations.cluster_name import VAGUE_BELOW
from relevanceai.operations.members import clusters_of_rows, sampled_rows, values_of
from relevanceai.operations.name_scores import LEAST_HELD_OUT
from relevanceai.operations.naming import nearest_siblings

MOST, SEED = 300, 0  # those of `ops.names()`


@dataclass(frozen=True)
class Row:
    """One clustering: the mean held-out AUROC of each way to name its clusters.

    `vague` and `best_word_vague` count the names below the bound under which a name is called vague.
    """

    data: str
    clustering: str
    n_clusters: int
    n_scored: int
    name: float
    first_term: float
    best_word: float
    three_words: float
    vague: int
    best_word_vague: int
    seconds: float


def measured(folder: Path | None, scratch: Path) -> Iterator[Row]:
    """Measure every set that has texts; `scratch` is an empty folder."""
    client = Client(scratch / "home")
    sample = client.load_sample("ecommerce")
    yield measured_clustering(sample.ClusterOps(), "sample catalogue", "pictures", "product_title")
    for n_clusters in (16, 32):
        vectors = "product_title_clip_vector_"
        ops = sample.cluster(n_clusters=n_clusters, vector_fields=[vectors], alias=f"{n_clusters}")
        yield measured_clustering(ops, "sample catalogue", "titles", "product_title")
    for path in sorted(folder.glob("*.parquet")) if folder else ():
        frame = pd.read_parquet(path)
        found = _text_and_vectors(frame)
        if found is None or "label_name" not in frame:
            continue
        dataset = client.Dataset(path.stem)
        dataset.insert_pandas_dataframe(frame)
        yield from _clusterings(dataset, path.stem, *found, frame["label_name"])


def _text_and_vectors(frame: pd.DataFrame) -> tuple[str, str] | None:
    """The field of texts, and the vector field made of it, or None."""
    vectors = [name for name in frame if str(name).endswith("_vector_")]
    for name in frame:
        values = frame[name].dropna()
        if name in ("_id", "label_name", *vectors) or not len(values):
            continue
        texts = [value for value in values.head(200) if isinstance(value, str)]
        if len(texts) > 100 and np.mean([len(text.split()) for text in texts]) >= 2:
            made = [one for one in vectors if str(one).startswith(str(name))]
            if made or vectors:
                return str(name), str((made or vectors)[0])
    return None


def _clusterings(
    dataset: Dataset, data: str, field: str, vectors: str, labels: pd.Series
) -> Iterator[Row]:
    n_labels = labels.nunique()
    ways = {"the labels": None, "k-means, as many": n_labels}
    ways |= {"k-means, twice as many": 2 * n_labels, "k-means, half as many": n_labels // 2}
    for alias, n_clusters in ways.items():
        if n_clusters is None:
            ops = dataset.cluster(
                byo_cluster_field="label_name", vector_fields=[vectors], alias=alias
            )
        else:
            ops = dataset.cluster(n_clusters=n_clusters, vector_fields=[vectors], alias=alias)
        yield measured_clustering(ops, data, alias, field)


def measured_clustering(ops: ClusterOps, data: str, clustering: str, field: str) -> Row:
    """Name the clusters as `ops.names(field)` does, and score them beside plain c-TF-IDF."""
    store, centroids = ops._pinned()
    row_ids, clusters = sampled_rows(*clusters_of_rows(store, centroids), MOST, seed=SEED)
    texts = [str(one.get(field) or "") for one in values_of(store, row_ids, [field])]
    siblings = nearest_siblings(centroids)
    is_held_out = held_out(clusters, np.random.default_rng(SEED))
    learning = np.where(is_held_out, -1, clusters)
    start = perf_counter()
    raw = term_table(texts)
    table, _ = folded(raw)
    chosen, held = choices(table, learning, siblings)
    seconds = perf_counter() - start
    plain = c_tf_idf(raw.counts(learning, len(siblings)))
    words, raw_words = _Told(table, clusters, is_held_out), _Told(raw, clusters, is_held_out)
    scores = []
    for cluster, choice in enumerate(chosen):
        other = siblings[cluster][0]
        if min(words.n(cluster), words.n(other)) < LEAST_HELD_OUT:
            continue
        best = np.argsort(-plain[cluster], kind="stable")[:3].tolist()
        weight = weights(held, cluster, other, choice.name)
        scores.append(
            (
                words.auroc(cluster, other, choice.name, weight),
                words.auroc(cluster, other, choice.name[:1], np.ones(1)),
                raw_words.auroc(cluster, other, best[:1], np.ones(1)),
                raw_words.auroc(cluster, other, best, np.ones(3)),
            )
        )
    mean = np.mean(scores, axis=0)
    vague = (np.array(scores) < VAGUE_BELOW).sum(axis=0)
    return Row(
        data,
        clustering,
        len(siblings),
        len(scores),
        *(float(value) for value in mean),
        int(vague[0]),
        int(vague[2]),
        seconds,
    )


class _Told:
    """The AUROC of some terms on the held-out documents of two clusters."""

    def __init__(
        self, table: TermTable, clusters: NDArray[np.int32], is_held_out: NDArray[np.bool_]
    ) -> None:
        self._contains = Contains(table)
        self._members = [
            np.flatnonzero(is_held_out & (clusters == one)) for one in range(clusters.max() + 1)
        ]

    def n(self, cluster: int) -> int:
        return len(self._members[cluster])

    def auroc(
        self, cluster: int, other: int, terms: Sequence[int], weight: NDArray[np.float64]
    ) -> float:
        here = self._contains.matrix(self._members[cluster], terms)
        there = self._contains.matrix(self._members[other], terms)
        return auroc(here @ weight[: len(terms)], there @ weight[: len(terms)])


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table, with their means, and what the columns are."""
    lines = [
        "| Data | Clusters by | Scored | **Name** | its first term | best c-TF-IDF word | "
        f"three of them | names below {VAGUE_BELOW:.2f} | best words below |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row.data} | {row.clustering} | {row.n_scored} of {row.n_clusters} | "
            f"**{row.name:.3f}** | {row.first_term:.3f} | {row.best_word:.3f} | "
            f"{row.three_words:.3f} | {row.vague} | {row.best_word_vague} |"
        )
    means = np.mean(
        [(row.name, row.first_term, row.best_word, row.three_words) for row in rows], axis=0
    )
    name, first, best, three = means
    lines.append(
        f"| mean | | | **{name:.3f}** | {first:.3f} | {best:.3f} | {three:.3f} | "
        f"{sum(row.vague for row in rows)} | {sum(row.best_word_vague for row in rows)} |"
    )
    return "\n".join(lines)


def measure_names(*, quick: bool = False) -> None:
    """Write the section of EVIDENCE.md; a quick run looks at the sample catalogue only."""
    from evidence_page import write_section

    folder = os.environ.get("RELEVANCEAI_BENCH_DATA")
    with tempfile.TemporaryDirectory() as scratch:
        rows = list(measured(Path(folder) if folder and not quick else None, Path(scratch)))
    write_section(
        "5. Names",
        f"The AUROC of each cluster's name on a third of its documents (at most {MOST} a cluster are "
        "looked at), which took no part in choosing it, against those of the cluster whose centroid "
        "is nearest; the mean over the clusters that have 5 documents held out. A name has up to "
        "three terms; beside it its first term alone, and on the same documents the best word of "
        "plain c-TF-IDF and the number of its three best that a document has. `python "
        f"benchmarks/evidence.py --only names`.\n\n{table(rows)}",
    )


def main() -> int:
    folder = os.environ.get("RELEVANCEAI_BENCH_DATA")
    if not folder:
        print("RELEVANCEAI_BENCH_DATA is not set: the sample only.", file=sys.stderr)
    with tempfile.TemporaryDirectory() as scratch:
        rows = list(measured(Path(folder) if folder else None, Path(scratch)))
    print(table(rows))
    print(f"\nChoosing took {sum(row.seconds for row in rows):.1f} s for all.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
