"""A process is born in its control groups. Each test forks from a fresh Python with a single thread."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drydock.region.dataplane.runtime.cgroups.groups import _locate
from drydock.region.dataplane.runtime.cgroups.leftovers import remove

PROGRAM = """
import errno, os, sys
from drydock.region.dataplane import linux
from drydock.region.dataplane.processes import birth
from drydock.region.dataplane.processes.protocol import ProcessSpec
if sys.argv[1] == "hidden":
    def refuse(group):
        raise OSError(errno.ENOSYS, "Function not implemented")
    linux.fork_into = refuse
started = birth.spawn(ProcessSpec(
    ["/bin/cat", "/proc/self/cgroup"], {}, own_pids=False, keep_capabilities=True,
    groups=sys.argv[2:], stdout=1,
))
code = os.waitstatus_to_exitcode(os.waitpid(started.pid, 0)[1])
assert code == 0, code
"""


@pytest.fixture(params=["of version 2", "memory"])
def group(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    """A group where we are; what is no controller of version 1 is looked for in version 2."""
    found = _locate(request.param)
    if found is None:
        pytest.skip("no cgroup hierarchy is mounted")
    made = found.own / f"drydock-test-{os.getpid()}"
    try:
        made.mkdir()
    except OSError as error:
        pytest.skip(f"no cgroup can be made: {error}")
    yield ("tasks" if found.version == 1 else ""), made
    remove(made)


@pytest.mark.parametrize("how", ["", "hidden"])
def test_it_is_there_from_its_first_moment(group: tuple[str, Path], how: str) -> None:
    entry, folder = group
    command = [sys.executable, "-c", PROGRAM, how, str(folder / entry)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert any(line.endswith(f"/{folder.name}") for line in done.stdout.splitlines())


def test_a_group_that_is_gone_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "", str(tmp_path / "gone" / "tasks")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr
    assert "gone/tasks" in done.stderr
