"""Several listeners of one load balancer, each with a process of its own."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer.fleet import Fleet, alone
from drydock.region.dataplane.balancer.health import CHECKING, FAILED, HEALTHY, combined
from drydock.region.dataplane.balancer.spec import (
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    PathPattern,
    Redirect,
    Rule,
    TargetGroup,
)
from tests.support.spawner import LocalSpawner
from tests.unit.region.dataplane.balancer.targets import Server, eventually, get, listening

NewServer = Callable[[], Server]
CHECK = HealthCheck("/health", interval=0.2, timeout=1.0, healthy_threshold=5)


@pytest.fixture
def fleet(haproxy: str, spawner: LocalSpawner, tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(spawner, tmp_path, "lb")
    yield fleet
    fleet.stop()


@pytest.fixture
def second() -> Iterator[socket.socket]:
    with listening() as made:
        yield made


def port(front: socket.socket) -> int:
    number: int = front.getsockname()[1]
    return number


def group(*servers: Server, key: str = "tg") -> TargetGroup:
    targets = tuple(server.target for server in servers)
    return TargetGroup(key, targets, health_check=CHECK, deregistration_delay=0.5)


def test_a_change_of_one_listener_leaves_the_others_connections_alone(
    fleet: Fleet, front: socket.socket, second: socket.socket, server: NewServer
) -> None:
    one = Listener("one", 80, Forward.to("tg"))
    spec = LoadBalancer((one, Listener("two", 81, FixedResponse(200))), (group(server()),))
    fleet.apply(spec, {"one": [front], "two": [second]})
    eventually(lambda: set(fleet.health().values()) == {HEALTHY})
    kept = http.client.HTTPConnection("127.0.0.1", port(front))
    kept.request("GET", "/")
    kept.getresponse().read()
    connected = kept.sock
    rule = Rule(1, (PathPattern(("/x",)),), FixedResponse(404))
    for default in (FixedResponse(201), Redirect(), Forward.to("tg")):
        changed = Listener("two", 81, default, rules=(rule,))
        fleet.apply(replace(spec, listeners=(one, changed)), {"one": [front], "two": [second]})
        assert get(port(second), "/x").status == 404
    fleet.apply(replace(spec, listeners=(one,)), {"one": [front]})
    kept.request("GET", "/")
    answer = kept.getresponse()
    answer.read()
    assert answer.status == 200
    assert answer.getheader("connection") is None
    assert kept.sock is connected
    kept.close()


def test_a_listener_that_goes_finishes_what_it_has_begun(
    fleet: Fleet, front: socket.socket, server: NewServer, spawner: LocalSpawner
) -> None:
    one = server()
    spec = LoadBalancer((Listener("one", 80, Forward.to("tg")),), (group(one),))
    fleet.apply(spec, {"one": [front]})
    eventually(lambda: set(fleet.health().values()) == {HEALTHY})
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(get(port(front), "/slow").status))
    slow.start()
    one.slow_began.wait(10)
    fleet.apply(replace(spec, listeners=()), {})
    assert not fleet.running
    one.release.set()
    slow.join(10)
    assert answers == [200]
    eventually(lambda: spawner.children[0].poll() is not None)


def test_a_new_listener_trusts_what_the_others_have_seen(
    fleet: Fleet, front: socket.socket, second: socket.socket, server: NewServer
) -> None:
    spec = LoadBalancer((Listener("one", 80, Forward.to("tg")),), (group(server()),))
    fleet.apply(spec, {"one": [front]})
    eventually(lambda: set(fleet.health().values()) == {HEALTHY})
    more = (*spec.listeners, Listener("two", 81, Forward.to("tg")))
    fleet.apply(replace(spec, listeners=more), {"one": [front], "two": [second]})
    assert set(fleet.health().values()) == {HEALTHY}
    assert get(port(second)).status == 200


def test_one_that_cannot_be_served_leaves_the_others_served(
    fleet: Fleet, front: socket.socket, second: socket.socket
) -> None:
    listeners = (Listener("bad", 80, Forward.to("gone")), Listener("good", 81, FixedResponse(200)))
    with pytest.raises(BalancerFailed, match="gone"):
        fleet.apply(LoadBalancer(listeners), {"bad": [front], "good": [second]})
    assert get(port(second)).status == 200
    assert not fleet.running


def test_a_target_is_healthy_once_every_process_sends_it_requests() -> None:
    assert combined([HEALTHY, CHECKING]) == CHECKING
    assert combined([CHECKING, FAILED, HEALTHY]) == FAILED
    assert combined([HEALTHY, HEALTHY]) == HEALTHY


def test_a_process_knows_only_what_its_listener_needs() -> None:
    groups = (TargetGroup("a"), TargetGroup("b"))
    plain = Listener("one", 80, Forward.to("a"), host_port=8080)
    leads_on = Listener("two", 81, Redirect(port="80"), host_port=8081)
    spec = LoadBalancer((plain, leads_on), groups)
    assert alone(spec, plain).target_groups == groups[:1]
    assert alone(spec, plain).host_ports == ()
    assert alone(spec, leads_on).target_groups == ()
    assert alone(spec, leads_on).host_ports == ((80, 8080), (81, 8081))
