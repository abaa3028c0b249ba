"""Commands in this process, with a launcher, a Terraform stack and a build that only note what is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from drydock.cli import main as cli
from drydock.config import Config
from drydock.errors import RegionAlreadyRunning, RegionNotRunning
from drydock.paths import Workspace
from drydock.region.host.launcher import RegionRecord
from drydock.stack.plan import PlanSummary
from drydock.stack.runner import Outcome
from drydock.stack.state_lock import Holder

RECORD = RegionRecord(
    endpoint="http://127.0.0.1:4599",
    pid=11,
    daemon_pid=12,
    started_at="2026-11-23T09:00:00Z",
    region="ap-southeast-2",
    account_id="123456789012",
    log="region.log",
    id="region-1",
    dns="127.0.0.1:5399",
)


@dataclass
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@dataclass
class World:
    """What the commands find, and what they did."""

    running: bool = False
    done: list[str] = field(default_factory=list)
    summary: PlanSummary = field(default_factory=lambda: PlanSummary(added=("aws_vpc.this",)))
    consent: list[bool] = field(default_factory=list)
    """Of each apply: whether it may lose something."""
    contents: list[str] = field(default_factory=list)
    """What a destroy has to empty."""
    debris: list[str] = field(default_factory=list)
    """What a lost state does not tell of."""
    unguarded: list[bool] = field(default_factory=list)
    """Of each destroy: whether it turns protection off."""
    holder: Holder | None = None
    """Of the state's lock."""
    planned: dict[str, Any] = field(default_factory=dict)
    """The plan's JSON."""
    outputs: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    """Terraform's."""
    errored: bool = True
    """Whether there is an errored.tfstate."""
    inside: dict[str, Any] = field(default_factory=lambda: {"urls": [], "tasks": []})
    fails: dict[str, BaseException] = field(default_factory=dict)
    """Step => what it raises."""

    def do(self, step: str) -> None:
        if step in self.fails:
            raise self.fails[step]
        self.done.append(step)

    def start(self, _workspace: Workspace, _config: Config) -> RegionRecord:
        if self.running:
            raise RegionAlreadyRunning("the region", "one runs already", "drydock region stop")
        self.do("start")
        self.running = True
        return RECORD

    def stop(self, _workspace: Workspace, *, force: bool = False) -> bool:  # noqa: ARG002
        was, self.running = self.running, False
        self.do("stop")
        return was

    def find(self, _workspace: Workspace) -> RegionRecord | None:
        return RECORD if self.running else None

    def require(self, _workspace: Workspace) -> RegionRecord:
        if not self.running:
            raise RegionNotRunning("the region", "none runs", "drydock region start")
        return RECORD

    def inspect(self, _record: RegionRecord) -> dict[str, Any]:
        return self.inside


class FakeStack:
    """Takes the place of drydock.stack.stack.Stack."""

    def __init__(self, world: World, folder: Path, target: Any, **_: Any) -> None:
        self._world = world
        self.folder = folder.resolve()
        self.target = target
        world.do(f"stack {folder.name} on {target.kind}")

    def init(self, *, upgrade: bool = False) -> None:
        self._world.do("init -upgrade" if upgrade else "init")

    def plan(self) -> PlanSummary:
        self._world.do("plan")
        return self._world.summary

    @property
    def planned(self) -> dict[str, Any]:
        return self._world.planned

    def apply(self, *, allow_replace: bool = False) -> None:
        self._world.do("apply")
        self._world.consent.append(allow_replace)

    def settle(self) -> None:
        if "settle" in self._world.fails:
            raise self._world.fails["settle"]

    def untaint(self, addresses: Sequence[str]) -> list[str]:
        for one in addresses:
            self._world.do(f"untaint {one}")
        return list(addresses)

    def recover(self, *, discard: bool = False) -> bool:
        self._world.do("recover --discard" if discard else "recover")
        return self._world.errored

    def unlock(self, lock_id: str) -> None:
        self._world.do(f"unlock {lock_id}")

    def refresh(self) -> None:
        self._world.do("refresh")

    def command(self, *words: str) -> Outcome:
        if words == ("state", "pull"):
            return Outcome(0, json.dumps(self._world.state))
        self._world.do(" ".join(words))
        return Outcome(0, "")

    def output(self) -> dict[str, Any]:
        self._world.do("output")
        return self._world.outputs


class FakeTeardown:
    """Takes the place of drydock.stack.teardown.teardown.Teardown."""

    def __init__(self, world: World) -> None:
        self._world = world

    def contents(self) -> list[str]:
        return self._world.contents

    @property
    def debris(self) -> tuple[str, ...]:
        return tuple(self._world.debris)

    def run(self, *, disable_protection: bool = False, remove: bool = True) -> None:
        self._world.do("destroy" if remove else "destroy and name")
        self._world.unguarded.append(disable_protection)

    def report(self) -> None:
        if "report" in self._world.fails:
            raise self._world.fails["report"]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    import os

    for name in [*os.environ]:
        if name.startswith(("AWS_", "TF_VAR_")) or name in {"TARGET", "NO_COLOR", "FORCE_COLOR"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    world = World()
    launcher = "drydock.region.host.launcher"
    monkeypatch.setattr(f"{launcher}.start", world.start)
    monkeypatch.setattr(f"{launcher}.stop", world.stop)
    monkeypatch.setattr(f"{launcher}.running", world.find)
    monkeypatch.setattr(f"{launcher}.require", world.require)
    monkeypatch.setattr(f"{launcher}.inspect", world.inspect)

    def stack(folder: Path, target: Any, _workspace: Workspace, **more: Any) -> FakeStack:
        return FakeStack(world, folder, target, **more)

    monkeypatch.setattr("drydock.stack.stack.Stack", stack)
    monkeypatch.setattr("drydock.stack.reading.holder", lambda _: world.holder)
    teardown = "drydock.stack.teardown.teardown.Teardown"
    monkeypatch.setattr(teardown, lambda *_: FakeTeardown(world))
    return world


Run = Callable[..., Ended]


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `drydock WORDS…` as the console script does."""
    monkeypatch.setattr("signal.signal", lambda *_: None)

    def call(*words: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["drydock", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, said.out, said.err)

    return call
