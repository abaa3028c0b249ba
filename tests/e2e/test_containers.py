"""The images are built from their Dockerfiles and run with podman, on a base made by debootstrap.

No registry is asked: the base image that a Dockerfile names is imported from a root file system.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.commands import Drydock, fetch
from tests.support.minutes import with_test_all
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
NEEDED = ("podman", "runc", "debootstrap")
LIMITS = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4000:4000")
AUTHORITIES = Path("/etc/ssl/certs")

pytestmark = [
    with_test_all("takes ten minutes"),
    pytest.mark.skipif(os.geteuid() != 0, reason="debootstrap needs root"),
    pytest.mark.timeout(1500),
]


@dataclass
class Podman:
    """podman with a storage of its own, so that nothing of the user's is touched."""

    folder: Path

    def __call__(
        self, *words: str, stdin: int | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        store = ["--root", str(self.folder / "store"), "--runroot", str(self.folder / "run")]
        # vfs, cgroupfs and runc work where the others want kernel features or systemd.
        how = ["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", "--runtime", "runc"]
        done = subprocess.run(
            ["podman", *store, *how, *words],
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout[-2000:] + done.stderr[-2000:]
        return done

    def take(self, root: Path, name: str) -> None:
        """Import a root file system as the image that a Dockerfile names."""
        with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as tar:
            assert tar.stdout is not None
            self("import", "-", name, stdin=tar.stdout.fileno())

    def build(self, file: Path, tag: str) -> None:
        # chroot: no namespaces for RUN. The machine's certificates, for a proxy that it may need.
        words = ["--isolation", "chroot", "--format", "docker", "--network", "host", "--pull-never"]
        # With vfs each layer is a whole copy.
        words.append("--layers=false")
        trust = ["-v", f"{AUTHORITIES}:{AUTHORITIES}:ro"]
        trust += ["--env", f"SSL_CERT_FILE={AUTHORITIES}/ca-certificates.crt"]
        # The environment of a build does not reach every stage.
        settings = self.folder / "uv.toml"
        settings.write_text("system-certs = true\n")
        trust += ["-v", f"{settings}:/etc/uv/uv.toml:ro"]
        self("build", *words, *trust, "-f", str(file), "-t", tag, str(ROOT))


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    missing = [name for name in NEEDED if shutil.which(name, path=path) is None]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("podman")
    base = folder / "base"
    made = subprocess.run(
        [
            "debootstrap",
            "--variant=minbase",
            "--include=python3,python3-venv,ca-certificates",
            "bookworm",
            str(base),
        ],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        pytest.skip(f"debootstrap made no base: {(made.stdout + made.stderr)[-300:]}")
    # As the image `python` has it.
    (base / "usr/bin/python").symlink_to("python3")
    engine = Podman(folder)
    engine.take(base, "python:3.11-slim")
    yield engine
    engine("rm", "--all", "--force", check=False)


@pytest.fixture
def running(podman: Podman) -> Iterator[list[str]]:
    """Names of containers, to be removed at the end."""
    names: list[str] = []
    yield names
    for name in names:
        podman("rm", "--force", name, check=False)


def test_the_application_serves_as_nobody_and_its_health_check_passes(
    podman: Podman, running: list[str]
) -> None:
    podman.build(ROOT / "src/tasklist/Dockerfile", "tasklist")
    running.append("tasklist")
    # No database: the process is well all the same.
    words = ["--name", "tasklist", "--network", "none", "--read-only", "--cap-drop", "all"]
    podman("run", "-d", *LIMITS, *words, "-e", "VTT_DBHOST=127.0.0.1", "tasklist")
    eventually(
        lambda: podman("healthcheck", "run", "tasklist", check=False).returncode == 0,
        "the health check passes",
        60,
        1,
    )
    assert podman("exec", "tasklist", "id", "-u").stdout.strip() == "10001"
    podman("stop", "--time", "10", "tasklist")
    assert podman("healthcheck", "run", "tasklist", check=False).returncode != 0


def test_the_region_runs_the_image_itself_from_migration_to_site(
    podman: Podman, tmp_path: Path
) -> None:
    podman.build(ROOT / "src/tasklist/Dockerfile", "tasklist:latest")
    places = f'graphroot = "{podman.folder}/store"\nrunroot = "{podman.folder}/run"\n'
    storage = podman.folder / "storage.conf"
    storage.write_text(f'[storage]\ndriver = "vfs"\n{places}')
    drydock = Drydock.prepare(tmp_path)
    drydock.env["CONTAINERS_STORAGE_CONF"] = str(storage)
    (tmp_path / "drydock.toml").write_text('[images."tasklist:*"]\ndriver = "container"\n')
    try:
        up = drydock("up", "--quick", timeout=300)
        assert up.returncode == 0, up.stderr[-3000:]
        url = up.stdout.split()[-1]
        assert fetch(f"{url}/api/task/")
        status = drydock.status()
        assert [list(one["drivers"].values()) for one in status["tasks"]] == [["container"]] * 2
        process = Path("/proc") / str(status["tasks"][0]["pids"][0])
        assert "10001" in (process / "status").read_text().split("Uid:")[1].split()
        assert "up to date" in drydock("update-db").stdout
    finally:
        drydock("down")


def test_the_tool_rehearses_in_its_container_without_a_privilege(
    podman: Podman, running: list[str], tmp_path: Path
) -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("no terraform on this machine to put into the image")
    (tmp_path / "bin").mkdir()
    shutil.copy(terraform, tmp_path / "bin")
    podman.take(tmp_path, "hashicorp/terraform:1.11.4")
    podman.build(ROOT / "Dockerfile", "drydock")
    running.append("drydock")
    # As compose.yaml has it; `systempaths=unconfined` is podman's `unmask=ALL`.
    words = ["--name", "drydock", "--network", "none", "--cap-drop", "all"]
    words += ["--security-opt", "seccomp=unconfined", "--security-opt", "unmask=ALL"]
    podman("run", "-d", *LIMITS, *words, "--entrypoint", "sleep", "drydock", "infinity")
    assert podman("exec", "drydock", "id", "-u").stdout.strip() == "1000"
    assert "Terraform v1." in podman("exec", "drydock", "terraform", "version").stdout
    # `up` ends once the site has answered 200, and prints where.
    url = podman("exec", "drydock", "make", "up", "QUICK=1").stdout.split()[-1]
    assert url.startswith("http://127.0.0.1")
    assert "up to date" in podman("exec", "drydock", "make", "update_db").stdout
    read = f"import urllib.request as r; print(r.urlopen('{url}/api/task/').read().decode())"
    assert "1st Task" in podman("exec", "drydock", "python", "-c", read).stdout
    podman("exec", "drydock", "make", "down")
