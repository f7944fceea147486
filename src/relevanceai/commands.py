"""What each command of the command line does: call the library, print what it returns.

Those that keep a workspace in order are in upkeep.py.
"""

import argparse
import contextlib
import math
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from relevanceai import launch
from relevanceai.documents.file_documents import file_documents
from relevanceai.errors import DashboardError, InvalidInputError, counted, listed
from relevanceai.listing import dataset_facts, dataset_rows, print_documents
from relevanceai.progress import notice
from relevanceai.runtime import ServerRecord, runtime_folder
from relevanceai.show import printable
from relevanceai.terminal import as_json, cell, room, table
from relevanceai.typed import (
    check_model,
    client_of,
    cluster_typed,
    clustering_of,
    dataset_of,
    model_options,
    split_dataset,
    vector_fields_of,
)

if TYPE_CHECKING:
    from matplotlib.text import Text

    from relevanceai.dataset import Dataset

SAMPLE = "ecommerce"
SAMPLE_ALIAS = "main-cluster"
SAMPLE_FIELD = "product_image_clip_vector_"
SAMPLE_PICTURE = "relevanceai-demo-heatmap.png"
CLOSEST_PAGE = "/sdk/cluster/centroids/closest"
_PAIR_COLUMNS = [
    "cluster",
    "other",
    "verdict",
    "priority",
    "similarity",
    "percentile",
    "overlap",
    "q_value",
    "documents",
    "other_documents",
]
_LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "pylance", "scikit-learn", "matplotlib")
_LIBRARIES_OF_THE_PAGE = ("pillow", "starlette", "uvicorn", "jinja2")


def demo(given: argparse.Namespace) -> int:
    """Show the guide on the sample: pairs, picture, page."""
    client = client_of(given)
    output = _picture_file(given.output or _writable_here(client.workspace) / SAMPLE_PICTURE)
    serves = not (given.no_serve or launch.is_off())
    pending = launch.start(client.workspace) if serves else None
    is_there = SAMPLE in client.list_datasets()
    dataset = client.Dataset(SAMPLE) if is_there else client.load_sample(SAMPLE)
    ops = clustering_of(dataset, [SAMPLE_FIELD], SAMPLE_ALIAS)
    _save(ops.centroid_heatmap(), output)
    print(f"The heat map is in {output}")
    if pending is None:
        print(f"See the clusters on a page: {launch.command(client.workspace)}")
        return 0
    query = {"dataset": SAMPLE, "field": SAMPLE_FIELD, "alias": SAMPLE_ALIAS}
    return _show(pending.wait(), given, CLOSEST_PAGE, query)


def dashboard(given: argparse.Namespace) -> int:
    """Start, stop or look for the dashboard."""
    workspace = client_of(given).workspace
    if given.stop:
        had = launch.stop(workspace)
        print(f"{'Ended the' if had else 'There is no running'} dashboard of {workspace}")
        return 0
    if given.status:
        record = launch.find(workspace)
        facts = f"{record.url}, process {record.pid}" if record else "not running"
        print(f"Dashboard of {workspace}: {facts}")
        return 0 if record else 1
    if given.foreground:
        return _serve_here(given, workspace)
    before = launch.find(workspace)
    record = launch.start(workspace, port=given.port, base_url=given.base_url).wait()
    if before is not None and before.port != record.port:
        notice(
            f"the dashboard moved from {before.port} to {record.port}; "
            f"links to {before.port} no longer work"
        )
    if given.port and given.port != record.port:
        notice(f"port {given.port} is busy, so the dashboard listens on {record.port}")
    return _show(record, given)


def datasets(given: argparse.Namespace) -> int:
    """List the datasets of the workspace."""
    client = client_of(given)
    found = [dataset_facts(client.Dataset(name)) for name in client.list_datasets()]
    if given.json:
        print(as_json(found))
    elif found:
        print(table([row for facts in found for row in dataset_rows(facts)], width=room()))
    else:
        print(f"No datasets yet in {client.workspace}. To build the sample: relevanceai demo")
    return 0


