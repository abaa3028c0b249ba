"""Health checks: their settings, and the observed results of the probes.

moto 5.2.5 reports one success to any caller, and forgets to reset what an update removes.
https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from moto.route53.exceptions import NoSuchHealthCheck
from moto.route53.models import HealthCheck as TheirCheck

from drydock.region.dataplane.dns.names import labels
from drydock.region.services.route53.operations.changes import ChangeOperations
from drydock.region.services.route53.operations.errors import Refused, invalid_input

_PROBING = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
_PORTS = {"HTTP": 80, "HTTP_STR_MATCH": 80, "HTTPS": 443, "HTTPS_STR_MATCH": 443}
_INTERVALS = (10, 30)
_MOST_FAILURES = 10
_LONGEST_SEARCH = 255
_MOST_CHILDREN = 256
_MOST_DEEP = 16

_FIELDS = {
    "IPAddress": "ip_address",
    "Port": "port",
    "ResourcePath": "resource_path",
    "FullyQualifiedDomainName": "fqdn",
    "SearchString": "search_string",
    "FailureThreshold": "failure_threshold",
    "HealthThreshold": "health_threshold",
    "Inverted": "inverted",
    "Disabled": "disabled",
    "EnableSNI": "enable_sni",
    "ChildHealthChecks": "children",
    "Regions": "regions",
}
"""The fields that an update may change, and the attributes that hold them."""
_RESET = {
    "ChildHealthChecks": "children",
    "FullyQualifiedDomainName": "fqdn",
    "Regions": "regions",
    "ResourcePath": "resource_path",
}


@dataclass(frozen=True)
class Observation:
    """The outcome of the probes, after thresholds."""

    healthy: bool
    words: str
    """The newest probe's message, as GetHealthCheckStatus shows it."""
    checked_at: datetime
    last_failure: str = ""
    failed_at: datetime | None = None


class HealthCheck(TheirCheck):
    """A health check. The controller writes `observed`; requests set everything else."""

    observed: Observation | None = None

    @property
    def probes(self) -> bool:
        """Whether probes are to be sent."""
        return self.type_ in _PROBING and not self.disabled

    @property
    def target_port(self) -> int:
        return int(self.port or _PORTS.get(str(self.type_), 0))

    @property
    def health_check_config(self) -> dict[str, Any]:
        """The configuration as it was given; a port that was not given is not shown."""
        found = super().health_check_config
        if self.type_ == "CALCULATED":
            return {name: value for name, value in found.items() if name != "EnableSNI"}
        return found

    def is_healthy(self, known: Mapping[str, HealthCheck], depth: int = 0) -> bool:
        """Return the observed health; a check without a probe yet counts as healthy, a disabled one
        too.
        """
        if self.disabled or depth > _MOST_DEEP:
            well = True
        elif self.type_ == "CALCULATED":
            children = [known[one] for one in self.children or () if one in known]
            healthy = sum(child.is_healthy(known, depth + 1) for child in children)
            well = healthy >= int(self.health_threshold or 0)
        else:
            well = self.observed is None or self.observed.healthy
        return well != bool(self.inverted)


