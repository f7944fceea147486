"""The pages a person opens: home, and the closest or furthest documents of a cluster."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from relevanceai.clustering.ids import OUTLIER
from relevanceai.dashboard.damage import ADVICE, is_damage
from relevanceai.dashboard.documents import (
    Side,
    Table,
    documents_of,
    media_path,
    outliers_of,
    shape_of,
    table_of,
)
from relevanceai.dashboard.render import QueryValue, Renderer, query
from relevanceai.dashboard.runs import (
    CLOSEST,
    FURTHEST,
    NO_VECTOR_FIELD,
    Memory,
    checked_cluster,
    documents_path,
    every_clustering,
    face_version,
    find_by_names,
    how_to_cluster,
    map_path,
)
from relevanceai.dashboard.values import cluster_name, cut

if TYPE_CHECKING:
    from relevanceai.client import Client
    from relevanceai.clustering.info import ClusteringInfo
    from relevanceai.dataset import Dataset

PER_PAGE = (5, 10, 25, 50, 100)
DEFAULT_PER = 10
TABS_EACH_SIDE = 10
MAX_TABS = 30
FACES = 8
_MAX_HIDDEN = 200
_MOST = 999_999_999


@dataclass(frozen=True)
class Paging:
    """Which documents of a cluster are shown.

    Examples
    --------
    >>> Paging.of("999999999999999999999", "7", 21)
    Paging(page=3, per=10, total=21)
    """

    page: int
    per: int
    total: int

    @classmethod
    def of(cls, page: str | None, per: str | None, total: int) -> "Paging":
        """Read a page and its length from an address; what makes no sense becomes what does."""
        rows = whole(per, DEFAULT_PER)
        rows = rows if rows in PER_PAGE else DEFAULT_PER
        last = max(1, -(-total // rows))
        return cls(min(max(1, whole(page, 1)), last), rows, total)

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.per))

    @property
    def first_row(self) -> int:
        """The number of the first document shown, 0 when there is none."""
        return min((self.page - 1) * self.per + 1, self.total)

    @property
    def last_row(self) -> int:
        """The number of the last document shown."""
        return min(self.page * self.per, self.total)


def whole(text: str | None, otherwise: int) -> int:
    """Return the whole number that `text` is, or `otherwise`.

    Examples
    --------
    >>> whole("12", 1), whole("-3", 1), whole("٣", 1), whole("9" * 50, 1)
    (12, 1, 1, 999999999)
    """
    if text is None or not text.isascii() or not text.isdigit():
        return otherwise
    return min(int(text[:12]), _MOST)


@dataclass(frozen=True)
class Tabs:
    """The clusters near the one shown; all of them when they are few."""

    shown: tuple[str, ...]
    before: str | None
    after: str | None
    is_cut: bool

    @classmethod
    def of(cls, ids: list[str], current: str) -> "Tabs":
        """Choose which clusters get a tab."""
        at = ids.index(current)
        before = ids[at - 1] if at else None
        after = ids[at + 1] if at + 1 < len(ids) else None
        if len(ids) <= MAX_TABS:
            return cls(tuple(ids), before, after, is_cut=False)
        start = min(max(0, at - TABS_EACH_SIDE), len(ids) - 2 * TABS_EACH_SIDE - 1)
        return cls(tuple(ids[start : start + 2 * TABS_EACH_SIDE + 1]), before, after, is_cut=True)


class Pages:
    """Home and the guide's page."""

    def __init__(self, client: "Client", renderer: Renderer, memory: Memory) -> None:
        self._client = client
        self._renderer = renderer
        self._memory = memory

    def home(self, request: Request) -> Response:
        """List the datasets and their clusterings."""
        datasets = every_clustering(self._client)
        return self._renderer.page(
            request,
            "home.html",
            {
                "datasets": datasets,
                "workspace": str(self._client.workspace),
                "documents_path": documents_path,
                "map_path": map_path,
                "faces": self._faces,
                "advice": ADVICE,
                "how_to_cluster": how_to_cluster,
                "no_vector_field": NO_VECTOR_FIELD,
            },
        )

    def _faces(self, dataset: "Dataset", info: "ClusteringInfo") -> list[str]:
        """Return addresses of one picture a cluster, for the first few; asked for one by one."""
        try:
            if not dataset.shape[0] or not shape_of(dataset, self._memory).pictures:
                return []
        except Exception as error:
            if not is_damage(error):
                raise
            return []  # the clustering's own page says so
        start = f"{map_path(dataset, info)}/faces/{face_version(dataset, info)}/"
        return [f"{start}{place}?s=96" for place in range(min(info.n_clusters, FACES))]

    def closest(self, request: Request) -> Response:
        """Show the documents closest to a cluster's centroid."""
        return self._documents(request, "closest")

    def furthest(self, request: Request) -> Response:
        """Show the documents of a cluster that are furthest from its centroid."""
        return self._documents(request, "furthest")

    def first_pages(self) -> list[str]:
        """Return the addresses that are opened first: home and the newest clustering."""
        every = [
            (each.dataset, info) for each in every_clustering(self._client) for info in each.infos
        ]
        if not every:
            return ["/"]
        dataset, info = max(every, key=lambda pair: pair[1].created_at)
        return [
            "/" + documents_path(dataset.name, info),
            "/",
            "/" + map_path(dataset, info),
            *("/" + face for face in self._faces(dataset, info)),
        ]

    def _documents(self, request: Request, side: Side) -> Response:
        asked = request.query_params
        fields = [field for field in asked.getlist("field") if field]
        run = find_by_names(
            self._client, asked.get("dataset") or None, fields, asked.get("alias") or None
        )
        if run is None:
            return self.home(request)
        ids, sizes = run.clusters(self._memory)
        wanted = asked.get("cluster") or None
        is_noise = wanted == OUTLIER and OUTLIER in sizes
        shared: Mapping[str, object] = {
            "run": run,
            "is_noise": is_noise,
            "side": side,
            "ids": ids,
            "sizes": sizes,
            "cluster_name": cluster_name,
            "cut": cut,
        }
        if not ids and not is_noise:
            return self._renderer.page(request, "no_clusters.html", shared)
        is_furthest = side == "furthest"
        here = run.documents_path(furthest=is_furthest)
        places = [*ids, OUTLIER] if OUTLIER in sizes else ids
        cluster = checked_cluster(run, wanted, places, here)
        paging = Paging.of(asked.get("page"), asked.get("per"), sizes.get(cluster, 0))
        shape = shape_of(run.dataset, self._memory)
        hidden = tuple(asked.getlist("hide")[:_MAX_HIDDEN])

        def ask() -> Table:
            if is_noise:
                shown = outliers_of(run, page=paging.page, per=paging.per)
            else:
                found = documents_of(run, [cluster], side, page=paging.page, per=paging.per)
                shown = found.get(cluster, [])
            return table_of(shown, shape, hidden)

        table = self._memory.get(("table", cluster, side, paging, hidden, *run.key), ask)

        def address(**changes: str | int | None) -> str:
            """Return this page with another cluster, page, number of rows or side."""
            pairs: dict[str, QueryValue] = {
                "dataset": run.dataset.name,
                "field": list(run.info.vector_fields),
                "alias": run.info.alias,
                "cluster": changes.get("cluster", cluster),
                "page": changes.get("page"),
                "per": paging.per if paging.per != DEFAULT_PER else None,
                "hide": list(table.hidden),
            }
            target = FURTHEST if changes.get("side", side) == "furthest" else CLOSEST
            return target + query(pairs)

        return self._renderer.page(
            request,
            "documents.html",
            {
                **shared,
                "cluster": cluster,
                "places": places,
                "tabs": Tabs.of(places, cluster),
                "paging": paging,
                "per_page": PER_PAGE,
                "table": table,
                "shape": shape,
                "address": address,
                "media": lambda row, field, size: media_path(run, row.id, field, size),
            },
        )
