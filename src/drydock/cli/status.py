"""`drydock status` and `drydock logs`: what runs, and its log lines."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drydock.cli import context, output
from drydock.cli.context import DEFAULT_FOLDER, Context
from drydock.cli.failures import INTERRUPTED
from drydock.cli.region import JsonOption
from drydock.cli.tasks import ClusterOption, FolderOption, ServiceOption
from drydock.errors import UsageError

if TYPE_CHECKING:
    from drydock.ops.status import Status

_SINCE = re.compile(r"^(\d+)(s|m|h|d)$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def add_to(app: typer.Typer) -> None:
    app.command("status")(status)
    app.command("logs")(logs)


def status(
    json: JsonOption = False,
    cluster: ClusterOption = "",
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Show URLs, services, tasks, targets' health and databases."""
    from drydock.cli.stack import outputs_of
    from drydock.ops import status as reader
    from drydock.ops.services import Scope

    here = context.choose()
    scope = Scope(cluster)
    if not here.target.is_local and not cluster:
        scope = Scope.of_outputs(outputs_of(here, folder))
    inside = _inside(here)  # first: its error is clearer when the region does not answer
    found = reader.read(here.clients, scope, stopped=True)
    document = as_document(here, found, inside)
    if json:
        output.document(document)
    else:
        _show(document)


def as_document(here: Context, found: Status, inside: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON of `status`. Only the local region knows process ids and localhost URLs."""
    pids = {task["arn"]: task["pids"] for task in inside.get("tasks", [])}
    parts = found.to_json()
    drivers = {task["arn"]: task.get("drivers", {}) for task in inside.get("tasks", [])}
    tasks = [
        {**task, "pids": pids.get(task["arn"], []), "drivers": drivers.get(task["arn"], {})}
        for task in parts["tasks"]
    ]
    return {
        "target": here.target.kind,
        "endpoint": here.target.endpoint,
        "region": here.target.region,
        "dns": inside.get("dns", ""),
        "account": here.target.account,
        "enforce_iam": bool(inside.get("enforce_iam", False)),
        "ephemeral": bool(inside.get("ephemeral", False)),
        "container_engine": inside.get("container_engine", ""),
        "memory_limits": inside.get("memory_limits", ""),
        "cpu_capped": bool(inside.get("cpu_capped", False)),
        "limits_notes": list(inside.get("limits_notes", [])),
        "urls": [named(one, inside) for one in inside["urls"]] if inside else parts["urls"],
        "services": parts["services"],
        "tasks": [task for task in tasks if task["status"] != "STOPPED"],
        "stopped": [task for task in tasks if task["status"] == "STOPPED"],
        "targets": parts["targets"],
        "databases": [_with_servers(one, inside) for one in parts["databases"]],
        "problems": list(inside.get("problems", [])),
    }


def named(url: Mapping[str, Any], inside: Mapping[str, Any]) -> dict[str, Any]:
    """Return a listener's URL, with the same URL under each hosted zone's name that resolves to it."""
    names = sorted(
        one["name"]
        for one in inside.get("names", [])
        if one["load_balancer"] == url.get("arn") and one["kind"] == "zone"
    )
    return {**url, "names": [url["url"].replace("127.0.0.1", name, 1) for name in names]}


def _with_servers(database: Mapping[str, Any], inside: Mapping[str, Any]) -> dict[str, Any]:
    """Add a database's servers and its differences from AWS, both as the region reports them."""
    servers = [one for one in inside.get("databases", []) if one["database"] == database["arn"]]
    fields = ("instance", "role", "address", "pid")
    return {
        **database,
        "servers": [{key: one[key] for key in fields} for one in servers],
        "notes": sorted({one["note"] for one in servers if one["note"]}),
    }


def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    since: Annotated[str, typer.Option("--since", help="How far back: 90s, 10m, 2h, 1d.")] = "1h",
    cluster: ClusterOption = "",
    service: ServiceOption = "",
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Show the log lines of the service's tasks and one-off tasks, ordered by time."""
    from drydock.ops import logs as reader
    from drydock.ops.services import Scope

    start = int((time.time() - seconds_of(since)) * 1000)
    here = context.choose()
    found = here.service(Scope(cluster, service), folder)
    where = reader.of_service(here.clients, found.task_definition)
    try:
        for line in reader.tail(here.clients, where, since=start, follow=follow):
            output.named_log_line(line)
    except KeyboardInterrupt:
        if not follow:
            raise
        # With -f Ctrl-C is the usual way to end, not an interruption.
        raise typer.Exit(INTERRUPTED) from None


def seconds_of(text: str) -> int:
    """Return `90s`, `10m`, `2h` or `1d` in seconds. Raises UsageError."""
    match = _SINCE.match(text)
    if match is None:
        raise UsageError(f"--since {text}", "it is no length of time", "write 90s, 10m, 2h or 1d")
    return int(match[1]) * _SECONDS[match[2]]


def _inside(here: Context) -> Mapping[str, Any]:
    if here.record is None:
        return {}
    from drydock.region.host import launcher

    return launcher.inspect(here.record)


def _show_modes(document: Mapping[str, Any]) -> None:
    """Print the options of the region's start that change its behaviour."""
    if document["enforce_iam"]:
        output.note("IAM is enforced: every call is judged by its caller's policies.")
    if document["ephemeral"]:
        output.note(
            "Databases are ephemeral: they do not wait for the disk, and what was committed may be lost"
            " when this machine stops."
        )
    if document["memory_limits"]:
        _show_limits(document)


def _show(document: Mapping[str, Any]) -> None:
    _show_modes(document)
    for url in document["urls"]:
        output.result(f"{url['url']}  ({url['load_balancer']}, port {url['port']})")
        for name in url.get("names", []):
            output.result(f"  {name}  (see: drydock region hosts)")
    if not document["services"]:
        output.note("No service runs here yet: drydock up")
    targets = [one for one in document["targets"] if one["state"] != "draining"]
    if draining := len(document["targets"]) - len(targets):
        output.note(f"{draining} targets of former tasks are draining")
    sections = {
        "services": ("cluster", "name", "running", "desired", "pending", "rollout", "event"),
        "tasks": ("arn", "status", "address", "pids"),
        "targets": ("group", "address", "port", "state", "reason"),
        "databases": ("name", "engine", "status", "endpoint"),
        "problems": ("resource", "error"),
    }
    if any("container" in one["drivers"].values() for one in document["tasks"]):
        engine = document["container_engine"]
        output.note(
            f"Containers of {engine}'s images and processes of this machine: --json says which."
        )
    for name, columns in sections.items():
        rows = targets if name == "targets" else document[name]
        if rows:
            output.result("")
            output.table(columns, [[_cell(row[key]) for key in columns] for row in rows])
    for database in document["databases"]:
        for words in database["notes"]:
            output.note(f"{database['name']}: {words}")
    for task in document["stopped"][-5:]:
        codes = ", ".join(
            f"{name} exited with {code}"
            for name, code in task["exit_codes"].items()
            if code is not None
        )
        output.note(f"stopped: {_cell(task['arn'])}  {codes}  {task['stopped_reason']}")


def _show_limits(document: Mapping[str, Any]) -> None:
    how = "limited by cgroup" if document["memory_limits"] == "cgroup" else "sampled"
    output.note(f"Memory is {how}; CPU is {'' if document['cpu_capped'] else 'not '}capped.")
    for words in document["limits_notes"]:
        output.note(words)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    text = str(value)
    return text.rsplit("/", 1)[-1] if text.startswith("arn:") else text
