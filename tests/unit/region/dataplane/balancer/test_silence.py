"""How long a HAProxy may be silent, and when its targets are unavailable."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from drydock.region.dataplane.balancer.silence import SILENT_LIMIT, STOPPED_LIMIT, Silence, why
from tests.support.waiting import eventually


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as started:
        yield started
        started.kill()


def test_a_process_that_runs_is_given_time(process: subprocess.Popen[bytes]) -> None:
    silence = Silence()
    silence.begin(process.pid, 100.0)
    assert not silence.counts(101.0)  # it may be ending just now
    assert silence.counts(103.0)
    assert not silence.is_over(100.0 + SILENT_LIMIT)
    assert silence.is_over(101.0 + SILENT_LIMIT)
    silence.end()
    assert not silence.counts(200.0)
    assert not silence.is_over(200.0)


def test_a_process_that_is_stopped_is_not_waited_for(process: subprocess.Popen[bytes]) -> None:
    assert why(process.pid, running=True) == ""
    os.kill(process.pid, signal.SIGSTOP)
    words = eventually(lambda: why(process.pid, running=True), "it is stopped")
    assert words == f"its process {process.pid} is stopped (state T)"
    silence = Silence()
    silence.begin(process.pid, 100.0)
    assert silence.counts(100.0)
    assert silence.is_over(100.1 + STOPPED_LIMIT)
    assert why(process.pid, running=False) == "it has ended"
