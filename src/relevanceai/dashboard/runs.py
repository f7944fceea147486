"""Finds what a page's address names: datasets, clusterings and clusters; or says what exists."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, TypeVar, cast

from relevanceai.dashboard.damage import is_damage, said
from relevanceai.dashboard.render import QueryValue, path, query
from relevanceai.errors import NotFoundError

if TYPE_CHECKING:
    from relevanceai.client import Client
    from relevanceai.clustering.info import ClusteringInfo
    from relevanceai.dataset import Dataset
    from relevanceai.operations.viz.cluster import ClusterVizOps

CLOSEST = "sdk/cluster/centroids/closest"
FURTHEST = "sdk/cluster/centroids/furthest"
MAX_OPTIONS = 24
NO_VECTOR_FIELD = "It has no vector field: name one “…_vector_”."
T = TypeVar("T")


@dataclass(frozen=True)
class Option:
    """A name that exists, and where it leads."""

    label: str
    href: str


class Missing(Exception):
    """An address names something that is not there; the page lists what is."""

    def __init__(
        self,
        title: str,
        message: str,
        options: Sequence[Option] = (),
        *,
        lines: str = "",
        back: Option | None = None,
    ) -> None:
        super().__init__(title)
        self.title = title
        self.message = message
        self.lines = lines
        self.back = back
        self.options = list(options)[:MAX_OPTIONS]
        self.n_more = max(0, len(options) - MAX_OPTIONS)


@dataclass(frozen=True)
class Run:
    """One clustering of one dataset, ready to be asked."""

    dataset: "Dataset"
    info: "ClusteringInfo"
    ops: "ClusterVizOps"

    @cached_property
    def revision(self) -> str:
        """A short name, safe in an address, that changes when anything shown may have changed."""
        text = f"{self.ops.revision}\0{self.info.created_at}\0{self.dataset.slug}"
        return sha256(text.encode()).hexdigest()[:16]

    @cached_property
    def data_revision(self) -> str:
        """What changes with every write to the dataset; asked for once, as it is read from disk."""
        return self.dataset.revision

    def clusters(self, memory: "Memory") -> tuple[list[str], dict[str, int]]:
        """Return the ids of the clusters in order, and the size of each, `outlier` among them."""

        def ask() -> tuple[list[str], dict[str, int]]:
            sizes = {str(name): int(size) for name, size in self.ops.sizes().items()}
            return [str(each) for each in self.ops.list_cluster_ids()], sizes

        return memory.get(("clusters", *self.key), ask)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What answers about this clustering are remembered by."""
        return (self.dataset.slug, self.info.field_slug, self.info.alias_slug, self.revision)

    @property
    def map_path(self) -> str:
        """The heat map page, from the root."""
        return map_path(self.dataset, self.info)

    def documents_path(self, cluster: str | None = None, *, furthest: bool = False) -> str:
        """The guide's page for a cluster, from the root."""
        return documents_path(self.dataset.name, self.info, cluster, furthest=furthest)


def map_path(dataset: "Dataset", info: "ClusteringInfo") -> str:
    """Return the address of a clustering's heat map page, from the root."""
    return path("d", dataset.slug, "c", info.field_slug, info.alias_slug)


def face_version(dataset: "Dataset", info: "ClusteringInfo") -> str:
    """Return what changes when a cluster's closest document, or its picture, may have changed."""
    text = f"{dataset.revision}\0{info.created_at}\0{info.n_clusters}"
    return sha256(text.encode()).hexdigest()[:16]


def documents_path(
    dataset_name: str, info: "ClusteringInfo", cluster: str | None = None, *, furthest: bool = False
) -> str:
    """Return the address of a clustering's closest or furthest documents, from the root."""
    names: dict[str, QueryValue] = {
        "dataset": dataset_name,
        "field": info.vector_fields,
        "alias": info.alias,
        "cluster": cluster,
    }
    return (FURTHEST if furthest else CLOSEST) + query(names)


