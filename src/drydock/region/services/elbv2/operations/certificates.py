"""Check the certificates of listeners: issued by ACM, or IAM's.

moto 5.2.5 accepts a certificate in any status.
"""

from __future__ import annotations

from typing import Any

from moto.elbv2.exceptions import ELBClientError

from drydock.region.services.elbv2.operations.problems import invalid

UNSUPPORTED = "UnsupportedCertificate"
"""An error that ELB gives and its model does not list."""


def check(backend: Any, arn: str) -> None:
    """Raise ELBClientError unless a listener of `backend` may have this certificate."""
    if not arn.startswith("arn:"):
        raise invalid(f"Certificate ARN '{arn}' is not valid")
    if ":iam:" in arn:
        from moto.iam.models import iam_backends  # noqa: PLC0415  (moto, slow)

        iam = iam_backends[backend.account_id][backend.partition]
        if iam.get_certificate_by_arn(arn) is None:
            raise _not_found(arn)
        return
    from moto.acm.exceptions import CertificateNotFound  # noqa: PLC0415  (moto, slow)
    from moto.acm.models import acm_backends  # noqa: PLC0415

    try:
        found = acm_backends[backend.account_id][backend.region_name].get_certificate(arn)
    except CertificateNotFound as error:
        raise _not_found(arn) from error
    if found.status != "ISSUED":
        # ELB's message for every certificate that it refuses, pending ones too.
        raise ELBClientError(
            UNSUPPORTED,
            f"The certificate '{arn}' must have a fully-qualified domain name, a supported"
            " signature, and a supported key size.",
        )


def _not_found(arn: str) -> ELBClientError:
    return ELBClientError("CertificateNotFound", f"Certificate '{arn}' not found")
