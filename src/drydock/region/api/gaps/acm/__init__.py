"""ACM: certificates that wait until their domain is proven, and imported ones that are checked."""

from __future__ import annotations

from drydock.region.api.gaps import quickly

quickly.import_ec2()

from moto.acm.models import acm_backends  # noqa: E402

from drydock.region.api.gaps import overlay  # noqa: E402
from drydock.region.api.gaps.acm.backend import AcmBackend  # noqa: E402
from drydock.region.api.gaps.acm.records import Certificate, Renewal  # noqa: E402

__all__ = ["AcmBackend", "Certificate", "Renewal", "install"]


def install() -> None:
    """Have moto build our backend."""
    overlay.replace(acm_backends, AcmBackend)
