"""The same region for an ordinary user: no privilege is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support import engine

pytestmark = pytest.mark.region

ROOT = Path(__file__).parents[2]
USER = 1000
SITE = """
[region]
time_scale = 10

[images."*:*"]
entrypoint = ["{python}", "-m", "tasklist"]
command = ["serve"]
working_dir = "."
environment = {{ PYTHONPATH = "{path}" }}
"""
SYSTEM_PYTHON = "/usr/bin/python3"
DRYDOCK = "from drydock.cli.main import main; main()"


def environment() -> dict[str, str]:
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
        "PYTHONPATH": f"{ROOT / 'src'}:{packages}:{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
    }


def as_user(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    ids = ["--reuid", str(USER), "--regid", str(USER), "--clear-groups"]
    return subprocess.run(
        ["setpriv", *ids, *command],
        env=environment(),
        cwd=cwd or "/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def ordinary_user() -> int:
    """The id of a user who can run the project beside root, who runs the tests; skips without one."""
    if os.geteuid() != 0:
        pytest.skip("every other test runs as an ordinary user already")
    if shutil.which("setpriv") is None or not Path(SYSTEM_PYTHON).exists():
        pytest.skip("setpriv and the system's Python are needed to become an ordinary user")
    check = (
        "import sys; assert sys.version_info >= (3, 11), sys.version; import drydock, moto, tests"
    )
    possible = as_user(SYSTEM_PYTHON, "-c", check)
    if possible.returncode != 0:
        pytest.skip(f"user {USER} cannot run the project: {possible.stderr.strip()[-300:]}")
    if as_user("unshare", "--user", "--net", "--map-root-user", "true").returncode != 0:
        pytest.skip("ordinary users may not make namespaces on this machine")
    return USER


@pytest.fixture
def folder(needs_namespaces: None) -> Iterator[Path]:
    """A folder of that user."""
    user = ordinary_user()
    made = Path(tempfile.mkdtemp(prefix="drydock-rootless-"))
    os.chown(made, user, user)
    yield made
    shutil.rmtree(made)


def test_an_ordinary_user_runs_tasks_services_and_databases(folder: Path) -> None:
    done = as_user(SYSTEM_PYTHON, "-m", "tests.support.rootless", str(folder), cwd=folder)
    assert done.returncode == 0, done.stderr[-4000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["uid"] == USER
    assert said["task"] == {"exitCode": 7, "lines": ["root in here", "0"]}
    assert said["user"] == ["1234", "1234"]
    assert said["home"] == ["at home"]
    assert said["capabilities"] == 0
    assert said["box"] == (None if engine.missing() else ["1234", "/home/app", "written"])
    assert said["shared"] == ["from init", "TaskARN"]
    assert said["answered by"] == "rootless"
    assert said["replaced"] is True
    assert said["database"] == "available"
    assert said["left"] == []


def test_the_whole_site_works_for_an_ordinary_user(folder: Path) -> None:
    def drydock(*words: str) -> str:
        done = as_user(SYSTEM_PYTHON, "-c", DRYDOCK, *words, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    path = environment()["PYTHONPATH"]
    (folder / "drydock.toml").write_text(SITE.format(python=SYSTEM_PYTHON, path=path))
    try:
        url = drydock("up", "--quick").split()[-1]
        titles = [task["title"] for task in httpx.get(f"{url}/api/task/").json()]
        assert titles == ["1st Task", "2nd Task", "3rd Task"]
    finally:
        drydock("down")
