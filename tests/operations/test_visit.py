"""The printed link: after the result, only when asked, and never at the price of the result."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from relevanceai import launch
from relevanceai.dataset import Dataset
from relevanceai.errors import DashboardError, NotFoundError
from relevanceai.operations.visit import Visit


class Dashboard:
    """Stands in for the dashboard's process, and keeps what was asked of it."""

    def __init__(self, *, start: str = "", wait: str = "", link: str = "") -> None:
        self.problems = {"start": start, "wait": wait, "link": link}
        self.asked: list[object] = []

    def _said(self, step: str, *more: object) -> None:
        self.asked.append((step, *more))
        if self.problems[step]:
            raise DashboardError(self.problems[step])

    def start(self, workspace: Path) -> "Dashboard":
        self._said("start", workspace)
        return self

    def wait(self) -> str:
        self._said("wait")
        return "record"

    def link(self, record: object, path: str, query: Mapping[str, str]) -> str:
        self._said("link", record, path, dict(query))
        return f"http://127.0.0.1:1{path}?code=abc"


def installed(monkeypatch: pytest.MonkeyPatch, dashboard: Dashboard) -> Dashboard:
    monkeypatch.setattr(launch, "is_off", lambda: False)
    monkeypatch.setattr(launch, "start", dashboard.start)
    monkeypatch.setattr(launch, "link", dashboard.link)
    return dashboard


@pytest.mark.parametrize("name", ["closest", "furthest"])
def test_the_link_names_what_was_asked(
    small: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    dashboard = installed(monkeypatch, Dashboard())
    found = getattr(small.ClusterOps(), name)()
    path = f"/sdk/cluster/centroids/{name}"
    query = {"dataset": "small", "field": "look_vector_", "alias": "by-hand"}
    assert len(found["results"]) == 3
    assert dashboard.asked == [
        ("start", small.workspace),
        ("wait",),
        ("link", "record", path, query),
    ]
    assert capsys.readouterr().out == (
        f"You can now visit the dashboard at http://127.0.0.1:1{path}?code=abc\n"
    )


def test_quiet_means_no_dashboard_and_no_line(
    small: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dashboard = installed(monkeypatch, Dashboard())
    small.ClusterOps().closest(verbose=False)
    small.ClusterOps().show_closest()
    assert dashboard.asked == []
    assert capsys.readouterr() == ("", "")


def test_a_question_that_is_wrong_starts_nothing(
    small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    dashboard = installed(monkeypatch, Dashboard())
    ops = small.ClusterOps()
    for arguments in (
        {"cluster_ids": ["nobody"]},
        {"select_fields": ["nothing"]},
        {"filters": [{"field": "nothing", "filter_type": "exists"}]},
    ):
        with pytest.raises(NotFoundError):
            ops.closest(**arguments)  # type: ignore[arg-type]
    assert dashboard.asked == []


@pytest.mark.parametrize("step", ["start", "wait", "link"])
def test_a_dashboard_that_fails_costs_a_notice_not_the_result(
    small: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], step: str
) -> None:
    installed(monkeypatch, Dashboard(**{step: "It did not start. Look at its log."}))
    found = small.ClusterOps().closest()
    assert [len(one["results"]) for one in found["results"].values()] == [3, 3, 3]
    assert capsys.readouterr() == ("", "relevanceai: It did not start. Look at its log.\n")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "RELEVANCEAI_BASE_URL",
            "foo",
            "RELEVANCEAI_BASE_URL 'foo' is not an address that links can start with. Set it to "
            "scheme, host and, if need be, a path: 'https://hub.example.org/proxy/7431'.",
        ),
        (
            "RELEVANCEAI_DASHBOARD",
            "nonsense",
            "RELEVANCEAI_DASHBOARD is 'nonsense', so no dashboard is started. "
            "Set it to 'on' or 'off', or unset it, which is 'on'.",
        ),
    ],
)
def test_a_setting_that_is_wrong_costs_a_notice_not_the_result(
    small: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    message: str,
) -> None:
    monkeypatch.delenv("RELEVANCEAI_DASHBOARD")
    monkeypatch.setenv(name, value)
    found = small.ClusterOps().closest()
    assert [len(one["results"]) for one in found["results"].values()] == [3, 3, 3]
    assert capsys.readouterr() == ("", f"relevanceai: {message}\n")


@pytest.mark.parametrize("value", ["off", "0", "false", "NO"])
def test_switched_off_the_command_is_printed_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    monkeypatch.setenv("RELEVANCEAI_DASHBOARD", value)
    monkeypatch.setattr(launch, "start", lambda _: pytest.fail("it was started"))
    Visit(tmp_path).print_link("/sdk/cluster/centroids/closest", dataset="x")
    assert capsys.readouterr().out == (
        "The dashboard is switched off by RELEVANCEAI_DASHBOARD. To visit it, run: "
        f"{launch.command(tmp_path)}\n"
    )
