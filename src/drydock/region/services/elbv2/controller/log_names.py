"""Names of a load balancer's logs, in HAProxy's lines and in the bucket. Pure.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-connection-logs.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from drydock.region.dataplane.balancer.spec import Logs

ACCESS, CONNECTION = "access_logs", "connection_logs"
_TEST_FILES = {ACCESS: "ELBAccessLogTestFile", CONNECTION: "ELBConnectionLogTestFile"}
_WORDS = {ACCESS: "AccessLog", CONNECTION: "ConnectionLog"}


def destinations(attributes: Mapping[str, str | None]) -> dict[str, tuple[str, str]]:
    """Return bucket and prefix of each kind of log that a load balancer's attributes turn on."""
    return {
        kind: (bucket, attributes.get(f"{kind}.s3.prefix") or "")
        for kind in (ACCESS, CONNECTION)
        if attributes.get(f"{kind}.s3.enabled") == "true"
        and (bucket := attributes.get(f"{kind}.s3.bucket"))
    }


def folder(region_folder: Path, arn: str) -> Path:
    """Return the folder where HAProxy writes a load balancer's logs until they are delivered."""
    return region_folder / "balancer-logs" / arn.rsplit("/", maxsplit=1)[-1]


def logs_of(arn: str, attributes: Mapping[str, str | None], region_folder: Path) -> Logs | None:
    """Return which logs HAProxy is to write for a load balancer; None when all are off."""
    wanted = destinations(attributes)
    if not wanted:
        return None
    name = arn.partition("loadbalancer/")[2]
    return Logs(str(folder(region_folder, arn)), name, ACCESS in wanted, CONNECTION in wanted)


def object_key(kind: str, prefix: str, arn: str, address: str, end: datetime, token: str) -> str:
    """Return the key of an object with log lines up to `end` (UTC)."""
    _, _, _, region, account, resource = arn.split(":", 5)
    balancer = resource.removeprefix("loadbalancer/").replace("/", ".")
    start = "conn_log." if kind == CONNECTION else ""
    return (
        f"{_account_folder(prefix, account)}/elasticloadbalancing/{region}/{end:%Y/%m/%d}/"
        f"{start}{account}_elasticloadbalancing_{region}_{balancer}_{end:%Y%m%dT%H%MZ}_"
        f"{address}_{token}.log.gz"
    )


def test_file(kind: str, prefix: str, arn: str, now: datetime) -> tuple[str, bytes]:
    """Return key and content of the object that ELB writes when a kind of log is turned on."""
    account, resource = arn.split(":", 5)[4:]
    name = resource.split("/")[2]
    text = f"Enable {_WORDS[kind]} for ELB: {name} at {now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
    return f"{_account_folder(prefix, account)}/{_TEST_FILES[kind]}", text.encode()


def _account_folder(prefix: str, account: str) -> str:
    inner = prefix.strip("/")
    return f"{inner}/AWSLogs/{account}" if inner else f"AWSLogs/{account}"
