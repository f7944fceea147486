"""The colours of heat maps are seaborn's, although seaborn is not needed to draw."""

import numpy as np
import seaborn

from relevanceai.operations.viz.colours import rocket


def test_each_colour_is_seaborns_rounded_to_bytes() -> None:
    places = np.linspace(0.0, 1.0, 256)
    theirs = seaborn.color_palette("rocket", as_cmap=True)(places)
    np.testing.assert_allclose(rocket()(places), theirs, rtol=0, atol=0.5 / 255 + 1e-12)
    assert rocket().name == "rocket"
