"""The desired load balancer: listeners, rules, target groups and targets, as plain data.

The terms and defaults are those of AWS's Elastic Load Balancing v2
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/). Times are in seconds and
already scaled.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from drydock.region.dataplane.balancer.firewall.spec import Firewall

Protocol: TypeAlias = Literal["HTTP", "HTTPS"]
TlsVersion: TypeAlias = Literal["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
ForwardedFor: TypeAlias = Literal["append", "preserve", "remove"]
Version: TypeAlias = Literal["HTTP1", "HTTP2", "GRPC"]
Algorithm: TypeAlias = Literal["round_robin", "least_outstanding_requests", "weighted_random"]


@dataclass(frozen=True, order=True)
class Target:
    """An address and port that takes requests."""

    address: str
    """IPv4, as the load balancer's own namespace reaches it."""
    port: int

    @property
    def name(self) -> str:
        return f"{self.address}:{self.port}"


@dataclass(frozen=True)
class HealthCheck:
    """A target group's health check."""

    path: str = "/"
    port: int | None = None
    """None: the port that takes the traffic."""
    protocol: Protocol = "HTTP"
    interval: float = 30.0
    start_interval: float = 0.0
    """The interval at AWS's pace, by which a new target that does not listen yet is judged."""
    timeout: float = 5.0
    healthy_threshold: int = 5
    """Passed checks in a row until an unhealthy target is healthy again. A new one needs one."""
    unhealthy_threshold: int = 2
    matcher: str = "200"
    """Status codes that pass: `200`, `200,202`, `200-299,301`; of a GRPC group, gRPC's codes."""


@dataclass(frozen=True)
class Stickiness:
    """A client keeps being sent to the target that served it first."""

    seconds: int
    """Since its last request."""
    application_cookie: str = ""
    """Only while the application has the client keep this cookie; empty: always."""


@dataclass(frozen=True)
class TargetGroup:
    """Targets that do the same work."""

    key: str
    """Unique in the load balancer; any text."""
    targets: tuple[Target, ...] = ()
    protocol: Protocol = "HTTP"
    health_check: HealthCheck | None = HealthCheck()
    """None: targets are not checked and always get traffic."""
    deregistration_delay: float = 300.0
    algorithm: Algorithm = "round_robin"
    slow_start: float = 0.0
    version: Version = "HTTP1"
    """The protocol spoken with the targets."""
    stickiness: Stickiness | None = None


@dataclass(frozen=True)
class HostHeader:
    """The request's host, without port, whatever its case. `*` and `?` stand for any text, any character."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class PathPattern:
    """The path without query; case matters. `*` and `?` as in HostHeader."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class HttpHeader:
    """A header's value, whatever its case. `*` and `?` as in HostHeader."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class RequestMethod:
    values: tuple[str, ...]


@dataclass(frozen=True)
class QueryString:
    """Pairs of a key (empty: any) and a value, whatever their case. `*` and `?` as in HostHeader."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SourceIp:
    """CIDR blocks of the client's address."""

    values: tuple[str, ...]


Condition: TypeAlias = (
    HostHeader | PathPattern | HttpHeader | RequestMethod | QueryString | SourceIp
)


@dataclass(frozen=True)
class WeightedGroup:
    key: str
    weight: int = 1


@dataclass(frozen=True)
class Forward:
    """Forward to one group, or to several by their weights."""

    groups: tuple[WeightedGroup, ...]
    sticky_seconds: int = 0
    """How long, since its last request, a client stays with the group that it was sent to first."""

    @classmethod
    def to(cls, key: str) -> Forward:
        return cls((WeightedGroup(key),))


@dataclass(frozen=True)
class Redirect:
    """Redirect to another address. #{protocol} #{host} #{port} #{path} #{query} stand for the
    request's own.
    """

    status: Literal[301, 302] = 301
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


@dataclass(frozen=True)
class FixedResponse:
    status: int
    content_type: str = "text/plain"
    body: str = ""


Action: TypeAlias = Forward | Redirect | FixedResponse


