"""The certificates of listeners: ACM's that are issued, or IAM's.

moto 5.2.5 takes a certificate in any status, and only ever adds to the list of who uses one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from moto.elbv2.exceptions import ELBClientError

from drydock.region.api.gaps.elbv2.problems import invalid

UNSUPPORTED = "UnsupportedCertificate"
"""An error that ELB gives and its model does not list."""


def check(backend: Any, arn: str) -> None:
    """Raises ELBClientError unless a listener of `backend` may have this certificate."""
    if not arn.startswith("arn:"):
        raise invalid(f"Certificate ARN '{arn}' is not valid")
    if ":iam:" in arn:
        from moto.iam.models import iam_backends  # noqa: PLC0415  (moto, slow)

        iam = iam_backends[backend.account_id][backend.partition]
        if iam.get_certificate_by_arn(arn) is None:
            raise _not_found(arn)
        return
    bundle = _issued_by_acm(backend).get(arn)
    if bundle is None:
        raise _not_found(arn)
    if bundle.status != "ISSUED":
        # ELB's words for every certificate that it does not like, pending ones too.
        raise ELBClientError(
            UNSUPPORTED,
            f"The certificate '{arn}' must have a fully-qualified domain name, a supported"
            " signature, and a supported key size.",
        )


def note_use(backend: Any, listeners: Iterable[Any]) -> None:
    """Tell ACM which load balancers use which certificate (`InUseBy`)."""
    users: dict[str, list[str]] = defaultdict(list)
    for listener in listeners:
        for arn in listener.certificates:
            if listener.load_balancer_arn not in users[arn]:
                users[arn].append(listener.load_balancer_arn)
    for arn, bundle in _issued_by_acm(backend).items():
        if bundle.in_use_by != users[arn]:
            bundle.in_use_by = users[arn]


def _issued_by_acm(backend: Any) -> dict[str, Any]:
    from moto.acm.models import acm_backends  # noqa: PLC0415  (moto, slow)

    found: dict[str, Any] = acm_backends[backend.account_id][backend.region_name]._certificates
    return found


def _not_found(arn: str) -> ELBClientError:
    return ELBClientError("CertificateNotFound", f"Certificate '{arn}' not found")
