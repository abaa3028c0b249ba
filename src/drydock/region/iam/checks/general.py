"""The checks of every call: its action, its tags, and for other services an unspecified resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.checks import (
    dependent,
    ec2,
    ecs,
    iam,
    keys,
    logs,
    named,
    parameters,
    passing,
    s3,
    sts,
)
from drydock.region.iam.evaluate import Check
from drydock.region.iam.matching import EVERYTHING, Resource, fits

_ALWAYS_ALLOWED = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})
"""Actions without authorization
(https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
"""

_WITHOUT_RESOURCE = (
    "ec2:Describe*", "elasticloadbalancing:Describe*", "autoscaling:Describe*",
    "application-autoscaling:Describe*", "ecr:GetAuthorizationToken", "route53:ListHostedZones*",
    "route53:CreateHostedZone", "rds:DescribeDBEngineVersions",
    "rds:DescribeOrderableDBInstanceOptions", "acm:ListCertificates", "wafv2:List*WebACLs",
    "sts:DecodeAuthorizationMessage", "cloudwatch:PutMetricData", "cloudwatch:GetMetric*",
    "cloudwatch:ListMetrics", "ec2:CreateTransitGateway*Preview", "tag:*",
)  # fmt: skip
"""Actions on which a policy can't name a resource."""

_TAGGING = {
    "acm": "AddTagsToCertificate",
    "application-autoscaling": "TagResource",
    "cloudwatch": "TagResource",
    "ecr": "TagResource",
    "ecs": "TagResource",
    "ec2": "CreateTags",
    "elasticloadbalancing": "AddTags",
    "kms": "TagResource",
    "rds": "AddTagsToResource",
    "secretsmanager": "TagResource",
    "ssm": "AddTagsToResource",
    "wafv2": "TagResource",
}
"""The further permission for tagging a new resource; those of IAM and logs are in their files."""
_CREATING = ("Create", "Run", "Register", "Request", "Import", "Put", "Allocate", "Copy", "Start")

Finder = Callable[[Call, Store], "list[Check]"]
_FINDERS: Mapping[str, Finder] = {
    **dict.fromkeys(
        ("acm", "cloudwatch", "ecr", "elasticloadbalancing", "rds", "route53", "sns", "wafv2"),
        named.checks,
    ),
    "ec2": ec2.checks,
    "ecs": ecs.checks,
    "iam": iam.checks,
    "kms": keys.checks,
    "logs": logs.checks,
    "s3": s3.checks,
    "secretsmanager": keys.secret_checks,
    "ssm": parameters.checks,
    "sts": sts.checks,
}


def needed(call: Call, store: Store) -> list[Check]:
    """Return everything that must be allowed. Call it under the store's lock."""
    if call.action in _ALWAYS_ALLOWED:
        return []
    finder = _FINDERS.get(call.service)
    found = finder(call, store) if finder else []
    own = found or [Check(call.action, some(call))]
    tags = call.tags()
    context: dict[str, tuple[str, ...]] = {
        f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()
    }
    if tags:
        context["aws:tagkeys"] = tuple(tags)
    needs = [
        *own,
        *_tagging(call, own, tags=bool(tags)),
        *passing.checks(call, store),
        *dependent.checks(call, store),
    ]
    return [replace(one, context={**context, **one.context}) for one in needs]


def some(call: Call) -> Resource:
    """Return an unspecified resource of the call's service."""
    if any(fits(pattern, call.action) for pattern in _WITHOUT_RESOURCE):
        return EVERYTHING
    return Resource(call.arn(""), known=False)


def _tagging(call: Call, own: list[Check], *, tags: bool) -> list[Check]:
    """Return the permission to tag what a call makes with tags."""
    action = _TAGGING.get(call.service)
    if not tags or action in {None, call.name} or not call.name.startswith(_CREATING):
        return []
    context: dict[str, tuple[str, ...]] = {}
    if call.service in {"ec2", "ecs", "elasticloadbalancing"}:
        context[f"{call.service}:createaction"] = (call.name,)
    made = ec2.made_by(call) if call.service == "ec2" else None
    known = (
        [made]
        if made
        else [one.resource for one in own if one.action == call.action and one.resource.known]
    )
    some_of_it = Resource(call.arn(""), known=False)
    where = known[0] if known and known[0] != EVERYTHING else some_of_it
    if where.known:
        where = Resource(named.tagged(call, where.arn))
    return [Check(f"{call.service}:{action}", where, context)]
