"""Client: the door to a workspace, a folder of datasets on this machine.

What a dataset needs (Lance, Arrow, pandas) is imported with the first dataset: that takes most of a
second, and a script that only asks for a link, or for the names, does without.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from relevanceai import launch
from relevanceai.errors import NotFoundError, listed
from relevanceai.progress import notice
from relevanceai.store.names import slug as slug_of
from relevanceai.store.workspace import Workspace, workspace_folder

if TYPE_CHECKING:
    from relevanceai.dataset import Dataset as _Dataset  # `Client.Dataset` hides the class
    from relevanceai.operations.cluster import ClusterOps
    from relevanceai.operations.viz.cluster import ClusterVizOps


class Client:
    """A workspace on this machine. There is no account and no network.

    Parameters
    ----------
    workspace : a folder; None for RELEVANCEAI_HOME, else `~/.relevanceai`. It is made with the
        first write.
    token : accepted from old code and ignored, which is said on stderr.

    Raises
    ------
    WorkspaceError : no folder can be told, it is a file, or it is of a newer format.

    Examples
    --------
    >>> import tempfile
    >>> client = Client(tempfile.mkdtemp())
    >>> client.Dataset("shoes").insert_documents([{"_id": "1", "image_vector_": [0.5, 1.0]}]).inserted
    1
    >>> client.list_datasets()
    ['shoes']
    """

    def __init__(
        self, workspace: str | os.PathLike[str] | None = None, *, token: str | None = None
    ) -> None:
        self._workspace = Workspace(workspace_folder(workspace))
        if token is not None:
            notice(f"token ignored: no account is needed, the workspace is {self.workspace}")

    def __repr__(self) -> str:
        return f"Client({str(self.workspace)!r})"

    @property
    def workspace(self) -> Path:
        """The absolute folder of the workspace."""
        return self._workspace.folder

    def list_datasets(self) -> list[str]:
        """Return the names of the datasets, sorted."""
        return self._workspace.names()

    def Dataset(self, name: str) -> "_Dataset":
        """Return a dataset by name; it need not exist yet.

        Inserting makes it. Reading one that does not exist is an error, except for the sample
        `ecommerce`, which is built then, unless it was deleted.

        Raises
        ------
        InvalidInputError : a name that is blank, too long or holds control characters.
        """
        return self._opened(name)

    def dataset_by_slug(self, slug: str) -> "_Dataset":
        """Return the dataset whose address has this segment.

        Raises
        ------
        NotFoundError : there is none; lists the datasets.
        """
        names = self._workspace.names()
        for name in names:
            if slug_of(name) == slug:
                return self._opened(name)
        raise NotFoundError(
            f"No dataset {slug!r} in {self.workspace}. It has: {listed(names, like=slug)}."
        )

    def delete_dataset(self, name: str) -> None:
        """Delete a dataset: documents, vectors, clusterings and media.

        Raises
        ------
        NotFoundError : there is none; lists the datasets.
        """
        self._workspace.delete(name)

    def cache_sizes(self) -> dict[str, int]:
        """Return the size in bytes of each dataset's cache: files that can be made again.

        Each is kept below 256 MiB, and may be deleted at any time.
        """
        return self._workspace.cache_sizes()

    def clear_cache(self) -> int:
        """Delete what can be made again, and what killed writers left; return the bytes freed."""
        return self._workspace.clear_cache()

    def load_sample(self, name: str = "ecommerce") -> "_Dataset":
        """Return a sample dataset, built and clustered as `main-cluster` if it is not there.

        A sample that was deleted is brought back.

        Raises
        ------
        NotFoundError : there is no sample of this name; lists those there are.
        """
        from relevanceai.sample import build_sample

        build_sample(self._workspace, name)
        return self._opened(name)

    def ClusterOps(
        self,
        dataset: "str | _Dataset",
        *,
        alias: str | None = None,
        vector_fields: Sequence[str] | str | None = None,
    ) -> "ClusterOps":
        """Open a clustering of a dataset, given by name or itself."""
        from relevanceai.operations.cluster import ClusterOps

        return ClusterOps.from_dataset(
            self._dataset(dataset), alias=alias, vector_fields=vector_fields
        )

    def ClusterVizOps(
        self,
        dataset: "str | _Dataset",
        *,
        alias: str | None = None,
        vector_fields: Sequence[str] | str | None = None,
    ) -> "ClusterVizOps":
        """Open a clustering of a dataset, given by name or itself, with pictures."""
        from relevanceai.operations.viz.cluster import ClusterVizOps

        return ClusterVizOps.from_dataset(
            self._dataset(dataset), alias=alias, vector_fields=vector_fields
        )

    def dashboard(
        self,
        *,
        open_browser: bool = False,
        port: int | None = None,
        base_url: str | None = None,
    ) -> str:
        """Start the dashboard of this workspace, if it is not running, and return a link to it.

        Parameters
        ----------
        open_browser : open the link here and now.
        port : where to listen on 127.0.0.1; a busy port takes the next.
        base_url : what links start with, behind a proxy or from a remote notebook; None reads
            RELEVANCEAI_BASE_URL.

        Raises
        ------
        DashboardError : it does not start; the message has the end of its log.
        """
        record = launch.start(self.workspace, port=port, base_url=base_url).wait()
        link = launch.link(record)
        if open_browser:
            launch.open_browser(link)
        return link

    def _dataset(self, dataset: "str | _Dataset") -> "_Dataset":
        return self._opened(dataset) if isinstance(dataset, str) else dataset

    def _opened(self, name: str) -> "_Dataset":
        from relevanceai.dataset import Dataset

        return Dataset(self._workspace, name)
