"""Tasks that cannot start: the reason is ECS's, and says what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.region import TestRegion
from tests.support.scenario import Scenario

pytestmark = pytest.mark.region


def assert_never_started(scenario: Scenario, arn: str, reason: str, *words: str) -> dict[str, Any]:
    task = scenario.wait(arn, "STOPPED")
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(reason)
    assert not [word for word in words if word not in task["stoppedReason"]]
    assert "startedAt" not in task
    assert "exitCode" not in task["containers"][0]
    assert task["createdAt"] <= task["pullStartedAt"] <= task["stoppingAt"] <= task["stoppedAt"]
    interface = next(
        detail["value"]
        for detail in task["attachments"][0]["details"]
        if detail["name"] == "networkInterfaceId"
    )
    ec2 = scenario.region.client("ec2")
    with pytest.raises(ec2.exceptions.ClientError, match=r"InvalidNetworkInterfaceID\.NotFound"):
        ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])
    return task


def test_an_unknown_image(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("nobody/knows:it", ["x"]))
    task = assert_never_started(
        scenario, arn, "CannotPullContainerError: ", "nobody/knows:it", "[images]", "drydock.toml"
    )
    assert task["containers"][0]["reason"] == task["stoppedReason"]
    assert "pullStoppedAt" not in task


def test_an_image_whose_program_is_missing(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("missing-program:1", []))
    assert_never_started(
        scenario, arn, "CannotStartContainerError: ", "/no/such/program", "No such file", "[images]"
    )


def test_an_unknown_command(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("bare:1", ["no-such-command-anywhere", "--now"]))
    assert_never_started(
        scenario, arn, "CannotStartContainerError: ", "no-such-command-anywhere", "command"
    )


def test_a_program_that_may_not_be_executed(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    arn = scenario.run(scenario.define("bare:1", [str(tmp_path / "plain")]))
    assert_never_started(scenario, arn, "CannotStartContainerError: ", "Permission denied")


def test_an_image_that_says_nothing(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("bare:1", []))
    assert_never_started(scenario, arn, "CannotPullContainerError: ", "bare:1", "entrypoint")


def test_a_working_folder_and_a_user_that_are_not_there(scenario: Scenario) -> None:
    folder = scenario.run(scenario.define("shell:1", ["pwd"], workingDirectory="/no/such/folder"))
    user = scenario.run(scenario.define("shell:1", ["id"], user="nobody-of-that-name"))
    assert_never_started(scenario, folder, "CannotStartContainerError: ", "/no/such/folder")
    assert_never_started(scenario, user, "CannotStartContainerError: ", "nobody-of-that-name")


def test_a_log_group_that_is_missing(scenario: Scenario) -> None:
    options = {
        "awslogs-group": "/ecs/not-there",
        "awslogs-region": scenario.region.record.region,
        "awslogs-stream-prefix": "t",
    }
    definition = scenario.define(
        "shell:1", ["true"], logConfiguration={"logDriver": "awslogs", "options": options}
    )
    arn = scenario.run(definition)
    task = assert_never_started(
        scenario, arn, "ResourceInitializationError: ", "/ecs/not-there", "log group does not exist"
    )
    assert "reason" not in task["containers"][0]
    options["awslogs-create-group"] = "true"
    created = scenario.define(
        "shell:1", ["echo made"], logConfiguration={"logDriver": "awslogs", "options": options}
    )
    scenario.wait(scenario.run(created), "STOPPED")
    logs = scenario.region.client("logs")
    events = logs.filter_log_events(logGroupName="/ecs/not-there")["events"]
    assert [event["message"] for event in events] == ["made"]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("arn:aws:secretsmanager:{region}:123456789012:secret:gone-AbCdEf", "gone-AbCdEf"),
        ("arn:aws:ssm:{region}:123456789012:parameter/not/there", "/not/there"),
        ("/nor/this", "/nor/this"),
    ],
)
def test_a_secret_that_is_missing(scenario: Scenario, source: str, words: str) -> None:
    value = source.format(region=scenario.region.record.region)
    definition = scenario.define("shell:1", ["true"], secrets=[{"name": "S", "valueFrom": value}])
    arn = scenario.run(definition)
    assert_never_started(
        scenario, arn, "ResourceInitializationError: unable to pull secrets", words
    )


def test_a_key_that_a_secret_does_not_have(scenario: Scenario) -> None:
    secret = scenario.region.client("secretsmanager").create_secret(
        Name="no-such-key", SecretString='{"user": "the-very-secret-value"}'
    )["ARN"]
    definition = scenario.define(
        "shell:1", ["true"], secrets=[{"name": "S", "valueFrom": f"{secret}:password::"}]
    )
    task = assert_never_started(
        scenario, scenario.run(definition), "ResourceInitializationError: ", "password"
    )
    assert "the-very-secret-value" not in str(task)


def test_secrets_arrive_and_are_seen_nowhere_else(scenario: Scenario, region: TestRegion) -> None:
    manager, parameters = region.client("secretsmanager"), region.client("ssm")
    whole = manager.create_secret(Name="whole", SecretString="whole-5f1e")["ARN"]
    keyed = manager.create_secret(Name="keyed", SecretString='{"password": "keyed-77ab"}')["ARN"]
    parameters.put_parameter(Name="/app/token", Type="SecureString", Value="param-91cd")
    parameter = f"arn:aws:ssm:{region.record.region}:123456789012:parameter/app/token"
    parameters.put_parameter(Name="pathless", Type="String", Value="param-91cd")
    definition = scenario.define(
        "shell:1",
        ["echo $WHOLE $KEYED $PARAM $NAMED $PATHLESS | rev; exec sleep 1000"],
        secrets=[
            {"name": "WHOLE", "valueFrom": whole},
            {"name": "KEYED", "valueFrom": f"{keyed}:password::"},
            {"name": "PARAM", "valueFrom": parameter},
            {"name": "NAMED", "valueFrom": "/app/token"},
            {"name": "PATHLESS", "valueFrom": parameter.replace("/app/token", "/pathless")},
        ],
        stopTimeout=2,
    )
    arn = scenario.run(definition)
    task = scenario.wait(arn, "RUNNING")
    (line,) = scenario.wait_for_output(arn, 1)
    assert line[::-1].split() == ["whole-5f1e", "keyed-77ab", *["param-91cd"] * 3]
    values = ("whole-5f1e", "keyed-77ab", "param-91cd")
    arguments = [
        (entry / "cmdline").read_bytes().decode(errors="replace")
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal()
        and int(entry.name) != os.getpid()
        and (entry / "cmdline").exists()
    ]
    seen = region.log + str(task) + str(region.inspect()) + "".join(arguments)
    assert not [value for value in values if value in seen]
    assert not _readable_by_others(region.workspace.region, values)
    scenario.kill(arn)
    scenario.wait(arn, "STOPPED")


def _readable_by_others(folder: Path, values: tuple[str, ...]) -> list[Path]:
    """Files that another user may read and that hold one of the values."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.stat().st_mode & 0o077
        and any(value.encode() in path.read_bytes() for value in values)
    ]


def test_a_subnet_without_a_free_address(region: TestRegion) -> None:
    """A /28 has eleven addresses of its own."""
    ec2 = region.client("ec2")
    place = Scenario.build(region, "small", "10.77.0.0/16")
    subnet = ec2.create_subnet(VpcId=place.vpc, CidrBlock="10.77.9.0/28")["Subnet"]["SubnetId"]
    interfaces = [
        ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        for _ in range(11)
    ]
    place.subnets = [subnet]
    arn = place.run(place.define("shell:1", ["true"]))
    task = place.wait(arn, "STOPPED")
    assert task["stopCode"] == "TaskFailedToStart"
    assert "InsufficientFreeAddressesInSubnet" in task["stoppedReason"]
    assert subnet in task["stoppedReason"]
    for interface in interfaces:
        ec2.delete_network_interface(NetworkInterfaceId=interface)
    again = place.run(place.define("shell:1", ["true"]))
    assert place.wait(again, "STOPPED")["containers"][0]["exitCode"] == 0
