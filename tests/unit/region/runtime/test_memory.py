"""Who has to go when memory is used up, and what processes are found to use."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from drydock.region.runtime import consumption
from drydock.region.runtime.memory import over


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