def cluster(given: argparse.Namespace) -> int:
    """Cluster a dataset and print the sizes."""
    dataset = dataset_of(client_of(given), given.dataset)
    check_model(given)
    ops = dataset.cluster(
        given.model or "kmeans",
        given.n_clusters,
        vector_fields_of(dataset, given.field),
        given.alias,
        random_state=given.random_state or 0,
        byo_cluster_field=given.labels_field,
        model_kwargs=model_options(given),
    )
    sizes = ops.sizes()
    print(f"{cell(ops.alias)} of {', '.join(map(cell, ops.vector_fields))}:")
    rows = [{"cluster": name, "documents": size} for name, size in sizes.items()]
    print(table(rows, width=room()))
    return 0


def heatmap(given: argparse.Namespace) -> int:
    """Print the closest pairs and save the heat map."""
    ops = clustering_of(dataset_of(client_of(given), given.dataset), given.field, given.alias)
    output = _picture_file(given.output or Path(f"{ops.dataset_slug}-{ops.alias_slug}-heatmap.png"))
    _save(ops.centroid_heatmap(metric=given.metric, order=given.order), output)
    print(f"The heat map is in {output}")
    return 0


def closest(given: argparse.Namespace) -> int:
    """Print the documents closest to, or furthest from, each centroid."""
    client = client_of(given)
    split_dataset(client, given, "cluster", "select")
    dataset = dataset_of(client, given.dataset)
    ops = clustering_of(dataset, given.field, given.alias)
    ask = ops.furthest if given.furthest else ops.closest
    found = ask(
        cluster_ids=given.cluster and [cluster_typed(ops, one) for one in given.cluster],
        select_fields=given.select,
        page_size=given.page_size,
        page=given.page,
        similarity_metric=given.metric,
        include_vector=given.select is not None,  # a vector field that is named is meant
        verbose=False,
    )
    if given.json:
        print(as_json(found))
        return 0
    print_documents(
        {name: answer["results"] for name, answer in found["results"].items()},
        given,
        ops.sizes(),
        dataset,
    )
    return 0


def report(given: argparse.Namespace) -> int:
    """Print what to know about a clustering."""
    ops = clustering_of(dataset_of(client_of(given), given.dataset), given.field, given.alias)
    found = ops.review()
    typed = [word for name in given.field or () for word in ("--field", name)]
    typed += ["--alias", given.alias] if given.alias is not None else []
    typed += ["--workspace", given.workspace] if hasattr(given, "workspace") else []
    print(as_json(found.to_dict()) if given.json else found.told(typed))
    return 0


def insert(given: argparse.Namespace) -> int:
    """Insert or upsert the documents of a file, by the ending of its name."""
    dataset = client_of(given).Dataset(given.dataset)
    inserts = {
        ".parquet": dataset.insert_parquet,
        ".csv": dataset.insert_csv,
        ".jsonl": dataset.insert_jsonl,
    }
    ending = Path(given.file).suffix.lower()
    if ending not in inserts:
        raise InvalidInputError(
            f"FILE {given.file!r} ends in none of {listed(inserts)}. Bring one of these."
        )
    fields = given.vector_fields or ()
    if given.upsert:
        done = dataset.upsert_documents(file_documents(given.file, fields), vector_fields=fields)
    else:
        done = inserts[ending](given.file, vector_fields=fields)
    changed = f", {done.updated:,} changed" if given.upsert else ""
    print(f"{cell(given.dataset)}: {counted(done.inserted, 'document')} inserted{changed}")
    return 0


def pairs(given: argparse.Namespace) -> int:
    """Print all neighbouring clusters with their verdicts, what to look at first on top."""
    ops = clustering_of(dataset_of(client_of(given), given.dataset), given.field, given.alias)
    found = ops.pairs().head(given.limit).to_dict("records")
    if given.json:
        print(as_json(found))
    elif found:
        print(
            table(
                [{name: _short(one[name]) for name in _PAIR_COLUMNS} for one in found], width=room()
            )
        )
    else:
        print(f"No pairs: {cell(ops.alias)} has fewer than two clusters")
    return 0


