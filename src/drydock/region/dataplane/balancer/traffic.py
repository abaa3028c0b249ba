"""A load balancer's traffic, from HAProxy's counters, read periodically. Pure.

HAProxy: its management guide, sections "CSV format" and `show stat`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from drydock.region.dataplane.balancer import pages
from drydock.region.dataplane.balancer.answers import answer_name
from drydock.region.dataplane.balancer.groups import group_name
from drydock.region.dataplane.balancer.spec import FixedResponse, LoadBalancer, Redirect

Row: TypeAlias = Mapping[str, str]
Key: TypeAlias = tuple[str, str, str]
"""Frontend or backend; FRONTEND, BACKEND or `server`; counter."""

_OWN_ERRORS = (500, 502, 503, 504)
_COUNTERS = (
    *(f"hrsp_{number}xx" for number in range(1, 6)),
    *(
        "stot",
        "conn_tot",
        "bin",
        "bout",
        "ereq",
        "econ",
        "dcon",
        "dses",
        "wretr",
        "wredis",
        "connect",
    ),
    *("req_tot", "ssl_failed_handshake"),
)
_VARIABLE = re.compile(r"proc\.own_(\d+): type=sint value=<(\d+)>")


@dataclass
class GroupTraffic:
    """The traffic of a target group."""

    requests: int = 0
    responses: Counter[int] = field(default_factory=Counter)
    """First digit of the status → how many, of the targets' own."""
    connection_errors: int = 0
    new_connections: int = 0
    response_time: float = 0.0
    """Seconds until a response began, on average over the last 1024 at most."""


