"""How long until a new region answers its first API call? Goal: at most 1.5 s."""

from __future__ import annotations

import sys
import time

import boto3

from benchmarks.support import drydock, spread, table, working_folder

GOAL = 1.5
RUNS = 5


def main() -> int:
    started, answered = [], []
    for _ in range(RUNS):
        with working_folder() as folder:
            begun = time.monotonic()
            endpoint = drydock(folder, "region", "start").split()[0]
            started.append(time.monotonic() - begun)
            ec2 = boto3.client(
                "ec2",
                endpoint_url=endpoint,
                region_name="ap-southeast-2",
                aws_access_key_id="x",
                aws_secret_access_key="x",
            )
            assert ec2.describe_vpcs()["Vpcs"]
            answered.append(time.monotonic() - begun)
    table(
        ("from `drydock region start`, cold, seconds", "median (lowest to highest)", "goal"),
        (
            ("to its end: the API answers", spread(started), ""),
            ("to the first answered DescribeVpcs", spread(answered), f"<= {GOAL}"),
        ),
    )
    return 0 if sorted(answered)[RUNS // 2] <= GOAL else 3


if __name__ == "__main__":
    sys.exit(main())
