"""The data that tests share: an empty workspace, three small clusters, the sample catalogue."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from relevanceai.client import Client
    from relevanceai.dataset import Dataset

collect_ignore = ["guide/guide.py"]  # a script: importing it, as doctests do, would run it

SMALL_VECTOR = "look_vector_"
SMALL_ALIAS = "by-hand"


def small_documents() -> list[dict[str, object]]:
    """60 documents in three clusters (30, 20 and 10), 8 dimensions, one axis a cluster."""
    rng = np.random.default_rng(7)
    documents = []
    for cluster, size in enumerate((30, 20, 10)):
        middle = np.zeros(8)
        middle[cluster] = 5.0
        for i in range(size):
            documents.append(
                {
                    "_id": f"d{cluster}-{i:02}",
                    SMALL_VECTOR: (middle + rng.normal(size=8)).astype(np.float32).tolist(),
                    "title": f"thing {i} of group {cluster}",
                    "price": float(10 * cluster + i),
                    "group": cluster,
                }
            )
    return documents


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    """Close what a test has drawn: pyplot keeps figures, and warns of the 21st, in any test."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


@pytest.fixture
def client(tmp_path: Path) -> "Client":
    """A client on an empty workspace of the test's own."""
    from relevanceai.client import Client

    return Client(tmp_path / "home")


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace holding `small`, clustered as `by-hand` on its `group`. To read, not to write."""
    from relevanceai.client import Client

    home = tmp_path_factory.mktemp("small") / "home"
    dataset = Client(home).Dataset("small")
    dataset.insert_documents(small_documents())
    dataset.cluster(byo_cluster_field="group", vector_fields=[SMALL_VECTOR], alias=SMALL_ALIAS)
    return home


@pytest.fixture
def small(small_home: Path) -> "Dataset":
    """Three clusters, shared by all tests: read only."""
    from relevanceai.client import Client

    return Client(small_home).Dataset("small")


@pytest.fixture
def own_small(small_home: Path, tmp_path: Path) -> "Dataset":
    """Three clusters of the test's own, to be written to."""
    from relevanceai.client import Client

    return Client(shutil.copytree(small_home, tmp_path / "small")).Dataset("small")


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the sample catalogue, built once a session. To read, not to write."""
    from relevanceai.client import Client

    home = tmp_path_factory.mktemp("sample") / "home"
    Client(home).load_sample("ecommerce")
    return home


@pytest.fixture
def sample(sample_home: Path) -> "Dataset":
    """The sample catalogue, shared by all tests: read only."""
    from relevanceai.client import Client

    return Client(sample_home).Dataset("ecommerce")


@pytest.fixture
def own_sample(sample_home: Path, tmp_path: Path) -> "Dataset":
    """The sample catalogue in a workspace of the test's own, to be written to."""
    from relevanceai.client import Client

    return Client(shutil.copytree(sample_home, tmp_path / "sample")).Dataset("ecommerce")
