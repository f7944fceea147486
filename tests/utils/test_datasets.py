"""Sample data as users ask for it: names, numbers, fields, progress and errors."""

import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest

from relevanceai.errors import InvalidInputError
from relevanceai.samples.catalogue import FIELDS
from relevanceai.utils.datasets import (
    build_ecommerce,
    get_ecommerce_1_dataset,
    get_ecommerce_dataset_encoded,
    mock_documents,
)


def test_a_document_has_the_fields_of_the_old_sample():
    (document,) = get_ecommerce_1_dataset(1)
    assert tuple(document) == FIELDS
    assert isinstance(document["_id"], str)
    assert document["product_image"].startswith(b"\x89PNG\r\n")
    assert isinstance(document["product_price"], float)
    assert document["product_image_clip_vector_"].shape == (512,)
    assert document["product_title_clip_vector_"].shape == (512,)
    assert document["insert_date_"].tzinfo is UTC
    assert all(isinstance(document[f], str) for f in ("product_title", "query", "source"))


def test_both_historic_names_give_the_same_catalogue():
    first, second = get_ecommerce_1_dataset(5), get_ecommerce_dataset_encoded(5)
    assert [d["product_image"] for d in first] == [d["product_image"] for d in second]


def test_selected_fields_come_with_the_id():
    (document,) = build_ecommerce(1, ["product_title", "query"])
    assert tuple(document) == ("_id", "product_title", "query")


def test_more_than_there_are_gives_all():
    assert len(build_ecommerce(5000, ["product_title"])) == 1000
    assert build_ecommerce(0) == []


def test_progress_is_told_once_a_document():
    steps: list[int] = []
    build_ecommerce(7, ["product_title"], on_document=steps.append)
    assert steps == [1] * 7


def test_an_unknown_field_is_refused_with_those_that_exist():
    with pytest.raises(InvalidInputError) as caught:
        build_ecommerce(1, ["product_titel"])
    assert str(caught.value) == (
        "No field 'product_titel' in the sample 'ecommerce'. It has: 'product_title', "
        "'product_image', 'product_price', 'product_link', 'product_title_clip_vector_', "
        "'product_image_clip_vector_', 'insert_date_', 'source', '_id', 'query'."
    )


def test_one_field_as_text_is_refused():
    with pytest.raises(InvalidInputError) as caught:
        build_ecommerce(1, "query")
    assert str(caught.value) == (
        "select_fields is the text 'query'. Pass a list of field names: select_fields=['query']."
    )


@pytest.mark.parametrize("number", [-1, 2.5, "3", True])
def test_a_number_that_is_none_is_refused(number):
    for make, name in ((build_ecommerce, "number_of_documents"), (mock_documents, None)):
        with pytest.raises(InvalidInputError) as caught:
            make(number)
        assert str(caught.value) == (
            f"{name or 'number_of_documents'} is {number!r}. Pass a whole number, 0 or more."
        )


def test_mock_documents_have_labels_numbers_texts_dates_and_vectors():
    documents = mock_documents(50, n_dims=7)
    assert len(documents) == len({d["_id"] for d in documents}) == 50
    first = documents[0]
    assert sorted(first) == [
        "_id",
        "insert_date_",
        "sample_1_description",
        "sample_1_label",
        "sample_1_value",
        "sample_1_vector_",
        "sample_2_description",
        "sample_2_label",
        "sample_2_value",
        "sample_2_vector_",
    ]
    assert isinstance(first["insert_date_"], datetime)
    assert isinstance(first["sample_1_value"], float)
    assert first["sample_1_vector_"].shape == (7,)
    assert first["sample_1_vector_"].dtype == np.float32


def test_a_seed_decides_the_mock_documents():
    one, same, other = mock_documents(3), mock_documents(3), mock_documents(3, seed=1)
    for field in one[0]:
        assert np.array_equal(one[0][field], same[0][field])
    assert not np.array_equal(one[0]["sample_1_vector_"], other[0]["sample_1_vector_"])
    assert mock_documents(0) == []


def test_vectors_without_dimensions_are_refused():
    with pytest.raises(InvalidInputError) as caught:
        mock_documents(3, n_dims=0)
    assert str(caught.value) == "n_dims is 0. Pass at least 1."


@pytest.mark.slow
def test_asking_for_sample_data_brings_in_no_drawing_before_it_is_needed():
    code = (
        "import sys, relevanceai.utils.datasets as d; d.mock_documents(2); "
        "assert not {'PIL', 'sklearn', 'matplotlib', 'lance'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
