"""HTTPS listeners with a real HAProxy: certificates by name, versions, ciphers, protocols, changes."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from drydock.errors import BalancerFailed
from drydock.region.dataplane.balancer.balancer import Balancer
from drydock.region.dataplane.balancer.spec import (
    Certificate,
    FixedResponse,
    Forward,
    Listener,
    LoadBalancer,
    TargetGroup,
    Tls,
)
from tests.support.spawner import LocalSpawner
from tests.support.tls import SelfSigned, handshake, self_signed, serial
from tests.unit.region.dataplane.balancer.targets import Server, eventually

NewServer = Callable[[], Server]

ONE = self_signed("one.test", "www.one.test")
TWO = self_signed("two.test")
WILD = self_signed("*.wild.test")


def https(*certificates: SelfSigned, **tls: object) -> LoadBalancer:
    agreed = Tls(tuple(Certificate(f"arn:{n}", one.pem) for n, one in enumerate(certificates)))
    agreed = replace(agreed, **tls)  # type: ignore[arg-type]
    return LoadBalancer(
        (Listener("https", 443, FixedResponse(200, body="hi"), protocol="HTTPS", tls=agreed),)
    )


def port(front: socket.socket) -> int:
    number: int = front.getsockname()[1]
    return number


def shown(front: socket.socket, name: str | None) -> int:
    return handshake(port(front), name).serial


def test_the_certificate_for_the_clients_host_is_shown(
    balancer: Balancer, front: socket.socket
) -> None:
    balancer.apply(https(ONE, TWO, WILD), {"https": [front]})
    assert shown(front, "one.test") == serial(ONE.pem)
    assert shown(front, "two.test") == serial(TWO.pem)
    assert shown(front, "deep.wild.test") == serial(WILD.pem)
    assert shown(front, "a.deep.wild.test") == serial(ONE.pem), "a wildcard is for one label"
    assert shown(front, None) == shown(front, "other.test") == serial(ONE.pem), "the default"


def test_a_client_that_trusts_the_certificate_gets_an_answer(
    balancer: Balancer, front: socket.socket, server: NewServer
) -> None:
    one = server()
    spec = https(ONE)
    group = TargetGroup("tg", (one.target,), health_check=None)
    listener = replace(spec.listeners[0], default_action=Forward.to("tg"))
    balancer.apply(LoadBalancer((listener,), (group,)), {"https": [front]})
    context = ssl.create_default_context(cadata=ONE.certificate)
    with (
        socket.create_connection(("127.0.0.1", port(front))) as plain,
        context.wrap_socket(plain, server_hostname="www.one.test") as secured,
    ):
        secured.sendall(b"GET / HTTP/1.1\r\nHost: www.one.test\r\nConnection: close\r\n\r\n")
        text = b"".join(iter(lambda: secured.recv(65536), b"")).decode()
    assert text.startswith("HTTP/1.1 200")
    assert '"x-forwarded-proto": "https"' in text
    assert '"x-forwarded-port": "443"' in text


def test_old_versions_are_refused_and_those_of_the_policy_served(
    balancer: Balancer, front: socket.socket
) -> None:
    balancer.apply(https(ONE, minimum="TLSv1.2", maximum="TLSv1.3"), {"https": [front]})
    assert handshake(port(front), version=ssl.TLSVersion.TLSv1_2).version == "TLSv1.2"
    assert handshake(port(front), version=ssl.TLSVersion.TLSv1_3).version == "TLSv1.3"
    with pytest.raises(ssl.SSLError), pytest.warns(DeprecationWarning, match="TLSv1_1"):
        handshake(port(front), version=ssl.TLSVersion.TLSv1_1)
    balancer.apply(https(ONE, minimum="TLSv1.0", maximum="TLSv1.2"), {"https": [front]})
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        assert handshake(port(front), version=ssl.TLSVersion.TLSv1_1).version == "TLSv1.1"
    with pytest.raises(ssl.SSLError):
        handshake(port(front), version=ssl.TLSVersion.TLSv1_3)


def test_only_the_policys_ciphers_are_agreed_to(balancer: Balancer, front: socket.socket) -> None:
    allowed = ("ECDHE-ECDSA-AES256-GCM-SHA384",)
    suites = ("TLS_AES_256_GCM_SHA384",)
    balancer.apply(https(ONE, ciphers=allowed, suites=suites), {"https": [front]})
    assert handshake(port(front), version=ssl.TLSVersion.TLSv1_2).cipher == allowed[0]
    assert handshake(port(front), version=ssl.TLSVersion.TLSv1_3).cipher == suites[0]
    with pytest.raises(ssl.SSLError):
        handshake(
            port(front), version=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256"
        )


def test_http2_is_spoken_over_tls_unless_turned_off(
    balancer: Balancer, front: socket.socket
) -> None:
    balancer.apply(https(ONE), {"https": [front]})
    with httpx.Client(http2=True, verify=False) as client:  # noqa: S501 - self-signed on purpose
        assert client.get(f"https://127.0.0.1:{port(front)}/").http_version == "HTTP/2"
    balancer.apply(https(ONE, http2=False), {"https": [front]})
    with httpx.Client(http2=True, verify=False) as client:  # noqa: S501
        assert client.get(f"https://127.0.0.1:{port(front)}/").http_version == "HTTP/1.1"


def test_http2_without_tls_is_no_language_of_a_plain_listener(
    balancer: Balancer, front: socket.socket
) -> None:
    balancer.apply(LoadBalancer((Listener("http", 80, FixedResponse(200)),)), {"http": [front]})
    with (
        httpx.Client(http1=False, http2=True) as client,
        pytest.raises(httpx.HTTPError),
    ):
        client.get(f"http://127.0.0.1:{port(front)}/")


def test_certificates_change_without_a_new_process_and_without_ending_a_connection(
    balancer: Balancer, front: socket.socket, spawner: LocalSpawner
) -> None:
    balancer.apply(https(ONE, TWO), {"https": [front]})
    with httpx.Client(http2=True, verify=False) as client:  # noqa: S501
        first = client.get(f"https://127.0.0.1:{port(front)}/")
        stream = first.extensions["network_stream"]
        renewed = self_signed("one.test")
        balancer.apply(https(renewed, TWO, WILD), {"https": [front]})
        assert shown(front, "one.test") == serial(renewed.pem)
        assert shown(front, None) == serial(renewed.pem)
        assert shown(front, "x.wild.test") == serial(WILD.pem)
        balancer.apply(https(renewed), {"https": [front]})
        assert shown(front, "two.test") == shown(front, "x.wild.test") == serial(renewed.pem)
        balancer.apply(https(TWO, renewed), {"https": [front]})
        assert shown(front, None) == serial(TWO.pem)
        assert shown(front, "one.test") == serial(renewed.pem)
        again = client.get(f"https://127.0.0.1:{port(front)}/")
        assert again.status_code == 200
        assert again.extensions["network_stream"] is stream, "the connection was kept"
    assert len(spawner.children) == 1


def test_a_certificate_that_haproxy_refuses_leaves_the_last_good_one(
    balancer: Balancer, front: socket.socket
) -> None:
    balancer.apply(https(ONE), {"https": [front]})
    broken = SelfSigned(TWO.certificate, ONE.key)
    with pytest.raises(BalancerFailed) as refused:
        balancer.apply(https(broken), {"https": [front]})
    assert "PRIVATE KEY" not in str(refused.value)
    assert shown(front, "one.test") == serial(ONE.pem)
    balancer.apply(https(TWO), {"https": [front]})
    eventually(lambda: shown(front, "one.test") == serial(TWO.pem))
