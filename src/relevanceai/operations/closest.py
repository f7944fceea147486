"""The documents of each cluster that lie closest to its centroid, or furthest from it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relevanceai.errors import InvalidInputError
from relevanceai.kernels.nearest import Metric
from relevanceai.operations.asked import check_fields, found_clustering
from relevanceai.operations.centroids import centroids_of
from relevanceai.operations.held import HoldsClustering
from relevanceai.operations.nearest import Asked, chosen_ids, nearest_documents
from relevanceai.operations.visit import Visit
from relevanceai.pictures import named_outside, outside_is_closed, picture_fields
from relevanceai.progress import notice, slow
from relevanceai.show import DocumentTable, names_of


class ClosestDocuments(HoldsClustering):
    """The documents at both ends of each cluster."""

    _workspace: Path | None

    def closest(
        self,
        cluster_ids: Sequence[str] | str | None = None,
        select_fields: Sequence[str] | None = None,
        page_size: int = 3,
        page: int = 1,
        similarity_metric: Metric = "cosine",
        filters: Sequence[Mapping[str, object]] | None = None,
        include_vector: bool = False,
        min_score: float | None = None,
        verbose: bool = True,
        *,
        metric: Metric | None = None,
    ) -> dict[str, dict[str, Any]]:
        """Return the documents of each cluster that are closest to its centroid.

        Parameters
        ----------
        cluster_ids : which clusters; None for all, in natural order.
        select_fields : fields to return besides `_id` and `_search_score`; None for all.
        page_size, page : documents per cluster, and which page of them, from 1.
        similarity_metric : "cosine" (0 with a zero vector), "dp", "l2" or "l1".
        metric : the same under the name that other questions give it.
        filters : only documents that pass (see `relevanceai.store.filters`); the centroid stays
            that of all members.
        include_vector : return the vector fields too; with `select_fields`, name them there.
        min_score : leave out similarities below it, for l2 and l1 distances above it; of `furthest`
            too. Pages are cut from what is left.
        verbose : print where the dashboard shows the same, starting it when it is not running.

        Returns
        -------
        `{"results": {"cluster-0": {"results": [document, ...]}, ...}}`. Each document carries
        `_search_score`: its similarity (cosine, dp) or distance (l2, l1) to the centroid.

        Raises
        ------
        NotFoundError : a cluster or field that does not exist; lists those that do.
        InvalidInputError : an unknown metric, a filter of another form, a page below 1.

        Notes
        -----
        Ties go by the order in which documents were inserted. One pass over the vectors of the
        clustering; memory grows with page * page_size per cluster only.
        """
        asked = Asked(
            is_furthest=False,
            select_fields=select_fields,
            page_size=page_size,
            page=page,
            metric=_one_metric(similarity_metric, metric),
            filters=filters,
            include_vector=include_vector,
            min_score=min_score,
        )
        return self._nearest("closest", cluster_ids, asked, verbose=verbose)

    def furthest(
        self,
        cluster_ids: Sequence[str] | str | None = None,
        select_fields: Sequence[str] | None = None,
        page_size: int = 3,
        page: int = 1,
        similarity_metric: Metric = "cosine",
        filters: Sequence[Mapping[str, object]] | None = None,
        include_vector: bool = False,
        min_score: float | None = None,
        verbose: bool = True,
        *,
        metric: Metric | None = None,
    ) -> dict[str, dict[str, Any]]:
        """Return the documents of each cluster that are furthest from its centroid.

        Arguments, result and errors are those of `closest`; the order is the other way round.
        """
        asked = Asked(
            is_furthest=True,
            select_fields=select_fields,
            page_size=page_size,
            page=page,
            metric=_one_metric(similarity_metric, metric),
            filters=filters,
            include_vector=include_vector,
            min_score=min_score,
        )
        return self._nearest("furthest", cluster_ids, asked, verbose=verbose)

    list_closest = closest
    list_furthest = furthest

    def show_closest(
        self,
        cluster_ids: Sequence[str] | str | None = None,
        image_fields: Sequence[str] | str | None = None,
        text_fields: Sequence[str] | str | None = None,
        *,
        page_size: int = 3,
        page: int = 1,
        similarity_metric: Metric = "cosine",
        filters: Sequence[Mapping[str, object]] | None = None,
        image_width: int = 60,
        metric: Metric | None = None,
    ) -> DocumentTable:
        """Return the closest documents as a table that a notebook shows as HTML.

        Parameters
        ----------
        cluster_ids, page_size, page, similarity_metric, filters, metric : as for `closest`.
        image_fields : fields shown as pictures; None finds them.
        text_fields : fields shown after `cluster_id` and `_id`; None for no more.
        image_width : the width of a picture in pixels.

        Raises
        ------
        NotFoundError : a cluster or field that does not exist; lists those that do.
        """
        texts = [name for name in names_of(text_fields) if name not in ("cluster_id", "_id")]
        pictures = None if image_fields is None else names_of(image_fields)
        check_fields(self._store, [*(pictures or ()), *texts])
        found = self.closest(
            cluster_ids,
            None if pictures is None else [*pictures, *texts],
            page_size,
            page,
            similarity_metric,
            filters,
            verbose=False,
            metric=metric,
        )["results"]
        documents = [
            {**document, "cluster_id": cluster_id}
            for cluster_id, cluster in found.items()
            for document in cluster["results"]
        ]
        if pictures is None:
            pictures = [
                name
                for name in picture_fields(documents, self._store.media_folder)
                if name not in texts
            ]
        for name in named_outside(documents, self._store.media_folder):
            notice(outside_is_closed(name, self._store.media_folder))
        return DocumentTable(
            documents,
            [*pictures, "cluster_id", "_id", *texts],
            image_fields=pictures,
            image_width=image_width,
            media_folder=self._store.media_folder,
        )

    def _nearest(
        self,
        page_of: str,
        cluster_ids: Sequence[str] | str | None,
        asked: Asked,
        *,
        verbose: bool,
    ) -> dict[str, dict[str, Any]]:
        """Answer `closest` and `furthest`, which are named as their pages are."""
        store = self._store.snapshot()
        asked.check(store)
        centroids = centroids_of(store, found_clustering(store, self.alias, self.vector_fields))
        chosen = chosen_ids(centroids, cluster_ids, dataset=store.name)
        kept = None if asked.filters is None else store.matching_row_ids(asked.filters)
        workspace = self._workspace  # arrays have none, and no page
        visit = Visit(workspace) if verbose and workspace is not None else None
        with slow("Looking for the documents"):
            results = nearest_documents(store, centroids, chosen, asked, kept)
        if visit is not None:
            visit.print_link(
                f"/sdk/cluster/centroids/{page_of}",
                dataset=self._store.name,
                field=centroids.clustering.field,
                alias=self.alias,
            )
        return {"results": results}


def _one_metric(similarity_metric: Metric, metric: Metric | None) -> Metric:
    """Return the metric asked for, under whichever of its two names."""
    if metric is None:
        return similarity_metric
    if similarity_metric not in ("cosine", metric):
        raise InvalidInputError(
            f"similarity_metric is {similarity_metric!r} and metric is {metric!r}, which are two names "
            "of one argument. Pass one of them."
        )
    return metric
