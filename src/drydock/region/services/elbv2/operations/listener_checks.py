"""Check the combination of a listener's protocol, certificate, security policy and target groups.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
moto 5.2.5 creates an HTTPS listener without a certificate, and any combination of the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from moto.elbv2.exceptions import ELBClientError

from drydock.region.services.elbv2.operations import certificates, policies
from drydock.region.services.elbv2.operations.balancers import LoadBalancer
from drydock.region.services.elbv2.operations.groups import WEB
from drydock.region.services.elbv2.operations.problems import invalid, misconfigured, unserved

Json = Mapping[str, Any]

SECURE = ("HTTPS", "TLS")
_ALPN = ("HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None")


def checked_tls(
    backend: Any, asked: Json, protocol: str, trusted: str | None = None
) -> dict[str, Any]:
    """Return certificate, policy and client authentication for a protocol. Raises ELBClientError.

    `trusted` is the certificate that the listener has already.
    """
    wanted, policy = arns(asked.get("Certificates") or []), asked.get("SslPolicy")
    mutual = asked.get("MutualAuthentication") or {}
    if protocol not in SECURE:
        if wanted:
            raise invalid(f"A certificate cannot be specified for {protocol} listeners")
        if policy:
            raise invalid(f"An SSL policy cannot be specified for {protocol} listeners")
        if mutual.get("Mode", "off") != "off":
            raise misconfigured(
                f"Mutual authentication cannot be specified for {protocol} listeners"
            )
        return {}
    if not wanted:
        raise invalid(f"A certificate must be specified for {protocol} listeners")
    if len(wanted) > 1:
        raise invalid("You can specify only one certificate, the default one, for a listener")
    if wanted[0] != trusted:
        certificates.check(backend, wanted[0])
    policy = policy or policies.DEFAULT
    if policy not in policies.POLICIES:
        raise ELBClientError("SSLPolicyNotFound", f"SSL policy '{policy}' not found")
    mode = mutual.get("Mode") or "off"
    if mode not in ("off", "passthrough", "verify"):
        raise invalid(f"Mode '{mode}' must be one of '[off, passthrough, verify]'")
    if mode != "off":
        raise unserved(f"mutual TLS (client authentication, mode '{mode}')")
    return {"Certificates": wanted, "SslPolicy": policy, "MutualAuthentication": {"Mode": mode}}


def arns(entries: Sequence[Json]) -> list[str]:
    if any(not one.get("CertificateArn") for one in entries):
        raise invalid("A certificate ARN must be specified")
    if any(one.get("IsDefault") for one in entries):
        raise invalid("You cannot set the field 'IsDefault' of a certificate")
    return [str(one["CertificateArn"]) for one in entries]


def check_alpn(policy: Sequence[str] | None, protocol: str) -> None:
    if not policy:
        return
    if protocol != "TLS":
        raise misconfigured(f"An ALPN policy cannot be specified for {protocol} listeners")
    if len(policy) > 1 or policy[0] not in _ALPN:
        raise ELBClientError(
            "ALPNPolicyNotFound", f"ALPN policy must be one of '[{', '.join(_ALPN)}]'"
        )


def check_group(group: Any, balancer: LoadBalancer, protocol: str) -> None:
    elsewhere = [one for one in group.load_balancer_arns if one != balancer.arn]
    if elsewhere:
        raise ELBClientError(
            "TargetGroupAssociationLimit",
            "The following target groups cannot be associated with more than one load balancer:"
            f" {group.arn}",
        )
    if (group.protocol in WEB) != (protocol in WEB):
        raise ELBClientError(
            "IncompatibleProtocols",
            f"Target group protocol '{group.protocol}' is not supported with listener protocol"
            f" '{protocol}'",
        )
    if group.protocol_version in ("HTTP2", "GRPC") and protocol != "HTTPS":
        raise misconfigured(
            f"Listener protocol '{protocol}' is not supported with a target group with the"
            f" protocol-version '{group.protocol_version}'"
        )
    if group.vpc_id != balancer.vpc_id:
        raise misconfigured(
            f"The target group '{group.arn}' is not in the VPC of the load balancer"
            f" '{balancer.arn}'"
        )


def check_fips(policy: str | None, others: Iterable[Any]) -> None:
    """Raise ELBClientError when FIPS and other policies are mixed on a load balancer's listeners."""
    names = {one.ssl_policy for one in others if one.protocol in SECURE}
    if policy and any(
        policies.POLICIES[one].fips != policies.POLICIES[policy].fips
        for one in names.intersection(policies.POLICIES)
    ):
        raise misconfigured(
            "The secure listeners of a load balancer must all have FIPS security policies, or none"
        )
