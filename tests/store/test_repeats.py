"""Ids that stand more than once, found in shares."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relevanceai.store import repeats
from relevanceai.store.repeats import repeated

IDS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6), max_size=40
)


@given(ids=IDS, cut=st.integers(0, 40), start=st.integers(0, 5), share=st.integers(1, 50))
def test_repeats_are_found_however_they_are_shared(
    ids: list[str], cut: int, start: int, share: int
) -> None:
    held = pa.chunked_array([pa.array(ids[:cut], pa.string()), pa.array(ids[cut:], pa.string())])
    held = held.slice(start)
    there = ids[start:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repeats, "_SHARE_ROWS", share)
        assert sorted(repeated(held)) == sorted({one for one in there if there.count(one) > 1})
