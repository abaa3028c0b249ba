"""The balancer with a real HAProxy, on the loopback."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer.balancer import Balancer
from drydock.region.dataplane.balancer.spec import (
    FixedResponse,
    Forward,
    HealthCheck,
    HostHeader,
    HttpHeader,
    Listener,
    LoadBalancer,
    PathPattern,
    QueryString,
    Redirect,
    RequestMethod,
    Rule,
    SourceIp,
    Target,
    TargetGroup,
    WeightedGroup,
)
from tests.support.spawner import LocalSpawner
from tests.unit.region.dataplane.balancer.targets import (
    Answer,
    Load,
    Server,
    eventually,
    get,
    listening,
)

CHECK = HealthCheck(
    "/health", interval=0.2, timeout=1.0, healthy_threshold=2, unhealthy_threshold=2
)
NewServer = Callable[[], Server]


def one_group(*servers: Server, delay: float = 0.5, check: HealthCheck = CHECK) -> LoadBalancer:
    targets = tuple(server.target for server in servers)
    group = TargetGroup("tg", targets, health_check=check, deregistration_delay=delay)
    return LoadBalancer((Listener("http", 80, Forward.to("tg")),), (group,))


def port(front: socket.socket) -> int:
    number: int = front.getsockname()[1]
    return number


def states(balancer: Balancer) -> list[str]:
    return [health.state for health in balancer.health().values()]


def all_healthy(balancer: Balancer) -> bool:
    return set(states(balancer)) == {"healthy"}


def test_traffic_is_spread_over_the_targets(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    one, two = server(), server()
    balancer.apply(one_group(one, two), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    answers = [get(port(front)).json["port"] for _ in range(10)]
    assert answers.count(one.target.port) == 5
    assert answers.count(two.target.port) == 5


def test_a_request_arrives_with_the_headers_that_aws_adds(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    one = server()
    spec = replace(one_group(one), host_client="203.0.113.9")
    balancer.apply(spec, {"http": [front]})
    eventually(lambda: all_healthy(balancer))

    answer = get(port(front))
    headers = answer.json["headers"]
    assert headers["x-forwarded-for"] == "203.0.113.9"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-port"] == "80"
    root, moment, rest = headers["x-amzn-trace-id"].split("-")
    assert root == "Root=1"
    assert abs(int(moment, 16) - time.time()) < 5
    assert len(rest) == 24
    assert int(rest, 16) >= 0
    assert rest == rest.lower()
    assert answer.headers["server"] == "target"
    assert "x-drydock-meant" not in answer.headers

    sent = {"X-Forwarded-For": "192.0.2.1", "X-Amzn-Trace-Id": "Root=1-2-3"}
    headers = get(port(front), headers=sent).json["headers"]
    assert headers["x-forwarded-for"] == "192.0.2.1, 203.0.113.9"
    own, theirs = headers["x-amzn-trace-id"].split(";")
    assert own.startswith("Self=1-")
    assert theirs == "Root=1-2-3"
    sent["X-Amzn-Trace-Id"] = headers["x-amzn-trace-id"]
    again = get(port(front), headers=sent).json["headers"]["x-amzn-trace-id"].split(";")
    assert again[1:] == ["Root=1-2-3"]
    assert again[0] not in (own, "")

    assert one.check_headers["user-agent"] == "ELB-HealthChecker/2.0"
    assert one.check_headers["host"] == one.target.name


def test_large_headers_pass(balancer: Balancer, server: NewServer, front: socket.socket) -> None:
    balancer.apply(one_group(server()), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    large = {"Cookie": "x" * 40_000, "X-Other": "y" * 20_000}
    headers = get(port(front), headers=large).json["headers"]
    assert (len(headers["cookie"]), len(headers["x-other"])) == (40_000, 20_000)


def test_a_new_target_is_initial_and_gets_nothing_until_a_check_passed(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    old, new = server(), server()
    balancer.apply(one_group(old), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    process = pid(balancer)

    new.health_status = 500
    slow = replace(CHECK, unhealthy_threshold=10)
    balancer.apply(one_group(old, check=slow), {"http": [front]})
    spec = one_group(old, new, check=slow)
    balancer.apply(spec, {"http": [front]})
    assert balancer.health()["tg", new.target].state == "initial"
    assert {get(port(front)).json["port"] for _ in range(20)} == {old.target.port}
    eventually(lambda: new.checks >= 2)
    health = balancer.health()["tg", new.target]
    assert (health.state, health.reason) == ("initial", "Elb.InitialHealthChecking")

    new.health_status = 200
    eventually(lambda: all_healthy(balancer))
    assert {get(port(front)).json["port"] for _ in range(20)} == {old.target.port, new.target.port}
    assert process != pid(balancer)


def test_one_passed_check_is_enough_for_a_new_target(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    old, new = server(), server()
    check = replace(CHECK, healthy_threshold=10)
    balancer.apply(one_group(old, check=check), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    assert old.checks < 10
    balancer.apply(one_group(old, new, check=check), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    assert new.checks < 10


@pytest.mark.parametrize(
    ("status", "reason", "description"),
    [
        (500, "Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]"),
        (None, "Target.FailedHealthChecks", "Health checks failed"),
    ],
)
def test_a_target_that_fails_its_checks_is_unhealthy_and_gets_nothing(
    balancer: Balancer,
    server: NewServer,
    front: socket.socket,
    status: int | None,
    reason: str,
    description: str,
) -> None:
    good, bad = server(), server()
    balancer.apply(one_group(good, bad), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    if status is None:
        bad.die()
    else:
        bad.health_status = status
    eventually(lambda: balancer.health()["tg", bad.target].state == "unhealthy")
    health = balancer.health()["tg", bad.target]
    assert (health.reason, health.description) == (reason, description)
    assert {get(port(front)).json["port"] for _ in range(10)} == {good.target.port}


def test_a_group_with_only_unhealthy_targets_fails_open(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    one, two = server(), server()
    balancer.apply(one_group(one, two), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    one.health_status = two.health_status = 404
    eventually(lambda: set(states(balancer)) == {"unhealthy"})
    eventually(lambda: get(port(front)).status == 200)

    def ports() -> set[int]:
        return {get(port(front)).json["port"] for _ in range(10)}

    assert ports() == {one.target.port, two.target.port}
    # a new process, too, before it has checked anything
    balancer.apply(replace(one_group(one, two), idle_timeout=61), {"http": [front]})
    assert ports() == {one.target.port, two.target.port}
    assert set(states(balancer)) == {"unhealthy"}
    # one that is new is not unhealthy: the group no longer fails open
    two.health_status = 200
    eventually(lambda: balancer.health()["tg", two.target].state == "healthy")
    assert ports() == {two.target.port}
    two.health_status = 404
    eventually(
        lambda: (
            ports() == {one.target.port, two.target.port}
            if set(states(balancer)) == {"unhealthy"}
            else None
        )
    )
    balancer.apply(replace(one_group(), idle_timeout=61), {"http": [front]})
    eventually(lambda: get(port(front)).status == 503)


def test_a_target_that_never_answers_its_check_becomes_unhealthy_by_timeout(
    balancer: Balancer, front: socket.socket
) -> None:
    check = replace(CHECK, timeout=0.1)
    with listening() as deaf:
        target = Target("127.0.0.1", port(deaf))
        group = TargetGroup("tg", (target,), health_check=check)
        spec = LoadBalancer((Listener("http", 80, Forward.to("tg")),), (group,))
        balancer.apply(spec, {"http": [front]})
        began = time.monotonic()
        eventually(lambda: states(balancer) == ["unhealthy"])
        health = balancer.health()["tg", target]
    # two failed checks, so not at once
    assert time.monotonic() - began >= 0.2
    assert (health.reason, health.description) == ("Target.Timeout", "Request timed out")


def test_a_target_that_dies_costs_no_more_than_what_it_had_in_flight(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    one, two = server(), server()
    balancer.apply(one_group(one, two), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    load = Load(port(front), clients=4)
    try:
        eventually(lambda: load.done > 200)
        two.die()
        eventually(lambda: balancer.health()["tg", two.target].state == "unhealthy")
        load.more(200)
    finally:
        load.stop()
    assert len(load.failures) <= 4
    assert all("502" in each or "RemoteDisconnected" in each for each in load.failures)


def test_changes_of_rules_and_targets_under_load_lose_no_request(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    one, two = server(), server()
    spec = one_group(one, two, delay=0.2)
    balancer.apply(spec, {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    load = Load(port(front), clients=6)
    pids = set()
    try:
        for number in range(12):
            rule = Rule(1 + number, (PathPattern(("/other",)),), FixedResponse(200))
            listener = replace(spec.listeners[0], rules=(rule,))
            changed = replace(spec, listeners=(listener,))
            balancer.apply(changed, {"http": [front]})
            assert all_healthy(balancer)
            pids.add(pid(balancer))
            kept = two if number % 2 else one
            fewer = replace(changed.target_groups[0], targets=(kept.target,))
            balancer.apply(replace(changed, target_groups=(fewer,)), {"http": [front]})
            load.more(50)
            balancer.apply(changed, {"http": [front]})
            eventually(lambda: all_healthy(balancer))
        eventually(lambda: load.done > 3000)
    finally:
        load.stop()
    assert load.failures == []
    assert len(pids) == 12
    assert set(load.ports) == {one.target.port, two.target.port}


def test_a_change_of_targets_alone_needs_no_new_process(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    one, two, three = server(), server(), server()
    balancer.apply(one_group(one), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    before = pid(balancer)
    balancer.apply(one_group(one, two, three), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    balancer.apply(one_group(two), {"http": [front]})
    assert {get(port(front)).json["port"] for _ in range(10)} == {two.target.port}
    assert pid(balancer) == before


def test_the_same_again_does_nothing(
    balancer: Balancer, server: NewServer, front: socket.socket, spawner: LocalSpawner
) -> None:
    spec = one_group(server())
    for _ in range(3):
        balancer.apply(spec, {"http": [front]})
    assert len(spawner.children) == 1


def test_a_slow_request_ends_well_while_its_target_drains(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    old, new = server(), server()
    balancer.apply(one_group(old, delay=20), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    slow = Background(port(front), "/slow")
    assert old.slow_began.wait(5)
    balancer.apply(one_group(new, delay=20), {"http": [front]})
    health = balancer.health()["tg", old.target]
    assert (health.state, health.reason) == ("draining", "Target.DeregistrationInProgress")
    eventually(lambda: balancer.health()["tg", new.target].state == "healthy")
    assert {get(port(front)).json["port"] for _ in range(5)} == {new.target.port}
    assert slow.running
    old.release.set()
    assert slow.answer().status == 200


def test_a_slow_request_survives_a_change_of_rules(
    balancer: Balancer, server: NewServer, front: socket.socket, spawner: LocalSpawner
) -> None:
    one = server()
    spec = one_group(one)
    balancer.apply(spec, {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    slow = Background(port(front), "/slow")
    assert one.slow_began.wait(5)
    rule = Rule(1, (PathPattern(("/x",)),), FixedResponse(204))
    listener = replace(spec.listeners[0], rules=(rule,))
    balancer.apply(replace(spec, listeners=(listener,)), {"http": [front]})
    assert get(port(front), "/x").status == 204
    first = spawner.children[0]
    assert first.poll() is None
    one.release.set()
    assert slow.answer().status == 200
    eventually(lambda: first.poll() is not None)
    assert first.returncode == 0


def test_what_is_in_flight_when_the_deregistration_delay_ends_is_cut(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    old, new = server(), server()
    balancer.apply(one_group(old, new, delay=0.5), {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    slow = [Background(port(front), "/slow") for _ in range(2)]
    assert old.slow_began.wait(5)
    began = time.monotonic()
    balancer.apply(one_group(new, delay=0.5), {"http": [front]})
    eventually(lambda: ("tg", old.target) not in balancer.health())
    new.release.set()
    statuses = sorted(each.answer().status for each in slow)
    assert statuses == [200, 502]
    assert 0.5 <= time.monotonic() - began < 5
    # the server is gone from HAProxy too, so it can be registered once more
    balancer.apply(one_group(old, new, delay=0.5), {"http": [front]})
    eventually(lambda: all_healthy(balancer))


def test_a_draining_target_that_is_registered_again_is_initial_first(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    one, two = server(), server()
    both, alone = one_group(one, two, delay=30), one_group(one, delay=30)
    balancer.apply(both, {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    balancer.apply(alone, {"http": [front]})
    assert balancer.health()["tg", two.target].state == "draining"
    balancer.apply(both, {"http": [front]})
    assert balancer.health()["tg", two.target].state == "initial"
    eventually(lambda: all_healthy(balancer))
    assert {get(port(front)).json["port"] for _ in range(4)} == {one.target.port, two.target.port}


def test_a_haproxy_that_was_killed_is_noticed_and_apply_restores_it(
    haproxy: str, spawner: LocalSpawner, tmp_path: Path, server: NewServer, front: socket.socket
) -> None:
    noticed = threading.Event()
    balancer = Balancer(spawner, tmp_path, "lb", on_change=noticed.set)
    try:
        spec = one_group(server())
        balancer.apply(spec, {"http": [front]})
        eventually(lambda: all_healthy(balancer))
        eventually(noticed.is_set)
        noticed.clear()
        os.kill(spawner.children[0].pid, signal.SIGKILL)
        assert noticed.wait(5)
        eventually(lambda: not balancer.running)
        balancer.apply(spec, {"http": [front]})
        eventually(lambda: balancer.running)
        # it was healthy when HAProxy died: it serves at once
        assert get(port(front)).status == 200
    finally:
        balancer.stop()


def test_the_targets_of_a_haproxy_that_is_stopped_are_unavailable_until_another_serves(
    haproxy: str, spawner: LocalSpawner, tmp_path: Path, server: NewServer, front: socket.socket
) -> None:
    news = threading.Event()
    balancer = Balancer(spawner, tmp_path, "lb", on_change=news.set)
    spec, sockets = one_group(server()), {"http": [front]}
    balancer.apply(spec, sockets)
    eventually(lambda: all_healthy(balancer))
    stopped = pid(balancer)
    news.clear()
    os.kill(stopped, signal.SIGSTOP)
    try:
        assert news.wait(10)
        (health,) = balancer.health().values()
        assert (health.state, health.reason) == ("unavailable", "Elb.InternalError")
        with pytest.raises(BalancerFailed, match=rf"process {stopped} is stopped \(state T\)"):
            balancer.apply(spec, sockets)
        eventually(lambda: not balancer.running, 10)  # it is ended
        balancer.apply(spec, sockets)
        eventually(lambda: all_healthy(balancer))
        assert get(port(front)).status == 200
    finally:
        balancer.stop()


def test_apply_restores_a_haproxy_whose_death_nobody_noticed_yet(
    balancer: Balancer, server: NewServer, front: socket.socket, spawner: LocalSpawner
) -> None:
    spec = one_group(server())
    balancer.apply(spec, {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    with balancer._lock:
        os.kill(spawner.children[0].pid, signal.SIGKILL)
        eventually(lambda: not balancer.running)
        balancer.apply(spec, {"http": [front]})
    assert get(port(front)).status == 200


def test_a_configuration_that_haproxy_refuses_leaves_the_old_one_at_work(
    balancer: Balancer, server: NewServer, front: socket.socket, tmp_path: Path
) -> None:
    spec = one_group(server())
    balancer.apply(spec, {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    before = pid(balancer)
    check = replace(CHECK, matcher="never")
    group = replace(spec.target_groups[0], health_check=check)
    with pytest.raises(BalancerFailed, match="http-check expect"):
        balancer.apply(replace(spec, target_groups=(group,)), {"http": [front]})
    assert pid(balancer) == before
    assert get(port(front)).status == 200
    # no file of the failed one is left
    assert {path.stem for path in tmp_path.iterdir()} == {"haproxy-1"}
    balancer.apply(spec, {"http": [front]})
    assert pid(balancer) == before


def test_a_rule_to_a_group_that_is_not_there_is_refused(
    balancer: Balancer, front: socket.socket
) -> None:
    spec = LoadBalancer((Listener("http", 80, Forward.to("nowhere")),))
    with pytest.raises(BalancerFailed, match="nowhere"):
        balancer.apply(spec, {"http": [front]})


def test_answers_of_its_own_are_those_of_aws(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    one = server()
    rules = (Rule(1, (PathPattern(("/empty",)),), Forward.to("empty")),)
    listener = Listener("http", 80, Forward.to("tg"), rules)
    spec = LoadBalancer(
        (listener,),
        (TargetGroup("tg", (one.target,), health_check=None), TargetGroup("empty", ())),
        idle_timeout=0.5,
    )
    balancer.apply(spec, {"http": [front]})

    def answer(path: str) -> tuple[int, str, bytes]:
        got = get(port(front), path)
        return got.status, got.headers["server"], got.body

    def page(title: str) -> bytes:
        return f"<center><h1>{title}</h1></center>".encode()

    status, maker, body = answer("/empty")
    assert (status, maker) == (503, "awselb/2.0")
    assert page("503 Service Temporarily Unavailable") in body
    status, maker, body = answer("/crash")
    assert (status, maker) == (502, "awselb/2.0")
    assert page("502 Bad Gateway") in body
    status, maker, body = answer("/slow")
    assert (status, maker) == (504, "awselb/2.0")
    assert page("504 Gateway Time-out") in body
    assert answer("/own-503") == (503, "target", b"mine")
    assert states(balancer) == ["unavailable"]
    one.die()
    status, maker, body = answer("/")
    assert (status, maker) == (502, "awselb/2.0")
    assert page("502 Bad Gateway") in body
    assert "x-drydock-meant" not in get(port(front)).headers


def test_rules_decide_by_priority(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    one, two = server(), server()
    text = 'say "$HOME" 100% #{host}\nü'
    rules = (
        Rule(30, (PathPattern(("/a*",)),), FixedResponse(418, "text/plain", "later")),
        Rule(2, (PathPattern(("/api/?",)),), FixedResponse(200, "text/plain", text)),
        Rule(3, (HostHeader(("*.example.test",)),), FixedResponse(201)),
        Rule(4, (HttpHeader("X-Kind", ("b*",)),), FixedResponse(202)),
        Rule(5, (QueryString((("v", "1*"),)),), FixedResponse(203)),
        Rule(6, (SourceIp(("10.0.0.0/8",)),), FixedResponse(500)),
        Rule(7, (RequestMethod(("POST",)),), FixedResponse(500)),
        Rule(
            8,
            (
                PathPattern(("/both",)),
                SourceIp(("127.0.0.0/8", "::1/128")),
                RequestMethod(("GET",)),
            ),
            FixedResponse(206),
        ),
        Rule(
            9,
            (PathPattern(("/split",)),),
            Forward((WeightedGroup("one", 3), WeightedGroup("two", 1), WeightedGroup("x", 0))),
        ),
    )
    listener = Listener("http", 80, FixedResponse(404, "text/plain", "default"), rules)
    groups = (
        TargetGroup("one", (one.target,), health_check=None),
        TargetGroup("two", (two.target,), health_check=None),
    )
    balancer.apply(LoadBalancer((listener,), groups), {"http": [front]})

    def status(path: str, **headers: str) -> int:
        return get(port(front), path, headers).status

    answer = get(port(front), "/api/x")
    assert (answer.status, answer.body.decode()) == (200, text)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert status("/api/xx") == 418
    assert status("/API/x") == 404
    assert status("/", Host="WWW.example.test:8080") == 201
    assert status("/", Host="example.test") == 404
    assert status("/", **{"X-Kind": "Blue"}) == 202
    assert status("/?u=2&V=1x") == 203
    assert status("/?u=2&v=2") == 404
    assert status("/both") == 206
    split = [get(port(front), "/split").json["port"] for _ in range(200)]
    assert 110 <= split.count(one.target.port) <= 185


@pytest.mark.parametrize(
    ("redirect", "location"),
    [
        (Redirect(301, "HTTPS", port="443"), "https://site.test:443/a/b?q=1&r=%20"),
        (
            Redirect(302, host="new.#{host}", path="/x/#{path}", query=""),
            "http://new.site.test:80/x/a/b",
        ),
        (
            Redirect(302, path="/100%/#{path}", query="was=#{port}&#{query}"),
            "http://site.test:80/100%/a/b?was=80&q=1&r=%20",
        ),
    ],
)
def test_a_redirect_fills_its_placeholders(
    balancer: Balancer, front: socket.socket, redirect: Redirect, location: str
) -> None:
    spec = LoadBalancer((Listener("http", 80, redirect),))
    balancer.apply(spec, {"http": [front]})
    answer = get(port(front), "/a/b?q=1&r=%20", {"Host": "site.test:8080"})
    assert (answer.status, answer.headers["location"]) == (redirect.status, location)
    assert answer.headers["server"] == "awselb/2.0"


def test_a_redirect_leads_a_client_of_the_host_to_the_hosts_port(
    balancer: Balancer, front: socket.socket
) -> None:
    http_listener = Listener("http", 80, Redirect(301, "HTTPS", port="443"), host_port=port(front))
    https_listener = Listener("https", 443, FixedResponse(200), host_port=8443)
    spec = LoadBalancer(
        (http_listener, https_listener), host_ports=((80, port(front)), (443, 8443))
    )
    balancer.apply(spec, {"http": [front]})
    answer = get(port(front), "/a")
    assert answer.headers["location"] == "https://127.0.0.1:8443/a"


def test_a_listener_without_sockets_is_not_served_but_its_targets_are_checked(
    balancer: Balancer, server: NewServer
) -> None:
    balancer.apply(one_group(server()), {})
    eventually(lambda: all_healthy(balancer))


def test_without_listeners_nothing_runs(
    balancer: Balancer, server: NewServer, front: socket.socket, spawner: LocalSpawner
) -> None:
    spec = one_group(server())
    balancer.apply(spec, {"http": [front]})
    balancer.apply(replace(spec, listeners=()), {})
    assert not balancer.running
    eventually(lambda: spawner.children[0].poll() is not None)
    balancer.apply(spec, {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    assert get(port(front)).status == 200


def test_a_listener_that_loses_its_sockets_refuses_and_the_others_serve(
    balancer: Balancer, server: NewServer, front: socket.socket
) -> None:
    spec = one_group(server())
    spec = replace(spec, listeners=(*spec.listeners, Listener("more", 81, Forward.to("tg"))))
    with listening() as second:
        balancer.apply(spec, {"http": [front], "more": [second]})
        eventually(lambda: all_healthy(balancer))
        assert get(port(second)).status == 200
        second.shutdown(socket.SHUT_RDWR)
        balancer.apply(spec, {"http": [front]})
        with pytest.raises(ConnectionRefusedError):
            get(port(second))
    assert get(port(front)).status == 200


def test_stop_leaves_no_process_and_no_file(
    haproxy: str, spawner: LocalSpawner, tmp_path: Path, server: NewServer, front: socket.socket
) -> None:
    balancer = Balancer(spawner, tmp_path, "lb")
    balancer.apply(one_group(server()), {"http": [front]})
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.iterdir()}
    assert modes == {(False, 0o600), (True, 0o700)}
    balancer.stop()
    assert [child.poll() is None for child in spawner.children] == [False]
    assert list(tmp_path.iterdir()) == []
    assert not any(thread.name == "balancer-lb" for thread in threading.enumerate())


def test_files_of_a_killed_region_are_swept(spawner: LocalSpawner, tmp_path: Path) -> None:
    (tmp_path / "haproxy-7.cfg").write_text("old")
    Balancer(spawner, tmp_path, "lb")
    assert list(tmp_path.iterdir()) == []


class Background:
    """One request on a thread of its own."""

    def __init__(self, number: int, path: str) -> None:
        self._answers: list[Answer] = []
        self._thread = threading.Thread(target=self._run, args=(number, path), daemon=True)
        self._thread.start()

    def _run(self, number: int, path: str) -> None:
        self._answers.append(get(number, path))

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def answer(self) -> Answer:
        self._thread.join(20)
        return self._answers[0]


def pid(balancer: Balancer) -> int:
    """The process that serves now; no caller needs it, only the test."""
    instance = balancer._instance
    assert instance is not None
    return instance.process.host_pid
