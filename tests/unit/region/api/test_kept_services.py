"""What is said to be kept is kept: made through boto3, saved, forgotten, restored, and found again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from drydock.services.table import KEPT
from tests.support.served import REGION, Served
from tests.support.states import bring_back, forget, save

ROLE = "arn:aws:iam::123456789012:role/service"
QUEUE = "arn:aws:sqs:ap-southeast-2:123456789012:jobs"


@dataclass(frozen=True)
class Kept:
    """How a resource of a service is made, and how what is there is listed."""

    make: Callable[[Any, str], object]
    """Takes the client and the account."""
    find: Callable[[Any, str], object]


SERVICES: dict[str, Kept] = {
    "backup": Kept(
        lambda client, _: client.create_backup_vault(BackupVaultName="vault"),
        lambda client, _: client.list_backup_vaults()["BackupVaultList"],
    ),
    "budgets": Kept(
        lambda client, account: client.create_budget(
            AccountId=account,
            Budget={
                "BudgetName": "month",
                "BudgetLimit": {"Amount": "10", "Unit": "USD"},
                "TimeUnit": "MONTHLY",
                "BudgetType": "COST",
            },
        ),
        lambda client, account: [
            one["BudgetName"] for one in client.describe_budgets(AccountId=account)["Budgets"]
        ],
    ),
    "cloudfront": Kept(
        lambda client, _: client.create_distribution(
            DistributionConfig={
                "CallerReference": "1",
                "Origins": {
                    "Quantity": 1,
                    "Items": [
                        {
                            "Id": "web",
                            "DomainName": "web.example.com",
                            "CustomOriginConfig": {
                                "HTTPPort": 80,
                                "HTTPSPort": 443,
                                "OriginProtocolPolicy": "https-only",
                            },
                        }
                    ],
                },
                "DefaultCacheBehavior": {
                    "TargetOriginId": "web",
                    "ViewerProtocolPolicy": "redirect-to-https",
                    "MinTTL": 0,
                    "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
                },
                "Comment": "",
                "Enabled": True,
            }
        ),
        lambda client, _: [
            one["Id"] for one in client.list_distributions()["DistributionList"]["Items"]
        ],
    ),
    "cloudtrail": Kept(
        lambda client, _: client.create_trail(Name="trail", S3BucketName="drydock-kept"),
        lambda client, _: client.describe_trails()["trailList"],
    ),
    "cognitoidp": Kept(
        lambda client, _: client.create_user_pool(PoolName="people"),
        lambda client, _: [
            (one["Id"], one["Name"]) for one in client.list_user_pools(MaxResults=10)["UserPools"]
        ],
    ),
    "dynamodb": Kept(
        lambda client, _: (
            client.create_table(
                TableName="items",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            ),
            client.put_item(TableName="items", Item={"id": {"S": "a"}, "n": {"N": "1"}}),
        ),
        lambda client, _: client.scan(TableName="items")["Items"],
    ),
    "ecr": Kept(
        lambda client, _: client.create_repository(repositoryName="app"),
        lambda client, _: client.describe_repositories()["repositories"],
    ),
    "elasticache": Kept(
        lambda client, _: client.create_cache_cluster(
            CacheClusterId="cache", Engine="redis", CacheNodeType="cache.t3.micro", NumCacheNodes=1
        ),
        lambda client, _: [
            one["CacheClusterId"] for one in client.describe_cache_clusters()["CacheClusters"]
        ],
    ),
    "events": Kept(
        lambda client, _: (
            client.put_rule(Name="nightly", ScheduleExpression="rate(1 day)"),
            client.put_targets(Rule="nightly", Targets=[{"Id": "1", "Arn": QUEUE}]),
        ),
        lambda client, _: (
            client.list_rules()["Rules"],
            client.list_targets_by_rule(Rule="nightly")["Targets"],
        ),
    ),
    "firehose": Kept(
        lambda client, _: client.create_delivery_stream(
            DeliveryStreamName="lines",
            S3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::drydock-kept"},
        ),
        lambda client, _: client.list_delivery_streams()["DeliveryStreamNames"],
    ),
    "kinesis": Kept(
        lambda client, _: (
            client.create_stream(StreamName="clicks", ShardCount=1),
            client.put_record(StreamName="clicks", Data=b"1", PartitionKey="a"),
        ),
        lambda client, _: client.describe_stream(StreamName="clicks")["StreamDescription"][
            "Shards"
        ],
    ),
    "resourcegroups": Kept(
        lambda client, _: client.create_group(
            Name="mine",
            ResourceQuery={
                "Type": "TAG_FILTERS_1_0",
                "Query": json.dumps(
                    {
                        "ResourceTypeFilters": ["AWS::AllSupported"],
                        "TagFilters": [{"Key": "stack", "Values": ["shop"]}],
                    }
                ),
            },
        ),
        lambda client, _: [one["GroupName"] for one in client.list_groups()["GroupIdentifiers"]],
    ),
    "s3control": Kept(
        lambda client, account: client.put_public_access_block(
            AccountId=account,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        ),
        lambda client, account: client.get_public_access_block(AccountId=account)[
            "PublicAccessBlockConfiguration"
        ],
    ),
    "scheduler": Kept(
        lambda client, _: client.create_schedule(
            Name="nightly",
            ScheduleExpression="rate(1 day)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": QUEUE, "RoleArn": ROLE},
        ),
        lambda client, _: [one["Name"] for one in client.list_schedules()["Schedules"]],
    ),
    "servicequotas": Kept(
        lambda _client, _: None,
        lambda client, _: client.list_aws_default_service_quotas(ServiceCode="vpc")["Quotas"],
    ),
    "ses": Kept(
        lambda client, _: client.verify_email_identity(EmailAddress="me@example.com"),
        lambda client, _: client.list_identities()["Identities"],
    ),
    "sesv2": Kept(
        lambda client, _: client.create_email_identity(EmailIdentity="example.com"),
        lambda client, _: client.list_email_identities()["EmailIdentities"],
    ),
    "sns": Kept(
        lambda client, _: client.subscribe(
            TopicArn=client.create_topic(Name="news")["TopicArn"],
            Protocol="sqs",
            Endpoint=QUEUE,
        ),
        lambda client, _: (
            client.list_topics()["Topics"],
            client.list_subscriptions()["Subscriptions"],
        ),
    ),
    "sqs": Kept(
        lambda client, _: client.send_message(
            QueueUrl=client.create_queue(QueueName="jobs")["QueueUrl"], MessageBody="work"
        ),
        lambda client, _: client.get_queue_attributes(
            QueueUrl=client.get_queue_url(QueueName="jobs")["QueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages", "QueueArn"],
        )["Attributes"],
    ),
    "stepfunctions": Kept(
        lambda client, _: client.create_state_machine(
            name="machine",
            roleArn=ROLE,
            definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}),
        ),
        lambda client, _: [one["name"] for one in client.list_state_machines()["stateMachines"]],
    ),
}


def client_of(served: Served, model: str) -> Any:
    """S3 Control puts the account before the host's name, which an address has no room for."""
    url = served.url.replace("127.0.0.1", "localhost")
    client: Any = boto3.client(
        model,  # type: ignore[call-overload]
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
    )
    if model == "s3control":
        client.meta.events.register("before-sign.s3-control.*", _without_account)
    return client


def _without_account(request: Any, **_: Any) -> None:
    request.url = re.sub(r"//\d{12}\.", "//", request.url)


def test_every_kept_service_is_here() -> None:
    assert set(SERVICES) == {one.name for one in KEPT}


@pytest.mark.parametrize("service", KEPT, ids=lambda one: one.name)
def test_it_comes_back(tmp_path: Path, served: Served, service: Any) -> None:
    kept, file = SERVICES[service.name], tmp_path / "state"
    account = served.store.account_id
    client = client_of(served, service.botocore)
    if service.name in {"cloudtrail", "firehose"}:
        served.client("s3").create_bucket(
            Bucket="drydock-kept", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
    if service.name == "sns":
        served.client("sqs").create_queue(QueueName="jobs")
    kept.make(client, account)
    before = kept.find(client, account)
    assert before
    save(served.store, file)
    forget(account)
    assert bring_back(served.store, file) == {}
    assert kept.find(client, account) == before
    forget(account)
