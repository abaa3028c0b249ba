"""What is spoken with targets: HTTP/2, gRPC, WebSocket."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator

import httpx
import pytest
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from drydock.region.dataplane.balancer.balancer import Balancer
from drydock.region.dataplane.balancer.spec import (
    Certificate,
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    PathPattern,
    Rule,
    Target,
    TargetGroup,
    Tls,
    Version,
)
from tests.support.tls import self_signed
from tests.unit.region.dataplane.balancer.http2 import Http2Target, NewTarget
from tests.unit.region.dataplane.balancer.targets import eventually, get

ONE = self_signed("one.test")
CHECK = HealthCheck("/check", interval=0.2, timeout=1.0)


@pytest.fixture
def http2() -> Iterator[NewTarget]:
    made: list[Http2Target] = []

    def make(code: int = 12) -> Http2Target:
        made.append(Http2Target(code))
        return made[-1]

    yield make
    for one in made:
        one.die()


def https(
    version: Version, target: Target, check: HealthCheck | None = CHECK, algorithm: str = ""
) -> LoadBalancer:
    group = TargetGroup("tg", (target,), health_check=check, version=version)
    listener = Listener(
        "https",
        443,
        Forward.to("tg"),
        protocol="HTTPS",
        tls=Tls((Certificate("one", ONE.pem),)),
    )
    return LoadBalancer((listener,), (group,))


def port(front: socket.socket) -> int:
    number: int = front.getsockname()[1]
    return number


def states(balancer: Balancer) -> list[str]:
    return [health.state for health in balancer.health().values()]


def client(**options: bool) -> httpx.Client:
    return httpx.Client(verify=False, **options)  # type: ignore[arg-type]  # noqa: S501


def test_a_target_is_spoken_to_in_http2(
    balancer: Balancer, front: socket.socket, http2: NewTarget
) -> None:
    one = http2()
    balancer.apply(https("HTTP2", one.target), {"https": [front]})
    eventually(lambda: states(balancer) == ["healthy"])
    with client(http2=True) as http:
        answer = http.get(f"https://127.0.0.1:{port(front)}/a?b=c")
        assert answer.json()[":path"] == "/a?b=c"
        assert answer.json()["x-forwarded-proto"] == "https"
    with client() as http:
        refused = http.get(f"https://127.0.0.1:{port(front)}/")
        assert (refused.http_version, refused.status_code) == ("HTTP/1.1", 464)


def test_a_call_of_grpc_passes_with_its_trailers(
    balancer: Balancer, front: socket.socket, http2: NewTarget
) -> None:
    balancer.apply(https("GRPC", http2().target, None), {"https": [front]})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    trailers = call(context, port(front), "/echo")
    assert trailers["grpc-status"] == "0"
    with client(http2=True) as http:
        assert http.get(f"https://127.0.0.1:{port(front)}/echo").status_code == 464


def call(context: ssl.SSLContext, number: int, path: str) -> dict[str, str]:
    """One call with an empty message → all headers of the answer, trailers included."""
    import h2.connection
    import h2.events

    found: dict[str, str] = {}
    with (
        socket.create_connection(("127.0.0.1", number), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="one.test") as wire,
    ):
        state = h2.connection.H2Connection()
        state.initiate_connection()
        head = [(":method", "POST"), (":scheme", "https"), (":authority", "one.test")]
        more = [(":path", path), ("content-type", "application/grpc"), ("te", "trailers")]
        state.send_headers(1, [*head, *more])
        state.send_data(1, b"\0\0\0\0\0", end_stream=True)
        wire.sendall(state.data_to_send())
        while data := wire.recv(65536):
            for event in state.receive_data(data):
                if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                    found |= {name.decode(): value.decode() for name, value in event.headers}
                if isinstance(event, h2.events.StreamEnded):
                    return found
            wire.sendall(state.data_to_send())
    raise AssertionError(f"the call did not end: {found}")


@pytest.mark.parametrize(
    ("matcher", "code", "path", "state"),
    [
        ("12", 12, "/check", "healthy"),
        ("12", 5, "/check", "unhealthy"),
        ("0-99", 7, "/check", "healthy"),
        ("0,3-5", 4, "/check", "healthy"),
        ("0", 14, "/check", "unhealthy"),
        ("0", 14, "/echo", "healthy"),
    ],
)
def test_a_grpc_target_is_judged_by_its_code(
    balancer: Balancer,
    front: socket.socket,
    http2: NewTarget,
    matcher: str,
    code: int,
    path: str,
    state: str,
) -> None:
    one = http2(code)
    check = HealthCheck(path, interval=0.1, timeout=1.0, matcher=matcher)
    balancer.apply(https("GRPC", one.target, check), {"https": [front]})
    eventually(lambda: states(balancer) == [state])
    assert path in one.calls


def test_a_websocket_stays_open_through_a_change_of_rules(
    balancer: Balancer, front: socket.socket
) -> None:
    def echo(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(f"echo {message!s}")

    with serve(echo, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        target = Target(*server.socket.getsockname())
        group = TargetGroup("tg", (target,), health_check=None)
        listener = Listener("http", 80, Forward.to("tg"))
        balancer.apply(LoadBalancer((listener,), (group,)), {"http": [front]})
        with connect(f"ws://127.0.0.1:{port(front)}/chat") as chat:
            chat.send("one")
            assert chat.recv(10) == "echo one"
            for number in range(3):
                rule = Rule(number + 1, (PathPattern(("/x",)),), FixedResponse(404))
                changed = Listener("http", 80, Forward.to("tg"), rules=(rule,))
                balancer.apply(LoadBalancer((changed,), (group,)), {"http": [front]})
            assert get(port(front), "/x").status == 404
            chat.send("two")
            assert chat.recv(10) == "echo two"
        server.shutdown()
