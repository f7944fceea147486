"""The heat map: what it prints and returns, and its cells, names, colours, values and pictures."""

import io
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgba
from PIL import Image

from relevanceai.client import Client
from relevanceai.dataset import Dataset
from relevanceai.errors import InvalidInputError, NotFoundError, RelevanceAIError
from relevanceai.operations.viz.cluster import ClusterVizOps, _print_pairs

METRICS = ("cosine", "dp", "l2", "l1")


def clustered(
    client: Client, vectors: Sequence[Sequence[float]], labels: Sequence[object] | None = None
) -> ClusterVizOps:
    """A clustering of one document a vector, by default each a cluster of its own."""
    dataset = client.Dataset("case")
    dataset.insert_documents(
        [{"_id": f"d{i}", "v_vector_": list(vector)} for i, vector in enumerate(vectors)]
    )
    return dataset.set_cluster_labels(
        "v_vector_", "x", list(range(len(vectors))) if labels is None else labels
    )


def random_vectors(n: int) -> list[list[float]]:
    return (np.random.default_rng(n).normal(size=(n, 6)) + 0.4).tolist()


def drawn(ops: ClusterVizOps, **arguments: Any) -> Axes:
    (title,) = ops.centroid_heatmap(**arguments)
    axes = title.axes
    assert isinstance(axes, Axes)
    return axes


def mesh_of(axes: Axes) -> QuadMesh:
    (mesh,) = axes.collections
    assert isinstance(mesh, QuadMesh)
    return mesh


def cells(axes: Axes) -> np.ndarray:
    return np.asarray(mesh_of(axes).get_array())


def names(axes: Axes) -> tuple[list[str], list[str]]:
    return (
        [one.get_text() for one in axes.get_xticklabels()],
        [one.get_text() for one in axes.get_yticklabels()],
    )


def strips(axes: Axes) -> list[Axes]:
    return [one for one in axes.child_axes if str(one.get_label()).startswith("pictures")]


def raises(kind: type[RelevanceAIError], message: str) -> Any:
    return pytest.raises(kind, match=f"^{re.escape(message)}$")


def assert_whole_and_apart(axes: Axes) -> None:
    """Nothing drawn is cut off, and names overlap neither the pictures nor the cells."""
    figure = axes.figure
    figure.canvas.draw()
    paper = figure.bbox
    inside = axes.get_window_extent()
    labels = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.title]
    for label in labels:
        box = label.get_window_extent()
        assert min(box.x0 - paper.x0, paper.x1 - box.x1) > -1, label
        assert min(box.y0 - paper.y0, paper.y1 - box.y1) > -1, label
        assert not box.overlaps(inside.padded(-1)), label
        for strip in strips(axes):
            assert not box.overlaps(strip.get_window_extent()), label


# what is printed and returned --------------------------------------------------------------------