@dataclass
class Traffic:
    """The traffic of a period."""

    new_connections: int = 0
    """Connections of clients."""
    active_connections: int = 0
    """Current connections, of clients and to targets."""
    tls_errors: int = 0
    rejected: int = 0
    bytes: int = 0
    """In both directions, on the clients' side."""
    responses: Counter[int] = field(default_factory=Counter)
    """First digit of the status → number, the load balancer's own included; non-requests are
    excluded.
    """
    own_errors: Counter[int] = field(default_factory=Counter)
    """Status → how many, of the load balancer's own from 500 on."""
    fixed: int = 0
    redirects: int = 0
    groups: dict[str, GroupTraffic] = field(default_factory=dict)

    def add(self, other: Traffic) -> None:
        """Add the traffic of another process or period."""
        for name in ("new_connections", "active_connections", "tls_errors", "rejected", "bytes"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.fixed += other.fixed
        self.redirects += other.redirects
        self.responses.update(other.responses)
        self.own_errors.update(other.own_errors)
        for key, theirs in other.groups.items():
            ours = self.groups.setdefault(key, GroupTraffic())
            both = ours.requests + theirs.requests
            if both:
                times = (one.response_time * one.requests for one in (ours, theirs))
                ours.response_time = sum(times) / both
            ours.requests = both
            ours.responses.update(theirs.responses)
            ours.connection_errors += theirs.connection_errors
            ours.new_connections += theirs.new_connections


def counting_lines() -> list[str]:
    """Return a frontend's lines that count what HAProxy does not: its own errors by their status."""
    own = f"{{ res.hdr(server) {pages.SERVER} }}"
    return [
        f"http-after-response set-var(proc.own_{status}) var(proc.own_{status},0),add(1)"
        f" if {{ status {status} }} {own}"
        for status in _OWN_ERRORS
    ]


QUESTIONS = ("show stat -1 7 -1", *(f"get var proc.own_{status}" for status in _OWN_ERRORS))
"""The commands whose answers `parse` reads."""


def parse(answers: str) -> tuple[list[Row], Counter[int]]:
    """Parse the answers to QUESTIONS: rows of the table, and HAProxy's own errors by their status."""
    table, _, rest = answers.removeprefix("# ").partition("\n\n")
    rows: list[Row] = list(csv.DictReader(table.splitlines()))
    own = Counter({int(status): int(value) for status, value in _VARIABLE.findall(rest)})
    return rows, own


@dataclass
class Grown:
    """The growth of counters, of several processes together."""

    counters: Counter[Key] = field(default_factory=Counter)
    own: Counter[int] = field(default_factory=Counter)


class Tally:
    """The counters of one process."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        """The rows of the last reading."""
        self._last: dict[tuple[str, str, str], int] = {}
        self._own: Counter[int] = Counter()

    def read(self, answers: str, grown: Grown) -> None:
        """Add the growth since the last reading to `grown`; `answers` are those to QUESTIONS."""
        self.rows, own = parse(answers)
        for row in self.rows:
            proxy, name = row["pxname"], row["svname"]
            kind = name if name in ("FRONTEND", "BACKEND") else "server"
            for counter in _COUNTERS:
                value = int(row.get(counter) or 0)
                before = self._last.get((proxy, name, counter), 0)
                if value != before:
                    # less: a target was registered again, under its old name
                    grown.counters[proxy, kind, counter] += (
                        value - before if value > before else value
                    )
                    self._last[proxy, name, counter] = value
        grown.own.update(own - self._own)
        self._own = own


@dataclass
class Names:
    """The meaning of HAProxy's proxies, also of removed ones."""

    groups: dict[str, str] = field(default_factory=dict)
    fixed: set[str] = field(default_factory=set)
    redirects: set[str] = field(default_factory=set)

    def learn(self, spec: LoadBalancer) -> None:
        self.groups |= {group_name(group.key): group.key for group in spec.target_groups}
        for listener in spec.listeners:
            named = [(str(rule.priority), rule.action) for rule in listener.rules]
            for name, action in [*named, ("default", listener.default_action)]:
                proxy = answer_name(listener, name)
                for kind, found in ((FixedResponse, self.fixed), (Redirect, self.redirects)):
                    found.discard(proxy)
                    if isinstance(action, kind):
                        found.add(proxy)


def traffic(grown: Grown, names: Names, rows: Iterable[Row]) -> Traffic:
    """Return the traffic of counters that grew; `rows` have the current values."""
    found = Traffic(own_errors=Counter(grown.own))
    for (proxy, kind, counter), value in grown.counters.items():
        if kind == "FRONTEND":
            _of_clients(found, counter, value)
        elif kind == "BACKEND" and counter == "req_tot":
            found.fixed += value if proxy in names.fixed else 0
            found.redirects += value if proxy in names.redirects else 0
        if proxy in names.groups:
            group = found.groups.setdefault(names.groups[proxy], GroupTraffic())
            _of_targets(group, kind, counter, value)
    for row in rows:
        kind = row["svname"]
        if kind != "BACKEND":
            found.active_connections += int(row.get("scur") or 0)
        elif (key := names.groups.get(row["pxname"])) in found.groups:
            found.groups[str(key)].response_time = int(row.get("rtime") or 0) / 1000
    return found


def _of_clients(found: Traffic, counter: str, value: int) -> None:
    match counter:
        case "conn_tot":
            found.new_connections += value
        case "ssl_failed_handshake":
            found.tls_errors += value
        case "dcon" | "dses":
            found.rejected += value
        case "bin" | "bout":
            found.bytes += value
        case "ereq":
            # HAProxy counts connections without a request as requests that were answered by 400 or 408
            found.responses[4] -= value
        case _ if counter.startswith("hrsp_"):
            found.responses[int(counter[5])] += value


def _of_targets(group: GroupTraffic, kind: str, counter: str, value: int) -> None:
    if (kind, counter) == ("BACKEND", "wredis"):
        group.requests -= value  # sent to a second target as the first took no connection
    if kind != "server":
        return
    match counter:
        case "stot":
            group.requests += value
        case "econ" | "wretr" | "wredis":
            # only the last attempt counts as failed, the others as retries
            group.connection_errors += value
        case "connect":
            group.new_connections += value
        case _ if counter.startswith("hrsp_"):
            group.responses[int(counter[5])] += value
