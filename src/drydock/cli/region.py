"""`drydock region start | stop | status | ca | hosts`, and `drydock env`."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drydock.cli import output
from drydock.cli.leaving import ForceOption, WaitOption, clear_the_way
from drydock.paths import Workspace

if TYPE_CHECKING:
    from drydock.region.host.launcher import RegionRecord

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings; else drydock.toml in this folder."),
]
EnforceIamOption = Annotated[
    bool,
    typer.Option("--enforce-iam", help="Judge every call to the API by IAM's policies."),
]
EphemeralOption = Annotated[
    bool,
    typer.Option(
        "--ephemeral",
        help="Databases do not wait for the disk: quicker, and lost with the machine.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_LEADING_ELSEWHERE = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
)

region = typer.Typer(no_args_is_help=True, help="The local AWS region of this folder.")


def add_to(app: typer.Typer) -> None:
    app.add_typer(region, name="region")
    app.command("env")(env)


@region.command()
def start(
    config: ConfigOption = None,
    enforce_iam: EnforceIamOption = False,
    ephemeral: EphemeralOption = False,
) -> None:
    """Start the region, with the resources it had when it stopped."""
    from drydock.config import load
    from drydock.region.host import launcher

    workspace = Workspace.here()
    settings = load(workspace.root, config).asked(enforce_iam=enforce_iam, ephemeral=ephemeral)
    record = launcher.start(workspace, settings)
    output.result(record.endpoint)
    if record.note:
        output.note(record.note)
    output.note('Talk to it: eval "$(drydock env)"; aws sts get-caller-identity')


@region.command()
def stop(force: ForceOption = False, wait: WaitOption = False) -> None:
    """Stop the region; its resources and data are kept for the next start.

    While Terraform is at work in it, the stop is refused without --wait or --force. A stop that would
    lose what cannot be saved is refused without --force.
    """
    from drydock.region.host import launcher

    clear_the_way(Workspace.here(), "drydock region stop", force=force, wait=wait)
    stopped = launcher.stop(Workspace.here(), force=force)
    output.note("The region is stopped." if stopped else "No region runs in this folder.")


@region.command()
def status(json: JsonOption = False) -> None:
    """Show whether the region runs, and where. Exits 1 when it does not, or does not answer."""
    from drydock.region.host import launcher

    record = launcher.running(Workspace.here())
    if record is not None:
        launcher.check(record)
    if json:
        output.document({"running": record is not None, **(_shown(record) if record else {})})
    elif record is None:
        output.result("not running")
    else:
        output.result(f"running at {record.endpoint} (pid {record.pid}, since {record.started_at})")
        output.note(f"region {record.region}, account {record.account_id}, log {record.log}")
        output.note(f"DNS at {record.dns}: {_dig(record)}")
    if record is None:
        raise typer.Exit(1)


@region.command()
def ca(
    path: Annotated[bool, typer.Option("--path", help="Print where the file is.")] = False,
) -> None:
    """Print the certificate of the region's authority, in PEM.

    Clients that trust it open the region's HTTPS sites without a warning.
    Its key stays where it is, and is never printed.

    curl: curl --cacert "$(drydock region ca --path)" URL

    Python: export SSL_CERT_FILE="$(drydock region ca --path)"
    and the same for REQUESTS_CA_BUNDLE; they replace the usual authorities.

    Chromium: chrome://certificate-manager, Local certificates, Installed by
    you, Trusted certificates, Import.

    Firefox: Settings, Privacy & Security, View Certificates, Authorities,
    Import.

    Give it a browser profile of its own; docs/how-to/trust-the-region.md says
    why, and how to take it back.
    """
    from drydock.errors import RegionNotRunning

    file = Workspace.here().authority_certificate
    if not file.exists():
        raise RegionNotRunning(
            "the region's certificate authority",
            "it is made when a region starts in this folder, and none has yet",
            "start one: drydock region start",
        )
    output.result(str(file) if path else file.read_text().rstrip())


@region.command()
def hosts() -> None:
    """Print lines for /etc/hosts: every name that leads to a load balancer.

    Clients on this machine reach load balancers on its loopback, at the ports
    that `drydock status` prints. Three ways without a change of /etc/hosts:

    dig: dig @127.0.0.1 -p PORT NAME, with the port of $DRYDOCK_DNS

    curl: curl --resolve NAME:PORT:127.0.0.1 http://NAME:PORT/

    Chromium: --host-resolver-rules="MAP NAME 127.0.0.1"

    /etc/hosts knows no wildcards: names that only a wildcard record answers
    are left out; the DNS server answers them.
    """
    from drydock.region.host import launcher

    inside = launcher.inspect(launcher.require(Workspace.here()))
    lines = hosts_lines(inside.get("names", []))
    for line in lines:
        output.result(line)
    if not lines:
        output.note("No name leads to a load balancer that clients on this machine can reach.")


def hosts_lines(names: Iterable[Mapping[str, str]]) -> list[str]:
    """Return one line per name, names of hosted zones first. Pure."""
    order = sorted({(one["kind"] == "aws", one["name"]) for one in names})
    return [f"127.0.0.1 {name}" for _, name in order]


def _dig(record: RegionRecord) -> str:
    """Return the dig command for the region's name server."""
    address, _, port = record.dns.rpartition(":")
    return f"dig @{address} -p {port} NAME"


def env() -> None:
    """Print shell settings for this region: eval "$(drydock env)"."""
    from drydock.region.host import launcher

    for line in env_lines(launcher.require(Workspace.here()), os.environ):
        output.result(line)


def _shown(record: RegionRecord) -> dict[str, Any]:
    """Return the record without its secret, which only `drydock env` prints."""
    return {name: value for name, value in asdict(record).items() if name != "secret_key"}


def env_lines(record: RegionRecord, environ: Mapping[str, str]) -> list[str]:
    """Return shell lines (POSIX) that point AWS clients at the region and nowhere else. Pure.

    The access key names the folder; another folder's region refuses it.
    """
    values = {
        "AWS_ENDPOINT_URL": record.endpoint,
        "AWS_ACCESS_KEY_ID": record.access_key,
        "AWS_SECRET_ACCESS_KEY": record.secret_key,
        "AWS_REGION": record.region,
        "AWS_DEFAULT_REGION": record.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "DRYDOCK_DNS": record.dns,
    }
    for name in ("NO_PROXY", "no_proxy"):
        values[name] = _with_loopback(environ.get(name, ""))
    specific = sorted(name for name in environ if name.startswith("AWS_ENDPOINT_URL_"))
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    return [*lines, *(f"unset {name}" for name in (*_LEADING_ELSEWHERE, *specific))]


def _with_loopback(no_proxy: str) -> str:
    parts = [part for part in no_proxy.split(",") if part]
    return ",".join(dict.fromkeys([*parts, "127.0.0.1", "localhost"]))
