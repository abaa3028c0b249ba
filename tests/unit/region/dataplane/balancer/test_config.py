"""What the configuration says; that it does what it says is in test_balancer."""

from __future__ import annotations

import re

import pytest

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer.conditions import acls
from drydock.region.dataplane.balancer.config import Placement, render
from drydock.region.dataplane.balancer.groups import state_file
from drydock.region.dataplane.balancer.spec import (
    Condition,
    FixedResponse,
    Forward,
    HealthCheck,
    HostHeader,
    HttpHeader,
    Listener,
    LoadBalancer,
    PathPattern,
    QueryString,
    RequestMethod,
    Rule,
    SourceIp,
    Target,
    TargetGroup,
    WeightedGroup,
)
from drydock.region.dataplane.balancer.words import milliseconds, proxy_name, quoted

ONE = Target("10.0.0.1", 3000)


def rendered(*listeners: Listener, groups: tuple[TargetGroup, ...] = ()) -> str:
    fds = {listener.key: [4 + number] for number, listener in enumerate(listeners)}
    return render(LoadBalancer(listeners, groups), Placement(3, fds, "/f/state"))


def section(text: str, head: str) -> list[str]:
    found = re.search(rf"^{re.escape(head)}[^\n]*\n((?: +[^\n]*\n)*)", text, re.MULTILINE)
    assert found, f"no {head} in {text}"
    return [line.strip() for line in found.group(1).splitlines()]


def choices(text: str, listener: str) -> list[str]:
    lines = section(text, f"frontend listener:{listener} ")
    return [line for line in lines if line.startswith(("use_backend", "default_backend"))]


def test_a_listener_is_bound_to_the_descriptors_it_was_given() -> None:
    listener = Listener("l", 80, FixedResponse(200))
    text = render(
        LoadBalancer((listener, Listener("without", 81, FixedResponse(200)))),
        Placement(3, {"l": [5, 7]}, "/f/state"),
    )
    binds = [line for line in section(text, "frontend listener:l ") if line.startswith("bind")]
    assert binds == ["bind fd@5", "bind fd@7"]
    assert "without" not in text
    assert "stats socket fd@3 level admin" in section(text, "global")


def test_a_default_action_costs_a_request_no_condition() -> None:
    group = TargetGroup("tg", (ONE,))
    assert choices(rendered(Listener("l", 80, Forward.to("tg")), groups=(group,)), "l") == [
        "default_backend tg:tg"
    ]


def test_weights_are_drawn_one_after_the_other_among_what_is_left() -> None:
    forward = Forward(
        (WeightedGroup("a", 2), WeightedGroup("none", 0), WeightedGroup("b", 3), WeightedGroup("c"))
    )
    rules = (Rule(7, (PathPattern(("/x",)),), forward),)
    groups = tuple(TargetGroup(key) for key in "abc")
    text = rendered(Listener("l", 80, FixedResponse(404), rules), groups=groups)
    assert choices(text, "l") == [
        'use_backend tg:a if { path -m str -- "/x" } { rand(6) lt 2 }',
        'use_backend tg:b if { path -m str -- "/x" } { rand(4) lt 3 }',
        'use_backend tg:c if { path -m str -- "/x" }',
        "default_backend answer:l:default",
    ]


def test_a_forward_without_weight_answers_503() -> None:
    listener = Listener("l", 80, Forward((WeightedGroup("a", 0),)))
    assert choices(rendered(listener), "l") == ["default_backend unavailable"]


def test_a_forward_to_an_unknown_group_is_refused() -> None:
    with pytest.raises(BalancerFailed, match="target group gone"):
        rendered(Listener("l", 80, Forward.to("gone")))


def test_rules_stand_in_the_order_of_their_priority() -> None:
    rules = tuple(
        Rule(number, (PathPattern((f"/{number}",)),), FixedResponse(200)) for number in (30, 1, 200)
    )
    used = choices(rendered(Listener("l", 80, FixedResponse(404), rules)), "l")
    assert [line.split()[1] for line in used] == [
        "answer:l:1",
        "answer:l:30",
        "answer:l:200",
        "answer:l:default",
    ]


