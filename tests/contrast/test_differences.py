"""What differs between two groups: what is found, what is not, and how it is said."""

import datetime as dt
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relevanceai.contrast.differences import differences
from relevanceai.errors import InvalidInputError


def two(n: int, m: int) -> np.ndarray:
    return np.arange(n + m) < n


def test_each_kind_of_field_is_told_in_a_sentence_of_its_own() -> None:
    rng = np.random.default_rng(0)
    n = 40
    start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    fields = {
        "_id": [f"d{i}" for i in range(2 * n)],
        "title": [f"Ankle Boot, number {i}" for i in range(n)]
        + [f"hat, quite a long title with number {i}" for i in range(n)],
        "colour": ["red"] * 35 + ["blue"] * 5 + ["red"] * 4 + ["blue"] * 36,
        "tags": [["leather"]] * n + [[]] * n,
        "on_sale": [True] * 30 + [False] * 10 + [False] * 40,
        "price": [*(80 + rng.normal(size=n)), *(50 + rng.normal(size=n))],
        "added": [start + dt.timedelta(days=int(i)) for i in range(n)]
        + [start + dt.timedelta(days=100 + int(i)) for i in range(n)],
        "note": [None] * n + [f"some words {i}" for i in range(n)],
        "picture": [b"png"] * 2 * n,
    }
    found = differences(fields, two(n, n), names=("left", "right"))
    said = found.sentences(None)
    assert "title has 'Ankle Boot' in 40 of 40 documents of left and 0 of 40 of right." in said
    assert "colour is 'red' in 35 of 40 documents of left and 4 of 40 of right." in said
    assert "tags has 'leather' in 40 of 40 documents of left and 0 of 40 of right." in said
    assert "on_sale is true in 30 of 40 documents of left and 0 of 40 of right." in said
    assert "note is missing in 40 of 40 documents of left and 0 of 40 of right." in said
    assert "added is later in right, typically by 100 days (94 to 106): " in "\n".join(said)
    assert any(one.startswith("price is higher in left, typically by ") for one in said)
    assert any(one.startswith("title is longer in right, typically by 17 char") for one in said)
    assert {(one.field, one.reason) for one in found.left_out} == {
        ("_id", "is the id of the document"),
        ("picture", "holds bytes, such as pictures"),
        ("note", "has values in one of the two groups only"),
    }
    assert found.missing["note"] == (40, 0)
    assert [fact.evidence for fact in found.facts] == sorted(
        (fact.evidence for fact in found.facts), reverse=True
    )


def test_ninety_of_a_hundred_comes_before_two_of_two() -> None:
    colour = ["red"] * 90 + ["blue"] * 10 + ["red"] * 10 + ["blue"] * 90
    rare: list[object] = [None] * 98 + ["x", "x"] + [None] * 90 + ["y"] * 10
    found = differences({"rare": rare, "colour": colour}, two(100, 100))
    assert found.facts[0].field == "colour"


def test_groups_drawn_from_one_population_differ_in_nothing_mostly() -> None:
    rng = np.random.default_rng(4)
    words = np.array([f"w{i}" for i in range(200)])
    n_false = 0
    for _ in range(40):
        texts = [" ".join(rng.choice(words, 6)) for _ in range(120)]
        fields = {"text": texts, "price": rng.normal(size=120).tolist()}
        n_false += bool(differences(fields, rng.permutation(two(60, 60))).facts)
    assert n_false <= 6


def test_words_that_are_common_everywhere_fall_out_though_texts_are_longer() -> None:
    rng = np.random.default_rng(5)
    common = np.array(["the", "of", "and", "a", "in", "to", "is", "it"])
    rare = np.array([f"w{i}" for i in range(500)])

    def text(n: int) -> str:
        return " ".join(rng.permutation([*rng.choice(common, n), *rng.choice(rare, n)]))

    texts = [text(2) for _ in range(300)] + [text(5) for _ in range(300)]
    found = differences({"text": texts}, two(300, 300))
    assert [(one.kind, one.value) for one in found.facts if one.value in common] == []
    assert found.facts[0].kind == "length"
    assert len(found.facts) <= 4


def test_a_pair_of_words_is_not_said_again_word_by_word() -> None:
    texts = ["big t-shirt", "blue t-shirt", "old t-shirt", "t-shirt"] * 10 + ["hat", "red hat"] * 20
    found = differences({"text": texts}, two(40, 40), kinds={"text": "text"})
    assert [one.value for one in found.facts if one.kind == "word"] == [
        "t shirt",
        "hat",
        "red",
        "blue",
        "big",
        "old",
    ]


