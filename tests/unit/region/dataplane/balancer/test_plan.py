from __future__ import annotations

from dataclasses import replace

import pytest

from drydock.region.dataplane.balancer.plan import (
    AddServer,
    DeleteServer,
    DrainServer,
    ReadmitServer,
    Restart,
    Step,
    TargetId,
    plan,
)
from drydock.region.dataplane.balancer.spec import (
    FixedResponse,
    Forward,
    Listener,
    LoadBalancer,
    PathPattern,
    Rule,
    Target,
    TargetGroup,
)

ONE, TWO = Target("10.0.0.1", 80), Target("10.0.0.2", 80)
NOW = 1000.0


def spec(*targets: Target, delay: float = 30.0) -> LoadBalancer:
    group = TargetGroup("tg", targets, deregistration_delay=delay)
    return LoadBalancer((Listener("l", 80, Forward.to("tg")),), (group,))


def with_rule(wanted: LoadBalancer) -> LoadBalancer:
    rule = Rule(1, (PathPattern(("/",)),), FixedResponse(200))
    return replace(wanted, listeners=(replace(wanted.listeners[0], rules=(rule,)),))


def group(*targets: Target) -> TargetGroup:
    return spec(*targets).target_groups[0]


@pytest.mark.parametrize(
    ("wanted", "running", "draining", "steps"),
    [
        pytest.param(spec(ONE), None, {}, [Restart()], id="nothing runs"),
        pytest.param(spec(ONE), spec(ONE), {}, [], id="the same"),
        pytest.param(with_rule(spec(ONE)), spec(ONE), {}, [Restart()], id="another rule"),
        pytest.param(
            spec(ONE, TWO), spec(ONE), {}, [AddServer(group(ONE, TWO), TWO)], id="one more"
        ),
        pytest.param(spec(ONE), spec(ONE, TWO), {}, [DrainServer("tg", TWO, 30.0)], id="one fewer"),
        pytest.param(
            spec(ONE, delay=9), spec(ONE, delay=30), {}, [], id="another delay needs no process"
        ),
        pytest.param(
            with_rule(spec(TWO)),
            spec(ONE),
            {},
            [Restart(), DrainServer("tg", ONE, 30.0)],
            id="another rule and other targets",
        ),
        pytest.param(spec(ONE), spec(ONE), {("tg", TWO): NOW + 1}, [], id="drains still"),
        pytest.param(
            spec(ONE), spec(ONE), {("tg", TWO): NOW}, [DeleteServer("tg", TWO)], id="drained"
        ),
        pytest.param(
            spec(ONE, TWO),
            spec(ONE),
            {("tg", TWO): NOW + 1},
            [ReadmitServer(group(ONE, TWO), TWO)],
            id="back while it drains",
        ),
        pytest.param(
            spec(ONE, TWO),
            spec(ONE),
            {("tg", TWO): NOW - 1},
            [ReadmitServer(group(ONE, TWO), TWO)],
            id="back as its time is over",
        ),
        pytest.param(
            replace(spec(), target_groups=()),
            spec(ONE),
            {("tg", TWO): NOW + 9},
            [Restart(), DeleteServer("tg", TWO)],
            id="the whole group is gone",
        ),
    ],
)
def test_steps(
    wanted: LoadBalancer,
    running: LoadBalancer | None,
    draining: dict[TargetId, float],
    steps: list[Step],
) -> None:
    registered = running.target_groups[0].targets if running else ()
    present = {("tg", target) for target in registered} | draining.keys()
    made = plan(wanted, running, same_sockets=True, present=present, draining=draining, now=NOW)
    assert made == steps


def test_other_sockets_need_a_new_process() -> None:
    made = plan(spec(), spec(), same_sockets=False, present=(), draining={}, now=NOW)
    assert made == [Restart()]


def test_a_server_that_a_failed_change_left_behind_goes_away() -> None:
    made = plan(
        spec(ONE),
        spec(ONE),
        same_sockets=True,
        present={("tg", ONE), ("tg", TWO)},
        draining={},
        now=NOW,
    )
    assert made == [DrainServer("tg", TWO, 30.0)]


def test_a_server_that_is_missing_is_added() -> None:
    made = plan(spec(ONE), spec(ONE), same_sockets=True, present=(), draining={}, now=NOW)
    assert made == [AddServer(group(ONE), ONE)]


def test_a_drained_target_that_a_new_process_never_knew_is_added_when_it_is_back() -> None:
    made = plan(
        spec(ONE),
        spec(),
        same_sockets=True,
        present=(),
        draining={("tg", ONE): NOW + 1},
        now=NOW,
    )
    assert made == [AddServer(group(ONE), ONE)]
