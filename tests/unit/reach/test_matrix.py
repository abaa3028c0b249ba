"""The matrix of the reference stack: as it should be, too wide, missing, and not as observed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from drydock.errors import RegionError
from drydock.reach import probe
from drydock.reach.facts import BalancerFacts, DatabaseFacts, Facts, ServiceFacts
from drydock.reach.matrix import Report, Row, compare, probes, rows
from drydock.reach.model import InternetGateway
from drydock.reach.network import Network
from drydock.reach.probe import Probe
from drydock.reach.tiers import Tier, Tiers, arrange

from .networks import ANYWHERE, CLIENT, REFERENCE, acl, eni, entry, group, route, rule, table

TIERS = Tiers(
    IPv4Address(CLIENT),
    (Tier("load balancer", ("eni-lb",), (80,), internet_facing=True),),
    (
        Tier(
            "tasks",
            ("eni-task", "eni-hidden"),
            (3000,),
            balancers=("load balancer",),
            needs=frozenset({"internet", "logs"}),
        ),
    ),
    (Tier("database", ("eni-db",), (5432,)),),
)
HOSTS = {"logs": "logs.ap-southeast-2.amazonaws.com"}


def declared(network: Network = REFERENCE, tiers: Tiers = TIERS) -> dict[str, Row]:
    return {str(row): row for row in rows(network, tiers, HOSTS)}


def report(network: Network = REFERENCE, observed: Mapping[Probe, bool] | None = None) -> Report:
    return compare(declared(network).values(), observed or {})


def problems(found: Report) -> set[tuple[str, str]]:
    return {(one.kind, one.row) for one in found.problems}


def with_group(network: Network, *new: object) -> Network:
    names = {getattr(one, "group_id", "") for one in new}
    kept = [one for one in network.groups if one.group_id not in names]
    return replace(network, groups=(*kept, *new))  # type: ignore[arg-type]


def test_the_reference_stack_is_as_it_should_be() -> None:
    shown = {name: (row.expected, row.declared) for name, row in declared().items()}
    assert shown == {
        "internet → load balancer 80": ("open", "open"),
        "internet → load balancer 22": ("closed", "closed"),
        "internet → load balancer 3000": ("closed", "closed"),
        "internet → load balancer 5432": ("closed", "closed"),
        "internet → tasks 3000": ("closed", "closed"),
        "load balancer → tasks 3000": ("open", "open"),
        "load balancer → tasks 22": ("closed", "closed"),
        "tasks → load balancer 80": ("either", "open"),
        "tasks → database 5432": ("open", "open"),
        "tasks → database 22": ("closed", "closed"),
        "tasks → internet 443": ("open", "open"),
        "tasks → ecr.api 443": ("either", "open"),
        "tasks → ecr.dkr 443": ("either", "open"),
        "tasks → s3 443": ("either", "open"),
        "tasks → logs 443": ("open", "open"),
        "tasks → secretsmanager 443": ("either", "open"),
        "internet → database 5432": ("closed", "closed"),
        "load balancer → database 5432": ("closed", "closed"),
        "database → tasks 3000": ("closed", "closed"),
        "database → internet 443": ("closed", "closed"),
    }
    assert report().problems == ()


def test_too_wide_names_the_rule() -> None:
    wide = with_group(REFERENCE, group("db", [rule(ANYWHERE, 5432)], [rule(ANYWHERE)]))
    found = report(wide)
    # The database may now answer by itself, and tasks let nothing but the load balancer in.
    assert problems(found) == set()
    wide = replace(
        with_group(wide, group("lb", [rule(ANYWHERE)], [rule(ANYWHERE)])),
        interfaces=(
            *(one for one in REFERENCE.interfaces if one.interface_id != "eni-db"),
            eni("db", "public", "10.0.0.44", "sg-db", public="203.0.113.60"),
        ),
    )
    found = report(wide)
    assert problems(found) == {
        ("too wide", "internet → load balancer 22"),
        ("too wide", "internet → load balancer 3000"),
        ("too wide", "internet → load balancer 5432"),
        ("too wide", "internet → database 5432"),
        ("too wide", "load balancer → database 5432"),
        ("too wide", "database → internet 443"),
    }
    [words] = [one.words for one in found.problems if one.row == "internet → database 5432"]
    assert words == (
        "internet → database 5432 should be closed: "
        "security group sg-db (db) lets tcp 5432 in from 0.0.0.0/0"
    )


def test_missing_names_the_rule() -> None:
    [problem] = report(with_group(REFERENCE, group("db", [rule("sg-lb", 5432)], []))).problems
    assert (problem.kind, problem.row) == ("missing", "tasks → database 5432")
    assert "security group sg-db (db) has no ingress rule for tcp 5432 from" in problem.words
    assert problem.remedy == "add what is named here"


def test_a_missing_way_out_names_the_route_and_the_three_ways_to_mend_it() -> None:
    tables = [one for one in REFERENCE.tables if one.table_id != "rtb-private"]
    shut = replace(REFERENCE, tables=(*tables, table("private", subnets=("private",))))
    found = report(shut)
    assert problems(found) == {
        ("missing", "tasks → internet 443"),
        ("missing", "tasks → logs 443"),
    }
    assert {row.declared for row in found.rows if str(row) == "tasks → logs 443"} == {"partly"}
    [logs] = [one for one in found.problems if one.row == "tasks → logs 443"]
    assert "route table rtb-private of subnet subnet-private has no route to" in logs.words
    for way in ("NAT gateway", "VPC endpoint for logs", "public addresses"):
        assert way in logs.remedy


def test_each_reason_is_told_once() -> None:
    detached = replace(REFERENCE, internet_gateways=(InternetGateway("igw-1"),))
    words = [one.words for one in report(detached).problems]
    assert len(words) == len(set(words))


def everything(shown: Mapping[str, Row]) -> dict[Probe, bool]:
    """What packets do when the data plane is right."""
    return {
        pair.probe: pair.declared.allowed
        for row in shown.values()
        for pair in row.pairs
        if pair.probe is not None
    }


def test_observed_as_declared_is_no_problem() -> None:
    found = report(observed=everything(declared()))
    assert found.problems == ()
    shown = {str(row): row.observed for row in found.rows}
    assert shown["tasks → database 5432"] == "open"
    assert shown["internet → tasks 3000"] == "closed"
    assert shown["tasks → s3 443"] == ""  # no name was given to look it up by


@pytest.mark.parametrize("really", [True, False])
def test_observed_otherwise_is_a_problem(really: bool) -> None:
    observed = everything(declared())
    row = "database → tasks 3000" if really else "tasks → database 5432"
    wrong = declared()[row].pairs[0].probe
    assert wrong is not None
    assert observed[wrong] is not really
    observed[wrong] = really
    [problem] = report(observed=observed).problems
    assert (problem.kind, problem.row) == ("differs", row)
    said = "an answer came" if really else "nothing answered"
    assert said in problem.words
    assert f"to {wrong.address}:{wrong.port}" in problem.words


def test_a_probes_own_client_is_linux() -> None:
    """Replies to the ports of Linux, not all: the probe passes, and a load balancer does not."""
    high = acl(
        "x",
        [entry(1, True)],
        [entry(1, True, ANYWHERE, 32768, 60999), entry(2, True, ANYWHERE, 1, 5432)],
        "private",
    )
    network = replace(REFERENCE, acls=(*REFERENCE.acls, high))
    observed = {
        pair.probe: pair.predicted
        for row in declared(network).values()
        for pair in row.pairs
        if pair.probe is not None
    }
    assert observed[Probe("eni-lb", "10.0.64.4", 3000)]
    [problem] = compare(declared(network).values(), observed).problems
    assert (problem.kind, problem.row) == ("missing", "load balancer → tasks 3000")
    assert "denies the reply (tcp 1024-65535" in problem.words


def test_where_probes_are_sent() -> None:
    shown = declared()
    assert shown["internet → load balancer 80"].pairs[0].probe == Probe(
        "internet", "203.0.113.50", 80
    )
    # Without a public address the private one is tried, and has to fail.
    assert shown["internet → database 5432"].pairs[0].probe == Probe("internet", "10.0.128.4", 5432)
    assert shown["tasks → database 5432"].pairs[0].probe == Probe("eni-task", "10.0.128.4", 5432)
    assert shown["tasks → internet 443"].pairs[0].probe == Probe("eni-task", CLIENT, 443)
    assert shown["tasks → logs 443"].pairs[0].probe == Probe("eni-task", HOSTS["logs"], 443)
    assert shown["tasks → s3 443"].pairs[0].probe is None


def test_the_json_has_every_pair() -> None:
    document = json.loads(json.dumps(report(observed=everything(declared())).to_json()))
    [row] = [
        one
        for one in document["rows"]
        if (one["source"], one["destination"], one["port"]) == ("tasks", "database", 5432)
    ]
    assert (row["expected"], row["declared"], row["observed"]) == ("open", "open", "open")
    assert [one["source"] for one in row["pairs"]] == ["eni-task", "eni-hidden"]
    assert "lets tcp 5432 in from sg-task" in row["pairs"][0]["reason"]
    assert document["problems"] == []


# -- other shapes


def test_an_internal_load_balancer_is_closed_to_the_internet() -> None:
    internal = replace(TIERS, balancers=(replace(TIERS.balancers[0], internet_facing=False),))
    found = compare(declared(tiers=internal).values(), {})
    assert ("too wide", "internet → load balancer 80") in problems(found)


def test_a_service_without_a_load_balancer_may_face_the_internet() -> None:
    alone = replace(TIERS, balancers=(), tasks=(replace(TIERS.tasks[0], balancers=()),))
    assert declared(tiers=alone)["internet → tasks 3000"].expected == "either"


FACTS = Facts(
    (
        ServiceFacts(
            "shop/app",
            ("subnet-public", "subnet-private"),
            ("sg-task",),
            True,
            (3000,),
            ("eni-task", "eni-gone"),
            ("arn:loadbalancer/app/web/1",),
        ),
    ),
    (
        BalancerFacts(
            "arn:loadbalancer/app/web/1", "web", True, ("subnet-public",), ("sg-lb",), (80,)
        ),
    ),
    (DatabaseFacts("shop", 5432, ("sg-db",), ("subnet-database",)),),
)


def test_tiers_are_what_is_there_and_stand_ins_for_the_rest() -> None:
    network, tiers = arrange(REFERENCE, FACTS, IPv4Address(CLIENT))
    [tasks], [balancer], [database] = tiers.tasks, tiers.balancers, tiers.databases
    assert tasks.interfaces == ("eni-task", "(a task of shop/app in subnet-private)")
    stand_in = network.interface(tasks.interfaces[1])
    assert (stand_in.planned, stand_in.groups, stand_in.subnet) == (
        True,
        ("sg-task",),
        "subnet-private",
    )
    assert stand_in.public is not None
    # The load balancer's interface is another's, by its description; the database's is told by groups.
    assert balancer.interfaces == ("(a node of web in subnet-public)",)
    assert network.interface(balancer.interfaces[0]).public is not None
    assert database.interfaces == ("eni-db",)
    assert tasks.balancers == ("load balancer",)
    shown = {str(row): row for row in rows(network, tiers, HOSTS)}
    assert shown["load balancer → tasks 3000"].declared == "open"
    # Nothing can be sent from or to what is not there.
    assert {pair.probe for pair in shown["load balancer → tasks 3000"].pairs} == {None}
    assert [one.source for one in probes(shown.values()) if one.port == 5432] == [
        "eni-task",
        "internet",
    ]


def test_stand_ins_take_free_addresses_and_the_default_group() -> None:
    full = replace(
        REFERENCE,
        interfaces=(*REFERENCE.interfaces, eni("last", "private", "10.0.64.254", "sg-task")),
        groups=(*REFERENCE.groups, replace(group("default", [], []), group_id="sg-0")),
    )
    bare = replace(FACTS, services=(replace(FACTS.services[0], groups=(), interfaces=()),))
    network, tiers = arrange(full, bare, IPv4Address(CLIENT))
    first, second = (network.interface(one) for one in tiers.tasks[0].interfaces)
    assert (str(second.address), second.groups) == ("10.0.64.253", ("sg-0",))
    assert first.public != second.public


def test_several_of_a_kind_have_names() -> None:
    two = replace(FACTS, databases=(*FACTS.databases, replace(FACTS.databases[0], name="other")))
    _, tiers = arrange(REFERENCE, two, IPv4Address(CLIENT))
    assert [one.name for one in tiers.databases] == ["database shop", "database other"]


def test_a_database_that_has_no_interface_yet_stands_in_each_of_its_subnets() -> None:
    elsewhere = replace(FACTS.databases[0], subnets=("subnet-private", "subnet-public"))
    _, tiers = arrange(REFERENCE, replace(FACTS, databases=(elsewhere,)), IPv4Address(CLIENT))
    assert len(tiers.databases[0].interfaces) == 2


# -- probing


class Recorder:
    def __init__(self, open_ports: set[int]) -> None:
        self.open_ports = open_ports
        self.asked: list[Probe] = []

    def probe(self, source: str, address: str, port: int, timeout: float) -> bool:
        assert timeout == probe.TIMEOUT
        self.asked.append(Probe(source, address, port))
        if port == 1:
            raise RegionError("the probe", "it could not be sent")
        return port in self.open_ports


def test_each_probe_is_tried_once() -> None:
    recorder = Recorder({80})
    first, second = Probe("eni-1", "10.0.0.5", 80), Probe("eni-1", "10.0.0.5", 81)
    assert probe.observe(recorder, [first, second, first]) == {first: True, second: False}
    assert sorted(recorder.asked, key=lambda one: one.port) == [first, second]
    assert probe.observe(recorder, []) == {}


def test_a_probe_that_could_not_be_sent_is_no_closed_port() -> None:
    with pytest.raises(RegionError):
        probe.observe(Recorder(set()), [Probe("eni-1", "10.0.0.5", 1)])


def test_routes_that_lead_nowhere_show_in_every_row() -> None:
    tables = [one for one in REFERENCE.tables if one.table_id != "rtb-public"]
    hole = table("public", route(ANYWHERE, "igw-1", blackhole=True), subnets=("public",))
    found = report(replace(REFERENCE, tables=(*tables, hole)))
    assert ("missing", "internet → load balancer 80") in problems(found)
