"""The words of the command line, and how a command ends.

What each command does stands in commands.py and upkeep.py.
"""

import argparse
import contextlib
import errno
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from relevanceai import commands, launch, upkeep
from relevanceai.clustering.model_names import MODEL_NAMES
from relevanceai.errors import RelevanceAIError
from relevanceai.progress import slow, worded
from relevanceai.typed import as_options

_DOING = {
    "cluster": "Clustering",
    "heatmap": "Drawing the heat map",
    "closest": "Looking for the closest documents",
    "report": "Reviewing the clustering",
    "pairs": "Comparing neighbouring clusters",
    "compare": "Comparing the two clusters",
    "insert": "Inserting the documents",
    "compact": "Compacting",
    "verify": "Checking",
}
"""What is said of a command that takes long."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 is success, 1 is "not running" from `dashboard --status` and a problem from `verify`, 2 an
    error in what was asked or output that cannot be written (one line on stderr), 130 Ctrl-C, 141 a
    reader such as `head` that closed the pipe.
    """
    os.environ["MPLBACKEND"] = "Agg"  # pictures go to files: no window, no display needed
    command = ""
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a title that the terminal cannot show
    try:
        try:
            given, others = _parser().parse_known_args(arguments)
            if others:
                given.parser.error(f"unrecognized arguments: {' '.join(others)}")
            command = given.command
            doing = _DOING.get(command)
            with (
                worded(partial(as_options, command=command)),
                slow(doing) if doing else contextlib.nullcontext(),
            ):
                code: int = given.run(given)
        except SystemExit:  # after help, which may fill a disk, too
            _flush()
            raise
        _flush()
        return code
    except BrokenPipeError:
        _give_up_stdout()
        return 141
    except RelevanceAIError as error:
        print(f"relevanceai: error: {as_options(str(error), command)}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _give_up_stdout()
        print(f"relevanceai: error: cannot write the output: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def _flush() -> None:
    if sys.stdout is not None:  # as it is when the shell closed it
        sys.stdout.flush()


def _give_up_stdout() -> None:
    """Let what could not be written go nowhere, or Python tries once more when it exits."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Words(argparse.Action):
    """Collects the words of an option that takes several and may be repeated, a list a time.

    The last of several words may be the dataset (`--cluster cluster-1 ecommerce`): then DATASET may
    be missing, and typed.split_dataset finds it.
    """

    def __init__(self, *, dataset: argparse.Action, **options: Any) -> None:
        super().__init__(nargs="+", **options)
        self._dataset = dataset

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        _option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), list(values)])
        if len(values) > 1:
            self._dataset.required = False


def _parser() -> argparse.ArgumentParser:
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--workspace",
        metavar="FOLDER",
        default=argparse.SUPPRESS,
        help="the folder of the datasets (default: RELEVANCEAI_HOME, or ~/.relevanceai)",
    )
    parser = argparse.ArgumentParser(
        prog="relevanceai",
        parents=[where],
        description="Which of your clusters are close, and are two of them really two?",
        epilog="To begin: relevanceai demo. Help on a command: relevanceai closest --help",
    )
    parser.add_argument("--version", action="version", version=launch.package_version())
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], int], purpose: str, example: str
    ) -> argparse.ArgumentParser:
        new = subparsers.add_parser(
            name,
            parents=[where],
            help=purpose,
            description=purpose[0].upper() + purpose[1:] + ("" if purpose.endswith("?") else "."),
            epilog=f"example:\n  relevanceai {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        new.set_defaults(run=run, parser=new, command=name)
        return new

    demo = command(
        "demo",
        commands.demo,
        "build the sample dataset, show its closest clusters, open the dashboard",
        "demo --no-browser --output heatmap.svg",
    )
    demo.add_argument(
        "--output", metavar="FILE", help=f"the picture (default {commands.SAMPLE_PICTURE})"
    )
    demo.add_argument("--no-serve", action="store_true", help="start no dashboard")
    _add_no_browser(demo)

    page = command(
        "dashboard",
        commands.dashboard,
        "start the dashboard, print a link to it, open the browser",
        "dashboard --no-browser --port 8000",
    )
    page.add_argument(
        "--port", type=int, help=f"where to listen (default {launch.DEFAULT_PORT}; busy: the next)"
    )
    page.add_argument(
        "--base-url",
        metavar="URL",
        help="what links start with, behind a proxy (default: RELEVANCEAI_BASE_URL)",
    )
    _add_no_browser(page)
    instead = page.add_mutually_exclusive_group()
    instead.add_argument("--stop", action="store_true", help="end the one that is running")
    instead.add_argument("--status", action="store_true", help="say whether one is running")
    instead.add_argument("--foreground", action="store_true", help="serve here until Ctrl-C")

    datasets = command("datasets", commands.datasets, "list the datasets", "datasets --json")
    _add_json(datasets)

    insert = command(
        "insert",
        commands.insert,
        "insert the documents of a Parquet, CSV or JSON Lines file into a dataset",
        "insert shop products.parquet --vector-fields embedding",
    )
    insert.add_argument("dataset", metavar="DATASET", help="made when it is not there")
    insert.add_argument("file", metavar="FILE", help="a .parquet, .csv or .jsonl file")
    insert.add_argument(
        "--vector-fields", metavar="F", nargs="+", help="fields of lists that are vectors"
    )
    insert.add_argument("--upsert", action="store_true", help="change documents that are there")

    cluster = command(
        "cluster",
        commands.cluster,
        "cluster a dataset, or take the labels of one of its fields",
        "cluster ecommerce --field product_title_clip_vector_ --model kmeans --n-clusters 12",
    )
    _add_which(cluster)
    cluster.add_argument("--model", help=f"one of {', '.join(MODEL_NAMES)} (default kmeans)")
    cluster.add_argument(
        "--n-clusters", metavar="N", type=_from_one, help="how many (default: by size)"
    )
    cluster.add_argument("--labels-field", metavar="X", help="take the labels that field X holds")
    cluster.add_argument("--random-state", metavar="N", type=_seed, help="default 0")
    cluster.add_argument(
        "--option",
        metavar="NAME=VALUE",
        action="append",
        help="a further argument of the model, such as spherical=true; repeat it",
    )

    heatmap = command(
        "heatmap",
        commands.heatmap,
        "print the closest centroids and save the heat map",
        "heatmap ecommerce --order linkage --output heatmap.svg",
    )
    _add_which(heatmap)
    _add_metric(heatmap, ("centred", "corrected", "l2_similarity"))
    heatmap.add_argument("--order", choices=("id", "linkage"), default="id", help="default id")
    heatmap.add_argument("--output", metavar="FILE", help="a .png or .svg file")

    closest = command(
        "closest",
        commands.closest,
        "print the documents closest to each centroid",
        "closest ecommerce --cluster cluster-1 cluster-3 --page-size 5",
    )
    dataset = _add_which(closest)
    _add_metric(closest)
    for option, metavar, kind in (("--cluster", "ID", "clusters"), ("--select", "FIELD", "fields")):
        closest.add_argument(
            option,
            metavar=metavar,
            action=_Words,
            dataset=dataset,
            help=f"these {kind} only; several at once, or repeat it",
        )
    closest.add_argument("--page-size", metavar="N", type=_from_one, default=3, help="default 3")
    closest.add_argument("--page", metavar="N", type=_from_one, default=1, help="default 1")
    closest.add_argument("--furthest", action="store_true", help="the furthest members instead")
    _add_json(closest, "; bytes as data URIs, dates as ISO 8601")

    _add_evidence(command)
    _add_upkeep(command)
    info = command(
        "info",
        commands.info,
        "print versions, paths and sizes; of a dataset, how its clusterings were made",
        "info ecommerce",
    )
    info.add_argument("dataset", metavar="DATASET", nargs="?", help="(default: the installation)")
    return parser


def _add_evidence(command: Callable[..., argparse.ArgumentParser]) -> None:
    report = command(
        "report",
        commands.report,
        "print what to know about a clustering, and what to look at first",
        "report ecommerce",
    )
    _add_which(report)
    _add_json(report)

    pairs = command(
        "pairs",
        commands.pairs,
        "judge all neighbouring clusters: are they two, or one?",
        "pairs ecommerce --limit 10",
    )
    _add_which(pairs)
    pairs.add_argument("--limit", metavar="N", type=_from_one, help="the first N only")
    _add_json(pairs)

    compare = command(
        "compare",
        commands.compare,
        "judge two clusters, with the evidence",
        "compare ecommerce cluster-1 cluster-3",
    )
    _add_which(compare)
    compare.add_argument("first", metavar="A", help="the id of a cluster, or its number")
    compare.add_argument("second", metavar="B", help="the id of another")
    _add_json(compare)


def _add_upkeep(command: Callable[..., argparse.ArgumentParser]) -> None:
    versions = command(
        "versions",
        upkeep.versions,
        "list the versions of a dataset, oldest first",
        "versions ecommerce --limit 20",
    )
    versions.add_argument("dataset", metavar="DATASET")
    versions.add_argument("--limit", metavar="N", type=_from_one, help="the newest N only")
    _add_json(versions)

    restore = command(
        "restore",
        upkeep.restore,
        "bring a version of a dataset back; the one from before is tagged",
        "restore ecommerce 3",
    )
    restore.add_argument("dataset", metavar="DATASET")
    restore.add_argument("version", metavar="VERSION", help="a number, or a tag")

    tag = command(
        "tag",
        upkeep.tag,
        "list the tags of a dataset, name a version, or remove a name",
        "tag ecommerce before-cleaning",
    )
    tag.add_argument("dataset", metavar="DATASET")
    tag.add_argument("name", metavar="NAME", nargs="?", help="the tag (none: list them)")
    instead = tag.add_mutually_exclusive_group()
    instead.add_argument("--version", metavar="V", help="a number or tag (default: the latest)")
    instead.add_argument("--remove", action="store_true", help="remove the tag")

    compact = command(
        "compact",
        upkeep.compact,
        "join small files, leave out what was deleted",
        "compact ecommerce --older-than 30",
    )
    compact.add_argument("dataset", metavar="DATASET")
    compact.add_argument(
        "--older-than",
        metavar="DAYS",
        type=float,
        help="also remove untagged versions that have not been the latest for so long",
    )

    verify = command(
        "verify",
        upkeep.verify,
        "read everything and say what is wrong",
        "verify ecommerce",
    )
    verify.add_argument("dataset", metavar="DATASET", nargs="?", help="(default: all)")

    cache = command(
        "cache",
        upkeep.cache,
        "show the size of what can be made again, or delete it",
        "cache clear",
    )
    cache.add_argument("action", choices=("size", "clear"), nargs="?", default="size")


def _from_one(text: str) -> int:
    return _whole(text, 1, None)


def _seed(text: str) -> int:
    return _whole(text, 0, 2**32 - 1)


def _whole(text: str, least: int, most: int | None) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if number < least or (most is not None and number > most):
        upto = "" if most is None else f" to {most}"
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least}{upto}")
    return number


def _add_which(parser: argparse.ArgumentParser) -> argparse.Action:
    dataset = parser.add_argument("dataset", metavar="DATASET")
    parser.add_argument(
        "--field",
        metavar="F",
        action="append",
        help="the vector field, where there are several; repeat it to join several",
    )
    parser.add_argument("--alias", metavar="A", help="the name of the clustering")
    return dataset


def _add_metric(parser: argparse.ArgumentParser, more: Sequence[str] = ()) -> None:
    names = ("cosine", "l2", "l1", "dp", *more)
    parser.add_argument("--metric", choices=names, default="cosine", help="default cosine")


def _add_no_browser(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-browser", action="store_true", help="print the link only")


def _add_json(parser: argparse.ArgumentParser, notes: str = "") -> None:
    parser.add_argument("--json", action="store_true", help=f"print JSON{notes}")
