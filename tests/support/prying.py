"""Try from inside a task what it can read and write; run as a program by test_task_isolation.py.

python -m tests.support.prying FOLDER → one line of JSON: what succeeded, by its name.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from drydock.config import load
from drydock.paths import Workspace
from drydock.region.host import launcher
from tests.support.region import TestRegion
from tests.support.scenario import Scenario

ROOT = Path(__file__).parents[2]

SETTINGS = """
[region]
time_scale = 30

[images."prying:*"]
entrypoint = ["/bin/sh", "-c"]
working_dir = "project"
read = ["opened", "~/notes"]
write = ["kept"]

[images."script:*"]
entrypoint = ["{python}", "{folder}/project/run.py"]

[images."bare:*"]
working_dir = "project"

[images."host:*"]
entrypoint = ["{folder}/project/linked"]

[images."gone:*"]
entrypoint = ["/bin/true"]
read = ["never-made"]
"""

READS = {
    "the shadow file": "cat /etc/shadow",
    "host keys": "ls /etc/ssh/*",
    "a key in the home": "cat {home}/.ssh/id",
    "the home": 'test -n "$(ls -A {home} | grep -v notes)"',
    "a file of the user's": "cat {folder}/secret",
    "the region's log": "cat {folder}/.drydock/region/region.log",
    "the region's keys": "ls {folder}/.drydock/region/authority",
    "Drydock's folder in the project": "ls -A {folder}/project/.drydock | grep .",
    "another task's folder": "ls {tasks}/*",
    "another task's home by its /proc": "ls /proc/[0-9]*/root{other}",
    "another project": "cat {folder}/other-project/code",
    "another project by a link": "cat {folder}/project/way-out",
    "the rest of /tmp": "cat {marker}",
    "other users": "grep -v -e ^root: -e ^nobody: /etc/passwd",
    "the machine's disks": "ls /dev/vd* /dev/sd* /dev/nvme* /dev/mem /dev/kmsg",
    "sockets of the machine's": "ls -A /run | grep .",
    "other processes": "test $(ls -d /proc/[0-9]* | wc -l) -gt 9",
}
WRITES = {
    "/etc": "touch /etc/x",
    "the resolver of the VPC": "echo >>/etc/resolv.conf",
    "the machine's hosts": "echo >>/etc/hosts",
    "/usr": "touch /usr/x",
    "the root": "touch /x",
    "the project": "touch {folder}/project/x",
    "what is only read": "touch {folder}/opened/x",
    "a file of the project": "echo >>{folder}/project/code",
    "the repository": "touch {root}/x",
    "the kernel's settings": ": >>/proc/sys/kernel/core_pattern",
    "the kernel's trigger": ": >>/proc/sysrq-trigger",
    "the kernel's objects": ": >>/sys/kernel/uevent_seqnum; : >>/sys/kernel/profiling",
    "control groups": "find /sys/fs/cgroup -name cgroup.procs -writable | grep .",
    "a device": "mknod /tmp/null-device c 1 3",
}
UNDOINGS = {
    "no namespace of its own": "! unshare -Um true",
    "a mount taken away": "umount /usr || umount /etc/ssl/certs || umount -l {folder}/project/.drydock",
    "a mount made writable": "mount -o remount,bind,rw /usr",
    "a mount made writable in a namespace": "unshare -Um mount -o remount,bind,rw /usr",
    "a mask taken away in a namespace": "unshare -Um umount -l {folder}/project/.drydock",
    "a /proc of its own": "unshare -Umpf mount -t proc proc /mnt",
    "another root": "unshare -U chroot /proc/1/root/.. ls {folder}/secret",
}
OWN = {
    "code": "grep -q code code && grep -q code {folder}/project/code",
    "the system's programs": "/usr/bin/env true && ls /bin/sh /lib",
    "/tmp": "echo a >/tmp/a && cat /tmp/a",
    "/var/tmp": "echo a >/var/tmp/a && cat /var/tmp/a",
    "/run": "echo a >/run/a && cat /var/run/a",
    "/dev/shm": "echo a >/dev/shm/a && cat /dev/shm/a",
    "a home": "echo a >~/a && cat $HOME/a && test $HOME != {home}",
    "a volume": "echo a >/data/a && cat /data/a",
    "a volume in the project": "echo a >{folder}/project/volume/a && grep -q code {folder}/project/code",
    "what is opened": "cat {folder}/opened/file {home}/notes",
    "what may be written": "echo written >{folder}/kept/file",
    "/dev/null": "echo >/dev/null && test -c /dev/null",
    "/dev/urandom": "head -c 9 /dev/urandom | wc -c | grep -q 9",
    "/proc/self": "cat /proc/self/status /proc/meminfo >/dev/null && test $(cat /proc/1/comm) = sh",
    "who it is": "test $(id -un) = root && getent passwd 0",
    "names of AWS": "getent hosts ecs.ap-southeast-2.amazonaws.com",
    "its own name": "getent hosts localhost",
    "TLS roots": "test -s /etc/ssl/certs/ca-certificates.crt",
    "its resolver": "grep -q nameserver /etc/resolv.conf",
    "time": "date && test -e /usr/share/zoneinfo",
}


EXAMPLES = ROOT / "docs" / "how-to" / "own-image.md"
SHOP = """#!/bin/sh
echo "$@" in $PWD
cat menu "$FIXTURES"
echo 2>/dev/null >uploads/new && echo uploaded
echo 2>/dev/null >menu && echo changed
"""


def examples(folder: Path) -> list[str]:
    """Create the files of the how-to's examples below a folder; return their [images] entries."""
    shop = folder / "srv/shop"
    (shop / "uploads").mkdir(parents=True)
    (shop / "menu").write_text("soup\n")
    (shop / "run").write_text(SHOP)
    (shop / "run").chmod(0o755)
    (folder / "home/fixtures").mkdir()
    (folder / "home/fixtures/shop.json").write_text("{}\n")
    found = re.findall(r"```toml\n(.*?)```", EXAMPLES.read_text(), re.DOTALL)
    return [
        one.replace("shop:*", f"shop:{number}").replace("/srv/", f"{folder}/srv/")
        for number, one in enumerate(found, 1)
    ]


