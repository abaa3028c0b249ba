"""Delete resources of services other than EC2, by service and kind. The functions raise what boto3 raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drydock.aws.clients import Clients
from drydock.stack.teardown.contents import client, empty_bucket


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _part(name: str) -> str:
    """Return the part of an ARN (of RDS, CloudWatch or S3) after its last colon."""
    return name.rpartition(":")[2]


def _service(clients: Clients, name: str) -> None:
    """Delete a service and its scalable targets, which are no resources of their own."""
    cluster, _, service = name.rpartition(":service/")[2].rpartition("/")
    told = clients.scaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[f"service/{cluster}/{service}"]
    )
    for target in told["ScalableTargets"]:
        clients.scaling.deregister_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=target["ResourceId"],
            ScalableDimension=target["ScalableDimension"],
        )
    clients.ecs.delete_service(cluster=cluster, service=service, force=True)


def _task(clients: Clients, name: str) -> None:
    cluster = name.rpartition(":task/")[2].partition("/")[0]
    clients.ecs.stop_task(cluster=cluster, task=name, reason="drydock destroy")


def _cluster(clients: Clients, name: str) -> None:
    clients.ecs.delete_cluster(cluster=name)


def _definition(clients: Clients, name: str) -> None:
    clients.ecs.deregister_task_definition(taskDefinition=name)


def _balancer(clients: Clients, name: str) -> None:
    clients.elbv2.delete_load_balancer(LoadBalancerArn=name)


def _listener(clients: Clients, name: str) -> None:
    clients.elbv2.delete_listener(ListenerArn=name)


def _rule(clients: Clients, name: str) -> None:
    clients.elbv2.delete_rule(RuleArn=name)


def _target_group(clients: Clients, name: str) -> None:
    clients.elbv2.delete_target_group(TargetGroupArn=name)


def _db_cluster(clients: Clients, name: str) -> None:
    """Delete a cluster. On AWS a final snapshot keeps its data, since no stack says whether it is wanted."""
    own = _part(name)
    if clients.is_local:
        clients.rds.delete_db_cluster(DBClusterIdentifier=own, SkipFinalSnapshot=True)
    else:
        clients.rds.delete_db_cluster(
            DBClusterIdentifier=own, FinalDBSnapshotIdentifier=f"{own}-swept"
        )


def _db_instance(clients: Clients, name: str) -> None:
    own = _part(name)
    told = clients.rds.describe_db_instances(DBInstanceIdentifier=own)["DBInstances"][0]
    if clients.is_local or told.get("DBClusterIdentifier"):
        clients.rds.delete_db_instance(DBInstanceIdentifier=own, SkipFinalSnapshot=True)
    else:
        clients.rds.delete_db_instance(
            DBInstanceIdentifier=own, FinalDBSnapshotIdentifier=f"{own}-swept"
        )


def _subnet_group(clients: Clients, name: str) -> None:
    clients.rds.delete_db_subnet_group(DBSubnetGroupName=_part(name))


def _cluster_parameters(clients: Clients, name: str) -> None:
    clients.rds.delete_db_cluster_parameter_group(DBClusterParameterGroupName=_part(name))


def _parameters(clients: Clients, name: str) -> None:
    clients.rds.delete_db_parameter_group(DBParameterGroupName=_part(name))


def _log_group(clients: Clients, name: str) -> None:
    group = name.partition(":log-group:")[2].removesuffix(":*")
    clients.logs.delete_log_group(logGroupName=group)


def _secret(clients: Clients, name: str) -> None:
    """Delete a secret. On AWS it stays recoverable for its recovery window."""
    if clients.is_local:
        clients.secretsmanager.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    else:
        clients.secretsmanager.delete_secret(SecretId=name)


def _parameter(clients: Clients, name: str) -> None:
    own = name.removeprefix("ssm parameter ")
    if own.startswith("arn:"):
        # The ARN's `parameter/a/b` means the parameter `/a/b`, `parameter/a` means `a`.
        path = own.partition(":parameter/")[2]
        own = f"/{path}" if "/" in path else path
    client(clients, "ssm").delete_parameter(Name=own)


def _bucket(clients: Clients, name: str) -> None:
    empty_bucket(clients, _part(name))
    client(clients, "s3").delete_bucket(Bucket=_part(name))


def _repository(clients: Clients, name: str) -> None:
    own = name.partition(":repository/")[2]
    clients.ecr.delete_repository(repositoryName=own, force=True)


def _key(clients: Clients, name: str) -> None:
    client(clients, "kms").schedule_key_deletion(KeyId=_last(name), PendingWindowInDays=7)


def _alias(clients: Clients, name: str) -> None:
    client(clients, "kms").delete_alias(AliasName=f"alias/{name.partition(':alias/')[2]}")


def _alarm(clients: Clients, name: str) -> None:
    client(clients, "cloudwatch").delete_alarms(AlarmNames=[name.partition(":alarm:")[2]])


def _topic(clients: Clients, name: str) -> None:
    client(clients, "sns").delete_topic(TopicArn=name)


def _event_rule(clients: Clients, name: str) -> None:
    rule = _last(name)
    targets = clients.events.list_targets_by_rule(Rule=rule)["Targets"]
    if targets:
        clients.events.remove_targets(Rule=rule, Ids=[one["Id"] for one in targets])
    clients.events.delete_rule(Name=rule)


def _machine(clients: Clients, name: str) -> None:
    clients.states.delete_state_machine(stateMachineArn=name)


def _table(clients: Clients, name: str) -> None:
    client(clients, "dynamodb").delete_table(TableName=_last(name))


def _certificate(clients: Clients, name: str) -> None:
    client(clients, "acm").delete_certificate(CertificateArn=name)


def _role(clients: Clients, name: str) -> None:
    """Delete a role with its inline policies and attachments; customer managed policies stay."""
    role = _last(name).removeprefix("iam role ")
    iam = clients.iam
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=attached["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    for profile in iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(
            InstanceProfileName=profile["InstanceProfileName"], RoleName=role
        )
    iam.delete_role(RoleName=role)


NAMED: Mapping[str, Callable[[Clients, str], None]] = {
    "iam role": _role,
    "ssm parameter": _parameter,
}
"""How to delete resources that are given as a kind and a name instead of an ARN."""
WAYS: Mapping[tuple[str, str], Callable[[Clients, str], None]] = {
    ("acm", "certificate/"): _certificate,
    ("cloudwatch", "alarm:"): _alarm,
    ("dynamodb", "table/"): _table,
    ("ecr", "repository/"): _repository,
    ("ecs", "cluster/"): _cluster,
    ("ecs", "service/"): _service,
    ("ecs", "task-definition/"): _definition,
    ("ecs", "task/"): _task,
    ("elasticloadbalancing", "listener"): _listener,
    ("elasticloadbalancing", "listener-rule"): _rule,
    ("elasticloadbalancing", "loadbalancer/"): _balancer,
    ("elasticloadbalancing", "targetgroup/"): _target_group,
    ("events", "rule/"): _event_rule,
    ("iam", "role/"): _role,
    ("kms", "alias/"): _alias,
    ("kms", "key/"): _key,
    ("logs", "log-group:"): _log_group,
    ("rds", "cluster-pg:"): _cluster_parameters,
    ("rds", "cluster:"): _db_cluster,
    ("rds", "db:"): _db_instance,
    ("rds", "pg:"): _parameters,
    ("rds", "subgrp:"): _subnet_group,
    ("s3", ""): _bucket,
    ("secretsmanager", "secret:"): _secret,
    ("sns", ""): _topic,
    ("ssm", "parameter/"): _parameter,
    ("states", "stateMachine:"): _machine,
}
"""How to delete a resource, by service and kind as ARNs write them."""
