"""`drydock doctor`: check that this machine has what the region and Terraform need."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from drydock.cli import output
from drydock.cli.context import DEFAULT_FOLDER
from drydock.cli.region import JsonOption
from drydock.errors import CheckFailed, DrydockError


@dataclass(frozen=True)
class Finding:
    """One requirement: found, or missing with the one command that provides it."""

    name: str
    found: str
    """Its path or version; empty if it is missing."""
    problem: str = ""
    mend: str = ""
    needed: bool = True
    """False if Drydock works without it."""
    word: str = "missing"


_TASKS = 200
"""How many tasks a region should be able to run."""


def add_to(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(json: JsonOption = False) -> None:
    """Check this machine: namespaces, nft, HAProxy, PostgreSQL, Terraform and its provider."""
    findings = [*(check() for check in CHECKS), *stranded_tasks(), *absences(), *kept_services()]
    if json:
        output.document([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            _show(finding)
    missing = [finding.name for finding in findings if finding.needed and not finding.found]
    if missing:
        raise CheckFailed("doctor", f"not in order: {', '.join(missing)}", "what is named above")


def _show(finding: Finding) -> None:
    if finding.found:
        output.result(f"ok       {finding.name}: {finding.found}")
        return
    word = finding.word if finding.needed else "without"
    output.result(f"{word}  {finding.name}: {finding.problem}")
    if finding.mend:
        output.result(f"         {finding.mend}")


def namespaces() -> Finding:
    """Check that a user namespace with a network namespace can be created."""
    name = "user and network namespaces"
    try:
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "true"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(name, "", str(error), "sudo apt-get install -y util-linux")
    if done.returncode == 0:
        return Finding(name, "allowed")
    return Finding(name, "", done.stderr.strip() or "refused", namespaces_remedy(Path("/proc/sys")))


def namespaces_remedy(settings: Path) -> str:
    """Return the command for the first setting below /proc/sys (`settings`) that forbids user namespaces."""
    wanted = {
        "kernel/apparmor_restrict_unprivileged_userns": ("1", "0"),
        "kernel/unprivileged_userns_clone": ("0", "1"),
        "user/max_user_namespaces": ("0", "15000"),
        "user/max_net_namespaces": ("0", "15000"),
    }
    for name, (bad, good) in wanted.items():
        path = settings / name
        if path.exists() and path.read_text().strip() == bad:
            return f"sudo sysctl -w {name.replace('/', '.')}={good}"
    return "sudo drydock up (a container may need --privileged)"


def nft() -> Finding:
    path = shutil.which("nft")
    if path:
        return Finding("nft", path)
    return Finding("nft", "", "not on the path", "sudo apt-get install -y nftables")


def haproxy() -> Finding:
    from drydock.region.dataplane.balancer.program import haproxy_program

    return _asked("HAProxy", haproxy_program)


def postgres() -> Finding:
    from drydock.region.dataplane.database import versions

    def ask() -> str:
        # `choose` falls back on the newest version, and raises if there is none.
        found = versions.find()
        versions.choose(0, found)
        return ", ".join(f"{one.version} ({one.bin})" for one in found)

    return _asked("PostgreSQL", ask)


def terraform() -> Finding:
    from drydock.stack.finder import find_terraform, version_text

    def ask() -> str:
        found = find_terraform(os.environ)
        return f"{found.name} {version_text(found.version)} ({found.program})"

    return _asked("Terraform", ask, needed=False)


def provider() -> Finding:
    from drydock.stack.finder import find_terraform
    from drydock.stack.provider import find_provider

    def ask() -> str:
        return find_provider(find_terraform(os.environ), os.environ, DEFAULT_FOLDER).describe()

    return _asked("AWS provider", ask, needed=False)


def open_files() -> Finding:
    """Check the hard limit, to which the region raises the soft one; a task needs a few files."""
    from drydock.region.dataplane import descriptors

    name = "open files"
    tasks = descriptors.room_for_tasks()
    if tasks >= _TASKS:
        return Finding(name, f"enough for {tasks} tasks" if tasks < 10_000 else "enough")
    problem = f"the hard limit leaves room for {max(tasks, 0)} tasks only"
    return Finding(name, "", problem, descriptors.REMEDY, needed=tasks < 1, word="too few")


def container_engine() -> Finding:
    """Check for an engine, needed for images that no [images] entry maps to a program of this machine."""
    name = "container engine"
    program = next((found for one in ("podman", "docker") if (found := shutil.which(one))), None)
    if program is None:
        problem = "neither podman nor docker: only images with an [images] entry run"
        return Finding(name, "", problem, "sudo apt-get install -y podman", needed=False)
    done = subprocess.run(
        [program, "--version"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Finding(name, f"{done.stdout.strip() or program} ({program})", needed=False)


CHECKS: tuple[Callable[[], Finding], ...] = (
    namespaces,
    nft,
    haproxy,
    postgres,
    terraform,
    provider,
    container_engine,
    open_files,
)


def stranded_tasks() -> list[Finding]:
    """Return the local region's tasks that stopped because they had no network path to a service."""
    from drydock.cli import context
    from drydock.paths import Workspace
    from drydock.region.host import launcher

    record = launcher.running(Workspace.here())
    if record is None:
        return []
    from drydock.reach import collect, egress_diagnosis

    clients = context.choose(announced=True).clients
    clusters = clients.ecs.list_clusters()["clusterArns"]
    tasks = egress_diagnosis.stranded(clients.ecs, clusters)
    if not tasks:
        return []
    vpcs = [vpc["VpcId"] for vpc in clients.ec2.describe_vpcs()["Vpcs"]]
    network = collect.network(clients.ec2, vpcs)
    findings = []
    for task in tasks:
        explanation = egress_diagnosis.explain(network, task)
        ways = "\n         ".join(
            f"{number}. {way}" for number, way in enumerate(explanation.remedies, start=1)
        )
        name = f"task {task.task.rsplit('/', maxsplit=1)[-1]}"
        findings.append(
            Finding(
                name, "", f"{task.reason}\n         {explanation.problem}", ways, word="stopped"
            )
        )
    return findings


def absences() -> list[Finding]:
    """Return settings of the local region's stack that the region accepts but does not carry out."""
    from drydock.cli import context
    from drydock.paths import Workspace
    from drydock.region.host import launcher

    if launcher.running(Workspace.here()) is None:
        return []
    from drydock.ops import unsupported

    clients = context.choose(announced=True).clients
    return [
        Finding(one.resource, "", one.words, needed=False)
        for one in unsupported.absences(clients.elbv2, clients.wafv2)
    ]


def kept_services() -> list[Finding]:
    """Return services whose resources the running region stores without running them."""
    from drydock.paths import Workspace
    from drydock.region.host import launcher

    record = launcher.running(Workspace.here())
    if record is None:
        return []
    return [
        Finding(one["service"], "", f"only kept by the local region: {one['words']}", needed=False)
        for one in launcher.kept(record)
    ]


def _asked(name: str, ask: Callable[[], str], *, needed: bool = True) -> Finding:
    try:
        return Finding(name, ask(), needed=needed)
    except DrydockError as error:
        cause = f"{error.subject}: {error.cause}" if error.cause else error.subject
        return Finding(name, "", cause, error.remedy, needed)