@pytest.mark.parametrize(
    ("condition", "acl"),
    [
        (HostHeader(("a.b", "c")), '{ req.hdr(host),host_only -m str -i -- "a.b" "c" }'),
        (
            HostHeader(("*.b",)),
            '{ req.hdr(host),host_only -m reg -i -- "^.*\\x5c.b\\x24" }',
        ),
        (PathPattern(("/a?",)), '{ path -m reg -- "^/a.\\x24" }'),
        (HttpHeader("X-A", ("v",)), '{ "req.fhdr(X-A)" -m str -i -- "v" }'),
        (RequestMethod(("GET", "HEAD")), '{ method -- "GET" "HEAD" }'),
        (
            QueryString((("k", "v*"), ("", "w"))),
            '{ query -m reg -i -- "(^|&)k=v[^&]*(&|\\x24)" "(^|&)[^&=]*=w(&|\\x24)" }',
        ),
        (SourceIp(("10.0.0.0/8",)), '{ src -- "10.0.0.0/8" }'),
    ],
)
def test_conditions(condition: Condition, acl: str) -> None:
    assert acls(Rule(1, (condition,), FixedResponse(200))) == acl


def test_a_group_is_checked_as_asked() -> None:
    check = HealthCheck(
        "/up?x=1",
        port=99,
        interval=1.5,
        timeout=0.5,
        healthy_threshold=3,
        unhealthy_threshold=4,
        matcher="200-299,301",
    )
    group = TargetGroup(
        "tg", (ONE,), health_check=check, algorithm="least_outstanding_requests", slow_start=3
    )
    lines = section(rendered(groups=(group,)), "backend tg:tg ")
    assert "balance leastconn" in lines
    assert "http-check expect status 200-299,301" in lines
    assert "timeout check 500ms" in lines
    (send,) = [line for line in lines if line.startswith("http-check send")]
    assert 'uri "/up?x=1"' in send
    assert "hdr Host %[srv_name,field(1,:)]:99" in send
    assert lines[-1] == (
        "server 10.0.0.1:3000 10.0.0.1:3000 check inter 1500ms rise 3 fall 4 port 99 slowstart 3000ms"
    )


@pytest.mark.parametrize(
    ("traffic", "check", "options"),
    [
        ("HTTP", "HTTP", ""),
        ("HTTPS", "HTTPS", "ssl verify none"),
        ("HTTPS", "HTTP", "ssl verify none no-check-ssl"),
        ("HTTP", "HTTPS", "check-ssl verify none"),
    ],
)
def test_protocols_of_traffic_and_check_may_differ(traffic: str, check: str, options: str) -> None:
    group = TargetGroup("tg", (ONE,), traffic, HealthCheck(protocol=check))  # type: ignore[arg-type]
    line = section(rendered(groups=(group,)), "backend tg:tg ")[-1]
    words = set(line.split()) - {"server", ONE.name, "check", "inter", "30000ms"}
    assert words - {"rise", "5", "fall", "2"} == set(options.split())


def test_state_file_has_a_line_per_server_of_as_many_columns_as_its_head() -> None:
    group = TargetGroup("tg", (ONE, Target("10.0.0.2", 3000)))
    up, down = group.targets
    version, head, *lines = state_file([(group, up)], [(group, down)]).splitlines()
    assert version == "1"
    assert {len(line.split()) for line in lines} == {len(head.removeprefix("# ").split())}
    assert [(line.split()[3], line.split()[5]) for line in lines] == [
        ("10.0.0.1:3000", "2"),
        ("10.0.0.2:3000", "0"),
    ]


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("plain text", '"plain text"'),
        ('a"b', '"a\\x22b"'),
        ("$HOME \\ #", '"\\x24HOME \\x5c \\x23"'),
        ("two\nlines", '"two\\x0alines"'),
        ("ü", '"\\xc3\\xbc"'),
    ],
)
def test_no_text_ends_its_argument_early(text: str, argument: str) -> None:
    assert quoted(text) == argument


def test_no_two_keys_get_the_same_name() -> None:
    keys = ["a/b", "a_b", "a_2f_b", "a b", "a-b", "a/b/", "ü"]
    assert len({proxy_name("tg", key) for key in keys}) == len(keys)
    assert all(re.fullmatch(r"[\w.:-]+", proxy_name("tg", key), re.ASCII) for key in keys)


def test_a_time_is_never_nothing() -> None:
    assert [milliseconds(each) for each in (1.5, 0.0004, 0)] == ["1500ms", "1ms", "1ms"]
