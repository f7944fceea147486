"""What the worker of the fault tests does, and what must be there after each step of it.

A step is plain JSON. `done(store, step)` does it to a dataset; `after(documents, step)` says, in the
plainest Python, which documents are there then, labels included.
"""

import copy
import random
from datetime import timedelta

import numpy as np

from relevanceai.clustering.run import aligned_labels, keep_brought, run_model
from relevanceai.store.documents import DocumentStore
from relevanceai.store.history import compact, restore
from relevanceai.store.writing import write_documents

VECTOR = "look_vector_"
MODEL, HAND = "by-model", "by-hand"
FIRST = "first"
KINDS = ("insert", "insert", "upsert", "upsert", "retype", "cluster", "cluster", "relabel", "grow")
RARE = ("compact", "clean", "restore")


class Thirds:
    """A model without arithmetic: a vector's cluster stands in its first number."""

    def fit_predict(self, vectors: np.ndarray) -> np.ndarray:
        return vectors[:, 0].astype(int) % 3


def first_documents() -> list[dict]:
    """30 documents in three groups, one of them without a vector."""
    return [document(f"first-{i}", i, i % 10 != 9) for i in range(30)]


def document(name: str, n: int, has_vector: bool = True) -> dict:
    vector = {VECTOR: [float(n % 3), float(n), 1.0, 0.5]} if has_vector else {}
    return {"_id": name, "n": n, "title": f"thing {n}", **vector}


def a_step(rng: random.Random, there: list[str], name: str) -> dict:
    """Return a step of some kind; `name` is one that no step before it had."""
    kind = rng.choice(RARE) if rng.random() < 0.1 else rng.choice(KINDS)
    some = rng.sample(there, min(len(there), rng.randint(1, 8)))
    n = rng.randrange(1000)
    fresh = [document(f"{name}-{i}", n + i) for i in range(rng.randint(1, 12))]
    match kind:
        case "insert":
            return {"kind": kind, "documents": fresh}
        case "upsert":
            return {"kind": kind, "documents": [document(one, n) for one in some] + fresh[:2]}
        case "retype":  # a field that changes its kind is rewritten: several commits, one change
            value: object = [n, f"text {n}", n + 0.5, [n]][n % 4]
            return {"kind": kind, "documents": [{"_id": one, "n": value} for one in some]}
        case "grow":
            return {"kind": kind, "documents": [{"_id": some[0], f"extra {n % 5}": n}, *fresh[:1]]}
        case "relabel":
            return {"kind": kind, "labels": dict.fromkeys(some, n % 4)}
    return {"kind": kind}


def done(store: DocumentStore, step: dict) -> None:
    """Do a step; when this returns, it is acknowledged."""
    match step["kind"]:
        case "insert":
            write_documents(store, step["documents"], upsert=False)
        case "upsert" | "retype" | "grow":
            write_documents(store, step["documents"], upsert=True)
        case "cluster":
            run_model(
                store,
                Thirds(),
                n_clusters=None,
                vector_fields=[VECTOR],
                alias=MODEL,
                random_state=None,
                model_kwargs=None,
            )
        case "relabel":
            keep_brought(
                store,
                lambda: aligned_labels(store, step["labels"]),
                vector_fields=[VECTOR],
                alias=HAND,
                source="story",
            )
        case "compact":
            compact(store)
        case "clean":
            compact(store, older_than=timedelta(0))
        case "restore":
            restore(store, FIRST)


def after(documents: dict[str, dict], step: dict) -> dict[str, dict]:
    """Return the documents, by `_id`, as they are once a step is done."""
    there = copy.deepcopy(documents)
    match step["kind"]:
        case "insert" | "upsert" | "retype" | "grow":
            for one in step["documents"]:
                old = there.get(one["_id"], {})
                if VECTOR in one and one[VECTOR] != old.get(VECTOR):
                    old.pop("_cluster_", None)
                there[one["_id"]] = old | one
        case "cluster":
            groups = sorted({int(one[VECTOR][0]) % 3 for one in there.values() if VECTOR in one})
            for one in there.values():
                label = (
                    f"cluster-{groups.index(int(one[VECTOR][0]) % 3)}" if VECTOR in one else None
                )
                _label(one, MODEL, label)
        case "relabel":
            for name, one in there.items():
                has = name in step["labels"] and VECTOR in one
                _label(one, HAND, f"cluster-{step['labels'][name]}" if has else None)
        case "restore":
            return {one["_id"]: one for one in first_documents()}
    return there


def _label(one: dict, alias: str, label: str | None) -> None:
    labels = one.pop("_cluster_", {}).get(VECTOR, {})
    labels.pop(alias, None)
    if label is not None:
        labels[alias] = label
    if labels:
        one["_cluster_"] = {VECTOR: labels}