def compare(given: argparse.Namespace) -> int:
    """Print the verdict on two clusters, and what speaks for it."""
    ops = clustering_of(dataset_of(client_of(given), given.dataset), given.field, given.alias)
    found = ops.compare(cluster_typed(ops, given.first), cluster_typed(ops, given.second))
    print(
        as_json(found.to_dict())
        if given.json
        else "\n".join(map(printable, str(found).splitlines()))
    )
    return 0


def info(given: argparse.Namespace) -> int:
    """Print versions, paths and sizes; of a dataset, how its clusterings were made."""
    if given.dataset is not None:
        return _runs(dataset_of(client_of(given), given.dataset))
    import platform
    from importlib.metadata import version

    workspace = client_of(given).workspace
    record = launch.find(workspace)
    facts = {
        "relevanceai": launch.package_version(),
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        **{name: version(name) for name in (*_LIBRARIES, *_LIBRARIES_OF_THE_PAGE)},
        "workspace": f"{workspace} ({_megabytes(workspace):,.1f} MB)",
        "runtime": str(runtime_folder(workspace)),
        "dashboard": f"{record.url}, process {record.pid}" if record else "not running",
    }
    for name, fact in facts.items():
        print(f"{name:<13} {fact}")
    return 0


# ---------------------------------------------------------------- what the commands share


def _runs(dataset: "Dataset") -> int:
    """Print how each clustering of a dataset was made."""
    found = dataset.clusterings()
    for place, one in enumerate(found):
        if place:
            print()
        ops = dataset.ClusterOps(alias=one.alias, vector_fields=one.vector_fields)
        for name, fact in ops.run_report().facts().items():
            print(f"{name:<13} {cell(fact)}")
    if not found:
        print(f"{cell(dataset.name)} has no clusterings yet")
    return 0


def _short(value: object) -> object:
    """Return a number with the digits that are read in a table."""
    return float(f"{value:.3g}") if isinstance(value, float) else value


def _picture_file(path: str | Path) -> Path:
    """Return the file to write, checked before the work begins."""
    file = Path(path).expanduser()
    if file.suffix.lower() not in {".png", ".svg"}:
        raise InvalidInputError(f"--output {file} is neither a .png nor an .svg file. Name one.")
    if not os.access(file if file.exists() else file.parent, os.W_OK) or file.is_dir():
        raise InvalidInputError(
            f"--output {file} cannot be written. Name a file in a folder that you may write to."
        )
    return file.absolute()


def _writable_here(otherwise: Path) -> Path:
    here = Path.cwd()
    return here if os.access(here, os.W_OK) else otherwise


def _save(drawn: "list[Text]", file: Path) -> None:
    """Save the figure of what `centroid_heatmap` returned."""
    axes = drawn[0].axes
    figure = axes.get_figure(root=True) if axes is not None else None
    assert figure is not None
    figure.savefig(file, dpi=150, bbox_inches="tight")


def _show(
    record: ServerRecord,
    given: argparse.Namespace,
    path: str = "/",
    query: Mapping[str, str] | None = None,
) -> int:
    """Print a link into the dashboard, and open the browser on one of its own."""
    print(f"You can now visit the dashboard at {launch.link(record, path, query)}")
    here = getattr(given, "foreground", False)
    stop = f"{launch.command(record.workspace)} --stop"
    print(
        "Ctrl-C ends it." if here else f"It ends after 15 idle minutes, or with: {stop}", flush=True
    )
    if not given.no_browser and record.base_url is None:
        launch.open_browser(launch.link(record, path, query))  # a code is good once
    return 0


def _serve_here(given: argparse.Namespace, workspace: Path) -> int:
    """Be the dashboard until Ctrl-C, instead of starting one."""
    from relevanceai.dashboard.server import run

    if launch.find(workspace) is not None:
        stop = f"{launch.command(workspace)} --stop"
        raise DashboardError(f"A dashboard of {workspace} runs already. End it first: {stop}")

    def announce() -> None:
        with contextlib.suppress(DashboardError):  # what went wrong is said by the one that serves
            _show(launch.Pending(workspace, None).wait(), given)

    threading.Thread(target=announce, daemon=True).start()
    return run(workspace, port=given.port, base_url=given.base_url, idle_s=math.inf)


def _megabytes(folder: Path) -> float:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6
