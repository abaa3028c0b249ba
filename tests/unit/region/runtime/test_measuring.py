"""CPU time and memory of processes, descendants included."""

from __future__ import annotations

import os
import subprocess
import sys

from drydock.region.runtime.measuring import measure
from tests.support.waiting import eventually

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "x = b'x' * (64 << 20)\\nn = 0\\nwhile True: n += 1"])
child.wait()
"""


def test_a_childs_use_is_its_parents() -> None:
    process = subprocess.Popen([sys.executable, "-c", PARENT], start_new_session=True)
    try:
        eventually(
            lambda: (
                (found := measure({"busy": [process.pid]}).get("busy")) is not None
                and found.cpu > 0.3
                and found.memory > 64 << 20
            ),
            "the child's CPU time and memory are seen",
        )
    finally:
        os.killpg(process.pid, 9)
        process.wait()
    assert measure({"busy": [process.pid]}) == {}


def test_one_that_waits_uses_little() -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        found = measure({"idle": [process.pid], "none": []})
    finally:
        process.kill()
        process.wait()
    assert set(found) == {"idle"}
    assert found["idle"].cpu < 0.3
    assert 0 < found["idle"].memory < 32 << 20
