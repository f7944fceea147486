"""The guide runs unchanged: as a script on a fresh machine, and as the cells of a notebook."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import nbformat
import pytest
from nbclient import NotebookClient

from relevanceai import Dataset, launch

GUIDE = Path(__file__).with_name("guide.py")
PAIR = re.compile(r"(-?\d\.\d{1,2}) (cluster-\d+), (cluster-\d+)")
LINK = re.compile(r"You can now visit the dashboard at (\S+)")
CELLS = [
    "%load_ext autoreload\n%autoreload 2",
    "from relevanceai import Client",
    "client = Client()",
    'ds = client.Dataset("ecommerce")',
    "from relevanceai.operations.viz.cluster import ClusterVizOps\n"
    'cluster_ops = ClusterVizOps.from_dataset(ds, alias="main-cluster", '
    'vector_fields=["product_image_clip_vector_"])',
    "cluster_ops.centroid_heatmap()",
    "closest = cluster_ops.closest()['results']",
]
LOOK = """
import json, runpy, sys
names = runpy.run_path(sys.argv[1])
print(names["heatmap"])
print(json.dumps({
    cluster: [sorted(document) for document in found["results"]]
    for cluster, found in names["closest"].items()
}))
"""

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Machine:
    """A machine that has never seen the package: a home folder and nothing in it."""

    home: Path
    first: subprocess.CompletedProcess[str]

    @property
    def workspace(self) -> Path:
        return self.home / ".relevanceai"

    def run(self, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return _run(self.home, *arguments, **extra)


def _run(home: Path, *arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
    ours = {key: text for key, text in os.environ.items() if not key.startswith("RELEVANCEAI_")}
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=home,
        env=ours | {"HOME": str(home), "USERPROFILE": str(home)} | extra,
    )


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Run guide.py where nothing was ever run; end the dashboard that it starts."""
    home = tmp_path_factory.mktemp("guide")
    try:
        yield Machine(home, _run(home, str(GUIDE)))
    finally:
        launch.stop(home / ".relevanceai")


def _pairs(stdout: str) -> list[tuple[float, str, str]]:
    """Return the printed pairs, checking each printed line against the guide's form."""
    header, *lines, link = stdout.splitlines()
    assert header == "Your closest centroids are:"
    assert LINK.fullmatch(link), link
    found = []
    for line in lines:
        match = PAIR.fullmatch(line)
        assert match, line
        found.append((float(match[1]), match[2], match[3]))
    return found


def test_the_first_run_works_and_says_in_one_line_that_it_builds_the_sample(
    machine: Machine,
) -> None:
    assert machine.first.returncode == 0, machine.first.stderr
    line, *progress = machine.first.stderr.splitlines()
    assert line.startswith("relevanceai: ")
    assert "'ecommerce'" in line
    # on a slow machine, what takes longer than two seconds says so, and nothing else is said
    assert all(re.fullmatch(r"relevanceai: .+ \.\.\.", one) for one in progress), progress
    assert machine.workspace.is_dir()


def test_it_prints_the_closest_centroids_as_the_guide_does(machine: Machine) -> None:
    pairs = _pairs(machine.first.stdout)
    assert len(pairs) == 8
    values = [value for value, _, _ in pairs]
    assert values == sorted(values, reverse=True)
    assert all(-1 <= value <= 1 for value in values)
    for _, later, earlier in pairs:
        assert int(later.split("-")[1]) > int(earlier.split("-")[1])


def test_the_printed_link_opens_the_page_after_the_script_has_ended(machine: Machine) -> None:
    link = LINK.findall(machine.first.stdout)[0]
    parts = urlsplit(link)
    assert parts.path == "/sdk/cluster/centroids/closest"
    query = parse_qs(parts.query)
    assert query["dataset"] == ["ecommerce"]
    assert query["field"] == ["product_image_clip_vector_"]
    assert query["alias"] == ["main-cluster"]
    with httpx.Client(trust_env=False) as browser:
        opened = browser.get(link)
        assert opened.status_code == 200
        assert "HttpOnly" in opened.headers["set-cookie"]
        page = browser.get(link.partition("&code=")[0])
    assert page.status_code == 200
    assert "Documents closest to cluster centers" in page.text


