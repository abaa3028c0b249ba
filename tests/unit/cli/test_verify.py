from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from drydock.aws.clients import Clients
from drydock.aws.target import Target
from drydock.cli.verify import RegionProber
from drydock.errors import NetworkFailed, RegionError
from drydock.reach.facts import BalancerFacts, DatabaseFacts, Facts, ServiceFacts
from drydock.reach.network import Network
from drydock.region.api.application import OwnRequest
from tests.support.served import serving
from tests.unit.reach.networks import ANYWHERE, REFERENCE, group, rule

from .conftest import RECORD, Run, World

BALANCER = "arn:aws:elasticloadbalancing:ap-southeast-2:123456789012:loadbalancer/app/web/1"
FACTS = Facts(
    (
        ServiceFacts(
            "shop/app",
            ("subnet-public",),
            ("sg-task",),
            True,
            (3000,),
            ("eni-task",),
            (BALANCER,),
            frozenset({"internet"}),
        ),
    ),
    (BalancerFacts(BALANCER, "web", True, ("subnet-public",), ("sg-lb",), (80,)),),
    (DatabaseFacts("shop", 5432, ("sg-db",), ("subnet-database",)),),
    frozenset({"vpc-1"}),
)


@dataclass
class Packets:
    """A region that answers probes: as AWS would for the reference stack, or as it is told."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    otherwise: dict[tuple[str, int], bool] = field(default_factory=dict)
    fails: bool = False

    def answer(self, request: OwnRequest) -> object:
        assert request.method == "POST"
        self.asked.append(request.body)
        source, port = request.body["source"], request.body["port"]
        if self.fails:
            raise NetworkFailed(f"network interface {source}", "it is not attached (yet)")
        usual = {
            ("internet", 80),
            ("eni-lb", 3000),
            ("eni-task", 80),
            ("eni-task", 5432),
            ("eni-task", 443),
        }
        return {"reachable": self.otherwise.get((source, port), (source, port) in usual)}


def named_nodes() -> Network:
    """With the load balancer's interface as ELB describes it."""
    described = [
        replace(one, description="ELB app/web/1") if one.interface_id == "eni-lb" else one
        for one in REFERENCE.interfaces
    ]
    return replace(REFERENCE, interfaces=tuple(described))


@pytest.fixture
def packets(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packets]:
    """A running region whose API describes the reference stack."""
    found = Packets()
    with serving(tmp_path / "log", handlers={"/_drydock/probe": found.answer}) as served:
        record = replace(RECORD, endpoint=served.url)
        world.running = True
        monkeypatch.setattr("drydock.region.host.launcher.running", lambda _workspace: record)
        monkeypatch.setattr("drydock.reach.facts.gather", lambda *_: FACTS)
        monkeypatch.setattr("drydock.reach.collect.network", lambda *_: named_nodes())
        yield found


def test_declared_beside_observed(run: Run, packets: Packets) -> None:
    ended = run("verify")
    assert ended.code == 0, ended.err
    lines = {tuple(line.split()[:5]): line.split()[-4:] for line in ended.out.splitlines()}
    assert lines["tasks", "database", "5432", "open", "open"] == ["open", "open", "open", "ok"]
    assert lines["internet", "database", "5432", "closed", "closed"][-2:] == ["closed", "ok"]
    assert {
        "source": "eni-task",
        "address": "10.0.128.4",
        "port": 5432,
        "timeout": 1.0,
    } in packets.asked
    # The internet is the address that clients on the host stand for; names are looked up there.
    addresses = {one["address"] for one in packets.asked if one["source"] == "eni-task"}
    assert {"203.0.113.10", "logs.ap-southeast-2.amazonaws.com"} <= addresses
    assert "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com" in addresses


def test_the_settings_say_which_address_stands_for_the_internet(
    run: Run, packets: Packets, tmp_path: Path
) -> None:
    (tmp_path / "drydock.toml").write_text('[region]\nclient_address = "198.51.100.9"\n')
    assert run("verify").code == 0
    assert "198.51.100.9" in {one["address"] for one in packets.asked}


