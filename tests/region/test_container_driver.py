"""Images of podman in the region: unpacked, and run on their task's interface with a root of their own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from drydock.region.host import launcher
from tests.support import region as support
from tests.support.commands import BIN
from tests.support.engine import Engine, busybox, engine
from tests.support.region import TestRegion
from tests.support.scenario import Scenario
from tests.support.waiting import eventually

pytestmark = pytest.mark.region
LASTING = "trap 'echo bye; exit 3' INT; echo up; while :; do sleep 0.1; done"


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("engine")
    with engine(folder) as found:
        root = busybox(folder / "root")
        words = ['CMD ["echo from the image"]', 'ENTRYPOINT ["/bin/sh", "-c"]', "ENV SHAPE=round"]
        more = ["USER app:extra", "WORKDIR /srv/new", "STOPSIGNAL SIGINT", "ENV COLOUR=red"]
        found.take(root, "small:1", *words, *more)
        found.take(root, "wordless:1")
        yield found


@pytest.fixture(scope="module")
def region(
    tmp_path_factory: pytest.TempPathFactory, needs_namespaces: None, podman: Engine
) -> Iterator[TestRegion]:
    workspace = support.prepare(tmp_path_factory.mktemp("region"))
    with (workspace.root / "drydock.toml").open("a") as file:
        file.write('[images."*:chosen"]\ndriver = "container"\n')
    yield TestRegion(workspace, support.start(workspace))
    launcher.stop(workspace)


@pytest.fixture(scope="module")
def scenario(region: TestRegion) -> Scenario:
    return Scenario.build(region, "boxes")


def lines(scenario: Scenario, command: str, **container: Any) -> list[str]:
    """What a container wrote, once it ended well."""
    arn = scenario.run(scenario.define("small:1", [command], **container))
    task = scenario.wait(arn, "STOPPED", 60)
    found = scenario.output(arn)
    assert task["containers"][0].get("exitCode") == 0, (task.get("stoppedReason"), found)
    return found


def test_the_images_own_words_are_heeded(scenario: Scenario) -> None:
    arn = scenario.run(scenario.define("small:1", []))
    scenario.wait(arn, "STOPPED", 60)
    assert scenario.output(arn) == ["from the image"]


def test_a_root_a_user_and_an_interface_of_its_own(scenario: Scenario) -> None:
    script = (
        "id -u; id -G; pwd; echo $SHAPE $COLOUR $HOME; ls /; "
        "cat /etc/resolv.conf; cat /proc/1/comm; grep Cap /proc/self/status; ls /proc/sys/net >/dev/null"
    )
    environment = [{"name": "COLOUR", "value": "blue"}]
    found = lines(scenario, script, environment=environment)
    assert found[:4] == ["1001", "1003", "/srv/new", "round blue /home/app"]
    assert set(found[4:]) >= {"bin", "dev", "etc", "proc", "srv", "sys"}
    assert not {"root", "work", "boot"} & set(found)
    assert "nameserver 10.20.0.2" in found
    assert "sh" in found
    assert "CapEff:\t0000000000000000" in found
    assert "CapBnd:\t00000000a80425fb" in found


def test_it_knows_its_own_name(scenario: Scenario) -> None:
    script = "cat /proc/sys/kernel/hostname; echo $HOSTNAME; cat /etc/hosts"
    name, again, *hosts = lines(scenario, script)
    assert name == again
    assert name.startswith("ip-10-20-")
    assert "127.0.0.1 localhost" in hosts
    assert hosts[-1].endswith(f" {name}")


def test_root_has_a_containers_rights_and_no_more(scenario: Scenario) -> None:
    script = (
        "grep CapEff /proc/self/status; touch /made && ls /made; "
        "echo x 2>/dev/null >/proc/sys/net/ipv4/ip_forward || echo locked; "
        "echo b 2>/dev/null >/proc/sysrq-trigger || echo locked; "
        "mount -t tmpfs none /opt 2>/dev/null || echo locked; echo out > /dev/stdout; "
        "ip link set lo down 2>/dev/null || echo locked; ip -4 addr | grep -c 10.20."
    )
    found = lines(scenario, script, user="root")
    assert found[0] == "CapEff:\t00000000a80425fb"
    assert found[1:] == ["/made", "locked", "locked", "locked", "out", "locked", "1"]
    assert lines(scenario, "ls /made 2>/dev/null || echo fresh", user="0") == ["fresh"]
    for drop, left in ((["ALL"], 0), (["NET_RAW", "MKNOD"], 0xA80425FB & ~(1 << 13 | 1 << 27))):
        look = "grep -E 'CapEff|CapBnd' /proc/self/status"
        parameters = {"capabilities": {"drop": drop}}
        found = lines(scenario, look, user="root", linuxParameters=parameters)
        assert {int(one.split()[1], 16) for one in found} == {left}


def test_a_locked_root_and_volumes_that_are_shared(scenario: Scenario, region: TestRegion) -> None:
    first = scenario.container(
        "app",
        "small:1",
        [
            "touch /here 2>/dev/null || echo locked; touch /srv/new/x 2>/dev/null || echo locked; "
            "echo shared > /var/data/file; echo done"
        ],
        user="root",
        readonlyRootFilesystem=True,
        mountPoints=[{"sourceVolume": "data", "containerPath": "/var/data"}],
    )
    second = scenario.container(
        "second",
        "small:1",
        ["cat /opt/out/in/file; touch /opt/out/in/x 2>/dev/null || echo locked"],
        user="root",
        dependsOn=[{"containerName": "app", "condition": "SUCCESS"}],
        mountPoints=[{"sourceVolume": "data", "containerPath": "/mnt/in", "readOnly": True}],
    )
    second["command"] = [second["command"][0].replace("/opt/out", "/mnt")]
    first["essential"] = False
    answer = region.client("ecs").register_task_definition(
        family="volumes",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=scenario.role,
        containerDefinitions=[first, second],
        volumes=[{"name": "data"}],
    )["taskDefinition"]
    arn = scenario.run(f"volumes:{answer['revision']}")
    scenario.wait(arn, "STOPPED", 60)
    assert scenario.output(arn) == ["locked", "locked", "done"]
    assert scenario.output(arn, "second") == ["shared", "locked"]
    folder = region.workspace.region / "tasks" / arn.rsplit("/", 1)[-1]
    assert not folder.exists()


def test_an_images_links_lead_nowhere_outside(scenario: Scenario, podman: Engine) -> None:
    outside = podman.folder / "root" / "outside"
    mounts = [{"sourceVolume": "v", "containerPath": "/opt/out/deep"}]
    answer = scenario.region.client("ecs").register_task_definition(
        family="links",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=scenario.role,
        containerDefinitions=[
            scenario.container("app", "small:1", ["ls -d /opt/out/deep"], mountPoints=mounts)
        ],
        volumes=[{"name": "v"}],
    )["taskDefinition"]
    arn = scenario.run(f"links:{answer['revision']}")
    scenario.wait(arn, "STOPPED", 60)
    assert not outside.exists()


def test_its_stop_signal_its_exit_code_its_health_check_and_a_shell(
    scenario: Scenario, region: TestRegion
) -> None:
    check = {"command": ["CMD-SHELL", 'test "$(id -u)" = 1001 && test -d /srv/new'], "interval": 5}
    definition = scenario.define("small:1", [LASTING], healthCheck=check)
    arn = scenario.run(definition, enableExecuteCommand=True)
    scenario.wait(arn, "RUNNING", 60)
    eventually(lambda: scenario.task(arn)["healthStatus"] == "HEALTHY", "healthy", 20)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    done = subprocess.run(
        [str(BIN / "drydock"), "exec", "--task", arn, "sh", "-c", "id -u; pwd; tty; exit 6"],
        cwd=region.workspace.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (6, "1001\n/srv/new\n/dev/pts/0\n"), done.stderr
    status = region.inspect()
    (shown,) = [one for one in status["tasks"] if one["arn"] == arn]
    assert shown["drivers"] == {"app": "container"}
    assert status["container_engine"] == "podman"
    scenario.stop(arn)
    task = scenario.wait(arn, "STOPPED", 40)
    assert task["containers"][0]["exitCode"] == 3
    assert task["containers"][0]["imageDigest"].startswith("sha256:")
    assert scenario.output(arn) == ["up", "bye"]


def test_limits_are_heeded(scenario: Scenario) -> None:
    limits = [{"name": "nofile", "softLimit": 77, "hardLimit": 88}]
    assert lines(scenario, "ulimit -n; ulimit -Hn", ulimits=limits) == ["77", "88"]
    eat = "dd if=/dev/zero of=/dev/null bs=900M count=1000000"
    arn = scenario.run(scenario.define("small:1", [eat], memory=64))
    task = scenario.wait(arn, "STOPPED", 60)
    assert task["containers"][0]["exitCode"] == 137
    assert "OutOfMemory" in task["containers"][0]["reason"]


@pytest.mark.parametrize(
    ("image", "container", "words"),
    [
        ("unheard-of:chosen", {}, "unheard-of:chosen"),
        ("unheard-of:1", {}, "no [images] entry"),
        ("wordless:1", {}, "neither the image wordless:1 nor the container definition"),
        ("small:1", {"user": "nobody-knows"}, "not in the image's /etc/passwd"),
        ("small:1", {"user": "4294967295"}, "cannot be mapped"),
        ("small:1", {"entryPoint": ["/no/such"]}, "No such file or directory: '/no/such'"),
    ],
)
def test_what_cannot_start_says_why(
    scenario: Scenario, image: str, container: dict[str, Any], words: str
) -> None:
    command = [] if image.startswith("wordless") else ["true"]
    arn = scenario.run(scenario.define(image, command, **container))
    task = scenario.wait(arn, "STOPPED", 60)
    assert task["stopCode"] == "TaskFailedToStart"
    assert words in task["stoppedReason"]


def test_an_image_is_unpacked_once_and_a_killed_region_runs_it_again(
    scenario: Scenario, region: TestRegion
) -> None:
    lines(scenario, "echo once")
    images = region.workspace.region / "images"
    before = {path: path.stat().st_ino for path in images.iterdir()}
    region.kill_daemon()
    region.record = support.start(region.workspace)
    assert lines(scenario, "echo again") == ["again"]
    assert {path: path.stat().st_ino for path in images.iterdir()} == before


def test_doctor_names_the_engine(region: TestRegion) -> None:
    done = subprocess.run(
        [str(BIN / "drydock"), "doctor", "--json"],
        cwd=region.workspace.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    (found,) = [one for one in json.loads(done.stdout) if one["name"] == "container engine"]
    assert "podman" in found["found"]
