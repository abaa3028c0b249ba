"""What does a region with much in it cost?

400 tasks run in 20 services; 200 MB of log lines (PutLogEvents, in batches of 1 MB, to 20 streams) and
500 MB of S3 objects (one of 100 MB in parts, the rest in objects of 8 MB and 64 KB) are written through the
API. Reported: the daemon's resident memory before, at its highest and afterwards, DescribeTasks of 100
tasks, a change that is saved with all of it there, FilterLogEvents with a rare pattern over everything, one
page of GetLogEvents, and the time of a start with all of it.

Goals: at most 300 MB resident, at most 60 ms for DescribeTasks of 100, and no start more than 2 s slower
than that of an empty region.

    python -m benchmarks.bulk [LOG_MB] [S3_MB] [TASKS]
"""

from __future__ import annotations

import io
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.support import client, drydock, table
from benchmarks.task_place import CLUSTER, TaskPlace, wait
from benchmarks.tasks import region

MIB = 1024 * 1024
LINE = (
    '{"level":"info","event":"request","method":"GET","path":"/api/task/","status":200,"ms":%06d,'
    '"client":"203.0.113.10","trace":"1-5759e988-bd862e3fe1be46a994272793"}'
)
STREAMS = 20
SERVICES = 20
MEMORY_GOAL, START_GOAL, DESCRIBE_GOAL = 300, 2.0, 60


class Memory:
    """Resident memory of a process, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        self._file = Path(f"/proc/{pid}/status")
        self.highest = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def now(self) -> float:
        """In MB."""
        text = self._file.read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    def _run(self) -> None:
        while not self._ended.wait(0.1):
            self.highest = max(self.highest, self.now())

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


def write_logs(logs: Any, megabytes: int) -> None:
    logs.create_log_group(logGroupName="/bulk")
    for stream in range(STREAMS):
        logs.create_log_stream(logGroupName="/bulk", logStreamName=f"task/{stream}")
    size = len(LINE % 0)
    batch = 1_000_000 // (size + 26)
    for number in range(megabytes * MIB // (batch * size) + 1):
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": LINE % (number * batch + n)} for n in range(batch)]
        name = f"task/{number % STREAMS}"
        logs.put_log_events(logGroupName="/bulk", logStreamName=name, logEvents=events)


def write_objects(s3: Any, megabytes: int) -> None:
    where = {"LocationConstraint": "ap-southeast-2"}
    s3.create_bucket(Bucket="bulk", CreateBucketConfiguration=where)
    large = min(100, megabytes // 5)
    s3.upload_fileobj(io.BytesIO(os.urandom(MIB) * large), "bulk", "large")
    left, number = (megabytes - large) * MIB, 0
    while left > 0:
        body = os.urandom(64 * 1024) if number % 4 else os.urandom(MIB) * 8
        s3.put_object(Bucket="bulk", Key=f"objects/{number}", Body=body)
        left, number = left - len(body), number + 1


def search(logs: Any) -> int:
    """A pattern that is in no line: everything is looked at."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/bulk", filterPattern="nowhere"
    )
    return sum(len(page["events"]) for page in pages)


def read(s3: Any) -> int:
    """All of the large object."""
    return len(s3.get_object(Bucket="bulk", Key="large")["Body"].read())


def timed(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / ".drydock" / "region" / "region.json").read_text())
    return found


def restart(folder: Path) -> float:
    """→ seconds until the API answers."""
    drydock(folder, "region", "stop")
    return timed(lambda: drydock(folder, "region", "start"))


def run_tasks(place: TaskPlace, tasks: int) -> list[str]:
    """Services of sleeping tasks, all of them RUNNING → their names."""
    definition = place.define("sleeper", "bench:shell", ["exec sleep 3600"])
    each = tasks // SERVICES
    names = [place.service(f"many-{number}", definition, each) for number in range(SERVICES)]
    wait(lambda: place.running(names) == each * SERVICES, f"{tasks} tasks RUNNING", 600)
    return names


