"""Any operations in any order, through two clients: the dataset says what a plain dict says."""

import operator
import random

import numpy as np
import pytest

from relevanceai import Client, Dataset
from relevanceai.store import bulk, id_index, layout, stored_vectors, writing

V = "x_vector_"
NAMES = {0: "cluster-0", 1: "cluster-1", -1: "outlier"}
FIELDS = {
    "n": lambda rng: rng.choice([0, 1, 2, 3, 2.5]),
    "m": lambda rng: rng.choice([1, "one", [1, 2], True, 2**60]),
    "s": lambda rng: rng.choice("abc"),
    "o": lambda rng: {"p": {"q": rng.randint(0, 2)}},
    V: lambda rng: [float(rng.randint(-9, 9)), 1.0],
}


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let twenty documents go the ways of many."""
    for module in (bulk, writing):
        monkeypatch.setattr(module, "CHUNK", 4)
    monkeypatch.setattr(id_index, "_INDEX_FROM", 6)
    monkeypatch.setattr(id_index, "_LOOK_UP", 5)
    monkeypatch.setattr(layout, "_MOST_FRAGMENTS", 2)
    monkeypatch.setattr(stored_vectors, "KEEP_FROM", 0)


class Model:
    """Documents in the order of insertion, and their labels."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, object]] = {}
        self.labels: dict[str, str] = {}

    def copy(self) -> "Model":
        other = Model()
        other.documents = {name: dict(one) for name, one in self.documents.items()}
        other.labels = dict(self.labels)
        return other

    def put(self, document: dict[str, object]) -> None:
        name = str(document["_id"])
        kept = self.documents.setdefault(name, {})
        if V in document and document[V] != kept.get(V):
            self.labels.pop(name, None)
        kept |= document
        self.documents[name] = {key: value for key, value in kept.items() if value is not None}

    def delete(self, name: str) -> None:
        del self.documents[name]
        self.labels.pop(name, None)


def check(dataset: Dataset, model: Model) -> None:
    seen = list(dataset.get_all_documents())
    path = f"_cluster_.{V}.a"
    labels = {one["_id"]: one.pop("_cluster_", {}).get(V, {}).get("a") for one in seen}
    told = [{name: value for name, value in one.items() if value is not None} for one in seen]
    assert told == list(model.documents.values())  # in this order, too
    assert {name: one for name, one in labels.items() if one is not None} == model.labels
    columns = dataset.columns
    for name, sign, value in (("n", ">", 1), ("n", "!=", 2), ("s", "==", "a"), ("m", "==", 1)):
        if name not in columns:
            continue
        compare = {">": operator.gt, "!=": operator.ne, "==": operator.eq}[sign]
        passing = [
            key
            for key, one in model.documents.items()
            if (compare(one[name], value) if name in one else sign == "!=")
        ]
        one = {"field": name, "filter_type": "exact_match"}
        found = dataset.filter([{**one, "condition": sign, "condition_value": value}])
        assert [one["_id"] for one in found] == passing, (name, sign)
        assert [one["_id"] for one in dataset.filter(compare(dataset[name], value))] == passing
    if dataset.list_cluster_aliases():
        found = dataset.filter(dataset[path] == "cluster-0")
        assert [one["_id"] for one in found] == [
            name for name in model.documents if model.labels.get(name) == "cluster-0"
        ]
    if "s" in columns:
        counts = dataset.value_counts("s").to_dict()
        values = [one["s"] for one in model.documents.values() if "s" in one]
        assert counts == {value: values.count(value) for value in values}
    names, page = [], {"cursor": None}
    while page["cursor"] is not None or not names:
        page = dataset.get_documents(7, cursor=page["cursor"], select_fields=["_id"])
        names += [one["_id"] for one in page["documents"]]
    assert names == list(model.documents)
    some = [*names[::-3], names[0]]
    assert [one["_id"] for one in dataset.get_documents_by_ids(some)] == some
    assert dataset.to_pandas_dataframe().index.size == len(names)
    assert dataset.verify().ok, dataset.verify()


def step(dataset: Dataset, model: Model, kind: str, rng: random.Random, new: list[str]) -> Model:
    """Do one thing to both; return the model after it."""
    there = list(model.documents)
    some = rng.sample(there, min(len(there), rng.choice([1, 3, 9])))
    if kind in ("insert", "upsert"):
        names = [new.pop() for _ in range(3)] + (some if kind == "upsert" else [])
        brought = [
            {"_id": name} | {key: FIELDS[key](rng) for key in rng.sample(list(FIELDS), 3)}
            for name in names
        ]
        if kind == "upsert":
            brought += [{"_id": some[0], rng.choice("nms"): None}]  # twice: the last is taken
            brought = sorted(brought, key=lambda one: len(one))[::-1]
            dataset.upsert_documents(brought)
        else:
            dataset.insert_documents(brought)
        last = {one["_id"]: one for one in brought}
        for one in [one for one in brought if last[one["_id"]] is one]:
            model.put(one)
    elif kind == "delete" and len(there) > len(some):
        dataset.delete_documents(some)
        new[:0] = some  # they come again, as new ones
        for name in some:
            model.delete(name)
    elif kind == "update":
        field = rng.choice(list(FIELDS))
        values = {field: rng.choice([None, FIELDS[field](rng)])}
        dataset.update_where([{"filter_type": "ids", "condition_value": some}], values)
        for name in some:
            model.put({"_id": name, **values})
    elif kind == "label" and V in dataset.columns:
        given = {name: rng.choice([0, 1, -1]) for name in some if V in model.documents[name]}
        if given:
            dataset.set_cluster_labels(V, "a", given)
            model.labels = {name: NAMES[number] for name, number in given.items()}
    elif kind == "assign" and {"cluster-0", "cluster-1"} & set(model.labels.values()):
        dataset.ClusterOps(alias="a", vector_fields=V).assign_new()
        assign(model)
    elif kind == "compact":
        dataset.compact()
    elif kind == "drop" and "m" in dataset.columns:
        dataset.rename_field("m", "gone")
        dataset.drop_field("gone")
        for one in model.documents.values():
            one.pop("m", None)
    return model


def assign(model: Model) -> None:
    """Label what has a vector by the nearest mean; of equal ones by the first."""
    means = {
        label: np.mean(
            [model.documents[key][V] for key, one in model.labels.items() if one == label], axis=0
        )
        for label in sorted(set(model.labels.values()) - {"outlier"})
    }
    for name, one in model.documents.items():
        if V in one and name not in model.labels:
            distances = {key: float(((mean - one[V]) ** 2).sum()) for key, mean in means.items()}
            model.labels[name] = min(distances, key=lambda key: distances[key])


@pytest.mark.parametrize("seed", range(2))
def test_a_dataset_is_what_was_done_to_it(seed: int) -> None:
    rng = random.Random(seed)
    handles = [Client().Dataset("any"), Client().Dataset("any")]
    model, new = Model(), [f"d{number:03}" for number in range(200)]
    versions: list[tuple[int, Model]] = []
    kinds = ["insert", "upsert", "upsert", "update", "delete", "label", "label", "assign"]
    kinds += ["compact", "restore", "drop"]
    todo = ["insert", "label", "upsert", *rng.choices(kinds, k=12)]
    for kind in todo:
        dataset = rng.choice(handles)
        if kind == "restore":
            version, before = rng.choice(versions)
            dataset.restore(version)
            model = step(dataset, before.copy(), "upsert", rng, new)
        else:
            model = step(dataset, model, kind, rng, new)
        versions.append((dataset.version, model.copy()))
        for one in handles:
            check(one, model)
