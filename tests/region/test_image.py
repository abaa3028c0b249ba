"""`drydock image build | push`, with an engine that only notes what it is asked for, and the region's ECR."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import BIN
from tests.support.region import TestRegion

ROOT = Path(__file__).parents[2]
DIGEST = f"sha256:{'ab' * 32}"
MANIFEST = '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}'
ENGINE = """#!/bin/sh
echo "$@" >> {folder}/calls
case $1 in
  build) echo "STEP 1/9"; [ -z "$FAIL" ] || {{ echo "no such base"; exit 125; }} ;;
  login) cat > {folder}/password; echo secret > "$REGISTRY_AUTH_FILE"; echo "$REGISTRY_AUTH_FILE" > {folder}/auth ;;
  push) cat "$REGISTRY_AUTH_FILE" > /dev/null || exit 1; [ "$2" != --digestfile ] || echo {digest} > "$3" ;;
  image) echo "[\\"other@sha256:00\\",\\"$(cut -d: -f1 {folder}/remote)@{digest}\\"]" ;;
  tag) echo "$3" > {folder}/remote ;;
esac
"""


class Machine:
    """A folder with an engine in it, and the command run there, as against AWS."""

    def __init__(self, region: TestRegion, folder: Path, engine: str) -> None:
        self.region, self.folder = region, folder
        bin_ = folder / "bin"
        bin_.mkdir()
        if engine:
            program = bin_ / engine
            program.write_text(ENGINE.format(folder=folder, digest=DIGEST))
            program.chmod(0o755)

    def __call__(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AWS_", "TF_"))
        }
        own = {
            "PATH": f"{self.folder / 'bin'}:/bin",
            "TARGET": "aws",
            "AWS_ENDPOINT_URL": self.region.record.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": self.region.record.region,
        }
        return subprocess.run(
            [str(BIN / "drydock"), "image", *words],
            cwd=self.folder,
            env={**kept, **own, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def machine(region: TestRegion, tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    return Machine(region, tmp_path, request.param)


@pytest.fixture
def repository(region: TestRegion, request: pytest.FixtureRequest) -> dict[str, Any]:
    name = f"image-{abs(hash(request.node.name)) % 10**8}"
    made: dict[str, Any] = region.client("ecr").create_repository(repositoryName=name)["repository"]
    return made


@pytest.mark.parametrize("machine", ["docker", "podman"], indirect=True)
def test_an_image_is_pushed_and_its_digest_handed_to_terraform(
    machine: Machine, repository: dict[str, Any]
) -> None:
    env = machine.folder / ".env"
    env.write_text("AWS_REGION=x\n#TF_VAR_container_image=\nTF_VAR_container_image=old\n")
    name, uri = repository["repositoryName"], repository["repositoryUri"]
    done = machine("push", "shop:1", "--repository", name, "--tag", "v1", "--env-file", ".env")
    assert done.returncode == 0, done.stderr
    line = f"TF_VAR_container_image={uri}@{DIGEST}"
    assert done.stdout == f"{line}\n"
    assert env.read_text() == f"AWS_REGION=x\n{line}\n"
    assert machine.calls[0] == f"tag shop:1 {uri}:v1"
    host = uri.partition("/")[0]
    assert machine.calls[1].startswith("login --username AWS --password-stdin ")
    assert machine.calls[2].startswith("push ")
    assert host
    # The password came on standard input, and the file that held it is gone.
    password = (machine.folder / "password").read_text()
    assert password
    assert password not in done.stdout + done.stderr + "".join(machine.calls)
    assert not Path((machine.folder / "auth").read_text().strip()).exists()


@pytest.mark.parametrize("machine", ["podman"], indirect=True)
def test_a_repository_that_is_not_there_is_named(machine: Machine) -> None:
    done = machine("push", "--repository", "no-such-repository")
    assert done.returncode == 1
    assert "no-such-repository" in done.stderr
    assert "make init plan apply" in done.stderr


@pytest.mark.parametrize("machine", ["podman"], indirect=True)
def test_a_tag_never_moves(machine: Machine, repository: dict[str, Any]) -> None:
    name = repository["repositoryName"]
    machine.region.client("ecr").put_image(
        repositoryName=name, imageManifest=MANIFEST, imageTag="v1"
    )
    done = machine("push", "--repository", name, "--tag", "v1")
    assert done.returncode == 2
    assert "tags never move" in done.stderr
    assert not (machine.folder / "calls").exists()


@pytest.mark.parametrize("machine", ["docker"], indirect=True)
def test_a_build_names_the_file_and_fails_as_it_does(machine: Machine) -> None:
    file = ROOT / "src/tasklist/Dockerfile"
    done = machine("build", "--file", str(file), "--tag", "shop:2", str(ROOT))
    assert (done.returncode, done.stdout) == (0, "shop:2\n")
    assert machine.calls == [f"build -t shop:2 -f {file} {ROOT}"]
    failed = machine("build", "--file", str(file), FAIL="1")
    assert failed.returncode == 1
    assert "docker build failed: no such base" in failed.stderr
    assert machine("build", "--file", "none").returncode == 2


@pytest.mark.parametrize("machine", [""], indirect=True)
def test_without_an_engine_it_says_what_to_do(machine: Machine) -> None:
    done = machine(
        "build", "--file", str(ROOT / "src/tasklist/Dockerfile"), PATH=str(machine.folder)
    )
    assert done.returncode == 2
    assert "docker and podman not on the path" in done.stderr
    assert "TF_VAR_container_image" in done.stderr
