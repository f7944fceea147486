"""Dataset: documents in and out, and clustering them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relevanceai.clustering.info import ClusteringInfo, clustering_info
from relevanceai.clustering.run import aligned_labels, chosen_vector_fields, keep_brought, run_model
from relevanceai.documents.changes import DocumentsChanged
from relevanceai.documents.history import DocumentsHistory
from relevanceai.documents.indexing import DocumentsIndexed
from relevanceai.documents.ingest import DocumentsIn
from relevanceai.documents.query import DocumentsOut
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.operations.cluster import ClusterOps
from relevanceai.operations.viz.cluster import ClusterVizOps
from relevanceai.progress import notice
from relevanceai.sample import SAMPLE_ALIAS, SAMPLES, build_sample
from relevanceai.store.documents import DocumentStore
from relevanceai.store.names import slug
from relevanceai.store.workspace import Workspace

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_KINDS = {
    "integer": "numeric",
    "number": "numeric",
    "date": "date",
    "local_date": "date",
    "day": "date",
}


_CLUSTER_ARGUMENTS = (
    *("model", "n_clusters", "vector_fields", "alias", "random_state", "byo_cluster_field"),
    "model_kwargs",
)


class Dataset(DocumentsIn, DocumentsOut, DocumentsChanged, DocumentsHistory, DocumentsIndexed):
    """A named collection of documents in a workspace; made by `client.Dataset(name)`.

    Nothing exists on disk before documents are inserted. Every write is there whole or not at all,
    and every read sees one finished write.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        self._workspace = workspace
        self._store = workspace.store(name)

    # what it is --------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return f"Dataset({self.name!r})"

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self._store.name

    @property
    def slug(self) -> str:
        """The name as a URL segment and folder name."""
        return slug(self._store.name)

    @property
    def workspace(self) -> Path:
        """The folder of the workspace that the dataset lives in."""
        return self._workspace.folder

    @property
    def media_folder(self) -> Path:
        """The only folder from which pictures named by path are opened."""
        return self._store.media_folder

    @property
    def version(self) -> int:
        """A number that grows with every write."""
        return self.opened().version()

    @property
    def revision(self) -> str:
        """A text that changes with every write, and when the dataset is deleted and made anew."""
        return self.opened().revision()

    @property
    def shape(self) -> tuple[int, int]:
        """The number of documents and of fields (`_id` among them, labels not)."""
        store = self.opened()
        return store.count(), len(store.fields())

    @property
    def columns(self) -> list[str]:
        """The names of the fields, then the paths of the labels."""
        store = self.opened()
        return [one.name for one in store.fields()] + [
            one.label_path for one in store.clusterings()
        ]

    @property
    def schema(self) -> dict[str, str | dict[str, int]]:
        """What each field and label holds: "text", "numeric", "bool", "date", "bytes", "json"
        (lists, dicts and values of mixed kinds) or `{"vector": n_dims}`."""
        store = self.opened()
        kinds: dict[str, str | dict[str, int]] = {}
        for one in store.fields():
            is_vector = one.kind == "vector"
            kinds[one.name] = (
                {"vector": one.width} if is_vector else _SHOWN_KINDS.get(one.kind, one.kind)
            )
        return kinds | {one.label_path: "text" for one in store.clusterings()}

    def list_vector_fields(self) -> list[str]:
        """Return the names of the vector fields."""
        return [one.name for one in self.opened().fields() if one.kind == "vector"]

    def list_cluster_aliases(self) -> list[str]:
        """Return the aliases of the clusterings, oldest first, each once."""
        return list(dict.fromkeys(one.alias for one in self.opened().clusterings()))

    def clusterings(self) -> list[ClusteringInfo]:
        """Return what there is to know of each clustering, oldest first."""
        store = self.opened()
        return [clustering_info(store, one) for one in store.clusterings()]

    # clustering --------------------------------------------------------------------------------

    def cluster(
        self,
        model: str | object = "kmeans",
        n_clusters: int | None = None,
        vector_fields: Sequence[str] | str | None = None,
        alias: str | None = None,
        *,
        random_state: int | None = 0,
        byo_cluster_field: str | None = None,
        model_kwargs: Mapping[str, object] | None = None,
        **misplaced: object,
    ) -> ClusterVizOps:
        """Cluster the documents, or take labels they bring, and keep the result under an alias.

        Parameters
        ----------
        model : a name ("kmeans", "minibatchkmeans", "agglomerative", "birch", "gmm", "hdbscan",
            "dbscan", "communitydetection"; see `relevanceai.clustering.models.fit_labels`) or an
            object with `fit_predict(vectors)`, or with `partial_fit` and `predict`.
        n_clusters : how many clusters; None for the model's own way, or round(sqrt(n / 2)),
            from 2 to 50, which is said on stderr and in `run_report()`.
        vector_fields : what to cluster on; None when there is only one vector field. Several are
            each scaled to unit norm and put side by side.
        alias : the name of the result; None for one made of the model and the number of clusters
            (for brought labels, of their field). A clustering of this name is replaced.
        random_state : seed of the model; None for another draw each time.
        byo_cluster_field : a field that holds labels, in place of a model. Integers and whole
            floats become `cluster-3`, text stays, -1 and "outlier" are noise, missing is not
            clustered.
        model_kwargs : further arguments of the named model. For "kmeans": `spherical=True` compares
            directions; `n_init`, `max_iter`, `tol`, `sample` and `library` as in
            `relevanceai.clustering.kmeans_options.KMeansOptions`.

        Returns
        -------
        The operations of the new clustering. A document without the vector is not clustered; how
        many there are is said on stderr.

        Raises
        ------
        NotFoundError : a dataset or field that does not exist.
        InvalidInputError : an unknown model, a number of clusters that cannot be, labels that
            cannot be read; an argument that belongs into `model_kwargs`.

        Notes
        -----
        Up to 100,000 vectors "kmeans" and "minibatchkmeans" are scikit-learn's. Above, k-means is
        trained on a sample, which is said on stderr and in `run_report()`, and every document is
        then assigned in one pass; vectors are never all in memory. So are objects that learn by
        `partial_fit`, above 1 GiB. The other models hold all vectors. Ctrl-C leaves nothing.
        """
        if misplaced:
            raise InvalidInputError(
                f"cluster() takes no argument {listed(misplaced)}. It takes: "
                f"{listed(_CLUSTER_ARGUMENTS, like=next(iter(misplaced)))}. "
                f"Arguments of the model go into model_kwargs={str(misplaced)[:200]}."
            )
        if isinstance(model, int):
            raise InvalidInputError(
                f"cluster() takes the model first, but got the number {model!r}. "
                f"Pass it as n_clusters={model!r}, and the vector field as vector_fields=[...]."
            )
        store = self.opened()
        fields = chosen_vector_fields(store, vector_fields)
        if byo_cluster_field is None:
            made = run_model(
                store,
                model,
                n_clusters=n_clusters,
                vector_fields=fields,
                alias=alias,
                random_state=random_state,
                model_kwargs=model_kwargs,
            )
        else:
            if n_clusters is not None or model != "kmeans" or model_kwargs:
                raise InvalidInputError(
                    "byo_cluster_field brings the labels, so there is no model to run. "
                    "Pass either byo_cluster_field, or model, n_clusters and model_kwargs."
                )
            made = keep_brought(
                store,
                lambda: store.label_values(byo_cluster_field),
                vector_fields=fields,
                alias=byo_cluster_field if alias is None else alias,
                source=byo_cluster_field,
            )
        return self.ClusterVizOps(alias=made.alias, vector_fields=made.vector_fields)

    def set_cluster_labels(
        self,
        vector_fields: Sequence[str] | str,
        alias: str,
        labels: "Mapping[str, object] | Sequence[object] | pd.Series[Any]",
    ) -> ClusterVizOps:
        """Keep labels that you bring as a clustering of these vector fields.

        Parameters
        ----------
        vector_fields : what the labels were made from; centroids are means of it.
        alias : the name of the clustering; one of this name is replaced.
        labels : one per document in the order of `get_all_documents()`; or a dict by `_id`; or a
            pandas Series, by `_id` unless its index just counts. Values as for
            `cluster(byo_cluster_field=...)`. Documents that a dict leaves out are not clustered.

        Raises
        ------
        InvalidInputError : another number of labels than documents, or labels that cannot be read.
        NotFoundError : a dict names an `_id` that is not there.
        """
        store = self.opened()
        fields = chosen_vector_fields(store, vector_fields)
        made = keep_brought(
            store,
            lambda: aligned_labels(store, labels),
            vector_fields=fields,
            alias=alias,
            source="set_cluster_labels",
        )
        return self.ClusterVizOps(alias=made.alias, vector_fields=made.vector_fields)

    def ClusterOps(
        self, *, alias: str | None = None, vector_fields: Sequence[str] | str | None = None
    ) -> ClusterOps:
        """Open a clustering: `ClusterOps.from_dataset(self, ...)`."""
        return ClusterOps.from_dataset(self, alias=alias, vector_fields=vector_fields)

    def ClusterVizOps(
        self, *, alias: str | None = None, vector_fields: Sequence[str] | str | None = None
    ) -> ClusterVizOps:
        """Open a clustering with pictures: `ClusterVizOps.from_dataset(self, ...)`."""
        return ClusterVizOps.from_dataset(self, alias=alias, vector_fields=vector_fields)

    # the whole ---------------------------------------------------------------------------------

    def delete(self) -> None:
        """Delete the dataset: documents, vectors, clusterings and media."""
        self._workspace.delete(self.name)

    def opened(self) -> DocumentStore:
        """Return the store; build a sample of this name that was never there first.

        Raises
        ------
        NotFoundError : there is no such dataset; lists those there are.
        """
        store = self._store
        if store.exists():
            return store
        if self.name in SAMPLES and not self._workspace.was_deleted(self.name):
            notice(
                f"building the sample dataset {self.name!r}, clustered as {SAMPLE_ALIAS!r}, in "
                f"{self.workspace} (once, some ten seconds)"
            )
            return build_sample(self._workspace, self.name)
        there = listed(self._workspace.names(), like=self.name)
        taken = self._workspace.names()
        ready = [
            one for one in SAMPLES if one not in taken and not self._workspace.was_deleted(one)
        ]
        again = (
            f" It is a sample that was deleted: client.load_sample({self.name!r}) brings it back."
            if self.name in SAMPLES
            else " Insert documents to make it, or pass one of these names."
            + (f" There is also the sample {listed(ready)}." if ready else "")
        )
        raise NotFoundError(
            f"No dataset {self.name!r} in {self.workspace}. It has: {there}.{again}"
        )