def describe(ecs: Any) -> float:
    """→ milliseconds of DescribeTasks of 100 tasks, the median of 9."""
    arns = ecs.list_tasks(cluster=CLUSTER, maxResults=100)["taskArns"]
    found = [timed(lambda: ecs.describe_tasks(cluster=CLUSTER, tasks=arns)) for _ in range(9)]
    return statistics.median(found) * 1000


def change(place: TaskPlace) -> float:
    """→ milliseconds of a change to the service with the most records, saved, the median of 9."""
    names = [f"changed-{number}" for number in range(9)]
    found = [timed(lambda name=name: place.define(name, "bench:shell", ["true"])) for name in names]  # type: ignore[misc]
    return statistics.median(found) * 1000


def main() -> int:
    sizes = [int(one) for one in sys.argv[1:]]
    log_size, object_size, tasks = (*sizes, *(200, 500, 400)[len(sizes) :])
    with region() as folder:
        empty_start = restart(folder)
        logs, s3, ecs = (client(folder, name) for name in ("logs", "s3", "ecs"))
        logs.describe_log_groups()
        s3.list_buckets()
        memory = Memory(record(folder)["daemon_pid"])
        before = memory.now()
        place = TaskPlace(folder, client(folder, "ec2"))
        task_seconds = timed(lambda: run_tasks(place, tasks)) if tasks else 0.0
        with_tasks = memory.now()
        log_seconds = timed(lambda: write_logs(logs, log_size))
        after_logs, highest_logs = memory.now(), memory.highest
        object_seconds = timed(lambda: write_objects(s3, object_size))
        describe_ms, change_ms = describe(ecs), change(place)
        filter_seconds = timed(lambda: search(logs))
        page = {"logGroupName": "/bulk", "logStreamName": "task/3"}
        page_seconds = timed(lambda: logs.get_log_events(**page))
        whole = timed(lambda: read(s3))
        highest, after = memory.highest, memory.now()
        memory.stop()
        full_start = restart(folder)
        restarted = Memory(record(folder)["daemon_pid"])
        again = restarted.now()
        restarted.stop()
    rows = [
        ("daemon before, MB resident", f"{before:.0f}", ""),
        (f"with {tasks} tasks", f"{with_tasks:.0f}", f"<= {MEMORY_GOAL}"),
        (f"after {log_size} MB of log lines", f"{after_logs:.0f}", f"<= {MEMORY_GOAL}"),
        ("at its highest meanwhile", f"{highest_logs:.0f}", ""),
        (f"after {object_size} MB of S3 objects", f"{after:.0f}", f"<= {MEMORY_GOAL}"),
        ("at its highest meanwhile", f"{highest:.0f}", ""),
        ("after a restart", f"{again:.0f}", f"<= {MEMORY_GOAL}"),
        (f"{tasks} tasks RUNNING after, s", f"{task_seconds:.1f}", ""),
        ("DescribeTasks of 100, ms", f"{describe_ms:.0f}", f"<= {DESCRIBE_GOAL}"),
        ("RegisterTaskDefinition, saved, ms", f"{change_ms:.1f}", ""),
        ("writing the log lines, s", f"{log_seconds:.1f}", ""),
        ("writing the objects, s", f"{object_seconds:.1f}", ""),
        ("FilterLogEvents over all lines, s", f"{filter_seconds:.2f}", ""),
        ("GetLogEvents, the newest page, s", f"{page_seconds:.2f}", ""),
        ("GetObject of 100 MB, s", f"{whole:.2f}", ""),
        ("start of an empty region, s", f"{empty_start:.1f}", ""),
        ("start with all of it, s", f"{full_start:.1f}", f"<= {empty_start + START_GOAL:.1f}"),
    ]
    table(("", "measured", "goal"), rows)
    good = max(with_tasks, after_logs, after, again) <= MEMORY_GOAL
    good = good and describe_ms <= DESCRIBE_GOAL and full_start <= empty_start + START_GOAL
    return 0 if good else 3


if __name__ == "__main__":
    sys.exit(main())
