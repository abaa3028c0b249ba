"""An HTTPS listener's TLS settings: security policy and certificates of ACM and IAM.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drydock.region.dataplane.balancer.spec import Certificate, Tls, TlsVersion
from drydock.region.services.elbv2.operations.policies import DEFAULT, POLICIES
from drydock.region.services.kit.controller import TerminalError

_VERSIONS: Mapping[str, TlsVersion] = {
    "TLSv1": "TLSv1.0",
    "TLSv1.1": "TLSv1.1",
    "TLSv1.2": "TLSv1.2",
    "TLSv1.3": "TLSv1.3",
}


def tls_of(record: Any, acm: Any, iam: Any, *, http2: bool) -> Tls:
    """Return a listener's TLS settings, with its certificates and their keys.

    Called under the store's lock. Raises TerminalError if the default certificate cannot be served.
    """
    policy = POLICIES[record.ssl_policy or DEFAULT]
    versions = sorted(_VERSIONS[name] for name in policy.protocols)
    wanted = list(dict.fromkeys([record.certificate, *record.certificates]))
    found = [(arn, _pem(arn, acm, iam)) for arn in wanted if arn]
    if not found or not found[0][1]:
        raise TerminalError(
            f"{record.arn}: its certificate {record.certificate} is not there or not issued"
        )
    return Tls(
        certificates=tuple(Certificate(arn, pem) for arn, pem in found if pem),
        minimum=versions[0],
        maximum=versions[-1],
        ciphers=tuple(one for one in policy.ciphers if not one.startswith("TLS_")),
        suites=tuple(one for one in policy.ciphers if one.startswith("TLS_")),
        http2=http2,
    )


def _pem(arn: str, acm: Any, iam: Any) -> str:
    """Return certificate, chain and key; empty if the certificate is missing or not issued.

    An expired certificate is still served, as by AWS.
    """
    bundle = acm._certificates.get(arn)
    if bundle is not None:
        if bundle.status not in ("ISSUED", "EXPIRED"):
            return ""
        return _joined(bundle.cert, bundle.chain, bundle.key)
    stored = iam.get_certificate_by_arn(arn)
    if stored is None:
        return ""
    return _joined(stored.cert_body, stored.cert_chain, stored.private_key)


def _joined(*parts: bytes | str | None) -> str:
    texts = [part.decode() if isinstance(part, bytes) else part for part in parts if part]
    return "".join(text.strip() + "\n" for text in texts)
