"""Data for the figures of the store: products with ten fields and a vector, drawn from a seed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

VECTOR = "look_vector_"
CATEGORIES = [f"category {i}" for i in range(20)]
BATCH_ROWS = 8192


def write_products(path: Path, n_rows: int, n_dims: int, *, seed: int = 7) -> Path:
    """Write a Parquet file of products, a batch at a time."""
    first = next(products(0, 1, n_dims, seed=seed))
    # Random floats do not compress and repeat nothing: an encoding of them costs time for nothing.
    texts = [one.name for one in first.schema if one.name != VECTOR]
    with parquet.ParquetWriter(
        path, first.schema, compression="snappy", use_dictionary=texts
    ) as to:
        held: list[pa.RecordBatch] = []
        for batch in products(0, n_rows, n_dims, seed=seed):
            held.append(batch)
            if len(held) == 16:
                to.write_table(pa.Table.from_batches(held))
                held = []
        if held:
            to.write_table(pa.Table.from_batches(held))
    return path


def products(start: int, n_rows: int, n_dims: int, *, seed: int = 7) -> Iterator[pa.RecordBatch]:
    """Yield products `start`, `start + 1`, ...; ten fields, and a vector of float32."""
    for first in range(start, start + n_rows, BATCH_ROWS):
        size = min(BATCH_ROWS, start + n_rows - first)
        rng = np.random.default_rng([seed, first])
        numbers = np.arange(first, first + size)
        vectors = rng.standard_normal((size, n_dims), np.float32)
        codes = rng.integers(0, len(CATEGORIES), size)
        columns = {
            "_id": pa.array([f"product-{i:08d}" for i in numbers]),
            "title": pa.array([f"A fine thing, number {i}" for i in numbers]),
            "category": pa.array(CATEGORIES).take(pa.array(codes)),
            "brand": pa.array([f"brand {i}" for i in rng.integers(0, 500, size)]),
            "price": pa.array(rng.gamma(3, 20, size).round(2)),
            "stock": pa.array(rng.integers(0, 1000, size)),
            "is_new": pa.array(rng.random(size) < 0.1),
            "rating": pa.array(rng.random(size)),
            "added": pa.array(numbers * 1_000_000, pa.timestamp("us", "UTC")),
            "link": pa.array([f"https://shop.example/{i}" for i in numbers]),
            VECTOR: pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), n_dims),
        }
        yield pa.RecordBatch.from_pydict(columns)