def test_the_second_run_says_nothing_on_stderr_and_gives_the_same_answers(
    machine: Machine,
) -> None:
    again = machine.run("-c", LOOK, str(GUIDE), RELEVANCEAI_DASHBOARD="off")
    assert again.returncode == 0, again.stderr
    assert again.stderr == ""
    *printed, heatmap, closest = again.stdout.splitlines()
    assert printed[:-1] == machine.first.stdout.splitlines()[:-1]
    assert heatmap == "[Text(0.5, 1.0, 'cosine plot')]"
    fields = json.loads(closest)
    assert list(fields) == [f"cluster-{i}" for i in range(8)]
    for documents in fields.values():
        assert len(documents) == 3
        for names in documents:
            assert {"_id", "product_title", "product_image", "_search_score"} <= set(names)
            assert not any(name.endswith("_vector_") for name in names)


def test_switched_off_it_prints_the_command_instead_of_a_link(machine: Machine) -> None:
    again = machine.run(str(GUIDE), RELEVANCEAI_DASHBOARD="off")
    assert again.returncode == 0, again.stderr
    last = again.stdout.splitlines()[-1]
    assert launch.command(machine.workspace) in last
    assert "http" not in last


def test_boots_and_shoes_are_two_clusters_and_one_of_the_closest_pairs(sample: Dataset) -> None:
    operations = sample.ClusterVizOps(alias="main-cluster")
    found = operations.closest(page_size=10, select_fields=["product_title"], verbose=False)

    def cluster_of(words: str) -> str:
        """Return the cluster most of whose closest documents are called by one of the words."""
        counts = {
            cluster: sum(
                bool(re.search(rf"\b({words})\b", document["product_title"], re.IGNORECASE))
                for document in one["results"]
            )
            for cluster, one in found["results"].items()
        }
        best = max(counts, key=counts.__getitem__)
        assert counts[best] >= 8, counts
        return best

    boots = cluster_of("boots?")
    shoes = cluster_of("shoes?|trainers?|sneakers?|loafers?|moccasins?|sandals?")
    assert boots != shoes
    pairs = operations.closest_centroids(n=4)
    assert {boots, shoes} in [
        set(pair) for pair in zip(pairs["cluster"], pairs["other"], strict=True)
    ]


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A Jupyter kernel on this very interpreter, with folders of the test's own."""
    spec = tmp_path / "jupyter" / "kernels" / "here"
    spec.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": command, "display_name": "here", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.delenv("MPLBACKEND")  # or the kernel would not choose to draw inline
    return "here"


@pytest.mark.filterwarnings("default")  # those of Jupyter's own client are not ours to mend
def test_the_guides_cells_run_as_a_notebook(kernel: str, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    NotebookClient(
        notebook,
        kernel_name=kernel,
        timeout=120,
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()

    drawn = notebook.cells[CELLS.index("cluster_ops.centroid_heatmap()")].outputs
    printed = "".join(out.text for out in drawn if out.output_type == "stream")
    assert printed.startswith("Your closest centroids are:\n")
    assert len(PAIR.findall(printed)) == 8
    (result,) = [out for out in drawn if out.output_type == "execute_result"]
    assert result.data["text/plain"] == "[Text(0.5, 1.0, 'cosine plot')]"
    (picture,) = [out for out in drawn if out.output_type == "display_data"]
    assert "image/png" in picture.data

    (line,) = notebook.cells[-1].outputs
    assert line.name == "stdout"
    assert "dashboard" in line.text
    errors = [out for cell in notebook.cells for out in cell.outputs if out.get("name") == "stderr"]
    assert "'ecommerce'" in "".join(out.text for out in errors)
