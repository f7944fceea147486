import pytest
@pytest.mark.browser
def test_a():
    pytest.skip("no chromium here")
@pytest.fixture
def br(): pytest.skip("none")
@pytest.mark.browser
def test_b(br): pass
