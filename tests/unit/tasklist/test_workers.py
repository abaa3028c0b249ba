"""The parent of the workers, with workers that do very little. In a process of its own: it forks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tasklist.database import POOL_SIZE, connections_of
from tasklist.settings import Settings

PARENT = """
import os, signal, time
from tasklist.errors import ListenError
from tasklist.workers import Workers, shared_metrics

def refused(): raise ListenError("no port for me.")
def broken(): raise ValueError("a fault of ours")
def ended(): os._exit(3)
def killed(): os.kill(os.getpid(), signal.SIGKILL)

with shared_metrics():
    print(os.environ["PROMETHEUS_MULTIPROC_DIR"], flush=True)
    code = Workers(2, {work}).run()
raise SystemExit(code)
"""


def test_what_killed_servers_left_in_memory_goes_and_what_is_used_stays() -> None:
    script = PARENT.replace("{work}", "refused")
    holding = script.replace("    code =", "    time.sleep(600)\n    code =")
    with subprocess.Popen(
        [sys.executable, "-c", holding], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        folder = Path(first.stdout.readline().strip())
        subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, timeout=60)
        assert folder.is_dir(), "another server lives and needs it"
        first.kill()
    assert folder.is_dir(), "nobody could tidy up"
    subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, timeout=60)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("work", "exits", "says"),
    [
        ("refused", 1, "tasklist: no port for me."),
        ("broken", 1, "ValueError: a fault of ours"),
        ("ended", 3, ""),
        ("killed", -9, ""),
    ],
)
def test_a_worker_that_cannot_start_ends_the_server(work: str, exits: int, says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARENT.replace("{work}", work)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    folder, *lines = done.stdout.splitlines()
    events = [json.loads(line) for line in lines]
    lost = [event for event in events if event["event"] == "worker_lost"]
    assert [(event["exit"], event["replaced"]) for event in lost] == [(exits, False)]
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not Path(folder).exists()


SIGNAL_BEFORE_IT_IS_FORGOTTEN = """
import os, signal
from tasklist.workers import Workers

def killed(): os.kill(os.getpid(), signal.SIGKILL)
wait = os.wait
def told_at_once():
    found = wait()
    signal.raise_signal(signal.SIGTERM)
    return found

os.wait = told_at_once
raise SystemExit(Workers(1, killed).run())
"""


def test_a_signal_just_after_a_worker_has_ended_is_no_error() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIGNAL_BEFORE_IT_IS_FORGOTTEN],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": tempfile.gettempdir()},
    )
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(("workers", "each"), [(1, POOL_SIZE), (2, 5), (3, 3), (64, 1)])
def test_the_workers_share_the_connections(workers: int, each: int) -> None:
    assert connections_of(Settings(workers=workers)) == each
