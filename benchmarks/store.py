"""What is asked of a dataset of 1,000,000 documents day by day, beside what else could keep it."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from results import Figure, Note, Section, missing
from store_data import VECTOR, products, write_products

N_ROWS, N_DIMS = 1_000_000, 64
UPSERT, LOOK_UP, PAGE = 1_000, 300, 20
OURS = "relevanceai"
PACKAGES = {"LanceDB": "lancedb", "DuckDB": "duckdb"}
PROMISES = {"upsert": 0.1, "by id": 0.05, "page": 0.05, "label": 0.05}
WORDS = {
    "upsert": f"upsert of {UPSERT:,} documents",
    "by id": f"{LOOK_UP} documents by `_id`",
    "page": f"a page of {PAGE}, filtered by a category and a price",
    "label": "adding a label column",
}
CATEGORY, PRICE = "category 3", 80.0


class Ours:
    """A dataset of this package."""

    def __init__(self, file: Path, folder: Path) -> None:
        from relevanceai import Client

        self.dataset = Client(folder).Dataset("products")
        self.dataset.insert_parquet(file)

    def upsert(self, _: pa.Table, documents: list[dict[str, Any]]) -> None:
        self.dataset.upsert_documents(documents)

    def by_ids(self, ids: list[str]) -> int:
        return len(self.dataset.get_documents_by_ids(ids, include_vector=False))

    def page(self) -> int:
        data = self.dataset
        chosen = (data["category"] == CATEGORY) & (data["price"] > PRICE)
        return len(data.get_documents(PAGE, filters=chosen, include_vector=False)["documents"])

    def label(self, name: str, labels: np.ndarray) -> None:
        """Keep labels that are worked out already: what a clustering does last."""
        from relevanceai.store.labelling import add_clustering

        store = self.dataset.opened()
        ids = [f"cluster-{one}" for one in range(8)]
        with store.writing():
            add_clustering(store, [VECTOR], name, labels, np.ones(len(labels), bool), ids, {})


class LanceDB:
    def __init__(self, file: Path, folder: Path) -> None:
        import lancedb
        import pyarrow.dataset as ds

        reader = ds.dataset(file).scanner().to_reader()
        self.table = lancedb.connect(folder / "lancedb").create_table("products", reader)
        self.table.create_scalar_index("_id")

    def upsert(self, table: pa.Table, _: list[dict[str, Any]]) -> None:
        merge = self.table.merge_insert("_id")
        merge.when_matched_update_all().when_not_matched_insert_all().execute(table)

    def by_ids(self, ids: list[str]) -> int:
        return len(self._found(f"_id IN ({', '.join(map(repr, ids))})", len(ids)))

    def page(self) -> int:
        return len(self._found(f"category = '{CATEGORY}' AND price > {PRICE}", PAGE))

    def _found(self, where: str, limit: int) -> list[dict[str, Any]]:
        names = [one for one in self.table.schema.names if one != VECTOR]
        return self.table.search().where(where).select(names).limit(limit).to_list()

    def label(self, name: str, _: np.ndarray) -> None:
        self.table.add_columns({name: "cast(stock % 8 as int)"})  # it takes SQL, not arrays


class DuckDB:
    def __init__(self, file: Path, folder: Path) -> None:
        import duckdb

        self.to = duckdb.connect(folder / "products.duckdb")
        self.to.execute("CREATE TABLE products AS SELECT * FROM read_parquet(?)", [str(file)])
        self.to.execute("CREATE UNIQUE INDEX by_id ON products (_id)")

    def upsert(self, table: pa.Table, _: list[dict[str, Any]]) -> None:
        self.to.register("fresh", table)
        self.to.execute("INSERT OR REPLACE INTO products BY NAME SELECT * FROM fresh")
        self.to.unregister("fresh")

    def by_ids(self, ids: list[str]) -> int:
        marks = ", ".join("?" * len(ids))
        found = self.to.execute(
            f"SELECT * EXCLUDE {VECTOR} FROM products WHERE _id IN ({marks})", ids
        )
        return len(found.fetchall())

    def page(self) -> int:
        found = self.to.execute(
            f"SELECT * EXCLUDE {VECTOR} FROM products WHERE category = ? AND price > ? LIMIT ?",
            [CATEGORY, PRICE, PAGE],
        )
        return len(found.fetchall())

    def label(self, name: str, _: np.ndarray) -> None:
        self.to.execute(f"ALTER TABLE products ADD COLUMN {name} INTEGER")
        self.to.execute(f"UPDATE products SET {name} = stock % 8")


class Parquet:
    """One Parquet file, read and written by pandas."""

    def __init__(self, file: Path, folder: Path) -> None:
        self.file = shutil.copy(file, folder / "products.parquet")

    def upsert(self, table: pa.Table, _: list[dict[str, Any]]) -> None:
        import pandas as pd

        frame = pd.read_parquet(self.file)
        fresh = table.to_pandas()
        kept = frame[~frame["_id"].isin(fresh["_id"])]
        pd.concat([kept, fresh]).to_parquet(self.file)

    def by_ids(self, ids: list[str]) -> int:
        return self._found([("_id", "in", ids)], len(ids))

    def page(self) -> int:
        return self._found([("category", "==", CATEGORY), ("price", ">", PRICE)], PAGE)

    def _found(self, filters: list[tuple[str, str, object]], limit: int) -> int:
        import pandas as pd
        from pyarrow import parquet

        names = [one for one in parquet.read_schema(self.file).names if one != VECTOR]
        return len(pd.read_parquet(self.file, columns=names, filters=filters).head(limit))

    def label(self, name: str, labels: np.ndarray) -> None:
        import pandas as pd

        pd.read_parquet(self.file).assign(**{name: labels}).to_parquet(self.file)


PEERS: Mapping[str, Callable[[Path, Path], Any]] = {
    OURS: Ours,
    "LanceDB": LanceDB,
    "DuckDB": DuckDB,
    "Parquet with pandas": Parquet,
}
SLOW = ("Parquet with pandas",)  # it writes its file anew each time: once is enough


def measure(scratch: Path, rounds: int) -> list[Figure | Note]:
    """Let the peers take turns; the first turn of each, which opens files and caches, is not told."""
    lacking = missing(PACKAGES)
    file = write_products(scratch / "products.parquet", N_ROWS, N_DIMS)
    made: dict[str, Any] = {}
    for name, peer in PEERS.items():
        if name not in lacking:
            folder = scratch / name
            folder.mkdir()
            made[name] = peer(file, folder)
    rng = np.random.default_rng(3)
    seconds: dict[str, dict[str, list[float]]] = {what: {one: [] for one in made} for what in WORDS}
    for turn in range(rounds + 1):
        start = int(rng.integers(N_ROWS - UPSERT))
        half = UPSERT // 2  # half of them are there, half are new
        fresh = [*products(start, half, N_DIMS, seed=turn + 11)]
        fresh += products(N_ROWS + turn * half, half, N_DIMS, seed=turn + 11)
        table = pa.Table.from_batches(fresh)
        documents = table.to_pylist()
        ids = [f"product-{one:08d}" for one in rng.choice(N_ROWS, LOOK_UP, replace=False)]
        for name, one in made.items():
            if name in SLOW and turn > 1:
                continue
            n_rows = N_ROWS + (turn + 1) * half
            labels = rng.integers(0, 8, n_rows).astype(np.int32)
            deeds: dict[str, tuple[Callable[..., object], tuple[object, ...], object]] = {
                "upsert": (one.upsert, (table, documents), None),
                "by id": (one.by_ids, (ids,), LOOK_UP),
                "page": (one.page, (), PAGE),
                "label": (one.label, (f"label_{turn}", labels), None),
            }
            for what, (deed, given, wanted) in deeds.items():
                begin = perf_counter()
                found = deed(*given)
                taken = perf_counter() - begin
                assert found == wanted, f"{name}: {what} did not find what is there"
                if turn:
                    seconds[what][name].append(taken)
    figures: list[Figure | Note] = []
    for what, by_peer in seconds.items():
        for name, values in by_peer.items():
            promise = PROMISES[what] if name == OURS else None
            figures.append(Figure(f"{WORDS[what]}: {name}", values, promise=promise))
    return [*figures, *lacking.values()]


SECTION = Section(
    title=f"A dataset of {N_ROWS:,} x {N_DIMS}",
    intro=(
        "Ten fields and a vector, drawn from a seed; the peers take turns in one process, all open "
        "and warm. Ours, LanceDB and DuckDB keep an index on `_id`. LanceDB and DuckDB work their "
        "label out of another column, where ours and pandas are given an array. What is upserted comes as "
        "dicts to ours, as an Arrow table to the others."
    ),
    measure=measure,
    libraries=tuple(PACKAGES.values()),
)


# a workspace of many datasets ----------------------------------------------------------------------


def many(scratch: Path, rounds: int) -> list[Figure | Note]:
    """Measure opening and listing 1,000 datasets, in a process where nothing is open yet."""
    from relevanceai import Client

    n_datasets = 1_000
    folder = scratch / "many"
    client = Client(folder)
    client.Dataset("number 0").insert_documents([{"_id": "a", VECTOR: [1.0, 2.0]}])
    first = client.Dataset("number 0").opened().folder
    for number in range(1, n_datasets):
        store = client._workspace.store(f"number {number}")
        shutil.copytree(first, store.folder)
        told = (first / "dataset.json").read_text().replace("number 0", f"number {number}")
        (store.folder / "dataset.json").write_text(told)
    names, sizes = [], []
    for _ in range(rounds):
        begin = perf_counter()
        there = Client(folder).list_datasets()
        names.append(perf_counter() - begin)
        assert len(there) == n_datasets
        begin = perf_counter()
        again = Client(folder)
        assert sum(again.Dataset(name).shape[0] for name in again.list_datasets()) == n_datasets
        sizes.append(perf_counter() - begin)
    figures: list[Figure | Note] = [
        Figure("opening it and listing the names", names, promise=1.0),
        Figure("opening it, and each dataset for its shape", sizes),
    ]
    lacking = missing({"LanceDB": "lancedb"})
    if not lacking:
        import lancedb

        database = lancedb.connect(scratch / "lancedb")
        for number in range(n_datasets):
            database.create_table(f"number_{number}", [{"_id": "a", VECTOR: [1.0, 2.0]}])
        values = []
        for _ in range(rounds):
            begin = perf_counter()
            there = list(lancedb.connect(scratch / "lancedb").table_names(limit=n_datasets))
            values.append(perf_counter() - begin)
            assert len(there) == n_datasets
        figures.append(Figure("LanceDB: opening and listing the names of 1,000 tables", values))
    return [*figures, *lacking.values()]


WORKSPACE = Section(
    title="A workspace of 1,000 datasets",
    intro="Each of one document.",
    measure=many,
    libraries=("lancedb",),
)