@dataclass(frozen=True)
class Rewrite:
    """Replace the first match of a regular expression; $1 … $9 stand for its groups."""

    part: Literal["url", "host"]
    """The path with the query, or the Host header."""
    regex: str
    replacement: str


@dataclass(frozen=True)
class Rule:
    """The rule with the lowest priority of those whose conditions all hold decides."""

    priority: int
    conditions: tuple[Condition, ...]
    action: Action
    rewrites: tuple[Rewrite, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """A listener's certificate."""

    key: str
    """Unique in the listener; any text."""
    pem: str = field(repr=False)
    """The certificate, its chain and its private key."""


@dataclass(frozen=True)
class Tls:
    """A listener's TLS settings. Ciphers are named as OpenSSL names them."""

    certificates: tuple[Certificate, ...]
    """The first is the default; of the others, the one for the host that the client names is shown."""
    minimum: TlsVersion = "TLSv1.2"
    maximum: TlsVersion = "TLSv1.3"
    ciphers: tuple[str, ...] = ()
    """Up to TLS 1.2; empty: those of the library."""
    suites: tuple[str, ...] = ()
    """The cipher suites of TLS 1.3; empty: those of the library."""
    http2: bool = True


@dataclass(frozen=True)
class Listener:
    """A port that the load balancer answers on."""

    key: str
    """Unique in the load balancer; any text."""
    port: int
    """As clients of the load balancer name it; its sockets may be bound to another one."""
    default_action: Action
    rules: tuple[Rule, ...] = ()
    protocol: Protocol = "HTTP"
    host_port: int | None = None
    """The port of the host's loopback for this listener, which redirects lead to."""
    tls: Tls | None = None
    """The TLS settings of an HTTPS listener."""
    response_headers: tuple[tuple[str, str], ...] = ()
    """Set on every response, also the load balancer's own."""
    server_header: bool = True
    """False: responses lose their Server header."""
    tls_version_header: str = "X-Amzn-Tls-Version"
    tls_cipher_header: str = "X-Amzn-Tls-Cipher-Suite"

    def structure(self) -> Listener:
        """Return what cannot change without a new HAProxy process: all except the certificates."""
        return replace(self, tls=replace(self.tls, certificates=())) if self.tls else self


@dataclass(frozen=True)
class Logs:
    """The logs that are written, and where."""

    folder: str
    """It exists; every process writes a file of its own there."""
    name: str
    """The load balancer's name in the lines."""
    requests: bool = True
    connections: bool = False


@dataclass(frozen=True)
class LoadBalancer:
    listeners: tuple[Listener, ...] = ()
    target_groups: tuple[TargetGroup, ...] = ()
    idle_timeout: float = 60.0
    client_keep_alive: float = 3600.0
    """Seconds after which a client's connection is closed with the next answer."""
    drop_invalid_headers: bool = False
    """Request headers whose names hold more than letters, digits and hyphens are removed."""
    preserve_host: bool = False
    """The Host header is sent on as it is, also where the listener's port is missing in it."""
    forwarded_for: ForwardedFor = "append"
    """How X-Forwarded-For is processed."""
    forwarded_port: bool = False
    """Whether X-Forwarded-For includes the client's port."""
    tls_headers: bool = False
    """Whether targets get the protocol and the cipher of the client's connection in headers."""
    cookie_secret: str = field(default="", repr=False)
    """Cookies of stickiness are made with it, so that they outlive the process."""
    host_client: str = ""
    """The public address of clients on the host's loopback; empty: their own."""
    host_ports: tuple[tuple[int, int], ...] = ()
    """Ports of listeners, this and others, with their ports on the host's loopback."""
    firewall: Firewall | None = None
    logs: Logs | None = None
    """Evaluates every request before anything else does."""

    def structure(self) -> LoadBalancer:
        """Return what cannot change without a new HAProxy process.

        That is all except targets, their deregistration delay, certificates and the firewall's
        addresses.
        """
        groups = tuple(
            replace(group, targets=(), deregistration_delay=0.0) for group in self.target_groups
        )
        listeners = tuple(listener.structure() for listener in self.listeners)
        firewall = self.firewall.structure() if self.firewall else None
        return replace(self, listeners=listeners, target_groups=groups, firewall=firewall)
