"""Services that are refused leave nothing behind, whichever way they are reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from drydock.region.api.validation import ServiceNotRun
from drydock.services.refused import REFUSED
from tests.support.served import REGION, Served
from tests.support.states import bring_back, forget, save

FUNCTION = f"arn:aws:lambda:{REGION}:123456789012:function:rotate"


def backends_of(account_id: str) -> set[str]:
    """The services that moto has made anything of for the account."""
    from moto.core.base_backend import BackendDict

    everything: list[Any] = BackendDict._instances  # type: ignore[misc]
    return {
        one.service_name
        for one in everything
        if account_id in dict.keys(one) and len(dict.__getitem__(one, account_id))
    }


@pytest.mark.parametrize(
    ("service", "operation", "given", "words"),
    [
        ("lambda", "list_functions", {}, "run the code as an ECS task"),
        ("cloudformation", "create_stack", {"StackName": "a", "TemplateBody": "{}"}, "one by one"),
        ("autoscaling", "describe_auto_scaling_groups", {}, "no EC2 instance runs here"),
        ("batch", "describe_compute_environments", {}, "no job queue runs here"),
        ("eks", "list_clusters", {}, "no Kubernetes runs here"),
        ("elb", "describe_load_balancers", {}, "use an application load balancer"),
        ("apprunner", "list_services", {}, "no such service runs here"),
        ("kendra", "list_indices", {}, "no service kendra"),
    ],
)
def test_a_refused_service_is_answered_501_and_is_not_made(
    served: Served, service: str, operation: str, given: dict[str, Any], words: str
) -> None:
    before = served.store.generation
    with pytest.raises(ClientError) as caught:
        getattr(served.client(service), operation)(**given)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert words in caught.value.response["Error"]["Message"]
    assert served.store.generation == before
    assert not backends_of(served.store.account_id) & {one.name for one in REFUSED}


def test_a_rotation_by_lambda_is_refused_and_the_region_is_saved(
    tmp_path: Path, served: Served
) -> None:
    manager = served.client("secretsmanager")
    manager.create_secret(Name="login", SecretString="first")
    before = manager.describe_secret(SecretId="login")
    with pytest.raises(ClientError, match="cannot invoke arn:aws:lambda") as caught:
        manager.rotate_secret(SecretId="login", RotationLambdaARN=FUNCTION)
    assert caught.value.response["Error"]["Code"] == "InvalidRequestException"
    after = manager.describe_secret(SecretId="login")
    assert after["VersionIdsToStages"] == before["VersionIdsToStages"]
    assert "RotationEnabled" not in after
    with pytest.raises(manager.exceptions.ResourceNotFoundException):
        manager.rotate_secret(SecretId="none", RotationLambdaARN=FUNCTION)
    save(served.store, tmp_path / "state")
    forget(served.store.account_id)
    assert bring_back(served.store, tmp_path / "state") == {}
    assert manager.get_secret_value(SecretId="login")["SecretString"] == "first"


def test_what_is_published_to_a_function_or_an_address_goes_nowhere(served: Served) -> None:
    sns = served.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=FUNCTION)
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://192.0.2.1/hook")
    assert sns.publish(TopicArn=topic, Message="hello")["MessageId"]
    assert "lambda" not in backends_of(served.store.account_id)


def test_a_log_group_cannot_be_sent_to_a_function(served: Served) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName="lines")
    with pytest.raises(ClientError) as caught:
        logs.put_subscription_filter(
            logGroupName="lines", filterName="all", filterPattern="", destinationArn=FUNCTION
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in {400, 501}
    assert "lambda" not in backends_of(served.store.account_id)
    assert logs.describe_log_groups()["logGroups"]


def test_motos_own_way_to_lambda_is_closed(served: Served) -> None:
    served.client("ec2").describe_vpcs()
    from moto.awslambda.utils import get_backend

    with pytest.raises(ServiceNotRun, match="AWS Lambda"):
        get_backend(served.store.account_id, REGION)


def test_a_label_for_a_parameter_that_is_not_there_breaks_no_list(served: Served) -> None:
    ssm = served.client("ssm")
    for _ in range(2):
        with pytest.raises(ssm.exceptions.ParameterNotFound):
            ssm.label_parameter_version(Name="none", ParameterVersion=1, Labels=["a"])
        with pytest.raises(ssm.exceptions.ParameterNotFound):
            ssm.unlabel_parameter_version(Name="none", ParameterVersion=1, Labels=["a"])
        with pytest.raises(ssm.exceptions.ParameterNotFound):
            ssm.get_parameter_history(Name="none")
    assert ssm.describe_parameters()["Parameters"] == []
    assert served.client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"] == []


def test_a_prefix_list_keeps_its_name_when_its_entries_change(served: Served) -> None:
    ec2 = served.client("ec2")
    made = ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=5, AddressFamily="IPv4"
    )["PrefixList"]["PrefixListId"]
    ec2.modify_managed_prefix_list(
        PrefixListId=made, CurrentVersion=1, AddEntries=[{"Cidr": "192.0.2.0/24"}]
    )
    found = ec2.describe_managed_prefix_lists(PrefixListIds=[made])["PrefixLists"]
    assert found[0]["PrefixListName"] == "offices"
    ec2.describe_prefix_lists()
    with pytest.raises(ClientError, match="does not exist"):
        ec2.delete_managed_prefix_list(PrefixListId="pl-0123456789abcdef0")


@pytest.mark.parametrize("operation", ["describe_parameters", "list_documents"])
def test_a_token_that_was_not_given_out_is_the_clients_fault(
    served: Served, operation: str
) -> None:
    ssm = served.client("ssm")
    with pytest.raises(ssm.exceptions.InvalidNextToken, match="NextToken is not valid"):
        getattr(ssm, operation)(NextToken="none")


def test_a_name_that_moto_looks_for_in_vain_is_not_there(served: Served) -> None:
    kms = served.client("kms")
    with pytest.raises(kms.exceptions.NotFoundException, match="is not there"):
        kms.list_grants(KeyId="12345678-1234-1234-1234-123456789012")
