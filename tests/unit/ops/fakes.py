"""A scripted ECS and CloudWatch Logs: one task that goes through given states, and what it writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from drydock.aws.clients import Clients, Pace
from drydock.ops.services import Service

ARN = "arn:aws:ecs:ap-southeast-2:123456789012:task/shop-app/0123456789abcdef"
DEFINITION: dict[str, Any] = {
    "containerDefinitions": [
        {
            "name": "sidecar",
            "essential": False,
            "image": "x",
        },
        {
            "name": "app",
            "essential": True,
            "image": "y",
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/ecs/shop", "awslogs-stream-prefix": "app"},
            },
        },
    ]
}
SERVICE = Service(
    name="app",
    arn="arn:service",
    cluster="arn:aws:ecs:ap-southeast-2:123456789012:cluster/shop-app",
    task_definition="arn:task-definition/shop:7",
    network={"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}},
    launch_type="FARGATE",
)


@dataclass(frozen=True)
class Moment:
    """What the API says from one DescribeTasks on."""

    status: str
    lines: tuple[str, ...] = ()
    """Lines that appear now."""
    exit_code: int | None = None
    reason: str = ""


@dataclass
class FakeTime:
    now: float = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class FakeEcs:
    script: list[Moment]
    logs: FakeLogs
    failures: list[dict[str, str]] = field(default_factory=list)
    after_stop: list[Moment] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    interrupt_at: int = -1
    looks: int = 0

    def run_task(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"tasks": [] if self.failures else [{"taskArn": ARN}], "failures": self.failures}

    def describe_tasks(self, **_: Any) -> dict[str, Any]:
        self.looks += 1
        if self.looks == self.interrupt_at:
            raise KeyboardInterrupt
        moment = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        self.logs.lines += moment.lines
        self.logs.ended = moment.status == "STOPPED"
        container = {"name": "app"}
        if moment.exit_code is not None:
            container |= {"exitCode": moment.exit_code}  # type: ignore[dict-item]
        task = {
            "taskArn": ARN,
            "lastStatus": moment.status,
            "stoppedReason": moment.reason,
            "containers": [{"name": "sidecar", "exitCode": 9}, container],
        }
        return {"tasks": [task]}

    def stop_task(self, *, reason: str, **_: Any) -> None:
        self.stopped.append(reason)
        if self.after_stop:
            self.script = self.after_stop


class _NoStreamError(Exception):
    pass


@dataclass
class FakeLogs:
    lines: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    """Lines that come one by one after the task has stopped, as they do on AWS."""
    ended: bool = False
    streams: set[str] = field(default_factory=set)

    class exceptions:  # noqa: N801 - botocore's name
        ResourceNotFoundException = _NoStreamError

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        self.streams.add(request["logStreamName"])
        start = int(request.get("nextToken", "0"))
        if self.ended and start == len(self.lines) and self.late:
            self.lines.append(self.late.pop(0))
        if not self.lines:
            raise _NoStreamError
        events = [
            {"timestamp": index, "message": text}
            for index, text in enumerate(self.lines[start : start + 2], start)
        ]
        return {"events": events, "nextForwardToken": str(start + len(events))}


def clients(script: Sequence[Moment], **more: Any) -> tuple[Clients, FakeEcs]:
    logs = FakeLogs(late=more.pop("late", []))
    ecs = FakeEcs(list(script), logs, **more)
    fake = cast("Any", Clients.__new__(Clients))
    fake.endpoint, fake.pace, fake.ecs, fake.logs = None, Pace(every=1.0, settle=5.0), ecs, logs
    return cast("Clients", fake), ecs
