"""A sketch: flat paint becomes a picture with edges, light and shadow on a near-white ground."""

from io import BytesIO

import numpy as np
from PIL import Image

from relevanceai.samples.colours import brightness, contrasting, darker, lighter
from relevanceai.samples.curves import curve, ellipse, rounded
from relevanceai.samples.sketch import GROUND, SIZE, Sketch, png

RED = (200, 40, 40)


def _pixels(sketch: Sketch) -> np.ndarray:
    return np.asarray(sketch.finished()).astype(int)


def test_an_empty_sketch_is_bare_ground():
    pixels = _pixels(Sketch())
    assert pixels.shape == (SIZE, SIZE, 3)
    assert (pixels == GROUND).all()


def test_paint_lands_where_it_was_put():
    sketch = Sketch()
    sketch.fill(rounded(25, 25, 75, 75, 1), RED)
    pixels = _pixels(sketch)
    assert np.abs(pixels[SIZE // 2, SIZE // 2] - RED).max() <= 5
    assert (pixels[5, 5] == GROUND).all()


def test_light_comes_from_the_upper_left():
    sketch = Sketch()
    sketch.fill(ellipse(50, 50, 30), RED)
    pixels = _pixels(sketch).sum(axis=2)
    near, far = round(0.32 * SIZE), round(0.68 * SIZE)
    assert pixels[near, near] > pixels[far, far] + 30


def test_edges_are_smooth():
    sketch = Sketch()
    sketch.fill(ellipse(50, 50, 30), RED)
    row = _pixels(sketch)[SIZE // 2, :, 1]
    between = row[(row > 90) & (row < 235)]
    assert len(between) >= 2


def test_a_flipped_pose_is_the_mirror_image():
    plain, flipped = Sketch(), Sketch()
    shape = rounded(20, 20, 40, 60, 0)
    plain.tint(shape, RED)
    with flipped.posed(flip=True):
        flipped.tint(shape, RED)
    np.testing.assert_allclose(_pixels(plain)[:, ::-1], _pixels(flipped), atol=90)
    assert np.abs(_pixels(plain)[:, ::-1] - _pixels(flipped)).mean() < 1


def test_poses_nest_and_end():
    sketch = Sketch()
    with sketch.posed(dx=10), sketch.posed(dx=10, scale=0.5):
        sketch.fill(rounded(40, 40, 60, 60, 0), RED)
    sketch.fill(rounded(0, 90, 4, 94, 0), RED)
    pixels = _pixels(sketch)
    assert np.abs(pixels[SIZE // 2, round(0.7 * SIZE)] - RED).max() < 40
    assert (pixels[SIZE // 2, round(0.5 * SIZE)] == GROUND).all()
    assert pixels[round(0.92 * SIZE), 3, 1] < 120


def test_paint_inside_an_outline_stays_inside():
    sketch = Sketch()
    shape = ellipse(50, 50, 20)
    with sketch.inside(shape):
        sketch.tint(rounded(0, 0, 100, 100, 0), RED)
    pixels = _pixels(sketch)
    assert np.abs(pixels[SIZE // 2, SIZE // 2] - RED).max() <= 5
    assert (pixels[round(0.5 * SIZE), round(0.25 * SIZE)] == GROUND).all()


def test_a_glow_brightens_and_a_shade_darkens_the_product_but_not_the_ground():
    def with_light(strength: float) -> np.ndarray:
        sketch = Sketch()
        sketch.fill(rounded(20, 20, 80, 80, 0), RED)
        sketch.glow(curve((0, 50), (100, 50)), 10, strength)
        return _pixels(sketch)

    middle = SIZE // 2
    dark, plain, bright = (with_light(s)[middle, middle].sum() for s in (-0.4, 0.0, 0.4))
    assert dark < plain < bright
    assert (with_light(0.4)[middle, 5] == GROUND).all()


def test_a_shadow_falls_on_the_ground_only():
    sketch = Sketch()
    sketch.shadow(50, 80, 30, 5, 0.5)
    pixels = _pixels(sketch)
    assert pixels[round(0.8 * SIZE), SIZE // 2].max() < 200
    assert (pixels[10, 10] == GROUND).all()


def test_what_recedes_is_darker_than_what_stands_before_it():
    sketch = Sketch()
    sketch.fill(rounded(10, 10, 45, 90, 0), RED)
    sketch.recede()
    sketch.fill(rounded(55, 10, 90, 90, 0), RED)
    pixels = _pixels(sketch).sum(axis=2)
    assert pixels[SIZE // 2, round(0.27 * SIZE)] < pixels[SIZE // 2, round(0.72 * SIZE)]


def test_a_png_gives_back_every_pixel():
    sketch = Sketch()
    sketch.fill(ellipse(50, 50, 30), RED)
    picture = sketch.finished()
    with Image.open(BytesIO(png(picture))) as read:
        assert read.format == "PNG"
        assert read.tobytes() == picture.tobytes()


def test_mixed_colours_are_lighter_darker_and_in_contrast():
    assert brightness(lighter(RED)) > brightness(RED) > brightness(darker(RED))
    assert brightness(contrasting((20, 20, 20))) > 0.3
    assert brightness(contrasting((230, 230, 230))) < 0.7
