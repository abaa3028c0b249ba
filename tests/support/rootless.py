"""Use a region as an ordinary user; run as a program by tests/region/test_rootless.py.

python -m tests.support.rootless FOLDER → one line of JSON: what was observed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from drydock.paths import Workspace
from drydock.region.host import launcher
from tests.support import engine as engines
from tests.support import region as support
from tests.support.database import Cluster
from tests.support.region import TestRegion, descendants, is_alive
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.waiting import eventually
from tests.support.web import Site

IN_A_BOX = "id -u; ls -d /home/app /work 2>/dev/null; touch /x 2>/dev/null && echo written"


def main() -> None:
    folder = Path(sys.argv[1])
    workspace = support.prepare(folder)
    with contextlib.nullcontext() if engines.missing() else engines.engine(folder) as engine:
        if engine is not None:
            engine.take(engines.busybox(folder / "root"), "boxed:1", 'ENTRYPOINT ["/bin/sh", "-c"]')
        watch(workspace, boxed=engine is not None)


def watch(workspace: Workspace, *, boxed: bool) -> None:
    region = TestRegion(workspace, support.start(workspace))
    processes = descendants(region.record.pid)
    try:
        seen = use(region, boxed=boxed)
        processes |= descendants(region.record.pid)
    finally:
        launcher.stop(workspace)
    seen["left"] = [pid for pid in processes if is_alive(pid)]
    print(json.dumps(seen))  # noqa: T201


def use(region: TestRegion, *, boxed: bool) -> dict[str, Any]:
    place = Scenario.build(region, "rootless")
    cluster = Cluster.create(place, "db")
    task = place.run(place.define("shell:1", ["echo root in here; id -u; exit 7"]))
    user = place.run(place.define("shell:1", ["id -u; id -g"], user="1234"))
    bare = place.run(place.define("shell:1", ["sed -n s/^CapBnd:.//p /proc/self/status"]))
    home = place.run(place.define("shell:1", ["echo at home >~/file; cat ~/file"]))
    shared = place.run(_with_volume(place))
    box = place.run(place.define("boxed:1", [IN_A_BOX], user="1234")) if boxed else ""
    site = Site.build(place)
    service = Service(place, site.service("web", place.define("web:1", ["rootless"]), 2))
    ended = place.wait(task, "STOPPED")
    eventually(lambda: place.task(shared)["healthStatus"] == "HEALTHY", "its check passed")
    place.stop(shared)
    for arn in (user, bare, home, shared):
        place.wait(arn, "STOPPED")
    site.wait_healthy(2)
    answer = site.get()
    before = service.wait_running(2)
    place.kill(min(before))
    place.wait(min(before), "STOPPED")
    after = service.wait_running(2)
    cluster.wait_available()
    if box:
        place.wait(box, "STOPPED")
    return {
        "uid": os.getuid(),
        "task": {"exitCode": ended["containers"][0]["exitCode"], "lines": place.output(task)},
        "user": place.output(user),
        "home": place.output(home),
        "capabilities": int(place.output(bare)[0], 16),
        "box": place.output(box) if box else None,
        "shared": place.output(shared),
        "answered by": answer["name"],
        "replaced": min(before) not in after,
        "database": cluster.instance()["DBInstanceStatus"],
    }


def _with_volume(place: Scenario) -> str:
    """Run a task whose containers share a folder, mounted at a path that this machine lacks.

    It also has a health check and asks for its metadata.
    """
    mounts = [{"sourceVolume": "data", "containerPath": "/no-such-folder/deep"}]
    reads = [{**mounts[0], "readOnly": True}]
    ask = "curl -s $ECS_CONTAINER_METADATA_URI_V4/task | grep -o TaskARN"
    answer = place.region.client("ecs").register_task_definition(
        family="rootless-volume",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=place.role,
        volumes=[{"name": "data"}],
        containerDefinitions=[
            place.container(
                "app",
                "shell:1",
                [f"cat /no-such-folder/deep/file; {ask}; exec sleep 1000"],
                mountPoints=reads,
                dependsOn=[{"containerName": "init", "condition": "SUCCESS"}],
                healthCheck={
                    "command": ["CMD-SHELL", "test -e /no-such-folder/deep/file"],
                    "interval": 5,
                },
                stopTimeout=2,
            ),
            place.container(
                "init",
                "shell:1",
                ["echo from init > /no-such-folder/deep/file"],
                essential=False,
                mountPoints=mounts,
            ),
        ],
    )
    arn: str = answer["taskDefinition"]["taskDefinitionArn"]
    return arn


if __name__ == "__main__":
    main()
