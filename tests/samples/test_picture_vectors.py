"""Picture vectors: finite, of unit norm, blind to left and right, and made of pixels alone."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from relevanceai.samples.curves import ellipse, rounded
from relevanceai.samples.picture_vectors import N_DIMS, pixels_vector
from relevanceai.samples.sketch import Sketch, png


def _boot(colour=(120, 60, 40), flip=False) -> Image.Image:
    sketch = Sketch()
    with sketch.posed(flip=flip):
        sketch.fill(rounded(20, 20, 45, 80, 3), colour)
        sketch.fill(rounded(20, 55, 80, 80, 6), colour)
    return sketch.finished()


def _disc(colour=(120, 60, 40)) -> Image.Image:
    sketch = Sketch()
    sketch.fill(ellipse(50, 40, 25), colour)
    return sketch.finished()


def test_a_picture_vector_has_512_dimensions_and_unit_norm():
    vector = pixels_vector(_boot())
    assert vector.shape == (N_DIMS,) == (512,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_a_file_and_its_pixels_have_the_same_vector():
    picture = _boot()
    with Image.open(BytesIO(png(picture))) as opened:
        np.testing.assert_array_equal(pixels_vector(opened.convert("RGB")), pixels_vector(picture))


def test_facing_left_is_like_facing_right():
    right, left = pixels_vector(_boot()), pixels_vector(_boot(flip=True))
    assert right @ left > 0.97


def test_shape_tells_more_than_colour():
    boot, blue_boot, disc = (
        pixels_vector(_boot()),
        pixels_vector(_boot((40, 60, 160))),
        pixels_vector(_disc()),
    )
    assert boot @ blue_boot > boot @ disc
    assert boot @ blue_boot < 0.97


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (10, 200, 90)])
def test_a_picture_of_one_colour_is_finite(colour):
    vector = pixels_vector(Image.new("RGB", (160, 160), colour))
    assert np.isfinite(vector).all()


@pytest.mark.parametrize("size", [(1, 1), (33, 70), (640, 480), (80, 80)])
def test_pictures_of_any_size_can_be_described(size):
    vector = pixels_vector(_boot().resize(size))
    assert vector.shape == (512,)
    assert np.isfinite(vector).all()


def test_a_larger_copy_is_nearly_the_same():
    large = _boot().resize((480, 480), Image.Resampling.BICUBIC)
    assert pixels_vector(_boot()) @ pixels_vector(large) > 0.99
