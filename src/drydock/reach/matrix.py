"""The matrix of who may reach whom between tiers: declared, observed and expected. Pure.

Expected is least privilege for a chain internet → load balancer → tasks → database: each
reaches the next on its port, and nothing else; tasks reach the services they need to start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Literal, TypeAlias

from drydock.reach.facts import INTERNET
from drydock.reach.journey import LINUX_PORTS
from drydock.reach.model import TCP
from drydock.reach.network import Network
from drydock.reach.probe import Probe
from drydock.reach.semantics import Verdict, reach
from drydock.reach.tiers import Tier, Tiers

Expected: TypeAlias = Literal["open", "closed", "either"]
Kind: TypeAlias = Literal["missing", "too wide", "differs"]

SERVICES = ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager")
"""AWS services that private Fargate tasks usually need."""
SSH, HTTPS = 22, 443
_ENDS = re.compile(r"(?:\d+\.){3}\d+(?![\d/])|eni-\w+|\([^()]* in subnet-\w+\)")
"""Matches single addresses and interfaces in a reason; the rest names rule, route or entry."""


@dataclass(frozen=True)
class Pair:
    """A connection from one interface (or the internet) to another, or to a service."""

    source: str
    destination: str
    declared: Verdict
    probe: Probe | None = None
    """None if an end is only planned, or has no address to probe."""
    predicted: bool = False
    """The probe's result if packets behave as declared; computed for a Linux client's ports."""
    observed: bool | None = None


@dataclass(frozen=True)
class Row:
    """All connections from one tier to another on one TCP port."""

    source: str
    destination: str
    port: int
    expected: Expected
    pairs: tuple[Pair, ...]

    @property
    def declared(self) -> str:
        """Summary of the verdicts: "open", "closed" or "partly"."""
        return _summary([one.declared.allowed for one in self.pairs])

    @property
    def observed(self) -> str:
        """Summary of the probes: "open", "closed", "partly", or empty if nothing was probed."""
        return _summary([one.observed for one in self.pairs if one.observed is not None])

    def __str__(self) -> str:
        return f"{self.source} → {self.destination} {self.port}"


@dataclass(frozen=True)
class Problem:
    """A row that is not as it should be, with the reason and a remedy."""

    kind: Kind
    row: str
    words: str
    remedy: str = ""


@dataclass(frozen=True)
class Report:
    """The matrix with its observations and problems."""

    rows: tuple[Row, ...] = ()
    problems: tuple[Problem, ...] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": [_row_json(row) for row in self.rows],
            "problems": [vars(problem) for problem in self.problems],
        }


def rows(network: Network, tiers: Tiers, hosts: Mapping[str, str]) -> tuple[Row, ...]:
    """Return the declared matrix. `hosts` has the DNS names of AWS services, for probes."""
    build = _Builder(network, tiers, hosts)
    wanted = (*_into_balancers(tiers), *_around_tasks(tiers), *_around_databases(tiers))
    built = (build.row(*one) for one in dict.fromkeys(wanted))
    return tuple(row for row in built if row.pairs)


def compare(declared: Iterable[Row], observed: Mapping[Probe, bool]) -> Report:
    """Add the observations to the rows and return them with every problem."""
    filled = tuple(
        replace(
            row,
            pairs=tuple(
                replace(pair, observed=observed.get(pair.probe)) if pair.probe else pair
                for pair in row.pairs
            ),
        )
        for row in declared
    )
    return Report(filled, tuple(problem for row in filled for problem in _problems(row)))


def probes(declared: Iterable[Row]) -> list[Probe]:
    """Return the probes that these rows need."""
    return [pair.probe for row in declared for pair in row.pairs if pair.probe is not None]


# -- which rows

_Wanted: TypeAlias = tuple[Tier | str, Tier | str, int, Expected]


def _into_balancers(tiers: Tiers) -> Iterator[_Wanted]:
    inner = {port for tier in (*tiers.tasks, *tiers.databases) for port in tier.ports}
    for balancer in tiers.balancers:
        for port in balancer.ports:
            yield INTERNET, balancer, port, "open" if balancer.internet_facing else "closed"
        for port in sorted({SSH, *inner} - {*balancer.ports}):
            yield INTERNET, balancer, port, "closed"


def _around_tasks(tiers: Tiers) -> Iterator[_Wanted]:
    for tasks in tiers.tasks:
        for port in tasks.ports:
            # A service without a load balancer may be meant for the internet.
            yield INTERNET, tasks, port, "closed" if tasks.balancers else "either"
        for balancer in tiers.balancers:
            if balancer.name not in tasks.balancers:
                continue
            for port in tasks.ports:
                yield balancer, tasks, port, "open"
            yield balancer, tasks, SSH, "closed"
            for port in balancer.ports:
                yield tasks, balancer, port, "either"
        for database in tiers.databases:
            for port in database.ports:
                yield tasks, database, port, "open"
            yield tasks, database, SSH, "closed"
        for target in (INTERNET, *dict.fromkeys((*SERVICES, *sorted(tasks.needs)))):
            yield tasks, target, HTTPS, "open" if target in tasks.needs else "either"


def _around_databases(tiers: Tiers) -> Iterator[_Wanted]:
    for database in tiers.databases:
        sources: tuple[Tier | str, ...] = (INTERNET, *tiers.balancers)
        for source in sources:
            for port in database.ports:
                yield source, database, port, "closed"
        for tasks in tiers.tasks:
            for port in tasks.ports:
                yield database, tasks, port, "closed"
        yield database, INTERNET, HTTPS, "closed"


class _Builder:
    """Builds rows from the wanted pairs of tiers."""

    def __init__(self, network: Network, tiers: Tiers, hosts: Mapping[str, str]) -> None:
        self._network = network
        self._internet = str(tiers.internet)
        self._hosts = hosts

    def row(
        self, source: Tier | str, destination: Tier | str, port: int, expected: Expected
    ) -> Row:
        ends = product(_ends(source), _ends(destination))
        return Row(
            _name(source),
            _name(destination),
            port,
            expected,
            tuple(self._pair(one, other, port) for one, other in ends),
        )

    def _pair(self, source: str, destination: str, port: int) -> Pair:
        ends = (
            self._internet if source == INTERNET else source,
            self._internet if destination == INTERNET else destination,
        )
        verdict = reach(self._network, *ends, TCP, port)
        linux = reach(self._network, *ends, TCP, port, client_ports=LINUX_PORTS)
        probe = self._probe(source, destination, port)
        return Pair(source, destination, verdict, probe, linux.allowed)

    def _probe(self, source: str, destination: str, port: int) -> Probe | None:
        if self._is_planned(source) or self._is_planned(destination):
            return None
        if destination == INTERNET:
            return Probe(source, self._internet, port)
        if not self._network.has_interface(destination):
            host = self._hosts.get(destination)
            return Probe(source, host, port) if host else None
        target = self._network.interface(destination)
        # Without a public address the private one is tried: that has to fail too.
        address = (target.public if source == INTERNET else None) or target.address
        return Probe(source, str(address), port)

    def _is_planned(self, end: str) -> bool:
        return self._network.has_interface(end) and self._network.interface(end).planned


def _name(end: Tier | str) -> str:
    return end.name if isinstance(end, Tier) else end


def _ends(end: Tier | str) -> tuple[str, ...]:
    return end.interfaces if isinstance(end, Tier) else (end,)


# -- what is wrong


def _problems(row: Row) -> Iterator[Problem]:
    """Yield one problem for each distinct reason: similar interfaces fail alike."""
    seen: set[tuple[Kind, str]] = set()
    for pair in row.pairs:
        for kind, words in _faults(row, pair):
            key = (kind, _ENDS.sub("", words))
            if key not in seen:
                seen.add(key)
                yield Problem(kind, str(row), words, _remedy(kind, row, pair))


def _faults(row: Row, pair: Pair) -> Iterator[tuple[Kind, str]]:
    declared = pair.declared.allowed
    if row.expected == "open" and not declared:
        yield "missing", f"{row} has to be open: {pair.declared.reason}"
    if row.expected == "closed" and declared:
        yield "too wide", f"{row} should be closed: {pair.declared.reason}"
    if pair.observed is not None and pair.observed != pair.predicted:
        said = "open" if pair.predicted else "closed"
        found = "an answer came" if pair.observed else "nothing answered"
        at = pair.probe.address if pair.probe else pair.destination
        yield (
            "differs",
            f"{row} is {said} by the API ({pair.declared.reason}), but {found} to a packet from "
            f"{pair.source} to {at}:{row.port}",
        )


def _remedy(kind: Kind, row: Row, pair: Pair) -> str:
    if kind == "too wide":
        return "narrow the rule that is named here"
    if kind == "differs":
        return (
            "drydock status names what the region could not make; where it names nothing, report it"
        )
    by_route = not pair.declared.reason.startswith(("security group", "network ACL"))
    if by_route and row.port == HTTPS:
        endpoint = "" if row.destination == INTERNET else f", a VPC endpoint for {row.destination}"
        return (
            f"give the subnet a route to a NAT gateway{endpoint}, or give the tasks public "
            "addresses in a subnet with a route to an internet gateway"
        )
    return "add what is named here"


def _summary(verdicts: list[bool]) -> str:
    if not verdicts:
        return ""
    if all(verdicts):
        return "open"
    return "partly" if any(verdicts) else "closed"


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "source": row.source,
        "destination": row.destination,
        "port": row.port,
        "expected": row.expected,
        "declared": row.declared,
        "observed": row.observed or None,
        "pairs": [
            {
                "source": pair.source,
                "destination": pair.destination,
                "declared": pair.declared.allowed,
                "observed": pair.observed,
                "reason": pair.declared.reason,
                "hops": list(pair.declared.hops),
            }
            for pair in row.pairs
        ],
    }
