"""Set-up: the Makefile's help, and the script that installs Debian packages, with a fake apt-get."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APT = """#!/bin/sh
echo "$@" >> {log}
[ "$1" = update ] && exit 0
{then}
"""
SUDO = """#!/bin/sh
[ "$1" = -n ] && shift
exec "$@"
"""


def packages(
    folder: Path, *words: str, then: str = "exit 100"
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run scripts/packages where apt-get does `then`; how it ended, and what apt-get was asked for."""
    log = folder / "asked"
    for name, text in {"apt-get": APT.format(log=log, then=then), "sudo": SUDO}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    done = subprocess.run(
        [str(ROOT / "scripts" / "packages"), *words],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, log.read_text() if log.exists() else ""


def test_help_lists_every_target_in_a_line() -> None:
    makefile = (ROOT / "Makefile").read_text()
    done = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    documented = {
        line.split()[1] for line in done.stdout.splitlines() if line.startswith("  make ")
    }
    targets = set(re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE))
    assert targets - documented == {"test-packages"}
    wanted = "up init plan apply update_db output refresh destroy down setup test lint format lock"
    assert set(wanted.split()) <= documented


def test_nothing_is_asked_for_when_nothing_is_missing(tmp_path: Path) -> None:
    done, asked = packages(tmp_path, "sh:dash")
    assert (done.returncode, done.stderr, asked) == (0, "", "")


def test_a_missing_program_is_installed(tmp_path: Path) -> None:
    program = tmp_path / "no-such-program"
    done, asked = packages(
        tmp_path, "no-such-program:its-package", then=f"touch {program}; chmod +x {program}"
    )
    assert done.returncode == 0, done.stderr
    assert asked.splitlines()[-1].endswith("install -yq --no-install-recommends its-package")


@pytest.mark.parametrize(("optional", "code"), [((), 1), (("--optional",), 0)])
def test_where_it_cannot_be_installed_the_one_command_is_printed(
    tmp_path: Path, optional: tuple[str, ...], code: int
) -> None:
    done, _ = packages(tmp_path, *optional, "no-such-program:its-package")
    assert done.returncode == code
    last = done.stderr.splitlines()[-1].strip()
    assert last.startswith("sudo apt-get update && sudo apt-get install -y")
    assert last.endswith("its-package")
