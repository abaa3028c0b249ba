"""Does a load balancer lose requests while it changes, and how many when a target dies?

100 changes of rules, weights, targets and certificates, over HTTP and HTTPS under load: none of 200,000
requests may fail. A task is killed under load: no more may fail than it was answering.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.support import (
    Load,
    client,
    count,
    drydock,
    quick_site,
    table,
    url_of,
    working_folder,
)
from benchmarks.throughput import add_https
from tests.support.tls import self_signed

CHANGES, REQUESTS, CONNECTIONS = 100, 200_000, 32
PATH = "/healthcheck/live"


class Balancer:
    """The load balancer of `up --quick`, a second target group with the same targets, and its changes."""

    def __init__(self, folder: Path) -> None:
        self._acm, self._elb = client(folder, "acm"), client(folder, "elbv2")
        elb: Any = self._elb
        self.https = add_https(folder).rstrip("/")
        self.http = url_of(folder).rstrip("/")
        balancer = elb.describe_load_balancers()["LoadBalancers"][0]
        listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        self._listeners = [one["ListenerArn"] for one in listeners]
        self._certificate = next(one for one in listeners if one["Protocol"] == "HTTPS")[
            "Certificates"
        ][0]["CertificateArn"]
        self._first = elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
        self._targets = [
            {"Id": one["Target"]["Id"], "Port": one["Target"]["Port"]}
            for one in elb.describe_target_health(TargetGroupArn=self._first)[
                "TargetHealthDescriptions"
            ]
        ]
        self._second = elb.create_target_group(
            Name="second",
            Protocol="HTTP",
            Port=3000,
            VpcId=balancer["VpcId"],
            TargetType="ip",
            HealthCheckPath="/healthcheck/live",
            HealthCheckIntervalSeconds=5,
            HealthCheckTimeoutSeconds=2,
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.register_targets(TargetGroupArn=self._second, Targets=self._targets)
        self.weigh(0)
        self._wait_healthy()

    def weigh(self, number: int) -> None:
        """Other weights of the default action."""
        groups = [
            {"TargetGroupArn": self._first, "Weight": 1 + number % 5},
            {"TargetGroupArn": self._second, "Weight": 1 + number % 3},
        ]
        for listener in self._listeners:
            self._elb.modify_listener(
                ListenerArn=listener,
                DefaultActions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
            )

    def rule(self, number: int) -> None:
        """A rule comes, or goes."""
        for listener in self._listeners:
            rules = self._elb.describe_rules(ListenerArn=listener)["Rules"]
            ours = [one for one in rules if one["Priority"] == "7"]
            if ours:
                self._elb.delete_rule(RuleArn=ours[0]["RuleArn"])
                continue
            self._elb.create_rule(
                ListenerArn=listener,
                Priority=7,
                Conditions=[{"Field": "path-pattern", "Values": [f"/never/{number}"]}],
                Actions=[{"Type": "forward", "TargetGroupArn": self._first}],
            )

    def target(self, number: int) -> None:
        """A target of the second group comes back, or another goes."""
        one = self._targets[number % len(self._targets)]
        self._elb.register_targets(TargetGroupArn=self._second, Targets=self._targets)
        self._wait_healthy()
        self._elb.deregister_targets(TargetGroupArn=self._second, Targets=[one])

    def certificate(self, _number: int) -> None:
        """Another certificate under the same ARN."""
        new = self_signed("site.test")
        self._acm.import_certificate(
            CertificateArn=self._certificate,
            Certificate=new.certificate.encode(),
            PrivateKey=new.key.encode(),
        )

    def _wait_healthy(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            seen = self._elb.describe_target_health(TargetGroupArn=self._second)
            states = {one["TargetHealth"]["State"] for one in seen["TargetHealthDescriptions"]}
            if states == {"healthy"}:
                return
            time.sleep(0.05)
        raise SystemExit(f"the second target group does not become healthy: {states}")


def under_load(url: str, seconds: int, act: Callable[[], None]) -> Load:
    """What wrk counted while `act` ran, which must be quicker than the load is long."""
    found: list[Load] = []
    wrk = threading.Thread(target=lambda: found.append(count(url, seconds, CONNECTIONS)))
    wrk.start()
    act()
    if not wrk.is_alive():
        raise SystemExit("the load ended before the changes did: give it more seconds")
    wrk.join()
    return found[0]


def changed(balancer: Balancer, seconds: int) -> tuple[Load, Load]:
    """What both schemes counted while everything changed."""

    def change() -> None:
        kinds = (balancer.weigh, balancer.rule, balancer.target, balancer.certificate)
        for number in range(CHANGES):
            kinds[number % len(kinds)](number)

    found: list[Load] = []
    over_tls = threading.Thread(
        target=lambda: found.append(count(balancer.https + PATH, seconds, CONNECTIONS))
    )
    over_tls.start()
    plain = under_load(balancer.http + PATH, seconds, change)
    over_tls.join()
    return plain, found[0]


def killed(folder: Path, url: str) -> Load:
    """What was counted while one of the two tasks was killed."""
    pids = json.loads(drydock(folder, "status", "--json"))["tasks"][0]["pids"]

    def kill() -> None:
        time.sleep(1)  # the load is to be there
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    return under_load(url, 5, kill)


def main() -> int:
    with working_folder() as folder:
        quick_site(folder)
        balancer = Balancer(folder)
        seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
        plain, over_tls = changed(balancer, seconds)
        balancer.target(0)
        dead = killed(folder, balancer.http + PATH)
    requests = plain.requests + over_tls.requests
    failed = plain.failed + over_tls.failed
    table(
        ("what", "requests", "failed", "goal"),
        (
            (f"{CHANGES} changes under load", requests, failed, f"0 of {REQUESTS:,}"),
            (
                "a task is killed under load",
                dead.requests,
                dead.failed,
                f"<= {CONNECTIONS}, those in flight",
            ),
        ),
    )
    return 0 if not failed and requests >= REQUESTS and dead.failed <= CONNECTIONS else 3


if __name__ == "__main__":
    sys.exit(main())