class CheckOperations(ChangeOperations):
    """The health checks' part of the Route 53 backend."""

    health_checks: dict[str, HealthCheck]  # type: ignore[assignment]

    def create_health_check(
        self, caller_reference: str, health_check_args: dict[str, Any]
    ) -> HealthCheck:
        """CreateHealthCheck. Repeating the same request returns the same check."""
        made = HealthCheck(str(uuid.uuid4()), caller_reference, health_check_args)  # type: ignore[abstract]
        made.set_children(health_check_args.get("children") or [])
        made.set_regions(health_check_args.get("regions") or [])
        made.port = health_check_args.get("port")
        if health_check_args.get("enable_sni") is None:
            made.enable_sni = str(made.type_).startswith("HTTPS")
        for known in self.health_checks.values():
            if known.caller_reference == caller_reference:
                if known.health_check_config == made.health_check_config:
                    return known
                raise Refused(
                    "HealthCheckAlreadyExists",
                    f"A health check with caller reference {caller_reference} already exists, with other settings.",
                )
        self._check(made)
        self.health_checks[made.id] = made
        return made

    def update_health_check(self, health_check_id: str, said: Mapping[str, Any]) -> HealthCheck:
        """UpdateHealthCheck: given fields change, those in ResetElements are cleared."""
        check = self.get_health_check(health_check_id)
        version = said.get("HealthCheckVersion")
        if version is not None and int(version) != check.health_check_version:
            raise Refused(
                "HealthCheckVersionMismatch",
                f"The health check {health_check_id} has version {check.health_check_version}.",
            )
        before = dict(vars(check))
        for name in said.get("ResetElements") or ():
            setattr(check, _RESET[name], None)
        for name, attribute in _FIELDS.items():
            if said.get(name) is not None:
                setattr(check, attribute, said[name])
        try:
            self._check(check)
        except Refused:
            vars(check).update(before)
            raise
        check.health_check_version += 1
        return check

    def get_health_check(self, health_check_id: str) -> HealthCheck:
        """GetHealthCheck. Raises NoSuchHealthCheck."""
        found = self.health_checks.get(health_check_id)
        if found is None:
            raise NoSuchHealthCheck(health_check_id)
        return found

    def delete_health_check(self, health_check_id: str) -> None:
        """DeleteHealthCheck. Raises NoSuchHealthCheck."""
        self.get_health_check(health_check_id)
        self.resource_tags.pop(health_check_id, None)
        del self.health_checks[health_check_id]

    def _check(self, check: HealthCheck) -> None:
        """Raise InvalidInput for settings that Route 53 refuses, or that the region does not
        support.
        """
        kind = str(check.type_)
        if kind == "CALCULATED":
            self._check_children(check)
            return
        if kind not in _PROBING:
            raise invalid_input(
                f"Drydock's local region does not have health checks of type {kind} (yet): use "
                "HTTP, HTTPS, TCP or CALCULATED"
            )
        if not check.ip_address and not check.fqdn:
            raise invalid_input(
                "Invalid parameter : Either IPAddress or FullyQualifiedDomainName must be specified."
            )
        if check.ip_address:
            _check_address(str(check.ip_address))
        if check.fqdn:
            _check_name(str(check.fqdn))
        if not 1 <= check.target_port <= 65535:
            raise invalid_input("Invalid parameter : Port must be between 1 and 65535.")
        if ("STR_MATCH" in kind) != bool(check.search_string):
            raise invalid_input(
                "Invalid parameter : SearchString belongs to HTTP_STR_MATCH and HTTPS_STR_MATCH."
            )
        if len(check.search_string or "") > _LONGEST_SEARCH:
            raise invalid_input("Invalid parameter : SearchString is too long.")
        if int(check.request_interval) not in _INTERVALS:
            raise invalid_input("Invalid parameter : RequestInterval must be 10 or 30.")
        if not 1 <= int(check.failure_threshold) <= _MOST_FAILURES:
            raise invalid_input("Invalid parameter : FailureThreshold must be between 1 and 10.")
        if kind == "TCP" and check.resource_path:
            raise invalid_input("Invalid parameter : ResourcePath must not be specified for TCP.")

    def _check_children(self, check: HealthCheck) -> None:
        children = check.children or []
        if len(children) > _MOST_CHILDREN:
            raise invalid_input("Invalid parameter : too many ChildHealthChecks.")
        for child in children:
            if child not in self.health_checks:
                raise NoSuchHealthCheck(child)
        if check.id in children:
            raise invalid_input("Invalid parameter : A health check cannot be its own child.")
        if check.health_threshold is None:
            raise invalid_input("Invalid parameter : HealthThreshold must be specified.")


def _check_address(said: str) -> None:
    """Check an address,
    https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
    """
    try:
        address = ip_address(said)
    except ValueError:
        raise invalid_input(f"Invalid parameter : IPAddress {said} is not valid.") from None
    if address.version == 6:
        raise invalid_input(f"Drydock's local region has no IPv6 (yet): IPAddress {said}")
    # one of documentation's ranges is the internet here, so "private" is not checked in general
    inner = address.is_loopback or address.is_link_local or address.is_multicast
    if inner or address.is_unspecified or any(said.startswith(one) for one in _PRIVATE):
        raise invalid_input(
            f"Invalid parameter : IPAddress {said} is in a range that health checks cannot reach "
            "(local, private, non-routable, or multicast)."
        )


_PRIVATE = ("10.", "192.168.", *(f"172.{number}." for number in range(16, 32)))


def _check_name(said: str) -> None:
    try:
        labels(said)
    except ValueError as error:
        raise invalid_input(f"Invalid parameter : FullyQualifiedDomainName: {error}") from None
