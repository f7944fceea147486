"""The figures this package promises, measured: `make bench`.

Prints a table and writes it to benchmarks/RESULTS.md. Everything runs in a home folder of its own
and in processes of their own, each measured several times; what is compared takes turns, so that a
busy minute of the machine falls on all of it. Medians, with the fastest and the slowest beside them.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "tests" / "guide" / "guide.py"
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
CLOSEST = "/sdk/cluster/centroids/closest"
QUERY = {
    "dataset": "ecommerce",
    "field": "product_image_clip_vector_",
    "alias": "main-cluster",
}
LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "pylance", "scikit-learn", "matplotlib")
PICTURE = re.compile(r"^/media/|/faces/")  # addresses that answer with a thumbnail
PAINTED = """
() => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("nothing was painted")), 10000);
  const look = (entries) => {
    const paint = entries.find((entry) => entry.name === "first-contentful-paint");
    if (paint) resolve(paint.startTime);
  };
  look(performance.getEntriesByType("paint"));
  new PerformanceObserver((list) => look(list.getEntries())).observe({ type: "paint", buffered: true });
})
"""


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, how often, and what was promised."""

    what: str
    values: Sequence[float]
    unit: str = "s"
    promise: float | None = None

    @property
    def middle(self) -> float:
        return median(self.values)

    @property
    def verdict(self) -> str:
        if self.promise is None:
            return ""
        return "kept" if self.middle < self.promise else "**broken**"

    def cells(self) -> tuple[str, ...]:
        digits = 0 if self.unit == "kB" else 3
        low, high = min(self.values), max(self.values)
        return (
            self.what,
            f"{self.middle:,.{digits}f} {self.unit}",
            f"{low:,.{digits}f} to {high:,.{digits}f}, {len(self.values)} times",
            "" if self.promise is None else f"under {self.promise:g} {self.unit}",
            self.verdict,
        )


def _environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment in which nothing of this user's is found."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RELEVANCEAI_", "XDG_", "MPL", "PYTHON"))
    }
    home.mkdir(parents=True, exist_ok=True)
    return kept | {"HOME": str(home), "USERPROFILE": str(home), "MPLBACKEND": "Agg"} | more


def _seconds(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> float:
    start = perf_counter()
    subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=folder, check=True, capture_output=True
    )
    return perf_counter() - start


def imports(scratch: Path, rounds: int) -> list[Figure]:
    """Measure what an import adds to a bare interpreter, the peers taking turns."""
    environment = _environment(scratch / "imports")
    programs = {"bare": "pass", "numpy": "import numpy", "relevanceai": "import relevanceai"}
    programs["Client"] = "from relevanceai import Client"
    found: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds + 1):
        for name, program in programs.items():
            found[name].append(_seconds(["-c", program], environment, scratch))
    bare, *_ = (times[1:] for times in found.values())

    def added(name: str) -> list[float]:
        return [time - base for time, base in zip(found[name][1:], bare, strict=True)]

    return [
        Figure("bare interpreter, start to end", bare),
        Figure("`import numpy` adds", added("numpy")),
        Figure("`import relevanceai` adds", added("relevanceai"), promise=0.15),
        Figure("`from relevanceai import Client` adds", added("Client")),
    ]


def demo(scratch: Path, rounds: int) -> list[Figure]:
    """Measure the demo for someone who has never run it, and again after that."""
    first: list[float] = []
    again: list[float] = []
    for number in range(rounds):
        home = scratch / f"demo-{number}"
        environment = _environment(home, XDG_RUNTIME_DIR=str(_private(home / "run")))
        command = ["-m", "relevanceai", "demo", "--no-browser"]
        try:
            first.append(_seconds(command, environment, home))
            again.append(_seconds(command, environment, home))
        finally:
            _seconds(["-m", "relevanceai", "dashboard", "--stop"], environment, home)
    return [
        Figure("`relevanceai demo --no-browser`, the first time", first, promise=15),
        Figure("`relevanceai demo --no-browser`, after that", again, promise=5),
    ]


def guide(scratch: Path, rounds: int) -> list[Figure]:
    """Measure guide.py on the sample already built: dashboard off, to be started, running."""
    home = scratch / "guide"
    environment = _environment(home, XDG_RUNTIME_DIR=str(_private(home / "run")))
    off = environment | {"RELEVANCEAI_DASHBOARD": "off"}
    stop = ["-m", "relevanceai", "dashboard", "--stop"]
    _seconds(["-m", "relevanceai", "demo", "--no-serve"], environment, home)
    times: dict[str, list[float]] = {"off": [], "start": [], "running": []}
    try:
        for _ in range(rounds):
            times["off"].append(_seconds([str(GUIDE)], off, home))
            times["start"].append(_seconds([str(GUIDE)], environment, home))
            times["running"].append(_seconds([str(GUIDE)], environment, home))
            _seconds(stop, environment, home)
    finally:
        _seconds(stop, environment, home)
    return [
        Figure("guide.py, and the dashboard has to start", times["start"], promise=4),
        Figure("guide.py, and the dashboard is running", times["running"], promise=4),
        Figure("guide.py, the dashboard switched off", times["off"], promise=4),
    ]


