"""Which record sets answer: shares, health, failover, latency, multivalue."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from drydock.region.dataplane.dns.model import Alias, Layer, Rrset, View, Zone, rrset
from drydock.region.dataplane.dns.names import labels
from drydock.region.dataplane.dns.routing import choose

NAME = "w.a.test"


def one(value: str, **more: Any) -> Rrset:
    return rrset(NAME, "A", value, identifier=value, **more)


def answers(
    group: list[Rrset],
    *sick: str,
    region: str = "",
    others: tuple[Rrset, ...] = (),
    sick_names: tuple[str, ...] = (),
    times: int = 1,
) -> Counter[tuple[str, ...]]:
    zone = Zone.of("Z", 1, "a.test", [*group, *others])
    names = frozenset(labels(name) for name in sick_names)
    view = View((Layer((zone,)),), region, frozenset(sick), names)
    rng = random.Random(7)
    return Counter(
        tuple(found.identifier for found in choose(group, zone, view, rng)) for _ in range(times)
    )


def weighted(*weights: int) -> list[Rrset]:
    return [
        one(str(n), policy="weighted", weight=weight, check=f"c{n}")
        for n, weight in enumerate(weights)
    ]


def test_weights_are_shares() -> None:
    seen = answers(weighted(3, 1, 0), times=4000)
    assert set(seen) == {("0",), ("1",)}
    assert seen["0",] / 4000 == pytest.approx(0.75, abs=0.03)


def test_what_is_unhealthy_gets_no_share() -> None:
    assert set(answers(weighted(3, 1, 0), "c0", times=50)) == {("1",)}


def test_weight_0_answers_only_when_nothing_heavier_is_healthy() -> None:
    assert set(answers(weighted(3, 1, 0), "c0", "c1", times=50)) == {("2",)}


def test_weights_of_0_alone_are_equal_shares() -> None:
    seen = answers(weighted(0, 0), times=2000)
    assert seen["0",] / 2000 == pytest.approx(0.5, abs=0.05)
    assert set(answers(weighted(0, 0), "c0", times=50)) == {("1",)}


def test_when_all_are_unhealthy_all_count_as_healthy() -> None:
    seen = answers(weighted(3, 1, 0), "c0", "c1", "c2", times=200)
    assert set(seen) == {("0",), ("1",)}


def failover() -> list[Rrset]:
    return [
        one("second", policy="failover", check="s"),
        one("first", policy="failover", primary=True, check="p"),
    ]


@pytest.mark.parametrize(
    ("sick", "answer"),
    [((), "first"), (("p",), "second"), (("s",), "first"), (("p", "s"), "first")],
)
def test_failover(sick: tuple[str, ...], answer: str) -> None:
    assert set(answers(failover(), *sick)) == {(answer,)}


def test_latency_prefers_the_local_region_while_it_is_healthy() -> None:
    group = [
        one("near", policy="latency", region="ap-southeast-2", check="n"),
        one("far", policy="latency", region="eu-west-1"),
    ]
    assert set(answers(group, region="ap-southeast-2")) == {("near",)}
    assert set(answers(group, "n", region="ap-southeast-2")) == {("far",)}


def test_multivalue_gives_up_to_eight_healthy_ones_in_any_order() -> None:
    group = [one(str(n), policy="multivalue", check=f"c{n}") for n in range(12)]
    seen = answers(group, "c0", times=50)
    assert all(len(set(found)) == 8 and "0" not in found for found in seen)
    assert len(seen) > 1
    few = answers(group[:3], "c0", "c1", "c2")
    assert {len(found) for found in few} == {3}, "all fail, so all answer"


def test_an_alias_is_as_healthy_as_what_it_leads_to_if_it_is_evaluated() -> None:
    def group(*, evaluates: bool, inside: bool) -> list[Rrset]:
        target = labels("t.a.test" if inside else "lb.elb.amazonaws.com")
        alias = Alias(target, inside, evaluates)
        return [
            one("first", policy="failover", primary=True, alias=alias),
            one("second", policy="failover"),
        ]

    targets = (
        rrset("t.a.test", "A", "192.0.2.1", identifier="1", policy="weighted", check="t1"),
        rrset("t.a.test", "A", "192.0.2.2", identifier="2", policy="weighted", check="t2"),
    )
    inside = group(evaluates=True, inside=True)
    assert set(answers(inside, "t1", others=targets)) == {("first",)}
    assert set(answers(inside, "t1", "t2", others=targets)) == {("second",)}
    sick = ("lb.elb.amazonaws.com",)
    assert set(answers(group(evaluates=True, inside=False), sick_names=sick)) == {("second",)}
    assert set(answers(group(evaluates=False, inside=False), sick_names=sick)) == {("first",)}
