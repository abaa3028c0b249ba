"""The prices that each resource of a stack is charged by, and the units of each in a month. Pure.

A `Meter` counts units. Charges by use (data, requests, storage) are counted where the user gives an
assumption, and listed with their unit price where not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from drydock.cost.free import is_free
from drydock.cost.prices import HOURS

Resource = Mapping[str, Any]
Numbers = Mapping[str, Decimal]


@dataclass(frozen=True)
class Meter:
    """Units of one price that one resource uses in a month."""

    address: str
    what: str
    price: str
    """Name in the price table."""
    units: Decimal
    unit: str


@dataclass(frozen=True)
class Usage:
    """A price that depends on use; it is counted if the user assumes units a month with `--assume`."""

    what: str
    price: str
    unit: str
    assumption: str = ""
    """Name for `--assume`; empty if no assumption is possible."""


@dataclass(frozen=True)
class Metered:
    """The meters of a whole stack."""

    meters: tuple[Meter, ...] = ()
    usages: tuple[Usage, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    """Address and reason of resources whose charges are not known here."""
    assumed: Mapping[str, str] = field(default_factory=dict)
    """Values that were assumed, by the names that `--assume` takes."""


class Stack:
    """The resources of a plan or a state, and the user's assumptions about them."""

    def __init__(self, resources: Sequence[Resource], assumptions: Numbers) -> None:
        self.resources = resources
        self.assumptions = assumptions
        self.assumed: dict[str, str] = {}

    def of(self, kind: str, near: Resource | None = None) -> list[Resource]:
        """Return the resources of a type; with `near`, those of the same module, if there are any."""
        found = [one for one in self.resources if one["type"] == kind]
        own = [one for one in found if near and _module(one) == _module(near)]
        return own or found

    def number(self, name: str, otherwise: Decimal, why: str) -> Decimal:
        """Return the user's assumption, or else the stack's value, and record it in `assumed`."""
        value = self.assumptions.get(name, otherwise)
        self.assumed[name] = (
            f"{value.normalize():f} ({'given' if name in self.assumptions else why})"
        )
        return value

    @property
    def zones(self) -> int:
        """Number of availability zones of the subnets; two if they are known only after apply."""
        zones = {values(one).get("availability_zone") for one in self.of("aws_subnet")}
        return len(zones - {None}) or 2


def values(resource: Resource) -> Mapping[str, Any]:
    return resource.get("values") or {}


def read(resources: Sequence[Resource], assumptions: Numbers) -> Metered:
    """Return the meters of a stack's managed resources."""
    stack = Stack(resources, assumptions)
    meters: list[Meter] = []
    unknown: list[tuple[str, str]] = []
    for one in resources:
        meter = _METERS.get(one["type"])
        if meter is None:
            if is_free(one["type"]):
                continue
            unknown.append((one["address"], f"no price of {one['type']} is known here"))
            continue
        for found in meter(stack, one):
            if isinstance(found, Meter):
                meters.append(found)
            else:
                unknown.append((one["address"], found))
    usages = [usage for kind, own in _USAGES.items() if stack.of(kind) for usage in own]
    for usage in usages:
        if usage.assumption in assumptions:
            units = stack.number(usage.assumption, Decimal(0), "")
            meters.append(Meter("the stack", usage.what, usage.price, units, usage.unit))
    left = tuple(one for one in dict.fromkeys(usages) if one.assumption not in assumptions)
    return Metered(tuple(meters), left, tuple(unknown), stack.assumed)


Counted = Iterator[Meter | str]


def _fargate(stack: Stack, one: Resource) -> Counted:
    own = values(one)
    providers = {p.get("capacity_provider") for p in own.get("capacity_provider_strategy") or ()}
    if own.get("launch_type") == "EC2" or providers - {"FARGATE", None}:
        yield "only tasks on Fargate, on demand, have a price here"
        return
    definitions = stack.of("aws_ecs_task_definition", one)
    if len(definitions) != 1:
        yield "which task definition it runs is known only after apply"
        return
    task = values(definitions[0])
    platform = (task.get("runtime_platform") or [{}])[0]
    arm = "_arm" if platform.get("cpu_architecture") == "ARM64" else ""
    tasks = stack.number("tasks", *_least_tasks(stack, one))
    hours = tasks * HOURS
    cpu, memory = Decimal(task.get("cpu") or 0) / 1024, Decimal(task.get("memory") or 0) / 1024
    yield _hours(one, f"{cpu:f} vCPU of each task", f"fargate{arm}_vcpu_hour", cpu * hours, "vCPU")
    yield _hours(one, f"{memory:f} GB of each task", f"fargate{arm}_gb_hour", memory * hours, "GB")
    network = (own.get("network_configuration") or [{}])[0]
    if network.get("assign_public_ip") is True:
        yield _hours(one, "public address of each task", "public_ipv4_hour", hours, "address")


