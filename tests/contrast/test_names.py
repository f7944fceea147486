"""Names chosen for clusters of texts: what they must say, and what they must not."""

import numpy as np
import pytest

from relevanceai.contrast.concepts import folded
from relevanceai.contrast.names import Contains, choices, held_out, weights
from relevanceai.contrast.terms import term_table


def named(
    groups: list[list[str]], siblings: list[list[int]] | None = None
) -> tuple[list[list[str]], list[list[str]]]:
    """The names and keywords chosen for some lists of texts."""
    texts = [text for group in groups for text in group]
    clusters = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    table, _ = folded(term_table(texts))
    every = [[j for j in range(len(groups)) if j != i] for i in range(len(groups))]
    found, _ = choices(table, clusters, siblings or every)
    words = table.vocabulary
    return (
        [[words[term] for term in one.name] for one in found],
        [[words[term] for term in one.keywords] for one in found],
    )


def test_a_name_is_the_word_that_tells_its_cluster() -> None:
    names, _ = named([["a boot", "the boots", "boot of mine"] * 4, ["a hat", "the hats"] * 6])
    assert names == [["boot"], ["hat"]]


def test_what_two_siblings_share_is_told_apart_by_a_second_word() -> None:
    rng = np.random.default_rng(0)
    fill = [f"w{i}" for i in range(50)]

    def texts(*words: str) -> list[str]:
        return [f"{' '.join(words)} {rng.choice(fill)} {rng.choice(fill)}" for _ in range(30)]

    names, _ = named(
        [texts("jest", "preset"), texts("jest", "mock"), texts("hat"), texts("sock")],
        [[1, 2, 3], [0, 2, 3], [3, 0, 1], [2, 0, 1]],
    )
    assert set(names[0]) <= {"jest preset", "preset", "jest"}
    assert any("preset" in term for term in names[0])
    assert any("mock" in term for term in names[1])
    assert names[2:] == [["hat"], ["sock"]]


def test_words_of_every_text_name_nothing() -> None:
    groups = [[f"the {word} of a"] * 10 for word in ("boot", "hat", "sock", "bag", "belt", "ring")]
    names, keywords = named(groups)
    assert names == [["boot"], ["hat"], ["sock"], ["bag"], ["belt"], ["ring"]]
    assert not {"the", "of", "a"} & {word for words in keywords for word in words}


def test_a_pair_that_all_have_is_the_name_and_not_its_words() -> None:
    names, _ = named([["icon set one", "icon set two"] * 5, ["a font", "two fonts"] * 5])
    assert names[0] == ["icon set"]


def test_names_in_scripts_without_spaces_are_the_longest_common_piece() -> None:
    names, _ = named([["红连衣裙", "蓝连衣裙"] * 5, ["红靴子", "蓝靴子"] * 5])
    assert names[0] == ["连衣裙"]
    assert "靴子" in names[1][0]


def test_equal_clusters_get_different_names_while_there_are_words() -> None:
    names, _ = named([["boot red big"] * 9, ["boot red big"] * 9, ["hat"] * 9])
    assert frozenset(names[2]) == {"hat"}


def test_a_single_cluster_is_named_by_its_commonest_word() -> None:
    names, _ = named([["boot red", "boot blue"]])
    assert names == [["boot"]]


@pytest.mark.parametrize("groups", [[["", ""], ["hat", "hat"]], [[], ["hat"]], [[], []]])
def test_clusters_without_words_have_no_name(groups: list[list[str]]) -> None:
    names, _ = named(groups)
    assert names[0] == []


def test_a_third_of_each_cluster_is_held_out_alike_each_time() -> None:
    clusters = np.array([0] * 30 + [1] * 10 + [2] * 2 + [3])
    mask = held_out(clusters, np.random.default_rng(1))
    assert np.bincount(clusters[mask], minlength=4).tolist() == [10, 3, 0, 0]
    assert (mask == held_out(clusters, np.random.default_rng(1))).all()


def test_contains_says_which_document_has_which_term() -> None:
    table = term_table(["a b", "", "b c"], longest=1)
    found = Contains(table).matrix(np.array([2, 0, 1]), [1, 2])
    assert found.tolist() == [[1, 1], [1, 0], [0, 0]]
    assert Contains(table).matrix(np.array([0]), []).shape == (1, 0)


def test_a_term_weighs_what_it_is_more_usual() -> None:
    table = term_table(["x", "x", "x", "y"], longest=1)
    _, held = choices(table, np.array([0, 0, 1, 1]), [[1], [0]])
    assert weights(held, 0, 1, [0, 1]) == pytest.approx(np.log([2.5 / 1.5, 0.5 / 1.5]))