def test_the_printed_block_steers_no_terminal(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = client.Dataset("hostile")
    dataset.insert_documents([{"_id": str(i), "v_vector_": [1.0, float(i)]} for i in range(2)])
    ops = dataset.set_cluster_labels("v_vector_", "a", ["red\x1b[2J\r", "b\u202elue"])
    _print_pairs(ops.closest_centroids(), 2)
    assert capsys.readouterr().out.splitlines()[1] == "0.71 red·[2J·, b·lue"


def test_the_block_and_the_list_are_the_guides(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    ops = clustered(client, [[1.0, 0.0], [3.0, 4.0], [-1.0, 0.0]])
    result = ops.centroid_heatmap()
    assert repr(result) == "[Text(0.5, 1.0, 'cosine plot')]"
    assert capsys.readouterr() == (
        "Your closest centroids are:\n"
        "0.6 cluster-1, cluster-0\n"
        "-0.6 cluster-2, cluster-1\n"
        "-1.0 cluster-2, cluster-0\n",
        "",
    )


@pytest.mark.parametrize("metric", METRICS)
def test_the_block_rounds_as_python_does(
    small: Dataset, capsys: pytest.CaptureFixture[str], metric: Any
) -> None:
    ops = small.ClusterVizOps()
    pairs = ops.closest_centroids(8, metric)
    for digits in (0, 1, 2, 5):
        drawn(ops, metric=metric, round_print_float=digits)
        assert capsys.readouterr().out.splitlines() == [
            "Your closest centroids are:",
            *(
                f"{round(value, digits)} {cluster}, {other}"
                for cluster, other, value in pairs.itertuples(index=False)
            ),
        ]


@pytest.mark.parametrize(("print_n", "n_lines"), [(0, 0), (1, 1), (2, 2), (8, 3)])
def test_print_n_is_a_number_of_lines_at_most(
    small: Dataset, capsys: pytest.CaptureFixture[str], print_n: int, n_lines: int
) -> None:
    small.ClusterVizOps().centroid_heatmap(print_n=print_n)
    assert len(capsys.readouterr().out.splitlines()) == 1 + n_lines


def test_eight_lines_by_default_most_similar_first_whatever_the_order(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    ops = clustered(client, random_vectors(12))
    ops.centroid_heatmap()
    block = capsys.readouterr().out
    ops.centroid_heatmap(order="linkage", annotate=True)
    assert capsys.readouterr().out == block
    values = [float(line.split()[0]) for line in block.splitlines()[1:]]
    assert len(values) == 8
    assert values == sorted(values, reverse=True)


def test_ties_are_printed_in_natural_order(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    clustered(client, np.eye(11).tolist()).centroid_heatmap(print_n=11)
    assert capsys.readouterr().out.splitlines()[1:] == [
        *(f"0.0 cluster-{i}, cluster-0" for i in range(1, 11)),
        "0.0 cluster-2, cluster-1",
    ]


# cells, names, colours ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 4])
@pytest.mark.parametrize("order", ["id", "linkage"])
def test_few_clusters(
    client: Client, capsys: pytest.CaptureFixture[str], n_clusters: int, order: Any
) -> None:
    ops = clustered(client, random_vectors(n_clusters))
    axes = drawn(ops, order=order, annotate=True)
    ids = ops.list_cluster_ids() if order == "id" else ops.linkage_order()
    assert names(axes) == (ids, ids)
    np.testing.assert_array_equal(cells(axes), ops.centroid_similarity().loc[ids, ids].to_numpy())
    n_pairs = n_clusters * (n_clusters - 1) // 2
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1 + min(n_pairs, 8)
    assert ("no pairs of centroids" in printed.err) == (n_pairs == 0)
    assert_whole_and_apart(axes)


@pytest.mark.parametrize("metric", METRICS)
def test_cells_ticks_and_title(small: Dataset, metric: Any) -> None:
    ops = small.ClusterVizOps()
    axes = drawn(ops, metric=metric)
    ids = ["cluster-0", "cluster-1", "cluster-2"]
    assert names(axes) == (ids, ids)
    assert axes.get_xticks().tolist() == axes.get_yticks().tolist() == [0.5, 1.5, 2.5]
    assert axes.get_title() == f"{metric} plot"
    assert axes.get_xlim() == (0.0, 3.0)
    assert axes.get_ylim() == (3.0, 0.0)
    np.testing.assert_array_equal(cells(axes), ops.centroid_similarity(metric).to_numpy())


def test_linkage_order_changes_the_picture_only(client: Client) -> None:
    angles = np.radians([0, 80, 10, 90])
    ops = clustered(client, np.stack([np.cos(angles), np.sin(angles)], 1).tolist())
    axes = drawn(ops, order="linkage")
    ids = ops.linkage_order()
    assert ids != ops.list_cluster_ids()
    assert names(axes) == (ids, ids)
    matrix = ops.centroid_similarity()
    for row, one in enumerate(ids):
        for column, other in enumerate(ids):
            assert cells(axes)[row, column] == matrix.loc[one, other]


@pytest.mark.parametrize("n_clusters", [70, 200])
def test_many_clusters_keep_the_names_readable_and_the_figure_bounded(
    client: Client, n_clusters: int
) -> None:
    ops = clustered(client, random_vectors(n_clusters))
    axes = drawn(ops)
    across, down = names(axes)
    assert across == down
    step = 1 if n_clusters == 70 else 2
    assert across == ops.list_cluster_ids()[::step]
    assert axes.get_xticks().tolist() == [i + 0.5 for i in range(0, n_clusters, step)]
    assert max(axes.figure.get_size_inches()) < 17
    assert axes.get_xticklabels()[0].get_fontsize() >= 7
    boxes = [one.get_window_extent() for one in axes.get_yticklabels()]
    assert all(upper.y0 >= lower.y1 - 1 for upper, lower in pairwise(boxes))


def test_seaborns_own_colours_and_a_colour_bar_as_high_as_the_cells(small: Dataset) -> None:
    axes = drawn(small.ClusterVizOps())
    mesh = mesh_of(axes)
    assert mesh.get_cmap().name == "rocket"
    bar = mesh.colorbar
    assert bar is not None
    assert (bar.vmin, bar.vmax) == (0.0, 1.0)
    axes.figure.canvas.draw()
    assert bar.ax.get_window_extent().height == pytest.approx(axes.get_window_extent().height)


@pytest.mark.parametrize("metric", METRICS)
def test_the_range_is_zero_to_one_for_cosine_and_the_datas_for_others(
    small: Dataset, metric: Any
) -> None:
    ops = small.ClusterVizOps()
    values = ops.centroid_similarity(metric).to_numpy()
    of_data = (values.min(), values.max())
    assert mesh_of(drawn(ops, metric=metric)).get_clim() == (
        (0.0, 1.0) if metric == "cosine" else of_data
    )
    assert mesh_of(drawn(ops, metric=metric, vmax=99)).get_clim() == (
        0.0 if metric == "cosine" else of_data[0],
        99.0,
    )
    assert mesh_of(drawn(ops, metric=metric, vmin=-3, vmax=3)).get_clim() == (-3.0, 3.0)


@pytest.mark.parametrize("metric", ["l2", "l1", "dp"])
def test_a_matrix_of_one_value_still_has_a_range(client: Client, metric: Any) -> None:
    low, high = mesh_of(drawn(clustered(client, [[0.0, 0.0]] * 3), metric=metric)).get_clim()
    assert low < 0 < high


def test_negative_similarities_are_as_dark_as_zero(client: Client) -> None:
    mesh = mesh_of(drawn(clustered(client, [[1.0, 0.0], [-1.0, 0.0]])))
    assert cells(mesh.axes).min() == -1.0
    np.testing.assert_array_equal(mesh.to_rgba(-1.0), mesh.to_rgba(0.0))


def test_annotate_writes_every_value_so_that_it_can_be_read(client: Client) -> None:
    ops = clustered(client, random_vectors(8))
    assert [one for one in drawn(ops).texts if one.get_text()] == []
    axes = drawn(ops, annotate=True)
    wanted = [f"{value:.2f}" for value in ops.centroid_similarity().to_numpy().ravel()]
    assert [one.get_text() for one in axes.texts] == wanted
    axes.figure.canvas.draw()
    cell = axes.get_window_extent().width / 8
    for text, colour in zip(axes.texts, mesh_of(axes).get_facecolors(), strict=True):
        assert text.get_window_extent().width <= cell
        assert np.abs(np.subtract(to_rgba(text.get_color())[:3], colour[:3])).max() > 0.45


@pytest.mark.parametrize("metric", ["dp", "l2"])
def test_annotated_large_numbers_stay_in_their_cells(client: Client, metric: Any) -> None:
    ops = clustered(client, (1e6 * np.array(random_vectors(9))).tolist())
    axes = drawn(ops, metric=metric, annotate=True)
    axes.figure.canvas.draw()
    cell = axes.get_window_extent().width / 9
    assert max(one.get_window_extent().width for one in axes.texts) <= cell


def test_ids_are_text_not_formulas_and_long_ones_are_cut_at_the_axes_only(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "winter boots " * 12
    labels = ["$10$ shoes", "$\\frac{$", long, "two\nlines", "a_b^c"]
    axes = drawn(clustered(client, random_vectors(5), labels))
    across, _ = names(axes)
    assert across == ["$10$ shoes", "$\\frac{$", "a_b^c", "two lines", across[-1]]
    assert re.fullmatch("winter boots win….{15}", across[-1])
    assert long in capsys.readouterr().out
    assert_whole_and_apart(axes)


def test_a_given_ax_is_drawn_into_and_its_figure_left_as_it_was(small: Dataset) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4))
    ops = small.ClusterVizOps()
    assert drawn(ops, ax=right, metric="l2") is right
    assert drawn(ops, ax=left) is left
    assert figure.get_size_inches().tolist() == [9, 4]
    assert figure.get_layout_engine() is None
    assert [left.get_title(), right.get_title()] == ["cosine plot", "l2 plot"]
    assert len(plt.get_fignums()) == 1


def test_without_an_ax_each_call_makes_a_figure_of_its_own(small: Dataset) -> None:
    ops = small.ClusterVizOps()
    assert drawn(ops).figure is not drawn(ops).figure


def test_the_figure_can_be_saved(small: Dataset) -> None:
    figure = drawn(small.ClusterVizOps(), annotate=True).figure
    for form in ("png", "svg", "pdf"):
        out = io.BytesIO()
        figure.savefig(out, format=form)
        figure.savefig(out, format=form, bbox_inches="tight")
        assert len(out.getvalue()) > 2_000


def test_drawing_needs_no_settings_of_the_users(small: Dataset) -> None:
    with matplotlib.rc_context({"font.size": 18, "figure.dpi": 200, "xtick.labelsize": "large"}):
        assert_whole_and_apart(drawn(small.ClusterVizOps(), annotate=True))


# thumbnails --------------------------------------------------------------------------------------


@pytest.fixture
def pictured(client: Client) -> ClusterVizOps:
    """Three clusters; the closest document of the third has no picture, a later one has."""
    dataset = client.Dataset("pictures")

    def photo(colour: str, size: tuple[int, int]) -> bytes:
        out = io.BytesIO()
        Image.new("RGB", size, colour).save(out, "PNG")
        return out.getvalue()

    rows: list[tuple[int, float, bytes | None]] = [
        (0, 0.0, photo("red", (300, 300))),
        (0, 9.0, photo("black", (30, 30))),
        (0, 3.0, photo("red", (300, 300))),
        (1, 0.0, photo("lime", (300, 150))),
        (2, 0.0, None),
        (2, 0.1, photo("blue", (20, 40))),
    ]
    dataset.insert_documents(
        [
            {
                "_id": str(i),
                "v_vector_": [float(group == 0), float(group == 1), float(group == 2), off / 99],
                "photo": content,
                "broken": b"\x89PNG\r\n\x1a\n and no more",
                "title": "x",
            }
            for i, (group, off, content) in enumerate(rows)
        ]
    )
    return dataset.set_cluster_labels("v_vector_", "x", [group for group, _, _ in rows])


@pytest.mark.parametrize("thumbnails", [True, "photo"])
def test_thumbnails_are_the_closest_documents_pictures(
    pictured: ClusterVizOps, thumbnails: bool | str
) -> None:
    axes = drawn(pictured, thumbnails=thumbnails)
    left, below = strips(axes)
    for strip in (left, below):
        colours = [one.get_array()[0, 0, :3].tolist() for one in strip.images]
        assert colours == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert_whole_and_apart(axes)


def test_thumbnails_stand_at_their_cells_and_keep_their_shape(pictured: ClusterVizOps) -> None:
    axes = drawn(pictured, thumbnails=True)
    for change in (None, (3.0, 7.0), (12.0, 5.0)):
        if change:
            axes.figure.set_size_inches(change)
        axes.figure.canvas.draw()
        left, below = strips(axes)
        for index in range(3):
            middle = axes.transData.transform((index + 0.5, index + 0.5))
            beside = left.images[index].get_window_extent()
            under = below.images[index].get_window_extent()
            assert (beside.y0 + beside.y1) / 2 == pytest.approx(middle[1], abs=0.5)
            assert (under.x0 + under.x1) / 2 == pytest.approx(middle[0], abs=0.5)
            height, width = left.images[index].get_array().shape[:2]
            for box in (beside, under):
                assert box.width / box.height == pytest.approx(width / height, rel=0.02)


def test_thumbnails_follow_the_order(pictured: ClusterVizOps) -> None:
    axes = drawn(pictured, thumbnails=True, order="linkage")
    colour_of = {"cluster-0": 0, "cluster-1": 1, "cluster-2": 2}
    channels = [int(one.get_array()[0, 0, :3].argmax()) for one in strips(axes)[0].images]
    assert channels == [colour_of[one] for one in names(axes)[0]]


def test_a_cluster_without_a_picture_stands_without(client: Client) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    dataset = client.Dataset("half")
    dataset.insert_documents(
        [
            {"_id": "0", "v_vector_": [1.0, 0.0], "photo": out.getvalue()},
            {"_id": "1", "v_vector_": [0.0, 1.0]},
        ]
    )
    axes = drawn(dataset.set_cluster_labels("v_vector_", "x", [0, 1]), thumbnails=True)
    assert [len(one.images) for one in strips(axes)] == [1, 1]
    assert names(axes)[0] == ["cluster-0", "cluster-1"]


@pytest.mark.parametrize("size", [(400, 80), (80, 400), (300, 300)])
def test_names_keep_clear_of_pictures_of_any_shape_and_size(
    client: Client, size: tuple[int, int]
) -> None:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    dataset = client.Dataset("shapes")
    dataset.insert_documents(
        [{"_id": str(i), "v_vector_": [1.0, i], "photo": out.getvalue()} for i in range(4)]
    )
    ops = dataset.set_cluster_labels("v_vector_", "x", [0, 1, 2, 3])
    axes = drawn(ops, thumbnails=True)
    for change in (None, (14.0, 12.0), (3.5, 3.5)):
        if change:
            axes.figure.set_size_inches(change)
        axes.figure.canvas.draw()
        gap = 4 * axes.figure.dpi / 72
        for strip, labels in zip(
            strips(axes), (axes.get_yticklabels(), axes.get_xticklabels()), strict=True
        ):
            for image, label in zip(strip.images, labels, strict=True):
                box, name = image.get_window_extent(), label.get_window_extent()
                assert max(box.x0 - name.x1, box.y0 - name.y1) >= gap


@pytest.mark.slow
def test_thumbnails_of_the_sample(sample: Dataset) -> None:
    ops = sample.ClusterVizOps(alias="main-cluster", vector_fields=["product_image_clip_vector_"])
    axes = drawn(ops, thumbnails=True, annotate=True, order="linkage")
    assert [len(one.images) for one in strips(axes)] == [8, 8]
    assert_whole_and_apart(axes)


def test_without_thumbnails_there_are_none(pictured: ClusterVizOps) -> None:
    assert strips(drawn(pictured)) == []


# mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (
            {"metric": "cosin"},
            InvalidInputError,
            "Unknown metric 'cosin'. Use one of 'cosine', 'centred', 'corrected', "
            "'l2_similarity', 'l2', 'l1', 'dp'.",
        ),
        (
            {"order": "size"},
            InvalidInputError,
            "Unknown order 'size'. Use 'id' or 'linkage'.",
        ),
        (
            {"print_n": -1},
            InvalidInputError,
            "print_n is a whole number from 0, but got -1.",
        ),
        (
            {"round_print_float": None},
            InvalidInputError,
            "round_print_float is a whole number from 0, but got None.",
        ),
        (
            {"vmin": 1},
            InvalidInputError,
            "The colours would range from vmin=1 to vmax=1. Pass a vmin below the vmax.",
        ),
        (
            {"vmin": 0.5, "vmax": 0.25},
            InvalidInputError,
            "The colours would range from vmin=0.5 to vmax=0.25. Pass a vmin below the vmax.",
        ),
        (
            {"vmin": float("nan")},
            InvalidInputError,
            "The colours would range from vmin=nan to vmax=1. Pass a vmin below the vmax.",
        ),
        ({"vmax": "1"}, InvalidInputError, "vmax is a number or None, but got '1'."),
        (
            {"ax": "left"},
            InvalidInputError,
            "ax is a matplotlib Axes, but got a str. Pass one of plt.subplots(), or leave it out.",
        ),
        (
            {"thumbnails": "title"},
            InvalidInputError,
            "There are no pictures in 'title' of the closest documents of dataset 'pictures'. "
            "Draw without thumbnails, or pass thumbnails='<field with pictures>'.",
        ),
        (
            {"thumbnails": "broken"},
            InvalidInputError,
            "There are no pictures in 'broken' of the closest documents of dataset 'pictures'. "
            "Draw without thumbnails, or pass thumbnails='<field with pictures>'.",
        ),
        (
            {"thumbnails": "foto"},
            NotFoundError,
            "No field 'foto' in dataset 'pictures'. It has: 'photo', 'v_vector_', "
            "'title', 'broken', '_cluster_.v_vector_.x', '_id'.",
        ),
    ],
)
def test_mistakes_are_told_before_anything_is_printed(
    pictured: ClusterVizOps,
    capsys: pytest.CaptureFixture[str],
    arguments: dict[str, Any],
    kind: type[RelevanceAIError],
    message: str,
) -> None:
    with raises(kind, message):
        pictured.centroid_heatmap(**arguments)
    assert capsys.readouterr().out == ""
    assert plt.get_fignums() == []


def test_thumbnails_where_there_are_no_pictures(small: Dataset) -> None:
    with raises(
        InvalidInputError,
        "There are no pictures in any field of the closest documents of dataset 'small'. "
        "Draw without thumbnails, or pass thumbnails='<field with pictures>'.",
    ):
        small.ClusterVizOps().centroid_heatmap(thumbnails=True)


def test_noise_only_has_nothing_to_draw(client: Client, tmp_path: Path) -> None:
    ops = clustered(client, [[1.0], [2.0]], [-1, None])
    with raises(
        InvalidInputError,
        "Clustering 'x' of dataset 'case' has no clusters to draw: its documents are all noise "
        "or not clustered.",
    ):
        ops.centroid_heatmap()
