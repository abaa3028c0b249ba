"""A rotation is over once the server has the new password, and begins when its time has come."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.served import Served


def test_the_pending_password_is_current_once_the_server_has_it(served: Served) -> None:
    rds = served.client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        MasterUsername="postgres",
        ManageMasterUserPassword=True,
    )
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        owner = backend.clusters["db"]
        first = backend.master_password(owner)
        secret = owner.master_user_secret
        assert not backend.rotate_due(owner, 86400.0)
        secret.secret.created_date = int(time.time()) - 8
        assert backend.rotate_due(owner, 1.0)
        assert not backend.rotate_due(owner, 1.0), "one is under way"
        second = backend.master_password(owner)
        assert second not in (None, first)
        assert secret.secret_status == "rotating"
        assert not backend.password_set(owner, str(first)), "that is the old one"
        assert backend.password_set(owner, str(second))
        assert secret.secret_status == "active"
        assert backend.master_password(owner) == second
        assert not backend.rotate_due(owner, 1.0)
        stages = sorted(one["version_stages"] for one in secret.secret.versions.values())
        assert stages == [["AWSCURRENT"], ["AWSPREVIOUS"]]


def managed(served: Served) -> tuple[Any, str]:
    """A client of Secrets Manager, and the ARN of a managed secret."""
    cluster = served.client("rds").create_db_cluster(
        DBClusterIdentifier="db",
        Engine="aurora-postgresql",
        MasterUsername="postgres",
        ManageMasterUserPassword=True,
    )["DBCluster"]
    return served.client("secretsmanager"), cluster["MasterUserSecret"]["SecretArn"]


def test_a_schedule_is_kept_and_shown_and_due_when_its_time_has_come(served: Served) -> None:
    manager, arn = managed(served)
    rules = {"ScheduleExpression": "cron(0 8 1 * ? *)", "Duration": "3h"}
    manager.rotate_secret(SecretId=arn, RotationRules=rules, RotateImmediately=False)
    described = manager.describe_secret(SecretId=arn)
    assert described["RotationRules"] == rules
    following = described["NextRotationDate"].astimezone(UTC)
    assert following > datetime.now(UTC)
    assert (following.day, following.hour, following.minute) == (1, 8, 0)
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        owner = backend.clusters["db"]
        kept = owner.master_user_secret.secret
        assert not backend.rotate_due(owner, 0.001), "a cron expression goes by the clock"
        kept.next_rotation_date = int(time.time()) - 1
        assert backend.rotate_due(owner, 86400.0)
        assert backend.password_set(owner, str(backend.master_password(owner)))
        assert kept.next_rotation_date > time.time()
        assert not backend.rotate_due(owner, 86400.0)


def test_a_rate_counts_region_time_since_the_last_rotation(served: Served) -> None:
    manager, arn = managed(served)
    rules = {"ScheduleExpression": "rate(12 hours)"}
    manager.rotate_secret(SecretId=arn, RotationRules=rules, RotateImmediately=False)
    with served.store.changing("rds"):
        backend = served.store.backend("rds")
        owner = backend.clusters["db"]
        owner.master_user_secret.secret.created_date = int(time.time()) - 60
        assert not backend.rotate_due(owner, 240.0)
        assert backend.rotate_due(owner, 80.0)
    manager.rotate_secret(
        SecretId=arn, RotationRules={"AutomaticallyAfterDays": 30}, RotateImmediately=False
    )
    shown = manager.describe_secret(SecretId=arn)["RotationRules"]
    assert shown == {"AutomaticallyAfterDays": 30}


@pytest.mark.parametrize(
    "rules",
    [
        {"AutomaticallyAfterDays": 2, "ScheduleExpression": "rate(2 days)"},
        {"ScheduleExpression": "rate(3 hours)"},
        {"ScheduleExpression": "rate(1000 days)"},
        {"ScheduleExpression": "at(2026-11-23T14:00:00)"},
        {"ScheduleExpression": "cron(30 8 * * ? *)"},
        {"ScheduleExpression": "cron(0 25 * * ? *)"},
        {"ScheduleExpression": "rate(1 day)", "Duration": "25h"},
    ],
)
def test_rules_that_secrets_manager_refuses(served: Served, rules: dict[str, Any]) -> None:
    manager, arn = managed(served)
    before = manager.describe_secret(SecretId=arn)["RotationRules"]
    with pytest.raises(manager.exceptions.InvalidParameterException):
        manager.rotate_secret(SecretId=arn, RotationRules=rules, RotateImmediately=False)
    assert manager.describe_secret(SecretId=arn)["RotationRules"] == before
    with pytest.raises(manager.exceptions.ClientError, match="less than or equal to 1000"):
        manager.rotate_secret(SecretId=arn, RotationRules={"AutomaticallyAfterDays": 1001})
