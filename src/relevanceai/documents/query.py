"""DocumentsOut: every way for documents and facts about them to come out of a dataset."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from relevanceai.batch import Document
from relevanceai.documents.analytics import described, facet_of, health_of, metrics_of
from relevanceai.documents.export import frame_of, table_of
from relevanceai.documents.filtering import Filters, as_dicts
from relevanceai.documents.held import HoldsDocuments
from relevanceai.documents.paging import Sort, page_of
from relevanceai.documents.search import nearest_in
from relevanceai.documents.selection import Selection
from relevanceai.documents.series import Series, counted
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.kernels.nearest import Metric
from relevanceai.progress import progress
from relevanceai.show import DocumentTable, show_json
from relevanceai.store.exporting import arrow_reader, write_csv, write_parquet
from relevanceai.store.grouping import grouped
from relevanceai.store.incoming import id_text
from relevanceai.store.selecting import chosen_columns, columns_of, selected

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class DocumentsOut(HoldsDocuments):
    """The ways out. Each call answers for one finished write, in the order of insertion.

    `filters` takes a comparison (`ds["price"] > 10`), a dict of the old SDK's form or a list of
    them; `select_fields` names fields, `_cluster_` for all labels, or the path of one label.
    """

    def get_documents(
        self,
        page_size: int = 20,
        cursor: str | None = None,
        filters: Filters = None,
        sort: Sort = None,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
    ) -> dict[str, Any]:
        """Return a page of documents: `{"documents": [...], "cursor": "...", "count": 123}`.

        Parameters
        ----------
        page_size : how many documents.
        cursor : what the page before gave; None for the first. It stays with the version of that
            page, whatever is written meanwhile, and is None after the last page.
        filters : only documents that pass: comparisons of `dataset["price"] > 5`, or dicts (see
            `relevanceai.store.filters`), or a list of these, all of which must pass.
        sort : a field (rising), `{"price": "desc"}`, or a list of these; None for the order of
            insertion. Missing values come last; ties stand in the order of insertion.
        select_fields : fields to return besides `_id`, `_cluster_` for all labels, or the path of
            one label; None for all.
        include_vector : return the vector fields too; with `select_fields`, name them there.

        Raises
        ------
        NotFoundError, InvalidInputError : a field that is not there; a filter, sort or cursor that
            cannot be read, or a cursor of other filters.
        """
        _check_whole("page_size", page_size, 1)
        return page_of(
            self.opened(),
            page_size=int(page_size),
            cursor=cursor,
            filters=as_dicts(filters),
            sort=sort,
            select_fields=select_fields,
            include_vector=include_vector,
        )

    def get_documents_by_ids(
        self,
        ids: Sequence[str] | str,
        *,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
    ) -> list[Document]:
        """Return the documents with these `_id`s, in the order asked.

        Parameters
        ----------
        ids : the `_id`s, or one; one that is asked for twice comes twice.
        select_fields, include_vector : as for `get_documents`.

        Raises
        ------
        NotFoundError : an `_id` that is not there.
        """
        if isinstance(ids, Mapping) or not hasattr(ids, "__iter__"):
            raise InvalidInputError(f"ids is a list of `_id`s, but got {ids!r:.60}.")
        store = self.opened().snapshot()
        wanted = [ids] if isinstance(ids, str) else [id_text(one) or "" for one in ids]
        found = store.read_by_id(wanted, select_fields=select_fields, include_vector=include_vector)
        if len(found) < len(wanted):
            there = store.row_ids(wanted)
            lacking = [one for one in dict.fromkeys(wanted) if one not in there]
            raise NotFoundError(
                f"{len(lacking):,} of {len(wanted):,} `_id`s are not in dataset {self.name!r}: "
                f"{listed(lacking, limit=5)}."
            )
        return found

    def get_all_documents(
        self,
        *,
        filters: Filters = None,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
    ) -> Iterator[Document]:
        """Return an iterator over all documents that pass, in the order of insertion.

        They are read as they are asked for, not held at once, all of one version.
        `filters`, `select_fields` and `include_vector` are as for `get_documents`.
        """
        rows = selected(self.opened(), as_dicts(filters))
        fields, labels = chosen_columns(rows.store, select_fields, include_vector=include_vector)
        return rows.documents(fields, labels)

    def sample(
        self,
        n: int = 10,
        *,
        random_state: int | None = None,
        filters: Filters = None,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
    ) -> list[Document]:
        """Return n documents drawn at random without replacement; all, shuffled, if n is larger.

        `random_state` makes the draw repeatable, as long as the documents stay the same.
        `filters`, `select_fields` and `include_vector` are as for `get_documents`.
        """
        _check_whole("n", n, 0)
        if random_state is not None:
            _check_whole("random_state", random_state, 0)
        rows = selected(self.opened(), as_dicts(filters))
        every = rows.page_row_ids(0, rows.count)
        drawn = np.random.default_rng(random_state).permutation(every)[:n]
        return list(
            rows.store.read(
                drawn.tolist(), select_fields=select_fields, include_vector=include_vector
            )
        )

    def head(self, n: int = 5, *, image_width: int = 60) -> DocumentTable:
        """Return the first n documents as a table, with pictures in a notebook, without vectors."""
        _check_whole("n", n, 0)
        documents = self.get_documents(max(n, 1), include_vector=False)["documents"][:n]
        return show_json(documents, image_width=image_width, media_folder=self.media_folder)

    def filter(self, filters: Filters) -> Selection:
        """Return the documents that pass, as a light sequence: len, iteration, places, slices.

        `filters` are as for `get_documents`. Raises NotFoundError for a field that is not there,
        InvalidInputError for a filter of another form.
        """
        return Selection(selected(self.opened(), as_dicts(filters)))

    def __getitem__(self, name: str) -> Series:
        """Return a field or label as a Series, whose comparisons make filters."""
        return Series(self.opened(), name)

    # facts -------------------------------------------------------------------------------------

    def value_counts(
        self, field: str, *, filters: Filters = None, top: int | None = None, dropna: bool = True
    ) -> "pd.Series[Any]":
        """Return how often each value of a field or label occurs, most frequent first.

        Ties stand in the order in which the values first come. `top` keeps so many, None all;
        `dropna=False` counts missing values, too; `filters` are as for `get_documents`.
        """
        return counted(selected(self.opened(), as_dicts(filters)), field, top=top, dropna=dropna)

    def facets(
        self, fields: Sequence[str] | None = None, *, filters: Filters = None, top: int = 10
    ) -> dict[str, dict[str, Any]]:
        """Return what each field holds, by field: counts of values, or the range of numbers.

        Numbers have `min`, `max`, `mean`, `std` and `quantiles`; dates `min` and `max`; text, bools
        and labels the `top` most frequent `values` with their counts. All have `present` and
        `missing`; vectors and JSON no more than that. `fields` None is all of them; `filters` are as
        for `get_documents`.
        """
        rows = selected(self.opened(), as_dicts(filters))
        names = list(columns_of(rows.store)) if fields is None else list(fields)
        return {name: facet_of(rows, name, top) for name in names}

    def aggregate(
        self,
        groupby: Sequence[str] | str,
        metrics: Sequence[Mapping[str, str]] = (),
        *,
        filters: Filters = None,
    ) -> "pd.DataFrame":
        """Return figures of the documents grouped by fields or labels, a row a group.

        Parameters
        ----------
        groupby : fields or label paths; a missing value is a group of its own, the last.
        metrics : dicts of `field`, `agg` ("count", "nunique", "min", "max", "sum", "mean",
            "median", "std", "var") and, if wanted, `name`. `count` of the documents comes always.
        filters : only documents that pass, as for `get_documents`.
        """
        import pandas as pd

        by = [groupby] if isinstance(groupby, str) else list(groupby)
        rows = selected(self.opened(), as_dicts(filters))
        return pd.DataFrame(grouped(rows, by, metrics_of(metrics, by)))

    def describe(self, *, filters: Filters = None) -> "pd.DataFrame":
        """Return count, mean, std, least, greatest and quantiles of each number field.

        Missing values are left out; `filters` are as for `get_documents`.
        """
        return described(selected(self.opened(), as_dicts(filters)))

    def health(self, *, filters: Filters = None) -> "pd.DataFrame":
        """Return how many documents have each field, lack it, or hold nothing in it.

        `empty` counts blank text, NaN, zero vectors, and empty lists, dicts and bytes. `filters` are
        as for `get_documents`.
        """
        return health_of(selected(self.opened(), as_dicts(filters)))

    def vector_search(
        self,
        vector: Sequence[float] | None = None,
        *,
        id: str | None = None,
        field: str | None = None,
        page_size: int = 10,
        page: int = 1,
        filters: Filters = None,
        metric: Metric = "cosine",
        select_fields: Sequence[str] | None = None,
        include_vector: bool = False,
        approximate: bool = False,
        n_probes: int = 20,
    ) -> list[Document]:
        """Return the documents whose vectors are nearest to a vector or to a document's.

        Exact, whether there is an index or not: every vector that passes is compared. Only
        `approximate=True` uses the index of `create_vector_index`. Each document carries `_search_score`: its
        similarity ("cosine", "dp") or distance ("l2", "l1"). Ties stand in the order of insertion.

        Parameters
        ----------
        vector : numbers of the field's width; or
        id : the `_id` of a document, itself not among the results.
        field : the vector field; None when there is only one.
        approximate : compare only what the field's index names, of its metric; some of the nearest
            may be missed, but no value is wrong. With filters all that pass are compared all the
            same, and so is every document that came or changed since the index was built.
        page_size, page : how many documents, and which page of them, from 1.
        filters, select_fields : as for `get_documents`.
        metric : "cosine" (0 with a zero vector), "dp", "l2" or "l1".
        include_vector : return the vector fields too.
        n_probes : how many partitions of the index are looked into; all of them is exact, but for
            zero vectors under cosine, which are in none.

        Raises
        ------
        NotFoundError : no such field or document; `approximate`, and the field has no index.
        InvalidInputError : a vector and an `id`, or neither; a vector of another width or with NaN;
            `approximate`, and the index is of another metric.
        """
        _check_whole("page_size", page_size, 1)
        _check_whole("page", page, 1)
        _check_whole("n_probes", n_probes, 1)
        return nearest_in(
            self.opened().snapshot(),
            vector,
            id,
            field,
            first=(page - 1) * page_size,
            size=page_size,
            filters=as_dicts(filters),
            metric=metric,
            select_fields=select_fields,
            include_vector=include_vector,
            n_probes=n_probes if approximate else None,
        )

    # exports -----------------------------------------------------------------------------------

    def to_pandas_dataframe(
        self,
        *,
        filters: Filters = None,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
    ) -> "pd.DataFrame":
        """Return the documents as a DataFrame: a column a field, and one a label by its path.

        `filters`, `select_fields` and `include_vector` are as for `get_documents`.
        """
        rows = selected(self.opened(), as_dicts(filters))
        fields, labels = chosen_columns(rows.store, select_fields, include_vector=include_vector)
        return frame_of(rows, fields, labels)

    def to_arrow(
        self,
        *,
        filters: Filters = None,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
    ) -> "pa.Table":
        """Return the documents as an Arrow table; vectors are fixed-size lists of float32.

        Lists, dicts and mixed values are JSON text; the metadata `relevanceai.kind` says so.
        `filters`, `select_fields` and `include_vector` are as for `get_documents`.
        """
        rows = selected(self.opened(), as_dicts(filters))
        fields, labels = chosen_columns(rows.store, select_fields, include_vector=include_vector)
        return table_of(rows, fields, labels)

    def to_arrow_stream(
        self,
        *,
        filters: Filters = None,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
    ) -> "pa.RecordBatchReader":
        """Return the documents as a stream of Arrow batches, for DuckDB, Polars and the like.

        A batch is held at a time; columns and arguments are those of `to_arrow`.
        """
        rows = selected(self.opened(), as_dicts(filters))
        fields, labels = chosen_columns(rows.store, select_fields, include_vector=include_vector)
        return arrow_reader(rows, fields, labels)

    def to_parquet(
        self,
        path: str | Path,
        *,
        filters: Filters = None,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
        overwrite: bool = False,
    ) -> int:
        """Write the documents to a Parquet file, whole or not at all; return how many.

        A batch is held at a time; columns are those of `to_arrow`, arguments those of
        `get_documents`.

        Raises
        ------
        InvalidInputError : the file is there already, unless `overwrite`.
        """
        rows = selected(self.opened(), as_dicts(filters))
        fields, labels = chosen_columns(rows.store, select_fields, include_vector=include_vector)
        with progress("Writing", rows.count, delay_s=0.5) as bar:
            reader = arrow_reader(rows, fields, labels, bar.update)
            write_parquet(reader, Path(path).expanduser(), overwrite=overwrite)
        return rows.count

    def to_csv(
        self,
        path: str | Path,
        *,
        filters: Filters = None,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = False,
        overwrite: bool = False,
    ) -> int:
        """Write the documents to a CSV file, whole or not at all; return how many.

        Lists, dicts and vectors are JSON, bytes base64. Data is data: text that begins with "=" is
        written as it is. `filters` and `select_fields` are as for `get_documents`; vectors are left
        out unless `include_vector`.

        Raises
        ------
        InvalidInputError : the file is there already, unless `overwrite`.
        """
        rows = selected(self.opened(), as_dicts(filters))
        fields, labels = chosen_columns(rows.store, select_fields, include_vector=include_vector)
        with progress("Writing", rows.count, delay_s=0.5) as bar:
            reader = arrow_reader(rows, fields, labels, bar.update)
            write_csv(reader, fields, Path(path).expanduser(), overwrite=overwrite)
        return rows.count

    def to_dict(
        self,
        orient: Literal["records", "list"] = "records",
        *,
        filters: Filters = None,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = True,
    ) -> list[Document] | dict[str, list[Any]]:
        """Return the documents as a list of dicts ("records"), or a dict of lists by field.

        `filters`, `select_fields` and `include_vector` are as for `get_documents`.
        """
        if orient not in ("records", "list"):
            raise InvalidInputError(f"orient is 'records' or 'list', but got {orient!r:.60}.")
        documents = list(
            self.get_all_documents(
                filters=filters, select_fields=select_fields, include_vector=include_vector
            )
        )
        if orient == "records":
            return documents
        names = list(dict.fromkeys(name for document in documents for name in document))
        return {name: [document.get(name) for document in documents] for name in names}


def _check_whole(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InvalidInputError(f"{name} is a whole number from {least}, but got {value!r:.60}.")
