"""A disk without room: commands end at once with the region's own words, and it recovers by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.region,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system"),
]

SCRIPT = """
set -u
mount -t tmpfs -o size=6m,mode=700 tmpfs "$HERE"
cd "$HERE"
"$DRYDOCK" up --quick; echo "up: $?"
"$DRYDOCK" status --json; echo "status: $?"
mount -o remount,size=200m "$HERE"
for _ in $(seq 60); do
    "$DRYDOCK" status --json > "$HERE/status.json" 2>/dev/null
    grep -q '"problems": \\[\\]' "$HERE/status.json" && break
    sleep 0.5
done
cat "$HERE/status.json"; echo "after: $?"
"$DRYDOCK" down --purge -y; echo "down: $?"
"""
"""In a mount namespace of its own, so that nothing stays mounted."""


def test_up_on_a_full_disk_says_so_and_the_region_goes_on_when_there_is_room(
    tmp_path: Path, needs_namespaces: None
) -> None:
    begun = time.monotonic()
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", SCRIPT],
        env={
            **os.environ,
            "HERE": str(tmp_path),
            "DRYDOCK": str(Path(sys.executable).with_name("drydock")),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    said = done.stdout + done.stderr
    assert "up: 1" in done.stdout, said
    assert "No space left on device" in done.stderr, said
    assert "make room" in done.stderr, said
    assert "Traceback" not in said
    assert "fault of Drydock" not in said
    assert "down: 0" in done.stdout, said
    before, _, after = done.stdout.partition("status: 0")
    assert "No space left on device" in before, said
    assert '"problems": []' in after, said
    assert time.monotonic() - begun < 200
