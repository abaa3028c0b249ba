"""The tags of one resource by its ARN, from its own service: the tagging API leaves some out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from drydock.aws.clients import Clients
from drydock.aws.failures import code, translated
from drydock.stack.teardown.contents import client


def tags_of(clients: Clients, arn: str) -> dict[str, str]:
    """Return a resource's tags; empty if it has none or its service is not supported. Raises OpsError."""
    with translated(clients.endpoint):
        if arn.startswith("ssm parameter "):
            return _parameter(clients, arn.removeprefix("ssm parameter "))
        return _WAYS.get(arn.split(":")[2], _none)(clients, arn)


def _none(_clients: Clients, _arn: str) -> dict[str, str]:
    return {}


def _pairs(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {str(t.get("Key") or t.get("key")): str(t.get("Value", t.get("value"))) for t in tags}


def _balancing(clients: Clients, arn: str) -> dict[str, str]:
    told = clients.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    return _pairs(told[0]["Tags"]) if told else {}


def _identity(clients: Clients, arn: str) -> dict[str, str]:
    kind, _, name = arn.rpartition(":")[2].partition("/")
    name = name.rpartition("/")[2]
    if kind == "role":
        return _pairs(clients.iam.list_role_tags(RoleName=name)["Tags"])
    if kind == "user":
        return _pairs(clients.iam.list_user_tags(UserName=name)["Tags"])
    told = clients.iam.list_instance_profile_tags(InstanceProfileName=name)
    return _pairs(told["Tags"])


def _bucket(clients: Clients, arn: str) -> dict[str, str]:
    try:
        name = arn.rpartition(":")[2]
        return _pairs(client(clients, "s3").get_bucket_tagging(Bucket=name)["TagSet"])
    except ClientError as error:
        if code(error) != "NoSuchTagSet":
            raise
        return {}


def _key(clients: Clients, arn: str) -> dict[str, str]:
    """Return the tags of an alias's key: an alias has no tags of its own."""
    kms = client(clients, "kms")
    key = kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyId"]
    return {t["TagKey"]: t["TagValue"] for t in kms.list_resource_tags(KeyId=key)["Tags"]}


def _parameter(clients: Clients, name: str) -> dict[str, str]:
    told = client(clients, "ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId=name)
    return _pairs(told["TagList"])


_WAYS: Mapping[str, Callable[[Clients, str], dict[str, str]]] = {
    "backup": lambda c, a: dict(client(c, "backup").list_tags(ResourceArn=a)["Tags"]),
    "dynamodb": lambda c, a: _pairs(
        client(c, "dynamodb").list_tags_of_resource(ResourceArn=a)["Tags"]
    ),
    "ecr": lambda c, a: _pairs(c.ecr.list_tags_for_resource(resourceArn=a)["tags"]),
    "ecs": lambda c, a: _pairs(c.ecs.list_tags_for_resource(resourceArn=a)["tags"]),
    "elasticloadbalancing": _balancing,
    "iam": _identity,
    "kms": _key,
    "logs": lambda c, a: dict(c.logs.list_tags_for_resource(resourceArn=a)["tags"]),
    "rds": lambda c, a: _pairs(c.rds.list_tags_for_resource(ResourceName=a)["TagList"]),
    "s3": _bucket,
    "secretsmanager": lambda c, a: _pairs(
        c.secretsmanager.describe_secret(SecretId=a).get("Tags", ())
    ),
    "states": lambda c, a: _pairs(c.states.list_tags_for_resource(resourceArn=a)["tags"]),
}
"""How to read tags, by the service that an ARN names."""
