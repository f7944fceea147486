"""A writer killed at any moment: what it acknowledged is there, the rest is there whole or not."""

import json
import os
import random
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from story import FIRST, VECTOR, after, done, first_documents

from relevanceai.clustering.moments import moments_of, moments_problems
from relevanceai.store.cache import cached_files
from relevanceai.store.documents import DocumentStore
from relevanceai.store.history import tag, tags
from relevanceai.store.verify import verified
from relevanceai.store.workspace import Workspace

ROUNDS = int(os.environ.get("RELEVANCEAI_SOAK") or 30)
SEED = int(os.environ.get("RELEVANCEAI_SOAK_SEED") or 20240607)
NAME = "killed"
WORKER = Path(__file__).with_name("worker.py")


class Workers:
    """Processes that have imported everything and wait for their turn: starting one takes longest."""

    def __init__(self, workspace: Path, ahead: int) -> None:
        self._words = [sys.executable, str(WORKER), str(workspace), NAME]
        self._ready = deque(self._started() for _ in range(ahead))

    def _started(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def next(self) -> subprocess.Popen[str]:
        self._ready.append(self._started())
        return self._ready.popleft()

    def end(self) -> None:
        for one in self._ready:
            one.kill()
            one.communicate()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    made = Workers(tmp_path / "home", ahead=2)
    yield made
    made.end()


def killed(
    worker: subprocess.Popen[str], first: dict, n_steps: int, delay_s: float
) -> list[tuple[str, dict]]:
    """Let a worker begin its n-th step, kill it a moment later, and return what it said."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    worker.stdin.write(json.dumps(first) + "\n")
    worker.stdin.flush()
    said, n_begun = [], 0
    while n_begun < n_steps:
        line = worker.stdout.readline()
        if not line:
            break
        said.append(json.loads(line))
        n_begun += said[-1][0] == "begin"
    threading.Event().wait(delay_s)
    worker.kill()
    assert worker.stderr is not None
    rest = worker.stdout.read()  # not communicate(), which passes over what readline has buffered
    errors = worker.stderr.read()
    worker.wait()
    for stream in (worker.stdin, worker.stdout, worker.stderr):
        stream.close()
    assert "Traceback" not in errors, errors
    assert worker.returncode == -9
    said += [json.loads(line) for line in rest.splitlines() if line.endswith("]")]
    return [(what, step) for what, step in said]


def _unlike(there: dict[str, dict], wanted: dict[str, dict]) -> list[object]:
    """Name a few documents that are not as they would be after the step that was begun."""
    names = sorted(there.keys() | wanted.keys())
    return [
        (there.get(one), wanted.get(one)) for one in names if there.get(one) != wanted.get(one)
    ][:3]


def _labelled(documents: dict[str, dict], alias: str) -> int:
    labels = [one.get("_cluster_", {}).get(VECTOR, {}) for one in documents.values()]
    return sum(alias in one for one in labels)


def everything(store: DocumentStore) -> dict[str, dict]:
    return {one["_id"]: one for one in store.read()} if store.exists() else {}


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_whole_writes_and_no_others(
    tmp_path: Path, workers: Workers
) -> None:
    rng = random.Random(SEED)
    workspace = Workspace(tmp_path / "home")
    workspace.write_format()
    store = workspace.store(NAME)
    expected: dict[str, dict] = {}
    for number in range(ROUNDS):
        first = {"seed": rng.random(), "name": f"r{number}", "documents": expected}
        n_steps = 1 if number < 2 else rng.randint(1, 6)
        said = killed(workers.next(), first, n_steps, rng.uniform(0, 0.04))
        begun = None
        for what, step in said:
            if what == "done":
                expected = after(expected, step)
            begun = step if what == "begin" else None
        for _ in range(2):  # as the kill left it, and again when the next writer has been there
            if store.exists():
                found = verified(store)
                assert found.problems + moments_problems(store) == [], (number, said)
            there = everything(store)
            if begun is not None and there == after(expected, begun):
                expected = there
            assert there == expected, (
                number,
                begun,
                _unlike(there, after(expected, begun or {"kind": ""})),
            )
            begun = None
            with store.writing():
                pass
        mark = {"kind": "upsert", "documents": [{"_id": "mark", "title": f"{number}"}]}
        if not store.exists():
            done(store, {"kind": "insert", "documents": first_documents()})
            expected = after(expected, {"kind": "insert", "documents": first_documents()})
        if FIRST not in tags(store):
            tag(store, FIRST, 1)
        done(store, mark)  # the next write works
        expected = after(expected, mark)
        assert everything(store) == expected
        for one in store.clusterings():
            moments_of(store, one)
        kept = cached_files(store.folder)
        for file in kept[number % 2 :: 2]:  # a cache that is cut short is made again
            file.write_bytes(file.read_bytes()[: int(rng.random() * file.stat().st_size)])
        assert moments_problems(store) == []
        for one in store.clusterings():
            assert moments_of(store, one).count.sum() == _labelled(expected, one.alias)
    workspace.clear_cache()
    left = [one.name for one in (tmp_path / "home" / "datasets").iterdir()]
    assert left == [NAME]
