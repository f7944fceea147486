"""Title vectors: hashed words, the same in every session, near for titles that share words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.samples.title_vectors import N_DIMS, rarity, title_vectors, words

BOOTS_PLACE, BOOTS_SIGN = 193, -1
TITLES = ["Red Leather Boots", "Blue Leather Boots", "Gold Watch", "Red T-Shirt"]


def _vectors(*titles: str) -> np.ndarray:
    return title_vectors(titles, rarity(TITLES))


@given(st.text(max_size=60))
def test_any_title_gives_unit_norm_or_zero(title):
    norm = float(np.linalg.norm(_vectors(title)))
    assert norm == pytest.approx(1, abs=1e-5) if words(title) else norm == 0


def test_shared_words_bring_titles_together():
    red, blue, watch, _ = _vectors(*TITLES)
    assert red @ blue > 0.4 > red @ watch


def test_pieces_of_words_bring_kin_together():
    boot, boots, watch = _vectors("boot", "boots", "watch")
    assert boot @ boots > boot @ watch + 0.1


def test_case_and_punctuation_do_not_count():
    first, second = _vectors("Red, leather BOOTS", "red Leather boots")
    np.testing.assert_array_equal(first, second)


def test_rare_words_weigh_more():
    rarities = rarity(["a b", "a c", "a d"])
    assert rarities["a"] == 1.0
    assert rarities["b"] == pytest.approx(np.log(2) + 1)


def test_the_hash_is_the_same_in_every_session():
    vector = _vectors("boots")[0]
    assert vector.shape == (N_DIMS,)
    # Worked out once: where the word "=boots" itself falls, and its sign.
    assert int(np.abs(vector).argmax()) == BOOTS_PLACE
    assert np.sign(vector[BOOTS_PLACE]) == BOOTS_SIGN
