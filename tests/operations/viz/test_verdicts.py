"""Verdicts on the heat map: signs in the cells of the tested pairs, a legend, and the printed lines."""

import re
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from relevanceai.errors import InvalidInputError
from relevanceai.operations.viz.cluster import ClusterVizOps
from relevanceai.operations.viz.verdicts import SIGNS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from relevanceai.dataset import Dataset


@pytest.fixture
def ops(small: "Dataset") -> ClusterVizOps:
    return ClusterVizOps.from_dataset(small)


TABLE = pd.DataFrame(
    {
        "cluster": ["cluster-1", "cluster-2"],
        "other": ["cluster-0", "cluster-1"],
        "verdict": ["same", "undecided"],
    }
)


def drawn(ops: ClusterVizOps, **options: object) -> "Axes":
    axes = ops.centroid_heatmap(**options)[0].axes  # type: ignore[arg-type]
    assert axes is not None
    return axes


def signs(axes: "Axes", verdict: str) -> set[tuple[float, float]]:
    found = [one for one in axes.collections if one.get_label() == f"_{verdict}"]
    return {
        (float(x), float(y)) for one in found for x, y in np.asarray(one.get_offsets()).tolist()
    }


def test_each_pair_has_its_sign_in_both_cells(ops: ClusterVizOps) -> None:
    axes = drawn(ops, verdicts=TABLE)
    assert signs(axes, "same") == {(0.5, 1.5), (1.5, 0.5)}
    assert signs(axes, "undecided") == {(1.5, 2.5), (2.5, 1.5)}
    assert signs(axes, "separate") == set()
    assert axes.get_xlim() == (0, 3)
    assert axes.get_ylim() == (3, 0)
    plt.close("all")


def test_the_legend_names_the_signs_that_are_there(ops: ClusterVizOps) -> None:
    legend = drawn(ops, verdicts=TABLE).get_legend()
    assert legend is not None
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == [SIGNS["same"][1], SIGNS["undecided"][1], "empty: not neighbours"]
    plt.close("all")


def test_signs_are_light_on_dark_and_dark_on_light(ops: ClusterVizOps) -> None:
    colours = []
    for vmin, vmax in ((-9.0, -8.0), (8.0, 9.0)):  # all cells light, all cells dark
        axes = drawn(ops, verdicts=TABLE, vmin=vmin, vmax=vmax)
        found = [one for one in axes.collections if one.get_label() == "_same"]
        colours += [
            float(np.mean(one.get_facecolor()[0, :3]))  # type: ignore[call-overload, index]
            for one in found
            if len(np.asarray(one.get_offsets()))
        ]
    assert colours[0] < 0.2 < 0.8 < colours[1]
    plt.close("all")


def test_without_verdicts_nothing_is_added(
    ops: ClusterVizOps, capsys: pytest.CaptureFixture[str]
) -> None:
    axes = drawn(ops)
    assert axes.get_legend() is None
    assert len(axes.collections) == 1
    assert "percentile" not in capsys.readouterr().out
    plt.close("all")


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_lines_tell_the_percentile_and_the_verdict(
    ops: ClusterVizOps, capsys: pytest.CaptureFixture[str], metric: str
) -> None:
    drawn(ops, metric=metric, verdicts=TABLE)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Your closest centroids are:"
    form = r"-?[\d.]+ (cluster-\d), (cluster-\d) \(percentile (\d+), ([a-z ]+)\)"
    found = [re.fullmatch(form, line) for line in lines[1:]]
    assert [one[3] for one in found if one] == ["100", "67", "33"]
    expected = {("cluster-1", "cluster-0"): "same", ("cluster-2", "cluster-1"): "undecided"}
    for one in found:
        assert one is not None
        assert one[4] == expected.get((one[1], one[2]), "not neighbours")
    plt.close("all")


def test_true_tests_the_pairs(ops: ClusterVizOps, capsys: pytest.CaptureFixture[str]) -> None:
    axes = drawn(ops, verdicts=True, annotate=True)
    table = ops.pairs()
    counted = sum(len(signs(axes, verdict)) for verdict in SIGNS)
    assert counted == 2 * len(table)
    assert len(capsys.readouterr().out.splitlines()) == 4
    plt.close("all")


def test_another_thing_than_a_table_is_refused(ops: ClusterVizOps) -> None:
    message = "verdicts is True, False or a table from pairs(), but got 'yes'."
    with pytest.raises(InvalidInputError, match=re.escape(message)):
        ops.centroid_heatmap(verdicts="yes")  # type: ignore[arg-type]
