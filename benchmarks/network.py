"""What does the network cost? Interfaces, changes of rules, throughput, compiling.

Goals: 200 interfaces in 4 subnets at most 20 ms and 0.8 MB each; a rule change that touches them all in
force in under 1 s; throughput with 60 rules at least 0.85 of that without; compiling grows linearly.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import boto3

from benchmarks.network_kernel import ENIS, ROUNDS, RULES, Figures
from benchmarks.support import ROOT, drydock, spread, table, working_folder

CREATION, MEMORY, CHANGE, RATIO, LINEAR = 20.0, 0.8, 1.0, 0.85, 2.0
CHANGES = 10
_PROBED = 5
"""Interfaces that are asked after each change, spread over the subnets."""
_RULE = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}


def main() -> int:
    creation, changes = in_a_region()
    kernel = in_the_kernel()
    ratios = [one / other for one, other in zip(kernel.with_rules, kernel.without, strict=True)]
    table(
        (f"{ENIS} interfaces in 4 subnets", "measured", "goal"),
        (
            (
                "creation, from CreateNetworkInterface until attached, ms each",
                f"{creation:.1f}",
                f"<= {CREATION:.0f}",
            ),
            ("… of which the kernel's, ms each", f"{kernel.creation:.1f}", ""),
            ("memory of an idle one, MB", f"{kernel.memory:.2f}", f"<= {MEMORY}"),
            (
                "a rule of all of them changed: in force after, seconds",
                spread(changes),
                f"< {CHANGE}",
            ),
        ),
    )
    print()
    table(
        (
            f"throughput of one connection, Gbit/s, {ROUNDS} rounds by turns",
            "median (lowest to highest)",
            "goal",
        ),
        (
            (f"{RULES} rules each way", spread(kernel.with_rules, 1), ""),
            ("no rules, no connection tracking", spread(kernel.without, 1), ""),
            ("ratio, round by round", spread(ratios), f">= {RATIO}"),
        ),
    )
    print()
    compiling(kernel)
    good = (
        creation <= CREATION
        and kernel.memory <= MEMORY
        and max(changes) < CHANGE
        and statistics.median(ratios) >= RATIO
        and growth(kernel) <= LINEAR
    )
    return 0 if good else 3


def compiling(kernel: Figures) -> None:
    """Print the cost by number of rules."""
    table(
        ("rules", "to write them, ms", "to have nft load them, ms", "both, µs a rule"),
        [
            (count, f"{written:.1f}", f"{loaded:.1f}", f"{(written + loaded) / count * 1000:.0f}")
            for count, written, loaded in kernel.compiling
        ],
    )
    print(
        f"\nfrom 100 to 1,000 rules the cost of one grows {growth(kernel):.2f} times (goal <= {LINEAR})"
    )


def growth(kernel: Figures) -> float:
    """How much more a rule costs among 1,000 than among 100; 1 is linear, less has a fixed part."""
    costs = {count: (written + loaded) / count for count, written, loaded in kernel.compiling}
    return costs[1000] / costs[100]


def in_the_kernel() -> Figures:
    """In namespaces of its own, which an ordinary user may have too."""
    done = subprocess.run(
        [
            "unshare",
            "--user",
            "--map-root-user",
            "--net",
            sys.executable,
            "-m",
            "benchmarks.network_kernel",
        ],
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    )
    return Figures(**json.loads(done.stdout))


def in_a_region() -> tuple[float, list[float]]:
    """Milliseconds for an interface; seconds until each change was in force."""
    with working_folder() as folder:
        endpoint = drydock(folder, "region", "start").split()[0]
        ec2: Any = boto3.client(
            "ec2",
            endpoint_url=endpoint,
            region_name="ap-southeast-2",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        group = ec2.create_security_group(GroupName="all", Description="all", VpcId=vpc)["GroupId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24")["Subnet"]["SubnetId"]
            for n in range(4)
        ]
        begun = time.monotonic()
        enis = [
            ec2.create_network_interface(SubnetId=subnets[n % 4], Groups=[group])[
                "NetworkInterface"
            ]
            for n in range(ENIS)
        ]
        for eni in enis:
            wait_until_attached(endpoint, eni)
        creation = (time.monotonic() - begun) / ENIS * 1000
        return creation, [
            change(ec2, endpoint, group, enis, open_=n % 2 == 0) for n in range(CHANGES)
        ]


def change(ec2: Any, endpoint: str, group: str, enis: list[Any], *, open_: bool) -> float:
    """Authorize or revoke a rule of every interface → seconds until packets do as it says."""
    act = ec2.authorize_security_group_ingress if open_ else ec2.revoke_security_group_ingress
    begun = time.monotonic()
    act(GroupId=group, IpPermissions=[_RULE])
    last = begun
    for eni in enis[1 :: ENIS // _PROBED]:
        while True:
            asked = time.monotonic()
            if probe(endpoint, enis[0], eni["PrivateIpAddress"]).get("reachable") == open_:
                last = max(last, asked if not open_ else time.monotonic())
                break
            if asked - begun > 10 * CHANGE:
                raise SystemExit("a changed rule is not in force")
    return last - begun


def wait_until_attached(endpoint: str, eni: Any) -> None:
    deadline = time.monotonic() + 60
    while "reachable" not in probe(endpoint, eni, eni["PrivateIpAddress"]):
        if time.monotonic() > deadline:
            raise SystemExit(f"{eni['NetworkInterfaceId']} is not attached")
        time.sleep(0.01)


def probe(endpoint: str, source: Any, address: str) -> dict[str, Any]:
    """One TCP packet and its answer; a dropped one is waited for no longer than an answer takes."""
    body = {"source": source["NetworkInterfaceId"], "address": address, "port": 80, "timeout": 0.05}
    request = urllib.request.Request(  # noqa: S310 - our own region, on loopback
        f"{endpoint}/_drydock/probe",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            found = json.load(error)
    return found


if __name__ == "__main__":
    sys.exit(main())
