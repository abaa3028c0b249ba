"""Translate HAProxy's observations of its servers into AWS's target health. Pure.

AWS: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
HAProxy: its management guide, section "CSV format".
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from drydock.region.dataplane.balancer.spec import HealthCheck

State: TypeAlias = Literal["initial", "healthy", "unhealthy", "unused", "draining", "unavailable"]


@dataclass(frozen=True)
class TargetHealth:
    """A target's state as DescribeTargetHealth shows it; healthy has neither reason nor description."""

    state: State
    reason: str = ""
    description: str = ""


HEALTHY = TargetHealth("healthy")
REGISTERING = TargetHealth(
    "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
)
CHECKING = TargetHealth("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
TIMED_OUT = TargetHealth("unhealthy", "Target.Timeout", "Request timed out")
FAILED = TargetHealth("unhealthy", "Target.FailedHealthChecks", "Health checks failed")
DRAINING = TargetHealth(
    "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
)
NOT_REGISTERED = TargetHealth(
    "unused", "Target.NotRegistered", "Target is not registered to the target group"
)
NOT_IN_USE = TargetHealth(
    "unused",
    "Target.NotInUse",
    "Target group is not configured to receive traffic from the load balancer",
)
UNKNOWN = TargetHealth(
    "unavailable",
    "Elb.InternalError",
    "Health checks failed due to an internal error of the load balancer: its HAProxy does not answer",
)
UNCHECKED = TargetHealth(
    "unavailable",
    "Target.HealthCheckDisabled",
    "Health checks are not enabled for this target group",
)


@dataclass(frozen=True)
class Server:
    """One server of one backend, as `show stat` reports it."""

    up: bool
    """HAProxy sends it requests."""
    check: str
    """L7OK, L7STS, L4CON … of the last check that ended; INI or empty: none has."""
    code: str
    """The HTTP status of that check, if it had one."""
    passed: int
    """Checks passed in a row, counted from 0 while it is down."""
    sessions: int
    """The number of its current requests."""


@dataclass(frozen=True)
class Track:
    """The observed history of a target."""

    health: TargetHealth = REGISTERING
    failing_since: float | None = None
    """Monotonic seconds at which a new target's first failed check was seen."""
    refused: bool = False
    """Whether nothing was listening yet at that time."""


_WORST_FIRST = ("unhealthy", "initial", "draining", "unavailable", "healthy", "unused")


def combined(healths: Sequence[TargetHealth]) -> TargetHealth:
    """Return a target's health over several processes: healthy only if it is healthy in all of
    them.
    """
    return min(healths, key=lambda health: _WORST_FIRST.index(health.state))


def parse_servers(table: str) -> dict[tuple[str, str], Server]:
    """Parse `show stat -1 4 -1` into servers by backend and name."""
    rows = csv.DictReader(table.removeprefix("# ").splitlines())
    return {(row["pxname"], row["svname"]): _server(row) for row in rows}


def _server(row: Mapping[str, str]) -> Server:
    return Server(
        up=row["status"].startswith(("UP", "no check")),
        check=row["check_status"].removeprefix("* "),
        code=row["check_code"],
        passed=int(row["check_health"] or 0),
        sessions=int(row["scur"] or 0),
    )


def observe(track: Track, server: Server | None, check: HealthCheck | None, now: float) -> Track:
    """Return a target's history after one more observation; `now` in monotonic seconds.

    A new target is `initial` until its first passed check, or until as many failed as make it
    unhealthy: HAProxy doesn't count failures of a server that was never up, so they are counted by
    their interval; by AWS's own while nothing listens, since programs start at their own pace, and
    anew from then on.
    """
    if server is None:
        return track if track.health != HEALTHY else Track()
    if check is None:
        return Track(UNCHECKED)
    if server.up:
        return Track(HEALTHY)
    failure = failure_of(server)
    if track.health.state != "initial":
        was = track.health if track.health.state == "unhealthy" else FAILED
        return Track(failure or was)
    if failure is None:
        return Track(CHECKING)
    refused = server.check == "L4CON" and (track.refused or track.failing_since is None)
    begun = track.failing_since if track.refused == refused else None
    since = now if begun is None else begun
    # a check that times out may take longer than the interval, and puts off the next one
    pace = max(check.interval, check.timeout) if failure == TIMED_OUT else check.interval
    if refused:
        pace = max(pace, check.start_interval)
    if now - since >= (check.unhealthy_threshold - 1) * pace:
        return Track(failure)
    return Track(CHECKING, since, refused)


def failure_of(server: Server) -> TargetHealth | None:
    """Return why the last check failed; None if it passed, or if there was none."""
    match server.check:
        case "" | "INI" | "UNK" | "L4OK" | "L6OK" | "L7OK" | "L7OKC":
            return None
        case "L7STS":
            return TargetHealth(
                "unhealthy",
                "Target.ResponseCodeMismatch",
                f"Health checks failed with these codes: [{server.code}]",
            )
        case "L4TOUT" | "L6TOUT" | "L7TOUT":
            return TIMED_OUT
        case _:
            return FAILED


def earns_first_traffic(track: Track, server: Server | None) -> bool:
    """Return whether a new target is in service: after one passed check, whatever the healthy
    threshold.

    AWS: "After your target is registered, it must pass one health check to be considered healthy."
    """
    return (
        server is not None
        and not server.up
        and server.passed > 0
        and track.health.state == "initial"
    )
