"""A proxy whose HAProxy ends: started again, but not as fast as it can fail."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer.mesh import proxy as proxies
from drydock.region.dataplane.balancer.mesh.proxy import YOUNG, Proxy
from drydock.region.dataplane.balancer.mesh.spec import Mesh
from drydock.region.dataplane.processes.client import OnExit, Process
from drydock.region.dataplane.processes.protocol import ProcessSpec, Started


class Programs:
    """A spawner of processes that end when they are told to."""

    def __init__(self) -> None:
        self.started: list[Process] = []

    def spawn(self, spec: ProcessSpec, on_exit: OnExit | None = None) -> Process:  # noqa: ARG002
        assert isinstance(spec.stdout, int)
        os.write(spec.stdout, b"cannot do that\n")
        self.started.append(Process(Started(0, 0), lambda *_: None))
        return self.started[-1]


class Answering:
    def __init__(self, *_arguments: object) -> None: ...

    def ask(self, _command: str, _timeout: float = 0.0) -> str:
        return ""


@pytest.fixture
def programs() -> Programs:
    return Programs()


@pytest.fixture
def proxy(tmp_path: Path, programs: Programs, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    monkeypatch.setattr(proxies, "Runtime", Answering)
    return Proxy(programs, tmp_path, 0, Mesh([], []), {})


def converge(proxy: Proxy) -> None:
    proxy.converge({}, lambda: None)


def test_one_that_ends_at_once_is_an_error_first_and_started_again_at_the_next_try(
    proxy: Proxy, programs: Programs
) -> None:
    converge(proxy)
    programs.started[0].exit_code = 1
    with pytest.raises(BalancerFailed, match=r"ended at once.*cannot do that"):
        converge(proxy)
    assert len(programs.started) == 1
    converge(proxy)
    assert len(programs.started) == 2


def test_one_that_ran_for_a_while_is_started_again_at_once(
    proxy: Proxy, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    converge(proxy)
    programs.started[0].exit_code = 1
    later = time.monotonic() + YOUNG
    monkeypatch.setattr(time, "monotonic", lambda: later)
    converge(proxy)
    assert len(programs.started) == 2
