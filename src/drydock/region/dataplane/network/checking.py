"""One probe of a Route 53 health check: TCP, HTTP or HTTPS, from a network namespace.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address

from drydock.region.dataplane import linux
from drydock.region.dataplane.network.namespaces import Namespace

CONNECT_SECONDS = 4.0
"""Seconds to establish a TCP connection for HTTP and HTTPS."""
ANSWER_SECONDS = 2.0
"""Seconds from there to the status, and from there to the body."""
TCP_SECONDS = 10.0
SEARCHED_BYTES = 5120
"""The search string must be entirely in the first so many bytes of the body."""
_TIMED_OUT = (
    "Failure: Connection timed out. The endpoint or the internet connection is down, or requests are "
    "being blocked by your firewall."
)


@dataclass(frozen=True)
class Check:
    """The target and the content of a probe."""

    address: IPv4Address
    port: int
    scheme: str
    """tcp, http or https."""
    path: str = "/"
    host: str = ""
    """The Host header, and the name in TLS."""
    search: str = ""
    sends_name: bool = True
    """Whether the name is sent in TLS (SNI)."""
    agent: str = "Amazon-Route53-Health-Check-Service"


@dataclass(frozen=True)
class Result:
    """The result of a probe, in GetHealthCheckStatus's format."""

    healthy: bool
    words: str


def check(source: Namespace, wanted: Check, bind: IPv4Address) -> Result:
    """Send one probe. `bind` is the source address. Works from any thread, at most 10 seconds."""
    with linux.in_network_namespace(source.descriptor):
        attempt = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with attempt:
        try:
            attempt.settimeout(TCP_SECONDS if wanted.scheme == "tcp" else CONNECT_SECONDS)
            attempt.bind((str(bind), 0))
            attempt.connect((str(wanted.address), wanted.port))
            if wanted.scheme == "tcp":
                return Result(True, "Success: TCP connection established")
            return _ask(attempt, wanted)
        except TimeoutError:
            return Result(False, _TIMED_OUT)
        except ssl.SSLError as error:
            words = error.reason or str(error)
            return Result(
                False, f"Failure: SSL handshake failed: {words.replace('_', ' ').lower()}"
            )
        except http.client.HTTPException as error:
            return Result(False, f"Failure: The response is not valid HTTP: {type(error).__name__}")
        except OSError as error:
            return Result(False, f"Failure: {error.strerror or error}")


def _ask(connected: socket.socket, wanted: Check) -> Result:
    deadline = time.monotonic() + ANSWER_SECONDS
    connected.settimeout(ANSWER_SECONDS)
    stream = connected
    if wanted.scheme == "https":
        # Route 53 does not validate certificates
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        name = wanted.host if wanted.sends_name and wanted.host else None
        stream = context.wrap_socket(connected, server_hostname=name)
    with stream:
        stream.settimeout(max(0.001, deadline - time.monotonic()))
        stream.sendall(_request(wanted))
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        words = f"HTTP Status Code {answer.status}, {_phrase(answer)}"
        if not 200 <= answer.status < 400:
            return Result(False, f"Failure: {words}")
        if wanted.search:
            stream.settimeout(ANSWER_SECONDS)
            if wanted.search.encode() not in answer.read(SEARCHED_BYTES):
                return Result(
                    False, f"Failure: {words}. The response body did not contain the string"
                )
        return Result(True, f"Success: {words}")


def _request(wanted: Check) -> bytes:
    usual = {"http": 80, "https": 443}[wanted.scheme]
    host = wanted.host or str(wanted.address)
    port = "" if wanted.port == usual else f":{wanted.port}"
    lines = (
        f"GET {wanted.path} HTTP/1.1",
        f"Host: {host}{port}",
        "Connection: close",
        f"User-Agent: {wanted.agent}",
        "Accept: */*",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _phrase(answer: http.client.HTTPResponse) -> str:
    try:
        return answer.reason or HTTPStatus(answer.status).phrase
    except ValueError:
        return "unknown"
