from __future__ import annotations

import pytest

from drydock.region.dataplane.balancer.health import (
    CHECKING,
    FAILED,
    HEALTHY,
    REGISTERING,
    TIMED_OUT,
    UNCHECKED,
    Server,
    TargetHealth,
    Track,
    earns_first_traffic,
    observe,
    parse_servers,
)
from drydock.region.dataplane.balancer.spec import HealthCheck

CHECK = HealthCheck(interval=10, unhealthy_threshold=3, healthy_threshold=2)
MISMATCH = TargetHealth(
    "unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]"
)


def server(*, up: bool = False, check: str = "INI", code: str = "", passed: int = 0) -> Server:
    return Server(up, check, code, passed, 0)


@pytest.mark.parametrize(
    ("before", "seen", "after"),
    [
        (REGISTERING, None, REGISTERING),
        (REGISTERING, server(), CHECKING),
        (REGISTERING, server(up=True, check="L7OK"), HEALTHY),
        (CHECKING, server(check="L4CON"), CHECKING),
        (CHECKING, server(check="L7OK", passed=1), CHECKING),
        (HEALTHY, server(up=True, check="L7STS", code="502"), HEALTHY),
        (HEALTHY, server(check="L7STS", code="502"), MISMATCH),
        (HEALTHY, server(check="L4TOUT"), TIMED_OUT),
        (HEALTHY, server(check="L7TOUT"), TIMED_OUT),
        (HEALTHY, server(check="L4CON"), FAILED),
        (HEALTHY, server(check="L7RSP"), FAILED),
        (HEALTHY, server(check="L6RSP"), FAILED),
        # a server that rises again keeps its reason until it has risen
        (MISMATCH, server(check="L7OK", passed=1), MISMATCH),
        (MISMATCH, server(check="L4CON"), FAILED),
        (MISMATCH, server(up=True, check="L7OK"), HEALTHY),
        # a healthy target whose server is gone from HAProxy is not healthy by memory
        (HEALTHY, None, REGISTERING),
    ],
)
def test_state_follows_what_haproxy_saw(
    before: TargetHealth, seen: Server | None, after: TargetHealth
) -> None:
    assert observe(Track(before), seen, CHECK, now=5.0).health == after


def test_a_new_target_is_unhealthy_once_the_threshold_of_checks_failed() -> None:
    track = Track()
    seen = server(check="L7STS", code="502")
    for now in (100.0, 109.0, 119.9):
        track = observe(track, seen, CHECK, now)
        assert track.health == CHECKING
    assert observe(track, seen, CHECK, 120.0).health == MISMATCH


def test_a_passed_check_in_between_starts_the_count_again() -> None:
    track = observe(Track(), server(check="L4CON"), CHECK, 100.0)
    track = observe(track, server(check="L7OK", passed=1), CHECK, 110.0)
    track = observe(track, server(check="L4CON"), CHECK, 120.0)
    assert observe(track, server(check="L4CON"), CHECK, 130.0).health == CHECKING


def test_a_target_that_is_not_checked_is_unavailable() -> None:
    assert observe(Track(), server(up=True, check=""), None, 0.0).health == UNCHECKED


@pytest.mark.parametrize(
    ("health", "seen", "earned"),
    [
        (CHECKING, server(check="L7OK", passed=1), True),
        (CHECKING, server(check="L7OK", passed=0), False),
        (CHECKING, server(up=True, check="L7OK", passed=3), False),
        (FAILED, server(check="L7OK", passed=1), False),
        (CHECKING, None, False),
    ],
)
def test_only_a_new_target_gets_traffic_after_one_passed_check(
    health: TargetHealth, seen: Server | None, earned: bool
) -> None:
    assert earns_first_traffic(Track(health), seen) is earned


def test_the_table_of_haproxy_is_read_by_its_names() -> None:
    table = (
        "# pxname,svname,qcur,scur,status,check_status,check_code,check_health,\n"
        "tg:a,10.0.0.1:80,0,7,UP 1/3,* L7OK,200,2,\n"
        "tg:a,10.0.0.2:80,0,0,DOWN 1/2,L7STS,404,1,\n"
        "tg:b,10.0.0.1:80,0,0,no check,,,,\n"
        "tg:b,10.0.0.2:80,0,0,DRAIN,L7OK,200,4,\n"
    )
    assert parse_servers(table) == {
        ("tg:a", "10.0.0.1:80"): Server(True, "L7OK", "200", 2, 7),
        ("tg:a", "10.0.0.2:80"): Server(False, "L7STS", "404", 1, 0),
        ("tg:b", "10.0.0.1:80"): Server(True, "", "", 0, 0),
        ("tg:b", "10.0.0.2:80"): Server(False, "L7OK", "200", 4, 0),
    }
    assert parse_servers("") == {}


def test_checks_that_time_out_are_counted_by_their_timeout_if_it_is_longer() -> None:
    slow = HealthCheck(interval=1, timeout=5, unhealthy_threshold=3)
    track = observe(Track(), server(check="L7TOUT"), slow, 100.0)
    track = observe(track, server(check="L7TOUT"), slow, 109.0)
    assert track.health == CHECKING
    assert observe(track, server(check="L7TOUT"), slow, 110.0).health == TIMED_OUT


def test_a_program_that_does_not_listen_yet_is_judged_at_awss_pace() -> None:
    check = HealthCheck(interval=1, start_interval=10, unhealthy_threshold=3)
    refused, sick = server(check="L4CON"), server(check="L7STS", code="502")
    track = Track()
    for now in (100.0, 105.0, 119.9):
        track = observe(track, refused, check, now)
        assert track.health == CHECKING
    assert observe(track, refused, check, 120.0).health == FAILED
    # once it listens its checks count from then on, at the region's pace
    track = observe(track, sick, check, 119.95)
    assert observe(track, sick, check, 121.9).health == CHECKING
    assert observe(track, sick, check, 121.95).health == MISMATCH


def test_a_program_that_stops_listening_again_is_not_one_that_starts() -> None:
    """Refusals and wrong answers in turn are failures in a row, as AWS counts them."""
    check = HealthCheck(interval=1, start_interval=10, unhealthy_threshold=3)
    refused, sick = server(check="L4CON"), server(check="L7STS", code="502")
    track = observe(Track(), refused, check, 100.0)
    for now, seen in ((101.0, sick), (102.0, refused), (102.9, sick)):
        track = observe(track, seen, check, now)
        assert track.health == CHECKING
    assert observe(track, refused, check, 103.0).health == FAILED
