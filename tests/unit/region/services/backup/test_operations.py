"""AWS Backup keeps what a plan copies, as Terraform asks for it."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.support.served import Served

ROLE = "arn:aws:iam::123456789012:role/backup"
CLUSTER = "arn:aws:rds:ap-southeast-2:123456789012:cluster:shop"


def test_a_selection_is_kept_until_it_is_deleted(served: Served) -> None:
    backup = served.client("backup")
    backup.create_backup_vault(BackupVaultName="shop", BackupVaultTags={"Application": "shop"})
    rules = [{"RuleName": "daily", "TargetBackupVaultName": "shop"}]
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "shop", "Rules": rules})
    key = plan["BackupPlanId"]
    selection = {"SelectionName": "database", "IamRoleArn": ROLE, "Resources": [CLUSTER]}
    made = backup.create_backup_selection(BackupPlanId=key, BackupSelection=selection)
    found = backup.get_backup_selection(BackupPlanId=key, SelectionId=made["SelectionId"])
    assert found["BackupSelection"] == selection
    listed = backup.list_backup_selections(BackupPlanId=key)["BackupSelectionsList"]
    assert [one["SelectionName"] for one in listed] == ["database"]
    backup.delete_backup_selection(BackupPlanId=key, SelectionId=made["SelectionId"])
    with pytest.raises(ClientError, match="Cannot find Backup selection"):
        backup.get_backup_selection(BackupPlanId=key, SelectionId=made["SelectionId"])


def test_a_vault_says_its_tags_and_that_it_holds_no_copies(served: Served) -> None:
    backup = served.client("backup")
    vault = backup.create_backup_vault(BackupVaultName="shop", BackupVaultTags={"Tier": "one"})
    assert backup.list_tags(ResourceArn=vault["BackupVaultArn"])["Tags"] == {"Tier": "one"}
    points = backup.list_recovery_points_by_backup_vault(BackupVaultName="shop")
    assert points["RecoveryPoints"] == []