def test_a_packet_that_passes_against_the_api_is_a_problem(run: Run, packets: Packets) -> None:
    packets.otherwise["eni-db", 3000] = True
    ended = run("verify")
    assert ended.code == 3
    assert "differs: database → tasks 3000 is closed by the API" in ended.err
    [line] = [
        one for one in ended.out.splitlines() if one.startswith("database  ") and "3000" in one
    ]
    assert line.split()[-1] == "wrong"


def test_what_is_too_wide_is_named(
    run: Run, packets: Packets, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = group("task", [rule(ANYWHERE, 3000)], [rule(ANYWHERE)])
    kept = [one for one in REFERENCE.groups if one.group_id != "sg-task"]
    network = replace(named_nodes(), groups=(*kept, wide))
    monkeypatch.setattr("drydock.reach.collect.network", lambda *_: network)
    packets.otherwise["internet", 3000] = True
    ended = run("verify", "--json")
    assert ended.code == 3
    document = json.loads(ended.out)
    kinds = {(one["kind"], one["row"]) for one in document["problems"]}
    assert ("too wide", "internet → tasks 3000") in kinds
    words = " ".join(one["words"] for one in document["problems"])
    assert "security group sg-task (task) lets tcp 3000 in from 0.0.0.0/0" in words


def test_the_json_is_a_document(run: Run, packets: Packets) -> None:
    ended = run("verify", "--json")
    document = json.loads(ended.out)
    assert (ended.code, document["target"], document["problems"]) == (0, "local", [])
    assert all(row["observed"] in ("open", "closed") for row in document["rows"])


def test_on_aws_the_declared_half_works_alone(
    run: Run, packets: Packets, monkeypatch: pytest.MonkeyPatch
) -> None:
    clusters: list[str] = []

    def gather(_clients: object, cluster: str) -> Facts:
        clusters.append(cluster)
        return FACTS

    monkeypatch.setenv("TARGET", "aws")
    monkeypatch.setattr(
        "drydock.aws.target.Target.aws", lambda: Target("aws", "ap-southeast-2", "123456789012")
    )
    monkeypatch.setattr(
        "drydock.aws.clients.aws", lambda *_: Clients(boto3.Session(region_name="ap-southeast-2"))
    )
    monkeypatch.setattr("drydock.reach.facts.gather", gather)
    ended = run("verify", "--cluster", "shop", "--json")
    assert ended.code == 0, ended.err
    rows = json.loads(ended.out)["rows"]
    assert {row["observed"] for row in rows} == {None}
    assert {row["declared"] for row in rows} == {"open", "closed"}
    assert (clusters, packets.asked) == (["shop"], [])


def test_without_a_service_there_is_nothing_to_verify(
    run: Run, packets: Packets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drydock.reach.facts.gather", lambda *_: Facts())
    ended = run("verify")
    assert ended.code == 1
    assert "no ECS service runs here" in ended.err
    assert "drydock up" in ended.err


def test_a_probe_that_the_region_cannot_send_ends_it(run: Run, packets: Packets) -> None:
    packets.fails = True
    ended = run("verify")
    assert ended.code == 1
    assert "it is not attached (yet)" in ended.err


def test_a_region_without_probes_says_so(tmp_path: Path) -> None:
    with (
        serving(tmp_path / "log") as served,
        pytest.raises(RegionError, match="no such path"),
    ):
        RegionProber(served.url).probe("eni-1", "10.0.0.1", 80, 1.0)


def test_a_region_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    # A proxy of the user's is not asked.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(RegionError, match="does not answer"):
        RegionProber("http://127.0.0.1:1").probe("eni-1", "10.0.0.1", 80, 1.0)


def test_an_answer_that_makes_no_sense(tmp_path: Path) -> None:
    handlers = {"/_drydock/probe": lambda _request: {"reachable": "yes"}}
    with (
        serving(tmp_path / "log", handlers=handlers) as served,
        pytest.raises(RegionError, match="makes no sense"),
    ):
        RegionProber(served.url).probe("eni-1", "10.0.0.1", 80, 1.0)
