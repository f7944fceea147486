"""DocumentsChanged: values set and computed, documents deleted, fields renamed and dropped."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from relevanceai.batch import Document
from relevanceai.documents.filtering import Filters, as_dicts
from relevanceai.documents.held import HoldsDocuments
from relevanceai.errors import InvalidInputError, RelevanceAIError, listed
from relevanceai.progress import notice, progress
from relevanceai.store import changing
from relevanceai.store.applying import apply_changes, set_values
from relevanceai.store.changing import DeleteReport
from relevanceai.store.incoming import DERIVED_FIELDS, id_text
from relevanceai.store.rewriting import ChangeReport

_PLAIN = (str, int, float, bool, bytes, type(None))
_READ_ROWS = 1024


class DocumentsChanged(HoldsDocuments):
    """What changes documents that are there. Each call is there whole, or nothing of it is.

    Labels, centroids and everything else that rests on documents is that of the changed ones from
    then on. A document whose vector changed is not clustered until `assign_new()` or a new run.
    """

    def update_where(self, filters: Filters, values: Mapping[str, object]) -> ChangeReport:
        """Set fields of all documents that pass the filters to the same values.

        Parameters
        ----------
        filters : which documents, as for `get_documents`; None for all.
        values : the new value of each field; None empties it. A field that is not there is made.

        Raises
        ------
        InvalidInputError : no values; `_id` or labels among them; a value that cannot be kept.
        NotFoundError : a filter on a field that does not exist.
        """
        if not isinstance(values, Mapping) or not values:
            raise InvalidInputError(
                f"update_where takes a dict of new values by field, but got {values!r:.60}."
            )
        for name in ("_id", *DERIVED_FIELDS):
            if name in values:
                raise InvalidInputError(
                    f"{name!r} is not set by update_where: "
                    + (
                        "it is what a document is known by. Insert documents under another."
                        if name == "_id"
                        else "the dataset works it out itself; labels are set by cluster() or "
                        "set_cluster_labels()."
                    )
                )
        return _told(set_values(self.opened(), as_dicts(filters), dict(values)))

    def delete_documents(
        self, ids: Iterable[object] | str | None = None, *, filters: Filters = None
    ) -> DeleteReport:
        """Delete documents, by `_id` or by filter.

        Parameters
        ----------
        ids : `_id`s; those that are not there are reported, not an error.
        filters : instead of `ids`: all documents that pass.

        Returns
        -------
        A report with `deleted`, how many documents are gone, and `missing`, the `_id`s that were
        not there.

        Raises
        ------
        InvalidInputError : both or neither of the two. To delete everything, use `delete()`.
        NotFoundError : a filter on a field that does not exist.
        """
        store = self.opened()
        conditions = as_dicts(filters)
        if (ids is None) == (not conditions):
            raise InvalidInputError(
                "delete_documents takes ids or filters, one of the two, but got "
                + ("neither" if ids is None else "both")
                + ". To delete the whole dataset, use delete()."
            )
        if ids is None:
            return changing.delete_matching(store, conditions)
        if isinstance(ids, Mapping) or not isinstance(ids, Iterable):
            raise InvalidInputError(f"ids is a list of `_id`s, but got {ids!r:.60}.")
        wanted = [ids] if isinstance(ids, str | bytes) else ids
        return changing.delete_ids(store, [_id_named(one) for one in wanted])

    # fields ------------------------------------------------------------------------------------

    def rename_field(self, old: str, new: str) -> None:
        """Rename a field; no value is rewritten, whatever the size of the dataset.

        Clusterings of a vector field go with it: their labels stand under its new name.

        Raises
        ------
        NotFoundError : no such field; lists those there are.
        InvalidInputError : a name that is taken or that a field cannot have; `_id`.
        """
        changing.rename(self.opened(), old, new)

    def drop_field(self, name: str, *, drop_clusterings: bool = False) -> None:
        """Drop a field from all documents.

        Parameters
        ----------
        drop_clusterings : also drop the clusterings that rest on the field. `restore` brings the
            version of before back, with all of them.

        Raises
        ------
        NotFoundError : no such field; lists those there are.
        InvalidInputError : clusterings rest on it and `drop_clusterings` is not set; `_id`.
        """
        paths = changing.drop(self.opened(), name, drop_clusterings=drop_clusterings)
        if paths:
            notice(f"dropped {listed(paths)} with {name!r}, on which they rested")

    # functions ---------------------------------------------------------------------------------

    def apply(
        self,
        fn: Callable[[Document], object],
        *,
        filters: Filters = None,
        select_fields: Sequence[str] | None = None,
        output_field: str | None = None,
        include_vector: bool = False,
        batch_size: int = _READ_ROWS,
    ) -> ChangeReport:
        """Change each document by a function of it; all are written at the end, in one commit.

        Parameters
        ----------
        fn : is given a document, and returns a dict of the fields to set, or the document itself,
            changed; `{}` where nothing is to change. Fields that it does not return stay, one that
            it returns as None is emptied. What it returns of labels is not taken.
        filters : which documents, as for `get_documents`; None for all.
        select_fields : the fields that the function is given, besides `_id`; None for all.
        output_field : set this field to whatever `fn` returns, instead.
        include_vector : give the function the vectors too; with `select_fields`, name them there.
        batch_size : documents that are read at a time.

        Raises
        ------
        InvalidInputError : `fn` raised an error, or returned what cannot be kept; the message names
            the `_id`, and nothing was changed.

        Notes
        -----
        The dataset's writer lock is held meanwhile: `fn` must not write to it, and other writers
        wait. What is to be written waits in a file without a name, beyond 64 MiB. When more than
        one document in twenty changes, the columns of the fields that change are written anew, else
        the documents.
        """
        _check_function(fn, batch_size)

        def change(documents: list[Document]) -> list[Document]:
            made = []
            for document in documents:
                before = dict(document)
                try:
                    returned = fn(document)
                except Exception as error:
                    raise _failed(f"document {before['_id']!r}", error) from error
                if output_field is not None:
                    returned = {output_field: returned}
                made.append(_fields_to_set(before, returned))
            return made

        return self._applied(change, filters, select_fields, include_vector, batch_size)

    def bulk_apply(
        self,
        fn: Callable[[list[Document]], object],
        *,
        filters: Filters = None,
        select_fields: Sequence[str] | None = None,
        include_vector: bool = False,
        batch_size: int = 100,
    ) -> ChangeReport:
        """Change documents by a function of whole batches; written at the end, in one commit.

        Parameters
        ----------
        fn : is given a list of documents, and returns a list of what `apply` takes for one: one for
            each in the same order, or any of them in any order, each with its `_id`.
        batch_size : documents a batch; the last may have fewer.

        The other arguments, errors and costs are those of `apply`.
        """
        _check_function(fn, batch_size)

        def change(documents: list[Document]) -> list[Document]:
            before = [dict(one) for one in documents]
            where = f"the batch from document {before[0]['_id']!r} to {before[-1]['_id']!r}"
            try:
                returned = fn(documents)
            except Exception as error:
                raise _failed(where, error) from error
            return _matched(before, returned, where)

        return self._applied(change, filters, select_fields, include_vector, batch_size)

    def _applied(
        self,
        change: Callable[[list[Document]], list[Document]],
        filters: Filters,
        select_fields: Sequence[str] | None,
        include_vector: bool,
        batch_size: int,
    ) -> ChangeReport:
        store = self.opened()
        conditions = as_dicts(filters)
        total = None if conditions else store.count()
        with progress("Applying", total, delay_s=0.5) as bar:
            report = apply_changes(
                store,
                conditions,
                change,
                select_fields=select_fields,
                include_vector=include_vector,
                batch_size=batch_size,
                on_rows=bar.update,
            )
        return _told(report)


def _id_named(value: object) -> str:
    """Return the `_id` that a value became when its document was inserted."""
    try:
        text = id_text(value)
    except InvalidInputError as error:
        raise InvalidInputError(f"The `_id` {value!r:.60} {error}.") from error
    if text is None:
        raise InvalidInputError(f"ids holds {value!r}, which no document has as its `_id`.")
    return text


def _check_function(fn: object, batch_size: object) -> None:
    if not callable(fn):
        raise InvalidInputError(f"fn is a function of documents, but got {fn!r:.60}.")
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise InvalidInputError(f"batch_size is a whole number from 1, but got {batch_size!r:.60}.")


def _failed(where: str, error: Exception) -> RelevanceAIError:
    text = f": {error}" if str(error) else ""
    return InvalidInputError(
        f"The function failed on {where} with {type(error).__name__}{text}. Nothing was changed."
    )


def _fields_to_set(before: Document, returned: object) -> Document:
    """Return what a function returned for a document, without what it only passed through."""
    name = before["_id"]
    if not isinstance(returned, Mapping):
        raise InvalidInputError(
            f"The function returned {returned!r:.60} ({type(returned).__name__}) for document "
            f"{name!r}. Return a dict of the fields to set, or the document; {{}} to leave it. "
            "Nothing was changed."
        )
    if returned.get("_id", name) != name:
        raise InvalidInputError(
            f"The function returned _id={returned['_id']!r:.60} for document {name!r}. The `_id` "
            "stays. Nothing was changed."
        )
    kept = {
        key: value
        for key, value in returned.items()
        if key != "_id"
        and key not in DERIVED_FIELDS
        and not (key in before and value is before[key] and isinstance(value, _PLAIN))
    }
    return {**kept, "_id": name}


def _matched(before: Sequence[Document], returned: object, where: str) -> list[Document]:
    """Return what a function returned for a batch, one for each document."""
    if isinstance(returned, Mapping | str | bytes) or not isinstance(returned, Iterable):
        raise InvalidInputError(
            f"The function returned {returned!r:.60} ({type(returned).__name__}) for {where}. "
            "Return a list of dicts. Nothing was changed."
        )
    items = list(returned)
    is_named = all(isinstance(one, Mapping) and "_id" in one for one in items)
    if is_named:
        by_id = {one["_id"]: one for one in items}
        unknown = by_id.keys() - {one["_id"] for one in before}
        if unknown or len(by_id) < len(items):
            what = listed(sorted(map(str, unknown)), limit=3) if unknown else "an `_id` twice"
            raise InvalidInputError(
                f"The function returned {what} for {where}. Return each document of the batch at "
                "most once. Nothing was changed."
            )
        items = [by_id.get(one["_id"], {}) for one in before]
    if len(items) != len(before):
        raise InvalidInputError(
            f"The function returned {len(items):,} items for {where}, which has "
            f"{len(before):,} documents. Return one for each, or give each its `_id`. Nothing was "
            "changed."
        )
    return [_fields_to_set(one, item) for one, item in zip(before, items, strict=True)]


def _told(report: ChangeReport) -> ChangeReport:
    for path, n in report.unclustered.items():
        notice(
            f"{n:,} documents changed a vector and are no longer clustered in {path!r}, until "
            "assign_new() or a new run"
        )
    if report.mixed_fields:
        notice(
            f"{listed(report.mixed_fields)} hold values of several kinds and are kept as JSON: "
            "they come back as they are, but do not compare as numbers or dates"
        )
    return report
