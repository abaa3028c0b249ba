"""An alarm's messages to encrypted topics: delivered only if CloudWatch may use the key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drydock.region.services.cloudwatch.controller.controller import AlarmController
from drydock.region.services.kit.controller import DONE, TerminalError
from tests.support.served import Served, serving

ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::{account}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
CLOUDWATCH: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudwatch.amazonaws.com"},
    "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
    "Resource": "*",
}
REFUSED = "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."


class Alarms:
    """A topic with a queue, an alarm on it, and the controller without a data plane."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.sns, self.sqs = served.client("sns"), served.client("sqs")
        self.kms, self.cloudwatch = served.client("kms"), served.client("cloudwatch")
        parts: Any = SimpleNamespace(store=served.store, minute=0.02)
        self.controller = AlarmController(parts)
        self.topic = self.sns.create_topic(Name="alarms")["TopicArn"]
        self.queue = self.sqs.create_queue(QueueName="q")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        self.sns.subscribe(
            TopicArn=self.topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
        )
        self.cloudwatch.put_metric_alarm(
            AlarmName="busy",
            AlarmActions=[self.topic],
            ActionsEnabled=True,
            Namespace="X",
            MetricName="Y",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="breaching",
        )
        (alarm,) = self.cloudwatch.describe_alarms()["MetricAlarms"]
        self.arn = str(alarm["AlarmArn"])

    def key(self, *statements: dict[str, Any]) -> str:
        """A key whose policy allows the account and what is given → its id."""
        text = json.dumps({"Version": "2012-10-17", "Statement": [ROOT, *statements]})
        text = text.replace("{account}", self.served.store.account_id)
        return str(self.kms.create_key(Policy=text)["KeyMetadata"]["KeyId"])

    def encrypt(self, key: str) -> None:
        self.sns.set_topic_attributes(
            TopicArn=self.topic, AttributeName="KmsMasterKeyId", AttributeValue=key
        )

    def fire(self) -> dict[str, Any]:
        """Let the alarm be evaluated, which enters ALARM → what its history says of its action."""
        self.controller.reconcile("alarms")
        items = self.cloudwatch.describe_alarm_history(HistoryItemType="Action")
        (item,) = items["AlarmHistoryItems"]
        return dict(item)

    def messages(self) -> list[str]:
        found = self.sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=0)
        return [one["Body"] for one in found.get("Messages", [])]


@pytest.fixture
def alarms(tmp_path: Path) -> Iterator[Alarms]:
    with serving(tmp_path / "log") as served:
        yield Alarms(served)


def delivered(alarms: Alarms) -> bool:
    """Whether the message came; history and problems have to agree with it."""
    item = alarms.fire()
    data = json.loads(item["HistoryData"])
    came = bool(alarms.messages())
    if came:
        assert item["HistorySummary"] == f"Successfully executed action {alarms.topic}"
        assert list(alarms.controller.all_keys()) == ["alarms"]
        assert alarms.controller.reconcile(alarms.arn) is DONE
    else:
        assert data["actionState"] == "Failed"
        assert item["HistorySummary"] == (
            f'Failed to execute action {alarms.topic}. Received error: "{data["error"]}"'
        )
        assert list(alarms.controller.all_keys()) == ["alarms", alarms.arn]
        with pytest.raises(TerminalError, match=r"encryption key|KMS"):
            alarms.controller.reconcile(alarms.arn)
    return came


def test_a_topic_that_is_not_encrypted_gets_the_message(alarms: Alarms) -> None:
    assert delivered(alarms)


@pytest.mark.parametrize("by", ["alias/aws/sns", "arn:aws:kms:ap-southeast-2:1:alias/aws/sns"])
def test_awss_own_key_lets_cloudwatch_not_in(
    alarms: Alarms, by: str, caplog: pytest.LogCaptureFixture
) -> None:
    alarms.encrypt(by)
    assert not delivered(alarms)
    items = alarms.cloudwatch.describe_alarm_history(HistoryItemType="Action")
    assert json.loads(items["AlarmHistoryItems"][0]["HistoryData"])["error"] == REFUSED
    (record,) = [one for one in caplog.records if one.message == "alarm's action failed"]
    assert record.__dict__["why"] == REFUSED


@pytest.mark.parametrize(
    ("statement", "may"),
    [
        (CLOUDWATCH, True),
        ({**CLOUDWATCH, "Action": "kms:*"}, True),
        ({**CLOUDWATCH, "Action": "kms:Decrypt"}, False),
        ({**CLOUDWATCH, "Action": ["kms:GenerateDataKey*"]}, False),
        ({**CLOUDWATCH, "Principal": {"Service": "events.amazonaws.com"}}, False),
        ({**CLOUDWATCH, "Effect": "Deny"}, False),
        ({**CLOUDWATCH, "Condition": {"StringEquals": {"aws:SourceAccount": "{account}"}}}, True),
        ({**CLOUDWATCH, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}, False),
        (
            {**CLOUDWATCH, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*"}}},
            True,
        ),
    ],
)
def test_a_key_of_ones_own_lets_in_whom_its_policy_names(
    alarms: Alarms, statement: dict[str, Any], may: bool
) -> None:
    alarms.encrypt(alarms.key(statement))
    assert delivered(alarms) is may


@pytest.mark.parametrize("form", ["id", "arn", "alias"])
def test_a_key_is_found_however_it_is_named(alarms: Alarms, form: str) -> None:
    key = alarms.key(CLOUDWATCH)
    alarms.kms.create_alias(AliasName="alias/own", TargetKeyId=key)
    arn = alarms.kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    alarms.encrypt({"id": key, "arn": arn, "alias": "alias/own"}[form])
    assert delivered(alarms)


def test_a_key_that_is_disabled_or_gone_lets_nobody_in(alarms: Alarms) -> None:
    key = alarms.key(CLOUDWATCH)
    alarms.encrypt(key)
    alarms.kms.disable_key(KeyId=key)
    assert not delivered(alarms)
    alarms.kms.enable_key(KeyId=key)
    assert alarms.controller.reconcile(alarms.arn) is DONE
    alarms.encrypt("11111111-2222-3333-4444-555555555555")
    with pytest.raises(TerminalError, match="KMSNotFound"):
        alarms.controller.reconcile(alarms.arn)


def test_the_problem_is_known_before_the_alarm_fires_and_ends_with_it(alarms: Alarms) -> None:
    alarms.encrypt("alias/aws/sns")
    with pytest.raises(
        TerminalError, match="Next: encrypt the topic with a key of your own"
    ) as told:
        alarms.controller.reconcile(alarms.arn)
    assert not told.value.lasting  # no command that waits for the stack is given up for it
    alarms.cloudwatch.disable_alarm_actions(AlarmNames=["busy"])
    assert alarms.controller.reconcile(alarms.arn) is DONE
    alarms.cloudwatch.enable_alarm_actions(AlarmNames=["busy"])
    alarms.cloudwatch.delete_alarms(AlarmNames=["busy"])
    assert alarms.controller.reconcile(alarms.arn) is DONE
    assert list(alarms.controller.all_keys()) == []
