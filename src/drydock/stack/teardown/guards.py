"""Turn deletion protection off through the API, where the user has asked for it.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html and its like. A final
snapshot is still made where the stack asks for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from drydock.aws.clients import Clients
from drydock.aws.failures import translated
from drydock.errors import StackError
from drydock.stack.teardown.contents import client
from drydock.stack.teardown.remains import Standing


def turn_off(clients: Clients, guarded: Iterable[Standing]) -> None:
    """Turn deletion protection off for each resource.

    Raises StackError (a type that Drydock cannot unprotect; nothing was changed) and OpsError.
    """
    found = list(guarded)
    unknown = [one.address for one in found if one.kind not in _WAYS]
    if unknown:
        raise StackError(
            "deletion protection cannot be turned off",
            f"Drydock knows no way for {', '.join(unknown)}; nothing was changed",
            "turn it off in the stack, plan, apply --allow-replace, then destroy",
        )
    with translated(clients.endpoint):
        for one in found:
            _WAYS[one.kind](clients, one)


def _cluster(clients: Clients, one: Standing) -> None:
    clients.rds.modify_db_cluster(
        DBClusterIdentifier=one.id, DeletionProtection=False, ApplyImmediately=True
    )


def _instance(clients: Clients, one: Standing) -> None:
    clients.rds.modify_db_instance(
        DBInstanceIdentifier=str(one.attributes.get("identifier") or one.id),
        DeletionProtection=False,
        ApplyImmediately=True,
    )


def _balancer(clients: Clients, one: Standing) -> None:
    clients.elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=one.id,
        Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}],
    )


def _table(clients: Clients, one: Standing) -> None:
    client(clients, "dynamodb").update_table(TableName=one.id, DeletionProtectionEnabled=False)


_WAYS: Mapping[str, Callable[[Clients, Standing], None]] = {
    "aws_alb": _balancer,
    "aws_db_instance": _instance,
    "aws_dynamodb_table": _table,
    "aws_lb": _balancer,
    "aws_rds_cluster": _cluster,
}
