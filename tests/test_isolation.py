"""The walls of conftest.py hold: no network, no home of the user's, no dashboard by accident."""

import os
import socket
from pathlib import Path

import pytest

from relevanceai import launch
from relevanceai.client import Client


def test_an_address_beyond_this_machine_is_refused() -> None:
    with (
        socket.socket() as end,
        pytest.raises(AssertionError, match=r"^A test tried to reach \('192\.0\.2\.1', 80\)"),
    ):
        end.connect(("192.0.2.1", 80))


def test_a_name_beyond_this_machine_is_not_looked_up() -> None:
    with pytest.raises(AssertionError, match=r"^A test looked up 'shop\.example'"):
        socket.create_connection(("shop.example", 80), timeout=1)


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=5).close()


def test_the_default_workspace_is_the_tests_own(tmp_path: Path) -> None:
    assert Client().workspace == tmp_path.resolve() / "default-home"
    assert launch.is_off()
    assert os.environ["MPLBACKEND"] == "Agg"