def _least_tasks(stack: Stack, service: Resource) -> tuple[Decimal, str]:
    """Return how many tasks run without load, and the setting that decides it."""
    desired = Decimal(values(service).get("desired_count") or 0)
    targets = [
        values(one)
        for one in stack.of("aws_appautoscaling_target", service)
        if values(one).get("service_namespace") == "ecs"
    ]
    if len(targets) != 1 or len(stack.of("aws_ecs_service", service)) != 1:
        return desired, "desired_count"
    least = Decimal(targets[0].get("min_capacity") or 0)
    return (desired, "desired_count") if least <= desired else (least, "scaling's least")


def _balancer(stack: Stack, one: Resource) -> Counted:
    own = values(one)
    if own.get("load_balancer_type") not in {None, "application"}:
        yield f"no price of a {own['load_balancer_type']} load balancer is known here"
        return
    yield _hours(one, "load balancer", "alb_hour", Decimal(HOURS), "load balancer")
    if own.get("internal") is not True:
        zones = len(own.get("subnets") or own.get("subnet_mapping") or ()) or stack.zones
        units = Decimal(zones * HOURS)
        yield _hours(one, f"{zones} public addresses", "public_ipv4_hour", units, "address")


def _gateway(_stack: Stack, one: Resource) -> Counted:
    yield _hours(one, "NAT gateway", "nat_gateway_hour", Decimal(HOURS), "gateway")


def _address(_stack: Stack, one: Resource) -> Counted:
    yield _hours(one, "public address", "public_ipv4_hour", Decimal(HOURS), "address")


def _endpoint(stack: Stack, one: Resource) -> Counted:
    own = values(one)
    if own.get("vpc_endpoint_type") == "Interface":
        zones = len(own.get("subnet_ids") or ()) or stack.zones
        units = Decimal(zones * HOURS)
        yield _hours(one, f"endpoint in {zones} zones", "endpoint_hour", units, "endpoint and zone")


def _cluster(_stack: Stack, one: Resource) -> Counted:
    if values(one).get("manage_master_user_password") is True:
        yield _months(one, "the password that RDS keeps", "secret_month", "secret")
    if not str(values(one).get("engine") or "").startswith("aurora"):
        yield "only Aurora's clusters have a price here"


def _server(stack: Stack, one: Resource) -> Counted:
    kind = str(values(one).get("instance_class") or "")
    if kind != "db.serverless":
        yield _hours(one, kind, f"aurora_hour.{kind}", Decimal(HOURS), "instance")
        return
    clusters = stack.of("aws_rds_cluster", one)
    scaling = [
        values(cluster).get("serverlessv2_scaling_configuration") or [] for cluster in clusters
    ]
    least = [Decimal(str(own[0].get("min_capacity") or 0)) for own in scaling if own]
    if len(least) != 1:
        yield "its cluster's capacity is known only after apply"
        return
    why = "of each database instance: its least"
    if not least[0]:
        why = "of each: the least awake; 0 paused, which any connection prevents, a health check's too"
    capacity = stack.number("acu", max(least[0], Decimal("0.5")), why)
    yield _hours(one, f"{capacity:f} ACU", "aurora_acu_hour", capacity * HOURS, "ACU")


def _instance(_stack: Stack, one: Resource) -> Counted:
    own = values(one)
    if own.get("engine") != "postgres":
        yield "of RDS, only PostgreSQL has a price here"
        return
    price = f"rds_postgres_hour.{own.get('instance_class')}"
    servers = 2 if own.get("multi_az") else 1
    yield _hours(one, str(own.get("instance_class")), price, Decimal(servers * HOURS), "instance")
    yield "its storage has no price here"


def _acl(_stack: Stack, one: Resource) -> Counted:
    yield _months(one, "web ACL", "waf_acl_month", "ACL")
    rules = len(values(one).get("rule") or ())
    if rules:
        yield Meter(
            one["address"], f"{rules} rules", "waf_rule_month", Decimal(rules), "rule-month"
        )


def _zone(_stack: Stack, one: Resource) -> Counted:
    yield _months(one, "hosted zone", "route53_zone_month", "zone")


