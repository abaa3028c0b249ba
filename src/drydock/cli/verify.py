"""`drydock verify`: check who can reach whom, by the API and by real packets."""

from __future__ import annotations

# ruff: noqa: PLC0415 - what a command needs is imported when it runs; `--help` stays quick
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from drydock.cli import asking, context, output
from drydock.cli.context import DEFAULT_FOLDER, Context
from drydock.cli.region import ConfigOption, JsonOption
from drydock.cli.tasks import ClusterOption, FolderOption
from drydock.errors import CheckFailed, RegionError, RegionRefused, ResourceMissing

if TYPE_CHECKING:
    from drydock.reach.matrix import Report, Row

_PROBE_PATH = "/_drydock/probe"
_SERVICES = ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager", "ssm", "ssmmessages")
_EXTRA_SECONDS = 10.0
"""Seconds that the region's answer may take beyond the probe's timeout."""


def add_to(app: typer.Typer) -> None:
    app.command("verify")(verify)


def verify(
    json: JsonOption = False,
    cluster: ClusterOption = "",
    config: ConfigOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Check which parts of the stack can reach each other.

    Each connection is compared: as it should be, as the API declares it, and (locally) as packets show it.
    """
    from drydock.config import load
    from drydock.reach import matrix, probe

    here = context.choose()
    internet = load(here.workspace.root, config).region.client_address
    rows = _declared(here, _cluster(here, cluster, folder), internet)
    observed: Mapping[probe.Probe, bool] = {}
    if here.record is not None:
        observed = probe.observe(RegionProber(here.record.endpoint), matrix.probes(rows))
    report = matrix.compare(rows, observed)
    if json:
        output.document({"target": here.target.kind, **report.to_json()})
    else:
        _show(report, is_local=here.record is not None)
    if report.problems:
        raise CheckFailed(
            "the network",
            f"{len(report.problems)} problems, named above" if not json else "it has problems",
            report.problems[0].remedy,
        )


@dataclass(frozen=True)
class RegionProber:
    """Has the local region send probe packets."""

    endpoint: str

    def probe(self, source: str, address: str, port: int, timeout: float) -> bool:
        """See `drydock.reach.probe.Prober`. Raises RegionError: the region could not try."""
        what = f"the probe from {source} to {address}:{port}"
        body = {"source": source, "address": address, "port": port, "timeout": timeout}
        try:
            found = asking.post(self.endpoint, _PROBE_PATH, body, timeout + _EXTRA_SECONDS)
        except RegionRefused as said:
            words = ": ".join(one for one in (said.subject, said.cause) if one)
            raise RegionError(what, words, said.remedy) from said
        except (OSError, ValueError) as error:
            raise RegionError(what, f"the region does not answer ({error})") from error
        reachable = found.get("reachable") if isinstance(found, dict) else None
        if not isinstance(reachable, bool):
            raise RegionError(what, f"the region's answer makes no sense: {found}")
        return reachable


def _declared(here: Context, cluster: str, internet: IPv4Address) -> tuple[Row, ...]:
    from drydock.aws.failures import translated
    from drydock.reach import collect, facts, matrix, tiers

    with translated(here.clients.endpoint):
        found = facts.gather(here.clients, cluster)
        if not found.services:
            raise ResourceMissing(
                "a network to verify",
                f"no ECS service runs {f'in cluster {cluster}' if cluster else 'here'}",
                "drydock apply, or drydock up",
            )
        network = collect.network(here.clients.ec2, found.vpcs)
    hosts, addresses = _names(here)
    # EC2's prefix lists have the addresses of a gateway endpoint's services.
    network = replace(network, services={**addresses, **network.services})
    whole, all_tiers = tiers.arrange(network, found, internet)
    return matrix.rows(whole, all_tiers, hosts)


def _cluster(here: Context, cluster: str, folder: Path) -> str:
    """Return the cluster to check; on AWS the stack's, since the account may hold others."""
    from drydock.cli.stack import outputs_of
    from drydock.ops.services import Scope

    if cluster or here.target.is_local:
        return cluster
    return Scope.of_outputs(outputs_of(here, folder)).cluster


def _names(here: Context) -> tuple[dict[str, str], dict[str, tuple[IPv4Network, ...]]]:
    """Return names (for probes) and addresses (for the analysis) of AWS's services in the local region.

    On AWS both are empty: no probes are sent, and any public address counts as a service's.
    """
    if here.record is None:
        return {}, {}
    from drydock.region.addresses import address_of, host_names

    region, account = here.target.region, here.target.account
    hosts = {one: host_names(one, region, account)[0] for one in _SERVICES}
    return hosts, {one: (IPv4Network(address_of(one)),) for one in _SERVICES}


def _show(report: Report, *, is_local: bool) -> None:
    marked = {problem.row for problem in report.problems}
    output.table(
        ("from", "to", "port", "should be", "declared", "observed", ""),
        [
            (
                row.source,
                row.destination,
                row.port,
                row.expected if row.expected != "either" else "-",
                row.declared,
                row.observed or "-",
                "wrong" if str(row) in marked else "ok",
            )
            for row in report.rows
        ],
    )
    if not is_local:
        output.note("AWS sends no probes for us: declared is what its API says, by analysis.")
    for problem in report.problems:
        output.warning(f"{problem.kind}: {problem.words}")
        output.note(f"  Next: {problem.remedy}")
