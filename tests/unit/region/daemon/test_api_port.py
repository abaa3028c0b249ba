"""The API's port is remembered, and other folders' ports are left to them."""

from __future__ import annotations

import fcntl
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from drydock.paths import Workspace
from drydock.region.daemon import api_port
from drydock.region.host.porter_client import PorterClient


class Porter:
    """Binds what is not taken."""

    def __init__(self) -> None:
        self.taken: set[int] = set()

    def bind(self, ports: Sequence[int], *, udp: bool = False) -> tuple[socket.socket, int]:
        assert not udp
        return socket.socket(), next(one for one in ports if one not in self.taken)


@pytest.fixture
def porter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Porter:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Porter()


def bind(porter: Porter, folder: Path, wanted: int = 4566) -> tuple[int, str]:
    workspace = Workspace(folder)
    workspace.create()
    found = api_port.bind(cast("PorterClient", porter), wanted, workspace)
    found.socket.close()
    return found.port, found.note


def test_a_region_gets_its_port_again_and_says_when_it_does_not(
    porter: Porter, tmp_path: Path
) -> None:
    porter.taken = {4566}
    assert bind(porter, tmp_path / "a") == (4567, "")
    porter.taken = set()
    assert bind(porter, tmp_path / "a") == (4567, "")
    porter.taken = {4567}
    port, note = bind(porter, tmp_path / "a")
    assert port == 4566
    assert "port 4566 now" in note
    assert "4567, where it was" in note
    assert "drydock env" in note


def test_another_wish_counts_more_than_the_memory(porter: Porter, tmp_path: Path) -> None:
    bind(porter, tmp_path / "a")
    assert bind(porter, tmp_path / "a", 5000) == (5000, "")


def test_two_regions_that_run_in_turn_do_not_swap_ports(porter: Porter, tmp_path: Path) -> None:
    for _ in range(2):
        assert bind(porter, tmp_path / "a") == (4566, "")
        assert bind(porter, tmp_path / "b") == (4567, "")


def test_the_port_of_a_folder_that_is_gone_is_free(porter: Porter, tmp_path: Path) -> None:
    bind(porter, tmp_path / "a")
    api_port.memory(Workspace(tmp_path / "a")).unlink()
    assert bind(porter, tmp_path / "b") == (4566, "")


def test_another_folders_port_is_better_than_none(porter: Porter, tmp_path: Path) -> None:
    bind(porter, tmp_path / "a")
    porter.taken = set(range(4567, 4566 + 20))
    assert bind(porter, tmp_path / "b")[0] == 4566


@pytest.mark.parametrize("text", ["", "[]", '{"port": "x"}', '{"wanted": 4566, "port": 99999}'])
def test_a_damaged_memory_is_made_again(porter: Porter, tmp_path: Path, text: str) -> None:
    bind(porter, tmp_path / "a")
    memory = api_port.memory(Workspace(tmp_path / "a"))
    memory.write_text(text)
    (tmp_path / "state" / "drydock" / "ports.json").write_text(text)
    assert bind(porter, tmp_path / "a") == (4566, "")
    assert json.loads(memory.read_text()) == {"wanted": 4566, "port": 4566}


def test_a_region_that_stands_still_holds_up_no_other(
    porter: Porter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_port, "_LOCK_SECONDS", 0.05)
    bind(porter, tmp_path / "a")
    with (tmp_path / "state" / "drydock" / "ports.lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert bind(porter, tmp_path / "a") == (4566, "")


def test_without_the_users_folder_the_own_memory_counts(
    porter: Porter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    porter.taken = {4566}
    bind(porter, tmp_path / "a")
    porter.taken = set()
    assert bind(porter, tmp_path / "a") == (4567, "")
