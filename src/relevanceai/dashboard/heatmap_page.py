"""The heat map page of a clustering: the map's numbers, ranked pairs, two clusters side by side."""

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relevanceai.dashboard import heatmap_data
from relevanceai.dashboard.assets import IMMUTABLE
from relevanceai.dashboard.documents import (
    Row,
    documents_of,
    exemplars,
    media_path,
    rows_of,
    shape_of,
)
from relevanceai.dashboard.heatmap_data import ORDERS, Map, Order, default_order, map_of
from relevanceai.dashboard.media import Media, nothing
from relevanceai.dashboard.pages import whole
from relevanceai.dashboard.render import QueryValue, Renderer, packed, query
from relevanceai.dashboard.runs import Memory, Run, checked_cluster, face_version, find_by_slugs
from relevanceai.dashboard.values import cluster_name, cut, decimal, is_internal, is_price

if TYPE_CHECKING:
    from relevanceai.client import Client
    from relevanceai.operations.comparison import Comparison

SIDE_DOCUMENTS = 6
PAIRS = 10
MOST_PAIRS = 200
MOST_IN_TABLE = 16
RANGES = ("unit", "data")
_TEXT_COLUMNS = 2


@dataclass(frozen=True)
class Compared:
    """Two clusters side by side, or one when they are the same; and, if asked for, the verdict."""

    a: str
    b: str
    cosine: str
    sentence: str
    sides: tuple[tuple[str, tuple[Row, ...]], ...]
    judged: "Comparison | None"


class HeatmapPages:
    """`/d/{dataset}/c/{field}/{alias}` and what its script asks for."""

    def __init__(self, client: "Client", renderer: Renderer, memory: Memory, media: Media) -> None:
        self._client = client
        self._media = media
        self._renderer = renderer
        self._memory = memory

    def page(self, request: Request) -> Response:
        """Show the heat map, the most similar pairs, and the pair the address names."""
        run = self._run(request)
        asked = request.query_params
        if asked.get("fragment") == "1" and asked.get("revision", run.revision) != run.revision:
            return _stale()  # the panel would tell of other clusters than the picture beside it
        ids, sizes = run.clusters(self._memory)
        shared: dict[str, object] = {
            "run": run,
            "ids": ids,
            "sizes": sizes,
            "cluster_name": cluster_name,
            "cut": cut,
            "decimal": decimal,
        }
        if not ids:
            return self._renderer.page(request, "no_clusters.html", {**shared, "side": "closest"})
        shape = shape_of(run.dataset, self._memory)
        similarities = map_of(run, self._memory)
        order = _order(asked.get("order"), len(ids))
        colours = asked.get("range") if asked.get("range") in RANGES else RANGES[0]
        n_pairs = min(max(whole(asked.get("pairs"), PAIRS), 1), MOST_PAIRS)
        pairs = heatmap_data.pairs_of(run, n_pairs, self._memory) if len(ids) > 1 else []
        a, b = self._picked(run, asked.get("a"), asked.get("b"), ids, pairs)

        def address(**changes: str | int | None) -> str:
            """Return this page with another pair, order or range of colours."""
            pair = {name: asked.get(name) if asked.get("b") else None for name in ("a", "b")}
            values: dict[str, QueryValue] = {
                "order": changes.get("order", order if asked.get("order") else None),
                "range": changes.get("range", colours if asked.get("range") else None),
                "pairs": changes.get("pairs", n_pairs if n_pairs != PAIRS else None),
                "a": changes.get("a", pair["a"]),
                "b": changes.get("b", pair["b"]),
                "judge": changes.get("judge"),
            }
            return run.map_path + query(values)

        shared |= {
            "compared": self._compared(
                run, similarities, a, b, is_judged=asked.get("judge") == "1" and a != b
            ),
            "shape": shape,
            "address": address,
            "media": lambda row, field, size: media_path(run, row.id, field, size),
            "is_named": bool(asked.get("a") or asked.get("b")),
        }
        if asked.get("fragment") == "1":
            return self._renderer.page(request, "compare_fragment.html", shared)
        n_possible = len(ids) * (len(ids) - 1) // 2
        shared |= {
            "order": order,
            "range": colours,
            "pairs": pairs,
            "n_possible": n_possible,
            "more_pairs": min(MOST_PAIRS, n_possible) if n_pairs < n_possible else 0,
            "exemplars": exemplars(run, shape, self._memory),
            "matrix": _matrix(similarities),
            "data_path": run.map_path + "/map/" + run.revision + query({"order": order}),
        }
        return self._renderer.page(request, "heatmap.html", shared)

    def data(self, request: Request) -> Response:
        """Answer `/map/{revision}`: names, sizes, thumbnails and the range of the values."""
        run = self._run(request)
        if request.path_params["revision"] != run.revision:
            return _stale()
        similarities = map_of(run, self._memory)
        order_name = _order(request.query_params.get("order"), len(similarities.ids))
        order = heatmap_data.order_of(run, order_name, self._memory)
        ids = [similarities.ids[i] for i in order]
        shape = shape_of(run.dataset, self._memory)
        chosen = exemplars(run, shape, self._memory)
        field = shape.pictures[0] if shape.pictures else None
        body = {
            "ids": ids,
            "labels": [cluster_name(each) for each in ids],
            "thumbs": [
                media_path(run, chosen[each].id, field, 48) if field and each in chosen else None
                for each in ids
            ],
            "tileSize": heatmap_data.TILE,
            "tiles": f"{run.map_path}/tiles/{run.revision}/{order_name}",
            "lo": -1,
            "hi": 1,
            "lowest": similarities.lowest(),
            "exact": heatmap_data.exact_rows(similarities.cosine_similarity, order),
        }
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        kept = {"cache-control": IMMUTABLE}
        return packed(request, text.encode(), "application/json", headers=kept)

    def tile(self, request: Request) -> Response:
        """Answer `/tiles/{revision}/{order}/{level}/{y}/{x}`; only level 0, the full map, exists."""
        run = self._run(request)
        parts = request.path_params
        if parts["revision"] != run.revision:
            return _stale()
        similarities = map_of(run, self._memory)
        n_tiles = math.ceil(len(similarities.ids) / heatmap_data.TILE)
        y, x = whole(parts["y"], n_tiles), whole(parts["x"], n_tiles)
        is_known = parts["order"] in ORDERS and parts["level"] == "0"
        if not is_known or max(y, x) >= n_tiles:
            return JSONResponse({"error": "There is no such tile."}, 404)
        order = heatmap_data.order_of(run, parts["order"], self._memory)
        body = heatmap_data.tile(similarities.cosine_similarity, order, y, x)
        kept = {"cache-control": IMMUTABLE}
        return packed(request, body, "application/octet-stream", headers=kept)

    def face(self, request: Request) -> Response:
        """Answer `/faces/{version}/{place}`: a picture of the document closest to a centroid."""
        run = self._run(request)
        shape = shape_of(run.dataset, self._memory)
        chosen = list(exemplars(run, shape, self._memory).values())
        place = whole(request.path_params["place"], len(chosen))
        if place >= len(chosen) or not shape.pictures:
            return nothing("There is no picture there.", 404)
        size = request.query_params.get("s", "96")
        is_current = request.path_params["version"] == face_version(run.dataset, run.info)
        return self._media.picture(
            run.dataset, chosen[place].id, shape.pictures[0], size, is_current
        )

    def _run(self, request: Request) -> Run:
        parts = request.path_params
        return find_by_slugs(self._client, parts["dataset"], parts["field"], parts["alias"])

    def _picked(
        self,
        run: Run,
        a: str | None,
        b: str | None,
        ids: list[str],
        pairs: list[tuple[str, str, float]],
    ) -> tuple[str, str]:
        """Return the pair the address names, in order; the most similar pair when it names none."""
        if not a and not b:
            return (pairs[0][0], pairs[0][1]) if pairs else (ids[0], ids[0])
        first = checked_cluster(run, a or b, ids, run.map_path)
        second = checked_cluster(run, b or a, ids, run.map_path)
        return (first, second) if ids.index(first) <= ids.index(second) else (second, first)

    def _compared(
        self, run: Run, similarities: Map, a: str, b: str, *, is_judged: bool
    ) -> Compared:
        shape = shape_of(run.dataset, self._memory)
        clusters = [a] if a == b else [a, b]

        def ask() -> tuple[tuple[str, tuple[Row, ...]], ...]:
            found = documents_of(run, clusters, "closest", per=SIDE_DOCUMENTS)
            every = [document for name in clusters for document in found.get(name, [])]
            columns = _shown_beside(every, shape.title, shape.pictures)
            return tuple(
                (name, rows_of(found.get(name, []), shape, columns, beside=every))
                for name in clusters
            )

        sides = self._memory.get(("compared", a, b, *run.key), ask)
        value = similarities.value(a, b)
        judged = None
        if is_judged:  # half a second, so not before it is asked for
            ops = run.dataset.ClusterOps(alias=run.info.alias, vector_fields=run.info.vector_fields)
            judged = self._memory.get(
                ("judged", a, b, *run.key), lambda: ops.compare(a, b, describe=False)
            )
        return Compared(a, b, decimal(value, 3), _sentence(similarities, a, b), sides, judged)