def pages(scratch: Path, rounds: int) -> list[Figure]:
    """Measure first paint and bytes of each page in Chromium, its cache emptied each time."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from chromium import chromium

    from relevanceai import Client, launch

    os.environ["XDG_RUNTIME_DIR"] = str(_private(scratch / "run"))
    client = Client(scratch / "pages")
    dataset = client.load_sample("ecommerce")
    clustering = dataset.clusterings()[0]
    record = launch.start(client.workspace).wait()
    home = record.url + "/"
    addresses = {
        "home": home,
        "closest": "",
        "heat map": f"{record.url}/d/{dataset.slug}/c/{clustering.field_slug}/{clustering.alias_slug}",
    }
    figures: list[Figure] = []
    try:
        with chromium() as browser:
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            page = context.new_page()
            page.goto(launch.link(record, CLOSEST, QUERY))
            page.wait_for_url(lambda url: "code=" not in url)
            page.wait_for_load_state("networkidle")
            addresses["closest"] = page.url
            page.close()
            for name, address in addresses.items():
                paints, sizes, pictures = [], [], []
                for _ in range(rounds):
                    page = context.new_page()
                    session = context.new_cdp_session(page)
                    session.send("Network.enable")
                    session.send("Network.clearBrowserCache")
                    bytes_of: dict[str, float] = {}
                    paths: dict[str, str] = {}
                    session.on(
                        "Network.requestWillBeSent",
                        _noting(lambda seen, url, paths=paths: paths.__setitem__(seen, url)),
                    )
                    session.on(
                        "Network.loadingFinished",
                        lambda event, bytes_of=bytes_of: bytes_of.__setitem__(
                            event["requestId"], event["encodedDataLength"]
                        ),
                    )
                    response = page.goto(address, wait_until="networkidle")
                    assert response is not None
                    assert response.ok, f"{address} answered {response.status}"
                    paints.append(page.evaluate(PAINTED) / 1000)
                    of_pictures = {one for one, path in paths.items() if PICTURE.search(path)}
                    pictures.append(sum(bytes_of.get(one, 0) for one in of_pictures) / 1000)
                    sizes.append(sum(bytes_of.values()) / 1000 - pictures[-1])
                    page.close()
                figures += [
                    Figure(f"page `{name}`, first contentful paint", paints, promise=0.3),
                    Figure(f"page `{name}`, on the wire without thumbnails", sizes, "kB", 100),
                    Figure(f"page `{name}`, its thumbnails", pictures, "kB"),
                ]
    finally:
        launch.stop(client.workspace)
    return figures


def _noting(note: Callable[[str, str], None]) -> Callable[[Mapping[str, object]], None]:
    def handle(event: Mapping[str, object]) -> None:
        request = event["request"]
        assert isinstance(request, dict)
        note(str(event["requestId"]), urlsplit(str(request["url"])).path)

    return handle


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _facts() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} CPUs, {memory:.0f} GiB of memory, {platform.system()} on "
        f"{platform.machine()}, Python {platform.python_version()}, relevanceai "
        f"{version('relevanceai-local')}; {libraries}."
    )


def _table(figures: Sequence[Figure]) -> str:
    heading = ("What", "Median", "Range", "Promised", "")
    rows = [heading, tuple("---" for _ in heading), *(figure.cells() for figure in figures)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main() -> int:
    parts = {"imports": imports, "guide": guide, "demo": demo, "pages": pages}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=parts, action="append", help="this part; writes no file")
    parser.add_argument("--rounds", type=int, default=7, help="how often each is measured")
    options = parser.parse_args()
    os.environ["MPLBACKEND"] = "Agg"
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.only or parts:
            rounds = {"imports": 3 * options.rounds, "demo": min(3, options.rounds)}
            found = parts[name](Path(scratch), rounds.get(name, options.rounds))
            for figure in found:
                print("  ".join(figure.cells()), flush=True)
            figures += found
    if not options.only:
        RESULTS.write_text(
            "# Figures\n\nMeasured by `make bench` on the sample catalogue (about 1,000 products, "
            f"8 clusters).\n\n{_table(figures)}\n\nOn: {_facts()}\n",
            encoding="utf-8",
        )
        print(f"Written to {RESULTS.relative_to(ROOT)}")
    return int(any("broken" in figure.verdict for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
