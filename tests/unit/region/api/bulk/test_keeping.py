"""What is open, where, and what its problems are."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from drydock.region.api import bulk
from drydock.region.api.bulk import Bulk, Limits
from drydock.region.api.bulk.walking import Event, Span
from tests.support.disks import fill


def test_a_process_without_a_daemon_has_a_folder_that_goes_with_it() -> None:
    code = """
from drydock.region.api import bulk
kept = bulk.current()
assert bulk.current() is kept
kept.logs.adopt("a")
kept.write_lines("a", [(1, "one")])
kept.bodies.write([b"body"])
print(kept.folder)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    folder = Path(done.stdout.strip())
    assert folder.name.startswith("drydock-bulk-")
    assert not folder.exists()


def test_what_waits_is_written_when_it_is_closed(tmp_path: Path) -> None:
    kept = bulk.open_in(tmp_path)
    assert bulk.current() is kept
    kept.logs.adopt("a")
    kept.write_lines("a", [(1, "one")])
    bulk.close()
    bulk.close()
    kept = bulk.open_in(tmp_path)
    kept.logs.adopt("a")
    met = kept.logs.walk("a", Span())
    assert [one.message for one in met if isinstance(one, Event)] == ["one"]
    bulk.close()


def test_files_are_the_users_alone(tmp_path: Path) -> None:
    kept = Bulk(tmp_path, Limits())
    kept.logs.adopt("a")
    kept.logs.put("a", [(1, "one")])
    kept.bodies.write([b"body"])
    found = {one.name: one.stat().st_mode & 0o077 for one in tmp_path.rglob("*")}
    assert "logs.db-wal" in found
    assert set(found.values()) == {0}
    kept.close()


def test_a_full_disk_is_a_problem_until_there_is_room(tmp_path: Path) -> None:
    kept = Bulk(tmp_path, Limits(waiting=100_000))
    kept.logs.adopt("a")
    kept.logs.put("a", [(1, "before")])
    with fill(kept.logs.database):
        for _ in range(30):
            kept.write_lines("a", [(2, "x" * 10_000)])
        deadline = time.monotonic() + 20
        while not kept.problems() and time.monotonic() < deadline:
            time.sleep(0.02)
        (problem,) = kept.problems()
        assert "full" in problem["error"]
        assert "20 lines were dropped" in problem["error"]
    deadline = time.monotonic() + 20
    while kept.problems() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert kept.problems() == []
    assert kept.logs.kept("a").events == 11
    kept.close()
