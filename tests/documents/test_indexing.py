"""Vector indexes: used only when asked for, right after every kind of write, close to exact."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relevanceai import Client, Dataset
from relevanceai.errors import InvalidInputError, NotFoundError
from relevanceai.store.vector_index import VectorIndex

FIELD = "look_vector_"


def documents(n: int, seed: int, start: int = 0) -> list[dict[str, object]]:
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(1).standard_normal((8, 6)) * 3
    rows = middles[rng.integers(0, 8, n)] + rng.standard_normal((n, 6))
    return [{"_id": f"{start + i}", FIELD: row.tolist()} for i, row in enumerate(rows)]


@pytest.fixture
def things(client: Client) -> Dataset:
    made = client.Dataset("things")
    made.insert_documents([*documents(400, 0), {"_id": "bare"}])
    return made


def both(
    things: Dataset, query: list[float], metric: str = "cosine", n_probes: int = 20
) -> list[list[tuple[str, float]]]:
    """What the exact and the approximate search find."""
    return [
        [
            (one["_id"], one["_search_score"])
            for one in things.vector_search(
                query,
                page_size=15,
                metric=metric,  # type: ignore[arg-type]
                approximate=approximate,
                n_probes=n_probes,
            )
        ]
        for approximate in (False, True)
    ]


def test_nothing_is_approximate_unless_asked(things: Dataset) -> None:
    query = documents(1, 9)[0][FIELD]
    before = things.vector_search(query)  # type: ignore[arg-type]
    made = things.create_vector_index(n_partitions=50)
    assert made == VectorIndex(FIELD, "cosine", 50, indexed=401, outside=0)
    assert things.vector_search(query) == before  # type: ignore[arg-type]
    differ = 0  # Lance places the partitions by chance: now and then the one looked at has them all
    for one in documents(20, 9):
        exact, few = both(things, one[FIELD], n_probes=1)
        differ += few != exact
        values = dict(exact)
        assert all(values.get(name, value) == value for name, value in few)
    assert differ


@pytest.mark.parametrize("metric", ["cosine", "l2", "dp"])
def test_every_partition_is_exact_and_some_are_close(things: Dataset, metric: str) -> None:
    made = things.create_vector_index(FIELD, metric=metric)  # type: ignore[arg-type]
    assert made.n_partitions == 20
    found = 0
    for query in documents(20, 5):
        exact, all_of_it = both(things, query[FIELD], metric)  # type: ignore[arg-type]
        assert all_of_it == exact
        _, some = both(things, query[FIELD], metric, n_probes=8)  # type: ignore[arg-type]
        found += len({name for name, _ in some} & {name for name, _ in exact})
    assert found / (20 * 15) > 0.9


def test_what_comes_changes_and_goes_is_searched_as_it_is(things: Dataset) -> None:
    things.create_vector_index()
    query = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    things.upsert_documents([{"_id": "7", FIELD: query}, {"_id": "new", FIELD: query}])
    things.delete_documents(["8"])
    things.bulk_apply(lambda some: [{"_id": one["_id"], "n": 1} for one in some])
    assert things.vector_indexes() == [VectorIndex(FIELD, "cosine", 20, indexed=399, outside=2)]
    exact, found = both(things, query)
    assert found == exact
    assert {name for name, _ in found[:2]} == {"7", "new"}
    things.compact()
    assert things.vector_indexes()[0].outside == 0
    assert both(things, query)[1] == exact
    things.rename_field(FIELD, "seen_vector_")
    assert things.vector_indexes()[0].field == "seen_vector_"
    assert both(things, query)[1] == exact
    things.drop_field("seen_vector_")
    assert things.vector_indexes() == []


def test_a_rewritten_vector_field_loses_its_index(things: Dataset) -> None:
    things.create_vector_index()
    things.bulk_apply(
        lambda some: [{"_id": one["_id"], FIELD: [float(len(one))] * 6} for one in some]
    )
    with pytest.raises(NotFoundError) as caught:
        things.vector_search([1.0] * 6, approximate=True)
    assert str(caught.value) == (
        "No vector index on 'look_vector_' of dataset 'things'. Indexed fields: nothing yet. Make one: "
        "create_vector_index('look_vector_'); or search exactly, without approximate=True."
    )


def test_filters_and_the_id_of_a_document_go_with_it(things: Dataset) -> None:
    things.create_vector_index(n_partitions=50)
    chosen = things["_id"] != "3"
    exact = things.vector_search(id="4", filters=chosen)
    assert things.vector_search(id="4", filters=chosen, approximate=True, n_probes=1) == exact
    found = things.vector_search(id="4", approximate=True, n_probes=50, page=2)
    assert found == things.vector_search(id="4", page=2)


def test_a_new_index_takes_the_place_of_the_old_and_goes_back_with_a_restore(
    things: Dataset,
) -> None:
    things.create_vector_index()
    before = things.version
    things.create_vector_index(metric="l2", n_partitions=4)
    assert things.vector_indexes() == [VectorIndex(FIELD, "l2", 4, indexed=401, outside=0)]
    with pytest.raises(InvalidInputError) as caught:
        things.vector_search([1.0] * 6, approximate=True)
    assert str(caught.value) == (
        "The index of 'look_vector_' is of metric 'l2', and the search of 'cosine'. Pass "
        "metric='l2', or make another index: create_vector_index('look_vector_', metric='cosine')."
    )
    things.restore(before)
    assert things.vector_indexes()[0].metric == "cosine"
    assert things.drop_vector_index().metric == "cosine"
    with pytest.raises(NotFoundError):
        things.drop_vector_index()
    assert things.verify().problems == ()


def test_what_cannot_be_indexed_is_said(things: Dataset) -> None:
    with pytest.raises(InvalidInputError) as caught:
        things.create_vector_index(metric="l1")  # type: ignore[arg-type]
    assert str(caught.value) == (
        "A vector index takes metric 'cosine', 'l2', 'dp', but got 'l1'. Other metrics are "
        "searched exactly, without one."
    )
    for wrong in (0, 401, True, 2.5):
        with pytest.raises(InvalidInputError, match="from 1 to the 400 vectors there are"):
            things.create_vector_index(n_partitions=wrong)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        things.create_vector_index("_id")
    assert things.vector_indexes() == []


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["upsert", "delete", "compact"]), st.integers(0, 99)),
        max_size=4,
    )
)
def test_with_every_partition_it_is_exact_after_any_writes(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    things = Client(tmp_path_factory.mktemp("home")).Dataset("things")
    things.insert_documents(documents(100, 0))
    things.create_vector_index(n_partitions=5)
    for what, n in steps:
        match what:
            case "upsert":
                things.upsert_documents(documents(10, n, start=n))
            case "delete":
                things.delete_documents([str(n), str(n + 1)])
            case "compact":
                things.compact()
    for query in documents(3, 77):
        exact, found = both(things, query[FIELD])  # type: ignore[arg-type]
        assert found == exact


def test_a_query_of_zeros_finds_as_many_with_an_index(things: Dataset) -> None:
    # The index named no candidate for it, so that nothing was found.
    things.create_vector_index()
    exact, found = both(things, [0.0] * 6)
    assert len(found) == 15
    assert found == exact


def test_zero_vectors_alone_have_no_direction_to_be_indexed_by(client: Client) -> None:
    # Lance's own error came out.
    zeros = client.Dataset("zeros")
    zeros.insert_documents([{"_id": f"{i}", FIELD: [0.0, 0.0]} for i in range(9)])
    with pytest.raises(InvalidInputError, match="All 9 vectors of 'look_vector_' are zero"):
        zeros.create_vector_index()
    zeros.upsert_documents([{"_id": "8", FIELD: [1.0, 0.0]}])
    assert zeros.create_vector_index().n_partitions == 1