def _check(_stack: Stack, one: Resource) -> Counted:
    yield _months(one, "health check", "route53_check_month", "check")


def _secret(_stack: Stack, one: Resource) -> Counted:
    yield _months(one, "secret", "secret_month", "secret")


def _key(_stack: Stack, one: Resource) -> Counted:
    yield _months(one, "key", "kms_key_month", "key")


def _alarm(_stack: Stack, one: Resource) -> Counted:
    metrics = sum(1 for query in values(one).get("metric_query") or () if query.get("metric")) or 1
    yield Meter(one["address"], "alarm", "alarm_month", Decimal(metrics), "metric-month")


def _dashboard(_stack: Stack, one: Resource) -> Counted:
    yield _months(one, "dashboard", "dashboard_month", "dashboard")


def _by_use(_stack: Stack, _one: Resource) -> Counted:
    """Return no meter: the resource is charged by use only."""
    return iter(())


_METERS: Mapping[str, Callable[[Stack, Resource], Counted]] = {
    "aws_backup_plan": _by_use,
    "aws_backup_selection": _by_use,
    "aws_backup_vault": _by_use,
    "aws_cloudwatch_dashboard": _dashboard,
    "aws_cloudwatch_log_group": _by_use,
    "aws_cloudwatch_log_metric_filter": _by_use,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_db_instance": _instance,
    "aws_ecr_repository": _by_use,
    "aws_ecs_service": _fargate,
    "aws_eip": _address,
    "aws_flow_log": _by_use,
    "aws_kms_key": _key,
    "aws_lb": _balancer,
    "aws_nat_gateway": _gateway,
    "aws_rds_cluster": _cluster,
    "aws_rds_cluster_instance": _server,
    "aws_route53_health_check": _check,
    "aws_route53_zone": _zone,
    "aws_s3_bucket": _by_use,
    "aws_secretsmanager_secret": _secret,
    "aws_vpc_endpoint": _endpoint,
    "aws_wafv2_web_acl": _acl,
}
_OUT = Usage("data out to the internet", "data_out_gb", "GB", "out_gb")
_USAGES: Mapping[str, tuple[Usage, ...]] = {
    "aws_lb": (Usage("load balancer capacity", "alb_lcu_hour", "LCU-hour", "lcu_hours"), _OUT),
    "aws_ecs_service": (_OUT,),
    "aws_nat_gateway": (Usage("data through NAT gateways", "nat_gateway_gb", "GB", "nat_gb"), _OUT),
    "aws_vpc_endpoint": (Usage("data through endpoints", "endpoint_gb", "GB", "endpoint_gb"),),
    "aws_rds_cluster": (
        Usage("database storage", "aurora_storage_gb_month", "GB-month", "db_gb"),
        Usage("database I/O", "aurora_io", "request", "db_io"),
        Usage("backups beyond the database's own size", "aurora_backup_gb_month", "GB-month"),
    ),
    "aws_backup_plan": (Usage("backups kept", "backup_gb_month", "GB-month", "backup_gb"),),
    "aws_cloudwatch_log_metric_filter": (
        Usage("metrics of log filters", "metric_month", "metric-month", "log_metrics"),
    ),
    "aws_cloudwatch_log_group": (
        Usage("log lines taken in", "logs_ingested_gb", "GB", "logs_gb"),
        Usage("log lines kept", "logs_stored_gb_month", "GB-month", "logs_kept_gb"),
    ),
    "aws_ecs_cluster": (Usage("metrics of Container Insights", "metric_month", "metric-month"),),
    "aws_flow_log": (Usage("flow logs", "flow_logs_gb", "GB", "flow_logs_gb"),),
    "aws_s3_bucket": (Usage("objects kept", "s3_gb_month", "GB-month", "s3_gb"),),
    "aws_ecr_repository": (Usage("images kept", "ecr_gb_month", "GB-month", "ecr_gb"),),
    "aws_wafv2_web_acl": (Usage("requests inspected", "waf_request", "request", "waf_requests"),),
    "aws_kms_key": (Usage("requests to keys", "kms_request", "request", "kms_requests"),),
}


def _hours(one: Resource, what: str, price: str, units: Decimal, unit: str) -> Meter:
    return Meter(one["address"], what, price, units, f"{unit}-hour")


def _months(one: Resource, what: str, price: str, unit: str) -> Meter:
    return Meter(one["address"], what, price, Decimal(1), f"{unit}-month")


def _module(resource: Resource) -> str:
    return str(resource["address"]).rpartition(f"{resource['type']}.")[0]
