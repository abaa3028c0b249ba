"""IAM policies for deploying a stack, derived from its resource types. Pure.

They are managed policies, since a user's inline policies may have only 2,048 characters
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drydock.ops.bootstrap.reads import READS
from drydock.ops.bootstrap.right import Right
from drydock.ops.bootstrap.rights import ALWAYS, RIGHTS

VERSION = "2012-10-17"
LARGEST = 6144
"""Most characters of a managed policy; white space does not count."""
MOST = 10
"""Most managed policies of a role or user, unless AWS raises the quota."""
Statement = dict[str, Any]


@dataclass(frozen=True)
class Scope:
    """Account, region and names that a policy applies to."""

    account: str
    region: str
    prefix: str
    """Prefix of the names of the stack's resources."""
    bucket: str
    """Bucket of the stack's state."""
    key: str = "terraform.tfstate"
    partition: str = "aws"


def unknown(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the resource types for which `rights` has no entry."""
    return tuple(sorted(set(kinds) - set(RIGHTS)))


def deploying(scope: Scope, kinds: Iterable[str]) -> list[dict[str, Any]]:
    """Return policies that allow planning, applying and destroying a stack of these types."""
    wanted = sorted(set(kinds) & set(RIGHTS))
    rights = [*ALWAYS, *(right for kind in wanted for right in RIGHTS[kind])]
    return packed([*_state(scope), *_statements([*_reads(rights), *rights], scope)])


def planning(scope: Scope, kinds: Iterable[str]) -> list[dict[str, Any]]:
    """Return policies that allow planning it; only the state's lock can be changed."""
    wanted = sorted(set(kinds) & set(RIGHTS))
    rights = [*ALWAYS, *(right for kind in wanted for right in RIGHTS[kind])]
    return packed([*_state(scope, lock_only=True), *_statements(_reads(rights), scope)])


def packed(statements: Sequence[Statement]) -> list[dict[str, Any]]:
    """Distribute statements over few documents, none larger than IAM accepts."""
    documents: list[list[Statement]] = [[]]
    for statement in statements:
        if _size([*documents[-1], statement]) > LARGEST:
            documents.append([])
        documents[-1].append(statement)
    return [{"Version": VERSION, "Statement": found} for found in documents]


def text(document: Mapping[str, Any]) -> str:
    """Return the document as IAM counts its size: without white space."""
    return json.dumps(document, separators=(",", ":"))


def _size(statements: Sequence[Statement]) -> int:
    return len(text({"Version": VERSION, "Statement": statements}))


def _reads(rights: Iterable[Right]) -> list[Right]:
    services = {action.partition(":")[0] for right in rights for action in right.actions}
    # A database's password is a secret, its storage has a key.
    return [
        right for service, found in READS.items() if service in {"", *services} for right in found
    ]


def _state(scope: Scope, *, lock_only: bool = False) -> list[Statement]:
    """Return statements for the state's objects.

    https://developer.hashicorp.com/terraform/language/backend/s3#permissions-required
    """
    bucket = f"arn:{scope.partition}:s3:::{scope.bucket}"
    state, lock = f"{bucket}/{scope.key}", f"{bucket}/{scope.key}.tflock"
    change = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    return [
        _statement(["s3:ListBucket"], [bucket]),
        _statement(["s3:GetObject"] if lock_only else ["s3:GetObject", "s3:PutObject"], [state]),
        _statement(change, [lock]),
    ]


def _statements(rights: Iterable[Right], scope: Scope) -> list[Statement]:
    """Return one statement for all actions that have the same resources and conditions."""
    actions: dict[str, set[str]] = {}
    parts: dict[str, tuple[list[str], Any]] = {}
    for right in rights:
        resources = sorted({_arn(one, scope) for one in right.resources})
        condition = _condition(right, scope)
        key = json.dumps([resources, condition], sort_keys=True)
        parts[key] = (resources, condition)
        actions.setdefault(key, set()).update(right.actions)
    return [
        _statement(_without_covered(actions[key]), *found) for key, found in sorted(parts.items())
    ]


def _without_covered(actions: set[str]) -> list[str]:
    """Drop actions that a wildcard covers: `ec2:DescribeVpcs` beside `ec2:Describe*`."""
    stems = tuple(action[:-1] for action in actions if action.endswith("*"))
    return sorted(
        action
        for action in actions
        if not any(action.startswith(stem) and action != f"{stem}*" for stem in stems)
    )


def _statement(actions: list[str], resources: list[str], condition: Any = None) -> Statement:
    found: Statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**found, "Condition": condition} if condition else found


def _condition(right: Right, scope: Scope) -> Any:
    if right.condition is None:
        return None
    return {
        operator: {
            key: value.replace("{partition}", scope.partition) for key, value in held.items()
        }
        for operator, held in right.condition.items()
    }


def _arn(resource: str, scope: Scope) -> str:
    if resource == "*":
        return resource
    name = resource.replace("{p}", scope.prefix)
    service, _, rest = name.partition(":")
    if rest.startswith("::"):
        return f"arn:{scope.partition}:{service}:::{rest[2:]}"
    if rest.startswith(":"):
        return f"arn:{scope.partition}:{service}::{scope.account}:{rest[1:]}"
    return f"arn:{scope.partition}:{service}:{scope.region}:{scope.account}:{rest}"
