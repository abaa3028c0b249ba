"""What HAProxy counts, over processes that follow each other and targets that come and go."""

from __future__ import annotations

import http.client
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from drydock.region.dataplane.balancer.balancer import Balancer
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
from drydock.region.dataplane.balancer.traffic import Grown, Tally, Traffic
from tests.unit.region.dataplane.balancer.targets import Server, eventually, get

NewServer = Callable[[], Server]
RULES = (
    Rule(1, (PathPattern(("/fixed",)),), FixedResponse(404)),
    Rule(2, (PathPattern(("/moved",)),), Redirect(302, path="/x")),
    Rule(3, (PathPattern(("/empty",)),), Forward.to("none")),
)


def spec(*servers: Server, **more: Any) -> LoadBalancer:
    targets = tuple(server.target for server in servers)
    return LoadBalancer(
        (Listener("http", 80, Forward.to("tg"), rules=RULES),),
        (
            TargetGroup("tg", targets, **{"health_check": None, **more}),
            TargetGroup("none", health_check=None),
        ),
    )


def port(front: socket.socket) -> int:
    number: int = front.getsockname()[1]
    return number


def drained(balancer: Balancer) -> bool:
    return not balancer._retired.instances


def test_requests_of_all_kinds(balancer: Balancer, front: socket.socket, server: NewServer) -> None:
    balancer.apply(spec(server()), {"http": [front]})
    for path in ("/", "/a", "/own-503", "/fixed", "/moved", "/empty", "/crash"):
        get(port(front), path)
    with socket.create_connection(("127.0.0.1", port(front))):
        pass  # no request at all
    found = Traffic()

    def counted() -> bool:
        found.add(balancer.take_traffic())
        return sum(found.responses.values()) >= 7 and found.new_connections >= 8

    eventually(counted)
    assert +found.responses == {2: 2, 3: 1, 4: 1, 5: 3}
    assert found.own_errors == {502: 1, 503: 1}
    assert (found.fixed, found.redirects, found.tls_errors, found.rejected) == (1, 1, 0, 0)
    assert found.bytes > 1000
    group = found.groups["tg"]
    assert (group.requests, group.connection_errors) == (4, 0)
    assert group.responses == {2: 2, 5: 1}
    assert group.response_time >= 0
    assert found.groups.get("none", group) == group or not found.groups["none"].requests
    again = balancer.take_traffic()
    assert (again.new_connections, again.groups, +again.responses) == (0, {}, {})


def test_what_old_processes_still_do_is_counted(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    target = server()
    balancer.apply(spec(target), {"http": [front]})
    kept = http.client.HTTPConnection("127.0.0.1", port(front))
    kept.request("GET", "/")
    kept.getresponse().read()
    slow = http.client.HTTPConnection("127.0.0.1", port(front))
    slow.request("GET", "/slow")
    assert target.slow_began.wait(5)
    total = balancer.take_traffic()
    balancer.apply(replace(spec(target), idle_timeout=50.0), {"http": [front]})
    get(port(front))
    kept.request("GET", "/again")  # of the old process, which closes the connection with it
    kept.getresponse().read()
    target.release.set()
    slow.getresponse().read()
    kept.close()
    slow.close()
    eventually(lambda: drained(balancer) or balancer.idle)
    total.add(balancer.take_traffic())
    assert total.groups["tg"].requests == 4
    assert total.groups["tg"].responses == {2: 4}
    assert +total.responses == {2: 4}
    assert total.new_connections == 3


def test_a_target_that_goes_takes_no_count_with_it(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    one, two = server(), server()
    one.served = two.served = 0
    check = HealthCheck("/health", interval=0.2, timeout=1.0, healthy_threshold=2)
    both = spec(one, two, health_check=check, deregistration_delay=0.1)
    balancer.apply(both, {"http": [front]})
    eventually(lambda: {h.state for h in balancer.health().values()} == {"healthy"})
    for _ in range(10):
        assert get(port(front)).status == 200
    balancer.apply(spec(one, health_check=check, deregistration_delay=0.1), {"http": [front]})
    eventually(lambda: len(balancer.health()) == 1)
    for _ in range(5):
        get(port(front))
    found = balancer.take_traffic().groups["tg"]
    assert (found.requests, found.responses) == (15, Counter({2: 15}))


def test_a_request_that_finds_another_target_counts_once(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    dead, well = server(), server()
    balancer.apply(spec(dead, well), {"http": [front]})
    dead.die()
    for _ in range(6):
        assert get(port(front)).status == 200
    found = balancer.take_traffic().groups["tg"]
    assert (found.requests, found.responses) == (6, Counter({2: 6}))
    assert found.connection_errors > 0


@pytest.mark.parametrize(("second", "grown"), [(7, 2), (5, 0), (3, 3)])
def test_a_counter_that_begins_anew(second: int, grown: int) -> None:
    tally, first, then = Tally(), Grown(), Grown()
    tally.read("# pxname,svname,stot\ntg:a,1.2.3.4:80,5\n\n", first)
    tally.read(f"# pxname,svname,stot\ntg:a,1.2.3.4:80,{second}\n\n", then)
    key = ("tg:a", "server", "stot")
    assert (first.counters[key], then.counters[key]) == (5, grown)