def lay_out(folder: Path) -> Path:
    """Create files as on a user's machine, some of them open to tasks; return the home folder."""
    home = folder / "home"
    for path, text in {
        "secret": "secret",
        "home/.ssh/id": "secret",
        "home/notes": "notes",
        "other-project/code": "secret",
        "other-project/.drydock/state": "secret",
        "other-project/program": "#!/bin/sh\necho never\n",
        "project/code": "code",
        "project/helper.py": "WORD = 'helped'",
        "project/run.py": "import helper, sys\nprint(helper.WORD, *sys.argv[1:])",
        "project/.drydock/state": "secret",
        "opened/file": "opened",
        "kept/file": "before",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for path in ("secret", "home/.ssh/id", "project/code", "project/run.py"):
        (folder / path).chmod(0o600)
    (folder / "other-project/program").chmod(0o755)
    (folder / "project/way-out").symlink_to(folder / "other-project/code")
    (folder / "project/linked").symlink_to("../other-project/program")
    settings = SETTINGS.format(python=sys.executable, folder=folder)
    (folder / "drydock.toml").write_text("\n".join([settings, *examples(folder)]))
    return home


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    home = lay_out(folder)
    os.environ["HOME"] = str(home)
    workspace = Workspace(folder)
    region = TestRegion(workspace, launcher.start(workspace, load(folder)))
    try:
        print(json.dumps(watch(Scenario.build(region, "prying"), folder, home)))  # noqa: T201
    finally:
        launcher.stop(workspace)


def watch(place: Scenario, folder: Path, home: Path) -> dict[str, Any]:
    """Have tasks try everything; return what succeeded, and what else was observed."""
    tasks = place.region.workspace.region / "tasks"
    other = place.run(place.define("prying:1", ["echo mine >~/mine; echo up; exec sleep 1000"]))
    place.wait_for_output(other, 1)
    mine = tasks / other.rsplit("/", 1)[-1] / "layers/app/home/mine"
    assert mine.read_text() == "mine\n", "a task's home is in its folder"
    fixtures = home / "fixtures/shop.json"
    with tempfile.NamedTemporaryFile() as marker:
        known = {"folder": folder, "home": home, "tasks": tasks, "root": ROOT, "other": mine.parent}
        said = _try(place, folder, {**known, "marker": Path(marker.name)})
    scripted = place.run(place.define("script:1", ["a", "b"]))
    place.wait(scripted, "STOPPED", 60)
    shops = [
        place.run(
            place.define(
                f"shop:{number}",
                ["open"],
                environment=[{"name": "FIXTURES", "value": str(fixtures)}],
            )
        )
        for number in (1, 2)
    ]
    for task in shops:
        place.wait(task, "STOPPED", 60)
    refused = [(name, _refusal(place, task)) for name, task in _hopeless(place, folder)]
    place.stop(other)
    place.wait(other, "STOPPED", 60)
    return {
        "uid": os.getuid(),
        "said": said,
        "kept": (folder / "kept/file").read_text(),
        "script": place.output(scripted),
        "examples": [place.output(task) for task in shops],
        "left": [str(one) for one in tasks.rglob("*")],
        "refused": dict(refused),
    }


def _try(place: Scenario, folder: Path, known: dict[str, Path]) -> dict[str, str]:
    """Run one task that tries everything; return "done", or the last line of its error, by name."""
    tried = {**READS, **WRITES, **UNDOINGS, **OWN}
    lines = [
        f"( {words.format(**known)} ) >/tmp/said 2>&1 && echo done || tail -n 1 /tmp/said | grep . || echo no"
        for words in tried.values()
    ]
    task = place.run(_with_volumes(place, "\n".join(lines), folder))
    place.wait(task, "STOPPED", 60)
    return dict(zip(tried, place.output(task), strict=True))


def _hopeless(place: Scenario, folder: Path) -> list[tuple[str, str]]:
    other = f"{folder}/other-project"
    return [
        ("folder", place.define("prying:1", ["true"], workingDirectory=other)),
        ("program", place.define("bare:1", [f"{other}/program"])),
        ("linked program", place.define("bare:1", [f"{folder}/project/linked"])),
        ("missing program", place.define("bare:1", [f"{other}/no-program"])),
        ("missing folder to read", place.define("gone:1", [])),
    ]


def _refusal(place: Scenario, definition: str) -> str:
    reason: str = place.wait(place.run(definition), "STOPPED", 60)["stoppedReason"]
    return reason


def _with_volumes(place: Scenario, script: str, folder: Path) -> str:
    targets = {"data": "/data", "inside": f"{folder}/project/volume"}
    mounts = [{"sourceVolume": name, "containerPath": path} for name, path in targets.items()]
    answer = place.region.client("ecs").register_task_definition(
        family="prying-volumes",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=place.role,
        volumes=[{"name": name} for name in targets],
        containerDefinitions=[place.container("app", "prying:1", [script], mountPoints=mounts)],
    )
    arn: str = answer["taskDefinition"]["taskDefinitionArn"]
    return arn


if __name__ == "__main__":
    main()
