"""DocumentsIn: every way for documents to come into a dataset, each all or nothing."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from relevanceai.documents.arrow_source import arrow_reader
from relevanceai.documents.csv_source import csv_reader
from relevanceai.documents.held import HoldsDocuments
from relevanceai.documents.jsonl_source import JsonLines
from relevanceai.documents.media_source import media_reader
from relevanceai.documents.number_lists import NumberLists
from relevanceai.documents.parquet_source import parquet_reader
from relevanceai.documents.sources import beside_vectors
from relevanceai.errors import InvalidInputError, counted, listed
from relevanceai.progress import notice, progress
from relevanceai.store.frames import frame_rows
from relevanceai.store.ingest import OnError, ingest
from relevanceai.store.report import InsertReport
from relevanceai.store.writing import write_documents

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray


class DocumentsIn(HoldsDocuments):
    """The ways in. Each call is one commit or nothing; each returns an `InsertReport`."""

    def insert_documents(
        self,
        documents: Iterable[Mapping[str, object]],
        *,
        vector_fields: Sequence[str] = (),
        on_error: OnError = "raise",
    ) -> InsertReport:
        """Insert new documents.

        Parameters
        ----------
        documents : dicts, a list or a generator of any number. `_id` becomes text; one that is missing is made, a random UUID. A field
            whose name ends in `_vector_`, or whose values are float arrays of one width, holds
            vectors, kept as float32; a document may lack it. Other values come back as they went
            in: text, numbers, bools, dates, bytes, None (left out), and nested lists and dicts.
        vector_fields : fields of plain lists that are vectors too.
        on_error : "raise", or "skip" documents that cannot be taken and report why.

        Raises
        ------
        DuplicateIdError : an `_id` that is there already, or twice in this call.
        InvalidInputError : a vector of another width, with NaN or infinity, or a value that cannot
            be kept; the message names the field and the `_id`.

        Notes
        -----
        What a field holds is settled over all documents of the call: whole numbers beside fractions
        are numbers, other mixtures are kept as JSON, told by the report and returned as they came.
        A field may come first in the last document. Of more than 4,096 documents as many are held
        at a time; their values wait in a file without a name, and the ids in memory, until all are
        checked. Whether float arrays without a vector's name are vectors is told by the first 4,096
        that have the field.
        """
        return self._write(documents, False, vector_fields, on_error)

    def upsert_documents(
        self,
        documents: Iterable[Mapping[str, object]],
        *,
        vector_fields: Sequence[str] = (),
        on_error: OnError = "raise",
    ) -> InsertReport:
        """Insert documents, and change those whose `_id` is there already.

        A change touches the fields it brings; None empties one. Of two documents with one `_id`
        the later holds. A document whose vector changes is no longer clustered.
        Arguments, result and errors are those of `insert_documents`.
        """
        return self._write(documents, True, vector_fields, on_error)

    def insert_pandas_dataframe(
        self,
        frame: "pd.DataFrame",
        *,
        vector_fields: Sequence[str] = (),
        on_error: OnError = "raise",
    ) -> InsertReport:
        """Insert each row of a DataFrame as a document; of its index only one named `_id` is kept.

        A missing value (None, NaN, NaT, NA) is a field that the document lacks. A vector field
        holds a list or an array in each row. Other arguments, result and errors are those of
        `insert_documents`.
        """
        return self._write_frame(frame, False, vector_fields, on_error)

    def upsert_pandas_dataframe(
        self,
        frame: "pd.DataFrame",
        *,
        vector_fields: Sequence[str] = (),
        on_error: OnError = "raise",
    ) -> InsertReport:
        """Upsert each row of a DataFrame as a document; a missing value leaves a field as it is.

        Arguments, result and errors are those of `insert_pandas_dataframe`; see `upsert_documents`.
        """
        return self._write_frame(frame, True, vector_fields, on_error)

    def insert_arrow(
        self,
        source: object,
        *,
        vector_fields: Sequence[str] = (),
        on_error: OnError = "raise",
    ) -> InsertReport:
        """Insert each row of an Arrow stream, in bounded memory.

        Parameters
        ----------
        source : a pyarrow Table or RecordBatchReader, anything that speaks the Arrow C stream
            interface (Polars, DuckDB), or a dataset of Hugging Face, whose class labels come as
            their numbers.
        vector_fields : columns of lists that are vectors although neither a fixed size nor a name
            ending in `_vector_` says so.
        on_error : as for `insert_documents`.

        Nested columns, decimals and unsigned 64-bit integers are kept as JSON and come back as
        Python values. Errors are those of `insert_documents`.
        """
        return _told(self._ingest(arrow_reader(source), None, vector_fields, on_error))

    def insert_parquet(
        self,
        path: "str | Path | Sequence[str | Path]",
        *,
        columns: Sequence[str] | None = None,
        vector_fields: Sequence[str] = (),
        on_error: OnError = "raise",
    ) -> InsertReport:
        """Insert the rows of Parquet files, in bounded memory.

        Parameters
        ----------
        path : a file, a glob (`"shards/*.parquet"`), a folder, or a list of files.
        columns : only these columns, and `_id`.
        vector_fields, on_error : as for `insert_arrow`.

        Raises
        ------
        NotFoundError : no such file, or no file fits the glob.
        """
        reader, n_rows = parquet_reader(path, columns)
        return _told(self._ingest(reader, n_rows, vector_fields, on_error))

    def insert_csv(
        self,
        path: "str | Path",
        *,
        vector_fields: Sequence[str] = (),
        on_error: OnError = "raise",
    ) -> InsertReport:
        """Insert the rows of a CSV file with a header, in bounded memory.

        A column is whole numbers, numbers, bools, days, dates or text: the first that all of its
        cells allow, read exactly. Leading zeros make text (`00123` is a code), and so do whole
        numbers too long for their kind. `_id` is always text. An empty cell is missing. A vector
        field holds a list in brackets: `[0.1, 0.2]`; a column of such that is not among
        `vector_fields` stays text, which a notice tells. The file is read twice: once to settle the
        columns.
        """
        n_rows = 0
        lists: list[str] = []
        with progress("Looking through the lines", delay_s=0.5) as bar:

            def count(some: int) -> None:
                nonlocal n_rows
                n_rows += some
                bar.update(some)

            reader = csv_reader(path, vector_fields, count, lists.append)
        report = _told(self._ingest(reader, n_rows, vector_fields, on_error))
        for name in lists:
            notice(
                f"{name!r} holds lists of numbers, kept as text: drop_field({name!r}) and insert the "
                f"file with vector_fields=[{name!r}] to use them as vectors."
            )
        return report

    def insert_jsonl(
        self,
        path: "str | Path",
        *,
        vector_fields: Sequence[str] = (),
        on_error: OnError = "raise",
    ) -> InsertReport:
        """Insert the documents of a JSON Lines file, in bounded memory: one JSON object a line.

        Blank lines are passed over. Errors are those of `insert_documents`; what is no JSON object
        is named by the number of its line, and under "line 7" in the report where such are skipped.
        The file is read twice: once to settle what each field holds.
        """
        failed: dict[str, str] | None = {} if on_error == "skip" else None
        named = [vector_fields] if isinstance(vector_fields, str) else vector_fields
        kept = self._store.fields() if self._store.exists() else []
        vectors = {*named, *(one.name for one in kept if one.kind == "vector")}
        with progress("Looking through the lines", delay_s=0.5) as bar:
            lines = JsonLines(path, vectors, failed, bar.update)
        report = self._ingest(
            lines.reader(), lines.count, vector_fields, on_error, lines.line_of, lines.mixed_fields
        )
        return _told(replace(report, failed={**(failed or {}), **report.failed}))

    def insert_numpy(
        self,
        vectors: "NDArray[np.floating] | str | Path",
        documents: "Sequence[Mapping[str, object]] | pd.DataFrame | pa.Table | str | Path | None" = None,
        *,
        field: str = "embedding_vector_",
        on_error: OnError = "raise",
    ) -> InsertReport:
        """Insert vectors with the documents beside them.

        Parameters
        ----------
        vectors : number array of shape (n_rows, n_dims), or an `.npy` file of one, which is mapped,
            not read whole.
        documents : one per row, in order: dicts, a DataFrame, a Table, or a CSV or Parquet file;
            None for vectors alone.
        field : the name of the vector field.
        on_error : as for `insert_documents`.

        Raises
        ------
        InvalidInputError : not two-dimensional, or not one document a row.
        """
        reader, n_rows = beside_vectors(vectors, documents, field)
        return _told(self._ingest(reader, n_rows, [field], on_error))

    def insert_media_folder(
        self,
        folder: "str | Path",
        *,
        field: str = "image",
        thumbnail_size: int = 256,
        on_error: OnError = "raise",
    ) -> InsertReport:
        """Insert each picture below a folder as a document.

        Parameters
        ----------
        folder : looked through with its subfolders, in order of the paths.
        field : the field that gets a thumbnail, WebP bytes that fit `thumbnail_size` pixels square.
        on_error : "raise" for a file that is named like a picture and is none, or "skip" it.

        A document has `_id` (the path below the folder, with `/`), `path` (the whole path),
        `file_name`, `folder` (of the file, below the folder), `file_bytes` (its size), `width` and
        `height` in pixels. The files themselves are left where they are.
        """
        failed: dict[str, str] | None = {} if on_error == "skip" else None
        reader, n_files = media_reader(Path(folder), field, thumbnail_size, failed)
        report = self._ingest(reader, n_files, (), on_error)
        return _told(replace(report, failed={**(failed or {}), **report.failed}))

    def _write_frame(
        self, frame: object, upsert: bool, vector_fields: Sequence[str], on_error: OnError
    ) -> InsertReport:
        n_rows, documents = frame_rows(frame)
        return self._write(documents, upsert, vector_fields, on_error, n_rows)

    def _write(
        self,
        documents: Iterable[Mapping[str, object]],
        upsert: bool,
        vector_fields: Sequence[str],
        on_error: OnError,
        total: int | None = None,
    ) -> InsertReport:
        if not isinstance(documents, Iterable):
            raise InvalidInputError(
                f"Documents come as a list of dicts, but got {type(documents).__name__}."
            )
        if hasattr(documents, "iloc"):
            raise InvalidInputError(
                f"Documents come as a list of dicts, but got a {type(documents).__name__}. Use "
                f"{'upsert' if upsert else 'insert'}_pandas_dataframe."
            )
        self._workspace.write_format()
        if isinstance(documents, Sequence):
            total = len(documents)
        is_one = isinstance(documents, Mapping | str | bytes)
        lists, known = NumberLists(), self._known()
        with (
            progress("Reading documents", total, delay_s=0.5) as bar,
            progress("Upserting" if upsert else "Inserting", total, delay_s=0.5) as written,
        ):
            report = write_documents(
                self._store,
                documents if is_one else lists.of_documents(_counted(documents, bar.update)),
                upsert=upsert,
                on_error=on_error,
                vector_fields=vector_fields,
                on_rows=written.update,
            )
        self._tell_lists(lists, known)
        return _told(report)

    def _known(self) -> set[str]:
        return {one.name for one in self._store.fields()} if self._store.exists() else set()

    def _tell_lists(self, lists: NumberLists, known: set[str]) -> None:
        """Say which new fields hold lists of numbers that might have been meant as vectors."""
        if not lists.widths or not self._store.exists():
            return
        kept = {one.name for one in self._store.fields() if one.kind == "json"} - known
        for name, width in lists.widths.items():
            if name in kept:
                notice(
                    f"{name!r} holds lists of {width:,} numbers, kept as lists: drop_field({name!r}) "
                    f"and upsert the documents with vector_fields=[{name!r}] to use them as vectors."
                )

    def _ingest(
        self,
        reader: "pa.RecordBatchReader",
        n_rows: int | None,
        vector_fields: Sequence[str],
        on_error: OnError,
        line_of: Callable[[int], int] | None = None,
        mixed_fields: Sequence[str] = (),
    ) -> InsertReport:
        self._workspace.write_format()
        lists, known = NumberLists(), self._known()
        with progress("Inserting", n_rows, delay_s=0.5) as bar:
            report = ingest(
                self._store,
                lists.of_reader(reader),
                vector_fields=vector_fields,
                on_error=on_error,
                on_rows=bar.update,
                line_of=line_of,
            )
        self._tell_lists(lists, known)
        mixed = tuple(sorted({*report.mixed_fields, *mixed_fields})) if report.inserted else ()
        return replace(report, mixed_fields=mixed)


def _told(report: InsertReport) -> InsertReport:
    if report.ignored_fields:
        notice(
            f"did not take {listed(report.ignored_fields)} from the documents: the dataset works "
            "these out itself; labels are set by cluster() or set_cluster_labels()"
        )
    if report.mixed_fields:
        notice(
            f"{listed(report.mixed_fields)} hold values of several kinds and are kept as JSON: "
            "they come back as they are, but do not compare as numbers or dates"
        )
    if report.made_ids:
        notice(
            f"{counted(len(report.made_ids), 'document')} came without `_id` and got one; "
            "what is inserted again is added again"
        )
    if report.failed:
        name, why = next(iter(report.failed.items()))
        notice(
            f"{counted(len(report.failed), 'document')} could not be taken (see .failed of the report), "
            f"the first: {name!r}: {why}"
        )
    return report


def _counted(
    documents: Iterable[Mapping[str, object]], count: Callable[[int], object]
) -> Iterator[Mapping[str, object]]:
    for document in documents:
        yield document
        count(1)
