"""Validation of ECS requests, with ECS's own error messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError, InvalidSubnetIdError
from moto.ecs.exceptions import EcsClientException, InvalidParameterException
from moto.ecs.models import TaskDefinition

if TYPE_CHECKING:
    from moto.elbv2.models import ELBv2Backend

    from drydock.region.services.ec2 import Ec2Backend

Json = dict[str, Any]

FARGATE = frozenset({"FARGATE", "FARGATE_SPOT"})


def usable(task_definition: TaskDefinition) -> TaskDefinition:
    """Return the task definition. Raises ClientException when the revision was deregistered."""
    if task_definition.status != "ACTIVE":
        raise EcsClientException("TaskDefinition is inactive")
    return task_definition


def enterable(task_definition: TaskDefinition, wanted: object, done: str) -> None:
    """Check that the task has a role for ExecuteCommand's agent to act as.

    `wanted`: whether ExecuteCommand is enabled; `done`: the verb in ECS's message. Raises
    InvalidParameterException without a role.
    """
    if wanted and not getattr(task_definition, "task_role_arn", None):
        raise InvalidParameterException(
            f"The service couldn't be {done} because a valid taskRoleArn is not being used. Specify a "
            "valid task role in your task definition and try again."
        )


def launch(
    task_definition: TaskDefinition, launch_type: str | None, strategy: list[Json] | None
) -> tuple[str | None, str | None]:
    """Return the launch type and the capacity provider that a task gets.

    Raises InvalidParameterException for both at once, unknown ones, and a task definition that
    is not made for Fargate.
    """
    if launch_type and strategy:
        raise InvalidParameterException(
            "Specifying both a launch type and capacity provider strategy is not supported. "
            "Remove one and try again."
        )
    if launch_type and launch_type not in {"EC2", "FARGATE", "EXTERNAL"}:
        raise InvalidParameterException("launch type should be one of [EC2,FARGATE,EXTERNAL]")
    provider = strategy[0]["capacityProvider"] if strategy else None
    kind = launch_type or ("FARGATE" if provider in FARGATE else "EC2")
    if kind == "FARGATE" and "FARGATE" not in task_definition.compatibilities:
        raise InvalidParameterException("Task definition does not support launch_type FARGATE.")
    return kind, provider


def is_fargate(launch_type: str | None, strategy: list[Json]) -> bool:
    """Return whether a service's tasks run on Fargate."""
    if strategy:
        return any(one["capacityProvider"] in FARGATE for one in strategy)
    return launch_type == "FARGATE"


def network(
    ec2: Ec2Backend, task_definition: TaskDefinition, configuration: Json | None
) -> Json | None:
    """Return the network configuration with its defaults.

    Raises InvalidParameterException as ECS does.
    """
    if task_definition.network_mode != "awsvpc":
        if configuration:
            raise InvalidParameterException(
                "Network Configuration is not valid for the given networkMode of this task definition."
            )
        return None
    if not configuration or not configuration.get("awsvpcConfiguration"):
        raise InvalidParameterException(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    wanted = configuration["awsvpcConfiguration"]
    if not wanted.get("subnets"):
        raise InvalidParameterException("subnets can not be empty.")
    vpcs = {_subnet_vpc(ec2, subnet) for subnet in wanted["subnets"]}
    if len(vpcs) > 1:
        raise InvalidParameterException("subnets must all be in the same VPC.")
    groups = wanted.get("securityGroups") or []
    for group in groups:
        if _group_vpc(ec2, group) not in vpcs:
            raise InvalidParameterException(
                f"Security Group {group} does not appear to belong to the same VPC as the input subnets."
            )
    return {
        "awsvpcConfiguration": {
            "subnets": list(wanted["subnets"]),
            "securityGroups": list(groups),
            "assignPublicIp": wanted.get("assignPublicIp") or "DISABLED",
        }
    }


def _subnet_vpc(ec2: Ec2Backend, subnet: str) -> str:
    try:
        return str(ec2.get_subnet(subnet).vpc_id)
    except InvalidSubnetIdError as error:
        raise InvalidParameterException(
            f"Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' "
            "does not exist (ErrorCode: InvalidSubnetID.NotFound)"
        ) from error


def _group_vpc(ec2: Ec2Backend, group: str) -> str:
    try:
        (found,) = ec2.describe_security_groups(group_ids=[group])
    except InvalidSecurityGroupNotFoundError as error:
        raise InvalidParameterException(
            f"Error retrieving security group information for [{group}]: The security group "
            f"'{group}' does not exist (ErrorCode: InvalidGroup.NotFound)"
        ) from error
    return str(found.vpc_id)


def groups_of(ec2: Ec2Backend, configuration: Json) -> list[str]:
    """Return the security groups of a task's interface: those named, or its VPC's default one."""
    named: list[str] = configuration["securityGroups"]
    return named or [_default_group(ec2, _subnet_vpc(ec2, configuration["subnets"][0]))]


def _default_group(ec2: Ec2Backend, vpc: str) -> str:
    group = ec2.get_default_security_group(vpc)
    if group is None:
        raise InvalidParameterException(f"The VPC {vpc} has no default security group.")
    return str(group.id)


def overrides(task_definition: TaskDefinition, wanted: Json | None) -> Json:
    """Return the overrides as ECS shows them: an entry for every container.

    Raises InvalidParameterException for a container that the task definition does not have.
    """
    given = dict(wanted or {})
    names = [one["name"] for one in task_definition.container_definitions]
    by_name = {}
    for entry in given.get("containerOverrides") or []:
        if entry.get("name") not in names:
            raise InvalidParameterException(
                f"Override for container named {entry.get('name')} is not a container in the TaskDefinition."
            )
        by_name[entry["name"]] = entry
    given["containerOverrides"] = [by_name.get(name, {"name": name}) for name in names]
    given.setdefault("inferenceAcceleratorOverrides", [])
    return given


def load_balancers(
    elbv2: ELBv2Backend, task_definition: TaskDefinition, wanted: Iterable[Json]
) -> None:
    """Raise InvalidParameterException for a target group that ECS would not register tasks in."""
    containers: dict[str, Json] = {
        str(one["name"]): one for one in task_definition.container_definitions
    }
    for entry in wanted:
        arn, name = entry.get("targetGroupArn"), entry.get("containerName")
        group = elbv2.target_groups.get(str(arn))
        if group is None:
            raise InvalidParameterException(
                f"Unable to assume role and validate the specified targetGroupArn. The target group "
                f"{arn} does not exist."
            )
        if not _in_use(elbv2, str(arn)):
            raise InvalidParameterException(
                f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            )
        if task_definition.network_mode == "awsvpc" and group.target_type != "ip":
            raise InvalidParameterException(
                f"The provided target group {arn} has target type {group.target_type}, which is "
                "incompatible with the awsvpc network mode specified in the task definition."
            )
        if name not in containers:
            raise InvalidParameterException(
                f"The container {name} does not exist in the task definition."
            )
        ports = {one.get("containerPort") for one in containers[name].get("portMappings", [])}
        if entry.get("containerPort") not in ports:
            raise InvalidParameterException(
                f"The container {name} did not have a container port {entry.get('containerPort')} defined."
            )


def _in_use(elbv2: ELBv2Backend, arn: str) -> bool:
    return elbv2._any_listener_using(arn)
