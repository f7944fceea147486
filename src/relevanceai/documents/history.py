"""DocumentsHistory: versions and tags, going back, compaction, and checking everything."""

from dataclasses import dataclass
from datetime import timedelta

from relevanceai.clustering.moments import moments_problems
from relevanceai.documents.held import HoldsDocuments
from relevanceai.progress import progress
from relevanceai.store import history
from relevanceai.store.history import CompactReport, RestoreReport, Version
from relevanceai.store.verify import verified


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` found: `ok` when there are no `problems`.

    `problems` say what is wrong. `notes` name what is left over and does no harm.
    """

    documents: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Tell whether everything is as it must be."""
        return not self.problems


class DocumentsHistory(HoldsDocuments):
    """What a dataset was, and whether it is sound."""

    def versions(self, *, limit: int | None = None) -> list[Version]:
        """Return the versions that are kept, oldest first, each with what made it.

        Parameters
        ----------
        limit : only the newest so many.

        Returns
        -------
        Dataclasses with `version`, `when` (UTC), `what`, `documents` and `tags`;
        `pandas.DataFrame(ds.versions())` shows them as a table.
        """
        return history.versions(self.opened(), limit=limit)

    def restore(self, version: int | str) -> RestoreReport:
        """Bring the documents and clusterings of a version back, as a new version.

        Nothing vanishes: the version from before is tagged `before-restore-<n>`, and
        `restore("before-restore-<n>")` brings it back. The report lists the clusterings that only
        that one has.

        Parameters
        ----------
        version : a number of `versions()`, or a tag.

        Raises
        ------
        NotFoundError : no such version or tag.
        """
        return history.restore(self.opened(), version)

    def tag(self, name: str, version: int | str | None = None) -> int:
        """Name a version, so that it is found again and never cleaned up; return its number.

        Parameters
        ----------
        name : letters, digits, `-`, `_` and single dots; no mere number.
        version : a number or another tag; None for the latest version.

        Raises
        ------
        InvalidInputError : a name that a tag cannot have, or that is taken.
        NotFoundError : no such version or tag.
        """
        return history.tag(self.opened(), name, version)

    def tags(self) -> dict[str, int]:
        """Return the version that each tag names."""
        return history.tags(self.opened())

    def untag(self, name: str) -> int:
        """Remove a tag and return the version it named. The version itself stays.

        Raises
        ------
        NotFoundError : no such tag; lists those there are.
        """
        return history.untag(self.opened(), name)

    def compact(self, *, older_than: timedelta | None = None) -> CompactReport:
        """Join small files and leave out what was deleted; readers that are open go on.

        Parameters
        ----------
        older_than : also remove the versions that have not been the latest for this long, and
            the files that only they need. Tagged versions and the latest stay. Without it every
            version stays. A reader that has been open for longer than that may fail.

        Raises
        ------
        InvalidInputError : `older_than` is no timedelta, or negative.
        """
        store = self.opened()
        with progress("Compacting", delay_s=0.5) as bar:
            return history.compact(store, older_than=older_than, on_rows=bar.update)

    def verify(self) -> VerifyReport:
        """Read everything and check it: counts, ids, vectors, labels, records, kept moments, tags.

        Takes no lock, changes nothing, and costs two passes over the data. Lance keeps no checksums:
        damage to the form of a file is found, a bit that turns one number into another is not.
        """
        store = self.opened()
        with progress("Checking", delay_s=0.5) as bar:
            found = verified(store, bar.update)
        if not found.problems:
            with found.reading(f"The kept moments of {self.name!r}"):
                found.problems.extend(moments_problems(store))
        return VerifyReport(found.documents, tuple(found.problems), tuple(found.notes))
