"""Several containers of one task: their order, their health, what they share and what limits them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region

LASTING = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"


def part(task: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in task["containers"] if one["name"] == name)
    return found


def on(name: str, condition: str) -> dict[str, Any]:
    return {"dependsOn": [{"containerName": name, "condition": condition}]}


def check(command: str, **more: Any) -> dict[str, Any]:
    return {"healthCheck": {"command": ["CMD-SHELL", command], "interval": 5, **more}}


def until(scenario: Scenario, arn: str, name: str, health: str) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        task = scenario.task(arn)
        return task if part(task, name)["healthStatus"] == health else {}

    return eventually(look, f"{name} of {arn} {health}")


def test_an_app_waits_for_its_sidecar_to_be_healthy_and_ends_before_it(
    scenario: Scenario, tmp_path: Path
) -> None:
    ready = tmp_path / "ready"
    definition = scenario.define_containers(
        scenario.container("app", "shell:1", [LASTING], **on("side", "HEALTHY")),
        scenario.container(
            "side", "shell:1", [LASTING], **check(f"test -e {ready}", startPeriod=300)
        ),
    )
    arn = scenario.run(definition)
    scenario.wait_for_output(arn, 1, "side")
    early = scenario.task(arn)
    assert early["lastStatus"] == part(early, "app")["lastStatus"] == "PENDING"
    assert part(early, "side")["lastStatus"] == "RUNNING"
    assert part(early, "side")["healthStatus"] == early["healthStatus"] == "UNKNOWN"
    ready.touch()
    task = scenario.wait(arn, "RUNNING")
    assert part(task, "side")["healthStatus"] == task["healthStatus"] == "HEALTHY"
    assert part(task, "app")["healthStatus"] == "UNKNOWN"
    scenario.wait_for_output(arn, 1)
    scenario.stop(arn)
    scenario.wait(arn, "STOPPED")
    byes = {
        event["logStreamName"].split("/")[1]: event["timestamp"]
        for event in scenario.region.client("logs").filter_log_events(
            logGroupName=scenario.log_group, filterPattern="bye"
        )["events"]
        if event["logStreamName"].endswith(arn.rsplit("/", 1)[-1])
    }
    assert byes["app"] <= byes["side"]


def test_a_container_that_becomes_unhealthy_runs_on_in_a_task_of_its_own(
    scenario: Scenario, tmp_path: Path
) -> None:
    well = tmp_path / "well"
    well.touch()
    look = check(
        f"test -e {well} && test $(cat /proc/1/comm) = sh && test $(id -u):$(id -g) = 1234:4321",
        retries=2,
    )
    arn = scenario.run(scenario.define("shell:1", [LASTING], user="1234:4321", **look))
    task = until(scenario, arn, "app", "HEALTHY")
    assert task["healthStatus"] == "HEALTHY"
    well.unlink()
    task = until(scenario, arn, "app", "UNHEALTHY")
    assert (task["healthStatus"], task["lastStatus"]) == ("UNHEALTHY", "RUNNING")
    well.touch()
    until(scenario, arn, "app", "HEALTHY")
    scenario.stop(arn)


def test_a_check_that_hangs_fails_and_leaves_nothing_behind(scenario: Scenario) -> None:
    look = {"healthCheck": {"command": ["CMD", "/bin/sleep", "777"], "timeout": 2, "retries": 1}}
    look["healthCheck"]["interval"] = 5
    arn = scenario.run(scenario.define("shell:1", [LASTING], **look))
    until(scenario, arn, "app", "UNHEALTHY")
    scenario.stop(arn)
    scenario.wait(arn, "STOPPED")
    everyone = [
        (entry / "cmdline").read_bytes()
        for entry in Path("/proc").iterdir()
        if entry.name.isdecimal() and (entry / "cmdline").exists()
    ]
    assert b"/bin/sleep\x00777\x00" not in everyone


def test_an_init_container_comes_first_and_its_end_is_no_end_of_the_task(
    scenario: Scenario,
) -> None:
    definition = scenario.define_containers(
        scenario.container("app", "shell:1", [LASTING], **on("init", "SUCCESS")),
        scenario.container("init", "shell:1", ["sleep 0.3; echo done"], essential=False),
    )
    arn = scenario.run(definition)
    task = scenario.wait(arn, "RUNNING")
    assert (part(task, "init")["lastStatus"], part(task, "init")["exitCode"]) == ("STOPPED", 0)
    assert scenario.wait_for_output(arn, 1, "init") == ["done"]
    assert part(task, "app")["lastStatus"] == "RUNNING"
    scenario.stop(arn)


def test_a_dependency_that_fails_ends_the_task_before_its_app_began(scenario: Scenario) -> None:
    definition = scenario.define_containers(
        scenario.container("app", "shell:1", ["echo never"], **on("init", "SUCCESS")),
        scenario.container("init", "shell:1", ["exit 4"], essential=False),
        scenario.container("other", "shell:1", [LASTING], essential=False, stopTimeout=2),
    )
    arn = scenario.run(definition)
    task = scenario.wait(arn, "STOPPED")
    assert task["stopCode"] == "TaskFailedToStart"
    assert "did not exit successfully" in task["stoppedReason"]
    assert "[init] for target [app]" in part(task, "app")["reason"]
    assert part(task, "init")["exitCode"] == 4
    assert "exitCode" not in part(task, "app")
    assert "startedAt" not in task
    assert scenario.output(arn) == []


def test_a_dependency_that_takes_too_long_has_timed_out(scenario: Scenario) -> None:
    definition = scenario.define_containers(
        scenario.container("app", "shell:1", ["echo never"], **on("init", "COMPLETE")),
        scenario.container("init", "shell:1", [LASTING], essential=False, startTimeout=2),
    )
    task = scenario.wait(scenario.run(definition), "STOPPED")
    assert "has timed out" in task["stoppedReason"]


def test_a_cycle_is_refused(scenario: Scenario) -> None:
    with pytest.raises(ClientError, match="cycle: app -> side -> app"):
        scenario.define_containers(
            scenario.container("app", "shell:1", ["x"], **on("side", "START")),
            scenario.container("side", "shell:1", ["x"], **on("app", "START")),
        )


def test_containers_share_a_volume_that_ends_with_the_task(scenario: Scenario) -> None:
    """At a path that this machine does not have, at one below a folder that it has, and read-only."""
    mounts = [{"sourceVolume": "data", "containerPath": "/no-such-folder/deep"}]
    reads = [{"sourceVolume": "data", "containerPath": "/var/no-such-folder", "readOnly": True}]
    ecs = scenario.region.client("ecs")
    definition = ecs.register_task_definition(
        family="volumes",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=scenario.role,
        volumes=[{"name": "data"}],
        containerDefinitions=[
            scenario.container(
                "writer",
                "shell:1",
                ["pwd; echo hello > file; ls /etc/hostname"],
                essential=False,
                mountPoints=mounts,
                workingDirectory="/no-such-folder/deep",
            ),
            scenario.container(
                "app",
                "shell:1",
                [
                    "cat /var/no-such-folder/file; touch /var/no-such-folder/x 2>&1 | grep -o Read-only;"
                    "ls -d /var/lib; " + LASTING
                ],
                mountPoints=reads,
                **on("writer", "SUCCESS"),
            ),
            scenario.container(
                "other",
                "shell:1",
                [f"cat /no-such-folder/deep/file; {LASTING}"],
                volumesFrom=[{"sourceContainer": "writer", "readOnly": True}],
                healthCheck={
                    "command": ["CMD", "/bin/cat", "/no-such-folder/deep/file"],
                    "interval": 5,
                },
                **on("writer", "SUCCESS"),
            ),
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    arn = scenario.run(definition)
    until(scenario, arn, "other", "HEALTHY")
    assert scenario.output(arn, "writer") == ["/no-such-folder/deep", "/etc/hostname"]
    assert scenario.wait_for_output(arn, 4) == ["hello", "Read-only", "/var/lib", "up"]
    assert scenario.output(arn, "other")[0] == "hello"
    assert not Path("/no-such-folder").exists()
    assert not Path("/var/no-such-folder").exists()
    folder = scenario.region.workspace.region / "tasks" / arn.rsplit("/", 1)[-1]
    assert (folder / "volumes" / "data" / "file").read_text() == "hello\n"
    stranger = scenario.run(scenario.define("shell:1", ["ls -d /no-such-folder || echo none"]))
    scenario.wait(stranger, "STOPPED")
    assert scenario.output(stranger)[-1] == "none"
    scenario.stop(arn)
    scenario.wait(arn, "STOPPED")
    assert not folder.exists()


def test_limits_and_users_of_a_container(scenario: Scenario) -> None:
    limited = scenario.run(
        scenario.define(
            "shell:1",
            ["ulimit -Sn; ulimit -Hn; ulimit -c"],
            ulimits=[
                {"name": "nofile", "softLimit": 123, "hardLimit": 456},
                {"name": "core", "softLimit": 0, "hardLimit": 0},
            ],
        )
    )
    scenario.wait(limited, "STOPPED")
    assert scenario.output(limited) == ["123", "456", "0"]
    refused = scenario.wait(
        scenario.run(scenario.define("shell:1", ["true"], user="4294967295")), "STOPPED"
    )
    assert "4294967295 cannot be mapped" in refused["stoppedReason"]


def test_a_limit_above_this_machines_is_this_machines_and_said_once(scenario: Scenario) -> None:
    much = [{"name": "nofile", "softLimit": 2_000_000_000, "hardLimit": 2_000_000_000}]
    words = ["ulimit -Sn; ulimit -Hn"]
    for _ in range(2):
        arn = scenario.run(scenario.define("shell:1", words, ulimits=much))
        task = scenario.wait(arn, "STOPPED")
        assert task["containers"][0]["exitCode"] == 0
        soft, hard = map(int, scenario.output(arn))
        assert soft == hard
        assert 1024 <= hard < 2_000_000_000
    said = f"ulimit nofile=2000000000:2000000000: this machine allows {hard} at most"
    assert [one for one in scenario.region.inspect()["limits_notes"] if said in one]
    assert scenario.region.log.count(said) == 1


def test_environment_files_come_from_s3_and_the_definition_wins(scenario: Scenario) -> None:
    s3 = scenario.region.client("s3")
    bucket = "environment-files"
    s3.create_bucket(
        Bucket=bucket,
        CreateBucketConfiguration={"LocationConstraint": scenario.region.record.region},
    )
    s3.put_object(Bucket=bucket, Key="a/first.env", Body=b"# note\nONE=first 1\nTWO=first\nX='q'\n")
    s3.put_object(Bucket=bucket, Key="second.env", Body=b"ONE=second\nTHREE=third=3\n")
    names = ("a/first.env", "second.env")
    files = [{"value": f"arn:aws:s3:::{bucket}/{name}", "type": "s3"} for name in names]
    arn = scenario.run(
        scenario.define(
            "shell:1",
            ["echo $ONE,$TWO,$THREE,$X"],
            environmentFiles=files,
            environment=[{"name": "TWO", "value": "defined"}],
        )
    )
    scenario.wait(arn, "STOPPED")
    assert scenario.output(arn) == ["first 1,defined,third=3,'q'"]
    gone = [{"value": f"arn:aws:s3:::{bucket}/gone.env", "type": "s3"}]
    missing = scenario.run(scenario.define("shell:1", ["true"], environmentFiles=gone))
    task = scenario.wait(missing, "STOPPED")
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(
        "ResourceInitializationError: failed to download env files"
    )
    assert "gone.env" in task["stoppedReason"]
    for name in names:  # later tests save this region's state
        s3.delete_object(Bucket=bucket, Key=name)


ASK = """
import json, os, urllib.error, urllib.request
def get(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return [error.code, json.load(error)]
base = os.environ["ECS_CONTAINER_METADATA_URI_V4"]
for path in ("", "/task", "/stats", "/task/stats", "/nothing"):
    print(json.dumps(get(base + path)), flush=True)
print(json.dumps(get("http://169.254.170.2/v2/credentials/" + "0" * 36)), flush=True)
"""


def test_the_metadata_endpoint(scenario: Scenario) -> None:
    definition = scenario.define_containers(
        scenario.container("app", "psql:1", [ASK], dockerLabels={"team": "blue"}),
        scenario.container("side", "shell:1", [LASTING]),
    )
    arn = scenario.run(definition)
    own, task, stats, all_stats, nothing, none = map(json.loads, scenario.wait_for_output(arn, 6))
    described = scenario.wait(arn, "STOPPED")
    assert own["DockerId"] == part(described, "app")["runtimeId"]
    assert (own["Name"], own["KnownStatus"], own["Labels"]["team"]) == ("app", "RUNNING", "blue")
    (network,) = own["Networks"]
    assert network["IPv4Addresses"] == [scenario.address(arn)]
    assert network["IPv4SubnetCIDRBlock"] in ("10.20.0.0/24", "10.20.1.0/24")
    assert own["LogOptions"]["awslogs-group"] == scenario.log_group
    assert task["TaskARN"] == arn
    assert task["Limits"] == {"CPU": 0.25, "Memory": 512}
    assert task["Family"] + ":" + task["Revision"] == definition
    assert [one["Name"] for one in task["Containers"]] == ["app", "side"]
    assert stats["memory_stats"]["usage"] > 1_000_000
    assert stats["cpu_stats"]["cpu_usage"]["total_usage"] > 0
    assert set(all_stats) == {one["DockerId"] for one in task["Containers"]}
    assert nothing[0] == 404
    assert none == [
        400,
        {
            "code": "InvalidIdInRequest",
            "message": "CredentialsV2Request: Credentials not found",
            "HTTPErrorCode": 400,
        },
    ]


WHO = """
import os, boto3, time
print(boto3.client("sts").get_caller_identity()["Arn"], flush=True)
print(os.environ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], flush=True)
assert not [name for name in os.environ if name.startswith(("AWS_ACCESS", "AWS_SECRET"))]
time.sleep(1000)
"""


def test_boto3_in_a_task_is_the_task_role_and_no_other_task_can_be_it(scenario: Scenario) -> None:
    region = scenario.region
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = region.client("iam").create_role(
        RoleName="containers-task", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]["Arn"]
    definition = scenario.define("psql:1", [WHO], stopTimeout=2)
    overrides = {"taskRoleArn": role}
    arn = scenario.run(definition, overrides=overrides)
    who, path = scenario.wait_for_output(arn, 2)
    assert who.endswith(f":assumed-role/containers-task/{arn.rsplit('/', 1)[-1]}")
    foreign = ASK.replace("/v2/credentials/" + '" + "0" * 36', path + '"')
    assert path in foreign
    other = scenario.run(scenario.define("psql:1", [foreign]), overrides=overrides)
    scenario.wait(other, "STOPPED")
    assert json.loads(scenario.output(other)[-1])[0] == 400
    address = scenario.address(arn)
    probe = f"curl -s -m 2 http://{address}:80/ || echo refused $?"
    knocking = scenario.run(scenario.define("shell:1", [probe]))
    scenario.wait(knocking, "STOPPED")
    assert scenario.output(knocking) == ["refused 7"]
    scenario.stop(arn)
    scenario.wait(arn, "STOPPED")


EATS = """
import os, time
print("up", flush=True)
time.sleep(0.2)
kept = bytearray(os.urandom(1)) * ({mib} * 1024 * 1024)
print("has it", flush=True)
time.sleep(1000)
"""


def test_a_task_that_eats_its_memory_is_killed(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("psql:1", [EATS.format(mib=600)]))
    task = scenario.wait(arn, "STOPPED")
    assert part(task, "app")["exitCode"] == 137
    assert part(task, "app")["reason"] == ("OutOfMemoryError: Container killed due to memory usage")
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )


def test_a_containers_own_limit_ends_it_alone_and_what_fits_lives(scenario: Scenario) -> None:
    """The small one's child eats too much; the large one is within the task's memory.

    The kernel may take the child alone: its parent goes with it, although it could go on.
    """
    fork = "import os, time\nif os.fork(): os.wait(); time.sleep(1000)\n"
    definition = scenario.define_containers(
        scenario.container("app", "psql:1", [EATS.format(mib=200)]),
        scenario.container(
            "small", "psql:1", [fork + EATS.format(mib=150)], essential=False, memory=100
        ),
    )
    arn = scenario.run(definition)
    scenario.wait_for_output(arn, 2)

    def ended() -> dict[str, Any]:
        small = part(scenario.task(arn), "small")
        return small if small["lastStatus"] == "STOPPED" else {}

    small = eventually(ended, "the small one's end")
    assert small["exitCode"] == 137
    assert small["reason"].startswith("OutOfMemoryError")
    task = scenario.task(arn)
    assert (task["lastStatus"], part(task, "app")["lastStatus"]) == ("RUNNING", "RUNNING")
    scenario.kill(arn)


def test_sizes_of_one_task_are_validated(scenario: Scenario) -> None:
    definition = scenario.define("psql:1", [EATS.format(mib=600)])
    with pytest.raises(ClientError, match="No Fargate configuration exists"):
        scenario.run(definition, overrides={"memory": "700"})
    arn = scenario.run(definition, overrides={"memory": "1 GB"})
    assert scenario.wait_for_output(arn, 2) == ["up", "has it"]
    assert scenario.task(arn)["memory"] == "1024"
    scenario.kill(arn)
