"""Open files: the limit is raised, given back, and what is short is said."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

from drydock.errors import SpawnFailed
from drydock.region.dataplane import descriptors

LIMITED = """
import os, resource
from drydock.region.dataplane import descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 128))
print(descriptors.raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
print(descriptors.shortage() != "", descriptors.room_for_tasks() > 0)
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(60)]
print(descriptors.shortage(8))
descriptors.lower_limit(64)
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_the_soft_limit_is_raised_and_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "64 128 128"
    assert lines[1] == "False True"
    assert "of at most 128 files open" in lines[2]
    assert lines[3] == "64 128"


def test_descriptors_are_counted() -> None:
    before = descriptors.in_use()
    opened = os.open(os.devnull, os.O_RDONLY)
    assert descriptors.in_use() == before + 1
    os.close(opened)


def test_an_error_that_came_from_a_lack_of_files_is_known() -> None:
    error = SpawnFailed("x")
    error.__cause__ = OSError(errno.EMFILE, "Too many open files")
    assert descriptors.exhausted(error)
    assert not descriptors.exhausted(SpawnFailed("x"))
