"""Changes of a plan that lose data, interrupt service or expose something, as sentences. Pure.

Only an existing stack can lose something: a plan that creates everything has no findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from drydock.stack.change import Change, changes
from drydock.stack.protection import SETTINGS
from drydock.stack.tree import managed

Kind = Literal["data", "service", "protection", "exposure"]
WORLD = frozenset({"0.0.0.0/0", "::/0"})
_WEB = frozenset({80, 443})
"""Ports that a web site opens to the whole internet: no finding."""

_HOLDS_DATA: Mapping[str, str] = {
    "aws_db_instance": "the database and what it holds",
    "aws_dynamodb_table": "the table and what it holds",
    "aws_ebs_volume": "the volume and what it holds",
    "aws_ecr_repository": "the repository and its images",
    "aws_efs_file_system": "the file system and what it holds",
    "aws_elasticache_cluster": "the cache and what it holds",
    "aws_elasticache_replication_group": "the cache and what it holds",
    "aws_rds_cluster": "the database cluster and what it holds",
    "aws_sqs_queue": "the queue and its messages",
}
_SERVES: Mapping[str, str] = {
    "aws_alb": "its DNS name, and every request until there is another",
    "aws_cloudfront_distribution": "its domain name, and every request",
    "aws_db_subnet_group": "the database's place in the network",
    "aws_ecs_cluster": "every task in it",
    "aws_ecs_service": "its tasks stop",
    "aws_eip": "its public address, which others may have allowed",
    "aws_internet_gateway": "the network's way to the internet",
    "aws_lb": "its DNS name, and every request until there is another",
    "aws_lb_listener": "its port answers nobody",
    "aws_lb_listener_rule": "the requests that it matched go elsewhere",
    "aws_lb_target_group": "no requests until the targets of another are healthy",
    "aws_nat_gateway": "connections to the outside break, and come from another address later",
    "aws_rds_cluster_instance": "connections to it break; if it was the writer, the cluster fails over",
    "aws_route53_zone": "every name in it",
    "aws_subnet": "everything that is in it",
    "aws_vpc": "everything that is in it",
    "aws_vpc_endpoint": "the way to that service without the internet",
}
_RESTARTS = {"aws_rds_cluster_instance", "aws_db_instance"}


@dataclass(frozen=True)
class Finding:
    """One resource and the loss, interruption or exposure that the plan brings it."""

    address: str
    kind: Kind
    words: str

    def __str__(self) -> str:
        return f"{self.address}: {self.words}"


def findings(plan: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return every finding of a plan, given as `terraform show -json` prints it, in Terraform's order."""
    stands = next(managed(plan.get("prior_state", {}).get("values")), None) is not None
    return tuple(
        Finding(change.address, kind, words)
        for change in changes(plan)
        if stands or not change.created
        for rule in _RULES
        for kind, words in rule(change)
    )


Said = Iterator[tuple[Kind, str]]


def _data(change: Change) -> Said:
    if change.goes and (what := _HOLDS_DATA.get(change.kind)):
        yield "data", f"{_fate(change)}: {what} {_go(what)}{_snapshot(change)}"


def _service(change: Change) -> Said:
    if change.goes and (what := _SERVES.get(change.kind)):
        yield "service", f"{_fate(change)}: {what}"


def _bucket(change: Change) -> Said:
    if change.kind == "aws_s3_bucket" and change.goes:
        forced = change.before.get("force_destroy") is True
        yield (
            "data",
            f"{_fate(change)}: "
            + ("every object goes with it" if forced else "AWS refuses while it holds an object"),
        )
    was, now = _versioning(change.before), _versioning(change.after)
    if change.kind == "aws_s3_bucket_versioning" and was == "Enabled" != now:
        yield "data", "versioning is turned off: what is overwritten from then on is lost"


def _keys(change: Change) -> Said:
    if change.kind == "aws_kms_key" and change.goes:
        days = change.before.get("deletion_window_in_days") or 30
        yield (
            "data",
            f"{_fate(change)}: in {days} days nothing that it encrypted can be read any more",
        )
    if change.kind == "aws_kms_key" and change.turned("is_enabled", True, False):
        yield "service", "it is disabled: nothing that it encrypted can be read"
    if change.kind == "aws_secretsmanager_secret" and change.goes:
        days = change.before.get("recovery_window_in_days")
        after = "at once" if days == 0 else f"for good after {days or 30} days"
        yield "data", f"{_fate(change)}: the secret goes, {after}; tasks that need it do not start"


def _logs(change: Change) -> Said:
    if change.kind != "aws_cloudwatch_log_group":
        return
    if change.goes and change.before.get("skip_destroy") is not True:
        yield "data", f"{_fate(change)}: its log lines go"
    was, now = change.before.get("retention_in_days"), change.after.get("retention_in_days")
    if change.updated and isinstance(now, int) and now > 0 and (was == 0 or (was or 0) > now):
        yield "data", f"it keeps {now} days instead of {was or 'everything'}: older lines go"


