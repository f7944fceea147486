"""Sample datasets: built into a workspace, clustered, whole or not at all."""

from relevanceai.clustering.run import run_model
from relevanceai.errors import InvalidInputError, NotFoundError, listed
from relevanceai.progress import progress
from relevanceai.store.documents import DocumentStore
from relevanceai.store.workspace import Workspace
from relevanceai.store.writing import write_documents

ECOMMERCE = "ecommerce"
SAMPLES = (ECOMMERCE,)
SAMPLE_ALIAS = "main-cluster"
SAMPLE_FIELD = "product_image_clip_vector_"
SAMPLE_CLUSTERS = 8
_MARK = "sample"  # an empty file in the folder of a dataset that is one


def build_sample(workspace: Workspace, name: str) -> DocumentStore:
    """Build a sample dataset, clustered as `main-cluster`, unless it is there already.

    Raises
    ------
    NotFoundError : there is no sample of this name; lists those there are.
    InvalidInputError : a dataset of this name is there and is not the sample.
    """
    if name not in SAMPLES:
        raise NotFoundError(f"No sample {name!r}. There is: {listed(SAMPLES, like=str(name))}.")
    store = workspace.build(name, _fill)
    if not (store.folder / _MARK).exists():
        raise InvalidInputError(
            f"Dataset {name!r} in {workspace.folder} holds documents of yours, not the sample. "
            "Delete it to have the sample, or open another workspace."
        )
    return store


def _fill(store: DocumentStore) -> None:
    from relevanceai.samples.catalogue import N_PRODUCTS
    from relevanceai.utils.datasets import build_ecommerce

    with progress("Drawing the sample catalogue", N_PRODUCTS, unit="products") as bar:
        documents = build_ecommerce(on_document=lambda n: bar.update(n))
    write_documents(store, documents, upsert=False)
    (store.folder / _MARK).touch()
    run_model(
        store,
        "kmeans",
        n_clusters=SAMPLE_CLUSTERS,
        vector_fields=[SAMPLE_FIELD],
        alias=SAMPLE_ALIAS,
        random_state=0,
        model_kwargs=None,
    )
