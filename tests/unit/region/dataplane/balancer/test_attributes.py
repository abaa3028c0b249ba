"""Attributes of load balancers and listeners, rewrites, stickiness: what requests and responses look like."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Any

import pytest

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer.balancer import Balancer
from drydock.region.dataplane.balancer.spec import (
    Action,
    FixedResponse,
    Forward,
    ForwardedFor,
    HealthCheck,
    Listener,
    LoadBalancer,
    PathPattern,
    Rewrite,
    Rule,
    Stickiness,
    TargetGroup,
    WeightedGroup,
)
from tests.unit.region.dataplane.balancer.targets import Answer, Server, eventually, get

NewServer = Callable[[], Server]
CHECK = HealthCheck("/health", interval=0.2, timeout=1.0, healthy_threshold=2)


def port(front: socket.socket) -> int:
    number: int = front.getsockname()[1]
    return number


def group(*servers: Server, key: str = "tg", **more: Any) -> TargetGroup:
    targets = tuple(server.target for server in servers)
    return TargetGroup(key, targets, **{"health_check": None, **more})


def one_group(server: Server, listener_port: int = 80, **listener: Any) -> LoadBalancer:
    return LoadBalancer(
        (Listener("http", listener_port, Forward.to("tg"), **listener),), (group(server),)
    )


def cookies(answer: Answer) -> SimpleCookie:
    found = SimpleCookie()
    for value in answer.cookies:
        found.load(value)
    return found


@pytest.mark.parametrize(
    ("mode", "sent", "seen"),
    [
        ("append", None, "203.0.113.9"),
        ("append", "192.0.2.1", "192.0.2.1, 203.0.113.9"),
        ("preserve", None, None),
        ("preserve", "192.0.2.1", "192.0.2.1"),
        ("remove", "192.0.2.1", None),
    ],
)
def test_modes_of_x_forwarded_for(
    balancer: Balancer,
    front: socket.socket,
    server: NewServer,
    mode: ForwardedFor,
    sent: str | None,
    seen: str | None,
) -> None:
    spec = replace(one_group(server()), host_client="203.0.113.9", forwarded_for=mode)
    balancer.apply(spec, {"http": [front]})
    headers = {"X-Forwarded-For": sent} if sent else {}
    assert get(port(front), headers=headers).json["headers"].get("x-forwarded-for") == seen


def test_the_clients_port_stands_in_x_forwarded_for(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    balancer.apply(replace(one_group(server()), forwarded_port=True), {"http": [front]})
    connection = http.client.HTTPConnection("127.0.0.1", port(front))
    connection.request("GET", "/")
    answer = Answer(connection.getresponse())
    assert connection.sock is not None
    own = connection.sock.getsockname()[1]
    assert answer.json["headers"]["x-forwarded-for"] == f"127.0.0.1:{own}"
    connection.close()


def test_headers_with_strange_names_are_dropped_if_asked(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    spec = one_group(server())
    sent = {"X_Strange": "1", "X.More": "2", "X-Fine-1": "3"}
    balancer.apply(spec, {"http": [front]})
    assert {"x_strange", "x.more", "x-fine-1"} <= set(
        get(port(front), headers=sent).json["headers"]
    )
    balancer.apply(replace(spec, drop_invalid_headers=True), {"http": [front]})
    headers = get(port(front), headers=sent).json["headers"]
    assert "x-fine-1" in headers
    assert "x_strange" not in headers
    assert "x.more" not in headers


def test_the_host_header_gets_the_listeners_port_unless_it_is_preserved(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    spec = one_group(server(), 8080)

    def host(sent: str) -> str:
        found: str = get(port(front), headers={"Host": sent}).json["headers"]["host"]
        return found

    balancer.apply(spec, {"http": [front]})
    assert host("site.test") == "site.test:8080"
    assert host("site.test:9") == "site.test:9"
    balancer.apply(replace(spec, preserve_host=True), {"http": [front]})
    assert host("site.test") == "site.test"
    balancer.apply(one_group(server(), 80), {"http": [front]})
    assert host("site.test") == "site.test"


def test_response_headers_are_set_on_answers_of_all_kinds(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    policy = "default-src 'self'; img-src \"x\" 100%"
    headers = (
        ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
        ("Content-Security-Policy", policy),
    )
    rule = Rule(1, (PathPattern(("/fixed",)),), FixedResponse(200, body="x"))
    spec = one_group(server(), rules=(rule,), response_headers=headers, server_header=False)
    balancer.apply(spec, {"http": [front]})
    for path in ("/", "/fixed"):
        answer = get(port(front), path)
        assert answer.headers["strict-transport-security"] == headers[0][1]
        assert answer.headers["content-security-policy"] == policy
        assert "server" not in answer.headers


def test_an_old_connection_is_closed_with_its_next_answer(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    balancer.apply(replace(one_group(server()), client_keep_alive=1), {"http": [front]})
    connection = http.client.HTTPConnection("127.0.0.1", port(front))
    connection.request("GET", "/")
    assert "connection" not in Answer(connection.getresponse()).headers

    def closed() -> bool:
        connection.request("GET", "/")
        return Answer(connection.getresponse()).headers.get("connection") == "close"

    eventually(closed)
    connection.close()


def test_a_rule_rewrites_what_it_forwards(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    rewrites = (
        Rewrite("url", r"^/api/v1/([^?]*)\?x=(\d+)", "/v2/$1?id=$2,(100%)"),
        Rewrite("host", r"^(.*)\.example\.com$", "$1.internal"),
    )
    rules = (
        Rule(1, (PathPattern(("/stop",)),), FixedResponse(404)),
        Rule(2, (PathPattern(("/api/*",)),), Forward.to("tg"), rewrites),
    )
    balancer.apply(one_group(server(), rules=rules), {"http": [front]})
    sent = {"Host": "shop.example.com"}
    seen = get(port(front), "/api/v1/items?x=42&y=1", sent).json
    assert seen["path"] == "/v2/items?id=42,(100%)&y=1"
    assert seen["headers"]["host"] == "shop.internal"
    plain = get(port(front), "/other?x=42", sent).json
    assert (plain["path"], plain["headers"]["host"]) == ("/other?x=42", "shop.example.com")
    assert get(port(front), "/stop", sent).status == 404


def test_an_expression_that_haproxy_cannot_take_is_refused(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    rule = Rule(1, (PathPattern(("/x",)),), Forward.to("tg"), (Rewrite("url", "it's", ""),))
    with pytest.raises(BalancerFailed, match="it's"):
        balancer.apply(one_group(server(), rules=(rule,)), {"http": [front]})


def sticky(*servers: Server, **stickiness: Any) -> LoadBalancer:
    tg = group(*servers, stickiness=Stickiness(**{"seconds": 3600, **stickiness}))
    tg = replace(tg, health_check=CHECK, deregistration_delay=5)
    return LoadBalancer((Listener("http", 80, Forward.to("tg")),), (tg,), cookie_secret="s")


def all_healthy(balancer: Balancer) -> bool:
    return {health.state for health in balancer.health().values()} == {"healthy"}


def test_a_client_stays_with_its_target_while_that_is_there(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    one, two = server(), server()
    spec = sticky(one, two)
    balancer.apply(spec, {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    first = get(port(front))
    jar = cookies(first)
    assert jar["AWSALB"]["path"] == "/"
    assert jar["AWSALB"]["expires"]
    assert jar["AWSALBCORS"].value == jar["AWSALB"].value
    assert jar["AWSALBCORS"]["samesite"] == "None"
    sent = {"Cookie": f"AWSALB={jar['AWSALB'].value}"}
    mine = first.json["port"]
    again = [get(port(front), headers=sent) for _ in range(6)]
    assert {answer.json["port"] for answer in again} == {mine}
    assert all("AWSALB" in cookies(answer) for answer in again), "the time begins anew"
    assert len({get(port(front)).json["port"] for _ in range(6)}) == 2, "others are spread"
    # a new process, and a target that came later, keep to it
    three = server()
    changed = replace(spec, idle_timeout=50.0)
    balancer.apply(changed, {"http": [front]})
    more = replace(changed.target_groups[0], targets=(one.target, two.target, three.target))
    changed = replace(changed, target_groups=(more,))
    balancer.apply(changed, {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    assert {get(port(front), headers=sent).json["port"] for _ in range(6)} == {mine}
    threes = next(
        answer
        for answer in (get(port(front)) for _ in range(30))
        if answer.json["port"] == three.target.port
    )
    sent_three = {"Cookie": f"AWSALB={cookies(threes)['AWSALB'].value}"}
    assert {get(port(front), headers=sent_three).json["port"] for _ in range(6)} == {
        three.target.port
    }
    # its target is deregistered: the client goes elsewhere at once
    left = tuple(each for each in more.targets if each.port != mine)
    changed = replace(changed, target_groups=(replace(more, targets=left),))
    balancer.apply(changed, {"http": [front]})
    assert mine not in {get(port(front), headers=sent).json["port"] for _ in range(6)}


def test_a_client_stays_while_the_application_keeps_its_cookie(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    spec = sticky(server(), server(), application_cookie="SESSION")
    balancer.apply(spec, {"http": [front]})
    eventually(lambda: all_healthy(balancer))
    without = cookies(get(port(front)))
    assert without["AWSALBAPP-0"].value == "_remove_"
    first = get(port(front), "/set-cookie/SESSION")
    jar = cookies(first)
    ours = f"AWSALBAPP-0={jar['AWSALBAPP-0'].value}"
    both = {"Cookie": f"SESSION=1; {ours}"}
    mine = first.json["port"]
    assert {get(port(front), headers=both).json["port"] for _ in range(6)} == {mine}
    alone = {get(port(front), headers={"Cookie": ours}).json["port"] for _ in range(6)}
    assert len(alone) == 2


def test_a_client_stays_with_its_target_group(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    one, two = server(), server()
    weighted: Action = Forward((WeightedGroup("a", 1), WeightedGroup("b", 1)), sticky_seconds=600)
    rules = (Rule(5, (PathPattern(("/split/*",)),), weighted),)
    listener = Listener("http", 80, FixedResponse(200, body="default"), rules=rules)
    spec = LoadBalancer((listener,), (group(one, key="a"), group(two, key="b")))
    balancer.apply(spec, {"http": [front]})
    assert not cookies(get(port(front)))
    answers = [get(port(front), "/split/x") for _ in range(40)]
    assert {answer.json["port"] for answer in answers} == {one.target.port, two.target.port}
    for answer in answers[:10]:
        sent = {"Cookie": f"AWSALBTG={cookies(answer)['AWSALBTG'].value}"}
        again = {get(port(front), "/split/x", sent).json["port"] for _ in range(4)}
        assert again == {answer.json["port"]}
