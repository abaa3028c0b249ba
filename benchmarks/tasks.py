"""What do tasks cost, and how soon is one replaced?

Time from RunTask to the program's exec, 100 tasks in 20 services, the idle daemon's CPU and memory with
them, and from `kill -9` to the replacement and to the removal from the load balancer.

    python -m benchmarks.tasks [SECONDS IDLE]
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.support import client, drydock, spread, table
from benchmarks.task_place import TaskPlace, wait

STARTS, KILLS = 15, 5
SERVICES, EACH = 20, 5
INTERVAL = 10
"""Seconds of AWS's time between two health checks; a tenth of it here."""
SCALE = 10
IMAGES = """
[region]
time_scale = 10

[images."bench:shell"]
entrypoint = ["/bin/sh", "-c"]
write = ["."]

[images."bench:web"]
entrypoint = ["{python}", "-m", "http.server", "3000", "--directory", "{empty}"]
"""
_SLEEP = "exec sleep 3600"


@contextmanager
def region() -> Iterator[Path]:
    """A new folder with a region and two images."""
    folder = Path(tempfile.mkdtemp(prefix="drydock-bench-"))
    (folder / "empty").mkdir()
    text = IMAGES.format(python=sys.executable, empty=folder / "empty")
    (folder / "drydock.toml").write_text(text)
    drydock(folder, "region", "start")
    try:
        yield folder
    finally:
        drydock(folder, "down")
        shutil.rmtree(folder)


def starts(place: TaskPlace, folder: Path) -> list[float]:
    """Milliseconds from the beginning of RunTask to the exec of the program's first program."""
    found = []
    told = folder / "began"
    definition = place.define(
        "shell", "bench:shell", [f"date +%s%N > {told}.new; mv {told}.new {told}"]
    )
    for _ in range(STARTS):
        told.unlink(missing_ok=True)
        begun = time.time_ns()
        place.run(definition)
        wait(told.exists, "the task's program ran")
        found.append((int(told.read_text()) - begun) / 1e6)
    return found


def many(place: TaskPlace) -> float:
    """Seconds until 100 tasks in 20 services are RUNNING."""
    definition = place.define("sleeper", "bench:shell", [_SLEEP])
    begun = time.monotonic()
    names = [place.service(f"many-{number}", definition, EACH) for number in range(SERVICES)]
    wait(lambda: place.running(names) == SERVICES * EACH, "100 tasks RUNNING", 120)
    return time.monotonic() - begun


def idle(pid: int, seconds: float) -> tuple[float, float]:
    """A daemon's CPU in percent of a core over some seconds, and its resident memory in MB."""
    time.sleep(5)  # what the starts still cause
    before, begun = _ticks(pid), time.monotonic()
    time.sleep(seconds)
    used = (_ticks(pid) - before) / os.sysconf("SC_CLK_TCK")
    return 100 * used / (time.monotonic() - begun), _resident(pid)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _resident(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def kills(place: TaskPlace) -> tuple[list[float], list[float]]:
    """Seconds from SIGKILL of a task that serves until the balancer is without it, and until its
    replacement is RUNNING."""
    group = place.target_group(INTERVAL)
    definition = place.define("web", "bench:web", [])
    name = place.service("killed", definition, 2, group)
    removed, replaced = [], []
    for _ in range(KILLS):
        wait(lambda: len(place.healthy(group)) == 2, "two healthy targets", 60)
        before = place.tasks(name)
        victim = min(before)
        address = before[victim]
        for pid in place.pids(victim):
            os.kill(pid, signal.SIGKILL)
        begun = time.monotonic()
        both = _both(
            lambda address=address: address not in place.healthy(group),  # type: ignore[misc]
            lambda before=before: len(place.tasks(name).keys() - before.keys()) == 1,  # type: ignore[misc]
        )
        removed.append(both[0] - begun)
        replaced.append(both[1] - begun)
    place.end(name)
    return removed, replaced


def _both(first: Callable[[], bool], second: Callable[[], bool]) -> tuple[float, float]:
    """When each was first true, in monotonic seconds."""
    at: dict[int, float] = {}

    def look() -> bool:
        for number, true in enumerate((first, second)):
            if number not in at and true():
                at[number] = time.monotonic()
        return len(at) == 2

    wait(look, "removed and replaced", 30)
    return at[0], at[1]


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with region() as folder:
        place = TaskPlace(folder, client(folder, "ec2"))
        took = starts(place, folder)
        removed, replaced = kills(place)
        hundred = many(place)
        cpu, memory = idle(place.daemon, seconds)
    limit = 1.5 * INTERVAL / SCALE
    rows: list[tuple[str, str, str, bool]] = [
        ("RunTask to exec, ms", spread(took, 0), "<= 60", statistics.median(took) <= 60),
        (f"{SERVICES * EACH} tasks in {SERVICES} services, s", f"{hundred:.1f}", "<= 8", hundred <= 8),
        (f"the daemon's CPU, idle with them for {seconds:.0f} s, % of a core", f"{cpu:.1f}", "<= 3", cpu <= 3),
        ("its resident memory, MB", f"{memory:.0f}", "<= 350", memory <= 350),
        ("kill -9 to the replacement RUNNING, s", spread(replaced), "<= 1", statistics.median(replaced) <= 1),
        ("kill -9 to its removal from the balancer, s", spread(removed), f"<= {limit}", max(removed) <= limit),
    ]  # fmt: skip
    table(("tasks", "median (lowest to highest)", "goal"), [row[:3] for row in rows])
    return 0 if all(row[3] for row in rows) else 3


if __name__ == "__main__":
    sys.exit(main())
