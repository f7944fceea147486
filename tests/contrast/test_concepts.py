"""Terms counted by cluster: against plain counting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.contrast.concepts import concepts, folded
from relevanceai.contrast.terms import term_table

TEXTS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["boot", "boots", "hat", "dress", "dresses", "s"]), max_size=5),
        st.integers(-1, 3),
    ),
    max_size=20,
)


@given(TEXTS)
def test_counts_and_spread_are_those_of_plain_counting(rows: list[tuple[list[str], int]]) -> None:
    texts = [" ".join(words) for words, _ in rows]
    clusters = np.array([cluster for _, cluster in rows], dtype=np.int64)
    table = term_table(texts, longest=1)
    held = concepts(table, clusters, 4)
    plain = [
        [
            sum(term in words for words, cluster in rows if cluster == wanted)
            for term in table.vocabulary
        ]
        for wanted in range(4)
    ]
    every = np.arange(len(table.vocabulary))
    sizes = [sum(cluster == wanted for _, cluster in rows) for wanted in range(4)]
    assert held.of.tolist() == sizes
    for cluster in range(4):
        assert held.counts([cluster], every).tolist() == plain[cluster]
        terms, counts = held.terms_of(cluster)
        assert dict(zip(terms.tolist(), counts.tolist(), strict=True)) == {
            place: n for place, n in enumerate(plain[cluster]) if n
        }
    assert held.total.tolist() == [sum(column) for column in zip(*plain, strict=True)]
    half = np.full(len(every), 0.5)
    assert held.spread(every, half).tolist() == [
        sum(n / max(size, 1) >= 0.5 for n, size in zip(column, sizes, strict=True)) / 4
        for column in zip(*plain, strict=True)
    ]


def test_a_plural_counts_as_its_singular_where_both_are_there() -> None:
    texts = ["red boots", "a boot", "dress", "dresses", "glasses", "Boots boot", "red boots"]
    table, number = folded(raw := term_table(texts))
    assert "boots" not in table.vocabulary
    assert "glasses" in table.vocabulary
    assert "dresses" not in table.vocabulary
    assert "red boot" in table.vocabulary
    assert "a boot" not in table.vocabulary
    assert number[raw.vocabulary.index("a boot")] == -1
    assert len(number) == len(raw.vocabulary)
    counts = table.counts(np.zeros(7, np.int64), 1)[0]
    assert counts[table.vocabulary.index("boot")] == 4
