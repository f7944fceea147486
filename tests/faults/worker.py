"""A process that writes to a dataset until it is killed: one line before each step, one after.

Run as `python worker.py WORKSPACE DATASET`. It says "ready" once everything is imported, and begins
with the seed, the name and the ids that it is then sent as one line of JSON.
"""

import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from story import FIRST, a_step, after, done, first_documents

from relevanceai.store.history import tags
from relevanceai.store.workspace import Workspace


def say(what: str, step: dict) -> None:
    print(json.dumps([what, step]), flush=True)


def main() -> None:
    store = Workspace(Path(sys.argv[1])).store(sys.argv[2])
    print("ready", flush=True)
    given = json.loads(sys.stdin.readline())
    rng = random.Random(given["seed"])
    documents = given["documents"]
    n = 0
    while True:
        step = a_step(rng, documents, f"{given['name']}-{n}")
        if not store.exists():
            step = {"kind": "insert", "documents": first_documents()}
        elif step["kind"] == "restore" and FIRST not in tags(store):
            step = {"kind": "compact"}
        say("begin", step)
        done(store, step)
        say("done", step)
        documents = after(documents, step)
        n += 1


if __name__ == "__main__":
    main()
