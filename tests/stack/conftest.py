"""Terraform and its provider of this machine, and a moto server to point them at."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import httpx
import pytest

from drydock.aws.target import Target
from drydock.errors import TerraformMissing
from drydock.paths import Workspace
from drydock.stack import Stack, find_provider, find_terraform
from drydock.stack.finder import Terraform
from tests.support.waiting import eventually

MOTO = Path(sys.executable).with_name("moto_server")


@pytest.fixture(scope="session")
def terraform() -> Terraform:
    try:
        return find_terraform(os.environ)
    except TerraformMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def aws_provider(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where the AWS provider would have to come from the registry: tests do not download it."""
    folder = tmp_path_factory.mktemp("stack")
    if find_provider(terraform, os.environ, folder).kind == "registry":
        pytest.skip("no filesystem mirror on this machine has the AWS provider 5.100 or newer")


@dataclass
class Moto:
    """A moto server of its own, on loopback."""

    url: str
    server: subprocess.Popen[bytes]

    def kill(self) -> None:
        self.server.kill()
        self.server.wait(20)


@contextmanager
def serving(log: Path, port: int = 0) -> Iterator[Moto]:
    """A moto server on `port`, or on a free one."""
    if not port:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert server.poll() is None, log.read_text()
        try:
            return httpx.get(f"{url}/moto-api/", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    with log.open("ab") as output:
        server = subprocess.Popen(
            [str(MOTO), "-H", "127.0.0.1", "-p", str(port)], stdout=output, stderr=output
        )
        try:
            eventually(answers, "moto answers", 60)
            yield Moto(url, server)
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A moto server for all tests of the session."""
    with serving(tmp_path_factory.mktemp("moto") / "log") as moto:
        yield moto.url


@dataclass
class Rehearsal:
    """A stack in a folder of its own, and everything that was said about it."""

    stack: Stack
    folder: Path
    workspace: Workspace
    lines: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def write(self, text: str) -> None:
        (self.folder / "main.tf").write_text(text)

    def pointed_at(self, target: Target) -> Stack:
        return Stack(self.folder, target, self.workspace, on_line=self.lines.append)


@pytest.fixture
def rehearse(
    terraform: Terraform, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Rehearsal]:
    """Makes a rehearsal of a stack's text."""
    for name in [name for name in os.environ if name.startswith(("TF_VAR_", "TF_STATE_"))]:
        monkeypatch.delenv(name)

    def make(text: str) -> Rehearsal:
        folder = tmp_path / "my-stack"
        folder.mkdir(exist_ok=True)
        (folder / "main.tf").write_text(text)
        workspace = Workspace(tmp_path / "work")
        lines: list[str] = []
        target = Target.local(endpoint, region_id="r1")
        return Rehearsal(
            Stack(folder, target, workspace, on_line=lines.append), folder, workspace, lines
        )

    return make


@pytest.fixture
def s3(endpoint: str) -> Iterator[object]:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="ap-southeast-2",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    yield client
    client.close()
