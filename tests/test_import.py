"""What `import relevanceai` costs and offers: it stays light, and the documented paths are real."""

import importlib
import subprocess
import sys
from importlib.resources import files

import pytest

import relevanceai

HEAVY = (
    "matplotlib",
    "seaborn",
    "lance",
    "pyarrow",
    "pandas",
    "sklearn",
    "scipy",
    "numba",
    "starlette",
    "uvicorn",
    "jinja2",
    "PIL",
    "tqdm",
)


def _loaded_by(code: str) -> set[str]:
    """Return the heavy libraries that a fresh interpreter holds after running `code`."""
    program = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stderr == ""
    return set(run.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert _loaded_by("import relevanceai") == set()


def test_importing_the_client_and_listing_names_loads_nothing_heavy() -> None:
    assert _loaded_by("from relevanceai import Client\nClient().list_datasets()") == set()


def test_the_guides_imports_draw_cluster_and_serve_nothing_yet() -> None:
    unused = {"matplotlib", "seaborn", "sklearn", "scipy", "numba"}
    unused |= {"starlette", "uvicorn", "jinja2"}
    loaded = _loaded_by("from relevanceai.operations.viz.cluster import ClusterVizOps")
    assert loaded & unused == set()


@pytest.mark.parametrize(
    "module",
    ["relevanceai.errors", "relevanceai.batch", "relevanceai.cli", "relevanceai.launch"],
)
def test_a_light_module_stays_light(module: str) -> None:
    assert _loaded_by(f"import {module}") == set()


@pytest.mark.parametrize(
    "path",
    [
        "relevanceai.Client",
        "relevanceai.show_json",
        "relevanceai.client.Client",
        "relevanceai.dataset.Dataset",
        "relevanceai.errors.RelevanceAIError",
        "relevanceai.operations.cluster.ClusterOps",
        "relevanceai.operations.viz.cluster.ClusterVizOps",
        "relevanceai.utils.datasets.get_ecommerce_1_dataset",
        "relevanceai.utils.datasets.get_ecommerce_dataset_encoded",
        "relevanceai.utils.datasets.mock_documents",
    ],
)
def test_a_documented_path_is_real(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize("name", relevanceai.__all__)
def test_each_public_name_loads_and_is_listed(name: str) -> None:
    assert getattr(relevanceai, name) is not None
    assert name in dir(relevanceai)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'relevanceai' has no attribute 'Clint'$"):
        relevanceai.Clint  # noqa: B018


def test_the_package_says_that_it_is_typed() -> None:
    assert files("relevanceai").joinpath("py.typed").is_file()
