"""A proxy beside a task: its configuration, and what it is told when servers come and go."""

from __future__ import annotations

from ipaddress import IPv4Address

from drydock.region.dataplane.balancer.mesh.config import backend_name, listening, render
from drydock.region.dataplane.balancer.mesh.plan import Step, plan
from drydock.region.dataplane.balancer.mesh.spec import IngressPort, Mesh, Route, places, reachable

STORE = Route("store", "store", 80, "http", 300.0, 15.0)
RPC = Route("rpc", "rpc.calls", 9000, "grpc", 300.0, 0.0)
ONE, TWO = (IPv4Address("10.0.0.5"), 3000), (IPv4Address("10.0.0.6"), 3000)
BACKEND = backend_name("store")


def section(text: str, head: str) -> list[str]:
    """The lines below a section's head."""
    found = next(one for one in text.split("\n\n") if one.startswith(head))
    return [line.strip() for line in found.splitlines()[1:]]


def test_a_name_has_one_address_for_all_of_its_ports() -> None:
    other = Route("admin", "store", 8080, "tcp", 60.0, 0.0)
    assert places([STORE, other, RPC]) == {
        "store": IPv4Address("127.255.0.1"),
        "rpc.calls": IPv4Address("127.255.0.2"),
    }


def test_of_two_with_the_same_name_and_port_the_first_is_reachable() -> None:
    late = Route("late", "store", 80, "tcp", 1.0, 1.0)
    assert reachable([STORE, late, RPC]) == [STORE, RPC]


def test_time_outs_are_the_endpoints() -> None:
    text = render(Mesh([STORE, RPC]), 3, {"store": 4, "rpc": 5})
    assert "timeout client 300000ms" in section(text, f"frontend from-{BACKEND}")
    assert "bind fd@4" in section(text, f"frontend from-{BACKEND}")
    assert "timeout server 15000ms" in section(text, f"backend {BACKEND}")
    # no limit
    assert "timeout server 2073600000ms" in section(text, f"backend {backend_name('rpc')}")


def test_tcp_is_passed_on_as_it_is() -> None:
    route = Route("db", "db", 5432, "tcp", 3600.0, 0.0)
    backend = section(render(Mesh([route]), 3, {"db": 4}), f"backend {backend_name('db')}")
    assert backend[0] == "mode tcp"
    assert "timeout server 3600000ms" in backend


def test_a_door_leads_to_its_own_tasks_port() -> None:
    mesh = Mesh([STORE], [IngressPort(4000, 3000, "http2", 300.0)])
    assert listening(mesh) == ["store", "port 4000"]
    text = render(mesh, 3, {"store": 4, "port 4000": 5})
    name = backend_name("port 4000")
    assert section(text, f"backend {name}")[-1] == "server own 127.0.0.1:3000 proto h2"
    assert "bind fd@5" in section(text, f"frontend from-{name}")


def test_errors_are_logged_only_where_asked_for() -> None:
    assert "log fd@5 " in render(Mesh([STORE]), 3, {"store": 4}, log_fd=5)
    assert "log fd" not in render(Mesh([STORE]), 3, {"store": 4})


def test_new_servers_come_before_old_ones_go() -> None:
    seen = {(BACKEND, "10.0.0.5:3000"): (True, 2)}
    assert plan(Mesh([STORE]), {"store": {TWO}}, seen) == [
        Step("add", BACKEND, "10.0.0.6:3000", "http"),
        Step("spare", BACKEND, "10.0.0.5:3000"),
    ]


def test_a_server_that_left_is_forgotten_once_its_last_call_has_ended() -> None:
    place = (BACKEND, "10.0.0.5:3000")
    assert plan(Mesh([STORE]), {}, {place: (False, 1)}) == []
    assert plan(Mesh([STORE]), {}, {place: (False, 0)}) == [Step("forget", *place)]


def test_one_that_comes_back_takes_calls_again() -> None:
    place = (BACKEND, "10.0.0.5:3000")
    assert plan(Mesh([STORE]), {"store": [ONE]}, {place: (False, 1)}) == [Step("ready", *place)]
    assert plan(Mesh([STORE]), {"store": [ONE]}, {place: (True, 1)}) == []
