"""Read one load balancer's settings from the API's records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from drydock.region.dataplane.balancer.firewall.spec import Firewall
from drydock.region.dataplane.balancer.spec import Listener, LoadBalancer, Target
from drydock.region.services.ec2.host_access import why_closed
from drydock.region.services.elbv2.controller import attributes, log_names, translate
from drydock.region.services.elbv2.controller.firewall import firewall
from drydock.region.services.elbv2.controller.hostports import HostPorts
from drydock.region.services.elbv2.controller.tls import tls_of
from drydock.region.services.kit.controller import TerminalError
from drydock.region.services.kit.parts import Parts


@dataclass(frozen=True)
class View:
    """The settings of one load balancer, copied under the lock."""

    arn: str
    name: str
    enis: tuple[str, ...]
    spec: LoadBalancer
    closed: dict[str, str]
    """Listener → why clients on the host may not come in."""
    unserved: tuple[str, ...]
    """Why some listeners cannot be served at all."""


class Views:
    """Reads load balancers under the store's lock."""

    def __init__(self, parts: Parts, ports: HostPorts) -> None:
        self._parts = parts
        self._store = parts.store
        self._ports = ports

    def read(self, arn: str) -> View | None:
        """Return a load balancer's current settings; None: it does not exist."""
        with self._store.locked():
            elb = self._store.backend("elbv2")
            record: Any = elb.load_balancers.get(arn)
            if record is None:
                return None
            listeners, unserved = self._listeners(record)
            used = {
                group
                for one in record.listeners.values()
                for rule in one.rules.values()
                for group in translate.forwarded_groups([entry.data for entry in rule.actions])
            } | {
                group
                for one in record.listeners.values()
                for group in translate.forwarded_groups([e.data for e in one.default_actions])
            }
            groups: dict[str, Any] = {key: elb.target_groups[key] for key in sorted(used)}
            spec = LoadBalancer(
                listeners=tuple(listeners),
                target_groups=tuple(
                    translate.target_group(group, _targets(group), self._parts.scaled)
                    for group in groups.values()
                ),
                host_client=str(self._parts.config.region.client_address),
                firewall=self._firewall(arn),
            )
            spec = attributes.of_load_balancer(arn, record.attrs, spec)
            logs = log_names.logs_of(arn, record.attrs, self._parts.workspace.region)
            spec = replace(spec, logs=logs)
            ec2, client = self._store.backend("ec2"), self._parts.config.region.client_address
            closed = {
                one.arn: why
                for one in record.listeners.values()
                if (why := why_closed(ec2, record, client, int(one.port)))
            }
            enis = tuple(record.enis[one] for one in sorted(record.enis))
            return View(arn, record.name, enis, spec, closed, tuple(unserved))

    def _firewall(self, arn: str) -> Firewall | None:
        """Return the rules of a load balancer's web ACL, if it has one. Under the lock."""
        waf = self._store.backend("wafv2")
        acl = waf.web_acl_of(arn)
        return firewall(acl, waf.items, self._parts.scaled) if acl else None

    def _listeners(self, record: Any) -> tuple[list[Listener], list[str]]:
        """Return a load balancer's listeners, and why some of them cannot be served.

        Under the lock.
        """
        served: list[Listener] = []
        unserved: list[str] = []
        acm, iam = self._store.backend("acm"), self._store.backend("iam")
        http2 = record.attrs.get("routing.http2.enabled") != "false"
        for one in record.listeners.values():
            try:
                tls = tls_of(one, acm, iam, http2=http2) if one.protocol == "HTTPS" else None
                listener = translate.listener(one, self._ports.port(one.arn), tls)
                served.append(attributes.of_listener(one.attributes, listener))
            except TerminalError as error:
                unserved.append(str(error))
        return served, unserved


def _targets(group: Any) -> list[Target]:
    return [Target(address, port) for address, port in group.registered]
