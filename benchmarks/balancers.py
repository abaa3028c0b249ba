"""What do many load balancers cost, and how soon is a call in effect?

50 load balancers with a listener and 4 rules each: memory, and the time from the beginning of an API call
until a request is answered as it says. Goal: at most 300 ms.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.support import client, drydock, spread, table, working_folder

BALANCERS, RULES, SAMPLES = 50, 4, 10
GOAL = 300.0
"""Milliseconds."""
_ANYWHERE = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


class Place:
    """A VPC that the internet reaches, with what load balancers need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ec2: Any = client(folder, "ec2")
        self.elb: Any = client(folder, "elbv2")
        self.record = json.loads((folder / ".drydock/region/region.json").read_text())
        self._vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][
            0
        ]["VpcId"]
        own = [{"Name": "vpc-id", "Values": [self._vpc]}]
        self._subnets = [one["SubnetId"] for one in ec2.describe_subnets(Filters=own)["Subnets"]][
            :2
        ]
        self._group = ec2.create_security_group(GroupName="all", Description="x", VpcId=self._vpc)[
            "GroupId"
        ]
        ec2.authorize_security_group_ingress(GroupId=self._group, IpPermissions=_ANYWHERE)

    def balancer(self, number: int) -> tuple[str, str]:
        """CreateLoadBalancer, CreateListener → the listener's ARN and its URL, once it answers."""
        arn = self.elb.create_load_balancer(
            Name=f"lb-{number}", Subnets=self._subnets, SecurityGroups=[self._group]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        port = 18000 + number
        listener = self.elb.create_listener(
            LoadBalancerArn=arn, Protocol="HTTP", Port=port, DefaultActions=fixed("default")
        )["Listeners"][0]["ListenerArn"]
        url = f"http://127.0.0.1:{port}"
        wait(lambda: answer(url) == "default", f"{url} answers")
        return listener, url

    def rule(self, listener: str, number: int, words: str) -> str:
        """CreateRule → its ARN."""
        arn: str = self.elb.create_rule(
            ListenerArn=listener,
            Priority=number + 1,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{number}"]}],
            Actions=fixed(words),
        )["Rules"][0]["RuleArn"]
        return arn


def fixed(words: str) -> list[dict[str, Any]]:
    config = {"StatusCode": "200", "MessageBody": words}
    return [{"Type": "fixed-response", "FixedResponseConfig": config}]


def answer(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return str(response.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def wait(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not true():
        if time.monotonic() > deadline:
            raise SystemExit(f"not true in 20 s: {what}")
        time.sleep(0.002)


def milliseconds(act: Callable[[], object], true: Callable[[], bool], what: str) -> float:
    begun = time.monotonic()
    act()
    wait(true, what)
    return (time.monotonic() - begun) * 1000


def memory(root: int) -> list[float]:
    """Private memory of each HAProxy process below a process, in MB."""
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except OSError:
            continue
        names[int(folder.name)] = text[text.index("(") + 1 : text.rindex(")")]
        parents[int(folder.name)] = int(text.rpartition(")")[2].split()[1])

    def below(pid: int) -> bool:
        while pid in parents and pid != root:
            pid = parents[pid]
        return pid == root

    haproxies = [pid for pid, name in names.items() if name == "haproxy" and below(pid)]
    return [size for pid in haproxies if (size := _private(pid))]


def _private(pid: int) -> float:
    """What would be free without this process, in MB; 0 if it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    lines = [line.split() for line in text.splitlines() if line.startswith("Private_")]
    return sum(int(line[1]) for line in lines) / 1024


def main() -> int:
    with working_folder() as folder:
        drydock(folder, "region", "start")
        place = Place(folder)
        created, listeners = [], []
        for number in range(BALANCERS):
            begun = time.monotonic()
            listener, url = place.balancer(number)
            created.append((time.monotonic() - begun) * 1000)
            for rule in range(RULES):
                place.rule(listener, rule, f"rule {rule}")
            wait(lambda url=url: answer(f"{url}/{RULES - 1}") == f"rule {RULES - 1}", url)  # type: ignore[misc]
            listeners.append((listener, url))
        added, changed, removed = [], [], []
        for number in range(SAMPLES):
            listener, url = listeners[number * BALANCERS // SAMPLES]
            arns: list[str] = []
            added.append(
                milliseconds(
                    lambda listener=listener, arns=arns: arns.append(  # type: ignore[misc]
                        place.rule(listener, 9, "one")
                    ),
                    lambda url=url: answer(f"{url}/9") == "one",  # type: ignore[misc]
                    f"a rule of {url}",
                )
            )
            changed.append(
                milliseconds(
                    lambda arns=arns: place.elb.modify_rule(RuleArn=arns[0], Actions=fixed("two")),  # type: ignore[misc]
                    lambda url=url: answer(f"{url}/9") == "two",  # type: ignore[misc]
                    f"a changed rule of {url}",
                )
            )
            removed.append(
                milliseconds(
                    lambda arns=arns: place.elb.delete_rule(RuleArn=arns[0]),  # type: ignore[misc]
                    lambda url=url: answer(f"{url}/9") == "default",  # type: ignore[misc]
                    f"a removed rule of {url}",
                )
            )
        sizes = memory(place.record["pid"])
    rows = [
        ("a load balancer and its listener, until it answers, ms", created),
        ("a rule that is added, ms", added),
        ("a rule that is changed, ms", changed),
        ("a rule that is removed, ms", removed),
    ]
    table(
        (
            f"{BALANCERS} load balancers with {RULES} rules each",
            "median (lowest to highest)",
            "goal",
        ),
        [
            *((what, spread(values, 0), f"<= {GOAL:.0f}") for what, values in rows),
            (f"private memory of {len(sizes)} HAProxy processes, MB each", spread(sizes, 1), ""),
        ],
    )
    return 0 if all(statistics.median(values) <= GOAL for _, values in rows) else 3


if __name__ == "__main__":
    sys.exit(main())
