"""What does the region cost per request?

The sample application through the region's load balancer, against the same HAProxy (program and
configuration) in front of the same application on plain loopback, no namespaces, its log lines taken
by a reader that throws them away: alternating runs, the median of 5 ratios of one to the next. By
hand, too, each program is in a session of its own: the kernel shares time out between sessions
(sched_autogroup). By hand in one session, they get a fifth more done: the ratio is 0.79 to 0.84 then.

Goals: a ratio of 0.9, of 0.85 over HTTPS with connections that stay open, and 2,000 requests per
second for GET /api/task/ with 32 connections. A fixed response, which no target has a part in, is
reported beside them.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.support import (
    BIN,
    client,
    drydock,
    load,
    quick_site,
    spread,
    table,
    url_of,
    wait_for,
    working_folder,
)
from drydock.region.dataplane.balancer.fleet import Fleet
from drydock.region.dataplane.balancer.spec import (
    Certificate,
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    PathPattern,
    Rule,
    Target,
    TargetGroup,
    Tls,
)
from drydock.region.services.elbv2.operations.policies import POLICIES
from tests.support.postgres import Postgres, free_port
from tests.support.spawner import LocalSpawner
from tests.support.tls import self_signed

RATE_GOAL = 2000
RUNS = 5
QUESTIONS = (
    ("http", "/api/task/", 0.9),
    ("http", "/healthcheck/live", 0.9),
    ("https", "/api/task/", 0.85),
    ("https", "/healthcheck/live", 0.85),
    ("http", "/fixed", None),
)
"""Scheme, path and the ratio that is the goal."""
CERTIFICATE = self_signed("site.test")
POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"

READER = """
import fcntl, os, time
fcntl.fcntl(0, fcntl.F_SETPIPE_SZ, 1 << 20)
while os.read(0, 1 << 20):
    time.sleep(0.04)
"""
"""Takes the application's log lines, as the region does, and does nothing with them."""


@contextmanager
def by_hand() -> Iterator[dict[str, str]]:
    """PostgreSQL, two `tasklist serve` and an HAProxy, started by hand → its URL by scheme."""
    folder = Path(tempfile.mkdtemp(prefix="drydock-by-hand-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        (folder / "db").mkdir()
        server = stack.enter_context(Postgres(folder / "db", durable=True))
        ports = [free_port(), free_port()]
        environment = {
            **os.environ,
            **server.environment(),
            "VTT_LISTENHOST": "127.0.0.1",
        }
        subprocess.run([BIN / "tasklist", "updatedb"], env=environment, check=True, cwd=folder)
        for port in ports:
            _run(
                stack,
                [str(BIN / "tasklist"), "serve"],
                {**environment, "VTT_LISTENPORT": str(port)},
            )
            wait_for(f"http://127.0.0.1:{port}/healthcheck/")
        urls = stack.enter_context(_balanced(folder, ports))
        wait_for(urls["http"] + "/healthcheck/")
        yield urls


@contextmanager
def _balanced(folder: Path, ports: list[int]) -> Iterator[dict[str, str]]:
    """The region's own HAProxy, configured as in the region, in front of loopback ports."""
    spawner = LocalSpawner()
    targets = tuple(Target("127.0.0.1", port) for port in ports)
    check = HealthCheck(path="/healthcheck/", interval=1.5)
    allowed = POLICIES[POLICY].ciphers
    tls = Tls(
        (Certificate("site", CERTIFICATE.pem),),
        ciphers=tuple(one for one in allowed if not one.startswith("TLS_")),
        suites=tuple(one for one in allowed if one.startswith("TLS_")),
    )
    fixed = Rule(1, (PathPattern(("/fixed",)),), FixedResponse(200, body="fixed"))
    spec = LoadBalancer(
        listeners=(
            Listener("http", 80, Forward.to("app"), (fixed,)),
            Listener("https", 443, Forward.to("app"), protocol="HTTPS", tls=tls),
        ),
        target_groups=(TargetGroup("app", targets, health_check=check),),
    )
    own = folder / "balancer"
    own.mkdir()
    with ExitStack() as stack:
        fronts = {
            scheme: stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
            for scheme in ("http", "https")
        }
        fleet = Fleet(spawner, own, "by-hand")
        try:
            fleet.apply(spec, {scheme: [front] for scheme, front in fronts.items()})
            while not all(one.state == "healthy" for one in fleet.health().values()):
                time.sleep(0.05)
            yield {
                scheme: f"{scheme}://127.0.0.1:{front.getsockname()[1]}"
                for scheme, front in fronts.items()
            }
        finally:
            fleet.stop()
            spawner.close()


def add_https(folder: Path) -> str:
    """Give the region's load balancer the same HTTPS listener and fixed response → the HTTPS URL."""
    acm, elb = client(folder, "acm"), client(folder, "elbv2")
    balancer = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]
    certificate = acm.import_certificate(
        Certificate=CERTIFICATE.certificate.encode(), PrivateKey=CERTIFICATE.key.encode()
    )["CertificateArn"]
    elb.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/fixed"]}],
        Actions=[
            {
                "Type": "fixed-response",
                "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "fixed"},
            }
        ],
    )
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        SslPolicy=POLICY,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=listener["DefaultActions"],
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for url in json.loads(drydock(folder, "status", "--json"))["urls"]:
            if url["url"].startswith("https:"):
                return str(url["url"])
    raise SystemExit("the region's HTTPS listener has no URL")


def _run(stack: ExitStack, command: list[str], environment: dict[str, str]) -> None:
    reader = subprocess.Popen([sys.executable, "-c", READER], stdin=subprocess.PIPE)
    child = subprocess.Popen(command, env=environment, stdout=reader.stdin, start_new_session=True)
    assert reader.stdin is not None
    reader.stdin.close()
    stack.callback(reader.wait)
    stack.callback(child.wait)
    stack.callback(child.terminate)


def main() -> int:
    rows, good = [], True
    with working_folder() as folder, by_hand() as plain:
        quick_site(folder)
        region = {"http": url_of(folder).rstrip("/"), "https": add_https(folder).rstrip("/")}
        for scheme, path, goal in QUESTIONS:
            ours, theirs = [], []
            for _ in range(RUNS):
                ours.append(load(region[scheme] + path))
                theirs.append(load(plain[scheme] + path))
            # Of each pair, since a machine is faster at one minute than at another.
            ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
            ratio = statistics.median(ratios)
            shown = f">= {goal}" if goal else ""
            rows.append(
                (f"{scheme} {path}", spread(ours, 0), spread(theirs, 0), spread(ratios, 2), shown)
            )
            good = good and (goal is None or ratio >= goal)
            good = good and (
                (scheme, path) != ("http", "/api/task/") or statistics.median(ours) >= RATE_GOAL
            )
    head = ("requests per second, 32 connections", "the region", "by hand", "ratio", "goal")
    table(head, rows)
    print(f"\nGET /api/task/ shall be at least {RATE_GOAL} per second.")
    return 0 if good else 3


if __name__ == "__main__":
    sys.exit(main())
