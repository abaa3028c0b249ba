"""Access and connection logs, written by a real HAProxy and parsed as AWS documents them."""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from drydock.region.dataplane.balancer import logfiles, logs
from drydock.region.dataplane.balancer.balancer import Balancer
from drydock.region.dataplane.balancer.firewall import spec as firewall_spec
from drydock.region.dataplane.balancer.firewall.spec import Block, Firewall, Part, Text
from drydock.region.dataplane.balancer.spec import (
    Certificate,
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    LoadBalancer,
    Logs,
    PathPattern,
    Redirect,
    Rewrite,
    Rule,
    Target,
    TargetGroup,
    Tls,
)
from tests.support.access_logs import Connection, Request
from tests.support.tls import self_signed
from tests.unit.region.dataplane.balancer.targets import Load, Server, eventually, get, listening

NewServer = Callable[[], Server]
NAME = "app/web/50dc6c495c0c9188"
GROUP = "arn:aws:elasticloadbalancing:x:1:targetgroup/web/0123456789abcdef"
CERTIFICATE = self_signed("one.test")
RULES = (
    Rule(10, (PathPattern(("/fixed",)),), FixedResponse(404, body="no")),
    Rule(20, (PathPattern(("/old/*",)),), Redirect(301, path="/new")),
    Rule(30, (PathPattern(("/empty",)),), Forward.to("none")),
    Rule(
        40,
        (PathPattern(("/api/*",)),),
        Forward.to(GROUP),
        (Rewrite("url", "^/api/", "/"), Rewrite("host", "^x[.].*", "y.test")),
    ),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "written"
    found.mkdir()
    return found


def logged(
    folder: Path, *servers: Server, requests: bool = True, connections: bool = True, **listener: Any
) -> LoadBalancer:
    targets = tuple(server.target for server in servers)
    more: dict[str, Any] = {"rules": RULES, **listener}
    return LoadBalancer(
        (Listener("http", 80, Forward.to(GROUP), **more),),
        (TargetGroup(GROUP, targets, health_check=None), TargetGroup("none", health_check=None)),
        host_client="203.0.113.10",
        logs=Logs(str(folder), NAME, requests, connections),
    )


def port(front: socket.socket) -> int:
    number: int = front.getsockname()[1]
    return number


def lines(folder: Path) -> tuple[list[Request], list[Connection]]:
    written = b"".join(logfiles.read(path, 0, 1 << 20) for path in logfiles.present(folder))
    access, connections = logs.split(written)
    return (
        [Request.parse(line) for line in access.decode("latin-1").split("\n")[:-1]],
        [Connection.parse(line) for line in connections.decode("latin-1").split("\n")[:-1]],
    )


def requests(folder: Path, count: int) -> list[Request]:
    found: list[Request] = eventually(
        lambda: len(found := lines(folder)[0]) >= count and found, deadline=5
    )
    assert len(found) == count
    return found


def test_what_each_kind_of_request_says(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path
) -> None:
    target = server()
    balancer.apply(logged(folder, target), {"http": [front]})
    agent = {"User-Agent": 'a "b", c', "Host": "x.test:8080"}
    get(port(front), "/a?b=%20c", agent)
    get(port(front), "/fixed", agent)
    get(port(front), "/old/x?y", agent)
    get(port(front), "/empty", agent)
    get(port(front), "/api/items", agent)
    get(port(front), "/crash", agent)
    plain, fixed, redirect, empty, rewritten, crash = requests(folder, 6)
    assert {one.type for one in (plain, fixed, redirect, empty, rewritten, crash)} == {"http"}
    assert plain.elb == NAME
    assert plain.client_ip == "203.0.113.10"
    assert f"{plain.target_ip}:{plain.target_port}" == target.target.name
    assert (plain.elb_status_code, plain.target_status_code) == ("200", "200")
    assert (plain.request_verb, plain.request_url) == ("GET", "http://x.test:80/a?b=%20c")
    assert plain.request_proto == "HTTP/1.1"
    assert plain.user_agent == r"a \x22b\x22, c"
    assert (plain.ssl_cipher, plain.ssl_protocol, plain.domain_name) == ("-", "-", "-")
    assert plain.target_group_arn == GROUP
    assert plain.trace_id.startswith("Root=1-")
    assert (plain.matched_rule_priority, plain.actions_executed) == ("0", "forward")
    assert float(plain.target_processing_time) >= 0
    assert plain.request_creation_time <= plain.time
    assert plain.target_port_list == target.target.name
    assert plain.target_status_code_list == "200"
    assert re.fullmatch("TID_[0-9a-f]{32}", plain.conn_trace_id)
    assert int(plain.sent_bytes) > 0
    assert int(plain.received_bytes) > 0
    assert (fixed.matched_rule_priority, fixed.actions_executed) == ("10", "fixed-response")
    assert (fixed.elb_status_code, fixed.target_status_code, fixed.target_ip) == ("404", "-", "-")
    assert (fixed.target_processing_time, fixed.target_group_arn) == ("-1", "-")
    assert (redirect.matched_rule_priority, redirect.actions_executed) == ("20", "redirect")
    assert redirect.elb_status_code == "301"
    assert redirect.redirect_url == "http://x.test:80/new?y"
    assert (empty.matched_rule_priority, empty.elb_status_code) == ("30", "503")
    assert (empty.actions_executed, empty.target_group_arn) == ("forward", "none")
    assert rewritten.request_url == "http://x.test:80/api/items"
    assert rewritten.rest.split() == ['"y.test"', '"/items"', '"TransformSuccess"']
    assert (crash.elb_status_code, crash.target_status_code) == ("502", "-")
    assert f"{crash.target_ip}:{crash.target_port}" == target.target.name
    assert crash.request_processing_time == crash.target_processing_time == "-1"
    assert plain.rest.split() == ['"-"'] * 3


def test_a_connection_has_one_line_however_many_requests(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path
) -> None:
    balancer.apply(logged(folder, server()), {"http": [front]})
    connection = http.client.HTTPConnection("127.0.0.1", port(front))
    for _ in range(5):
        connection.request("GET", "/")
        connection.getresponse().read()
    assert connection.sock is not None
    own = connection.sock.getsockname()[1]
    connection.close()
    found = requests(folder, 5)
    (one,) = lines(folder)[1]
    assert {request.conn_trace_id for request in found} == {one.conn_trace_id}
    assert (one.client_ip, one.client_port) == ("203.0.113.10", str(own))
    assert (one.listener_port, one.tls_protocol, one.tls_verify_status) == ("80", "-", "-")


def test_what_is_no_request(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path
) -> None:
    balancer.apply(logged(folder, server()), {"http": [front]})
    for sent in (b"BAD\r\n\r\n", b""):
        with socket.create_connection(("127.0.0.1", port(front))) as client:
            client.sendall(sent)
            if not sent:
                client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass
    eventually(lambda: len(lines(folder)[1]) == 2)
    (bad,) = lines(folder)[0]
    assert (bad.elb_status_code, bad.request_verb, bad.request_url) == ("400", "-", "http://-:80-")
    assert (bad.matched_rule_priority, bad.actions_executed) == ("-", "-")


def test_https_tells_of_the_handshake(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path
) -> None:
    tls = Tls((Certificate("arn:aws:acm:x:1:certificate/1", CERTIFICATE.pem),))
    spec = logged(folder, server(), protocol="HTTPS", tls=tls)
    balancer.apply(spec, {"http": [front]})
    trusting = ssl.create_default_context(cadata=CERTIFICATE.certificate)
    address = f"https://127.0.0.1:{port(front)}/"
    named = {"headers": {"Host": "one.test"}, "extensions": {"sni_hostname": "one.test"}}
    for http2 in (True, False):
        with httpx.Client(verify=trusting, http2=http2) as client:
            assert client.get(address, **named).status_code == 200  # type: ignore[arg-type]
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
    two, one = requests(folder, 2)
    assert (two.type, one.type) == ("h2", "https")
    assert (two.request_proto, one.request_proto) == ("HTTP/2.0", "HTTP/1.1")
    assert two.request_url == "https://one.test:80/"
    assert (two.ssl_protocol, two.domain_name) == ("TLSv1.3", "one.test")
    assert two.ssl_cipher.startswith("TLS_")
    assert two.chosen_cert_arn == "arn:aws:acm:x:1:certificate/1"
    eventually(lambda: len(lines(folder)[1]) == 3)
    first, second, refused = lines(folder)[1]
    assert (first.tls_protocol, first.tls_verify_status) == ("TLSv1.3", "Success")
    assert first.conn_trace_id == two.conn_trace_id != second.conn_trace_id
    assert float(first.tls_handshake_latency) < 5
    assert refused.tls_verify_status == "Failed:UnmappedConnectionError"
    # another certificate, without another process
    renewed = self_signed("one.test")
    changed = Tls((Certificate("arn:aws:acm:x:1:certificate/2", renewed.pem),))
    listener = replace(spec.listeners[0], tls=changed)
    balancer.apply(replace(spec, listeners=(listener,)), {"http": [front]})
    trusting = ssl.create_default_context(cadata=renewed.certificate)
    with httpx.Client(verify=trusting) as client:
        assert client.get(address, **named).status_code == 200  # type: ignore[arg-type]
    assert requests(folder, 3)[2].chosen_cert_arn == "arn:aws:acm:x:1:certificate/2"
    assert len(logfiles.present(folder)) == 1


@pytest.mark.parametrize(("access", "connections"), [(True, False), (False, True)])
def test_one_kind_alone(
    balancer: Balancer,
    front: socket.socket,
    server: NewServer,
    folder: Path,
    access: bool,
    connections: bool,
) -> None:
    spec = logged(folder, server(), requests=access, connections=connections)
    balancer.apply(spec, {"http": [front]})
    for _ in range(3):
        get(port(front))
    kind = 0 if access else 1
    eventually(lambda: len(lines(folder)[kind]) == 3)
    assert not lines(folder)[1 - kind]


def test_no_line_is_lost_when_a_process_follows_another(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path
) -> None:
    target = server()
    balancer.apply(logged(folder, target), {"http": [front]})
    connection = http.client.HTTPConnection("127.0.0.1", port(front))
    connection.request("GET", "/slow")
    assert target.slow_began.wait(5)
    balancer.apply(replace(logged(folder, target), idle_timeout=50.0), {"http": [front]})
    get(port(front), "/new")
    old, new = logfiles.present(folder)
    assert not logfiles.ended(old)
    target.release.set()
    connection.getresponse().read()
    connection.close()
    eventually(lambda: logfiles.ended(old))
    assert not logfiles.ended(new)
    slow, second = requests(folder, 2)
    assert slow.request_url.endswith("/slow")
    assert float(slow.target_processing_time) > 0
    assert second.request_url.endswith("/new")
    balancer.stop()
    eventually(lambda: logfiles.ended(new))


def test_strange_requests_keep_the_pattern(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path
) -> None:
    balancer.apply(logged(folder, server()), {"http": [front]})
    sent = [
        b"GET / HTTP/1.0\r\n\r\n",
        b'GET /a"b?c=%0a HTTP/1.1\r\nHost: we"ird\r\nConnection: close\r\n\r\n',
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
        b"User-Agent: " + b"y" * 30_000 + b"\r\n\r\n",
        b"GET http://absolute.test/p?q HTTP/1.1\r\nHost: absolute.test\r\n"
        b"User-Agent: \xff\t\\x\r\nConnection: close\r\n\r\n",
    ]
    for one in sent:
        with socket.create_connection(("127.0.0.1", port(front))) as client:
            client.sendall(one)
            while client.recv(4096):
                pass
    old, quotes, long, absolute = requests(folder, 4)
    assert (old.request_url, old.request_proto) == ("http://127.0.0.1:80/", "HTTP/1.0")
    assert quotes.request_url == "http://we%22ird:80/a%22b?c=%0a"
    assert (len(long.request_url), len(long.user_agent)) == (20_000 + 12, 8192)
    assert absolute.request_url == "http://absolute.test:80/p?q"
    assert absolute.user_agent == "\xff\t\\x"


def test_a_target_that_is_unhealthy_and_asked_all_the_same(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path
) -> None:
    target = server()
    target.health_status = 500
    check = HealthCheck("/health", interval=0.2, timeout=1.0, unhealthy_threshold=2)
    spec = logged(folder)
    group = replace(spec.target_groups[0], targets=(target.target,), health_check=check)
    balancer.apply(replace(spec, target_groups=(group, spec.target_groups[1])), {"http": [front]})
    eventually(lambda: get(port(front)).status == 200)
    eventually(lambda: any(one.elb_status_code == "200" for one in lines(folder)[0]))
    last = lines(folder)[0][-1]
    assert f"{last.target_ip}:{last.target_port}" == last.target_port_list == target.target.name


def test_what_the_firewall_blocks(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path
) -> None:
    firewall = Firewall(
        (firewall_spec.Rule("no", Text(Part("path"), b"/no", "EXACTLY", ()), Block()),)
    )
    balancer.apply(replace(logged(folder, server()), firewall=firewall), {"http": [front]})
    assert [get(port(front), path).status for path in ("/no", "/yes", "/fixed")] == [403, 200, 404]
    blocked, passed, fixed = requests(folder, 3)
    assert (blocked.elb_status_code, blocked.actions_executed) == ("403", "waf")
    assert (blocked.target_ip, blocked.target_group_arn) == ("-", "-")
    assert (passed.actions_executed, fixed.actions_executed) == (
        "waf,forward",
        "waf,fixed-response",
    )


def test_a_web_socket(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path
) -> None:
    with listening() as target:
        host, number = target.getsockname()
        spec = logged(folder)
        group = replace(spec.target_groups[0], targets=(Target(host, number),))
        balancer.apply(
            replace(spec, target_groups=(group, spec.target_groups[1])), {"http": [front]}
        )
        with socket.create_connection(("127.0.0.1", port(front))) as client:
            client.sendall(
                b"GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            peer, _ = target.accept()
            with peer:
                assert peer.recv(4096)
                peer.sendall(
                    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                    b"Upgrade: websocket\r\n"
                    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
                )
                assert client.recv(4096).startswith(b"HTTP/1.1 101")
    (one,) = requests(folder, 1)
    assert (one.type, one.elb_status_code) == ("ws", "101")


def test_nothing_is_added_without_logs(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path, tmp_path: Path
) -> None:
    balancer.apply(replace(logged(folder, server()), logs=None), {"http": [front]})
    get(port(front))
    assert not logfiles.present(folder)
    (text,) = [path.read_text() for path in tmp_path.glob("haproxy-*.cfg")]
    assert "log" not in text.replace("slowstart", "")


def test_a_file_is_read_by_lines_and_freed(tmp_path: Path) -> None:
    with logfiles.created(tmp_path) as descriptor:
        (path,) = logfiles.present(tmp_path)
        os.write(descriptor, b"one\ntwo\nthr")
        assert logfiles.read(path, 0, 100) == b"one\ntwo\n"
        assert logfiles.read(path, 4, 2) == b"two\n"
        assert logfiles.read(path, 8, 100) == b""
        os.write(descriptor, b"ee\n" + b"x" * 100_000 + b"\n")
        size = path.stat().st_size
        logfiles.free(path, size)
        assert path.stat().st_size == size
        if path.stat().st_blocks * 512 >= size:
            pytest.skip("this file system cannot give back a part of a file")
        os.write(descriptor, b"last\n")
        assert logfiles.read(path, size, 100) == b"last\n"
        assert not logfiles.ended(path)
    assert logfiles.ended(path)


def test_every_request_is_in_one_line_while_processes_follow_each_other(
    balancer: Balancer, front: socket.socket, server: NewServer, folder: Path
) -> None:
    one, two = server(), server()
    spec = logged(folder, one, two)
    balancer.apply(spec, {"http": [front]})
    load = Load(port(front))
    for number in range(6):
        load.more(50)
        balancer.apply(replace(spec, idle_timeout=60.0 + number), {"http": [front]})
    load.more(50)
    load.stop()
    assert not load.failures
    assert len(requests(folder, load.done)) == load.done
    counted = balancer.take_traffic()

    def all_counted() -> bool:
        counted.add(balancer.take_traffic())
        return counted.groups[GROUP].requests >= load.done

    eventually(all_counted)
    assert counted.groups[GROUP].responses == {2: load.done}
