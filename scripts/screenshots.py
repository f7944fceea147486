"""Make the pictures in docs/images from the sample: `make screenshots`."""

import os
import sys
import tempfile
from pathlib import Path

from chromium import chromium
from PIL import Image

from relevanceai import Client, ClusterVizOps, launch

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FIELD = "product_image_clip_vector_"
ALIAS = "main-cluster"
WIDTH, HEIGHT = 1320, 860


def heatmap(operations: ClusterVizOps, path: Path) -> None:
    """Draw the guide's heat map, with the closest documents' pictures beside the ids."""
    drawn = operations.centroid_heatmap(annotate=True, thumbnails=True)
    axes = drawn[0].axes
    assert axes is not None
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.savefig(path, dpi=110, bbox_inches="tight")


def boots(operations: ClusterVizOps) -> str:
    """Return the cluster of the guide's story: the one with most boots among its closest."""
    found = operations.closest(page_size=10, select_fields=["product_title"], verbose=False)
    n_boots = {
        cluster: sum("boot" in document["product_title"].lower() for document in one["results"])
        for cluster, one in found["results"].items()
    }
    return max(n_boots, key=n_boots.__getitem__)


def page(client: Client, operations: ClusterVizOps, path: Path) -> None:
    """Photograph the page of the boots, thumbnails loaded."""
    query = {"dataset": "ecommerce", "field": FIELD, "alias": ALIAS, "cluster": boots(operations)}
    record = launch.start(client.workspace).wait()
    try:
        with chromium() as browser:
            view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            view.goto(launch.link(record, "/sdk/cluster/centroids/closest", query))
            view.wait_for_url(lambda url: "code=" not in url)
            view.wait_for_load_state("networkidle")
            view.evaluate(  # not wait_for_function: a text it asks twice is eval, which the policy bars
                "() => new Promise((done) => { const look = () => "
                "([...document.images].every(image => image.complete))"
                " ? done() : setTimeout(look, 30); look(); })"
            )
            view.screenshot(path=path)
    finally:
        launch.stop(client.workspace)


def smaller(path: Path) -> None:
    """Write a PNG anew with 256 colours, which is plenty for a screenshot."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(IMAGES.parents[1])}: {path.stat().st_size / 1000:,.0f} kB")


def main() -> int:
    os.environ["MPLBACKEND"] = "Agg"
    os.environ.pop("RELEVANCEAI_BASE_URL", None)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        client = Client(Path(scratch) / "home")
        operations = ClusterVizOps.from_dataset(
            client.load_sample("ecommerce"), alias=ALIAS, vector_fields=[FIELD]
        )
        heatmap(operations, IMAGES / "heatmap.png")
        page(client, operations, IMAGES / "page.png")
    for name in ("heatmap.png", "page.png"):
        smaller(IMAGES / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
