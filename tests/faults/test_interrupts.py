"""Ctrl-C at any moment of any way in: the dataset is as before or as after, and goes on."""

import json
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from relevanceai import Client, Dataset

VECTOR = "look_vector_"
ROUNDS = int(os.environ.get("RELEVANCEAI_SOAK") or 30) // 15

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to its own process")


@contextmanager
def ctrl_c_after(delay_s: float) -> Iterator[None]:
    """Interrupt the block from inside, as Ctrl-C does; never what comes after it."""
    is_inside = True

    def handle(*_: object) -> None:
        if is_inside:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handle)
    timer = threading.Timer(delay_s, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        is_inside = False
        timer.cancel()
        timer.join()
        signal.signal(signal.SIGINT, before)


def rows(n: int, start: int) -> list[dict[str, object]]:
    return [
        {"_id": f"{i}", "n": i, "title": f"thing {i}", VECTOR: [float(i % 7), 1.0, float(i)]}
        for i in range(start, start + n)
    ]


def ways(dataset: Dataset, folder: Path) -> dict[str, Callable[[], object]]:
    """Every way in, each with documents that are not there."""
    some = rows(1500, 100)
    frame = pd.DataFrame(some)
    table = pa.Table.from_pylist(some)
    pq.write_table(table, folder / "t.parquet", row_group_size=100)
    frame.to_csv(folder / "t.csv", index=False)
    (folder / "t.jsonl").write_text("\n".join(json.dumps(one) for one in some))
    np.save(folder / "t.npy", np.ones((1500, 3), np.float32))
    for i in range(12):
        (folder / "pictures").mkdir(exist_ok=True)
        Image.new("RGB", (400, 300), (i, 9, 9)).save(folder / "pictures" / f"{i}.png")
    bare = [{"_id": one["_id"], "new": "x"} for one in some]
    return {
        "documents": lambda: dataset.insert_documents(some),
        "upsert": lambda: dataset.upsert_documents([*rows(50, 0), *some]),
        "retyped": lambda: dataset.upsert_documents([{"_id": "1", "n": "text", "new": 1}, *bare]),
        "frame": lambda: dataset.insert_pandas_dataframe(frame),
        "frame upsert": lambda: dataset.upsert_pandas_dataframe(frame.assign(n=0.5)),
        "arrow": lambda: dataset.insert_arrow(table.append_column("new", [[1.5] * 1500])),
        "parquet": lambda: dataset.insert_parquet(folder / "t.parquet"),
        "csv": lambda: dataset.insert_csv(folder / "t.csv"),
        "jsonl": lambda: dataset.insert_jsonl(folder / "t.jsonl"),
        "numpy": lambda: dataset.insert_numpy(folder / "t.npy", bare, field="seen_vector_"),
        "pictures": lambda: dataset.insert_media_folder(folder / "pictures"),
    }


def everything(dataset: Dataset) -> dict[str, object]:
    return {str(one["_id"]): one for one in dataset.get_all_documents()}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files left open
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", [
    "documents", "upsert", "retyped", "frame", "frame upsert", "arrow", "parquet", "csv", "jsonl",
    "numpy", "pictures",
])  # fmt: skip
def test_ctrl_c_at_any_moment_leaves_the_dataset_before_or_after(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    dataset = Client(tmp_path / "home").Dataset("things")
    dataset.insert_documents(rows(50, 0))
    dataset.set_cluster_labels(VECTOR, "hand", ["left", "right"] * 25)
    before, version = everything(dataset), dataset.version
    write = ways(dataset, tmp_path)[name]
    start = perf_counter()
    write()
    taken_s = perf_counter() - start
    after = everything(dataset)
    assert after != before
    for _ in range(ROUNDS):
        dataset.restore(version)
        assert everything(dataset) == before
        try:
            with ctrl_c_after(rng.uniform(0, taken_s)):
                write()
        except KeyboardInterrupt:
            pass
        assert everything(dataset) in (before, after)
        assert dataset.verify().ok
        assert not (dataset._store.folder / "changing.json").exists()
    dataset.restore(version)
    write()
    assert everything(dataset) == after
