"""Commands that keep a workspace in order: versions, tags, compaction, checks and the cache."""

import argparse
import shlex
from datetime import timedelta

from relevanceai.errors import InvalidInputError, counted
from relevanceai.terminal import as_json, cell, room, table
from relevanceai.typed import client_of, dataset_of

_MOST_DAYS = 365_000


def versions(given: argparse.Namespace) -> int:
    """List the versions of a dataset, oldest first."""
    rows: list[dict[str, object]] = [
        {
            "version": one.version,
            "when": one.when.isoformat(timespec="seconds"),
            "what": one.what,
            "documents": one.documents,
            "tags": ", ".join(one.tags),
        }
        for one in dataset_of(client_of(given), given.dataset).versions(limit=given.limit)
    ]
    print(as_json(rows) if given.json else table(rows, width=room()))
    return 0


def restore(given: argparse.Namespace) -> int:
    """Bring a version of a dataset back."""
    wanted = _version(given.version)
    report = dataset_of(client_of(given), given.dataset).restore(wanted)
    what = f"version {report.restored}, with {report.documents:,} documents"
    if report.tag is None:
        print(f"{cell(given.dataset)} is at {what}, already")
        return 0
    print(f"{cell(given.dataset)} is at {what}, again; this is version {report.version}")
    for path in report.set_aside:
        print(f"Set aside with the version from before: {cell(path)}")
    undo = shlex.join(["relevanceai", "restore", given.dataset, report.tag])
    print(f"The version from before is tagged {report.tag}. To go back to it: {undo}")
    return 0


def tag(given: argparse.Namespace) -> int:
    """Name a version, remove a name, or list them."""
    dataset = dataset_of(client_of(given), given.dataset)
    if given.name is None:
        if given.remove or given.version is not None:
            raise InvalidInputError("--version and --remove need a NAME. Pass one.")
        rows = [{"tag": name, "version": number} for name, number in dataset.tags().items()]
        print(table(rows, width=room()) if rows else f"{cell(given.dataset)} has no tags yet")
    elif given.remove:
        print(f"Version {dataset.untag(given.name)} is no longer tagged {given.name}")
    else:
        number = dataset.tag(given.name, None if given.version is None else _version(given.version))
        print(f"Version {number} is tagged {given.name}")
    return 0


def compact(given: argparse.Namespace) -> int:
    """Join small files; remove old versions when asked to."""
    days = given.older_than
    if days is not None and not 0 <= days <= _MOST_DAYS:
        raise InvalidInputError(f"--older-than is a number of days from 0, but got {days:g}.")
    older_than = timedelta(days=days) if days is not None else None
    report = dataset_of(client_of(given), given.dataset).compact(older_than=older_than)
    before, after = report.files_before, report.files_after
    is_same = before == after
    print(f"{counted(before, 'file')}{', as before' if is_same else f' became {after:,}'}")
    if older_than is not None:
        freed = report.bytes_removed / 1e6
        print(f"{report.versions_removed:,} old versions removed, {freed:,.1f} MB freed")
    return 0


def verify(given: argparse.Namespace) -> int:
    """Check one dataset, or all of them; 1 when something is wrong."""
    client = client_of(given)
    n_bad = 0
    names = client.list_datasets() if given.dataset is None else [given.dataset]
    for name in names:
        report = dataset_of(client, name).verify()
        n_bad += not report.ok
        state = "sound" if report.ok else f"{len(report.problems)} problems"
        print(f"{cell(name)}: {report.documents:,} documents, {state}")
        for problem in report.problems:
            print(f"  problem: {cell(problem)}")
        for note in report.notes:
            print(f"  note: {cell(note)}")
    return 1 if n_bad else 0


def cache(given: argparse.Namespace) -> int:
    """Show the size of what can be made again, or delete it."""
    client = client_of(given)
    if given.action == "clear":
        freed = client.clear_cache()
        print(f"{freed / 1e6:,.1f} MB freed in {client.workspace}")
        return 0
    rows = [
        {"dataset": name, "MB": round(size / 1e6, 1)} for name, size in client.cache_sizes().items()
    ]
    print(table(rows, width=room()) if rows else f"No datasets yet in {client.workspace}")
    return 0


def _version(text: str) -> int | str:
    """Return the number that was typed, or the tag."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text
