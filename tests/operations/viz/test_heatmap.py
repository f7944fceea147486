"""draw_heatmap of more clusters than have cells: one picture of the values, with every n-th name."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from relevanceai.errors import InvalidInputError
from relevanceai.operations.viz import heatmap
from relevanceai.operations.viz.heatmap import CELLS_UP_TO, draw_heatmap


def matrix(n_clusters: int) -> pd.DataFrame:
    values = np.random.default_rng(n_clusters).uniform(-0.2, 1, (n_clusters, n_clusters))
    ids = [f"cluster-{i}" for i in range(n_clusters)]
    return pd.DataFrame((values + values.T) / 2, index=ids, columns=ids)


def test_up_to_the_limit_there_are_cells_and_beyond_a_picture_of_the_same_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = matrix(40)
    cells = draw_heatmap(values, "cosine")
    monkeypatch.setattr(heatmap, "CELLS_UP_TO", 39)
    image = draw_heatmap(values, "cosine")
    assert (len(cells.collections), len(cells.images)) == (1, 0)
    assert (len(image.collections), len(image.images)) == (0, 1)
    np.testing.assert_allclose(image.images[0].get_array(), values.to_numpy(), rtol=1e-6)
    assert image.images[0].get_clim() == cells.collections[0].get_clim() == (0.0, 1.0)
    assert image.images[0].get_cmap().name == cells.collections[0].get_cmap().name == "rocket"
    assert image.get_xlim() == cells.get_xlim() == (0, 40)
    assert image.get_ylim() == cells.get_ylim() == (40, 0)
    assert image.get_title() == cells.get_title() == "cosine plot"


@pytest.mark.parametrize("n_clusters", [CELLS_UP_TO + 1, 1000])
def test_every_nth_name_stands_at_its_place_and_cells_are_whole_pixels(n_clusters: int) -> None:
    values = matrix(n_clusters)
    axes = draw_heatmap(values, "cosine")
    labels = [one.get_text() for one in axes.get_yticklabels()]
    step = -(-n_clusters // 30)
    assert labels == list(values.index)[::step]
    assert axes.get_yticks().tolist() == [i + 0.5 for i in range(0, n_clusters, step)]
    cell = axes.get_window_extent().width / n_clusters
    assert cell == pytest.approx(round(cell), abs=0.01)
    assert axes.images[0].get_interpolation() == "nearest"
    assert max(axes.figure.get_size_inches()) < 17
    (bar,) = (one for one in axes.child_axes if one.get_label() == "colour bar")
    assert bar.get_ylim() == (0.0, 1.0)


def test_a_given_ax_gets_the_picture_and_a_colour_bar() -> None:
    figure, axes = plt.subplots(figsize=(4, 4))
    assert draw_heatmap(matrix(CELLS_UP_TO + 1), "l2", ax=axes) is axes
    assert figure.get_size_inches().tolist() == [4, 4]
    assert len(figure.axes) == 2
    assert axes.images[0].get_interpolation() == "antialiased"  # cells of a pixel and a half


def test_values_are_not_written_into_cells_that_cannot_hold_them() -> None:
    with pytest.raises(InvalidInputError) as caught:
        draw_heatmap(matrix(CELLS_UP_TO + 1), "cosine", annotate=True)
    assert str(caught.value) == (
        "Values are written into the cells of at most 200 clusters, and there are 201. "
        "Draw without annotate=True."
    )
    assert not plt.get_fignums()
