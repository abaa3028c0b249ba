"""Container health checks: their state machine, and the schedule of one container's checks.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from drydock.errors import SpawnFailed
from drydock.region.dataplane.processes.client import Process


@dataclass(frozen=True)
class HealthCheck:
    """A container definition's healthCheck; seconds of AWS's time, but `timeout` in real seconds."""

    argv: tuple[str, ...]
    interval: float = 30.0
    timeout: float = 5.0
    retries: int = 3
    start_period: float = 0.0


@dataclass(frozen=True)
class Health:
    """The health status of a container so far."""

    status: str = "UNKNOWN"
    """UNKNOWN, HEALTHY or UNHEALTHY."""
    failures: int = 0
    """In a row, those that count."""

    def after(self, *, passed: bool, retries: int, starting: bool) -> Health:
        """Return the status after one more result.

        `starting`: the check began within startPeriod, where failures do not count before the first
        success.
        """
        if passed:
            return Health("HEALTHY")
        if starting and self.status == "UNKNOWN" and not self.failures:
            return self
        failures = self.failures + 1
        return replace(
            self, status="UNHEALTHY" if failures >= retries else self.status, failures=failures
        )


class Monitor:
    """Runs the checks of one running container. Not thread-safe: the task's pass calls it."""

    def __init__(
        self, check: HealthCheck, start: Callable[[], Process], scale: float, now: float
    ) -> None:
        """`start` begins one check; `scale` divides AWS's waits; `now` in monotonic seconds."""
        self._check = check
        self._start = start
        self._interval = check.interval / scale
        self._counts_from = now + check.start_period / scale
        self._due = now + self._interval
        self._begun = now
        self._process: Process | None = None
        self.health = Health()

    def step(self, now: float) -> float:
        """Begin, end or give up a check; return the seconds until the next step.

        A check's end wakes earlier.
        """
        if self._process is None and now >= self._due:
            self._begun = now
            try:
                self._process = self._start()
            except SpawnFailed:
                self._result(passed=False, now=now)
        if self._process is not None:
            code = self._process.exit_code
            deadline = self._begun + self._check.timeout
            if code is not None:
                self._result(passed=code == 0, now=now)
            elif now >= deadline:
                self._process.kill_group()
                self._result(passed=False, now=now)
            else:
                return deadline - now
        return max(self._due - now, 0.01)

    def _result(self, *, passed: bool, now: float) -> None:
        self._process = None
        self._due = now + self._interval
        self.health = self.health.after(
            passed=passed,
            retries=self._check.retries,
            starting=self._begun < self._counts_from,
        )
