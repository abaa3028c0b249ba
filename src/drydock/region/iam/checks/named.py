"""Services whose resources are named by parameters: RDS, load balancers, ECR, alarms, zones, topics.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.evaluate import Check
from drydock.region.iam.matching import Resource

_NAMES: dict[str, tuple[tuple[str, str], ...]] = {
    "cloudwatch": (("AlarmName", "alarm:{}"), ("AlarmNames", "alarm:{}")),
    "ecr": (("repositoryName", "repository/{}"), ("repositoryNames", "repository/{}")),
    "rds": (
        ("DBClusterIdentifier", "cluster:{}"),
        ("DBInstanceIdentifier", "db:{}"),
        ("DBSubnetGroupName", "subgrp:{}"),
        ("DBClusterParameterGroupName", "cluster-pg:{}"),
        ("DBParameterGroupName", "pg:{}"),
        ("DBClusterSnapshotIdentifier", "cluster-snapshot:{}"),
    ),
}
"""Parameters with a name → the end of its ARN."""
_ARNS: dict[str, tuple[str, ...]] = {
    "acm": ("CertificateArn",),
    "cloudwatch": ("ResourceARN",),
    "ecr": ("resourceArn",),
    "elasticloadbalancing": ("ResourceArns", "RuleArn"),
    "rds": ("ResourceName",),
    "sns": ("TopicArn", "ResourceArn"),
    "wafv2": ("ResourceARN", "WebACLArn", "ResourceArn"),
}
"""Parameters that are ARNs of a service's resources."""
_ZONE = ("HostedZoneId", "Id")


def checks(call: Call, _store: Store) -> list[Check]:
    """Return the checks of a call. Empty: any resource of the service, or none."""
    return [Check(call.action, Resource(arn)) for arn in dict.fromkeys(_arns(call))]


def _arns(call: Call) -> Iterator[str]:
    for name in _ARNS.get(call.service, ()):
        yield from (one for one in _texts(call, name) if one.startswith("arn:"))
    for name, ending in _NAMES.get(call.service, ()):
        for value in _texts(call, name):
            yield (
                value if value.startswith("arn:") else call.arn(ending.format(_cased(call, value)))
            )
    if call.service == "elasticloadbalancing":
        yield from _of_balancer(call)
    elif call.service == "route53":
        yield from _of_zone(call)
    elif call.service == "sns" and call.name == "CreateTopic":
        yield call.arn(call.text("Name"))


def _texts(call: Call, name: str) -> list[str]:
    return call.listed(name) or [one for one in (call.text(name),) if one]


def _cased(call: Call, name: str) -> str:
    """Return a name in lower case for RDS, which has no other."""
    return name.lower() if call.service == "rds" else name


def _of_balancer(call: Call) -> Iterator[str]:
    """Yield the ARNs of a load balancing call: none for Describe; a new resource has no id yet."""
    if call.name.startswith("Describe"):
        return
    if call.name == "CreateLoadBalancer":
        kind = {"network": "net", "gateway": "gwy"}.get(call.text("Type"), "app")
        yield call.arn(f"loadbalancer/{kind}/{call.text('Name')}/*")
    elif call.name == "CreateTargetGroup":
        yield call.arn(f"targetgroup/{call.text('Name')}/*")
    elif arn := call.text("ListenerArn", "LoadBalancerArn", "TargetGroupArn"):
        yield arn


def _of_zone(call: Call) -> Iterator[str]:
    given = call.text(*_ZONE)
    if given:
        kind = {"GetChange": "change"}.get(call.name, "hostedzone")
        kind = "healthcheck" if "HealthCheck" in call.name else kind
        yield f"arn:aws:route53:::{kind}/{given.rsplit('/', 1)[-1]}"


def tagged(call: Call, arn: str) -> str:
    """Return the resource that gets the tags of a new listener or rule, below `arn`."""
    if call.name == "CreateListener":
        return f"{arn.replace(':loadbalancer/', ':listener/')}/*"
    if call.name == "CreateRule":
        return f"{arn.replace(':listener/', ':listener-rule/')}/*"
    return arn