def test_swapping_the_groups_turns_the_effects_round() -> None:
    rng = np.random.default_rng(6)
    fields = {"x": rng.normal(size=60).tolist(), "c": (["a"] * 20 + ["b"] * 40)}
    one = differences(fields, two(20, 40))
    other = differences(fields, ~two(20, 40))
    effects = {(fact.field, fact.value): fact.effect for fact in one.facts}
    assert effects
    for fact in other.facts:
        assert fact.effect == pytest.approx(-effects[fact.field, fact.value])


def test_an_empty_group_is_said_and_nothing_is_tested() -> None:
    found = differences({"c": ["a", "b"]}, np.array([True, True]), names=("all", "none"))
    assert (found.facts, found.n, found.tested) == ([], (2, 0), 0)
    assert found.left_out[-1].reason == "cannot be compared: none has no documents"


def test_one_document_each_differs_in_nothing_that_could_be_told_from_chance() -> None:
    fields = {"title": ["red boot", "blue hat"], "price": [1.0, 2.0], "colour": ["a", "b"]}
    assert differences(fields, two(1, 1)).facts == []


def test_without_fields_there_are_no_facts() -> None:
    assert differences({}, two(2, 2)).facts == []


def test_the_printed_form_says_what_was_found_and_what_was_not() -> None:
    colour = ["red"] * 90 + ["blue"] * 10 + ["red"] * 10 + ["blue"] * 90
    fields = {"colour": colour, "same": ["s"] * 200}
    text = str(differences(fields, two(100, 100), names=("cluster-1", "cluster-5")))
    assert text.splitlines() == [
        "What differs between cluster-1 (100 documents) and cluster-5 (100):",
        "  colour is 'blue' in 90 of 100 documents of cluster-5 and 10 of 100 of cluster-1.",
        "  colour is 'red' in 90 of 100 documents of cluster-1 and 10 of 100 of cluster-5.",
        "  Left out: same has the same value everywhere.",
    ]
    assert repr(differences(fields, two(100, 100))).startswith("What differs between the first")
    nothing = str(differences({"colour": ["red", "blue"] * 4}, two(4, 4)))
    assert "Nothing that 2 tests could tell from chance." in nothing


def test_a_hostile_value_stands_harmless_in_a_sentence() -> None:
    value = "evil\u202e\x00\n" + "x" * 300
    fields = {"c": [value] * 50 + ["good"] * 50}
    found = differences(fields, two(50, 50), kinds={"c": "category"})
    (sentence,) = [one.sentence for one in found.facts if one.value == value]
    assert "\u202e" not in sentence
    assert "\n" not in sentence
    assert len(sentence) < 160


def test_words_of_endless_texts_are_read_up_to_a_length_that_is_said() -> None:
    texts = ["boot " * 20_000, "boot and more", *["boot is here"] * 28, *["some hat there"] * 30]
    found = differences({"t": texts}, two(30, 30), kinds={"t": "text"})
    assert [(one.field, one.reason) for one in found.left_out] == [
        (
            "t",
            "has 1 text of more than 20,000 characters, whose words were read up to there",
        )
    ]
    assert found.facts[0].higher_in == "the second"


VALUES = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.binary(max_size=3),
    st.lists(st.text(max_size=3), max_size=3),
    st.lists(st.floats(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.decimals(),
    st.complex_numbers(),
    st.timedeltas(),
)
SAME = st.sampled_from(
    [st.text(max_size=12), st.floats(), st.integers(), st.booleans(), st.datetimes()]
)


@settings(max_examples=30)
@given(st.data())
def test_whatever_comes_in_what_comes_out_is_finite(data: st.DataObject) -> None:
    n = data.draw(st.integers(0, 25))
    one = data.draw(SAME)
    fields = {
        "any": data.draw(st.lists(VALUES, min_size=n, max_size=n)),
        "same": data.draw(st.lists(st.none() | one, min_size=n, max_size=n)),
    }
    groups = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=bool)
    found = differences(fields, groups, level=0.9)
    json.dumps(found.to_dict(), allow_nan=False)
    str(found)
    for fact in found.facts:
        assert fact.sentence
        assert math.isfinite(fact.evidence)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"fields": {"c": ["a"]}},
            "Field 'c' has 1 values for 2 documents. Pass one a document.",
        ),
        (
            {"kinds": {"c": "words"}},
            "Field 'c' cannot be compared as 'words'. Use one of 'text', 'category', 'tags', "
            "'boolean', 'number', 'date', 'skip'.",
        ),
        (
            {"kinds": {"d": "text"}},
            "kinds has a field 'd' that is not compared. There are: 'c'.",
        ),
        (
            {"level": 5},
            "level lies between 0 and 1, such as 0.05, but got 5.",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(options: dict[str, object], message: str) -> None:
    arguments = {"fields": {"c": ["a", "b"]}, **options}
    with pytest.raises(InvalidInputError) as caught:
        differences(is_first=two(1, 1), **arguments)
    assert str(caught.value) == message
