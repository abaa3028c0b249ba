"""The rights that monitoring, backups and events of a stack need, as data; see `rights`."""

from __future__ import annotations

from collections.abc import Mapping

from drydock.ops.bootstrap.right import Right, passed, right

OPERATIONS: Mapping[str, tuple[Right, ...]] = {
    "aws_cloudwatch_metric_alarm": (
        right(
            "cloudwatch:PutMetricAlarm DeleteAlarms TagResource UntagResource",
            "cloudwatch:alarm:{p}*",
        ),
    ),
    "aws_cloudwatch_dashboard": (
        right("cloudwatch:PutDashboard DeleteDashboards", "cloudwatch::dashboard/{p}*"),
    ),
    "aws_sns_topic": (
        right(
            "sns:CreateTopic DeleteTopic SetTopicAttributes TagResource UntagResource", "sns:{p}*"
        ),
    ),
    "aws_sns_topic_policy": (right("sns:SetTopicAttributes", "sns:{p}*"),),
    "aws_sns_topic_subscription": (right("sns:Subscribe Unsubscribe", "sns:{p}*"),),
    "aws_backup_vault": (
        right(
            "backup:CreateBackupVault DeleteBackupVault TagResource UntagResource",
            "backup:backup-vault:{p}*",
        ),
        right("backup-storage:MountCapsule"),
        right("kms:CreateGrant Decrypt GenerateDataKey*", "kms:key/*"),
    ),
    "aws_backup_plan": (
        right(
            "backup:CreateBackupPlan UpdateBackupPlan DeleteBackupPlan TagResource UntagResource",
            "backup:backup-plan:*",
        ),
    ),
    "aws_backup_selection": (
        right("backup:CreateBackupSelection DeleteBackupSelection", "backup:backup-plan:*"),
        passed("backup"),
    ),
    "aws_cloudwatch_event_rule": (
        right(
            "events:PutRule DeleteRule EnableRule DisableRule TagResource UntagResource",
            "events:rule/{p}*",
        ),
    ),
    "aws_cloudwatch_event_target": (
        right("events:PutTargets RemoveTargets", "events:rule/{p}*"),
        passed("events"),
    ),
    "aws_sfn_state_machine": (
        right(
            "states:CreateStateMachine UpdateStateMachine DeleteStateMachine TagResource"
            " UntagResource",
            "states:stateMachine:{p}*",
        ),
        right("states:ValidateStateMachineDefinition"),
        passed("states"),
    ),
}
