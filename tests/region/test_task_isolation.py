"""What a task of this machine's programs sees and may write: what is its own, as root and as an ordinary user.

tests/support/prying.py has what is tried; here is what comes of it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.region.test_rootless import SYSTEM_PYTHON, as_user, ordinary_user
from tests.support import prying

pytestmark = pytest.mark.region
ROOT = Path(__file__).parents[2]
REMEDY = 'to read of [images."{name}:*"] in drydock.toml'


@pytest.fixture(scope="module", params=["as who runs the tests", "as an ordinary user"])
def seen(request: pytest.FixtureRequest, needs_namespaces: None) -> dict[str, Any]:
    """What `tests.support.prying` has seen in a region of a folder of its own."""
    ordinary = request.param == "as an ordinary user"
    user = ordinary_user() if ordinary else os.getuid()
    # in a name of ours: pytest's folders are not for other users
    folder = Path(tempfile.mkdtemp(prefix="drydock-prying-"))
    os.chown(folder, user, user)
    words = ["-m", "tests.support.prying", str(folder)]
    if ordinary:
        done = as_user(SYSTEM_PYTHON, *words, cwd=folder)
    else:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    shutil.rmtree(folder)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert found["uid"] == user
    return found


@pytest.mark.parametrize("name", [*prying.READS, *prying.WRITES, *prying.UNDOINGS])
def test_a_task_cannot(seen: dict[str, Any], name: str) -> None:
    assert seen["said"][name] != "done"


@pytest.mark.parametrize("name", prying.OWN)
def test_a_task_has(seen: dict[str, Any], name: str) -> None:
    assert seen["said"][name] == "done"


def test_what_may_be_written_is_the_machines_and_nothing_else_stays(seen: dict[str, Any]) -> None:
    assert seen["kept"] == "written\n"
    assert seen["left"] == []


def test_a_script_finds_what_is_beside_it(seen: dict[str, Any]) -> None:
    assert seen["script"] == ["helped a b"]


def test_the_examples_of_the_how_to_run(seen: dict[str, Any]) -> None:
    closed, opened = seen["examples"]
    assert closed[0].startswith("open in /")
    assert closed[1:2] == ["soup"]
    assert "No such file" in closed[2]
    assert len(closed) == 3
    assert opened == [closed[0], "soup", "{}", "uploaded"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("folder", ["its working directory", "other-project", REMEDY.format(name="prying")]),
        ("program", ["other-project/program is on this machine", REMEDY.format(name="bare")]),
        ("linked program", ["project/linked is on this machine", REMEDY.format(name="bare")]),
        ("missing program", ["No such file or directory", "set entrypoint"]),
        ("missing folder to read", ['[images."gone:*"]', "never-made, which is not on this"]),
    ],
)
def test_a_request_opens_nothing_and_the_reason_says_what_would(
    seen: dict[str, Any], name: str, words: list[str]
) -> None:
    assert not [one for one in words if one not in seen["refused"][name]]