def _sentence(similarities: Map, a: str, b: str) -> str:
    if a == b:
        return "One cluster: its documents closest to the centroid."
    n = len(similarities.ids)
    rank, total = similarities.rank(a, b), n * (n - 1) // 2
    if total == 1:
        return "The only pair."
    if rank == 1:
        return f"The most similar of {total:,} pairs."
    return f"{ordinal(rank)} most similar of {total:,} pairs."


def ordinal(number: int) -> str:
    """Return a number as a place in a row.

    Examples
    --------
    >>> [ordinal(n) for n in (2, 3, 11, 21, 1042)]
    ['2nd', '3rd', '11th', '21st', '1,042nd']
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{'th' if number % 100 in (11, 12, 13) else ending}"


def _shown_beside(
    documents: list[dict[str, object]], title: str | None, pictures: tuple[str, ...]
) -> list[str]:
    """Return the numbers that stand under a document's title, without their names: prices.

    Other numbers mean nothing alone and are left to the table.
    """
    taken = {title, "_id", *pictures}
    names = {
        name: None
        for document in documents
        for name, value in document.items()
        if name not in taken
        and not is_internal(name)
        and not isinstance(value, bool)
        and isinstance(value, (int, float))
        and is_price(name)
    }
    return list(names)[:_TEXT_COLUMNS]


def _matrix(similarities: Map) -> list[tuple[str, list[str]]] | None:
    """Return the whole map as text for a table, when a person can still read it."""
    if len(similarities.ids) > MOST_IN_TABLE:
        return None
    rows = zip(similarities.ids, similarities.cosine_similarity, strict=True)
    return [(name, [decimal(value, 2) for value in row]) for name, row in rows]


def _order(asked: str | None, n_clusters: int) -> Order:
    if asked == "id":
        return "id"
    return "linkage" if asked == "linkage" else default_order(n_clusters)


def _stale() -> Response:
    return JSONResponse({"error": "This clustering has changed. Load the page again."}, 409)
