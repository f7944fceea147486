"""Names in any script: drawn without a warning, by fonts that help out, or as boxes."""

from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import pytest

from relevanceai.client import Client
from relevanceai.operations.viz import fonts
from relevanceai.operations.viz.fonts import drawable

NOWHERE = "\U0010fff0\U0010fff1"  # no font has letters in the private planes


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    fonts._say_once.cache_clear()
    yield
    plt.close("all")


def test_what_the_users_font_has_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    texts = ["boots", "naïve Ω ж", "$5"]
    assert drawable(texts) == (texts, matplotlib.rcParams["font.family"])
    assert capsys.readouterr().err == ""


def test_a_letter_that_no_font_has_is_a_box_and_one_line_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert drawable([f"a{NOWHERE}", NOWHERE[0]])[0] == ["a□□", "□"]
    drawable([NOWHERE])
    assert capsys.readouterr().err == (
        f"relevanceai: no installed font has {NOWHERE!r}: the heat map shows boxes in their place. "
        "Install a font that has them, such as Noto Sans CJK for Chinese, Japanese and Korean.\n"
    )


def test_joiners_and_marks_without_a_form_are_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fonts, "FALLBACKS", ("DejaVu Sans",))
    assert drawable(["a\U000e0100b"])[0] == ["ab"]
    assert capsys.readouterr().err == ""


def test_an_installed_font_that_has_the_letters_helps_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fonts, "FALLBACKS", ("Not Installed", "cmr10", "DejaVu Sans"))
    with matplotlib.rc_context({"font.family": ["STIXSizeOneSym"]}):
        assert drawable(["жx"]) == (["жx"], ["STIXSizeOneSym", "cmr10", "DejaVu Sans"])
    assert capsys.readouterr().err == ""


def test_a_family_that_is_not_there_is_as_matplotlib_takes_it() -> None:
    with matplotlib.rc_context({"font.family": ["Not Installed"]}):
        assert drawable(["boots"]) == (["boots"], ["Not Installed"])


def test_a_heat_map_of_names_in_any_script_draws_without_a_warning(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = client.Dataset("scripts")
    names = ["靴", "長靴と靴下", "क्षि", f"bag {NOWHERE}"]
    dataset.insert_documents(
        [{"_id": str(i), "v_vector_": [1.0, float(i)]} for i in range(len(names))]
    )
    ops = dataset.set_cluster_labels("v_vector_", "x", names)
    for _ in range(2):
        ops.centroid_heatmap()[0].figure.canvas.draw()  # a warning would be an error
    said = capsys.readouterr()
    assert "靴" in said.out
    assert len(said.err.splitlines()) == 1
