"""What the worker of the fault tests does, and what must be there after each step of it.

A step is plain JSON. `done(store, step)` does it to a dataset; `after(documents, step)` says, in the
plainest Python, which documents are there then, labels included.
"""

import copy
import random
from datetime import timedelta

import numpy as np

from relevanceai.clustering.run import aligned_labels, keep_brought, run_model
from relevanceai.operations.assign import assign_new
from relevanceai.store.applying import set_values
from relevanceai.store.changing import delete_ids
from relevanceai.store.documents import DocumentStore
from relevanceai.store.history import compact, restore
from relevanceai.store.writing import write_documents

VECTOR = "look_vector_"
MODEL, HAND = "by-model", "by-hand"
FIRST = "first"
KINDS = (
    *("insert", "insert", "upsert", "upsert", "retype", "grow", "delete", "set"),
    *("cluster", "cluster", "relabel", "assign", "assign"),
)
RARE = ("compact", "clean", "restore")
FEWEST = 20  # documents from which none is deleted


class Rests:
    """A model without arithmetic: a vector's cluster is its first number, modulo another."""

    def __init__(self, n: int) -> None:
        self._n = n

    def fit_predict(self, vectors: np.ndarray) -> np.ndarray:
        return vectors[:, 0].astype(int) % self._n


def first_documents() -> list[dict]:
    """30 documents in three groups, one of them without a vector."""
    return [document(f"first-{i}", i, i % 10 != 9) for i in range(30)]


def document(name: str, n: int, has_vector: bool = True) -> dict:
    vector = {VECTOR: [float(n % 3), float(n), 1.0, 0.5]} if has_vector else {}
    return {"_id": name, "n": n, "title": f"thing {n}", **vector}


def a_step(rng: random.Random, documents: dict[str, dict], name: str) -> dict:
    """Return a step of some kind; `name` is one that no step before it had."""
    there = sorted(documents)
    kind = rng.choice(RARE) if rng.random() < 0.1 else rng.choice(KINDS)
    if (kind == "assign" and _assigned(documents) is None) or (
        kind == "delete" and len(there) < FEWEST
    ):
        kind = "insert"
    some = rng.sample(there, min(len(there), rng.randint(1, 8)))
    n = rng.randrange(1000)
    fresh = [document(f"{name}-{i}", n + i) for i in range(rng.randint(1, 12))]
    match kind:
        case "insert":
            return {"kind": kind, "documents": fresh}
        case "upsert":
            return {"kind": kind, "documents": [document(one, n) for one in some] + fresh[:2]}
        case "retype":  # a field that changes its kind is rewritten: several commits, one change
            other: object = [n, f"text {n}", n + 0.5, [n]][n % 4]
            return {"kind": kind, "documents": [{"_id": one, "m": other} for one in some]}
        case "grow":
            return {"kind": kind, "documents": [{"_id": some[0], f"extra {n % 5}": n}, *fresh[:1]]}
        case "relabel":
            return {"kind": kind, "labels": dict.fromkeys(some, n % 4)}
        case "cluster":  # again under the same alias, in two groups or in three
            return {"kind": kind, "n": rng.choice((2, 3))}
        case "delete":
            return {"kind": kind, "ids": some}
        case "set":  # in one document or in many: rows are upserted, or a column written anew
            value: object = [n, f"text {n}", None][n % 3]
            return {"kind": kind, "below": rng.choice((5, 1000)), "value": value}
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
                Rests(step.get("n", 3)),
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
        case "delete":
            delete_ids(store, step["ids"])
        case "set":
            set_values(store, _below(step), {"told": step["value"]})
        case "assign":
            with store.writing():
                (one,) = (one for one in store.clusterings() if one.alias == MODEL)
                assign_new(store, one)
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
            rest = {
                name: int(one[VECTOR][0]) % step.get("n", 3)
                for name, one in there.items()
                if VECTOR in one
            }
            groups = sorted(set(rest.values()))
            for name, one in there.items():
                is_in = name in rest
                _label(one, MODEL, f"cluster-{groups.index(rest[name])}" if is_in else None)
        case "relabel":
            for name, one in there.items():
                has = name in step["labels"] and VECTOR in one
                _label(one, HAND, f"cluster-{step['labels'][name]}" if has else None)
        case "delete":
            for name in step["ids"]:
                del there[name]
        case "set":
            for one in there.values():
                if one.get("n", step["below"]) < step["below"]:
                    one.pop("told", None)
                    one |= {"told": step["value"]} if step["value"] is not None else {}
        case "assign":
            for name, label in (_assigned(there) or {}).items():
                _label(there[name], MODEL, label)
        case "restore":
            return {one["_id"]: one for one in first_documents()}
    return there


def _below(step: dict) -> list[dict]:
    return [
        {
            "field": "n",
            "filter_type": "numeric",
            "condition": "<",
            "condition_value": step["below"],
        }
    ]


def _assigned(documents: dict[str, dict]) -> dict[str, str] | None:
    """Return the cluster nearest to each document without one; None where two are as near."""
    members: dict[str, list[list[float]]] = {}
    bare = {}
    for name, one in documents.items():
        label = one.get("_cluster_", {}).get(VECTOR, {}).get(MODEL)
        if label is not None:
            members.setdefault(label, []).append(one[VECTOR])
        elif VECTOR in one:
            bare[name] = one[VECTOR]
    if not members or not bare:
        return None
    means = {label: np.mean(rows, axis=0) for label, rows in members.items()}
    assigned = {}
    for name, row in bare.items():
        far = sorted((float(np.linalg.norm(mean - row)), label) for label, mean in means.items())
        if len(far) > 1 and far[1][0] - far[0][0] < 1e-6:
            return None
        assigned[name] = far[0][1]
    return assigned


def _label(one: dict, alias: str, label: str | None) -> None:
    labels = one.pop("_cluster_", {}).get(VECTOR, {})
    labels.pop(alias, None)
    if label is not None:
        labels[alias] = label
    if labels:
        one["_cluster_"] = {VECTOR: labels}
