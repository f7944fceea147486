"""What the documents of a cluster look like on a page: columns, rows, cells and picture addresses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from relevanceai.batch import Document
from relevanceai.dashboard.render import path, query
from relevanceai.dashboard.runs import Memory, Run
from relevanceai.dashboard.values import (
    Cell,
    cell,
    column_order,
    cut,
    decimal,
    decimals_of,
    is_internal,
    is_repetitive,
    is_vector_field,
    title_field,
    wordiest,
)
from relevanceai.pictures import kind_of_value, named_outside, picture_fields

if TYPE_CHECKING:
    from relevanceai.dataset import Dataset

Side = Literal["closest", "furthest"]
_LOOKED_AT = 24
_TEXTS_LOOKED_AT = 200
_MAX_TITLE = 300


@dataclass(frozen=True)
class Shape:
    """What is known of a dataset's fields: which hold pictures, which one names a document."""

    pictures: tuple[str, ...]
    title: str | None
    schema: Mapping[str, object]
    media_folder: Path
    outside: tuple[str, ...] = ()  # fields that name files of pictures that may not be opened


@dataclass(frozen=True)
class Row:
    """One document in a table or a list."""

    id: str
    title: str
    similarity: str
    cells: tuple[Cell, ...]
    picture: str | None


@dataclass(frozen=True)
class Table:
    """One page of a cluster's documents."""

    columns: tuple[str, ...]
    hidden: tuple[str, ...]
    rows: tuple[Row, ...]
    numeric: tuple[str, ...]


def shape_of(dataset: "Dataset", memory: Memory) -> Shape:
    """Look at a few documents to see which fields hold pictures."""

    def look() -> Shape:
        schema: dict[str, object] = dict(dataset.schema)
        fields = [
            name
            for name, kind in schema.items()
            if not is_vector_field(name, kind) and not is_internal(name)
        ]
        looked_at = dataset.sample(_LOOKED_AT, random_state=0, select_fields=fields)
        pictures = picture_fields(looked_at, dataset.media_folder)
        title = _title_of(dataset, schema, pictures)
        outside = named_outside(looked_at, dataset.media_folder)
        return Shape(tuple(pictures), title, schema, dataset.media_folder, tuple(outside))

    return memory.get(("shape", dataset.slug, dataset.revision), look)


def _title_of(
    dataset: "Dataset", schema: Mapping[str, object], pictures: Sequence[str]
) -> str | None:
    """Return the field that names a document: by its own name, else the one with sentences.

    A field with few values, as labels have, names no document; nor does one that brought labels.
    """
    sources = {one.model.get("source") for one in dataset.opened().clusterings()}
    texts = [
        name
        for name, kind in schema.items()
        if kind == "text" and name not in {*pictures, *sources, "_id"} and not is_internal(name)
    ]
    if not texts:
        return None
    sample = dataset.sample(_TEXTS_LOOKED_AT, random_state=0, select_fields=texts)
    values = {name: [document.get(name) for document in sample] for name in texts}
    telling = {name: each for name, each in values.items() if not is_repetitive(each)}
    return title_field(dict.fromkeys(telling, "text")) or wordiest(telling)


def media_path(run: Run, document_id: str, field: str, size: int) -> str:
    """Return a picture's address, from the root. The id is in the query, so that any id will do."""
    return path("media", run.dataset.slug, run.data_revision) + query(
        {"id": document_id, "field": field, "s": size}
    )


def documents_of(
    run: Run, clusters: Sequence[str], side: Side, *, page: int = 1, per: int
) -> dict[str, list[Document]]:
    """Return one page of each cluster's documents, vectors left out."""
    ask = run.ops.closest if side == "closest" else run.ops.furthest
    answer = ask(cluster_ids=list(clusters), page_size=per, page=page, verbose=False)
    return {name: list(found["results"]) for name, found in answer["results"].items()}


def outliers_of(run: Run, *, page: int, per: int) -> list[Document]:
    """Return one page of the documents that are noise, in the order of the rows."""
    from relevanceai.operations.asked import found_clustering

    store = run.dataset.opened().snapshot()
    clustering = found_clustering(store, run.info.alias, run.info.vector_fields)
    labels, valid = store.labels(clustering)
    row_ids = store.all_row_ids()[valid & (labels < 0)]
    shown = row_ids[(page - 1) * per : page * per]
    return list(store.read([int(row_id) for row_id in shown], include_vector=False))


def exemplars(run: Run, shape: Shape, memory: Memory) -> dict[str, Row]:
    """Return the closest document of every cluster, without its picture's bytes."""

    def ask() -> dict[str, Row]:
        fields = [shape.title] if shape.title else ["_id"]
        answer = run.ops.closest(page_size=1, select_fields=fields, verbose=False)["results"]
        return {
            name: row_of(found["results"][0], shape, ())
            for name, found in answer.items()
            if found["results"]
        }

    return memory.get(("exemplars", *run.key), ask)


def table_of(documents: Sequence[Document], shape: Shape, hidden: Iterable[str]) -> Table:
    """Lay documents out as a table; `hidden` names the columns that were switched off."""
    present = list(dict.fromkeys(name for document in documents for name in document))
    every = column_order(shape.schema, present, shape.pictures, shape.title)
    off = tuple(name for name in every if name in set(hidden))
    columns = tuple(name for name in every if name not in off)
    rows = rows_of(documents, shape, columns)
    numeric = tuple(
        name
        for at, name in enumerate(columns)
        if any(row.cells[at].kind == "number" for row in rows)
    )
    return Table(columns, off, rows, numeric)


def rows_of(
    documents: Sequence[Document],
    shape: Shape,
    columns: Sequence[str],
    beside: Sequence[Document] = (),
) -> tuple[Row, ...]:
    """Return documents made ready, the fractions of a column with equally many decimals.

    `beside` are further documents on the same page, whose numbers are read beside these.
    """
    every = [*documents, *beside]
    decimals = {name: decimals_of(each.get(name) for each in every) for name in columns}
    return tuple(row_of(each, shape, columns, decimals) for each in documents)


def row_of(
    document: Document,
    shape: Shape,
    columns: Sequence[str],
    decimals: Mapping[str, int | None] | None = None,
) -> Row:
    """Return one document, its values made ready for a template."""
    document_id = str(document["_id"])
    title = document.get(shape.title) if shape.title else None
    similarity = document.get("_search_score")

    def is_drawn(name: str) -> bool:
        return kind_of_value(document.get(name), shape.media_folder) == "picture"

    picture = next((name for name in shape.pictures if is_drawn(name)), None)
    return Row(
        id=document_id,
        title=cut(str(title), _MAX_TITLE) if title else f"Document {cut(document_id, 60)}",
        similarity="" if similarity is None else decimal(float(similarity), 3),
        cells=tuple(
            cell(
                document.get(name),
                is_picture=name in shape.pictures and is_drawn(name),
                decimals=(decimals or {}).get(name),
            )
            for name in columns
        ),
        picture=picture,
    )
