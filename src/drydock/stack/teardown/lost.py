"""Find the resources of a stack whose state is empty or lost.

They are found by the tags that a plan of the stack gives to every resource, and by the unique names
in the plan if the resource of that name carries the tags. Resources in another stack's state belong
to that stack. This module only looks; removal.py deletes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.errors import OpsError, StackError
from drydock.stack import reading
from drydock.stack.existing.finding import look
from drydock.stack.existing.tags import tags_of
from drydock.stack.existing.wanted import Wanted, wanted
from drydock.stack.files import read_json
from drydock.stack.stack import Stack
from drydock.stack.teardown.contents import client
from drydock.stack.teardown.remains import Remains, Standing
from drydock.stack.teardown.sweep import still, sweep

_STATES = "drydock-state-"
_GUARDED = {
    ("rds", "cluster:"): "aws_rds_cluster",
    ("rds", "db:"): "aws_db_instance",
    ("dynamodb", "table/"): "aws_dynamodb_table",
    ("elasticloadbalancing", "loadbalancer/"): "aws_lb",
}
"""Kinds with a deletion protection, as ARNs write them => the Terraform type."""


@dataclass(frozen=True)
class Likeness:
    """The tags, names and roles by which the stack's resources can be recognised."""

    tags: Mapping[str, str]
    names: tuple[Wanted, ...]
    roles: tuple[str, ...] = ()
    """IAM roles that are known to be the stack's, whatever their tags."""
    why: str = ""
    """Why nothing is known of the stack's resources; empty if they are known."""

    @classmethod
    def of(cls, stack: Stack) -> Likeness:
        """Read them from a plan that is not kept. A plan that fails is noted in `why`."""
        try:
            plan = reading.preview(stack, {})
        except StackError as error:
            return cls({}, (), why=f"{error.subject}: {error.cause}".strip())
        return cls(Remains.of_plan(plan).tags, wanted(plan))


def find(
    clients: Clients,
    like: Likeness,
    foreign: frozenset[str],
    tell: Callable[[str], None],
) -> tuple[str, ...]:
    """Return ARNs and ids of what carries the stack's tags and is not another stack's. Raises OpsError.

    Without a tag common to all of the stack's resources nothing is found.
    """
    if not like.tags:
        return ()
    found = {one.name for one in sweep(clients, like.tags, like.roles, tell) if not one.kept}
    looked = look(clients, like.names)
    for one in looked.found:
        tags = tags_of(clients, one.arn)
        there = still(clients, one.arn)
        if there is None or there.kept:
            continue
        if all(tags.get(key) == value for key, value in like.tags.items()):
            found.add(one.arn)
    for why in looked.unknown:
        tell(f"not looked for: {why}")
    return tuple(sorted(one for one in found if not {one, _id(one)} & foreign))


def foreign_names(clients: Clients, stack: Stack) -> frozenset[str]:
    """Return every id and ARN in the states of the local region's other stacks. Raises OpsError."""
    if not clients.is_local:
        return frozenset()
    names: set[str] = set()
    for one in (*_states_in_files(stack), *_states_in_buckets(clients)):
        if isinstance(one, dict):
            names |= Remains.of(one).names
    return frozenset(names)


def guarded(names: tuple[str, ...]) -> list[Standing]:
    """Return the resources of types with a deletion protection, as guards.py takes them. Pure."""
    found = []
    for name in names:
        for (service, kind), type_ in _GUARDED.items():
            resource = name.split(":", 5)[5] if name.startswith("arn:") else ""
            if name.split(":")[2:3] == [service] and resource.startswith(kind):
                own = name if type_ == "aws_lb" else resource.removeprefix(kind)
                found.append(Standing(name, type_, {"id": own}))
    return found


def _states_in_files(stack: Stack) -> Iterator[Any]:
    own = stack.files.home
    for file in own.parent.glob("*/state-*/terraform.tfstate"):
        if own not in file.parents:
            yield read_json(file)


def _states_in_buckets(clients: Clients) -> Iterator[Any]:
    s3 = client(clients, "s3")
    with translated(clients.endpoint):
        for bucket in s3.list_buckets()["Buckets"]:
            if not bucket["Name"].startswith(_STATES):
                continue
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
                for one in page.get("Contents", ()):
                    body = s3.get_object(Bucket=bucket["Name"], Key=one["Key"])["Body"].read()
                    try:
                        yield json.loads(body)
                    except ValueError as error:
                        raise OpsError(
                            f"s3://{bucket['Name']}/{one['Key']}",
                            f"it is no state of Terraform's ({error})",
                            "move it elsewhere: it is not known what belongs to other stacks",
                        ) from error


def _id(name: str) -> str:
    return name.rpartition("/")[2]
