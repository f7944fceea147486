"""Visit: the printed line that leads from a result to the page that shows it."""

from pathlib import Path

from relevanceai import launch
from relevanceai.errors import DashboardError, InvalidInputError
from relevanceai.progress import notice


class Visit:
    """Start the dashboard at once, print the link when the result is there.

    Between the two the dashboard's process comes up while the caller computes. Settings in the
    environment that cannot be used cost a notice, too, not the result.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._pending: launch.Pending | None = None
        self._problem: DashboardError | InvalidInputError | None = None
        try:
            if not launch.is_off():
                self._pending = launch.start(workspace)
        except (DashboardError, InvalidInputError) as error:
            self._problem = error

    def print_link(self, path: str, **query: str) -> None:
        """Print where to look; a dashboard that does not start costs a notice, not the result."""
        if self._pending is not None:
            try:
                link = launch.link(self._pending.wait(), path, query)
                print(f"You can now visit the dashboard at {link}", flush=True)
                return
            except DashboardError as error:
                self._problem = error
        if self._problem is not None:
            notice(str(self._problem))
            return
        print(
            "The dashboard is switched off by RELEVANCEAI_DASHBOARD. To visit it, run: "
            f"{launch.command(self._workspace)}",
            flush=True,
        )
