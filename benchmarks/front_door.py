"""The front door, measured: imports, the guide, the demo and the pages, on the sample catalogue.

Everything runs in a home folder of its own and in processes of their own.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

from results import Figure, Section

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "tests" / "guide" / "guide.py"
CLOSEST = "/sdk/cluster/centroids/closest"
QUERY = {
    "dataset": "ecommerce",
    "field": "product_image_clip_vector_",
    "alias": "main-cluster",
}
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


def measure(scratch: Path, rounds: int) -> list[Figure]:
    """Measure all of it; imports more often than the rest, the first demo at most three times."""
    return [
        *imports(scratch, 3 * rounds),
        *guide(scratch, rounds),
        *demo(scratch, min(3, rounds)),
        *pages(scratch, rounds),
    ]


SECTION = Section(
    title="The front door",
    intro="The sample catalogue: about 1,000 products in 8 clusters.",
    measure=measure,
    libraries=("matplotlib",),
)
