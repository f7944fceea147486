"""History: the versions of a dataset, the tags that name them, going back, and compaction."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import lance
from lance.optimize import Compaction

from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.store.documents import DocumentStore
from relevanceai.store.labels import LABEL_PREFIX, Clustering, read_records
from relevanceai.store.names import field_of
from relevanceai.store.schema_fields import fields_of
from relevanceai.store.vector_cache import drop_unused

BEFORE_RESTORE = "before-restore"
_TAG = re.compile(r"(?=.{1,100}$)(?![0-9]+$)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(?<!\.lock)")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a dataset.

    `what` tells in a few words what made it, `documents` how many it has, `when` is in UTC. One
    call that adds fields, or changes what they hold, makes several versions.
    """

    version: int
    when: datetime
    what: str
    documents: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore did.

    `version` is the new version, equal to the one `restored`. `tag` names the version from before,
    and `set_aside` the clusterings (`_cluster_.<vector field>.<alias>`) that only that one has;
    None and empty when the dataset stood at that version already.
    """

    version: int
    restored: int
    documents: int
    tag: str | None
    set_aside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What a compaction did: the files of documents before and after, versions and bytes removed."""

    version: int
    files_before: int
    files_after: int
    versions_removed: int
    bytes_removed: int


def versions(store: DocumentStore, *, limit: int | None = None) -> list[Version]:
    """Return the versions that are kept, oldest first; the newest `limit` of them.

    Cost: a few small files are read for each version.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise InvalidInputError(f"limit is a whole number from 1, or None, but got {limit!r:.60}.")
    handle = store.opened()
    named: dict[int, list[str]] = {}
    for tag, number in sorted(tags(store).items()):
        named.setdefault(number, []).append(tag)
    listing = sorted(handle.versions(), key=lambda one: one["version"])
    first = len(listing) - limit if limit is not None else 0
    found = []
    before: lance.LanceDataset | None = None
    for place, one in enumerate(listing):
        if place < first - 1:  # one more is opened, to tell what the first one changed
            continue
        number = int(one["version"])
        here = lance.dataset(handle.uri, version=number)
        if place >= first:
            n_documents = int(here.count_rows())
            follows = before is not None and before.version == number - 1
            what = _what(store, here, before if follows else None)
            found.append(
                Version(number, _when(one), what, n_documents, tuple(named.get(number, ())))
            )
        before = here
    return found


def _what(store: DocumentStore, here: lance.LanceDataset, before: lance.LanceDataset | None) -> str:
    """Tell in a few words what made a version."""
    transaction: Any = here.read_transaction(here.version)
    operation = transaction.operation if transaction is not None else None
    name = type(operation).__name__
    if name == "Restore" and operation is not None:
        return f"restored version {operation.version}"
    if name == "Rewrite":
        return "compacted"
    if name == "CreateIndex":
        return "indexed"
    if here.version == 1:
        return f"created with {_documents(here.count_rows())}"
    if before is None:  # cleaned up
        return {"Append": "inserted documents", "Update": "upserted documents"}.get(name, "changed")
    columns = _columns_changed(store, before, here)
    if columns:
        return columns
    more = here.count_rows() - before.count_rows()
    if name == "Append":
        return f"inserted {_documents(more)}"
    if name == "Delete" or more < 0:
        return f"deleted {_documents(-more)}"
    if more:
        return f"upserted, {_documents(more)} of them new"
    return "updated documents" if name == "Update" else "maintenance"


def _columns_changed(
    store: DocumentStore, before: lance.LanceDataset, here: lance.LanceDataset
) -> str:
    """Tell which columns came and went between two versions; empty when none did."""
    old, new = before.schema.names, here.schema.names
    came = [one for one in new if one not in set(old)]
    went = [one for one in old if one not in set(new)]
    records = {one.token: one for one in read_records(store.folder / "clusterings", [*old, *new])}
    kept = {one.name for one in fields_of(here.schema)}
    had = {one.name for one in fields_of(before.schema)}
    said = []
    for column in came:
        token = column.removeprefix(LABEL_PREFIX)
        if column.startswith(LABEL_PREFIX):
            said.append(
                f"clustered as {records[token].alias!r}" if token in records else "labelled"
            )
        elif field_of(column) in had:
            said.append(f"rewrote field {field_of(column)!r}")
        else:
            said.append(f"added field {field_of(column)!r}")
    for column in went:
        if column.startswith(LABEL_PREFIX):
            said.append("removed a replaced clustering")
        elif field_of(column) not in kept:
            said.append(f"dropped field {field_of(column)!r}")
        elif not came:
            said.append(f"finished rewriting field {field_of(column)!r}")
    return ", ".join(said)


def _documents(n: int) -> str:
    return f"{n:,} document" if n == 1 else f"{n:,} documents"


# tags --------------------------------------------------------------------------------------------


def tags(store: DocumentStore) -> dict[str, int]:
    """Return the version that each tag names, by tag."""
    return {name: int(one["version"]) for name, one in sorted(store.opened().tags.list().items())}


def tag(store: DocumentStore, name: str, version: int | str | None = None) -> int:
    """Name a version, the latest unless another is given, and return its number.

    Raises
    ------
    InvalidInputError : a name that a tag cannot have, or that is taken.
    NotFoundError : no such version or tag.
    """
    if not isinstance(name, str) or not _TAG.fullmatch(name):
        raise InvalidInputError(
            f"A tag is made of letters, digits, '-', '_' and single dots, is no mere number and "
            f"does not end in '.lock', but got {name!r:.120}."
        )
    with store.writing():
        there = tags(store)
        if name in there:
            raise InvalidInputError(
                f"Tag {name!r} of dataset {store.name!r} names version {there[name]} already. "
                f"Remove it first: untag({name!r})."
            )
        number = numbered(store, version)
        store.opened().tags.create(name, number)
        return number


def untag(store: DocumentStore, name: str) -> int:
    """Remove a tag and return the version it named, which stays until it is cleaned up.

    Raises
    ------
    NotFoundError : no such tag; lists those there are.
    """
    with store.writing():
        there = tags(store)
        if name not in there:
            tagged = f"It has: {listed(there, like=str(name))}." if there else "It has no tags."
            raise NotFoundError(f"No tag {name!r} in dataset {store.name!r}. {tagged}")
        store.opened().tags.delete(name)
        return there[name]


def numbered(store: DocumentStore, version: int | str | None) -> int:
    """Return the number of a version given by number or tag; None means the latest.

    Raises
    ------
    NotFoundError : there is none; lists the tags and how far the versions reach.
    """
    handle = store.opened()
    if version is None:
        return int(handle.version)
    there = tags(store)
    if isinstance(version, str) and version in there:
        return there[version]
    numbers = sorted(int(one["version"]) for one in handle.versions())
    is_number = isinstance(version, int) and not isinstance(version, bool)
    if is_number and version in numbers:
        return int(version)
    tagged = f"the tags: {listed(there, like=str(version))}" if there else "no tags"
    raise NotFoundError(
        f"No {'version' if is_number else 'tag'} {version!r} of dataset {store.name!r}. It has "
        f"{len(numbers):,} versions, from {numbers[0]} to {numbers[-1]}, and {tagged}."
    )


# going back --------------------------------------------------------------------------------------


def restore(store: DocumentStore, version: int | str) -> RestoreReport:
    """Bring the documents and clusterings of a version back, as a new version.

    The version from before is tagged `before-restore-<n>` first, so that nothing vanishes.

    Raises
    ------
    NotFoundError : no such version or tag.
    """
    with store.writing():
        wanted = numbered(store, version)
        handle = store.opened()
        now = int(handle.version)
        if wanted == now:
            return RestoreReport(now, wanted, store.count(), None, ())
        target = lance.dataset(handle.uri, version=wanted)
        brought = {one.token for one in _records(store, target.schema.names)}
        had = _records(store, handle.schema.names)
        aside = tuple(one.label_path for one in had if one.token not in brought)
        name = _free_tag(tags(store))
        handle.tags.create(name, now)
        try:
            target.restore()  # type: ignore[no-untyped-call]
        except BaseException:
            if store.version() == now:
                handle.tags.delete(name)
            raise
        return RestoreReport(store.version(), wanted, store.count(), name, aside)


def _records(store: DocumentStore, columns: Sequence[str]) -> list[Clustering]:
    return read_records(store.folder / "clusterings", columns)


def _free_tag(there: dict[str, int]) -> str:
    n = 1
    while f"{BEFORE_RESTORE}-{n}" in there:
        n += 1
    return f"{BEFORE_RESTORE}-{n}"


# compaction --------------------------------------------------------------------------------------


def compact(
    store: DocumentStore,
    *,
    older_than: timedelta | None = None,
    on_rows: Callable[[int], object] = id,
) -> CompactReport:
    """Join small files, leave out deleted rows, and remove old versions when asked to.

    Readers that are open go on. Row ids and the order of rows stay.

    Parameters
    ----------
    older_than : also remove the versions that have not been the latest for this long, and with them
        the files that only they need. Tagged versions and the latest stay. A reader that has been
        open for longer than that may fail.
    on_rows : called with the number of rows that were just written anew.

    Raises
    ------
    InvalidInputError : `older_than` is no timedelta, or negative.
    """
    if older_than is not None and (
        not isinstance(older_than, timedelta) or older_than < timedelta(0)
    ):
        raise InvalidInputError(
            f"older_than is a timedelta of 0 or more, but got {older_than!r:.60}. "
            "Pass timedelta(days=30), say."
        )
    with store.writing():
        before = _n_files(store.opened())
        handle = store.opened()
        plan = Compaction.plan(handle, {})
        rewritten = []
        for task in plan.tasks:
            rewritten.append(task.execute(handle))
            on_rows(sum(one.num_rows for one in task.fragments))
        if rewritten:
            Compaction.commit(handle, rewritten)
        if handle.describe_indices():
            store.opened().optimize.optimize_indices()
        n_removed = n_bytes = 0
        handle = store.opened()
        old = _superseded(handle, older_than) if older_than is not None else []
        if old:
            stats = handle.cleanup_old_versions(versions=old, error_if_tagged_old_versions=False)
            n_removed, n_bytes = int(stats.old_versions), int(stats.bytes_removed)
            drop_unused(store.folder)  # also maps of what is gone, which would keep its room
        return CompactReport(int(handle.version), before, _n_files(handle), n_removed, n_bytes)


def _superseded(handle: lance.LanceDataset, older_than: timedelta) -> list[int]:
    """Return the untagged versions that another took the place of at least so long ago."""
    listing = sorted(handle.versions(), key=lambda one: one["version"])
    tagged = {int(one["version"]) for one in handle.tags.list().values()}
    now = datetime.now(UTC)
    return [
        int(one["version"])
        for one, following in pairwise(listing)
        if now - _when(following) >= older_than and int(one["version"]) not in tagged
    ]


def _when(listed: Mapping[str, object]) -> datetime:
    """Return when a version was made, in UTC; Lance lists it in local time."""
    when = listed["timestamp"]
    assert isinstance(when, datetime)
    return when.astimezone(UTC)


def _n_files(handle: lance.LanceDataset) -> int:
    return sum(len(one.data_files()) for one in handle.get_fragments())
