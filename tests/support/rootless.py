"""What an ordinary user does with a region; run as a program by tests/region/test_rootless.py.

python -m tests.support.rootless FOLDER → one line of JSON: what was seen.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from drydock.region import launcher
from tests.support import region as support
from tests.support.database import Cluster
from tests.support.region import TestRegion, descendants, is_alive
from tests.support.scenario import Scenario
from tests.support.service import Service
from tests.support.web import Site


def main() -> None:
    workspace = support.prepare(Path(sys.argv[1]))
    region = TestRegion(workspace, support.start(workspace))
    processes = descendants(region.record.pid)
    try:
        seen = use(region)
        processes |= descendants(region.record.pid)
    finally:
        launcher.stop(workspace)
    seen["left"] = [pid for pid in processes if is_alive(pid)]
    print(json.dumps(seen))  # noqa: T201


def use(region: TestRegion) -> dict[str, Any]:
    place = Scenario.build(region, "rootless")
    cluster = Cluster.create(place, "db")
    task = place.run(place.define("shell:1", ["echo root in here; id -u; exit 7"]))
    user = place.run(place.define("shell:1", ["id -u; id -g"], user="1234"))
    bare = place.run(place.define("shell:1", ["sed -n s/^CapBnd:.//p /proc/self/status"]))
    site = Site.build(place)
    service = Service(place, site.service("web", place.define("web:1", ["rootless"]), 2))
    ended = place.wait(task, "STOPPED")
    for arn in (user, bare):
        place.wait(arn, "STOPPED")
    site.wait_healthy(2)
    answer = site.get()
    before = service.wait_running(2)
    place.kill(min(before))
    place.wait(min(before), "STOPPED")
    after = service.wait_running(2)
    cluster.wait_available()
    return {
        "uid": os.getuid(),
        "task": {"exitCode": ended["containers"][0]["exitCode"], "lines": place.output(task)},
        "user": place.output(user),
        "capabilities": int(place.output(bare)[0], 16),
        "answered by": answer["name"],
        "replaced": min(before) not in after,
        "database": cluster.instance()["DBInstanceStatus"],
    }


if __name__ == "__main__":
    main()
