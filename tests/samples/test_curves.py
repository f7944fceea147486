"""Smooth outlines: they go through their points, close, and keep their widths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.samples.curves import (
    along,
    arc,
    curve,
    ellipse,
    heart,
    mirrored,
    moved,
    outline,
    ribbon,
    rounded,
    star,
    symmetric,
)


def _area(shape: np.ndarray) -> float:
    x, y = shape[:, 0], shape[:, 1]
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=2, max_size=8, unique=True
    )
)
def test_a_curve_goes_through_each_of_its_points(points):
    line = curve(*points)
    for point in points:
        assert np.hypot(*(line - point).T).min() < 1e-9


def test_points_on_a_straight_line_stay_on_it():
    line = curve((0, 0), (10, 5), (30, 15), (40, 20))
    np.testing.assert_allclose(line[:, 1] * 2, line[:, 0], atol=1e-12)


def test_a_closed_curve_through_a_square_is_round():
    line = curve((10, 0), (20, 10), (10, 20), (0, 10), closed=True)
    distances = np.hypot(line[:, 0] - 10, line[:, 1] - 10)
    assert 8.8 < distances.min() <= distances.max() <= 10.0 + 1e-9


def test_a_kept_curve_cannot_be_changed_by_one_who_was_given_it():
    with pytest.raises(ValueError):
        curve((1, 2), (3, 4))[0, 0] = 9


def test_a_ribbon_has_the_area_of_a_bar_with_round_ends():
    shape = ribbon(curve((10, 50), (90, 50)), 4)
    assert _area(shape) == pytest.approx(80 * 4 + np.pi * 4, rel=0.01)


def test_a_ribbon_grows_from_its_first_width_to_its_last():
    shape = ribbon(np.array([[0.0, 0.0], [50.0, 0.0], [100.0, 0.0]]), (2, 6))
    np.testing.assert_allclose(np.abs(shape[:3, 1]), [1, 2, 3])


def test_shapes_have_the_areas_of_textbooks():
    assert _area(ellipse(50, 50, 10, 5)) == pytest.approx(np.pi * 50, rel=0.01)
    assert _area(rounded(0, 0, 20, 10, 2)) == pytest.approx(200 - (4 - np.pi) * 4, rel=0.01)
    assert len(star(0, 0, 1, 5)) == 10
    assert heart(50, 50, 10)[:, 0].max() == pytest.approx(50 + 160 / 17, rel=0.01)
    np.testing.assert_allclose(arc(0, 0, 2, 2, 0, 90)[-1], [0, 2], atol=1e-12)


def test_a_symmetric_outline_is_its_own_mirror_image():
    shape = symmetric(curve((50, 10), (30, 40), (50, 80)))
    np.testing.assert_allclose(mirrored(shape), shape)


def test_points_along_a_line_are_evenly_spaced():
    line = outline(curve((0, 0), (10, 0)), curve((10, 0), (10, 30)))
    spaced = along(line, 5)
    np.testing.assert_allclose(spaced, [[0, 0], [10, 0], [10, 10], [10, 20], [10, 30]])
    np.testing.assert_allclose(moved(spaced, 1, 2, 2.0)[-1], [21, 62])