@dataclass(frozen=True)
class Listed:
    """A dataset on the home page: its shape and clusterings, or why it cannot be read."""

    dataset: "Dataset"
    shape: tuple[int, int] = (0, 0)
    infos: tuple["ClusteringInfo", ...] = ()
    damage: str = ""


def every_clustering(client: "Client") -> list[Listed]:
    """Return each dataset with its clusterings, the newest clustering first."""
    every = [_listed(client.Dataset(name)) for name in client.list_datasets()]
    return [each for each in every if each is not None]


def _listed(dataset: "Dataset") -> Listed | None:
    """Look a dataset over; one that is damaged, or deleted meanwhile, must not hide the others."""
    try:
        infos = sorted(dataset.clusterings(), key=lambda info: info.created_at, reverse=True)
        return Listed(dataset, dataset.shape, tuple(infos))
    except NotFoundError:
        return None
    except Exception as error:
        if not is_damage(error):
            raise
        return Listed(dataset, damage=said(error))


def run_of(dataset: "Dataset", info: "ClusteringInfo") -> Run:
    """Return a clustering that exists, opened."""
    from relevanceai.operations.viz.cluster import ClusterVizOps

    fields = list(info.vector_fields)
    return Run(
        dataset,
        info,
        ClusterVizOps.from_dataset(dataset, alias=info.alias, vector_fields=fields),
    )


def find_by_names(
    client: "Client", dataset: str | None, fields: Sequence[str], alias: str | None
) -> Run | None:
    """Return the clustering that an address of the guide's page names.

    What the address leaves out is chosen: the newest clustering of those that fit. None when the
    workspace has no clustering at all and the address names nothing.

    Raises
    ------
    Missing : nothing fits.
    """
    names = client.list_datasets()
    if dataset is not None and dataset not in names:
        options = [
            Option(name, CLOSEST + query({"dataset": name})) for name in _near(names, dataset)
        ]
        raise Missing(
            f"There is no dataset “{dataset}”",
            "These datasets exist:" if options else "This workspace has no datasets yet.",
            options,
        )
    if dataset is None:
        found = [(each.dataset, info) for each in every_clustering(client) for info in each.infos]
    else:
        chosen = client.Dataset(dataset)
        found = [(chosen, info) for info in chosen.clusterings()]
    fitting = [
        (each, info)
        for each, info in found
        if (alias is None or info.alias == alias) and _fits(info, fields)
    ]
    if fitting:
        return run_of(*max(fitting, key=lambda pair: pair[1].created_at))
    if dataset is None and alias is None and not fields:
        return None
    lines = "" if dataset is None or found else how_to_cluster(client.Dataset(dataset))
    raise _no_clustering(dataset, fields, alias, found, lines)


def find_by_slugs(client: "Client", dataset_slug: str, field_slug: str, alias_slug: str) -> Run:
    """Return the clustering whose page lives at these slugs.

    Raises
    ------
    Missing : there is none.
    """
    try:
        dataset = client.dataset_by_slug(dataset_slug)
    except NotFoundError as error:
        names = client.list_datasets()
        options = [Option(name, CLOSEST + query({"dataset": name})) for name in names]
        raise Missing(
            "There is no such dataset",
            "It has been deleted, or the address is wrong. These datasets exist:"
            if options
            else "It has been deleted, or the address is wrong. This workspace has no datasets.",
            options,
        ) from error
    infos = dataset.clusterings()
    for info in infos:
        if (info.field_slug, info.alias_slug) == (field_slug, alias_slug):
            return run_of(dataset, info)
    lines = "" if infos else how_to_cluster(dataset)
    found = [(dataset, info) for info in infos]
    raise _no_clustering(dataset.name, [field_slug], alias_slug, found, lines)


