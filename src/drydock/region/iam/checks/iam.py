"""IAM itself: roles, users, groups, policies, instance profiles, providers, each by its ARN.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drydock.region.api.store import Store
from drydock.region.iam.call import Call
from drydock.region.iam.evaluate import Check
from drydock.region.iam.matching import Resource

_KINDS = (
    ("RoleName", "role", "roles"),
    ("UserName", "user", "users"),
    ("GroupName", "group", "groups"),
    ("InstanceProfileName", "instance-profile", "instance_profiles"),
)
_NAMED_FIRST = {"AddRoleToInstanceProfile": 3, "RemoveRoleFromInstanceProfile": 3,
                "AddUserToGroup": 2, "RemoveUserFromGroup": 2}  # fmt: skip
"""Actions with two names, and which one is the resource."""
_TAGGING = {
    "CreateRole": "TagRole",
    "CreateUser": "TagUser",
    "CreatePolicy": "TagPolicy",
    "CreateInstanceProfile": "TagInstanceProfile",
    "CreateOpenIDConnectProvider": "TagOpenIDConnectProvider",
}
_LINKED = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "rds.amazonaws.com": "AWSServiceRoleForRDS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
}


def checks(call: Call, store: Store) -> list[Check]:
    """Return the checks of a call. Empty: any resource of IAM."""
    arn = _resource(call, store)
    if not arn:
        return []
    context: dict[str, tuple[str, ...]] = {}
    if "Attach" in call.name or "Detach" in call.name:
        context["iam:policyarn"] = (call.text("PolicyArn"),)
    if boundary := call.text("PermissionsBoundary"):
        context["iam:permissionsboundary"] = (boundary,)
    if service := call.text("AWSServiceName"):
        context["iam:awsservicename"] = (service,)
    for key, value in _tags(arn, store).items():
        context[f"aws:resourcetag/{key.lower()}"] = (value,)
        context[f"iam:resourcetag/{key.lower()}"] = (value,)
    found = [Check(call.action, Resource(arn), context)]
    if call.tags() and call.name in _TAGGING:
        found.append(Check(f"iam:{_TAGGING[call.name]}", Resource(arn)))
    return found


def _resource(call: Call, store: Store) -> str:
    if service := call.text("AWSServiceName"):
        name = _LINKED.get(service, "AWSServiceRoleFor")
        return _arn(call, f"role/aws-service-role/{service}/{name}")
    order = [_KINDS[_NAMED_FIRST[call.name]]] if call.name in _NAMED_FIRST else list(_KINDS)
    for parameter, kind, books in order:
        if name := call.text(parameter):
            known = getattr(store.backend("iam"), books).values()
            arn = next((str(one.arn) for one in known if one.name == name), "")
            return arn or _arn(call, f"{kind}{call.text('Path') or '/'}{name}")
    if arn := call.text("PolicyArn", "OpenIDConnectProviderArn", "SAMLProviderArn"):
        return arn
    if call.name == "CreatePolicy":
        return _arn(call, f"policy{call.text('Path') or '/'}{call.text('PolicyName')}")
    if call.name == "CreateOpenIDConnectProvider":
        return _arn(call, f"oidc-provider/{call.text('Url').partition('://')[2]}")
    return ""


def _arn(call: Call, resource: str) -> str:
    return f"arn:aws:iam::{call.account}:{resource}"


def _tags(arn: str, store: Store) -> dict[str, str]:
    """Return the tags of a role; empty if it does not exist."""
    for role in store.backend("iam").roles.values():
        if role.arn == arn:
            return tags_of(role.tags)
    return {}


def tags_of(tags: Any) -> dict[str, str]:
    """Return moto's tags as a dict; moto keeps them as a list of pairs, or by key."""
    listed = list(tags.values()) if isinstance(tags, Mapping) else list(tags or ())
    return {str(one["Key"]): str(one["Value"]) for one in listed if isinstance(one, Mapping)}
