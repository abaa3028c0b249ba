"""Create or update the identities that deploy: GitHub's OIDC provider with two roles, or a user."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from drydock.aws.clients import Clients
from drydock.aws.failures import code, translated
from drydock.errors import OpsError
from drydock.ops.bootstrap import policies, trust

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

SESSION = 3600 * 2
"""Seconds of a role's session: an apply with Aurora takes up to an hour."""
_MOST_VERSIONS = 5


@dataclass(frozen=True)
class Role:
    """A role that GitHub's workflows may assume, and its policies."""

    name: str
    subjects: Sequence[str]
    documents: Sequence[Mapping[str, Any]]
    description: str


@dataclass(frozen=True)
class AccessKey:
    """A user's access key. AWS shows the secret once; its repr omits it."""

    user: str
    id: str
    secret: str = field(repr=False)


def ensure_provider(clients: Clients, account: str, partition: str) -> str:
    """Create GitHub's OIDC provider in the account; return its ARN. One that exists is extended."""
    arn = trust.provider_arn(partition, account)
    with translated(clients.endpoint):
        try:
            found = clients.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        except ClientError as error:
            if code(error) != "NoSuchEntity":
                raise
            clients.iam.create_open_id_connect_provider(
                Url=f"https://{trust.ISSUER}", ClientIDList=[trust.AUDIENCE]
            )
        else:
            if trust.AUDIENCE not in found.get("ClientIDList", []):
                clients.iam.add_client_id_to_open_id_connect_provider(
                    OpenIDConnectProviderArn=arn, ClientID=trust.AUDIENCE
                )
    return arn


def ensure_role(clients: Clients, role: Role, account: str, partition: str) -> str:
    """Create or update the role with exactly these policies; return its ARN. Raises OpsError.

    Policies that others attached are left alone.
    """
    provider = trust.provider_arn(partition, account)
    document = policies.text(trust.document(provider, list(role.subjects)))
    with translated(clients.endpoint):
        iam = clients.iam
        try:
            iam.create_role(
                RoleName=role.name,
                AssumeRolePolicyDocument=document,
                Description=role.description,
                MaxSessionDuration=SESSION,
            )
        except ClientError as error:
            if code(error) != "EntityAlreadyExists":
                raise
            iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=document)
        wanted = _ensure_policies(iam, role.name, role.documents, account, partition)
        attached = iam.list_attached_role_policies(RoleName=role.name)["AttachedPolicies"]
        held = {one["PolicyArn"] for one in attached}
        for arn in wanted - held:
            iam.attach_role_policy(RoleName=role.name, PolicyArn=arn)
        for arn in _former(held - wanted, role.name):
            iam.detach_role_policy(RoleName=role.name, PolicyArn=arn)
            _delete_policy(iam, arn)
    return f"arn:{partition}:iam::{account}:role/{role.name}"


def ensure_user(
    clients: Clients,
    name: str,
    documents: Sequence[Mapping[str, Any]],
    account: str,
    partition: str,
) -> AccessKey | None:
    """Create or update the user with exactly these policies; return a new access key. Raises OpsError.

    Return None if the user has a key already, whose secret cannot be read again.
    """
    with translated(clients.endpoint):
        iam = clients.iam
        try:
            iam.create_user(UserName=name)
        except ClientError as error:
            if code(error) != "EntityAlreadyExists":
                raise
        wanted = _ensure_policies(iam, name, documents, account, partition)
        attached = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
        held = {one["PolicyArn"] for one in attached}
        for arn in wanted - held:
            iam.attach_user_policy(UserName=name, PolicyArn=arn)
        for arn in _former(held - wanted, name):
            iam.detach_user_policy(UserName=name, PolicyArn=arn)
            _delete_policy(iam, arn)
        if iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            return None
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return AccessKey(name, key["AccessKeyId"], key["SecretAccessKey"])


def _former(arns: set[str], owner: str) -> list[str]:
    """Return policies that an earlier run made for this owner; those attached by others are left out."""
    return sorted(arn for arn in arns if arn.rpartition("/")[2].rpartition("-")[0] == owner)


def _ensure_policies(
    iam: IAMClient,
    owner: str,
    documents: Sequence[Mapping[str, Any]],
    account: str,
    partition: str,
) -> set[str]:
    if len(documents) > policies.MOST:
        raise OpsError(
            f"the rights of {owner}",
            f"they need {len(documents)} managed policies, and AWS attaches {policies.MOST}",
            "split the stack",
        )
    return {
        _ensure_policy(iam, f"{owner}-{number}", document, account, partition)
        for number, document in enumerate(documents, start=1)
    }


def _ensure_policy(
    iam: IAMClient, name: str, document: Mapping[str, Any], account: str, partition: str
) -> str:
    """Create the policy, or make the document its default version; return its ARN."""
    arn = f"arn:{partition}:iam::{account}:policy/{name}"
    text = policies.text(document)
    try:
        iam.create_policy(PolicyName=name, PolicyDocument=text)
    except ClientError as error:
        if code(error) != "EntityAlreadyExists":
            raise
        versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
        default = next(one["VersionId"] for one in versions if one["IsDefaultVersion"])
        now: Any = iam.get_policy_version(PolicyArn=arn, VersionId=default)["PolicyVersion"][
            "Document"
        ]
        if (json.loads(now) if isinstance(now, str) else now) == document:
            return arn
        if len(versions) >= _MOST_VERSIONS:
            old = [one for one in versions if not one["IsDefaultVersion"]]
            oldest = min(old, key=lambda one: int(one["VersionId"].removeprefix("v")))
            iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
    return arn


def _delete_policy(iam: IAMClient, arn: str) -> None:
    for one in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not one["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=one["VersionId"])
    iam.delete_policy(PolicyArn=arn)