def checked_cluster(run: Run, cluster: str | None, ids: Sequence[str], href: str) -> str:
    """Return the cluster an address names, or the first.

    Raises
    ------
    Missing : there is no such cluster; the options lead to `href` with the cluster added.
    """
    if cluster is None:
        return ids[0]
    if cluster in ids:
        return cluster
    joint = "&" if "?" in href else "?"
    raise Missing(
        f"There is no cluster “{cluster}”",
        f"The clustering “{run.info.alias}” has these:",
        [
            Option(each, f"{href}{joint}{query({'cluster': each})[1:]}")
            for each in _near(ids, cluster)
        ],
        back=Option(f"Back to {run.info.alias} of {run.dataset.name}", href),
    )


def how_to_cluster(dataset: "Dataset") -> str:
    """Return lines of Python that cluster a dataset, "" when it has no vector field."""
    fields = dataset.list_vector_fields()
    if not fields:
        return ""
    return "\n".join(
        (
            "from relevanceai import Client",
            f"ds = Client({literal(str(dataset.workspace))}).Dataset({literal(dataset.name)})",
            f'ds.cluster("kmeans", vector_fields=[{literal(fields[0])}], alias="main-cluster")',
        )
    )


def literal(text: str) -> str:
    """Return text as Python writes it, in double quotes where that is plain.

    Examples
    --------
    >>> print(literal("my set"), literal('a "b"'))
    "my set" 'a "b"'
    """
    is_plain = text.isprintable() and not {'"', "\\"} & set(text)
    return f'"{text}"' if is_plain else repr(text)


_ANSWERS_KEPT = 48


class Memory:
    """The last few answers about clusterings; who asks while one is sought waits for it."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Hashable, object] = OrderedDict()
        self._asking: dict[Hashable, Lock] = {}
        self._lock = Lock()

    def get(self, key: Hashable, ask: Callable[[], T]) -> T:
        """Return the answer kept under `key`, asking for it when there is none."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return cast(T, self._answers[key])
            turn = self._asking.setdefault(key, Lock())
        with turn:
            with self._lock:
                if key in self._answers:
                    return cast(T, self._answers[key])
            try:
                answer = ask()
                with self._lock:
                    self._answers[key] = answer
                    while len(self._answers) > _ANSWERS_KEPT:
                        self._answers.popitem(last=False)
            finally:
                with self._lock:
                    self._asking.pop(key, None)
        return answer


def _fits(info: "ClusteringInfo", fields: Sequence[str]) -> bool:
    own = tuple(info.vector_fields)
    return (
        not fields or tuple(fields) == own or tuple(fields) in {(".".join(own),), (",".join(own),)}
    )


def _near(names: Iterable[str], wanted: str) -> list[str]:
    """Return the names, those spelt most like `wanted` first."""
    folded = wanted.casefold()[:200]
    everything = list(names)
    if len(everything) > 2000:
        return everything
    return sorted(
        everything, key=lambda name: -SequenceMatcher(None, folded, name.casefold()).ratio()
    )


def _no_clustering(
    dataset: str | None,
    fields: Sequence[str],
    alias: str | None,
    found: Sequence[tuple["Dataset", "ClusteringInfo"]],
    lines: str,
) -> Missing:
    asked = " ".join(
        part
        for part in (
            f"“{alias}”" if alias else "",
            f"of “{', '.join(fields)}”" if fields else "",
            f"in “{dataset}”" if dataset else "",
        )
        if part
    )
    options = [
        Option(
            f"{each.name} · {info.alias} · {', '.join(info.vector_fields)}",
            documents_path(each.name, info),
        )
        for each, info in found
    ]
    return Missing(
        f"There is no clustering {asked}".rstrip(),
        _what_there_is(dataset, is_any=bool(options), has_lines=bool(lines)),
        options,
        lines=lines,
    )


def _what_there_is(dataset: str | None, *, is_any: bool, has_lines: bool) -> str:
    if is_any:
        return "These clusterings exist:"
    if has_lines:
        return "Nothing is clustered there: not yet, or not in the version that was restored. To cluster it:"
    if dataset is None:
        return "Nothing has been clustered yet."
    return f"Nothing has been clustered there yet. {NO_VECTOR_FIELD}"
