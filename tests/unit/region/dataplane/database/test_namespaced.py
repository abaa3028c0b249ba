"""A server as the region runs it: PID 1 of its namespace, user 1000, on an address of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drydock.region.dataplane.database import versions

UNSHARE = ["unshare", "-U", "-r", "-p", "-n", "-m", "-f", "--mount-proc", "--kill-child"]
REPOSITORY = Path(__file__).parents[5]


@pytest.mark.region
def test_a_server_in_namespaces(tmp_path: Path) -> None:
    if not versions.find():
        pytest.skip("no PostgreSQL server on this machine")
    try:
        subprocess.run([*UNSHARE, "true"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no namespaces here: {error}")
    done = subprocess.run(
        [
            *UNSHARE,
            sys.executable,
            str(Path(__file__).with_name("namespaced.py")),
            str(tmp_path / "db"),
        ],
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY / 'src'}:{REPOSITORY}"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.stdout, done.stderr
    seen = json.loads(done.stdout)
    assert seen.pop("seconds") > 0
    assert seen == {
        "answered": True,
        "pid in its namespace": "1",
        "all files are ours": True,
        "killed": 137,
        "answered again": True,
        "reached from outside": False,
        "stopped": 0,
    }
