"""The documents of a file as dicts, one after the other: what an upsert takes."""

from collections.abc import Iterator, Sequence
from pathlib import Path


def file_documents(
    path: str | Path, vector_fields: Sequence[str] = ()
) -> Iterator[dict[str, object]]:
    """Yield the rows of a Parquet, CSV or JSON Lines file, told by the ending of its name.

    A field that is empty in a row is left out of its document, so that an upsert leaves it as it is.
    The values are those that `insert_parquet`, `insert_csv` and `insert_jsonl` keep.
    """
    from relevanceai.documents.csv_source import csv_reader
    from relevanceai.documents.jsonl_source import JsonLines
    from relevanceai.documents.parquet_source import parquet_reader
    from relevanceai.store.columns import from_json
    from relevanceai.store.streams import is_json_text

    match Path(path).suffix.lower():
        case ".parquet":
            reader = parquet_reader(path, None)[0]
        case ".csv":
            reader = csv_reader(path, vector_fields)
        case _:
            reader = JsonLines(path, {*vector_fields}, None).reader()
    nested = {one.name for one in reader.schema if is_json_text(one)}
    for batch in reader:
        for row in batch.to_pylist():
            yield {
                name: from_json(value) if name in nested else value
                for name, value in row.items()
                if value is not None
            }