def _database(change: Change) -> Said:
    was = change.before.get("backup_retention_period")
    now = change.after.get("backup_retention_period")
    if change.updated and isinstance(was, int) and isinstance(now, int) and now < was:
        yield "data", f"backups are kept {now} days instead of {was}: older ones go"
    before, after = _major(change.before), _major(change.after)
    if change.updated and before and after and before != after:
        yield "service", f"the engine goes from {before} to {after}: it is down for the upgrade"
    if change.updated and change.kind in _RESTARTS and "instance_class" in change.attributes:
        yield "service", "it gets another instance class: it restarts, and its connections break"
    if change.turned("publicly_accessible", False, True):
        yield "exposure", "it gets a public address"


def _protection(change: Change) -> Said:
    if any(change.turned(name, True, False) for name in SETTINGS):
        yield (
            "protection",
            "deletion protection is turned off: the next destroy or replace deletes it",
        )


def _tasks(change: Change) -> Said:
    was, now = change.before.get("desired_count"), change.after.get("desired_count")
    if change.kind == "aws_ecs_service" and change.updated and was and now == 0:
        yield "service", f"it goes from {was} tasks to none: nobody answers"


def _names(change: Change) -> Said:
    if change.kind != "aws_route53_record" or not change.goes:
        return
    # A record whose name begins with "_" validates a certificate for ACM; no client visits it.
    if not str(change.before.get("name", "")).startswith("_"):
        name = change.before.get("fqdn") or change.before.get("name") or "its name"
        yield "service", f"{_fate(change)}: {name} leads nowhere while it is gone"


def _openings(change: Change) -> Said:
    before = _world(change.kind, change.before)
    opened = [rule for rule in _world(change.kind, change.after) if rule not in before]
    if change.destroyed or not opened:
        return
    ports = ", ".join(sorted({_ports(*rule) for rule in opened}))
    yield "exposure", f"{ports} is opened to the whole internet"


def _public_bucket(change: Change) -> Said:
    if change.kind != "aws_s3_bucket_public_access_block":
        return
    names = [name for name in change.before if name.startswith(("block_", "ignore_", "restrict_"))]
    if change.destroyed or any(change.turned(name, True, False) for name in names):
        yield "exposure", "what keeps the bucket from being made public is taken away"


_RULES: tuple[Callable[[Change], Said], ...] = (
    _data,
    _service,
    _bucket,
    _keys,
    _logs,
    _database,
    _protection,
    _tasks,
    _names,
    _openings,
    _public_bucket,
)


def _fate(change: Change) -> str:
    if change.destroyed:
        return "destroyed"
    order = "first made anew" if change.actions[0] == "create" else "destroyed, then made anew"
    why = f", because of {', '.join(change.attributes)}" if change.attributes else ""
    return f"replaced ({order}{why})"


def _go(what: str) -> str:
    return "go" if " and " in what else "goes"


def _snapshot(change: Change) -> str:
    if change.kind not in {"aws_rds_cluster", "aws_db_instance"}:
        return ""
    skipped = change.before.get("skip_final_snapshot") is not False
    return ", and no final snapshot is made" if skipped else "; a final snapshot stays"


def _versioning(values: Mapping[str, Any]) -> str:
    blocks = values.get("versioning_configuration") or [{}]
    return str(blocks[0].get("status", ""))


def _major(values: Mapping[str, Any]) -> str:
    """Return the major version: `16` of 16.8; two parts for MySQL and MariaDB."""
    version, engine = str(values.get("engine_version") or ""), str(values.get("engine") or "")
    if not version:
        return ""
    return ".".join(version.split(".")[: 1 if "postgres" in engine else 2])


def _world(kind: str, values: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return the inbound rules (of a group, or one rule) that let the whole internet in; not web ports."""
    rules: list[Mapping[str, Any]] = []
    if kind in {"aws_security_group", "aws_default_security_group"}:
        rules = [rule for rule in values.get("ingress") or () if isinstance(rule, dict)]
    elif kind == "aws_vpc_security_group_ingress_rule" or (
        kind == "aws_security_group_rule" and values.get("type") == "ingress"
    ):
        rules = [values]
    found = []
    for rule in rules:
        sources = {rule.get("cidr_ipv4"), rule.get("cidr_ipv6")}
        sources.update(rule.get("cidr_blocks") or (), rule.get("ipv6_cidr_blocks") or ())
        key = (
            str(rule.get("ip_protocol") or rule.get("protocol") or "-1"),
            rule.get("from_port"),
            rule.get("to_port"),
        )
        web = key[0] in {"tcp", "6"} and key[1] == key[2] and key[1] in _WEB
        if sources & WORLD and not web:
            found.append(key)
    return found


def _ports(protocol: str, first: Any, last: Any) -> str:
    if protocol in {"-1", "all"} or first is None:
        return "every port" if protocol in {"-1", "all"} else protocol
    return f"{protocol} {first}" if first == last else f"{protocol} {first} to {last}"
