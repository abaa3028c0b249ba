"""The Aurora PostgreSQL cluster of `infra/modules/database`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from drydock.aws import waiting
from drydock.stack.quick.work import AVAILABLE_TIMEOUT, Work, pairs, unless_absent

USER = "postgres"
NAME = "app"
PORT = 5432
_NO_CLUSTER = "DBClusterNotFoundFault"
_NO_INSTANCE = ("DBInstanceNotFound", "DBInstanceNotFoundFault")


@dataclass(frozen=True)
class Database:
    endpoint: str
    secret: str
    """ARN of the secret with the keys `username` and `password`."""


def begin(work: Work, subnets: tuple[str, ...], group: str) -> Database:
    """Create what is missing without waiting; the endpoint is known from the start."""
    rds = work.clients.rds
    groups = unless_absent(
        lambda: rds.describe_db_subnet_groups(DBSubnetGroupName=work.name()),
        "DBSubnetGroupNotFoundFault",
    )
    if groups is None:
        rds.create_db_subnet_group(
            DBSubnetGroupName=work.name(),
            DBSubnetGroupDescription=f"Database of {work.name()}",
            SubnetIds=list(subnets),
            Tags=pairs(work.tags()),
        )
    if _cluster(work) is None:
        rds.create_db_cluster(**_cluster_request(work, group), **_password(work))
        work.made(f"database cluster {work.name()}")
    if _instance(work) is None:
        rds.create_db_instance(
            DBInstanceIdentifier=work.name("1"),
            DBClusterIdentifier=work.name(),
            Engine="aurora-postgresql",
            DBInstanceClass=work.settings.postgresql_instance_class,
            DBSubnetGroupName=work.name(),
            PubliclyAccessible=False,
            PromotionTier=0,
            AutoMinorVersionUpgrade="." not in work.settings.postgresql_version,
            CopyTagsToSnapshot=True,
            Tags=pairs(work.tags()),
        )
        work.made(f"database instance {work.name('1')}")
    return _found(work, _cluster(work) or {})


def password_version(password: str) -> int | None:
    """Return a number that changes with a given password, as in infra/; None if RDS manages it. Pure."""
    return int(hashlib.sha256(password.encode()).hexdigest()[:4], 16) if password else None


def finish(work: Work) -> None:
    """Wait until the cluster and its instance are available. Raises WaitTimedOut."""

    def ready() -> bool:
        cluster, instance = _cluster(work) or {}, _instance(work) or {}
        return cluster.get("Status") == instance.get("DBInstanceStatus") == "available"

    waiting.until(
        ready,
        what=f"database {work.name()} to be available",
        timeout=AVAILABLE_TIMEOUT,
        every=work.clients.pace.every,
        remedy="drydock status",
        in_vain=lambda: work.clients.in_vain(f":cluster:{work.name()}", f":db:{work.name('1')}"),
    )


def find(work: Work) -> Database | None:
    cluster = _cluster(work)
    return None if cluster is None else _found(work, cluster)


def remove(work: Work) -> None:
    """Remove instance, cluster, subnet group and secret, without a final snapshot."""
    rds = work.clients.rds
    if _instance(work) is not None:
        rds.delete_db_instance(DBInstanceIdentifier=work.name("1"), SkipFinalSnapshot=True)
    if (there := _cluster(work)) is not None:
        rds.delete_db_cluster(DBClusterIdentifier=work.name(), SkipFinalSnapshot=True)
    waiting.until(
        lambda: _instance(work) is None and _cluster(work) is None,
        what=f"database {work.name()} to be gone",
        timeout=AVAILABLE_TIMEOUT,
        every=work.clients.pace.every,
    )
    unless_absent(
        lambda: rds.delete_db_subnet_group(DBSubnetGroupName=work.name()),
        "DBSubnetGroupNotFoundFault",
    )
    unless_absent(
        lambda: work.clients.secretsmanager.delete_secret(
            SecretId=work.name("database"), ForceDeleteWithoutRecovery=True
        ),
        "ResourceNotFoundException",
    )
    if there is not None:
        work.removed(f"database {work.name()}")


def _cluster(work: Work) -> Any | None:
    found = unless_absent(
        lambda: work.clients.rds.describe_db_clusters(DBClusterIdentifier=work.name()), _NO_CLUSTER
    )
    return found["DBClusters"][0] if found else None


def _instance(work: Work) -> Any | None:
    found = unless_absent(
        lambda: work.clients.rds.describe_db_instances(DBInstanceIdentifier=work.name("1")),
        *_NO_INSTANCE,
    )
    return found["DBInstances"][0] if found else None


def _found(work: Work, cluster: Any) -> Database:
    managed = cluster.get("MasterUserSecret") or {}
    secret = managed.get("SecretArn") or _given_secret(work)
    return Database(cluster.get("Endpoint", ""), secret)


def _cluster_request(work: Work, group: str) -> dict[str, Any]:
    """Return CreateDBCluster's arguments except for the password. Pure."""
    settings = work.settings
    request: dict[str, Any] = {
        "DBClusterIdentifier": work.name(),
        "Engine": "aurora-postgresql",
        "EngineVersion": settings.postgresql_version,
        "DatabaseName": NAME,
        "Port": PORT,
        "DBSubnetGroupName": work.name(),
        "VpcSecurityGroupIds": [group],
        "MasterUsername": USER,
        "StorageEncrypted": True,
        "EngineLifecycleSupport": "open-source-rds-extended-support-disabled",
        "BackupRetentionPeriod": 7,
        "CopyTagsToSnapshot": True,
        "PreferredBackupWindow": "16:00-16:30",
        "PreferredMaintenanceWindow": "sun:17:00-sun:17:30",
        "DeletionProtection": False,
        "Tags": pairs(work.tags()),
    }
    if settings.postgresql_instance_class == "db.serverless":
        request["ServerlessV2ScalingConfiguration"] = {
            "MinCapacity": 0,
            "MaxCapacity": 2,
            "SecondsUntilAutoPause": 300,
        }
    return request


def _password(work: Work) -> dict[str, Any]:
    """Return the password arguments: RDS manages it, or a secret in the same form holds the given one."""
    given = work.settings.postgresql_password
    if not given:
        return {"ManageMasterUserPassword": True}
    if not _given_secret(work):
        work.clients.secretsmanager.create_secret(
            Name=work.name("database"),
            Description=f"Master user of the database of {work.name()}",
            SecretString=json.dumps({"username": USER, "password": given}),
            Tags=pairs(work.tags()),
        )
    return {"MasterUserPassword": given}


def _given_secret(work: Work) -> str:
    found = unless_absent(
        lambda: work.clients.secretsmanager.describe_secret(SecretId=work.name("database")),
        "ResourceNotFoundException",
    )
    return found["ARN"] if found else ""
