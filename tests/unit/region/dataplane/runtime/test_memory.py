"""Who has to go when memory is used up, and what processes are found to use."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from drydock.region.dataplane.runtime import consumption
from drydock.region.dataplane.runtime.memory import MemoryGuard, over
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("used", "limits", "total", "gone"),
    [
        ({"a": 10, "b": 20}, {"a": None, "b": None}, 30, []),
        ({"a": 10, "b": 21}, {"a": None, "b": None}, 30, ["b"]),
        ({"a": 10, "b": 5}, {"a": 9, "b": None}, 30, ["a"]),
        ({"a": 40, "b": 5}, {"a": 9, "b": None}, 30, ["a"]),
        ({"a": 40, "b": 35}, {"a": 9, "b": None}, 30, ["a", "b"]),
        ({"a": 40}, {"a": None}, None, []),
    ],
)
def test_who_is_over(
    used: dict[str, int], limits: dict[str, int | None], total: int | None, gone: list[str]
) -> None:
    assert over(used, limits, total) == gone


def test_a_family_and_what_it_uses() -> None:
    """The child was forked with 64 MiB that it shares: they count once where that matters."""
    program = (
        "import os, time\nkept = bytearray(b'x') * (64 << 20)\nos.fork()\n"
        "os.write(1, b'%d\\n' % os.getpid())\ntime.sleep(100)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        pids = {int(first.stdout.readline()) for _ in range(2)}
        family = consumption.family(first.pid)
        try:
            assert set(family) == pids
            assert consumption.memory(family) > 120 << 20
            assert 60 << 20 < consumption.proportional_memory(family) < 110 << 20
            assert consumption.cpu_seconds(family) > 0
        finally:
            for pid in pids:
                os.kill(pid, 9)
    assert consumption.family(first.pid) == []
    assert consumption.memory([first.pid]) == 0


def test_a_servers_segment_counts_once_and_what_each_process_has_for_itself_each_time() -> None:
    program = (
        "import mmap, os, time\nsegment = mmap.mmap(-1, 64 << 20)\nos.fork()\n"
        "segment[:] = b'x' * (64 << 20)\nkept = bytearray(b'x') * (16 << 20)\n"
        "os.write(1, b'%d\\n' % os.getpid())\ntime.sleep(100)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        pids = [int(first.stdout.readline()) for _ in range(2)]
        try:
            assert (64 + 32) << 20 < consumption.memory_of_server(pids) < 2 * (64 + 16) << 20
        finally:
            for pid in pids:
                os.kill(pid, 9)
    assert consumption.memory_of_server(pids) == 0


def test_what_tasks_use_is_known_with_their_childrens() -> None:
    """One busy child with 64 MiB, and a task that waits; nothing is known of what has ended."""
    parent = (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c',"
        " 'x = bytearray(b\"x\") * (64 << 20)\\nwhile True: pass'])"
    )
    guard, processes = MemoryGuard(), list[subprocess.Popen[bytes]]()
    try:
        for task, argv in {
            "busy": [sys.executable, "-c", parent],
            "calm": ["/bin/sleep", "60"],
        }.items():
            processes.append(subprocess.Popen(argv, start_new_session=True))
            guard.watch(task, "app", processes[-1].pid, (None, None), processes[-1].kill)
        eventually(
            lambda: (
                (found := guard.usage().get("busy")) is not None
                and found.cpu > 0.3
                and found.memory > 64 << 20
            ),
            "the child's CPU time and memory are seen",
        )
        calm = guard.usage()["calm"]
        assert calm.cpu < 0.1
        assert 0 < calm.memory < 8 << 20
        guard.forget("busy", "app")
        assert set(guard.usage()) == {"calm"}
    finally:
        for process in processes:
            os.killpg(process.pid, 9)
            process.wait()


def test_what_the_kernel_has_killed_in_ends_as_a_whole() -> None:
    """No limit is looked at: its other processes would go on."""
    guard, ended, killed = MemoryGuard(), list[str](), set[str]()
    for name in ("one", "other"):
        guard.watch(
            "task",
            name,
            os.getpid(),
            (None, None),
            lambda name=name: ended.append(name),  # type: ignore[misc]
            lambda name=name: name in killed,  # type: ignore[misc]
        )
    eventually(lambda: guard.usage().get("task"), "it was looked at")
    assert ended == []
    killed.add("one")
    eventually(lambda: ended == ["one"], "the container in which the kernel has killed")
    guard.forget("task", "other")
    assert ended == ["one"]
