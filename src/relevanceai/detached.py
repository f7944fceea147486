"""Starts the dashboard module as a process of its own, which outlives whoever started it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from relevanceai.errors import DashboardError
from relevanceai.runtime import open_private

_LOG_BYTES = 1_000_000


def start_detached(options: Sequence[str], log_file: Path) -> "tuple[subprocess.Popen[bytes], int]":
    """Run `python -m relevanceai.dashboard` as a process that outlives this one and its terminal.

    Parameters
    ----------
    options : the words of its command line.
    log_file : what it writes to stderr is added there, for its owner only; one above 1 MB begins anew.

    Returns
    -------
    The process, and where in the log its own words begin.

    Raises
    ------
    DashboardError
        This Python does not know its own program.
    OSError
        The log cannot be written, or the process not be started.
    """
    if not sys.executable:
        raise DashboardError(
            "This Python does not know its own program, so it cannot start the dashboard. "
            "Type in a terminal: relevanceai dashboard"
        )
    environment = {**os.environ, "RELEVANCEAI_DASHBOARD": "off"}  # it must not start another
    paths = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    package = Path(__file__).resolve().parents[1]
    if not package.name.endswith("-packages"):  # a checkout: the child must find the same code
        paths.insert(0, str(package))
    if paths:  # absolute, as the child does not stay in this folder
        environment["PYTHONPATH"] = os.pathsep.join(str(Path(path).absolute()) for path in paths)
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    log = open_private(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        if os.fstat(log).st_size > _LOG_BYTES:
            os.ftruncate(log, 0)
        log_start = os.fstat(log).st_size
        # -P: a file of the user's folder called json.py must not become the dashboard's json.
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "relevanceai.dashboard", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            close_fds=True,
            creationflags=flags,
            env=environment,
            cwd=log_file.parent,
        )
    finally:
        os.close(log)
    return process, log_start
